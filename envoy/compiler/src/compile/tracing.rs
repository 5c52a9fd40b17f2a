//! Traces: Envoy's OpenTelemetry tracer, which decides as API Gateway does for X-Ray.
//!
//! A filter says in `X-Amzn-Trace-Id` whether a request is sampled, but Envoy starts its span before any filter runs.
//! So both look at the same random number: one that the listener writes into a header before anything else. A client
//! that says `Sampled=1` or `Sampled=0` decides for itself.
//!
//! The sampler is asked once more for the span of the backend, without the request's headers: then the filter has
//! decided, and left it as a property. A parent-based sampler would do the same, but leave the decision to clients that
//! send a `traceparent`.
//!
//! Sources: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-xray.html>,
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>

use gateway::{Property, RawApi};
use gateway_responses::{RawTracing, SAMPLING_HEADER};
use serde_json::{Value, json};

use super::cluster::{Backend, Clusters};
use crate::settings::Settings;

/// What X-Ray's default rule samples beyond the first request of each second, which Envoy does not count.
const DEFAULT_SAMPLING_RATE: f64 = 0.05;
/// Where collectors take traces by HTTP, as OpenTelemetry has it.
const TRACES_PATH: &str = "/v1/traces";
/// What the property of a sampled request holds, `1`, in the form of protobuf's JSON.
const SAMPLED_BASE64: &str = "MQ==";
/// How long a collector may take to accept spans; the request does not wait for it.
const EXPORT_TIMEOUT: &str = "2s";

/// What the filters do about traces; `None` where the stage does not trace.
pub(super) fn raw_tracing(settings: &Settings) -> Option<RawTracing> {
    settings.stage.tracing_enabled.filter(|on| **on)?;
    Some(RawTracing { sampled_below: threshold(settings) })
}

/// Members of the connection manager: the tracer, where there is a collector.
pub(super) fn manager(settings: &Settings, api: &RawApi, title: &str, clusters: &mut Clusters) -> Option<Value> {
    let url = &settings.endpoints.tracing.as_ref()?.value;
    let cluster = clusters.add(Backend::new(url, &url.authority.host, false));
    let scheme = if url.tls { "https" } else { "http" };
    // X-Ray names the segment of a stage so.
    let service = format!("{}/{}", if title.is_empty() { &api.api_id } else { title }, api.stage);
    let active = raw_tracing(settings).map(|tracing| tracing.sampled_below);
    let root = format!("%FILTER_STATE(wasm.{}:PLAIN)%", Property::TraceId.name());
    Some(json!({
        "provider": {
            "name": "envoy.tracers.opentelemetry",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
                "service_name": service,
                "http_service": {"http_uri": {
                    "uri": format!("{scheme}://{}{TRACES_PATH}", url.authority),
                    "cluster": cluster,
                    "timeout": EXPORT_TIMEOUT,
                }},
                "sampler": {
                    "name": "envoy.tracers.opentelemetry.samplers.cel",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.tracers.opentelemetry.samplers.v3.CELSamplerConfig",
                        "expression": {"cel_expr_parsed": {"expr": either(sampled(active.as_deref()), of_backend())}},
                    },
                },
            },
        },
        "random_sampling": {"value": 100},
        "spawn_upstream_span": true,
        "custom_tags": [{"tag": "aws.xray.trace_header", "value": root}],
    }))
}

/// Eight hexadecimal digits: numbers below are sampled.
fn threshold(settings: &Settings) -> String {
    let rate = settings.sampling_rate.map_or(DEFAULT_SAMPLING_RATE, |rate| *rate);
    let below = (rate * f64::from(u32::MAX)).round() as u64;
    // `g` stands behind every digit.
    if rate >= 1.0 { "g".to_owned() } else { format!("{below:08x}") }
}

/// The expression that decides: `Sampled=1` of the client, or no `Sampled=0` and a number below the threshold.
fn sampled(below: Option<&str>) -> Value {
    let says = |text: &str| {
        let trace = header("x-amzn-trace-id");
        both(present("x-amzn-trace-id"), call("contains", Some(trace), &[constant(text)]))
    };
    match below {
        None => says("Sampled=1"),
        Some(below) => {
            let drawn = call("_<_", None, &[header(SAMPLING_HEADER), constant(below)]);
            let not_refused = call("!_", None, &[says("Sampled=0")]);
            let drawn = both(not_refused, both(present(SAMPLING_HEADER), drawn));
            either(says("Sampled=1"), drawn)
        }
    }
}

/// The expression for the span of the backend: what the filter has left. A part that lacks what it asks for is an error,
/// which counts as a part that does not hold.
fn of_backend() -> Value {
    let state = json!({"ident_expr": {"name": "filter_state"}});
    let name = format!("wasm.{}", Property::Sampled.name());
    let is_sampled = json!({"const_expr": {"bytes_value": SAMPLED_BASE64}});
    call("_==_", None, &[call("_[_]", None, &[state, constant(&name)]), is_sampled])
}

fn headers() -> Value {
    json!({"select_expr": {"operand": {"ident_expr": {"name": "request"}}, "field": "headers"}})
}

fn header(name: &str) -> Value {
    call("_[_]", None, &[headers(), constant(name)])
}

fn present(name: &str) -> Value {
    call("@in", None, &[constant(name), headers()])
}

fn either(one: Value, other: Value) -> Value {
    call("_||_", None, &[one, other])
}

fn both(one: Value, other: Value) -> Value {
    call("_&&_", None, &[one, other])
}

fn constant(text: &str) -> Value {
    json!({"const_expr": {"string_value": text}})
}

fn call(function: &str, target: Option<Value>, arguments: &[Value]) -> Value {
    let mut call = json!({"function": function, "args": arguments});
    if let Some(target) = target {
        call["target"] = target;
    }
    json!({"call_expr": call})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span, Spanned};

    #[test]
    fn thresholds() {
        let of = |rate: Option<f64>| {
            let span = Span { source: SourceId::default(), start: 0, end: 0 };
            threshold(&Settings { sampling_rate: rate.map(|value| Spanned { value, span }), ..Settings::default() })
        };
        assert_eq!(of(None), "0ccccccd");
        assert_eq!([of(Some(0.0)), of(Some(0.5)), of(Some(1.0))], ["00000000", "80000000", "g"]);
    }
}
