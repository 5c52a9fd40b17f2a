//! The stage's access log: the filter that renders its lines, and Envoy's logger that writes them.

use std::collections::BTreeMap;

use access_log::RawLoggedRoute;
use filters::RawFilter;
use gateway::{Property, RawApi};
use gateway_responses::{RawResponsesRoute, Refusal};
use serde_json::{Value, json};

use crate::settings::{LogSink, Settings};

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

/// Envoy's logger. The line comes with its line break; a request without a line writes nothing.
pub(super) fn logger(settings: &Settings) -> Option<Value> {
    let log = settings.stage.access_log_settings.as_ref()?;
    log.format.as_ref()?;
    let line = format!("%FILTER_STATE(wasm.{}:PLAIN)%", Property::AccessLog.name());
    let format = json!({"text_format_source": {"inline_string": line}, "omit_empty_values": true});
    let destination = log.destination_arn.as_ref().map_or("", |arn| arn.as_str());
    Some(match settings.endpoints.access_log(destination) {
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
    })
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
