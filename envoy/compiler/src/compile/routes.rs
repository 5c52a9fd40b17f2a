//! The route configuration: one route for each way to reach a method, and refusals for all else.

use gateway::{GatewayError, METHOD_HEADER, ResponseType};
use gateway_responses::{Refusal, SAMPLING_HEADER};
use mapping_template::UPSTREAM_MARKER;
use serde_json::{Value, json};

use super::path_match::{PathMatch, below};
use crate::api::{HttpMethod, PathPart};

/// Name of the route for paths and verbs that the API does not have.
pub const UNMATCHED: &str = "missing authentication token";
/// Name of the route for paths outside of the stage.
pub const OUTSIDE: &str = "forbidden";

/// A method as Envoy is to serve it.
pub struct MethodRoute<'a> {
    /// `GET /pets/{petId}`: name of the Envoy route.
    pub key: String,
    /// The resource's path parts.
    pub parts: Vec<&'a PathPart>,
    /// The method's verb.
    pub verb: HttpMethod,
    /// Where the request goes; `None` when a filter answers.
    pub upstream: Option<Upstream>,
}

/// Where Envoy's router sends a request.
pub struct Upstream {
    /// The cluster.
    pub cluster: String,
    /// `Host` of the upstream request.
    pub authority: String,
    /// Whether a mapping may set another `Host`.
    pub maps_host: bool,
    /// How long the whole answer may take, in milliseconds.
    pub timeout_millis: u32,
    /// Headers added for every request: name and Envoy's format string.
    pub headers: Vec<(String, String)>,
    /// Client headers that the backend does not get.
    pub removed: Vec<String>,
}

/// The routes of an API mounted at `base_path` (`/prod`, or empty). `methods` stand in API Gateway's precedence.
pub fn routes(base_path: &str, methods: &[MethodRoute<'_>]) -> Vec<Value> {
    let mut routes = Vec::new();
    for method in methods {
        let matches = PathMatch::new(base_path, &method.parts).exact(method.verb);
        routes.extend(matches.into_iter().map(|found| method_route(method, found)));
    }
    for method in methods {
        routes.extend(
            PathMatch::new(base_path, &method.parts).pattern(method.verb).map(|found| method_route(method, found)),
        );
    }
    for method in methods {
        routes.push(method_route(method, PathMatch::new(base_path, &method.parts).folded(method.verb)));
    }
    routes.push(refusal(UNMATCHED, Refusal::MissingAuthenticationToken, below(base_path)));
    routes
}

pub(super) fn method_route(method: &MethodRoute<'_>, found: Value) -> Value {
    let mut route = match &method.upstream {
        Some(upstream) => upstream_route(upstream, found),
        // A filter answers. Should it let a request through all the same, nothing is behind it.
        None => {
            let error = GatewayError::new(ResponseType::ApiConfigurationError);
            json!({"match": found, "direct_response": direct_response(&error)})
        }
    };
    route["name"] = json!(method.key);
    route
}

fn upstream_route(upstream: &Upstream, found: Value) -> Value {
    let mut action = json!({
        "cluster": upstream.cluster,
        "timeout": format!("{}.{:03}s", upstream.timeout_millis / 1000, upstream.timeout_millis % 1000),
        "path_rewrite": "%FILTER_STATE(wasm.apigw.upstream_path:PLAIN)%",
    });
    if upstream.maps_host {
        action["host_rewrite"] = json!("%FILTER_STATE(wasm.apigw.upstream_host:PLAIN)%");
    } else {
        action["host_rewrite_literal"] = json!(upstream.authority);
    }
    let mut added: Vec<Value> = upstream.headers.iter().map(|(name, value)| added_header(name, value)).collect();
    added.push(json!({
        "header": {"key": "x-forwarded-for", "value": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"},
        "append_action": "APPEND_IF_EXISTS_OR_ADD",
    }));
    let removed: Vec<&str> =
        upstream.removed.iter().map(String::as_str).chain([METHOD_HEADER, SAMPLING_HEADER]).collect();
    json!({
        "match": found,
        "route": action,
        "request_headers_to_add": added,
        "request_headers_to_remove": removed,
        "response_headers_to_remove": [UPSTREAM_MARKER],
    })
}

pub(super) fn refusal(name: &str, refusal: Refusal, found: Value) -> Value {
    let error = match refusal {
        Refusal::MissingAuthenticationToken => GatewayError::new(ResponseType::MissingAuthenticationToken),
        Refusal::Forbidden => GatewayError::forbidden(),
        Refusal::NotFound => GatewayError::new(ResponseType::ResourceNotFound).with_message("Not Found"),
    };
    json!({"name": name, "match": found, "direct_response": direct_response(&error)})
}

fn direct_response(error: &GatewayError) -> Value {
    json!({"status": error.status, "body": {"inline_string": error.builtin_body()}})
}

fn added_header(name: &str, value: &str) -> Value {
    json!({"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"})
}
