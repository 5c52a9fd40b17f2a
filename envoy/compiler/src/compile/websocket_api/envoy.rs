//! What a WebSocket API needs of Envoy: its routes, and an internal listener behind a cluster, where connections end.
//!
//! The internal listener is the same for every API and never changes while it is served, so open connections stay
//! through all changes.

use gateway::NetworkFilter;
use gateway_responses::Refusal;
use serde_json::{Value, json};
use websocket_routes::{CONNECT_ROUTE, CONNECTIONS_ROUTE, RawConnections, WebSocketConnections};

use crate::compile::cluster::open_circuit_breakers;
use crate::compile::listener::internal_cluster;
use crate::compile::path_match::escape;
use crate::compile::routes::{OUTSIDE, refusal};
use crate::compile::wasm::network_wasm;

/// Name of the internal listener, and of the cluster that leads there.
const WEBSOCKET: &str = "websocket";
/// What a client may send ahead while no message can be taken, in bytes: on each side of the internal connection.
const BUFFER_BYTES: u32 = 32 << 10;
/// Longest life of a connection, and longest time without a byte in either direction, in seconds, and a little more:
/// should its VM be gone, Envoy ends it.
const MAX_STREAM_SECONDS: u32 = 7210;
const IDLE_SECONDS: u32 = 610;

/// The routes of an API mounted at `base_path` (`/prod`, or empty).
pub fn routes(base_path: &str) -> Vec<Value> {
    let mut routes: Vec<Value> = [base_path.to_owned(), format!("{base_path}/")]
        .iter()
        .filter(|path| !path.is_empty())
        .map(|path| handshake(&json!({"path": path})))
        .collect();
    let calls = format!("{}/+(?:@|%40)connections/[^/]+/?", escape(base_path));
    routes.push(json!({
        "name": CONNECTIONS_ROUTE,
        "match": {"safe_regex": {"regex": calls}},
        "route": {"cluster": WEBSOCKET},
    }));
    routes
}

/// The route for what is outside of the stage.
pub fn outside() -> Value {
    refusal(OUTSIDE, Refusal::Forbidden, json!({"prefix": "/"}))
}

fn handshake(found: &Value) -> Value {
    json!({
        "name": CONNECT_ROUTE,
        "match": found,
        "route": {
            "cluster": WEBSOCKET,
            "timeout": "0s",
            "idle_timeout": format!("{IDLE_SECONDS}s"),
            "max_stream_duration": {"max_stream_duration": format!("{MAX_STREAM_SECONDS}s")},
            "upgrade_configs": [{"upgrade_type": "websocket"}],
        },
    })
}

/// The listener on which connections end.
///
/// # Errors
/// The filter's configuration cannot be written as JSON.
pub fn listener(vm_id: &str, module: &str) -> Result<Value, String> {
    let name = WebSocketConnections::NAME;
    let wasm = network_wasm(name, vm_id, module, &RawConnections {}).map_err(|error| error.to_string())?;
    Ok(json!({
        "name": WEBSOCKET,
        "internal_listener": {},
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "filter_chains": [{"filters": [
            {"name": name, "typed_config": wasm},
            {
                "name": "envoy.filters.network.echo",
                "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo"},
            },
        ]}],
    }))
}

/// The cluster that leads to the listener.
pub fn cluster() -> Value {
    let mut cluster = internal_cluster(WEBSOCKET);
    cluster["per_connection_buffer_limit_bytes"] = json!(BUFFER_BYTES);
    cluster["circuit_breakers"] = open_circuit_breakers();
    cluster
}
