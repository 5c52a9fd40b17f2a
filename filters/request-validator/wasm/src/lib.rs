//! The `request-validator` filter as a module for Envoy.

shell::module! {
    filters: [filter::RequestValidator],
    callbacks: [request_headers, request_body],
}
