//! A host in memory: one request, its answers, and what a filter leaves behind.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use gateway::{
    Answer, Body, Cas, Edits, Filter, Headers, Host, LogLevel, Metric, Property, Reply, SharedDataError, Step, Stream,
    UnixMillis,
};
use mapping_template::{MappingStream, MappingTemplate};

/// What a filter sees of Envoy.
#[derive(Default)]
pub struct TestHost {
    pub request_headers: RefCell<Vec<(String, Vec<u8>)>>,
    pub request_body: Vec<u8>,
    pub response_headers: RefCell<Vec<(String, Vec<u8>)>>,
    pub attributes: HashMap<String, Vec<u8>>,
    pub properties: RefCell<HashMap<Property, Vec<u8>>>,
    pub logs: RefCell<Vec<String>>,
}

impl TestHost {
    /// A request on route `route`.
    pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let host = Self { request_body: body.to_vec(), ..Self::default() };
        let pseudo = [(":method", method), (":path", target), (":authority", "api.example"), (":scheme", "https")];
        for (name, value) in pseudo.iter().chain(headers) {
            host.request_headers.borrow_mut().push((name.to_ascii_lowercase(), value.as_bytes().to_vec()));
        }
        host
    }

    pub fn on_route(mut self, name: &str) -> Self {
        self.attributes.insert("xds.route_name".to_owned(), name.as_bytes().to_vec());
        self
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.request_header(name).map(|value| String::from_utf8(value).unwrap())
    }

    pub fn property_text(&self, property: Property) -> Option<String> {
        self.properties.borrow().get(&property).map(|value| String::from_utf8(value.clone()).unwrap())
    }

    /// Carries changes to the request out.
    pub fn apply(&self, edits: &Edits) {
        apply(&mut self.request_headers.borrow_mut(), edits);
        for (property, value) in &edits.properties {
            self.properties.borrow_mut().insert(*property, value.clone());
        }
    }
}

pub fn apply(headers: &mut Vec<(String, Vec<u8>)>, edits: &Edits) {
    headers.retain(|(name, _)| !edits.remove.iter().any(|removed| removed == name));
    for (name, value) in &edits.set {
        headers.retain(|(n, _)| n != name);
        headers.push((name.to_string(), value.to_vec()));
    }
    for (name, value) in &edits.add {
        headers.push((name.to_string(), value.to_vec()));
    }
}

fn joined(headers: &[(String, Vec<u8>)], name: &str) -> Option<Vec<u8>> {
    let values: Vec<_> = headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone()).collect();
    (!values.is_empty()).then(|| values.join(&b","[..]))
}

impl Host for TestHost {
    fn now(&self) -> UnixMillis {
        UnixMillis(1_727_181_296_123)
    }
    fn random(&self) -> u64 {
        4
    }
    fn request_header(&self, name: &str) -> Option<Vec<u8>> {
        joined(&self.request_headers.borrow(), name)
    }
    fn request_headers(&self) -> Headers {
        Headers::from_pairs(&self.request_headers.borrow())
    }
    fn request_headers_size(&self) -> usize {
        self.request_headers().byte_size()
    }
    fn response_header(&self, name: &str) -> Option<Vec<u8>> {
        joined(&self.response_headers.borrow(), name)
    }
    fn response_headers(&self) -> Headers {
        Headers::from_pairs(&self.response_headers.borrow())
    }
    fn request_body(&self, max_bytes: usize) -> Vec<u8> {
        self.request_body.iter().copied().take(max_bytes).collect()
    }
    fn response_body(&self, _max_bytes: usize) -> Vec<u8> {
        Vec::new()
    }
    fn attribute(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.attributes.get(&path.join(".")).cloned()
    }
    fn property(&self, property: Property) -> Option<Vec<u8>> {
        self.properties.borrow().get(&property).cloned()
    }
    fn set_property(&self, property: Property, value: &[u8]) {
        self.properties.borrow_mut().insert(property, value.to_vec());
    }
    fn shared_data(&self, _key: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        Ok(None)
    }
    fn set_shared_data(&self, _key: &str, _value: &[u8], _expected: Option<Cas>) -> Result<(), SharedDataError> {
        Ok(())
    }
    fn count(&self, _metric: Metric) {}
    fn log(&self, _level: LogLevel, message: &str) {
        self.logs.borrow_mut().push(message.to_owned());
    }
}

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
