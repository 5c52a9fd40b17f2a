//! The `mapping-template` filter as a module for Envoy.

shell::module! {
    filters: [filter::MappingTemplate],
    callbacks: [request_headers, request_body, callout, response_headers, response_body],
}
