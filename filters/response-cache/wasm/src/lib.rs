//! The `response-cache` filter as a module for Envoy.

shell::module! {
    filters: [filter::ResponseCache],
    callbacks: [request_headers, response_headers, response_body],
}
