//! One event of a connection, in the shape of a request: what mappings, templates and calls look at.

use gateway::execution::ExecutionLog;
use gateway::{Address, Cas, Headers, Host, LogLevel, Metric, Property, SharedDataError, UnixMillis};
use selection::CONNECT;
use websocket::{End, event_id};

use crate::announced::Announced;

/// What the API knows of a connection for as long as it lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// `connectionId`
    pub connection_id: String,
    /// When the handshake came.
    pub connected_at: UnixMillis,
    /// The client's address.
    pub source_ip: String,
    /// The handshake's `User-Agent`.
    pub user_agent: Option<String>,
    /// The handshake's authority, with a port if the client sent one.
    pub domain_name: String,
    /// What the authorizer has said: a JSON object.
    pub authorizer: Option<Vec<u8>>,
    /// Who has signed the handshake, or whose API key it had: a JSON object.
    pub identity: Option<Vec<u8>>,
}

impl Session {
    /// Of a handshake, whose request `host` holds.
    pub fn of(host: &dyn Host, announced: &Announced) -> Self {
        let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
        Self {
            connection_id: announced.connection.to_string(),
            connected_at: announced.connected_at,
            source_ip: host.attribute(&["source", "address"]).map(source_ip).unwrap_or_default(),
            user_agent: host.request_header("user-agent").map(text),
            domain_name: host.request_header(":authority").map(text).unwrap_or_default(),
            authorizer: host.property(Property::Authorizer),
            identity: host.property(Property::Identity),
        }
    }
}

/// An address without its port.
fn source_ip(address: Vec<u8>) -> String {
    let address = String::from_utf8_lossy(&address);
    let ip = address.rsplit_once(':').map_or(&*address, |(ip, _)| ip);
    ip.trim_matches(['[', ']']).to_owned()
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A handshake.
    Connect,
    /// A message; its id.
    Message(String),
    /// The end of the connection.
    Disconnect(End),
}

/// What is kept of an event while its integration runs.
#[derive(Debug)]
pub struct Facts {
    /// What has happened.
    pub kind: Kind,
    /// Key of the route.
    pub route_key: String,
    /// `requestId`, and `extendedRequestId`.
    pub request_id: String,
    /// When it came.
    pub time: UnixMillis,
    /// The execution log, where the route has one.
    pub log: Option<ExecutionLog>,
}

impl Facts {
    /// A new event on the route `route_key`.
    pub fn new(host: &dyn Host, kind: Kind, route_key: &str) -> Self {
        let request_id = new_id(host);
        Self { kind, route_key: route_key.to_owned(), request_id, time: host.now(), log: None }
    }

    /// A handshake.
    pub fn handshake(host: &dyn Host, request_id: String) -> Self {
        Self { kind: Kind::Connect, route_key: CONNECT.to_owned(), request_id, time: host.now(), log: None }
    }

    /// A message on the route `route_key`.
    pub fn message(host: &dyn Host, route_key: &str) -> Self {
        Self::new(host, Kind::Message(new_id(host)), route_key)
    }

    /// `messageId`
    pub fn message_id(&self) -> Option<&str> {
        match &self.kind {
            Kind::Message(id) => Some(id),
            Kind::Connect | Kind::Disconnect(_) => None,
        }
    }

    /// `eventType`
    pub fn event_type(&self) -> &'static str {
        match self.kind {
            Kind::Connect => "CONNECT",
            Kind::Message(_) => "MESSAGE",
            Kind::Disconnect(_) => "DISCONNECT",
        }
    }
}

fn new_id(host: &dyn Host) -> String {
    event_id([host.random(), host.random()])
}

/// An event in its surroundings. Only a handshake has headers and a query.
pub struct Event<'a> {
    /// What has happened.
    pub facts: &'a Facts,
    /// On which connection.
    pub session: &'a Session,
    /// The surroundings; a handshake's request is theirs.
    pub host: &'a dyn Host,
}

impl Event<'_> {
    /// The surroundings' request, if this is one.
    fn request(&self) -> Option<&dyn Host> {
        matches!(self.facts.kind, Kind::Connect).then_some(self.host)
    }
}

impl Host for Event<'_> {
    fn now(&self) -> UnixMillis {
        self.host.now()
    }

    fn now_micros(&self) -> u64 {
        self.host.now_micros()
    }

    fn random(&self) -> u64 {
        self.host.random()
    }

    fn request_header(&self, name: &str) -> Option<Vec<u8>> {
        self.request()?.request_header(name)
    }

    fn request_headers(&self) -> Headers {
        self.request().map(Host::request_headers).unwrap_or_default()
    }

    fn request_headers_size(&self) -> usize {
        self.request().map(Host::request_headers_size).unwrap_or_default()
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
        self.request()?.attribute(path)
    }

    fn property(&self, property: Property) -> Option<Vec<u8>> {
        match property {
            Property::Request => Some(format!("{0} {0}", self.facts.request_id).into_bytes()),
            Property::Authorizer => self.session.authorizer.clone(),
            Property::Identity => self.session.identity.clone(),
            _ => self.request()?.property(property),
        }
    }

    fn set_property(&self, property: Property, value: &[u8]) {
        if let Some(request) = self.request() {
            request.set_property(property, value);
        }
    }

    fn shared_data(&self, key: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        self.host.shared_data(key)
    }

    fn set_shared_data(&self, key: &str, value: &[u8], expected: Option<Cas>) -> Result<(), SharedDataError> {
        self.host.set_shared_data(key, value, expected)
    }

    fn foreign_function(&self, name: &str, argument: &[u8]) -> Option<Vec<u8>> {
        self.host.foreign_function(name, argument)
    }

    fn context_variable(&self, variable: &str) -> Option<String> {
        let (facts, session) = (self.facts, self.session);
        match (variable, &facts.kind) {
            ("connectionId", _) => Some(session.connection_id.clone()),
            ("connectedAt", _) => Some(session.connected_at.0.to_string()),
            ("domainName", _) => Some(session.domain_name.clone()),
            ("eventType", _) => Some(facts.event_type().to_owned()),
            ("messageDirection", _) => Some("IN".to_owned()),
            ("messageId", Kind::Message(id)) => Some(id.clone()),
            ("routeKey", _) => Some(facts.route_key.clone()),
            ("requestTime", _) => Some(facts.time.request_time()),
            ("requestTimeEpoch", _) => Some(facts.time.0.to_string()),
            ("identity.sourceIp", _) => Some(session.source_ip.clone()),
            ("identity.userAgent", _) => session.user_agent.clone(),
            ("disconnectStatusCode", Kind::Disconnect(end)) => Some(end.status().to_string()),
            ("disconnectReason", Kind::Disconnect(end)) => Some(end.reason().into_owned()),
            _ => None,
        }
    }

    fn address(&self) -> Option<Address> {
        self.host.address()
    }

    fn post(&self, to: Address, message: &[u8]) -> bool {
        self.host.post(to, message)
    }

    fn execution_log(&self) -> Option<&ExecutionLog> {
        self.facts.log.as_ref()
    }

    fn count(&self, metric: Metric) {
        self.host.count(metric);
    }

    fn add(&self, counter: &str, amount: u64) {
        self.host.add(counter, amount);
    }

    fn record(&self, histogram: &str, value: u64) {
        self.host.record(histogram, value);
    }

    fn log(&self, level: LogLevel, message: &str) {
        self.host.log(level, message);
    }
}
