//! Filters with one route, and requests that are sent in.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::rc::Rc;

use gateway::{Answer, Body, Filter, Headers, Reply, Step, Stream};
use mapping_template::{MappingStream, MappingTemplate};
pub use test_host::TestHost;

/// A configured filter.
pub fn filter(configuration: &serde_json::Value) -> Rc<MappingTemplate> {
    let raw = gateway::parse(&serde_json::to_vec(configuration).unwrap()).unwrap();
    Rc::new(MappingTemplate::configure(raw).unwrap())
}

/// A filter whose only route `r` has this integration, and stage variables.
pub fn integration(integration: serde_json::Value) -> Rc<MappingTemplate> {
    filter(&serde_json::json!({
        "api": {
            "apiId": "api1", "stage": "dev", "basePath": "/dev",
            "stageVariables": {"stageVar": "stageValue", "host": "h.example"},
        },
        "routes": {"r": {
            "method": {"resourceId": "res1", "resourcePath": "/pets/{proxy+}"},
            "integration": integration,
        }},
    }))
}

/// Sends the request of `host` in, body and all, until the filter answers, calls, or lets it on.
pub fn send(filter: &Rc<MappingTemplate>, host: &TestHost) -> (MappingStream, Step) {
    let mut stream = filter.stream();
    let bytes = host.request_body.len();
    let mut step = stream.on_request_headers(host, bytes == 0);
    if matches!(step, Step::Buffer) {
        step = stream.on_request_body(host, Body { bytes, end_of_stream: true });
    }
    (stream, step)
}

/// The answer of the filter itself.
pub fn reply(filter: &Rc<MappingTemplate>, host: &TestHost) -> Reply {
    match send(filter, host).1 {
        Step::Respond(reply) => *reply,
        other => panic!("no answer but {other:?}"),
    }
}

/// A backend's answer to a callout.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut pairs = vec![(":status".to_owned(), status.to_string())];
    pairs.extend(headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned())));
    Answer::Response { headers: Headers::from_pairs(&pairs), body: body.to_vec() }
}
