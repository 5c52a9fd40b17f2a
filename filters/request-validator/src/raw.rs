//! The filter's configuration as written.

use std::collections::BTreeMap;

use gateway::RawApi;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The filter's configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawConfig {
    /// The API and stage.
    pub api: RawApi,
    /// Media types whose payloads are bytes: `image/png`, `image/*`, `*/*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub binary_media_types: Vec<String>,
    /// The API's models: name, and JSON Schema.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, Value>,
    /// Settings by Envoy route name.
    #[serde(default)]
    pub routes: BTreeMap<String, RawValidatorRoute>,
    /// Settings of a route that `routes` does not name.
    #[serde(default)]
    pub default: RawValidatorRoute,
}

/// What the filter knows of a route. One without settings lets every request on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawValidatorRoute {
    /// Path of the resource, `/pets/{petId}`, which names the path parameters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resource_path: String,
    /// Whether the request must have the parameters that `requestParameters` requires.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub validate_request_parameters: bool,
    /// Whether the body must fit its model.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub validate_request_body: bool,
    /// `method.request.querystring.NAME` and the like, and whether the parameter is required.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub request_parameters: BTreeMap<String, bool>,
    /// Media type, or `$default`, and the name of the model of its bodies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub request_models: BTreeMap<String, String>,
    /// The integration converts bytes to text, so bodies of binary media types are checked as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub converts_to_text: bool,
    /// Answers every request with 500, and says why in the log: the route is not configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misconfigured: Option<String>,
}
