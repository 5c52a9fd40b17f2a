//! Configuration of the filter.

use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::{Api, ConfigError, RawApi, RawRoute, ResponseType, Source, is_header_name};
use serde::{Deserialize, Serialize};

use crate::http_api::{HttpApi, RawHttpApi};
use crate::template::Template;
use crate::websocket_api::RawWebSocketApi;

/// The filter's configuration as written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawConfig {
    /// The API and stage.
    pub api: RawApi,
    /// Customised responses by type, such as `INVALID_API_KEY` or `DEFAULT_4XX`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gateway_responses: BTreeMap<String, RawGatewayResponse>,
    /// The API is an HTTP API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_api: Option<RawHttpApi>,
    /// The API is a WebSocket API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_socket_api: Option<RawWebSocketApi>,
    /// The API takes compressed bodies: Envoy has decompressed those that it can, any other coding is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compression: bool,
    /// The stage traces its requests; absent: it passes on what a client says of a trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracing: Option<RawTracing>,
    /// Settings by Envoy route name.
    #[serde(default)]
    pub routes: BTreeMap<String, RawResponsesRoute>,
    /// Settings of a route that `routes` does not name.
    #[serde(default)]
    pub default: RawResponsesRoute,
}

/// The header into which Envoy's listener writes a random number before anything sees a request.
pub const SAMPLING_HEADER: &str = "x-apigw-sampling";

/// Which requests of a stage are traced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawTracing {
    /// Those whose random number is below this one; both are texts of hexadecimal digits. Envoy's tracer compares the
    /// same number with the same bound.
    pub sampled_below: String,
}

/// A customised gateway response, as `x-amazon-apigateway-gateway-responses` writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawGatewayResponse {
    /// Status, 100–599; absent: the type's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u16>,
    /// `gatewayresponse.header.NAME` → expression.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub response_parameters: BTreeMap<String, String>,
    /// Media type → template, in the order of the definition.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub response_templates: serde_json::Map<String, serde_json::Value>,
}

/// What the filter knows of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawResponsesRoute {
    /// The method that the route stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<RawRoute>,
    /// Answers every request of the route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuse: Option<Refusal>,
    /// Gives the request an `X-Amzn-Trace-Id`, for the route to add to the upstream request.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trace_id: bool,
}

/// Why a route answers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Refusal {
    /// The API has no such resource or method.
    MissingAuthenticationToken,
    /// No API or stage answers under this path; it cannot be customised.
    Forbidden,
    /// An HTTP API has no such route or stage; a preflight is answered.
    NotFound,
}

/// The filter, configured.
#[derive(Debug)]
pub struct GatewayResponses {
    pub(crate) api: Api,
    pub(crate) responses: BTreeMap<ResponseType, GatewayResponse>,
    pub(crate) http_api: Option<HttpApi>,
    pub(crate) web_socket_api: Option<RawWebSocketApi>,
    pub(crate) tracing: Option<RawTracing>,
    pub(crate) compression: bool,
    pub(crate) routes: BTreeMap<String, Rc<RawResponsesRoute>>,
    pub(crate) default: Rc<RawResponsesRoute>,
}

/// A customised gateway response, compiled.
#[derive(Debug)]
pub(crate) struct GatewayResponse {
    pub(crate) status: Option<u16>,
    /// Lower-case header names.
    pub(crate) headers: Vec<(String, Source)>,
    /// Media types, as they are sent, and templates.
    pub(crate) templates: Vec<(String, Template)>,
}

impl GatewayResponses {
    pub(crate) fn from_raw(raw: RawConfig) -> Result<Self, ConfigError> {
        let mut responses = BTreeMap::new();
        for (name, response) in raw.gateway_responses {
            let at = format!("gatewayResponses.{name}");
            let response_type = ResponseType::from_name(&name).ok_or_else(|| {
                let known = ResponseType::all().map(ResponseType::name).collect::<Vec<_>>().join(", ");
                ConfigError::new(&at, format!("unknown gateway response type, expected one of {known}"))
            })?;
            responses.insert(response_type, GatewayResponse::from_raw(response).map_err(|error| error.below(&at))?);
        }
        let http_api = raw.http_api.map(HttpApi::from_raw).transpose().map_err(|error| error.below("httpApi"))?;
        if http_api.is_some() && !responses.is_empty() {
            return Err(ConfigError::new("gatewayResponses", "HTTP APIs have no gateway responses to customise"));
        }
        if raw.web_socket_api.is_some() && (http_api.is_some() || !responses.is_empty()) {
            let message = "a WebSocket API is no HTTP API, and has no gateway responses to customise";
            return Err(ConfigError::new("webSocketApi", message));
        }
        Ok(Self {
            api: raw.api,
            responses,
            http_api,
            web_socket_api: raw.web_socket_api,
            tracing: raw.tracing,
            compression: raw.compression,
            routes: raw.routes.into_iter().map(|(name, route)| (name, Rc::new(route))).collect(),
            default: Rc::new(raw.default),
        })
    }
}

impl GatewayResponse {
    fn from_raw(raw: RawGatewayResponse) -> Result<Self, ConfigError> {
        if let Some(status) = raw.status_code.filter(|status| !(100..=599).contains(status)) {
            return Err(ConfigError::new("statusCode", format!("{status} is no HTTP status, expected 100 to 599")));
        }
        let mut headers = Vec::new();
        for (target, expression) in &raw.response_parameters {
            headers.push(parameter(target, expression).map_err(|error| error.below("responseParameters"))?);
        }
        let mut templates = Vec::new();
        for (media_type, template) in &raw.response_templates {
            let text = template.as_str().ok_or_else(|| {
                ConfigError::new(format!("responseTemplates.{media_type}"), format!("{template} is no text"))
            })?;
            templates.push((media_type.trim().to_owned(), Template::compile(text)));
        }
        Ok(Self { status: raw.status_code, headers, templates })
    }

    /// The template for the first media type that the client accepts, else JSON's, else the first one.
    pub(crate) fn template(&self, accept: Option<&str>) -> Option<&(String, Template)> {
        let wanted = accept.map(|accept| {
            let first = accept.split(',').next().unwrap_or_default();
            first.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
        });
        let of = |media_type: &str| self.templates.iter().find(|(key, _)| key.eq_ignore_ascii_case(media_type));
        wanted.and_then(|wanted| of(&wanted)).or_else(|| of("application/json")).or_else(|| self.templates.first())
    }
}

fn parameter(target: &str, expression: &str) -> Result<(String, Source), ConfigError> {
    let name = target.strip_prefix("gatewayresponse.header.").filter(|name| is_header_name(name)).ok_or_else(|| {
        ConfigError::new(target, "names no response header, expected `gatewayresponse.header.NAME`".to_owned())
    })?;
    let source = Source::parse(expression).filter(|source| !source.needs_body()).ok_or_else(|| {
        let accepted =
            "expected 'text', context.NAME, stageVariables.NAME or method.request.{header|querystring|path}.NAME";
        ConfigError::new(target, format!("`{expression}` is no expression, {accepted}"))
    })?;
    Ok((name.to_ascii_lowercase(), source))
}
