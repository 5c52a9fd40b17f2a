//! The `api-key` filter: API keys, usage plans, throttles and quotas.
//!
//! It stands behind the authorizers and before everything that looks at the body. A method that needs a key gets it
//! from the header `X-API-Key` or from the authorizer's answer; then the limits are checked in API Gateway's order:
//! the plan's throttle for the key, the stage's for the method, the account's, the plan's quota. Counts live in
//! Envoy's shared data, so all workers count together.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>

mod config;
mod filter;
mod report;

pub use config::{ApiKey, ApiKeySource, RawConfig, RawKeyRoute};
