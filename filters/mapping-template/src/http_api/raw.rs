//! The configuration as written.

use std::collections::BTreeMap;

use endpoint::{RawEndpoint, RawFunction};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// An HTTP_PROXY integration of an HTTP API. The route names the cluster, its timeout, and the host to write, unless that
/// is mapped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawHttpApiProxy {
    /// The URI behind the authority, `/v1/{proxy}?limit=${stageVariables.limit}`.
    pub path: String,
    /// Host of the backend, and its port, where a mapping may put another; absent: the route writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// What of the client's path is put behind it; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub append: Option<AppendedPath>,
    /// The verb towards the backend; absent or `ANY`: the client's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_method: Option<String>,
    /// `overwrite:header.NAME` and the like → value.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub request_parameters: IndexMap<String, String>,
    /// Status → `overwrite:header.NAME` and the like → value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub response_parameters: BTreeMap<u16, IndexMap<String, String>>,
}

/// What of the client's path goes on to a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AppendedPath {
    /// What stands behind the stage, as the route `$default` has it.
    BehindStage,
    /// All of it, as private integrations have it.
    Whole,
}

/// An AWS_PROXY integration of an HTTP API with a Lambda function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawHttpApiLambda {
    /// Where the function is invoked.
    pub endpoint: RawEndpoint,
    /// The function.
    pub function: RawFunction,
    /// Form of the event and of the answer.
    pub payload_format_version: PayloadFormat,
    /// Status → `overwrite:header.NAME` and the like → value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub response_parameters: BTreeMap<u16, IndexMap<String, String>>,
}

/// An AWS_PROXY integration of an HTTP API with another AWS service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawHttpApiService {
    /// Where the service is called.
    pub endpoint: RawEndpoint,
    /// What is called: `SQS-SendMessage`.
    pub integration_subtype: String,
    /// Parameter of the call → value; without `Region`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub request_parameters: IndexMap<String, String>,
    /// Status → `overwrite:header.NAME` and the like → value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub response_parameters: BTreeMap<u16, IndexMap<String, String>>,
}

/// Forms of the Lambda event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PayloadFormat {
    /// As a REST API's, nearly.
    #[serde(rename = "1.0")]
    V1,
    /// HTTP APIs' own.
    #[default]
    #[serde(rename = "2.0")]
    V2,
}
