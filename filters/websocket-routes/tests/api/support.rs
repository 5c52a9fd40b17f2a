//! One worker of an API, its requests and its connections.

use std::cell::Cell;
use std::rc::Rc;

use gateway::{Address, Answer, Callout, Connection, Filter, Headers, NetworkFilter, Output, Reply, Step, Stream};
use serde_json::{Value, json};
pub use test_host::{NOW_MILLIS, SharedData, TestHost};
use websocket_routes::{RawConnections, RoutesStream, SocketConnection, WebSocketConnections, WebSocketRoutes};

thread_local! {
    /// Each test has a thread of its own, and with it a worker of its own.
    static RANDOM: Cell<u64> = const { Cell::new(1) };
    static SHARED: Rc<SharedData> = Rc::default();
}

fn random() -> u64 {
    let next = RANDOM.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    RANDOM.set(next);
    next
}

/// The surroundings of a request or connection.
pub fn context(context: u32) -> TestHost {
    in_context(context, TestHost::default())
}

fn in_context(context: u32, host: TestHost) -> TestHost {
    let shared = Some(SHARED.with(Rc::clone));
    TestHost { random, shared, address: Some(Address { worker: 42, context }), ..host }
        .with_attribute("source.address", "203.0.113.7:5000")
        .with_attribute("request.protocol", "HTTP/1.1")
}

/// The surroundings of a request.
pub fn http_request(method: &str, target: &str, headers: &[(&str, &str)]) -> TestHost {
    let host = in_context(1, TestHost::request(method, target, headers, b""));
    host.on_route(if target.contains("connections/") { "@connections" } else { "$connect" })
}

/// A handshake.
pub fn handshake(target: &str, headers: &[(&str, &str)]) -> TestHost {
    let own = [
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-version", "13"),
        ("user-agent", "test"),
    ];
    http_request("GET", target, &[&own[..], headers].concat())
}

/// An API, configured.
pub struct Api {
    pub http: Rc<WebSocketRoutes>,
    pub network: Rc<WebSocketConnections>,
}

/// A function that is called at `function`.
pub fn function(name: &str) -> Value {
    json!({"awsProxy": {"endpoint": {"cluster": "functions", "authority": "127.0.0.1"}, "function": {"functionName": name}}})
}

/// A backend behind HTTP_PROXY.
pub fn backend() -> Value {
    json!({"httpProxy": {"endpoint": {"cluster": "backend", "authority": "b.example"}, "path": "/in"}})
}

pub fn api(routes: Value, integrations: Value) -> Api {
    api_with(json!({
        "api": {"apiId": "abc123", "stage": "prod"},
        "routeSelectionExpression": "$request.body.action",
        "connectionsAuthorization": "NONE",
        "routes": routes,
        "integrations": integrations,
    }))
}

pub fn api_with(raw: Value) -> Api {
    let raw = gateway::parse(raw.to_string().as_bytes()).unwrap();
    let http = Rc::new(WebSocketRoutes::configure(raw).unwrap());
    let network = Rc::new(WebSocketConnections::configure(RawConnections {}).unwrap());
    let host = context(0);
    http.start(&host).unwrap();
    network.start(&host).unwrap();
    Api { http, network }
}

/// A client's frame, masked with zeros.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    match payload.len() {
        short @ 0..126 => out.push(0x80 | short as u8),
        length => {
            out.push(0x80 | 126);
            out.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    out.extend([0; 4]);
    out.extend(payload);
    out
}

pub fn text(message: &str) -> Vec<u8> {
    frame(0x81, message.as_bytes())
}

/// A server's frames: first byte and payload of each.
pub fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (length, rest) = match second {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            127 => (u64::from_be_bytes(rest[..8].try_into().unwrap()) as usize, &rest[8..]),
            short => (usize::from(*short), rest),
        };
        frames.push((*first, rest[..length].to_vec()));
        bytes = &rest[length..];
    }
    frames
}

/// The text messages among a server's frames, each in one frame.
pub fn texts(output: &Output) -> Vec<String> {
    let is_text = |(first, payload): (u8, Vec<u8>)| (first == 0x81).then(|| String::from_utf8(payload).unwrap());
    frames(&output.write).into_iter().filter_map(is_text).collect()
}

/// The code of the close frame, if there is one.
pub fn close_code(output: &Output) -> Option<u16> {
    let (_, payload) = frames(&output.write).into_iter().find(|(first, _)| *first == 0x88)?;
    Some(u16::from_be_bytes([payload[0], payload[1]]))
}

/// Begins a handshake.
pub fn begin(api: &Api, host: &TestHost) -> (RoutesStream, Step) {
    let mut stream = api.http.stream();
    let step = stream.on_request_headers(host, false);
    (stream, step)
}

pub fn reply(step: Step) -> Reply {
    match step {
        Step::Respond(reply) => *reply,
        other => panic!("no reply but {other:?}"),
    }
}

pub fn callout(step: Step) -> Callout {
    match step {
        Step::Callout(callout) => *callout,
        other => panic!("no callout but {other:?}"),
    }
}

/// The id that an accepted handshake goes on with.
pub fn accepted(step: Step) -> String {
    match step {
        Step::Edit(edits) => {
            let id = edits.set.iter().find(|(name, _)| name == "x-apigw-connection-id").unwrap();
            String::from_utf8(id.1.to_vec()).unwrap()
        }
        other => panic!("not accepted but {other:?}"),
    }
}

/// Opens a connection to an API whose `$connect` route has no integration.
pub fn open(api: &Api) -> (SocketConnection, TestHost, String) {
    let (stream, step) = begin(api, &handshake("/prod", &[]));
    let id = accepted(step);
    let (connection, host, output) = connect(api, &id);
    assert!(output.write.starts_with(b"HTTP/1.1 101 "), "{output:?}");
    drop(stream);
    (connection, host, id)
}

/// What Envoy sends to the internal listener for an accepted handshake.
pub fn connect(api: &Api, id: &str) -> (SocketConnection, TestHost, Output) {
    let mut connection = api.network.connection();
    let host = context(7);
    let head = format!(
        "GET /prod HTTP/1.1\r\nhost: api.example\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         x-apigw-connection-id: {id}\r\n\r\n"
    );
    let output = connection.on_data(&host, head.as_bytes(), false);
    (connection, host, output)
}

/// A real answer of a backend.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut pairs = vec![(":status".to_owned(), status.to_string()), ("x-apigw-upstream".to_owned(), "1".to_owned())];
    pairs.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Answer::Response { headers: Headers::from_pairs(&pairs), body: body.as_bytes().to_vec() }
}

/// The result of a function.
pub fn result(result: Value) -> Answer {
    answer(200, &[], &result.to_string())
}

/// The result of a function that has thrown an error.
pub fn thrown() -> Answer {
    answer(200, &[("x-amz-function-error", "Unhandled")], r#"{"errorMessage":"x"}"#)
}

/// The JSON that a call carries.
pub fn event(callout: &Callout) -> Value {
    serde_json::from_slice(&callout.body).unwrap()
}
