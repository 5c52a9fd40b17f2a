//! Connections to the backends of WebSocket APIs, which `websocket-routes` keeps itself: for each backend an internal
//! listener whose last filter connects there, behind a cluster.
//!
//! A listener stays as it is while its backend is in use, so calls under way stay through all other changes.

use std::collections::BTreeMap;

use endpoint::RawEndpoint;
use filters::RawFilter;
use gateway::UPSTREAM_CONNECTIONS;
use serde_json::{Value, json};
use websocket_routes::{RawConnections, RawIntegration};

use crate::compile::cluster::open_circuit_breakers;
use crate::compile::deployment::Deployment;
use crate::compile::listener::internal_cluster;
use crate::compile::wasm::network_wasm;

/// Longer than connections are kept without a call, and longer than the longest integration timeout, in seconds: should
/// their VM be gone, Envoy ends them.
const IDLE_SECONDS: u32 = 610;

/// What the names of the clusters and listeners begin with; the backend's own cluster follows.
pub const CONNECTIONS: &str = "connections to ";

/// The endpoint, called over connections that are kept.
pub(super) fn kept(endpoint: RawEndpoint) -> RawEndpoint {
    RawEndpoint { connections: Some(format!("{CONNECTIONS}{}", endpoint.cluster)), ..endpoint }
}

/// The internal listeners, and the clusters that lead there.
///
/// # Errors
/// The filter's configuration cannot be written as JSON.
pub fn listeners_and_clusters(
    deployments: &[Deployment],
    vm_id: &str,
    module: &str,
) -> Result<(Vec<Value>, Vec<Value>), String> {
    let apis = deployments.iter().flat_map(|deployment| &deployment.filters).filter_map(|filter| match filter {
        RawFilter::WebsocketRoutes(api) => Some(api),
        _ => None,
    });
    let endpoints = apis.flat_map(|api| api.integrations.values()).filter_map(endpoint);
    let backends: BTreeMap<&str, &str> =
        endpoints.filter_map(|endpoint| Some((endpoint.connections.as_deref()?, endpoint.cluster.as_str()))).collect();
    let listeners = backends.iter().map(|(name, backend)| listener(name, backend, vm_id, module));
    Ok((listeners.collect::<Result<_, _>>()?, backends.keys().map(|name| cluster(name)).collect()))
}

fn endpoint(integration: &RawIntegration) -> Option<&RawEndpoint> {
    match integration {
        RawIntegration::AwsProxy(function) => Some(&function.endpoint),
        RawIntegration::Aws(aws) => Some(&aws.endpoint),
        RawIntegration::HttpProxy(http) | RawIntegration::Http(http) => Some(&http.endpoint),
        RawIntegration::Mock(_) | RawIntegration::Misconfigured(_) => None,
    }
}

fn listener(name: &str, backend: &str, vm_id: &str, module: &str) -> Result<Value, String> {
    let wasm =
        network_wasm(UPSTREAM_CONNECTIONS, vm_id, module, &RawConnections {}).map_err(|error| error.to_string())?;
    Ok(json!({
        "name": name,
        "internal_listener": {},
        "filter_chains": [{"filters": [
            {"name": UPSTREAM_CONNECTIONS, "typed_config": wasm},
            {
                "name": "envoy.filters.network.tcp_proxy",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                    "stat_prefix": UPSTREAM_CONNECTIONS,
                    "cluster": backend,
                    "idle_timeout": format!("{IDLE_SECONDS}s"),
                },
            },
        ]}],
    }))
}

fn cluster(name: &str) -> Value {
    let mut cluster = internal_cluster(name);
    cluster["circuit_breakers"] = open_circuit_breakers();
    cluster
}
