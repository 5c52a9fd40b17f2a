//! Which kind of API it is.

use serde::{Deserialize, Serialize};

/// `protocolType` of an API whose callers send HTTP requests: answers, metrics and events differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProtocolType {
    /// An HTTP API.
    #[default]
    Http,
    /// A REST API.
    Rest,
}
