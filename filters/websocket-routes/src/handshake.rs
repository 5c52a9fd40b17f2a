//! The `$connect` route: a handshake is accepted or refused.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html>

use std::rc::Rc;

use gateway::execution::Redaction;
use gateway::{Answer, Api, Edits, Host, LogLevel, Metric, Query, Reply, Step, attribute};
use mapping_template::parts::Failure;
use selection::CONNECT;

use crate::announced::Announced;
use crate::answer::Given;
use crate::config::{Route, WebSocketConfig};
use crate::error::{handshake_refusal, of_failure};
use crate::event::{Event, Facts, Session};
use crate::execution;
use crate::head::CONNECTION_HEADER;
use crate::integration::Begun;
use crate::journal::{self, Ending};
use crate::throttle::{self, TOO_MANY_REQUESTS};
use crate::worker::{self, Accepted};

/// One handshake.
pub struct Handshake {
    config: Rc<WebSocketConfig>,
    facts: Facts,
    session: Session,
    secrets: Option<Redaction>,
    serial: u64,
    accepted: bool,
}

impl Handshake {
    /// Begins: what the route requires is checked, and its integration called.
    pub fn begin(config: Rc<WebSocketConfig>, host: &dyn Host) -> (Self, Step) {
        let announced = Announced::of(host, config.fleet.node());
        let session = Session::of(host, &announced);
        let facts = Facts::handshake(host, announced.request_id);
        let secrets = config.execution.as_ref().map(|log| log.secrets_of(host));
        let serial = announced.connection.serial;
        let mut handshake = Self { config, facts, session, secrets, serial, accepted: false };
        let (secrets, event) = (handshake.secrets.as_ref(), handshake.event(host));
        let route = handshake.config.routes.get(CONNECT);
        handshake.facts.log = execution::begin(&handshake.config, route, secrets, &event, "");
        let step = match host.address() {
            Some(_) => handshake.run(host),
            None => handshake.fail(host, &Failure::configuration("this worker has no internal listener"), false),
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
        if worker::is_draining() {
            return self.refuse(host, 503, "Service Unavailable");
        }
        let config = Rc::clone(&self.config);
        let route = config.routes.get(CONNECT);
        let limits = config.account_throttle.iter().chain(route.and_then(|route| route.throttle.as_ref()));
        if !throttle::admit(limits, &config.recall, host) {
            return self.refuse(host, 429, TOO_MANY_REQUESTS);
        }
        let Some(route) = route else {
            self.config.metrics.connected(host);
            return self.accept(host, None, &Ending::given(200));
        };
        if let Some(missing) = missing(route, &config.api, host) {
            return self.refuse(host, 400, &format!("Missing required request parameters: [{missing}]"));
        }
        route.metrics.connected(host);
        let Some(integration) = &route.integration else {
            return self.accept(host, None, &Ending::given(200));
        };
        let event = self.event(host);
        match integration.begin(&config.api, &event, "", true) {
            Ok(Begun::Call(callout)) => Step::Callout(callout),
            Ok(Begun::Given(given)) => {
                let ending = Ending::given(given.status);
                self.finish(host, given, &ending)
            }
            Err(failure) => self.fail(host, &failure, false),
        }
    }

    /// The integration has answered.
    pub fn on_callout(&mut self, host: &dyn Host, answer: Answer) -> Step {
        let config = Rc::clone(&self.config);
        let Some(integration) = config.routes.get(CONNECT).and_then(|route| route.integration.as_ref()) else {
            return self.fail(host, &Failure::configuration("an answer to a call that was never made"), true);
        };
        let event = self.event(host);
        match integration.end(&config.api, &event, "", answer, true) {
            Ok(given) => {
                let ending = Ending::answered(given.status, integration.service_status(given.status));
                self.finish(host, given, &ending)
            }
            Err(failure) => self.fail(host, &failure, true),
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

    fn finish(&mut self, host: &dyn Host, given: Given, ending: &Ending) -> Step {
        if (200..300).contains(&given.status) {
            let subprotocol = given.header("sec-websocket-protocol").map(<[u8]>::to_vec);
            return self.accept(host, subprotocol, ending);
        }
        host.count(Metric::Denied);
        self.note(host, ending);
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

    fn accept(&mut self, host: &dyn Host, subprotocol: Option<Vec<u8>>, ending: &Ending) -> Step {
        self.accepted = true;
        self.note(host, ending);
        let config = Rc::clone(&self.config);
        let accepted = Accepted { config, session: self.session.clone(), subprotocol, secrets: self.secrets.take() };
        worker::accept(self.serial, accepted);
        host.count(Metric::Allowed);
        let mut edits = Edits::default();
        edits.set(CONNECTION_HEADER, self.session.connection_id.clone().into_bytes());
        edits.into()
    }

    fn fail(&self, host: &dyn Host, failure: &Failure, called: bool) -> Step {
        host.log(LogLevel::Warn, &format!("$connect failed: {}", failure.reason));
        host.count(Metric::Error);
        let (status, message) = of_failure(failure);
        let ending = Ending::failed((status, message), failure);
        self.note(host, &Ending { called, ..ending });
        Step::Respond(Box::new(self.refusal(status, message)))
    }

    fn refuse(&self, host: &dyn Host, status: u16, message: &str) -> Step {
        host.count(Metric::Denied);
        self.note(host, &Ending::refused(status, message));
        Step::Respond(Box::new(self.refusal(status, message)))
    }

    fn note(&self, host: &dyn Host, ending: &Ending) {
        note(&self.config, &self.event(host), ending);
    }

    fn event<'a>(&'a self, host: &'a dyn Host) -> Event<'a> {
        Event { facts: &self.facts, session: &self.session, host }
    }

    fn refusal(&self, status: u16, message: &str) -> Reply {
        handshake_refusal(status, message, &self.session.connection_id, &self.facts.request_id)
    }
}

/// A handshake that a filter before this one has refused.
pub fn note_refused(config: &WebSocketConfig, host: &dyn Host) {
    let announced = Announced::of(host, config.fleet.node());
    let session = Session::of(host, &announced);
    let mut facts = Facts::handshake(host, announced.request_id);
    let status = attribute::number(host, &["response", "code"]).unwrap_or_default();
    let status = u16::try_from(status).unwrap_or_default();
    let ending = Ending::of_other(status, journal::error_of_other(host).as_ref());
    let secrets = config.execution.as_ref().map(|log| log.secrets_of(host));
    let event = Event { facts: &facts, session: &session, host };
    facts.log = execution::begin(config, config.routes.get(CONNECT), secrets.as_ref(), &event, "");
    note(config, &Event { facts: &facts, session: &session, host }, &ending);
}

fn note(config: &WebSocketConfig, event: &Event<'_>, ending: &Ending) {
    let metrics = config.routes.get(CONNECT).map_or(&config.metrics, |route| &route.metrics);
    journal::note(config, metrics, event, ending);
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
fn missing(route: &Route, api: &Api, host: &dyn Host) -> Option<String> {
    if route.required.is_empty() {
        return None;
    }
    let headers = host.request_headers();
    let query = Query::of_target(headers.first(":path").unwrap_or_default());
    let missing = route.required.iter().filter(|required| !required.is_in(api, host, &headers, &query));
    let names: Vec<_> = missing.map(|required| required.name()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
