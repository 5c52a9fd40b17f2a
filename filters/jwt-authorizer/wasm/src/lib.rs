//! The `jwt-authorizer` filter as a module for Envoy.

shell::module! {
    filters: [filter::JwtAuthorizer],
    callbacks: [request_headers, request_body, callout, tick],
}
