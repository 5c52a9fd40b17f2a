//! The `jwt-authorizer` filter: JWT authorizers of HTTP and REST APIs, and Cognito user pool authorizers.
//!
//! It stands behind everything that answers by itself and before `api-key`. A route names its authorizer and its scopes;
//! the token comes from a header or a query parameter, its signature is verified with the issuer's keys, and its claims
//! go to `$context.authorizer`. Keys are fetched on ticks, once for all workers.
//!
//! Sources: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html>

mod authorizer;
mod cache;
mod config;
mod denial;
mod filter;
mod identity;
mod keys;
mod raw;

pub use config::JwtAuthorizer;
pub use filter::JwtStream;
pub use gateway::ProtocolType;
pub use raw::{RawAuthorizer, RawConfig, RawIssuer, RawJwt, RawJwtIssuer, RawJwtRoute, RawKeys, RawUserPools};
