//! The `access-log` filter as a module for Envoy.

shell::module! {
    filters: [filter::AccessLog],
    callbacks: [request_headers, log],
}
