//! The `custom-authorizer` filter as a module for Envoy.

shell::module! {
    filters: [filter::CustomAuthorizer],
    callbacks: [request_headers, request_body, callout, tick],
}
