//! All filters but the large ones in one module: Envoy compiles all of a module before it serves.

shell::module! {
    entries: filters::SMALL,
    callbacks: [request_headers, request_body, callout, response_headers, response_body, log, tick],
}
