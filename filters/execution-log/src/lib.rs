//! The execution log of a stage's methods: what became of a request, step by step.
//!
//! The filter stands in the chain before all others but `access-log`. It gives a request of a method that has such a log
//! an [`gateway::execution::ExecutionLog`], into which it and the filters behind it write. When the exchange is over it
//! leaves the lines as [`gateway::Property::ExecutionLog`], for Envoy's access logger to write.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html>

mod config;
mod excerpt;
mod failure;
mod filter;

pub use config::{ExecutionLogs, LoggingLevel, RawConfig, RawExecutionRoute};
