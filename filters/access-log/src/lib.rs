//! A stage's access log: one line for every request, in the stage's own format.
//!
//! The filter stands first in the chain, so that it is there whoever answers. When an exchange is over it renders the
//! line and leaves it as [`gateway::Property::AccessLog`], for Envoy's access logger to write.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html>

mod config;
mod exchange;
mod filter;
mod format;
mod lines;

pub use config::{AccessLog, RawConfig, RawLoggedRoute};
pub use format::Format;
pub use lines::{AccessLogLines, RawLines};
