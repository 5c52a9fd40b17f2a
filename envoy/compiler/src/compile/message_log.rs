//! The access and execution logs of WebSocket APIs: messages are no exchanges of Envoy's, so an internal listener has the loggers, to
//! which `websocket-routes` sends the lines.

use access_log::{AccessLogLines, RawLines};
use filters::RawFilter;
use gateway::{Filter, Property, RawApi};
use serde_json::{Value, json};
use websocket_routes::{LoggingLevel as Level, RawAccessLog, RawExecutionLog, RawMessageRoute};

use super::deployment::Deployment;
use super::listener::{internal, internal_cluster};
use super::log_sinks::logger;
use super::wasm::wasm;
use crate::api::WebSocketApi;
use crate::settings::{LogSink, LoggingLevel, Settings};

/// Name of the internal listener that writes the lines of WebSocket APIs, and of the cluster that leads there.
const LINES: &str = "access-log";

/// The log of a WebSocket API at its stage, once [`listener`] has said which logger is its.
pub(super) fn of_websocket_api(settings: &Settings) -> Option<RawAccessLog> {
    let format = settings.stage.access_log_settings.as_ref()?.format.as_ref()?;
    Some(RawAccessLog { format: format.trim_end().to_owned(), cluster: LINES.to_owned(), logger: String::new() })
}

/// The execution log of a WebSocket API at its stage, once [`listener`] has said which logger is its; `routes` say what
/// is logged of them. `None` where nothing is.
pub(super) fn execution_of<'r>(
    settings: &Settings,
    api: &WebSocketApi,
    mut routes: impl Iterator<Item = &'r RawMessageRoute>,
) -> Option<RawExecutionLog> {
    let default = settings.stage.default_route_settings.as_ref();
    let logging_level = default.and_then(|settings| settings.logging_level).and_then(|level| raw_level(*level));
    let data_trace_enabled = default.and_then(|settings| settings.data_trace_enabled).is_some_and(|on| *on);
    if logging_level.is_none() && routes.all(|route| route.logging_level.is_none()) {
        return None;
    }
    let sources = api.authorizers.values().flat_map(|authorizer| &authorizer.identity_source);
    let name = |source: &str| {
        let rest = source.strip_prefix("route.request.")?;
        Some(rest.strip_prefix("header.").or_else(|| rest.strip_prefix("querystring."))?.to_ascii_lowercase())
    };
    let mut secrets: Vec<String> = sources.filter_map(|source| name(source)).collect();
    secrets.sort();
    secrets.dedup();
    Some(RawExecutionLog {
        cluster: LINES.to_owned(),
        logger: String::new(),
        logging_level,
        data_trace_enabled,
        secrets,
    })
}

/// Where the lines of an execution log go, under API Gateway's name of a WebSocket API's log group.
pub(super) fn execution_sink(settings: &Settings, api: &RawApi, log: Option<&RawExecutionLog>) -> Option<LogSink> {
    log.map(|_| settings.endpoints.execution_log(&format!("/aws/apigateway/{}/{}", api.api_id, api.stage)))
}

/// Which events of a route are logged; `None` for none of them.
pub(super) fn raw_level(level: LoggingLevel) -> Option<Level> {
    match level {
        LoggingLevel::Off => None,
        LoggingLevel::Error => Some(Level::Error),
        LoggingLevel::Info => Some(Level::Info),
    }
}

/// The listener and the cluster that write the lines of WebSocket APIs; `None` where none of them has a log.
///
/// # Errors
/// The filter's configuration cannot be written as JSON.
pub(super) fn listener(
    deployments: &mut [Deployment],
    vm_id: &str,
    module: &str,
) -> Result<Option<(Value, Value)>, String> {
    let mut sinks: Vec<LogSink> = Vec::new();
    for deployment in deployments {
        if !deployment.is_web_socket_api() {
            continue;
        }
        let mut logger = |sink: Option<&LogSink>| {
            let sink = sink?;
            let place = sinks.iter().position(|known| known == sink).unwrap_or_else(|| {
                sinks.push(sink.clone());
                sinks.len() - 1
            });
            Some(format!("/{place}"))
        };
        let (of_access, of_execution) = (logger(deployment.log.as_ref()), logger(deployment.execution_log.as_ref()));
        for filter in &mut deployment.filters {
            let RawFilter::WebsocketRoutes(raw) = filter else { continue };
            if let (Some(log), Some(logger)) = (&mut raw.access_log, &of_access) {
                log.logger.clone_from(logger);
            }
            if let (Some(log), Some(logger)) = (&mut raw.execution_log, &of_execution) {
                log.logger.clone_from(logger);
            }
        }
    }
    if sinks.is_empty() {
        return Ok(None);
    }
    let of_place = |(place, sink): (usize, &LogSink)| {
        let mut logger = logger(Property::AccessLog, sink);
        logger["filter"] =
            json!({"header_filter": {"header": {"name": ":path", "string_match": {"exact": format!("/{place}")}}}});
        logger
    };
    let loggers: Vec<Value> = sinks.iter().enumerate().map(of_place).collect();
    let wasm = wasm(AccessLogLines::NAME, vm_id, module, &RawLines {}).map_err(|error| error.to_string())?;
    Ok(Some((internal(LINES, AccessLogLines::NAME, &wasm, &loggers), internal_cluster(LINES))))
}
