//! The filter's configuration as written.

use std::collections::BTreeMap;
use std::fmt;

use gateway::{RawApi, RawRoute};
use iam_policy::RawPolicy;
use serde::{Deserialize, Serialize};

/// The filter's configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawConfig {
    /// The API and stage.
    pub api: RawApi,
    /// Wording of refusals by a policy.
    #[serde(default)]
    pub deny_messages: DenyMessages,
    /// The resource policy of the API, where it has one: it may refuse before a function is asked, and allow what the
    /// function's policy says nothing about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_policy: Option<RawPolicy>,
    /// Authorizers by name.
    #[serde(default)]
    pub authorizers: BTreeMap<String, RawAuthorizer>,
    /// Settings by Envoy route name.
    #[serde(default)]
    pub routes: BTreeMap<String, RawAuthorizerRoute>,
    /// Settings of a route that `routes` does not name. It refuses unless it says otherwise.
    #[serde(default)]
    pub default: RawAuthorizerRoute,
}

/// What the filter knows of a route. Without an authorizer, and not declared open, it refuses every request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawAuthorizerRoute {
    /// Name of the authorizer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer: Option<String>,
    /// The method that the route stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<RawRoute>,
    /// Lets every request on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
}

/// Wording of refusals by a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DenyMessages {
    /// `… with an explicit deny`
    #[default]
    Classic,
    /// `… with an explicit deny in an identity-based policy`, which the service says since 2025.
    Current,
}

/// An authorizer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawAuthorizer {
    /// What it is told, and how it answers.
    pub form: Form,
    /// Where what identifies the caller stands: `method.request.header.Authorization` (REST APIs),
    /// `$request.header.Authorization` (HTTP APIs), and the like.
    #[serde(default)]
    pub identity_source: Vec<String>,
    /// Regular expression that must be found in the token; `token` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_validation_expression: Option<String>,
    /// Seconds for which an answer is kept, 0–3600; 0 for none. Absent: 300 where there are identity sources, else 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_result_ttl_in_seconds: Option<u32>,
    /// Where it is called.
    pub endpoint: RawEndpoint,
    /// What is called there.
    pub target: RawTarget,
}

/// What an authorizer is told, and how it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Form {
    /// REST API, type TOKEN: one header; answers with a policy.
    Token,
    /// REST API, type REQUEST: the request; answers with a policy.
    Request,
    /// HTTP API, payload format 1.0: the request; answers with a policy.
    HttpV1,
    /// HTTP API, payload format 2.0: the request; answers with a policy.
    HttpV2,
    /// HTTP API, payload format 2.0 with simple responses: answers with `isAuthorized`.
    HttpV2Simple,
}

/// Seconds for which an answer is kept when the authorizer sets nothing.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html>
pub const DEFAULT_RESULT_TTL_SECONDS: u32 = 300;

/// Where an authorizer is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawEndpoint {
    /// Envoy cluster.
    pub cluster: String,
    /// The `Host` of the call, with a port unless it is the scheme's own.
    pub authority: String,
    /// Longest time until the whole answer is here, in milliseconds. Absent: 30,000 for REST APIs, 10,000 for HTTP
    /// APIs and for plain HTTP services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_in_millis: Option<u32>,
    /// Credentials that sign each call (Signature Version 4); absent: calls are not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing: Option<RawSigning>,
}

/// What is called at an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RawTarget {
    /// A Lambda function, through the Invoke API.
    Function(RawFunction),
    /// Path and query of an HTTP service that takes the event and answers with the document.
    Http(String),
}

/// A Lambda function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawFunction {
    /// Name or ARN of the function, as the endpoint knows it.
    pub function_name: String,
    /// Version or alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<String>,
}

/// Credentials for Signature Version 4.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawSigning {
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key; never logged.
    pub secret_access_key: String,
    /// Session token of temporary credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
    /// Region in the credential scope.
    pub region: String,
}

impl fmt::Debug for RawSigning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawSigning").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}
