//! A host in memory whose workers share data, and a function that answers as told.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use custom_authorizer::{AuthorizerStream, CustomAuthorizer};
use gateway::{
    Answer, Callout, Cas, Filter, Headers, Host, LogLevel, Metric, Property, Reply, SharedDataError, Step, Stream,
    UnixMillis,
};
use serde_json::{Value, json};

/// What one Envoy's workers share.
#[derive(Default)]
pub struct Shared(RefCell<BTreeMap<String, Vec<u8>>>);

/// One request.
pub struct TestHost {
    pub headers: Vec<(String, Vec<u8>)>,
    pub route: String,
    pub now: Rc<Cell<u64>>,
    pub shared: Rc<Shared>,
    pub properties: RefCell<BTreeMap<&'static str, String>>,
    pub logs: RefCell<Vec<String>>,
    pub metrics: RefCell<Vec<Metric>>,
}

impl Host for TestHost {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.now.get())
    }
    fn random(&self) -> u64 {
        4
    }
    fn request_header(&self, name: &str) -> Option<Vec<u8>> {
        self.request_headers().first(name).map(<[u8]>::to_vec)
    }
    fn request_headers(&self) -> Headers {
        Headers::from_pairs(&self.headers)
    }
    fn request_headers_size(&self) -> usize {
        self.request_headers().byte_size()
    }
    fn response_header(&self, _name: &str) -> Option<Vec<u8>> {
        None
    }
    fn response_headers(&self) -> Headers {
        Headers::default()
    }
    fn request_body(&self, _max_bytes: usize) -> Vec<u8> {
        Vec::new()
    }
    fn response_body(&self, _max_bytes: usize) -> Vec<u8> {
        Vec::new()
    }
    fn attribute(&self, path: &[&str]) -> Option<Vec<u8>> {
        match path {
            ["xds", "route_name"] => Some(self.route.clone().into_bytes()),
            ["source", "address"] => Some(b"203.0.113.7:1234".to_vec()),
            ["destination", "port"] => Some(443u64.to_le_bytes().to_vec()),
            ["request", "time"] => Some((self.now.get() * 1_000_000).to_le_bytes().to_vec()),
            _ => None,
        }
    }
    fn property(&self, property: Property) -> Option<Vec<u8>> {
        self.properties.borrow().get(property.name()).map(|text| text.clone().into_bytes())
    }
    fn set_property(&self, property: Property, value: &[u8]) {
        self.properties.borrow_mut().insert(property.name(), String::from_utf8_lossy(value).into_owned());
    }
    fn shared_data(&self, key: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        Ok(self.shared.0.borrow().get(key).map(|value| (value.clone(), Cas::MIN)))
    }
    fn set_shared_data(&self, key: &str, value: &[u8], _expected: Option<Cas>) -> Result<(), SharedDataError> {
        self.shared.0.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }
    fn count(&self, metric: Metric) {
        self.metrics.borrow_mut().push(metric);
    }
    fn log(&self, _level: LogLevel, message: &str) {
        self.logs.borrow_mut().push(message.to_owned());
    }
}

/// An Envoy of which each filter is a worker.
pub struct Envoy {
    pub now: Rc<Cell<u64>>,
    pub shared: Rc<Shared>,
}

impl Envoy {
    pub fn new() -> Self {
        Self { now: Rc::new(Cell::new(1_727_181_296_123)), shared: Rc::default() }
    }

    pub fn request(&self, route: &str, target: &str, headers: &[(&str, &str)]) -> TestHost {
        let verb = route.split(' ').next().unwrap_or_default();
        let pseudo = [(":method", verb), (":path", target), (":authority", "abc.example")];
        let all = pseudo.iter().chain(headers);
        TestHost {
            headers: all.map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes().to_vec())).collect(),
            route: route.to_owned(),
            now: Rc::clone(&self.now),
            shared: Rc::clone(&self.shared),
            properties: RefCell::default(),
            logs: RefCell::default(),
            metrics: RefCell::default(),
        }
    }

    pub fn wait(&self, seconds: u64) {
        self.now.set(self.now.get() + seconds * 1000);
    }
}

pub fn worker(configuration: &Value) -> Rc<CustomAuthorizer> {
    let raw = gateway::parse(&serde_json::to_vec(configuration).unwrap_or_default());
    match raw.and_then(CustomAuthorizer::configure) {
        Ok(filter) => Rc::new(filter),
        Err(error) => panic!("{error}"),
    }
}

/// An API with an authorizer `a` on three methods, and one open route.
pub fn api(form: &str, changes: Value) -> Value {
    let mut authorizer = json!({
        "form": form,
        "identitySource": [if form.starts_with("http") { "$request.header.Authorization" } else { "method.request.header.Authorization" }],
        "endpoint": {"cluster": "lambda", "authority": "lambda.example"},
        "target": {"function": {"functionName": "auth"}},
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        authorizer[name] = value.clone();
    }
    let route = |path: &str| json!({"authorizer": "a", "method": {"resourceId": "res1", "resourcePath": path}});
    json!({
        "api": {
            "apiId": "abc", "stage": "test", "basePath": "/test", "accountId": "123456789012", "region": "us-east-1",
            "stageVariables": {"s": "v"},
        },
        "authorizers": {"a": authorizer},
        "routes": {
            "GET /pets/{id}": route("/pets/{id}"), "POST /pets": route("/pets"), "GET /": route("/"),
            "GET /open": {"open": true},
        },
    })
}

/// Sends a request in. Returns its stream and what the filter does first.
pub fn send(worker: &Rc<CustomAuthorizer>, host: &TestHost) -> (AuthorizerStream, Step) {
    let mut stream = worker.stream();
    let step = stream.on_request_headers(host, true);
    (stream, step)
}

pub fn called(step: Step) -> Callout {
    match step {
        Step::Callout(callout) => *callout,
        other => panic!("expected a call, found {other:?}"),
    }
}

pub fn event(step: Step) -> Value {
    serde_json::from_slice(&called(step).body).unwrap_or_default()
}

/// A function's or service's answer that arrived.
pub fn answer(status: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut all = vec![(":status", status), ("x-apigw-upstream", "1")];
    all.extend_from_slice(headers);
    Answer::Response { headers: Headers::from_pairs(&all), body: body.as_bytes().to_vec() }
}

/// A function's result.
pub fn result(result: Value) -> Answer {
    answer("200", &[], &result.to_string())
}

pub fn policy(effect: &str, resource: &str) -> Value {
    let statement = json!({"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource});
    json!({"principalId": "u1", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}})
}

/// Sends a request and lets the function answer. `None` for a request that goes on.
pub fn ask(worker: &Rc<CustomAuthorizer>, host: &TestHost, answer: Answer) -> Option<Reply> {
    let (mut stream, step) = send(worker, host);
    called(step);
    outcome(stream.on_callout(host, answer))
}

pub fn outcome(step: Step) -> Option<Reply> {
    match step {
        Step::Continue => None,
        Step::Respond(reply) => Some(*reply),
        other => panic!("expected an outcome, found {other:?}"),
    }
}

pub fn shown(reply: &Option<Reply>) -> (u16, String) {
    match reply {
        None => (0, String::new()),
        Some(reply) => (reply.status, String::from_utf8_lossy(&reply.body).into_owned()),
    }
}
