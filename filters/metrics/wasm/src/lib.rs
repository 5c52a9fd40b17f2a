//! The `metrics` filter as a module for Envoy.

shell::module! {
    filters: [filter::Metrics],
    callbacks: [request_headers, log],
}
