//! The listener: connection limits, header handling, and the filter chain.

use std::net::SocketAddr;

use api_key::{ApiKey, RawKeyRoute};
use gateway::{Filter, METHOD_HEADER};
use response_cache::{RawFlush, ResponseCache};
use serde_json::{Value, json};

use super::domain_tls::{self, DomainTls};
use super::http3;
use super::observers::Observers;
use super::peer_certificate;
use super::wasm::wasm;

/// Longest integration timeout of API Gateway, in seconds; the connection manager's own timeouts stand just above it,
/// so that a stream whose filter has died is answered in the end.
const LONGEST_INTEGRATION_SECONDS: u32 = 29;
/// Longest time that a request waits for a Lambda authorizer before that, in seconds.
const LONGEST_AUTHORIZER_SECONDS: u32 = 30;
/// Largest block of request headers that Envoy reads, in KiB: API Gateway's limits are enforced by the
/// `gateway-responses` filter, this one only bounds memory.
const MAX_REQUEST_HEADERS_KIB: u32 = 60;
/// Most headers of one request; API Gateway bounds their bytes only.
const MAX_HEADERS: u32 = 1000;
/// What a filter that holds a body may hold: API Gateway's 10 MB and a little more, so that our filter answers first.
const BUFFER_BYTES: u32 = 11 * 1024 * 1024;

/// Name of the route configuration, and of the listener's statistics.
pub const NAME: &str = "apigw";
/// Name of the listener with the usage report.
const USAGE_REPORT: &str = "usage-report";
/// Name of the listener that empties caches.
const FLUSH_STAGE_CACHE: &str = "flush-stage-cache";

/// Where a listener's routes and filters come from.
pub enum Source<'a> {
    /// Everything in one file.
    Inline {
        /// The route configuration.
        routes: &'a Value,
        /// Filter names and their configurations.
        filters: &'a [(&'static str, Value)],
    },
    /// Envoy watches files: `{folder}/rds.json` and `{folder}/ecds-{filter}.json`.
    Files {
        /// The folder.
        folder: &'a str,
        /// Filter names.
        filters: &'a [&'static str],
    },
}

/// What a listener has beside the routes and the chain of filters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// How many proxies before Envoy are trusted to say where a request comes from.
    pub xff_num_trusted_hops: u32,
    /// What watches the requests.
    pub observers: Observers,
    /// Envoy's own filters before the chain, with their configurations.
    pub filters: Vec<(String, Value)>,
    /// TLS; absent: none.
    pub transport_socket: Option<Value>,
    /// Custom domains where TLS is spoken in a way of their own.
    pub domain_tls: Vec<DomainTls>,
    /// Whether HTTP/3 is spoken, too.
    pub http3: bool,
    /// Whether HTTP/2 clients may open WebSocket connections (RFC 8441).
    pub extended_connect: bool,
}

/// The listener on `address`.
fn listener(address: SocketAddr, source: &Source<'_>, frame: &Frame) -> Value {
    let mut manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": NAME,
        // The client's address is that of the connection, or what the trusted proxies say. What appends it to X-Forwarded-For are the integrations:
        // Envoy would write the machine's own address for a client on the same machine.
        "use_remote_address": true,
        "xff_num_trusted_hops": frame.xff_num_trusted_hops,
        "skip_xff_append": true,
        "generate_request_id": false,
        "server_header_transformation": "PASS_THROUGH",
        // Segments are compared as they were sent.
        "normalize_path": false,
        "merge_slashes": false,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "max_request_headers_kb": MAX_REQUEST_HEADERS_KIB,
        // As the service takes them, `Host` given: load generators and health checks still send them.
        "http_protocol_options": {"accept_http_10": true},
        "common_http_protocol_options": {"max_headers_count": MAX_HEADERS, "idle_timeout": "350s"},
        "stream_idle_timeout": format!("{}s", LONGEST_AUTHORIZER_SECONDS + LONGEST_INTEGRATION_SECONDS + 6),
        "request_headers_timeout": "30s",
        "local_reply_config": {"mappers": [empty_431()]},
        "early_header_mutation_extensions": [{
            "name": "envoy.http.early_header_mutation.header_mutation",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
                "mutations": [early_header(METHOD_HEADER, "%REQ(:METHOD)%")],
            },
        }],
    });
    frame.observers.write(&mut manager);
    let own = frame.filters.iter().map(|(name, filter)| json!({"name": name, "typed_config": filter}));
    let mut http_filters: Vec<Value> = own.collect();
    match source {
        Source::Inline { routes, filters } => {
            manager["route_config"] = (*routes).clone();
            for (name, wasm) in *filters {
                http_filters.push(json!({"name": name, "typed_config": wasm}));
            }
        }
        Source::Files { folder, filters } => {
            manager["rds"] = json!({
                "route_config_name": NAME,
                "config_source": file(&format!("{folder}/rds.json")),
            });
            for name in *filters {
                http_filters.push(json!({"name": name, "config_discovery": {
                    "config_source": file(&format!("{folder}/ecds-{name}.json")),
                    "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
                }}));
            }
        }
    }
    http_filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": router(),
    }));
    manager["http_filters"] = json!(http_filters);
    if frame.extended_connect {
        manager["http2_protocol_options"] = json!({"allow_connect": true});
    }
    let mut chain = json!({"filters": [{
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": manager,
    }]});
    if let Some(socket) = &frame.transport_socket {
        chain["transport_socket"] = socket.clone();
    }
    let mut listener = json!({
        "name": NAME,
        "address": socket_address(address),
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "filter_chains": [chain],
    });
    domain_tls::add_chains(&mut listener, &frame.domain_tls);
    peer_certificate::add_to_chains(&mut listener);
    listener
}

/// The listeners for clients: the one on `address`, and where the settings ask for it the one for HTTP/3.
pub fn listeners(address: SocketAddr, source: &Source<'_>, frame: &Frame) -> Vec<Value> {
    let tcp = listener(address, source, frame);
    let udp = frame.http3.then(|| http3::listener(&tcp));
    std::iter::once(tcp).chain(udp).collect()
}

/// The listener of the usage report: the `api-key` filter answers every request.
///
/// # Errors
/// The configuration cannot be written as JSON.
pub fn usage_report(
    address: SocketAddr,
    vm_id: &str,
    module: &str,
    keys: &api_key::RawConfig,
) -> Result<Value, String> {
    let mut keys = keys.clone();
    keys.routes.clear();
    keys.default = RawKeyRoute { usage_report: true, ..RawKeyRoute::default() };
    let wasm = wasm(ApiKey::NAME, vm_id, module, &keys).map_err(|error| error.to_string())?;
    Ok(of_operators(USAGE_REPORT, address, ApiKey::NAME, &wasm))
}

/// The listener that empties caches: the `response-cache` filter answers every request.
///
/// # Errors
/// The configuration cannot be written as JSON.
pub fn flush_stage_cache(
    address: SocketAddr,
    vm_id: &str,
    module: &str,
    stages: Vec<RawFlush>,
) -> Result<Value, String> {
    let caches = response_cache::RawConfig { flush: stages, ..response_cache::RawConfig::default() };
    let wasm = wasm(ResponseCache::NAME, vm_id, module, &caches).map_err(|error| error.to_string())?;
    Ok(of_operators(FLUSH_STAGE_CACHE, address, ResponseCache::NAME, &wasm))
}

/// A listener whose requests a filter answers, for this machine's operators.
fn of_operators(name: &str, address: SocketAddr, filter: &str, wasm: &Value) -> Value {
    let unreachable = json!({"match": {"prefix": "/"}, "direct_response": {"status": 404}});
    json!({
        "name": name,
        "address": socket_address(address),
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": name,
                "route_config": {"virtual_hosts": [{"name": name, "domains": ["*"], "routes": [unreachable]}]},
                "http_filters": [
                    {"name": filter, "typed_config": wasm},
                    {"name": "envoy.filters.http.router", "typed_config": router()},
                ],
            },
        }]}],
    })
}

/// A listener that only Envoy itself reaches, whose one filter answers every request.
pub fn internal(name: &str, filter: &str, wasm: &Value, access_log: &[Value]) -> Value {
    let unreachable = json!({"match": {"prefix": "/"}, "direct_response": {"status": 404}});
    json!({
        "name": name,
        "internal_listener": {},
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": name,
                "access_log": access_log,
                "route_config": {"virtual_hosts": [{"name": name, "domains": ["*"], "routes": [unreachable]}]},
                "http_filters": [
                    {"name": filter, "typed_config": wasm},
                    {"name": "envoy.filters.http.router", "typed_config": router()},
                ],
            },
        }]}],
    })
}

/// The cluster that leads to an internal listener.
pub fn internal_cluster(name: &str) -> Value {
    let address = json!({"envoy_internal_address": {"server_listener_name": name, "endpoint_id": name}});
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "2s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    })
}

/// Headers beyond Envoy's own limit are refused before any filter runs; the service's answer has no body.
fn empty_431() -> Value {
    let of_codec = json!({
        "name": "envoy.access_loggers.extension_filters.cel",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
            "expression": "response.code_details.startsWith('http')",
        },
    });
    let is_431 = json!({"comparison": {"op": "EQ", "value": {"default_value": 431, "runtime_key": "unused"}}});
    json!({
        "filter": {"and_filter": {"filters": [{"status_code_filter": is_431}, {"extension_filter": of_codec}]}},
        "body": {"inline_string": ""},
        "body_format_override": {"text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"}},
    })
}

fn router() -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
        "suppress_envoy_headers": true,
    })
}

/// A header that is written before anything sees a request, whatever the client has sent under its name.
pub fn early_header(name: &str, format: &str) -> Value {
    json!({"append": {
        "header": {"key": name, "value": format},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }})
}

/// A configuration that Envoy reads from a file, and again whenever the file is replaced.
pub fn file(path: &str) -> Value {
    json!({"resource_api_version": "V3", "path_config_source": {"path": path}})
}

/// The address of a socket.
pub fn socket_address(address: SocketAddr) -> Value {
    json!({"socket_address": {"address": address.ip().to_string(), "port_value": address.port()}})
}
