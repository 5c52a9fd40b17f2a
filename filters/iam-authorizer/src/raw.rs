//! Configuration as written.

use std::collections::BTreeMap;
use std::fmt;

use gateway::policy::DenyMessages;
use gateway::{RawApi, RawRoute};
use iam_policy::RawPolicy;
use serde::{Deserialize, Serialize};

/// The filter's configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawConfig {
    /// The API and stage.
    pub api: RawApi,
    /// Who may sign requests.
    #[serde(default)]
    pub credentials: Vec<RawCredential>,
    /// The resource policy of the API, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_policy: Option<RawPolicy>,
    /// Wording of refusals by a policy.
    #[serde(default)]
    pub deny_messages: DenyMessages,
    /// Whether a wrong signature is answered with what should have been signed, as the service does. That has the
    /// request's own headers in it, and nothing secret.
    #[serde(default = "yes")]
    pub echo_canonical_string: bool,
    /// Whether every `x-amz-` header has to be signed.
    #[serde(default)]
    pub strict_signed_headers: bool,
    /// Settings by Envoy route name. A route that is not named here is refused.
    #[serde(default)]
    pub routes: BTreeMap<String, RawIamRoute>,
}

fn yes() -> bool {
    true
}

/// An access key and who it belongs to.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawCredential {
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key; never logged.
    pub secret_access_key: String,
    /// Session token; requests then have to carry it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
    /// When the session ends, in seconds since 1970; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<u64>,
    /// ARN of a user, a role's session, a federated user, or the root of an account.
    pub principal_arn: String,
    /// ARN of the role of a role's session, where the role has a path: it is `aws:PrincipalArn`; absent: made of the
    /// session's, without a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// Unique id (`AIDA…`, or `AROA…:session`); absent: made of the ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Organisation of the caller's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_org_id: Option<String>,
    /// Tags of the caller, for `aws:PrincipalTag/KEY`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Policies of the caller.
    #[serde(default)]
    pub policies: Vec<RawPolicy>,
}

/// Not the secret, and not the token.
impl fmt::Debug for RawCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawCredential").field("principal_arn", &self.principal_arn).finish_non_exhaustive()
    }
}

/// What the filter knows of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawIamRoute {
    /// Who may call the method.
    pub authorization_type: AuthorizationType,
    /// The method that the route stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<RawRoute>,
    /// What a caller needs the permission for.
    #[serde(default, skip_serializing_if = "RawTarget::is_method")]
    pub target: RawTarget,
}

/// What a caller needs the permission for: an action, and the ARN that it is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RawTarget {
    /// To invoke the method.
    #[default]
    Method,
    /// To invoke the `$connect` route of a WebSocket API.
    Connect,
    /// To manage the connections of a WebSocket API.
    ManageConnections,
}

impl RawTarget {
    fn is_method(&self) -> bool {
        *self == Self::Method
    }
}

/// `authorizationType` of a method, as far as this filter decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorizationType {
    /// Whoever signs the request, and policies.
    #[default]
    AwsIam,
    /// The resource policy alone: methods without authorization, and those of user pools, whose tokens another filter
    /// has checked before.
    None,
}
