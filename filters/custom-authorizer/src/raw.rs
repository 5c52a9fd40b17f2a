//! The filter's configuration as written.

use std::collections::BTreeMap;

use endpoint::{RawEndpoint, RawFunction};
use gateway::policy::DenyMessages;
use gateway::{Property, RawApi, RawRoute};
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
    /// What is left for filters in other modules and for access logs; absent: everything. A request takes less where
    /// nobody asks, and the list is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Vec<Property>>,
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
    /// Seconds for which an answer is kept, 0–3600; 0 for none. Absent: 300 where there are identity sources, else
    /// 0; of a WebSocket API always 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_result_ttl_in_seconds: Option<u32>,
    /// Where it is called. Without a timeout of its own: 30,000 milliseconds for REST APIs, 10,000 for HTTP APIs and for
    /// plain HTTP services.
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
    /// WebSocket API: the handshake; answers with a policy, which is never kept.
    WebSocket,
}

/// Seconds for which an answer is kept when the authorizer sets nothing.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html>
pub const DEFAULT_RESULT_TTL_SECONDS: u32 = 300;

/// What is called at an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RawTarget {
    /// A Lambda function, through the Invoke API.
    Function(RawFunction),
    /// Path and query of an HTTP service that takes the event and answers with the document.
    Http(String),
}
