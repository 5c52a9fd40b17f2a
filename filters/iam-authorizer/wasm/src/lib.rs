//! The `iam-authorizer` filter as a module for Envoy.

shell::module! {
    filters: [filter::IamAuthorizer],
    callbacks: [request_headers, request_body],
}
