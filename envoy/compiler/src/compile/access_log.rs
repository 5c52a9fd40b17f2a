//! The stage's access log: the filter that renders its lines, and Envoy's logger that writes them.

use std::collections::BTreeMap;

use access_log::RawLoggedRoute;
use filters::RawFilter;
use gateway::{Property, RawApi};
use gateway_responses::{RawResponsesRoute, Refusal};
use serde_json::{Value, json};

use super::deployment::Deployment;
use super::metrics::{NAMESPACE, cel};
use crate::settings::{LogSink, Settings};

/// Where a route's metadata say which logger is theirs.
const LOG: &str = "Log";

/// The filter, when the stage has an access log. `routes` are those of `gateway-responses`, which knows them all.
pub(super) fn filter(
    settings: &Settings,
    api: &RawApi,
    routes: &BTreeMap<String, RawResponsesRoute>,
) -> Option<RawFilter> {
    let format = settings.stage.access_log_settings.as_ref()?.format.as_ref()?;
    let logged = |(name, route): (&String, &RawResponsesRoute)| {
        // A request that no stage was found for is none of this stage's.
        let silent = route.refuse == Some(Refusal::Forbidden);
        (name.clone(), RawLoggedRoute { method: route.method.clone(), silent })
    };
    Some(RawFilter::AccessLog(access_log::RawConfig {
        api: api.clone(),
        format: format.trim_end().to_owned(),
        routes: routes.iter().map(logged).collect(),
    }))
}

/// Where the stage's lines go; `None` when it has no access log.
pub(super) fn sink(settings: &Settings) -> Option<LogSink> {
    let log = settings.stage.access_log_settings.as_ref()?;
    log.format.as_ref()?;
    let destination = log.destination_arn.as_ref().map_or("", |arn| arn.as_str());
    Some(settings.endpoints.access_log(destination))
}

/// Envoy's loggers, one for each place to which lines go. Where there are several, routes say which is theirs.
pub(super) fn loggers(deployments: &mut [Deployment]) -> Vec<Value> {
    let mut sinks: Vec<LogSink> = Vec::new();
    for sink in deployments.iter().filter_map(|deployment| deployment.log.as_ref()) {
        if !sinks.contains(sink) {
            sinks.push(sink.clone());
        }
    }
    let several = sinks.len() > 1;
    for deployment in deployments.iter_mut().filter(|_| several) {
        let Some(place) = sinks.iter().position(|sink| Some(sink) == deployment.log.as_ref()) else { continue };
        for route in deployment.routes.iter_mut().chain(&mut deployment.fallback) {
            route["metadata"]["filter_metadata"][NAMESPACE][LOG] = json!(place.to_string());
        }
    }
    let of_place = |(place, sink): (usize, &LogSink)| {
        let mut logger = logger(sink);
        if several {
            logger["filter"] = cel(&format!("xds.route_metadata.filter_metadata['{NAMESPACE}'].{LOG} == '{place}'"));
        }
        logger
    };
    sinks.iter().enumerate().map(of_place).collect()
}

/// Envoy's logger. The line comes with its line break; a request without a line writes nothing.
fn logger(sink: &LogSink) -> Value {
    let line = format!("%FILTER_STATE(wasm.{}:PLAIN)%", Property::AccessLog.name());
    let format = json!({"text_format_source": {"inline_string": line}, "omit_empty_values": true});
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
