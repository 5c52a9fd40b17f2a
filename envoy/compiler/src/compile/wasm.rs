//! A filter's configuration as Envoy takes it.

use serde::Serialize;
use serde_json::{Value, json};

/// Shortest time between two restarts of a VM that has trapped. Envoy's default of a second would be a second of 503;
/// below two milliseconds Envoy 1.40 divides by zero.
const RELOAD_BACKOFF: &str = "0.002s";

/// The extension that runs `filter` from the module with all filters.
///
/// The configuration goes as JSON text: Envoy hands a filter a `Struct` as protobuf bytes, which costs more to read.
/// `vm_id` stays the same across updates, so counters in shared data survive them. Should a VM trap all the same, its
/// worker starts a new one.
pub fn wasm(
    filter: &str,
    vm_id: &str,
    module: &str,
    configuration: &impl Serialize,
) -> Result<Value, serde_json::Error> {
    let mut config = plugin(filter, vm_id, module, configuration)?;
    config["allow_on_headers_stop_iteration"] = json!(true);
    Ok(json!({"@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm", "config": config}))
}

/// The same for a network filter.
pub fn network_wasm(
    filter: &str,
    vm_id: &str,
    module: &str,
    configuration: &impl Serialize,
) -> Result<Value, serde_json::Error> {
    let config = plugin(filter, vm_id, module, configuration)?;
    Ok(json!({"@type": "type.googleapis.com/envoy.extensions.filters.network.wasm.v3.Wasm", "config": config}))
}

fn plugin(filter: &str, vm_id: &str, module: &str, configuration: &impl Serialize) -> Result<Value, serde_json::Error> {
    Ok(json!({
        "name": filter,
        "root_id": filter,
        "failure_policy": "FAIL_RELOAD",
        "reload_config": {"backoff": {"base_interval": RELOAD_BACKOFF}},
        "vm_config": {
            "vm_id": vm_id,
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": module}},
        },
        "configuration": {
            "@type": "type.googleapis.com/google.protobuf.StringValue",
            "value": serde_json::to_string(configuration)?,
        },
    }))
}
