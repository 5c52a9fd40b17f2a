//! The filter's configuration as written.

use std::collections::BTreeMap;

use endpoint::{RawEndpoint, RawFunction};
use gateway::RawApi;
use indexmap::IndexMap;
use mapping_template::{ContentHandling, PassthroughBehavior, RawAws, RawHttp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
pub use usage_plan::RawThrottle;

/// The filter's configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawConfig {
    /// The API and stage.
    pub api: RawApi,
    /// What the names of the API's Envoy routes begin with where one Envoy has several APIs: `a1b2c3d4e5/prod `.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub route_prefix: String,
    /// What names a message's route: `$request.body.action`.
    pub route_selection_expression: String,
    /// Routes by their keys.
    #[serde(default)]
    pub routes: BTreeMap<String, RawMessageRoute>,
    /// Integrations by ids that routes name.
    #[serde(default)]
    pub integrations: BTreeMap<String, RawIntegration>,
    /// Models by name: JSON Schemas.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, Value>,
    /// The account's limit, for handshakes and messages; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_throttle: Option<RawThrottle>,
    /// The stage's access log; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_log: Option<RawAccessLog>,
    /// The stage's execution log; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_log: Option<RawExecutionLog>,
    /// Who may call `@connections`.
    #[serde(default)]
    pub connections_authorization: Authorization,
    /// How long connections live.
    #[serde(default)]
    pub limits: RawLimits,
    /// Envoy is about to end: connections are closed with 1001, and no new ones accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub draining: bool,
    /// The number of this Envoy in its fleet.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub node: u16,
    /// Where the fleet's Envoys are, by number; calls of `@connections` go on to the one that has the connection.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub nodes: BTreeMap<u16, RawEndpoint>,
}

fn is_zero(node: &u16) -> bool {
    *node == 0
}

/// The stage's access log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawAccessLog {
    /// The line, with `$context` variables, as `accessLogSettings.format` has it.
    pub format: String,
    /// The cluster of the internal listener that writes lines, with the filter `access-log-lines`.
    pub cluster: String,
    /// The path there that names the logger.
    pub logger: String,
}

/// The stage's execution log. What routes log is with them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawExecutionLog {
    /// The cluster of the internal listener that writes lines, with the filter `access-log-lines`.
    pub cluster: String,
    /// The path there that names the logger.
    pub logger: String,
    /// Which events without a route are logged; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_level: Option<LoggingLevel>,
    /// With their messages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub data_trace_enabled: bool,
    /// Names of headers and query parameters that are secrets, beside those whose name says it: what authorizers take
    /// for identity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
}

/// Which events are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LoggingLevel {
    /// Those that fail, and why.
    Error,
    /// All of them, with their course.
    Info,
}

/// The configuration of `websocket-connections`. It has nothing to set: a connection takes its API from the handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawConnections {}

/// Who may call `@connections`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Authorization {
    /// Who has signed the request, as an earlier filter has found out; nobody where there is no such filter.
    #[default]
    AwsIam,
    /// Everybody who can reach the listener: for development and private networks only.
    None,
}

/// How long connections live. API Gateway's limits cannot be changed there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawLimits {
    /// Longest time without a frame in either direction, in milliseconds.
    #[serde(default = "ten_minutes")]
    pub idle_timeout_millis: u64,
    /// Longest life, in milliseconds.
    #[serde(default = "two_hours")]
    pub connection_duration_millis: u64,
}

impl Default for RawLimits {
    fn default() -> Self {
        Self { idle_timeout_millis: ten_minutes(), connection_duration_millis: two_hours() }
    }
}

fn ten_minutes() -> u64 {
    600_000
}

fn two_hours() -> u64 {
    7_200_000
}

/// A route.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawMessageRoute {
    /// Id of the integration; absent: messages fail, a handshake is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration: Option<String>,
    /// `$default`: the client gets what the integration gives; absent: it gets nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_response_selection_expression: Option<String>,
    /// Parameters that a handshake must have: `route.request.header.NAME`, `route.request.querystring.NAME`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_parameters: Vec<String>,
    /// What names the model of a message, among `requestModels`; absent: messages are not validated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_selection_expression: Option<String>,
    /// Names of models by what the expression gives; `$default` is for all else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub request_models: BTreeMap<String, String>,
    /// Whether the route has metrics of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detailed_metrics_enabled: bool,
    /// Which of its events the execution log has; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_level: Option<LoggingLevel>,
    /// With headers, messages and answers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub data_trace_enabled: bool,
    /// Rate and burst of the route, all clients together; absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<RawThrottle>,
}

/// An integration, by its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RawIntegration {
    /// A Lambda function that gets an event.
    AwsProxy(RawWebSocketFunction),
    /// An AWS service, or a Lambda function, that gets what the mapping makes of the message.
    Aws(RawWebSocketAws),
    /// An HTTP backend that gets the message as it is.
    HttpProxy(RawWebSocketHttp),
    /// An HTTP backend that gets what the mapping makes of the message.
    Http(RawWebSocketHttp),
    /// No backend: the templates alone answer.
    Mock(RawMapping),
    /// Every message fails; the text says why, for the log.
    Misconfigured(String),
}

/// An AWS_PROXY integration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawWebSocketFunction {
    /// Where the function is called.
    pub endpoint: RawEndpoint,
    /// The function.
    pub function: RawFunction,
}

/// An HTTP or HTTP_PROXY integration; of the latter's mapping only `requestParameters` count.
pub type RawWebSocketHttp = RawHttp<RawMapping>;

/// An AWS integration.
pub type RawWebSocketAws = RawAws<RawMapping>;

/// The mapping between a message and a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawMapping {
    /// `integration.request.{path|querystring|header}.NAME` → source, such as `route.request.body.id`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub request_parameters: IndexMap<String, String>,
    /// What names the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_selection_expression: Option<String>,
    /// Template key → template.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub request_templates: IndexMap<String, String>,
    /// What happens to a message for which there is no template.
    #[serde(default)]
    pub passthrough_behavior: PassthroughBehavior,
    /// Conversion of the message; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_handling_strategy: Option<ContentHandling>,
    /// What the backend's answer turns into, in the order of the definition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub integration_responses: Vec<RawIntegrationResponse>,
}

/// What a backend's answer turns into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawIntegrationResponse {
    /// `$default`, or a regular expression between slashes that the backend's status, or a function's error message,
    /// must match as a whole.
    pub integration_response_key: String,
    /// `route.response.header.NAME` → source, for the answer to a handshake.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub response_parameters: IndexMap<String, String>,
    /// What names the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_selection_expression: Option<String>,
    /// Template key → template.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub response_templates: IndexMap<String, String>,
    /// Conversion of the body; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_handling_strategy: Option<ContentHandling>,
}
