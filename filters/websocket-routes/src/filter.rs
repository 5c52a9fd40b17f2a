//! The two halves as filters, and what a request on the public listener is.

use std::rc::Rc;

use gateway::attribute::VIA_UPSTREAM;
use gateway::{
    Answer, Body, Callout, ConfigError, Filter, Host, LogLevel, Metric, NetworkFilter, Step, Stream, route_name,
};

use crate::config::{Way, WebSocketConfig};
use crate::connection::SocketConnection;
use crate::error::forbidden;
use crate::handshake::{Handshake, note_refused};
use crate::journal;
use crate::last_calls;
use crate::management::{Call, Management, gone, post_reply};
use crate::raw::{RawConfig, RawConnections};
use crate::worker;

/// Name of the Envoy route for handshakes: the stage's path.
pub const CONNECT_ROUTE: &str = "$connect";
/// Name of the Envoy route for `@connections/{connectionId}`.
pub const CONNECTIONS_ROUTE: &str = "@connections";

/// How often the clock is looked at, in milliseconds.
const TICK_MILLIS: u32 = 1000;

/// The HTTP filter of the public listener, configured.
#[derive(Debug)]
pub struct WebSocketRoutes(Rc<WebSocketConfig>);

impl Filter for WebSocketRoutes {
    const NAME: &'static str = "websocket-routes";
    type Raw = RawConfig;
    type Stream = RoutesStream;

    fn configure(raw: RawConfig) -> Result<Self, ConfigError> {
        WebSocketConfig::from_raw(raw).map(|config| Self(Rc::new(config)))
    }

    fn start(&self, host: &dyn Host) -> Result<(), ConfigError> {
        self.0.log_problems(host);
        worker::configure(&self.0);
        Ok(())
    }

    /// Streams that wait for another worker's answer give up in time.
    fn tick_millis(&self) -> u32 {
        TICK_MILLIS
    }

    fn takes_messages(&self) -> bool {
        true
    }

    fn stream(self: &Rc<Self>) -> RoutesStream {
        RoutesStream { config: Rc::clone(&self.0), role: Role::Unknown }
    }
}

/// The network filter of the internal listener. It has nothing to set: a handshake brings its connection's API along, so
/// that the listener, and every connection on it, stays while the API changes.
#[derive(Debug)]
pub struct WebSocketConnections;

impl NetworkFilter for WebSocketConnections {
    const NAME: &'static str = "websocket-connections";
    type Raw = RawConnections;
    type Connection = SocketConnection;

    fn configure(_raw: RawConnections) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    fn tick_millis(&self) -> u32 {
        TICK_MILLIS
    }

    fn callouts(&self, _host: &dyn Host) -> Vec<Callout> {
        last_calls::take().into_iter().chain(journal::callouts()).collect()
    }

    fn on_message(&self, host: &dyn Host, message: &[u8]) -> Option<u32> {
        let call = Call::from_wire(message)?;
        let context = worker::context_of(call.serial);
        if context.is_none() {
            post_reply(host, call.reply_to, &gone());
        }
        context
    }

    fn connection(self: &Rc<Self>) -> SocketConnection {
        SocketConnection::default()
    }
}

/// One request on the public listener.
pub struct RoutesStream {
    config: Rc<WebSocketConfig>,
    role: Role,
}

enum Role {
    Unknown,
    Handshake(Box<Handshake>),
    Management(Box<Management>),
    Refused,
}

impl Stream for RoutesStream {
    fn on_request_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Step {
        let config = worker::current(&self.config);
        let way = self.config.way_of(&route_name(host));
        if way == Some(Way::Connect) && is_upgrade(host) {
            let (handshake, step) = Handshake::begin(config, host);
            self.role = Role::Handshake(Box::new(handshake));
            return step;
        }
        if way == Some(Way::Connections) {
            let (management, step) = Management::begin(config, host, end_of_stream);
            self.role = Role::Management(Box::new(management));
            return step;
        }
        self.role = Role::Refused;
        host.count(Metric::Denied);
        Step::Respond(Box::new(forbidden()))
    }

    fn on_request_body(&mut self, host: &dyn Host, body: Body) -> Step {
        match &mut self.role {
            Role::Management(management) => management.on_body(host, body),
            // An accepted connection's bytes.
            Role::Handshake(_) => Step::Continue,
            Role::Unknown | Role::Refused => Step::Respond(Box::new(forbidden())),
        }
    }

    fn on_callout(&mut self, host: &dyn Host, answer: Answer) -> Step {
        match &mut self.role {
            Role::Handshake(handshake) => handshake.on_callout(host, answer),
            Role::Management(management) => management.on_callout(host, answer),
            _ => Step::Respond(Box::new(forbidden())),
        }
    }

    fn on_message(&mut self, _host: &dyn Host, message: &[u8]) -> Step {
        match &mut self.role {
            Role::Management(management) => management.on_reply(message),
            _ => Step::Wait,
        }
    }

    fn on_wake(&mut self, host: &dyn Host) -> Step {
        match &mut self.role {
            Role::Management(management) => management.on_wake(host),
            _ => Step::Wait,
        }
    }

    /// A handshake that a filter before this one has refused never came here.
    fn on_log(&mut self, host: &dyn Host) {
        let came_here = !matches!(self.role, Role::Unknown);
        if !came_here && self.config.way_of(&route_name(host)) == Some(Way::Connect) && is_upgrade(host) {
            note_refused(&self.config, host);
        }
    }

    /// Envoy answers an accepted handshake by itself when the internal listener cannot be reached.
    fn on_response_headers(&mut self, host: &dyn Host, _end_of_stream: bool) -> Step {
        let Role::Handshake(handshake) = &self.role else { return Step::Continue };
        let details = host.attribute(&["response", "code_details"]).unwrap_or_default();
        if !handshake.is_accepted() || details == VIA_UPSTREAM || details.starts_with(b"apigw.") {
            return Step::Continue;
        }
        host.log(LogLevel::Error, &format!("the internal listener: {}", String::from_utf8_lossy(&details)));
        host.count(Metric::Error);
        Step::Respond(Box::new(handshake.failed()))
    }
}

fn is_upgrade(host: &dyn Host) -> bool {
    websocket::is_upgrade(host.request_header("upgrade").as_deref())
}
