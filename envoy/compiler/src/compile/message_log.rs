//! The access logs of WebSocket APIs: messages are no exchanges of Envoy's, so an internal listener has the loggers, to
//! which `websocket-routes` sends the lines.

use access_log::{AccessLogLines, RawLines};
use filters::RawFilter;
use gateway::{Filter, Property};
use serde_json::{Value, json};
use websocket_routes::RawAccessLog;

use super::deployment::Deployment;
use super::listener::{internal, internal_cluster};
use super::log_sinks::logger;
use super::wasm::wasm;
use crate::settings::{LogSink, Settings};

/// Name of the internal listener that writes the lines of WebSocket APIs, and of the cluster that leads there.
const LINES: &str = "access-log";

/// The log of a WebSocket API at its stage, once [`listener`] has said which logger is its.
pub(super) fn of_websocket_api(settings: &Settings) -> Option<RawAccessLog> {
    let format = settings.stage.access_log_settings.as_ref()?.format.as_ref()?;
    Some(RawAccessLog { format: format.trim_end().to_owned(), cluster: LINES.to_owned(), logger: String::new() })
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
        let Some(sink) = deployment.log.as_ref().filter(|_| deployment.is_web_socket_api()) else { continue };
        let place = sinks.iter().position(|known| known == sink).unwrap_or_else(|| {
            sinks.push(sink.clone());
            sinks.len() - 1
        });
        for filter in &mut deployment.filters {
            if let RawFilter::WebsocketRoutes(raw) = filter
                && let Some(log) = &mut raw.access_log
            {
                log.logger = format!("/{place}");
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
