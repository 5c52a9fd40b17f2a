//! The `gateway-responses` filter as a module for Envoy.

shell::module! {
    filters: [filter::GatewayResponses],
    callbacks: [request_headers, request_body, response_headers],
}
