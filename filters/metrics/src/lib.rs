//! API Gateway's metrics, among Envoy's statistics: how many requests, what became of them, how long they took.
//!
//! The filter stands first in the chain, so that it is there whoever answers, and counts when an exchange is over. Only
//! the configuration is in the dimensions, nothing of a request, so there is a bounded number of metrics, and nothing
//! that a client sends becomes a label.
//!
//! Sources: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html>

mod config;
mod filter;
mod series;

pub use config::{Metrics, RawConfig, RawRouteDimensions};
