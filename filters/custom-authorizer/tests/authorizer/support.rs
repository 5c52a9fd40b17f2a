//! Workers that share data, and a function that answers as told.

use std::cell::Cell;
use std::rc::Rc;

use custom_authorizer::{AuthorizerStream, CustomAuthorizer};
use gateway::{Answer, Callout, Filter, Headers, Reply, Step, Stream};
use serde_json::{Value, json};
pub use test_host::TestHost;
use test_host::{NOW_MILLIS, SharedData};

/// An Envoy of which each filter is a worker.
pub struct Envoy {
    pub now: Rc<Cell<u64>>,
    pub shared: Rc<SharedData>,
}

impl Envoy {
    pub fn new() -> Self {
        Self { now: Rc::new(Cell::new(NOW_MILLIS)), shared: Rc::default() }
    }

    pub fn request(&self, route: &str, target: &str, headers: &[(&str, &str)]) -> TestHost {
        let verb = route.split(' ').next().unwrap_or_default();
        let host = TestHost {
            now: Rc::clone(&self.now),
            shared: Some(Rc::clone(&self.shared)),
            ..TestHost::request(verb, target, headers, b"")
        };
        let time = self.now.get() * 1_000_000;
        host.to("abc.example")
            .on_route(route)
            .with_attribute("source.address", "203.0.113.7:1234")
            .with_attribute("destination.port", 443u64.to_le_bytes())
            .with_attribute("request.time", time.to_le_bytes())
    }

    pub fn wait(&self, seconds: u64) {
        self.now.set(self.now.get() + seconds * 1000);
    }
}

pub fn worker(configuration: &Value) -> Rc<CustomAuthorizer> {
    let raw = gateway::parse(&serde_json::to_vec(configuration).unwrap_or_default());
    match raw.and_then(CustomAuthorizer::configure) {
        Ok(filter) => {
            filter.start(&Envoy::new().request("GET /", "/", &[])).unwrap();
            Rc::new(filter)
        }
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
