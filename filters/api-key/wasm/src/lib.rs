//! The `api-key` filter as a module for Envoy.

shell::module! {
    filters: [filter::ApiKey],
    callbacks: [request_headers],
}
