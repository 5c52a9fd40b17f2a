//! An Envoy in memory: one worker, its clock, and the messages that were posted.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use gateway::{
    Address, Answer, Callout, Cas, Connection, Filter, Headers, Host, LogLevel, Metric, NetworkFilter, Output,
    Property, Reply, SharedDataError, Step, Stream, UnixMillis,
};
use serde_json::{Value, json};
use websocket_routes::{RoutesStream, SocketConnection, WebSocketConnections, WebSocketRoutes};

pub const START: u64 = 1_727_181_296_123;

/// The surroundings of a request or connection.
pub struct TestHost {
    pub request: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub route: String,
    pub now: Cell<u64>,
    pub context: u32,
    pub posted: RefCell<Vec<(Address, Vec<u8>)>>,
    pub properties: RefCell<HashMap<Property, Vec<u8>>>,
    pub reachable: bool,
}

thread_local! {
    /// Each test has a thread of its own, and with it a worker of its own.
    static RANDOM: Cell<u64> = const { Cell::new(1) };
}

impl TestHost {
    pub fn new(context: u32) -> Self {
        Self {
            request: Vec::new(),
            body: Vec::new(),
            route: String::new(),
            now: Cell::new(START),
            context,
            posted: RefCell::default(),
            properties: RefCell::default(),
            reachable: true,
        }
    }

    pub fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Self {
        let mut host = Self::new(1);
        let pseudo = [(":method", method), (":path", target), (":authority", "api.example")];
        host.request = pseudo.iter().chain(headers).map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        host.route = if target.contains("connections/") { "@connections" } else { "$connect" }.to_owned();
        host
    }

    /// A handshake.
    pub fn handshake(target: &str, headers: &[(&str, &str)]) -> Self {
        let own = [
            ("upgrade", "websocket"),
            ("connection", "upgrade"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", "13"),
            ("user-agent", "test"),
        ];
        Self::request("GET", target, &[&own[..], headers].concat())
    }

    pub fn later(&self, millis: u64) {
        self.now.set(self.now.get() + millis);
    }
}

impl Host for TestHost {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.now.get())
    }
    fn random(&self) -> u64 {
        let next = RANDOM.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        RANDOM.set(next);
        next
    }
    fn request_header(&self, name: &str) -> Option<Vec<u8>> {
        self.request.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone().into_bytes())
    }
    fn request_headers(&self) -> Headers {
        Headers::from_pairs(&self.request)
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
    fn request_body(&self, max_bytes: usize) -> Vec<u8> {
        self.body.iter().copied().take(max_bytes).collect()
    }
    fn response_body(&self, _max_bytes: usize) -> Vec<u8> {
        Vec::new()
    }
    fn attribute(&self, path: &[&str]) -> Option<Vec<u8>> {
        match path {
            ["xds", "route_name"] => Some(self.route.clone().into_bytes()),
            ["source", "address"] => Some(b"203.0.113.7:5000".to_vec()),
            ["request", "protocol"] => Some(b"HTTP/1.1".to_vec()),
            _ => None,
        }
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
    fn address(&self) -> Option<Address> {
        Some(Address { worker: 42, context: self.context })
    }
    fn post(&self, to: Address, message: &[u8]) -> bool {
        self.posted.borrow_mut().push((to, message.to_vec()));
        self.reachable
    }
    fn count(&self, _metric: Metric) {}
    fn log(&self, _level: LogLevel, _message: &str) {}
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
    let parse = || gateway::parse(raw.to_string().as_bytes()).unwrap();
    let http = Rc::new(WebSocketRoutes::configure(parse()).unwrap());
    let network = Rc::new(WebSocketConnections::configure(parse()).unwrap());
    let host = TestHost::new(0);
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
    let (stream, step) = begin(api, &TestHost::handshake("/prod", &[]));
    let id = accepted(step);
    let (connection, host, output) = connect(api, &id);
    assert!(output.write.starts_with(b"HTTP/1.1 101 "), "{output:?}");
    drop(stream);
    (connection, host, id)
}

/// What Envoy sends to the internal listener for an accepted handshake.
pub fn connect(api: &Api, id: &str) -> (SocketConnection, TestHost, Output) {
    let mut connection = api.network.connection();
    let host = TestHost::new(7);
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
