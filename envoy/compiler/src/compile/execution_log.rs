//! The execution log of a REST API's methods: the filter that collects its lines, and where Envoy writes them.
//!
//! They go the way of the access log, not into Envoy's own: the lines of a request stay together, stages have files of
//! their own, as API Gateway's have log groups, and nobody has to turn Envoy's log level up.

use execution_log::{LoggingLevel as Level, RawConfig, RawExecutionRoute};
use filters::RawFilter;
use gateway::{Property, RawApi, RawRoute};

use super::log_sinks::Log;
use crate::api::{HttpMethod, RestApi};
use crate::check::Model;
use crate::settings::{LogSink, LoggingLevel};

/// The lines of all deployments; WebSocket APIs' are [`super::message_log`]'s.
pub(super) const LOG: Log = Log {
    lines: Property::ExecutionLog,
    metadata: "ExecutionLog",
    sink: |deployment| deployment.execution_log.as_ref().filter(|_| !deployment.is_web_socket_api()),
};

/// Collects the methods that have a log.
pub(super) struct ExecutionLogs<'m> {
    model: &'m Model,
    config: RawConfig,
}

impl<'m> ExecutionLogs<'m> {
    /// No method yet.
    pub(super) fn new(model: &'m Model, api: &RawApi, rest: &RestApi) -> Self {
        let sources = rest.authorizers.values().flat_map(|authorizer| &authorizer.identity_source);
        let name = |source: &str| {
            let rest = source.strip_prefix("method.request.")?;
            Some(rest.strip_prefix("header.").or_else(|| rest.strip_prefix("querystring."))?.to_ascii_lowercase())
        };
        let mut secrets: Vec<String> = sources.filter_map(|source| name(source)).collect();
        secrets.sort();
        secrets.dedup();
        Self { model, config: RawConfig { api: api.clone(), secrets, ..RawConfig::default() } }
    }

    /// Adds a method; `false` when it has no log, and its route need not pass the filter.
    pub(super) fn add(&mut self, key: &str, route: &RawRoute, verb: HttpMethod) -> bool {
        let stage = &self.model.settings.stage;
        let level = stage.of_method(&route.resource_path, verb, |settings| settings.logging_level);
        let logging_level = match level.map(|level| *level) {
            None | Some(LoggingLevel::Off) => return false,
            Some(LoggingLevel::Error) => Level::Error,
            Some(LoggingLevel::Info) => Level::Info,
        };
        let data = stage.of_method(&route.resource_path, verb, |settings| settings.data_trace_enabled);
        let data_trace_enabled = data.is_some_and(|on| *on);
        let entry = RawExecutionRoute { method: route.clone(), logging_level, data_trace_enabled };
        self.config.routes.insert(key.to_owned(), entry);
        true
    }

    /// Where the lines go; `None` when no method has a log. A canary's are a log group of their own, as in API Gateway.
    pub(super) fn sink(&self) -> Option<LogSink> {
        let api = &self.config.api;
        let canary = if self.model.is_canary == Some(true) { "/Canary" } else { "" };
        let group = format!("API-Gateway-Execution-Logs_{}/{}{canary}", api.api_id, api.stage);
        (!self.config.routes.is_empty()).then(|| self.model.settings.endpoints.execution_log(&group))
    }

    /// The filter; `None` when no method has a log.
    pub(super) fn into_filter(self) -> Option<RawFilter> {
        (!self.config.routes.is_empty()).then_some(RawFilter::ExecutionLog(self.config))
    }
}
