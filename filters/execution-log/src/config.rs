//! Configuration of the filter.

use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::execution::Verbosity;
use gateway::{Api, ConfigError, RawApi, RawRoute};
use serde::{Deserialize, Serialize};

/// The filter's configuration as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawConfig {
    /// The API and stage.
    pub api: RawApi,
    /// Names of headers and query parameters that are secrets, beside those whose name says it: what authorizers take
    /// for identity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// The methods that have a log, by Envoy route name. Those of other routes have none.
    pub routes: BTreeMap<String, RawExecutionRoute>,
}

/// How much a method logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawExecutionRoute {
    /// The method.
    pub method: RawRoute,
    /// Which requests are logged.
    pub logging_level: LoggingLevel,
    /// With headers and bodies.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub data_trace_enabled: bool,
}

/// Which requests are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LoggingLevel {
    /// Those that fail, and why.
    #[default]
    Error,
    /// All of them, with their course.
    Info,
}

/// The filter, configured.
#[derive(Debug)]
pub struct ExecutionLogs {
    pub(crate) api: Api,
    pub(crate) secrets: Rc<[String]>,
    pub(crate) routes: BTreeMap<String, Rc<RawExecutionRoute>>,
}

impl ExecutionLogs {
    pub(crate) fn from_raw(raw: RawConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            api: raw.api,
            secrets: raw.secrets.iter().map(|name| name.to_ascii_lowercase()).collect(),
            routes: raw.routes.into_iter().map(|(name, route)| (name, Rc::new(route))).collect(),
        })
    }
}

impl RawExecutionRoute {
    pub(crate) fn verbosity(&self) -> Verbosity {
        Verbosity { info: self.logging_level == LoggingLevel::Info, data: self.data_trace_enabled }
    }
}
