//! The filter's configuration as written.

use std::collections::BTreeMap;

use gateway::{Property, ProtocolType, RawApi};
use jwt::Algorithm;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The filter's configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawConfig {
    /// What kind of API answers.
    #[serde(default)]
    pub protocol_type: ProtocolType,
    /// A REST API and its stage, the ARNs of whose methods have a limit; absent: the length does not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<RawApi>,
    /// What is left for filters in other modules and for access logs; absent: everything. A request takes less where
    /// nobody asks, and the list is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Vec<Property>>,
    /// Where the keys of token issuers come from, by issuer.
    #[serde(default)]
    pub issuers: BTreeMap<String, RawIssuer>,
    /// Authorizers by name.
    #[serde(default)]
    pub authorizers: BTreeMap<String, RawAuthorizer>,
    /// Settings by Envoy route name.
    #[serde(default)]
    pub routes: BTreeMap<String, RawJwtRoute>,
    /// Settings of a route that `routes` does not name. Without them such a route is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<RawJwtRoute>,
}

/// What the filter knows of an issuer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawIssuer {
    /// Where its keys are.
    pub keys: RawKeys,
    /// For how long keys are used before they are fetched again, in seconds.
    #[serde(default = "two_hours")]
    pub cache_seconds: u32,
    /// For how much longer they are used while the issuer cannot be reached, in seconds; 0 for not at all.
    #[serde(default = "one_day")]
    pub stale_seconds: u32,
}

/// Where an issuer's keys are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RawKeys {
    /// OpenID Connect discovery: `{issuer}/.well-known/openid-configuration` says where.
    Discovery {
        /// Envoy clusters by `host:port`: of the issuer, and of the place that its document may name for the keys.
        clusters: BTreeMap<String, String>,
        /// Whether `http` will do, for the issuer and for its keys.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        allow_http: bool,
    },
    /// A fixed place.
    Jwks {
        /// URL of the key set.
        jwks_uri: String,
        /// Envoy cluster to fetch it from.
        cluster: String,
    },
    /// The keys themselves: a JSON Web Key Set. Nothing is fetched.
    Inline(Value),
}

/// An authorizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawAuthorizer {
    /// Where the token is: `$request.header.NAME`, `$request.querystring.NAME` or `method.request.header.NAME`.
    pub identity_source: String,
    /// JWT: what tokens must say. Either this or `cognito_user_pools`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<RawJwt>,
    /// Cognito: the user pools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cognito_user_pools: Option<RawUserPools>,
}

/// A JWT authorizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawJwt {
    /// The trusted issuers; HTTP APIs have one.
    pub issuers: Vec<RawJwtIssuer>,
    /// How far the issuers' clocks may be off, in seconds.
    #[serde(default)]
    pub clock_skew_seconds: u32,
}

/// An issuer that a JWT authorizer trusts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawJwtIssuer {
    /// The issuer, to the byte: a key of `issuers`.
    pub issuer: String,
    /// Audiences of which a token must have one.
    pub audience: Vec<String>,
    /// Algorithms of signatures.
    #[serde(default = "api_gateway_algorithms")]
    pub allowed_algorithms: Vec<Algorithm>,
}

/// A Cognito authorizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawUserPools {
    /// The issuers of the user pools: keys of `issuers`.
    pub issuers: Vec<String>,
    /// Regular expression that the audience of an ID token must contain a match of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_validation_expression: Option<String>,
}

/// What the filter knows of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawJwtRoute {
    /// Name of its authorizer; absent: the route is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer: Option<String>,
    /// Scopes of which a token must have one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_scopes: Vec<String>,
}

/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>
fn two_hours() -> u32 {
    7200
}

/// Not documented: long enough for an issuer's bad day, short enough that a stolen key does not live for ever.
fn one_day() -> u32 {
    86_400
}

fn api_gateway_algorithms() -> Vec<Algorithm> {
    Algorithm::API_GATEWAY.to_vec()
}
