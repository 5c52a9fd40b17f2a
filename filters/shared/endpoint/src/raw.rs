//! Endpoints and functions as configurations write them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a call goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawEndpoint {
    /// Envoy cluster.
    pub cluster: String,
    /// Envoy cluster that opens connections to the same backend for the network filter `upstream-connections`, over which
    /// messages of WebSocket APIs go; absent: Envoy's HTTP client makes their calls, as it makes all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<String>,
    /// The `Host` of the call, with a port unless it is the scheme's own.
    pub authority: String,
    /// What precedes every path, where the endpoint stands in for the real one: `/lambda`; without a final slash.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path_prefix: String,
    /// Longest time until the whole answer is here, in milliseconds; absent: as the caller's kind has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_in_millis: Option<u32>,
    /// Credentials that sign each call (Signature Version 4); absent: calls are not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing: Option<RawSigning>,
}

/// Credentials for Signature Version 4.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Service in the credential scope: `sqs`.
    pub service: String,
}

impl fmt::Debug for RawSigning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawSigning").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// A Lambda function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawFunction {
    /// Name or ARN of the function, as the endpoint knows it.
    pub function_name: String,
    /// Version or alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<String>,
}
