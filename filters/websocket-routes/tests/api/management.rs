use gateway::{Address, Body, Connection, Filter, Host, NetworkFilter, Property, Reply, Step, Stream};
use serde_json::{Value, json};
use websocket::ConnectionId;
use websocket_routes::SocketConnection;

use crate::support::*;

fn echo() -> Api {
    api(json!({"$default": {"integration": "p"}}), json!({"p": backend()}))
}

fn request(method: &str, id: &str, body: &[u8]) -> TestHost {
    TestHost {
        request_body: body.to_vec(),
        address: Some(Address { worker: 42, context: 99 }),
        ..http_request(method, &format!("/prod/@connections/{id}"), &[])
    }
}

/// Runs a call, its way to the connection's worker and back included. Gives the reply, and what the connection does.
fn call(api: &Api, host: &TestHost, connection: &mut SocketConnection, at: &TestHost) -> (Reply, gateway::Output) {
    let mut stream = api.http.stream();
    let mut step = stream.on_request_headers(host, host.request_body.is_empty());
    if matches!(step, Step::Buffer) {
        step = stream.on_request_body(host, Body { bytes: host.request_body.len(), end_of_stream: true });
    }
    if let Step::Respond(reply) = step {
        return (*reply, gateway::Output::default());
    }
    assert!(matches!(step, Step::Wait), "{step:?}");
    let (to, message) = host.posted.borrow_mut().pop().unwrap();
    assert_eq!(to, Address { worker: 42, context: 0 });
    let output = match api.network.on_message(at, &message) {
        Some(context) => {
            assert_eq!(Some(context), at.address.map(|address| address.context));
            connection.on_message(at, &message)
        }
        None => gateway::Output::default(),
    };
    let (to, answer) = at.posted.borrow_mut().pop().unwrap();
    assert_eq!(to, Address { worker: 42, context: 99 });
    (reply(stream.on_message(host, &answer)), output)
}

#[test]
fn a_push_arrives() {
    let api = echo();
    let (mut connection, at, id) = open(&api);
    let (reply, output) = call(&api, &request("POST", &id, b"hello"), &mut connection, &at);
    assert_eq!((reply.status, reply.body.as_slice(), texts(&output)), (200, &b""[..], vec!["hello".to_owned()]));
    for spelling in [id.replace('=', "%3D"), format!("{id}/")] {
        assert_eq!(call(&api, &request("POST", &spelling, b"x"), &mut connection, &at).0.status, 200);
    }
    let (_, output) = call(&api, &request("POST", &id, b"caf\xff"), &mut connection, &at);
    assert_eq!(texts(&output), ["caf\u{fffd}"]);
    // Nothing is no reason not to send it.
    assert_eq!(call(&api, &request("POST", &id, b""), &mut connection, &at).1.write, b"\x81\x00");
}

#[test]
fn sizes() {
    let api = echo();
    let (mut connection, at, id) = open(&api);
    let (reply, output) = call(&api, &request("POST", &id, &[b'x'; 131_072]), &mut connection, &at);
    let data: usize =
        frames(&output.write).iter().filter(|(first, _)| first & 0x0f < 2).map(|(_, part)| part.len()).sum();
    assert_eq!((reply.status, data), (200, 131_072));
    let (reply, _) = call(&api, &request("POST", &id, &[b'x'; 131_073]), &mut connection, &at);
    assert_eq!((reply.status, reply.header("x-amzn-errortype")), (413, Some(&b"PayloadTooLargeException"[..])));
}

#[test]
fn a_connection_is_told_about() {
    let api = echo();
    let (mut connection, at, id) = open(&api);
    at.pass_millis(2000);
    connection.on_data(&at, &frame(0x89, b""), false);
    let (reply, _) = call(&api, &request("GET", &id, b""), &mut connection, &at);
    assert_eq!(reply.header("content-type"), Some(&b"application/json"[..]));
    let told: Value = serde_json::from_slice(&reply.body).unwrap();
    let expected = json!({
        "connectedAt": "2024-09-24T12:34:56.123Z", "lastActiveAt": "2024-09-24T12:34:58.123Z",
        "identity": {"sourceIp": "203.0.113.7", "userAgent": "test"},
    });
    assert_eq!(told, expected);
}

#[test]
fn a_connection_is_closed_and_then_gone() {
    let api = echo();
    let (mut connection, at, id) = open(&api);
    let (reply, output) = call(&api, &request("DELETE", &id, b""), &mut connection, &at);
    assert_eq!((reply.status, close_code(&output)), (204, Some(1000)));
    for method in ["POST", "GET", "DELETE"] {
        let (reply, _) = call(&api, &request(method, &id, b""), &mut connection, &at);
        assert_eq!((reply.status, reply.body.as_slice()), (410, &b"{}"[..]));
        assert_eq!(reply.header("x-amzn-errortype"), Some(&b"GoneException"[..]));
    }
}

#[test]
fn ids_that_name_no_connection() {
    let api = echo();
    let (mut connection, at, id) = open(&api);
    let mut status = |id: &str| call(&api, &request("POST", id, b"x"), &mut connection, &at).0.status;
    assert_eq!(status("R1kmxc2VNjMCFIA="), 410);
    assert_eq!(status(&ConnectionId { node: 0, worker: 42, serial: 1 }.to_string()), 410);
    assert_eq!((status("abc"), status("%22"), status(&format!("{id}A"))), (400, 400, 400));
    let reply = call(&api, &request("POST", "a%22c", b"x"), &mut connection, &at).0;
    assert_eq!(reply.body, br#"{"message":"Invalid connectionId: a\"c"}"#);
    let lost = TestHost { reachable: false, ..request("POST", &id, b"") };
    assert_eq!(crate::support::reply(begin_whole(&api, &lost)).status, 410);
}

fn begin_whole(api: &Api, host: &TestHost) -> Step {
    api.http.stream().on_request_headers(host, true)
}

#[test]
fn a_connection_that_is_still_in_its_handshake_is_gone() {
    let api = echo();
    let (_stream, step) = begin(&api, &handshake("/prod", &[]));
    let id = accepted(step);
    let (mut other, at, _) = open(&api);
    assert_eq!(call(&api, &request("POST", &id, b"x"), &mut other, &at).0.status, 410);
}

#[test]
fn a_worker_that_does_not_answer_is_waited_for_a_while() {
    let api = echo();
    let (_connection, _, id) = open(&api);
    let host = request("GET", &id, b"");
    let mut stream = api.http.stream();
    assert!(matches!(stream.on_request_headers(&host, true), Step::Wait));
    host.pass_millis(4000);
    assert!(matches!(stream.on_wake(&host), Step::Wait));
    host.pass_millis(1000);
    assert_eq!(reply(stream.on_wake(&host)).status, 504);
}

#[test]
fn unsigned_calls_are_refused_unless_the_configuration_lets_them_in() {
    let api = api_with(json!({"api": {"apiId": "x", "stage": "prod"}, "routeSelectionExpression": "a"}));
    let (mut connection, at, id) = open(&api);
    let host = request("POST", &id, b"x");
    let refused = call(&api, &host, &mut connection, &at).0;
    assert_eq!((refused.status, refused.body.as_slice()), (403, &br#"{"message":"Missing Authentication Token"}"#[..]));
    for identity in ["{}", "no json", r#"{"apiKey":"k"}"#] {
        host.set_property(Property::Identity, identity.as_bytes());
        assert_eq!(call(&api, &host, &mut connection, &at).0.status, 403);
    }
    host.set_property(Property::Identity, r#"{"userArn":"arn:aws:iam::123456789012:user/alice"}"#.as_bytes());
    assert_eq!(call(&api, &host, &mut connection, &at).0.status, 200);
}

#[test]
fn other_methods_are_forbidden() {
    let api = echo();
    let (mut connection, at, id) = open(&api);
    for method in ["PUT", "HEAD", "OPTIONS"] {
        assert_eq!(call(&api, &request(method, &id, b""), &mut connection, &at).0.status, 403);
    }
}
