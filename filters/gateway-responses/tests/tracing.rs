//! What the filter leaves for Envoy's tracer: whether a request is sampled.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::rc::Rc;

use gateway::{Filter, Property, Stream};
use gateway_responses::{GatewayResponses, SAMPLING_HEADER};
use serde_json::{Value, json};
use test_host::TestHost;

const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";

/// The property of a request with a drawn number and maybe a trace header.
fn sampled(tracing: &Value, drawn: &str, header: Option<&str>) -> Option<String> {
    let configuration = json!({
        "api": {"apiId": "test-api", "stage": "dev"},
        "routes": {"r": {"traceId": true}},
        "tracing": tracing,
    });
    let filter = Rc::new(GatewayResponses::configure(serde_json::from_value(configuration).unwrap()).unwrap());
    let mut headers = vec![(SAMPLING_HEADER, drawn)];
    headers.extend(header.map(|header| ("x-amzn-trace-id", header)));
    let host = TestHost::request("GET", "/", &headers, b"").on_route("r");
    filter.stream().on_request_headers(&host, true);
    let trace = host.property_text(Property::TraceId).unwrap();
    let found = host.property_text(Property::Sampled);
    assert_eq!(found.is_some(), trace.ends_with("Sampled=1"), "{trace}");
    found
}

#[test]
fn the_number_decides_unless_the_client_has() {
    let half = json!({"sampledBelow": "80000000"});
    let yes = Some("1".to_owned());
    assert_eq!(sampled(&half, "7fffffff", None), yes);
    assert_eq!(sampled(&half, "80000000", None), None);
    assert_eq!(sampled(&half, "80000000", Some(&format!("{ROOT};Sampled=1"))), yes);
    assert_eq!(sampled(&half, "00000000", Some(&format!("{ROOT};Sampled=0"))), None);
}

#[test]
fn a_stage_that_does_not_trace_follows_the_client() {
    assert_eq!(sampled(&Value::Null, "00000000", None), None);
    assert_eq!(sampled(&Value::Null, "00000000", Some(&format!("{ROOT};Sampled=1"))), Some("1".to_owned()));
}
