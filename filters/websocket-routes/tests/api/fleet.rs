//! Calls of `@connections` for connections on other Envoys of the fleet.

use gateway::{Answer, Body, Filter, Headers, Host, Property, Step, Stream};
use serde_json::{Value, json};
use websocket::ConnectionId;

use crate::support::*;

fn node(number: u16) -> Api {
    api_with(json!({
        "api": {"apiId": "abc123", "stage": "prod"},
        "routeSelectionExpression": "$request.body.action",
        "connectionsAuthorization": "NONE",
        "node": number,
        "nodes": {"1": {"cluster": "one", "authority": "10.0.0.1:8080"}, "2": {"cluster": "two", "authority": "10.0.0.2:8080"}},
    }))
}

fn id(node: u16) -> String {
    ConnectionId { node, worker: 42, serial: 7 }.to_string()
}

fn request(id: &str, body: &[u8], headers: &[(&str, &str)]) -> TestHost {
    let mut all = vec![("x-amz-date", "20240120T115500Z"), ("authorization", "AWS4-HMAC-SHA256 …")];
    all.extend(headers);
    TestHost { request_body: body.to_vec(), ..http_request("POST", &format!("/prod/@connections/{id}"), &all) }
}

fn send(api: &Api, host: &TestHost) -> (impl Stream + use<>, Step) {
    let mut stream = api.http.stream();
    let mut step = stream.on_request_headers(host, host.request_body.is_empty());
    if matches!(step, Step::Buffer) {
        step = stream.on_request_body(host, Body { bytes: host.request_body.len(), end_of_stream: true });
    }
    (stream, step)
}

#[test]
fn new_connections_ids_name_the_node() {
    let host = handshake("/prod", &[]);
    let id = accepted(begin(&node(2), &host).1);
    assert!(matches!(ConnectionId::parse(&id), websocket::ParsedId::Id(ConnectionId { node: 2, .. })));
}

#[test]
fn a_call_goes_on_as_it_came() {
    let host =
        request(&id(2), b"hello", &[("content-length", "5"), ("x-apigw-method", "POST"), ("connection", "close")]);
    let (mut stream, step) = send(&node(1), &host);
    let call = callout(step);
    assert_eq!((call.cluster.as_str(), call.body.as_slice()), ("two", &b"hello"[..]));
    let header = |name: &str| {
        let value = call.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value);
        value.map(|value| String::from_utf8_lossy(value).into_owned())
    };
    let path = format!("/prod/@connections/{}", id(2));
    for (name, value) in [
        (":method", Some("POST")),
        (":path", Some(path.as_str())),
        // The caller's signature covers it.
        (":authority", Some("api.example")),
        ("authorization", Some("AWS4-HMAC-SHA256 …")),
        ("x-amz-date", Some("20240120T115500Z")),
        ("x-apigw-forwarded", Some("1")),
        ("x-apigw-method", None),
        ("content-length", None),
        ("connection", None),
    ] {
        assert_eq!(header(name).as_deref(), value, "{name}");
    }
    let answered = answer(403, &[("x-amzn-errortype", "AccessDeniedException"), ("x-other", "1")], "{}");
    let reply = reply(stream.on_callout(&host, answered));
    assert_eq!((reply.status, reply.body.as_slice()), (403, &b"{}"[..]));
    assert_eq!(reply.header("x-amzn-errortype"), Some(&b"AccessDeniedException"[..]));
    assert_eq!(reply.header("x-other"), None);
}

#[test]
fn only_configured_nodes_are_called_and_only_once() {
    for (id, headers) in [(id(3), &[][..]), (id(0), &[]), (id(2), &[("x-apigw-forwarded", "2")])] {
        let host = request(&id, b"hello", headers);
        let found = reply(send(&node(1), &host).1);
        assert_eq!((found.status, found.header("x-amzn-errortype")), (410, Some(&b"GoneException"[..])), "{id}");
        assert!(host.posted.borrow().is_empty());
    }
}

#[test]
fn a_caller_that_may_not_goes_nowhere() {
    let mut raw = json!({
        "api": {"apiId": "abc123", "stage": "prod"}, "routeSelectionExpression": "$request.body.action", "node": 1,
        "nodes": {"2": {"cluster": "two", "authority": "10.0.0.2:8080"}},
    });
    let host = request(&id(2), b"hello", &[]);
    assert_eq!(reply(send(&api_with(raw.clone()), &host).1).status, 403);
    let host = request(&id(2), b"hello", &[]);
    host.set_property(Property::Identity, br#"{"userArn": "arn:aws:iam::123456789012:user/alice"}"#);
    raw["connectionsAuthorization"] = Value::from("AWS_IAM");
    assert!(matches!(send(&api_with(raw), &host).1, Step::Callout(_)));
}

#[test]
fn a_node_that_does_not_answer() {
    let made_up = |status: &str| Answer::Response {
        headers: Headers::from_pairs(&[(":status", status), ("content-length", "0"), ("content-type", "text/plain")]),
        body: Vec::new(),
    };
    for (answer, status) in [(made_up("503"), 410), (made_up("504"), 504), (Answer::Failed, 410)] {
        let host = request(&id(2), b"hello", &[]);
        let (mut stream, step) = send(&node(1), &host);
        assert!(matches!(step, Step::Callout(_)));
        assert_eq!(reply(stream.on_callout(&host, answer)).status, status);
    }
}
