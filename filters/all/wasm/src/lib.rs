//! Every filter in one module, chosen by `root_id`: one VM for each worker instead of one for each filter.

shell::module! {
    entries: filters::FILTERS,
    network: [websocket_routes::WebSocketConnections],
    callbacks: [
        request_headers,
        request_body,
        callout,
        response_headers,
        response_body,
        log,
        tick,
        connections,
        messages,
    ],
}
