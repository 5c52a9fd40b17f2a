//! `$context`: what API Gateway lets mappings, templates, logs and events say about a request.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>

use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::path::behind_base_path;
use crate::{Host, Ids, PathParameters, Property, Query, UnixMillis, attribute, peer_certificate, split_target};

/// The API and stage that a filter's configuration belongs to, as each filter's configuration repeats it under `api`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawApi {
    /// Id of the API, `a1b2c3d4e5`.
    pub api_id: String,
    /// Stage name.
    pub stage: String,
    /// Account that owns the API.
    #[serde(default)]
    pub account_id: String,
    /// Region in ARNs.
    #[serde(default)]
    pub region: String,
    /// Id of the deployment.
    #[serde(default)]
    pub deployment_id: String,
    /// What precedes the resource path in a request, `/prod`; empty when the API is mounted at `/`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub base_path: String,
    /// The base path of a custom domain's mapping, `v1`, or empty for the mapping of all paths. Absent: that is what
    /// `base_path` is where it is not the stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_path_matched: Option<String>,
    /// Effective stage variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stage_variables: BTreeMap<String, String>,
    /// Whether this is the canary of the stage; absent: the stage has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<bool>,
    /// Whether clients may have shown certificates, of which Envoy tells in [`crate::PEER_CERTIFICATE`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mutual_tls: bool,
    /// The VPC endpoint that all requests have come through; absent: they come from the internet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_endpoint: Option<RawVpcEndpoint>,
}

/// A VPC endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawVpcEndpoint {
    /// Its id, `vpce-1a2b3c4d`.
    pub vpc_endpoint_id: String,
    /// The VPC that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
}

impl RawApi {
    /// The base path under which a custom domain has the API, without its slash; `None` under the API's own name.
    pub fn custom_domain_base_path(&self) -> Option<&str> {
        let of_mount = self.base_path.trim_start_matches('/');
        let own = self.base_path.is_empty() || of_mount == self.stage;
        self.base_path_matched.as_deref().or((!own).then_some(of_mount))
    }
}

/// The method that an Envoy route stands for, as filters' configurations repeat it under the route's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawRoute {
    /// Id of the resource; of an HTTP API, the route key.
    pub resource_id: String,
    /// Path of the resource, `/pets/{petId}`.
    pub resource_path: String,
    /// `operationName` of the method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_name: Option<String>,
}

impl RawRoute {
    /// The route key, of a route of an HTTP API: ids of resources are letters and digits.
    pub fn route_key(&self) -> Option<&str> {
        let id = self.resource_id.as_str();
        (id.contains(' ') || id.starts_with('$')).then_some(id)
    }
}

/// The member of [`Property::Authorizer`] with the context of an HTTP API's Lambda authorizer. REST APIs have no such
/// level, and no context of theirs has an object in it.
pub const LAMBDA_CONTEXT: &str = "lambda";
/// Who the caller is, as a Lambda authorizer says.
const PRINCIPAL: &str = "principalId";

/// The header with a copy of the client's verb, which Envoy's listener writes and routes match on.
///
/// Envoy matches the route anew whenever a filter changes a header, so the match must not depend on one that an
/// integration rewrites.
pub const METHOD_HEADER: &str = "x-apigw-method";

/// The API as configured.
pub type Api = RawApi;

/// The `$context` of one request, each value built when it is asked for.
pub struct Context<'a> {
    api: &'a Api,
    route: Option<&'a RawRoute>,
    host: &'a dyn Host,
    ids: OnceCell<Ids>,
    target: OnceCell<Vec<u8>>,
    identity: OnceCell<Value>,
    client_certificate: OnceCell<Value>,
    authorizer: OnceCell<Value>,
    web_socket: OnceCell<Value>,
    aws_endpoint_request_id: Option<String>,
}

impl<'a> Context<'a> {
    /// The context of the request that `host` holds; `route` is `None` when no method matched.
    pub fn new(api: &'a Api, route: Option<&'a RawRoute>, host: &'a dyn Host) -> Self {
        Self {
            api,
            route,
            host,
            ids: OnceCell::new(),
            target: OnceCell::new(),
            identity: OnceCell::new(),
            client_certificate: OnceCell::new(),
            authorizer: OnceCell::new(),
            web_socket: OnceCell::new(),
            aws_endpoint_request_id: None,
        }
    }

    /// Notes what the AWS service behind the method calls its answer.
    pub fn set_aws_endpoint_request_id(&mut self, id: Option<String>) {
        self.aws_endpoint_request_id = id;
    }

    /// The same context with ids that are known already.
    #[must_use]
    pub fn with_ids(self, ids: &Ids) -> Self {
        let _ = self.ids.set(ids.clone());
        self
    }

    /// The API that was called.
    pub fn api(&self) -> &'a Api {
        self.api
    }

    /// Whether the route is an HTTP API's: its key is a verb and a path, or `$default`.
    pub fn is_of_http_api(&self) -> bool {
        let key = self.route.and_then(RawRoute::route_key);
        key.is_some_and(|key| key == "$default" || key.contains(' '))
    }

    /// The value of a variable, named without `$context.`; `None` when it is unset or unknown.
    pub fn get(&self, variable: &str) -> Option<String> {
        if let Some(known) = self.host.context_variable(variable) {
            return Some(known);
        }
        let api = self.api;
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        match variable {
            "accountId" => some(&api.account_id),
            "apiId" => some(&api.api_id),
            "deploymentId" => some(&api.deployment_id),
            "stage" => some(&api.stage),
            "isCanaryRequest" => api.canary.map(|canary| canary.to_string()),
            "requestId" => Some(self.ids().request_id.clone()),
            "extendedRequestId" => Some(self.ids().extended_request_id.clone()),
            "routeKey" => self.route.and_then(RawRoute::route_key).map(str::to_owned),
            "resourceId" => self.route.map(|route| route.resource_id.clone()),
            "resourcePath" => self.route.map(|route| route.resource_path.clone()),
            "operationName" => self.route.and_then(|route| route.operation_name.clone()),
            // Integrations may change the verb of the request, but not the copy of it that routes match.
            "httpMethod" => self.header(METHOD_HEADER).or_else(|| self.header(":method")),
            "path" => Some(self.path()),
            // Not documented for HTTP/2: the service's REST APIs say HTTP/1.1 to every client.
            "protocol" => Some("HTTP/1.1".to_owned()),
            "domainName" => self.header(":authority"),
            "domainPrefix" => self.header(":authority").map(|name| first_label(&name).to_owned()),
            "requestTime" => self.request_time().map(UnixMillis::request_time),
            "requestTimeEpoch" => self.request_time().map(|time| time.0.to_string()),
            "xrayTraceId" => self.trace_root(),
            "identity.sourceIp" => self.source_ip(),
            "identity.userAgent" => self.header("user-agent"),
            "connectionId" | "connectedAt" => text_at(self.object(&self.web_socket, Property::WebSocket), variable),
            "awsEndpointRequestId" => self.aws_endpoint_request_id.clone(),
            "customDomain.basePathMatched" => api.custom_domain_base_path().and_then(some),
            _ => {
                if let Some(path) = variable.strip_prefix("identity.") {
                    self.identity_text(path)
                } else if let Some(path) = variable.strip_prefix("authorizer.") {
                    authorizer_text(self.object(&self.authorizer, Property::Authorizer), path)
                } else {
                    None
                }
            }
        }
    }

    /// The ids of the request.
    pub fn ids(&self) -> &Ids {
        self.ids.get_or_init(|| Ids::of_request(self.host))
    }

    /// What earlier filters say about the caller: a JSON object, or nothing.
    pub fn identity(&self) -> &Value {
        self.object(&self.identity, Property::Identity)
    }

    /// The certificate that the client has shown, as events have it: `clientCertPem`, `subjectDN`, `issuerDN`,
    /// `serialNumber` and `validity`. `None` for a client without one.
    pub fn client_certificate(&self) -> Option<&Value> {
        let certificate = self.client_certificate.get_or_init(|| {
            let shown = self.api.mutual_tls.then(|| peer_certificate::of_client(self.host)).flatten();
            shown.unwrap_or(Value::Null)
        });
        certificate.is_object().then_some(certificate)
    }

    /// The path parameters of the request; none when no method matched.
    pub fn path_parameters(&self) -> PathParameters {
        let path = self.resource_path_as_sent();
        match self.route {
            // Slashes at the end count.
            Some(route) if route.route_key().is_some() => PathParameters::bind_exactly(&route.resource_path, path),
            Some(route) => PathParameters::bind(&route.resource_path, path),
            None => PathParameters::default(),
        }
    }

    /// The query string, decoded.
    pub fn query(&self) -> Query {
        Query::of_target(self.target())
    }

    /// The path behind the stage or base path, as it was sent.
    pub fn resource_path_as_sent(&self) -> &[u8] {
        behind_base_path(split_target(self.target()).0, &self.api.base_path)
    }

    /// When the request arrived.
    pub fn request_time(&self) -> Option<UnixMillis> {
        attribute::millis(self.host, &["request", "time"]).map(UnixMillis)
    }

    fn target(&self) -> &[u8] {
        self.target.get_or_init(|| self.host.request_header(":path").unwrap_or_default())
    }

    /// The path with the stage, its leading run of slashes made one.
    fn path(&self) -> String {
        let path = split_target(self.target()).0;
        let path = std::str::from_utf8(path).unwrap_or_default();
        format!("/{}", path.trim_start_matches('/'))
    }

    /// The text of a member of `$context.identity`.
    fn identity_text(&self, path: &str) -> Option<String> {
        let endpoint = self.api.vpc_endpoint.as_ref();
        match (path, path.strip_prefix("clientCert.")) {
            ("vpceId", _) => endpoint.map(|endpoint| endpoint.vpc_endpoint_id.clone()),
            ("vpcId", _) => endpoint.and_then(|endpoint| endpoint.vpc_id.clone()),
            (_, Some(member)) => text_at(self.client_certificate()?, member),
            (_, None) => text_at(self.identity(), path),
        }
    }

    fn header(&self, name: &str) -> Option<String> {
        let value = self.host.request_header(name)?;
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    /// The address of the client without its port, as Envoy trusts it (`use_remote_address`, `xff_num_trusted_hops`).
    fn source_ip(&self) -> Option<String> {
        let address = self.host.attribute(&["source", "address"])?;
        let address = std::str::from_utf8(&address).ok()?;
        let without_port = address.rsplit_once(':').map_or(address, |(ip, _)| ip);
        Some(without_port.trim_matches(['[', ']']).to_owned())
    }

    fn trace_root(&self) -> Option<String> {
        let header = self.host.property(Property::TraceId)?;
        let header = std::str::from_utf8(&header).ok()?;
        header.split(';').find_map(|part| part.strip_prefix("Root=")).map(str::to_owned)
    }

    fn object<'s>(&'s self, cell: &'s OnceCell<Value>, property: Property) -> &'s Value {
        cell.get_or_init(|| {
            let bytes = self.host.property(property);
            bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null)
        })
    }
}

/// What an authorizer has said. Lambda authorizers of HTTP APIs leave their context under [`LAMBDA_CONTEXT`].
fn authorizer_text(authorizer: &Value, path: &str) -> Option<String> {
    match authorizer.get(LAMBDA_CONTEXT) {
        Some(context @ Value::Object(_)) => {
            let principal = authorizer.get(PRINCIPAL).filter(|_| path == PRINCIPAL);
            principal.and_then(Value::as_str).map(str::to_owned).or_else(|| text_at(context, path))
        }
        _ => text_at(authorizer, path),
    }
}

/// The text of the member at `path`, whose names are joined by dots; a name that itself holds dots is found first.
/// An object or a list has no text.
fn text_at(object: &Value, path: &str) -> Option<String> {
    match member_at(object, path)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The member at `path`. Each step shortens the path, which stands in a definition.
fn member_at<'o>(object: &'o Value, path: &str) -> Option<&'o Value> {
    match object.get(path) {
        Some(member) => Some(member),
        None => path.split_once('.').and_then(|(name, rest)| member_at(object.get(name)?, rest)),
    }
}

/// The first label of a host name, without its port.
fn first_label(authority: &str) -> &str {
    let end = authority.find(['.', ':']).unwrap_or(authority.len());
    authority.get(..end).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_by_path() {
        let object = serde_json::json!({"a": {"b": 1, "c": null}, "x.y": true, "list": [1], "d": {"e": {"f": "g"}}});
        assert_eq!(text_at(&object, "a.b").as_deref(), Some("1"));
        assert_eq!(text_at(&object, "x.y").as_deref(), Some("true"));
        assert_eq!(text_at(&object, "d.e.f").as_deref(), Some("g"));
        for nothing in ["a", "a.c", "list", "nope", "a.b.c"] {
            assert_eq!(text_at(&object, nothing), None, "{nothing}");
        }
    }

    #[test]
    fn what_authorizers_say() {
        let rest = serde_json::json!({"principalId": "u", "tenant": "a", "integrationLatency": 3});
        let http = serde_json::json!({"principalId": "u", "lambda": {"tenant": "a", "n": 1, "lambda": "x"}});
        for authorizer in [&rest, &http] {
            assert_eq!(authorizer_text(authorizer, "principalId").as_deref(), Some("u"));
            assert_eq!(authorizer_text(authorizer, "tenant").as_deref(), Some("a"));
        }
        assert_eq!(authorizer_text(&http, "n").as_deref(), Some("1"));
        assert_eq!(authorizer_text(&http, "lambda").as_deref(), Some("x"));
        let simple = serde_json::json!({"lambda": {"principalId": "own"}});
        assert_eq!(authorizer_text(&simple, "principalId").as_deref(), Some("own"));
        let jwt = serde_json::json!({"claims": {"sub": "s"}, "scopes": null});
        assert_eq!(authorizer_text(&jwt, "claims.sub").as_deref(), Some("s"));
    }

    #[test]
    fn base_paths_of_custom_domains() {
        let api = |base_path: &str, matched: Option<&str>| RawApi {
            stage: "prod".to_owned(),
            base_path: base_path.to_owned(),
            base_path_matched: matched.map(str::to_owned),
            ..RawApi::default()
        };
        for (base_path, matched, expected) in [
            ("/prod", None, None),
            ("", None, None),
            ("/v1", None, Some("v1")),
            ("/prod", Some("prod"), Some("prod")),
            ("", Some(""), Some("")),
            ("/any/prod", Some("any"), Some("any")),
        ] {
            assert_eq!(api(base_path, matched).custom_domain_base_path(), expected, "{base_path} {matched:?}");
        }
    }

    #[test]
    fn domain_prefix() {
        assert_eq!(first_label("a1b2.execute-api.us-east-1.amazonaws.com"), "a1b2");
        assert_eq!(first_label("localhost:8080"), "localhost");
    }
}
