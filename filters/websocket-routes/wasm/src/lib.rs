//! The two halves of the `websocket-routes` filter as a module for Envoy, chosen by `root_id`.

shell::module! {
    filters: [filter::WebSocketRoutes],
    network: [filter::WebSocketConnections],
    callbacks: [request_headers, request_body, callout, response_headers, log, tick, connections, messages],
}
