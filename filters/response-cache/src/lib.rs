//! A stage's response cache: between the checks of a request and its integration.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html>

mod config;
mod entry;
mod filter;
mod flush;
mod key;
mod store;

pub use config::{CacheControlStrategy, RawCacheRoute, RawConfig, RawFlush, ResponseCache};
