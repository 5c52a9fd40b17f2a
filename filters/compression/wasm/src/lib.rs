//! The `compression` filter as a module for Envoy.

shell::module! {
    filters: [filter::Compression],
    callbacks: [request_headers, request_body, response_headers, response_body],
}
