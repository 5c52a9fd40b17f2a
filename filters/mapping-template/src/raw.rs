//! The filter's configuration as written.

use std::collections::BTreeMap;

use endpoint::{RawEndpoint, RawFunction, TimeoutMillis};
use gateway::{RawApi, RawRoute};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::http_api::{RawHttpApiLambda, RawHttpApiProxy, RawHttpApiService};

/// The filter's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawConfig {
    /// The API and stage.
    pub api: RawApi,
    /// Media types whose payloads are bytes: `image/png`, `image/*`, `*/*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub binary_media_types: Vec<String>,
    /// Settings by Envoy route name.
    #[serde(default)]
    pub routes: BTreeMap<String, RawMappingRoute>,
    /// Settings of a route that `routes` does not name.
    #[serde(default)]
    pub default: RawMappingRoute,
}

/// What the filter knows of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawMappingRoute {
    /// The method that the route stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<RawRoute>,
    /// What runs behind it; absent: the request passes untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration: Option<RawIntegration>,
}

/// An integration, by its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RawIntegration {
    /// No backend: the templates alone answer.
    Mock(RawMapping),
    /// The request goes to the route's cluster, and the answer to the client, without templates.
    HttpProxy(RawHttpProxy),
    /// An HTTP backend that gets what the mapping makes of the request.
    Http(RawHttp),
    /// An AWS service, or a Lambda function, that gets what the mapping makes of the request.
    Aws(RawAws),
    /// A Lambda function that gets the request as an event and answers for itself.
    AwsProxy(RawAwsProxy),
    /// HTTP_PROXY of an HTTP API.
    HttpApiProxy(RawHttpApiProxy),
    /// AWS_PROXY of an HTTP API, with a Lambda function.
    HttpApiLambda(RawHttpApiLambda),
    /// AWS_PROXY of an HTTP API, with another AWS service.
    HttpApiService(RawHttpApiService),
    /// Every request fails, as for an endpoint whose address is invalid; the text says why, for the log.
    Misconfigured(String),
}

/// The mapping between a method and a backend that is not just proxied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawMapping {
    /// `integration.request.{path|querystring|header}.NAME` → source.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub request_parameters: IndexMap<String, String>,
    /// Media type or `$default` → template. An empty template lets the body pass, but counts as an entry.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub request_templates: IndexMap<String, String>,
    /// What happens to a body for whose media type there is no template.
    #[serde(default)]
    pub passthrough_behavior: PassthroughBehavior,
    /// Conversion of the request body; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_handling: Option<ContentHandling>,
    /// What the backend's answer turns into.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub integration_responses: Vec<RawIntegrationResponse>,
}

/// What a backend's answer turns into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawIntegrationResponse {
    /// Status of the method response, 100–599.
    pub status_code: u16,
    /// Regular expression that the backend's status, or a function's error message, must match as a whole; absent or
    /// empty: the default response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection_pattern: Option<String>,
    /// `method.response.header.NAME` → source.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub response_parameters: IndexMap<String, String>,
    /// Media type → template, in the order of the definition.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub response_templates: IndexMap<String, String>,
    /// Conversion of the body; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_handling: Option<ContentHandling>,
    /// The method does not declare this status, so every request that ends here fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undeclared: bool,
}

/// An HTTP_PROXY integration. The route names the cluster, its timeout, and the host to write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawHttpProxy {
    /// The URI behind the authority, `/v1/{proxy}?limit=${stageVariables.limit}`.
    pub path: String,
    /// The authority, for requests in which a mapped `Host` has no value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub authority: String,
    /// The verb towards the backend; absent or `ANY`: the client's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_method: Option<String>,
    /// `integration.request.{path|querystring|header}.NAME` → source.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub request_parameters: IndexMap<String, String>,
}

/// The longest time that API Gateway waits unless its quota is raised.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
pub const DEFAULT_TIMEOUT_MILLIS: u32 = 29_000;

/// What integrations do with timeouts; the shortest is the service's.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
pub const TIMEOUT: TimeoutMillis = TimeoutMillis { default: DEFAULT_TIMEOUT_MILLIS, min: 50 };

/// An HTTP integration; `M` is how its kind of API maps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawHttp<M = RawMapping> {
    /// Where it is called.
    pub endpoint: RawEndpoint,
    /// The URI behind the authority, `/v1/{id}?limit=${stageVariables.limit}`.
    pub path: String,
    /// The verb towards the backend; absent or `ANY`: the client's, which for the messages of WebSocket APIs is `POST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_method: Option<String>,
    /// What is sent, and what the answer turns into.
    #[serde(default)]
    pub mapping: M,
}

/// An AWS integration; `M` is how its kind of API maps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawAws<M = RawMapping> {
    /// Where it is called.
    pub endpoint: RawEndpoint,
    /// What is called there.
    pub target: RawAwsTarget,
    /// The verb towards the service; absent or `ANY`: the client's, which for the messages of WebSocket APIs is `POST`. A
    /// function takes `POST` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_method: Option<String>,
    /// What is sent, and what the answer turns into.
    #[serde(default)]
    pub mapping: M,
}

/// What an AWS integration calls, from its URI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RawAwsTarget {
    /// `…:lambda:path/2015-03-31/functions/…/invocations`
    Lambda(RawFunction),
    /// `…:SERVICE:path/PATH`: the path with its query, `{bucket}/{key}`.
    Path(String),
    /// `…:SERVICE:action/ACTION`
    Action(RawAction),
}

/// An action of an AWS service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawAction {
    /// The service in the URI: `dynamodb`.
    pub service: String,
    /// The action: `PutItem`.
    pub action: String,
}

/// An AWS_PROXY integration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawAwsProxy {
    /// Where it is called.
    pub endpoint: RawEndpoint,
    /// The function.
    pub function: RawFunction,
    /// The verb in the definition; a function takes `POST` only, with any other every request fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_method: Option<String>,
    /// `integration.request.header.NAME` → source. The event does not show them, but some destinations make every
    /// request fail.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub request_parameters: IndexMap<String, String>,
}

/// What happens to a request body for whose media type there is no template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PassthroughBehavior {
    /// It passes.
    #[default]
    WhenNoMatch,
    /// It passes only when there are no templates at all.
    WhenNoTemplates,
    /// It is refused with 415.
    Never,
}

/// Conversion of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContentHandling {
    /// Base64 text to bytes.
    ConvertToBinary,
    /// Bytes to base64 text.
    ConvertToText,
}
