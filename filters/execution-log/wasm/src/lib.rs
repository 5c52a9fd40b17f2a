//! The `execution-log` filter as a module for Envoy.

shell::module! {
    filters: [filter::ExecutionLogs],
    callbacks: [request_headers, request_body, response_headers, response_body, log],
}
