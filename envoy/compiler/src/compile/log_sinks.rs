//! Envoy's loggers for what filters have written: one for each place to which lines go.

use gateway::Property;
use serde_json::{Value, json};

use super::deployment::Deployment;
use crate::settings::LogSink;

/// Where a route's metadata say which loggers are theirs.
const NAMESPACE: &str = "apigw";

/// A log of deployments.
pub(super) struct Log {
    /// Where a request's lines are, each with its line break.
    pub lines: Property,
    /// Where a route's metadata say which logger is theirs.
    pub metadata: &'static str,
    /// Where a deployment's lines go; `None`: it has no such log.
    pub sink: fn(&Deployment) -> Option<&LogSink>,
}

/// The loggers. Where there are several, routes say which is theirs.
pub(super) fn loggers(deployments: &mut [Deployment], log: &Log) -> Vec<Value> {
    let mut sinks: Vec<LogSink> = Vec::new();
    for sink in deployments.iter().filter_map(|deployment| (log.sink)(deployment)) {
        if !sinks.contains(sink) {
            sinks.push(sink.clone());
        }
    }
    let several = sinks.len() > 1;
    for deployment in deployments.iter_mut().filter(|_| several) {
        let Some(place) = sinks.iter().position(|sink| Some(sink) == (log.sink)(deployment)) else { continue };
        for route in deployment.routes.iter_mut().chain(&mut deployment.fallback) {
            route["metadata"]["filter_metadata"][NAMESPACE][log.metadata] = json!(place.to_string());
        }
    }
    let of_place = |(place, sink): (usize, &LogSink)| {
        let mut logger = logger(log.lines, sink);
        if several {
            let of_route = format!("xds.route_metadata.filter_metadata['{NAMESPACE}'].{} == '{place}'", log.metadata);
            logger["filter"] = cel(&of_route);
        }
        logger
    };
    sinks.iter().enumerate().map(of_place).collect()
}

/// One logger. A request without lines writes nothing.
pub(super) fn logger(lines: Property, sink: &LogSink) -> Value {
    let lines = format!("%FILTER_STATE(wasm.{}:PLAIN)%", lines.name());
    let format = json!({"text_format_source": {"inline_string": lines}, "omit_empty_values": true});
    match sink {
        LogSink::File(path) => json!({
            "name": "envoy.access_loggers.file",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                "path": path,
                "log_format": format,
            },
        }),
        LogSink::Stdout => stream("stdout", "StdoutAccessLog", &format),
        LogSink::Stderr => stream("stderr", "StderrAccessLog", &format),
    }
}

fn stream(name: &str, kind: &str, format: &Value) -> Value {
    json!({
        "name": format!("envoy.access_loggers.{name}"),
        "typed_config": {
            "@type": format!("type.googleapis.com/envoy.extensions.access_loggers.stream.v3.{kind}"),
            "log_format": format,
        },
    })
}

/// A logger's condition.
fn cel(expression: &str) -> Value {
    json!({"extension_filter": {
        "name": "envoy.access_loggers.extension_filters.cel",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
            "expression": expression,
        },
    }})
}
