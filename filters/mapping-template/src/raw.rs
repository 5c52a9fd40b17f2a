//! The filter's configuration as written.

use std::collections::BTreeMap;

use gateway::{RawApi, RawRoute};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

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
    /// The verb towards the backend; absent or `ANY`: the client's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_method: Option<String>,
    /// `integration.request.{path|querystring|header}.NAME` → source.
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
