//! The `$connect` route: a handshake is accepted or refused.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html>

use std::rc::Rc;

use gateway::{Answer, Edits, Host, LogLevel, Metric, Property, Query, Reply, Step, split_target};
use mapping_template::parts::Failure;
use selection::CONNECT;

use crate::announced::Announced;
use crate::answer::Given;
use crate::config::{Route, WebSocketConfig};
use crate::error::{handshake_refusal, of_failure};
use crate::event::{Event, Facts, Kind, Session};
use crate::head::CONNECTION_HEADER;
use crate::integration::Begun;
use crate::throttle::{self, TOO_MANY_REQUESTS};
use crate::worker::{self, Accepted};

/// One handshake.
pub struct Handshake {
    config: Rc<WebSocketConfig>,
    facts: Facts,
    session: Session,
    serial: u64,
    accepted: bool,
}

impl Handshake {
    /// Begins: what the route requires is checked, and its integration called.
    pub fn begin(config: Rc<WebSocketConfig>, host: &dyn Host) -> (Self, Step) {
        let announced = Announced::of(host, config.fleet.node());
        let facts = Facts {
            kind: Kind::Connect,
            route_key: CONNECT.to_owned(),
            request_id: announced.request_id,
            time: host.now(),
        };
        let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
        let session = Session {
            connection_id: announced.connection.to_string(),
            connected_at: announced.connected_at,
            source_ip: host.attribute(&["source", "address"]).map(source_ip).unwrap_or_default(),
            user_agent: host.request_header("user-agent").map(text),
            domain_name: host.request_header(":authority").map(text).unwrap_or_default(),
            authorizer: host.property(Property::Authorizer),
            identity: host.property(Property::Identity),
        };
        let mut handshake = Self { config, facts, session, serial: announced.connection.serial, accepted: false };
        let step = match host.address() {
            Some(_) => handshake.run(host),
            None => handshake.fail(host, &Failure::configuration("this worker has no internal listener")),
        };
        (handshake, step)
    }

    fn run(&mut self, host: &dyn Host) -> Step {
        let over_http1 =
            host.attribute(&["request", "protocol"]).is_none_or(|protocol| protocol.starts_with(b"HTTP/1"));
        let version = host.request_header("sec-websocket-version");
        // Not documented: the service's answer to a broken handshake. Over HTTP/2 there is no key.
        if version.as_deref() != Some(b"13") || (over_http1 && host.request_header("sec-websocket-key").is_none()) {
            return self.refuse(host, 400, "Bad Request");
        }
        let config = Rc::clone(&self.config);
        let route = config.routes.get(CONNECT);
        let limits = config.account_throttle.iter().chain(route.and_then(|route| route.throttle.as_ref()));
        if !throttle::admit(limits, host) {
            return self.refuse(host, 429, TOO_MANY_REQUESTS);
        }
        let Some(route) = route else { return self.accept(host, None) };
        if let Some(missing) = missing(route, host) {
            return self.refuse(host, 400, &format!("Missing required request parameters: [{missing}]"));
        }
        let Some(integration) = &route.integration else { return self.accept(host, None) };
        let event = Event { facts: &self.facts, session: &self.session, host };
        match integration.begin(&config.api, &event, "") {
            Ok(Begun::Call(callout)) => Step::Callout(callout),
            Ok(Begun::Given(given)) => self.finish(host, given),
            Err(failure) => self.fail(host, &failure),
        }
    }

    /// The integration has answered.
    pub fn on_callout(&mut self, host: &dyn Host, answer: Answer) -> Step {
        let config = Rc::clone(&self.config);
        let Some(integration) = config.routes.get(CONNECT).and_then(|route| route.integration.as_ref()) else {
            return self.fail(host, &Failure::configuration("an answer to a call that was never made"));
        };
        let event = Event { facts: &self.facts, session: &self.session, host };
        match integration.end(&config.api, &event, "", answer) {
            Ok(given) => self.finish(host, given),
            Err(failure) => self.fail(host, &failure),
        }
    }

    /// Whether the handshake went on to the internal listener.
    pub fn is_accepted(&self) -> bool {
        self.accepted
    }

    /// The answer to an accepted handshake that the internal listener did not get.
    pub fn failed(&self) -> Reply {
        self.refusal(500, "Internal server error")
    }

    fn finish(&mut self, host: &dyn Host, given: Given) -> Step {
        if (200..300).contains(&given.status) {
            let subprotocol = given.header("sec-websocket-protocol").map(<[u8]>::to_vec);
            return self.accept(host, subprotocol);
        }
        host.count(Metric::Denied);
        if given.status < 200 {
            return Step::Respond(Box::new(self.failed()));
        }
        let mut reply = Reply { status: given.status, body: given.body, ..Reply::default() };
        if matches!(reply.status, 204 | 304) {
            reply.body.clear();
        }
        reply.headers = given.headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        if reply.header("content-type").is_none() {
            reply.set_header("content-type", &b"application/json"[..]);
        }
        reply.set_header("x-amz-apigw-id", self.facts.request_id.clone().into_bytes());
        Step::Respond(Box::new(reply))
    }

    fn accept(&mut self, host: &dyn Host, subprotocol: Option<Vec<u8>>) -> Step {
        self.accepted = true;
        let config = Rc::clone(&self.config);
        worker::accept(self.serial, Accepted { config, session: self.session.clone(), subprotocol });
        host.count(Metric::Allowed);
        let mut edits = Edits::default();
        edits.set(CONNECTION_HEADER, self.session.connection_id.clone().into_bytes());
        edits.into()
    }

    fn fail(&self, host: &dyn Host, failure: &Failure) -> Step {
        host.log(LogLevel::Warn, &format!("$connect failed: {}", failure.reason));
        host.count(Metric::Error);
        let (status, message) = of_failure(failure);
        Step::Respond(Box::new(self.refusal(status, message)))
    }

    fn refuse(&self, host: &dyn Host, status: u16, message: &str) -> Step {
        host.count(Metric::Denied);
        Step::Respond(Box::new(self.refusal(status, message)))
    }

    fn refusal(&self, status: u16, message: &str) -> Reply {
        handshake_refusal(status, message, &self.session.connection_id, &self.facts.request_id)
    }
}

/// A request that ends before the internal listener has taken it leaves nothing behind.
impl Drop for Handshake {
    fn drop(&mut self) {
        if self.accepted {
            worker::take_accepted(self.serial);
        }
    }
}

/// The names of required parameters that are not there, joined.
fn missing(route: &Route, host: &dyn Host) -> Option<String> {
    if route.required.is_empty() {
        return None;
    }
    let headers = host.request_headers();
    let target = headers.first(":path").unwrap_or_default();
    let query = Query::parse(split_target(target).1.unwrap_or_default());
    let missing = route.required.iter().filter(|required| !required.is_in(&headers, &query));
    let names: Vec<_> = missing.map(|required| required.name()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// An address without its port.
fn source_ip(address: Vec<u8>) -> String {
    let address = String::from_utf8_lossy(&address);
    let ip = address.rsplit_once(':').map_or(&*address, |(ip, _)| ip);
    ip.trim_matches(['[', ']']).to_owned()
}
