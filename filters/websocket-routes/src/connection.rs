//! One connection: bytes, answers and the clock in; bytes, calls and the end out.
//!
//! Messages are handled one after the other. While one is with its integration a few more wait here, and what comes
//! behind them stays in Envoy, which then slows the client down.

use std::collections::VecDeque;
use std::rc::Rc;

use gateway::execution::Redaction;
use gateway::{Answer, Callout, Connection, Host, LogLevel, Metric, Output, UnixMillis};
use jsonpath::json as json_tree;
use mapping_template::parts::Failure;
use selection::DISCONNECT;
use websocket::{
    ConnectionId, End, Event as Received, MAX_MESSAGE_BYTES, ParsedId, Reader, Violation, accept_key, write,
};

use crate::answer::Given;
use crate::config::{Route, WebSocketConfig};
use crate::error::{BAD_REQUEST_BODY, FORBIDDEN, error_text, of_failure, validation_error};
use crate::event::{Event, Facts, Kind, Session};
use crate::execution::{self, note_given};
use crate::head::{Head, MAX_HEAD_BYTES};
use crate::integration::{Begun, Integration};
use crate::journal::{self, Ending};
use crate::management::{Call, Operation, gone, post_reply};
use crate::metrics::Metrics;
use crate::throttle::{self, TOO_MANY_REQUESTS};
use crate::unread::Unread;
use crate::validation::Invalid;
use crate::worker;

/// How many messages wait while one is with its integration.
const MAX_WAITING_MESSAGES: usize = 8;
/// How many bytes wait that were taken from Envoy because something had to be written, and cannot be used yet. A client
/// that sends that much ahead of the answers is cut off.
const MAX_BACKLOG_BYTES: usize = 4 << 20;
/// How long a new connection has to send its head, in milliseconds. It comes from Envoy itself, at once.
const HEAD_MILLIS: u64 = 10_000;
/// How long a client may leave so much unread that its messages have to wait, in milliseconds.
const STALLED_MILLIS: u64 = 30_000;
/// How long a client that has sent too much is heard out after the close frame, in milliseconds.
const LINGER_MILLIS: u64 = 2000;

/// One connection.
pub struct SocketConnection {
    state: State,
}

enum State {
    /// The head is on its way; it has until then.
    Head(Vec<u8>, Option<UnixMillis>),
    Open(Box<Open>),
    Ended,
}

struct Open {
    /// The API as it was at the handshake; an open connection follows its changes.
    config: Rc<WebSocketConfig>,
    serial: u64,
    session: Session,
    /// What must not be in the execution log; unknown where there was none at the handshake.
    secrets: Option<Redaction>,
    reader: Reader,
    backlog: Vec<u8>,
    waiting: VecDeque<String>,
    /// The message that is with its integration.
    under_way: Option<UnderWay>,
    unread: Unread,
    /// The last ping that could not be answered because too much is unread.
    ping: Option<Vec<u8>>,
    stalled_since: Option<UnixMillis>,
    last_active: UnixMillis,
    end: Option<End>,
    /// The close frame is sent; until then what the client still sends is thrown away.
    linger_until: Option<UnixMillis>,
}

struct UnderWay {
    facts: Facts,
    message: String,
    integration: Rc<Integration>,
    two_way: bool,
    metrics: Rc<Metrics>,
}

/// A message that is being handled, and what it is counted as.
struct Handled<'a> {
    config: &'a WebSocketConfig,
    facts: &'a Facts,
    metrics: &'a Metrics,
}

impl Default for SocketConnection {
    fn default() -> Self {
        Self { state: State::Head(Vec::new(), None) }
    }
}

impl SocketConnection {
    fn read_head(&mut self, host: &dyn Host, bytes: &[u8], output: &mut Output) {
        let State::Head(head, until) = &mut self.state else { return };
        until.get_or_insert_with(|| UnixMillis(host.now().0.saturating_add(HEAD_MILLIS)));
        head.extend_from_slice(bytes);
        let Some(parsed) = Head::parse(head) else {
            if head.len() > MAX_HEAD_BYTES {
                self.refuse(output);
            }
            return;
        };
        let rest = head.split_off(parsed.bytes.min(head.len()));
        let id = match parsed.connection_id.as_deref().map(ConnectionId::parse) {
            Some(ParsedId::Id(id)) => Some(id),
            _ => None,
        };
        let accepted = id.and_then(|id| Some((id.serial, worker::take_accepted(id.serial)?)));
        let (Some((serial, accepted)), Some(address)) = (accepted, host.address()) else {
            host.log(LogLevel::Warn, "a connection that no handshake has announced");
            return self.refuse(output);
        };
        write_handshake(&parsed, accepted.subprotocol.as_deref(), &mut output.write);
        worker::register(serial, address.context);
        let mut open = Box::new(Open {
            config: accepted.config,
            serial,
            session: accepted.session,
            secrets: accepted.secrets,
            reader: Reader::default(),
            backlog: Vec::new(),
            waiting: VecDeque::new(),
            under_way: None,
            unread: Unread::default(),
            ping: None,
            stalled_since: None,
            last_active: host.now(),
            end: None,
            linger_until: None,
        });
        open.feed(host, &rest, output);
        self.state = State::Open(open);
    }

    fn refuse(&mut self, output: &mut Output) {
        output.write.extend_from_slice(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
        output.close = true;
        self.state = State::Ended;
    }
}

impl Connection for SocketConnection {
    fn on_data(&mut self, host: &dyn Host, bytes: &[u8], end: bool) -> Output {
        let mut output = Output::default();
        match &mut self.state {
            State::Head(..) => self.read_head(host, bytes, &mut output),
            State::Open(open) => open.feed(host, bytes, &mut output),
            State::Ended => {}
        }
        output.close |= end;
        output
    }

    fn wants_data(&self) -> bool {
        match &self.state {
            State::Open(open) => open.linger_until.is_some() || (open.backlog.is_empty() && open.can_take()),
            State::Head(..) => true,
            State::Ended => false,
        }
    }

    fn on_callout(&mut self, host: &dyn Host, answer: Answer) -> Output {
        let mut output = Output::default();
        if let State::Open(open) = &mut self.state {
            open.answered(host, answer, &mut output);
            open.go_on(host, &mut output);
        }
        output
    }

    fn on_message(&mut self, host: &dyn Host, message: &[u8]) -> Output {
        let mut output = Output::default();
        let Some(call) = Call::from_wire(message) else { return output };
        let outcome = match &mut self.state {
            State::Open(open) if open.is_meant(&call) => open.operate(host, &call, &mut output),
            _ => gone(),
        };
        post_reply(host, call.reply_to, &outcome);
        output
    }

    fn on_due(&mut self, host: &dyn Host) -> Output {
        let mut output = Output::default();
        let now = host.now();
        match &mut self.state {
            State::Head(..) => {
                output.close = true;
                self.state = State::Ended;
            }
            State::Open(open) => {
                let stalled = open.stalled_since.is_some_and(|since| after(since, STALLED_MILLIS) <= now);
                if open.linger_until.is_some() {
                    output.close = true;
                } else {
                    open.end_with(host, if stalled { End::Overflow } else { End::GoingAway }, &mut output);
                }
            }
            State::Ended => {}
        }
        output
    }

    fn due(&self) -> Option<UnixMillis> {
        match &self.state {
            State::Head(_, until) => *until,
            State::Open(open) if open.end.is_none() && worker::is_draining() => Some(open.session.connected_at),
            State::Open(open) if open.end.is_none() => {
                let limits = &open.config.limits;
                let idle = after(open.last_active, limits.idle_timeout_millis);
                let life = after(open.session.connected_at, limits.connection_duration_millis);
                let stalled = open.stalled_since.map(|since| after(since, STALLED_MILLIS));
                Some(idle.min(life)).into_iter().chain(stalled).min()
            }
            State::Open(open) => open.linger_until,
            State::Ended => None,
        }
    }

    fn on_close(&mut self, host: &dyn Host) -> Option<Callout> {
        let State::Open(mut open) = std::mem::replace(&mut self.state, State::Ended) else { return None };
        worker::forget(open.serial);
        let config = worker::current(&open.config);
        let route = config.routes.get(DISCONNECT)?;
        let mut facts = Facts::new(host, Kind::Disconnect(open.end.take().unwrap_or(End::Lost)), DISCONNECT);
        facts.log = open.begin_log(host, &config, Some(route), &facts, "");
        let event = Event { facts: &facts, session: &open.session, host };
        let begun = route.integration.as_ref().map(|integration| integration.begin(&config.api, &event, ""));
        // Nobody waits for the integration's answer.
        let ending = match &begun {
            None | Some(Ok(Begun::Call(_))) => Ending::given(200),
            Some(Ok(Begun::Given(given))) => Ending::given(given.status),
            Some(Err(failure)) => {
                host.log(LogLevel::Warn, &format!("$disconnect failed: {}", failure.reason));
                Ending::failed(of_failure(failure), failure)
            }
        };
        journal::note(&config, &route.metrics, &event, &ending);
        match begun {
            Some(Ok(Begun::Call(callout))) => Some(*callout),
            _ => None,
        }
    }
}

impl Open {
    /// Whether a call is for this connection, and may be.
    fn is_meant(&self, call: &Call<'_>) -> bool {
        self.serial == call.serial && self.config.api.api_id.as_bytes() == call.api_id && self.end.is_none()
    }

    /// Whether a message more can be taken.
    fn can_take(&self) -> bool {
        self.end.is_none() && self.waiting.len() < MAX_WAITING_MESSAGES
    }

    /// Bytes have come.
    fn feed(&mut self, host: &dyn Host, bytes: &[u8], output: &mut Output) {
        if self.end.is_some() {
            return;
        }
        if !bytes.is_empty() {
            self.last_active = host.now();
        }
        self.backlog.extend_from_slice(bytes);
        if self.backlog.len() > MAX_BACKLOG_BYTES {
            host.log(LogLevel::Info, "a client sends too far ahead of the answers");
            return self.end_with(host, End::Overflow, output);
        }
        self.go_on(host, output);
    }

    /// Handles what waits, as far as it can be handled now.
    fn go_on(&mut self, host: &dyn Host, output: &mut Output) {
        let backlog = std::mem::take(&mut self.backlog);
        let mut input = backlog.as_slice();
        loop {
            self.handle_waiting(host, output);
            if !self.can_take() {
                break;
            }
            match self.reader.read(&mut input) {
                Ok(Some(received)) => self.received(host, received, output),
                Ok(None) => break,
                Err(violation) => {
                    if let Violation::Protocol(what) = violation {
                        host.log(LogLevel::Info, what);
                    }
                    self.end_with(host, End::Violation(violation), output);
                }
            }
        }
        if self.end.is_none() && !input.is_empty() {
            self.backlog = input.to_vec();
        }
    }

    fn received(&mut self, host: &dyn Host, received: Received, output: &mut Output) {
        match received {
            Received::Text(message) => self.waiting.push_back(message),
            // Of several pings that cannot be answered yet, the last one is enough (RFC 6455 §5.5.3).
            Received::Ping(payload) if self.unread.is_full() => self.ping = Some(payload),
            Received::Ping(payload) => self.send(host, output, |out| write::pong(out, &payload)),
            Received::Pong(payload) => {
                self.unread.pong(&payload);
                if let Some(ping) = self.ping.take_if(|_| !self.unread.is_full()) {
                    self.send(host, output, |out| write::pong(out, &ping));
                }
            }
            Received::Close(status) => self.end_with(host, End::ByClient(status), output),
        }
    }

    fn handle_waiting(&mut self, host: &dyn Host, output: &mut Output) {
        while self.end.is_none() && self.under_way.is_none() {
            if self.unread.is_full() && !self.waiting.is_empty() {
                self.stalled_since.get_or_insert(host.now());
                return;
            }
            self.stalled_since = None;
            let Some(message) = self.waiting.pop_front() else { return };
            self.handle(host, message, output);
        }
    }

    /// A message meets its route.
    fn handle(&mut self, host: &dyn Host, message: String, output: &mut Output) {
        let config = worker::current(&self.config);
        let document = json_tree::parse(&message).ok();
        let Some((key, route)) = config.routes.select(document.as_ref()) else {
            config.metrics.message(host);
            let mut facts = Facts::message(host, "");
            facts.log = self.begin_log(host, &config, None, &facts, &message);
            let handled = Handled { config: &config, facts: &facts, metrics: &config.metrics };
            return self.refuse(host, &handled, (403, FORBIDDEN), output);
        };
        let mut facts = Facts::message(host, key);
        facts.log = self.begin_log(host, &config, Some(route), &facts, &message);
        let handled = Handled { config: &config, facts: &facts, metrics: &route.metrics };
        route.metrics.message(host);
        let limits = config.account_throttle.iter().chain(&route.throttle);
        if !throttle::admit(limits, &config.recall, host) {
            return self.refuse(host, &handled, (429, TOO_MANY_REQUESTS), output);
        }
        match route.validation.as_ref().map(|validation| validation.check(&message, document.as_ref())) {
            None | Some(Ok(())) => {}
            Some(Err(invalid)) => return self.invalid(host, &invalid, &handled, output),
        }
        drop(document);
        self.call(host, &config, route, facts, message, output);
    }

    /// The execution log of an event, where there is one.
    fn begin_log(
        &self,
        host: &dyn Host,
        config: &WebSocketConfig,
        route: Option<&Route>,
        facts: &Facts,
        message: &str,
    ) -> Option<gateway::execution::ExecutionLog> {
        let event = Event { facts, session: &self.session, host };
        execution::begin(config, route, self.secrets.as_ref(), &event, message)
    }

    /// A message that may pass goes to its integration.
    fn call(
        &mut self,
        host: &dyn Host,
        config: &WebSocketConfig,
        route: &Route,
        facts: Facts,
        message: String,
        output: &mut Output,
    ) {
        let Some(integration) = &route.integration else {
            let handled = Handled { config, facts: &facts, metrics: &route.metrics };
            return self.fail(host, &Failure::configuration("the route has no integration"), &handled, false, output);
        };
        let event = Event { facts: &facts, session: &self.session, host };
        match integration.begin(&config.api, &event, &message) {
            Ok(Begun::Call(callout)) => {
                output.callout = Some(callout);
                let integration = Rc::clone(integration);
                let metrics = Rc::clone(&route.metrics);
                self.under_way = Some(UnderWay { facts, message, integration, two_way: route.two_way, metrics });
            }
            Ok(Begun::Given(given)) => {
                if route.two_way {
                    note_given(&event, &given);
                }
                let handled = Handled { config, facts: &facts, metrics: &route.metrics };
                self.note(host, &handled, &Ending::given(given.status));
                self.give(host, given, route.two_way, &route.metrics, output);
            }
            Err(failure) => {
                let handled = Handled { config, facts: &facts, metrics: &route.metrics };
                self.fail(host, &failure, &handled, false, output);
            }
        }
    }

    /// A message does not fit its model.
    fn invalid(&mut self, host: &dyn Host, invalid: &Invalid, handled: &Handled<'_>, output: &mut Output) {
        let facts = handled.facts;
        let details = match invalid {
            Invalid::Model(reason) => {
                return self.fail(host, &Failure::configuration(*reason), handled, false, output);
            }
            Invalid::Message(details) => details,
        };
        host.count(Metric::Denied);
        host.log(LogLevel::Info, &format!("a message does not fit its model: {details}"));
        self.note(host, handled, &Ending::refused(400, BAD_REQUEST_BODY).with_validation(details));
        let message_id = facts.message_id().unwrap_or_default();
        let text = validation_error(&self.session.connection_id, message_id, &facts.request_id);
        self.send_text(host, &text, handled.metrics, output);
    }

    /// The integration of the message under way has answered.
    fn answered(&mut self, host: &dyn Host, answer: Answer, output: &mut Output) {
        let Some(UnderWay { facts, message, integration, two_way, metrics }) = self.under_way.take() else {
            return;
        };
        let config = worker::current(&self.config);
        let handled = Handled { config: &config, facts: &facts, metrics: &metrics };
        let event = Event { facts: &facts, session: &self.session, host };
        match integration.end(&config.api, &event, &message, answer) {
            Ok(given) => {
                if two_way {
                    note_given(&event, &given);
                }
                let of_service = integration.service_status(given.status);
                self.note(host, &handled, &Ending::answered(given.status, of_service));
                self.give(host, given, two_way, &metrics, output);
            }
            Err(failure) => self.fail(host, &failure, &handled, true, output),
        }
    }

    /// Counts a message that is over, and writes its line.
    fn note(&self, host: &dyn Host, handled: &Handled<'_>, ending: &Ending) {
        let event = Event { facts: handled.facts, session: &self.session, host };
        journal::note(handled.config, handled.metrics, &event, ending);
    }

    /// A message does not come to an integration.
    fn refuse(&mut self, host: &dyn Host, handled: &Handled<'_>, refusal: (u16, &str), output: &mut Output) {
        host.count(Metric::Denied);
        self.note(host, handled, &Ending::refused(refusal.0, refusal.1));
        self.send_error(host, refusal.1, handled, output);
    }

    /// Sends the client what an integration gives, if it is to get it.
    fn give(&mut self, host: &dyn Host, given: Given, two_way: bool, metrics: &Metrics, output: &mut Output) {
        host.count(Metric::Allowed);
        if !two_way || given.body.is_empty() || self.end.is_some() {
            return;
        }
        if given.body.len() > MAX_MESSAGE_BYTES {
            return self.end_with(host, End::Violation(Violation::TooBig), output);
        }
        self.send_text(host, &String::from_utf8_lossy(&given.body), metrics, output);
    }

    /// A message's integration has failed; `called`: after it was called.
    fn fail(&mut self, host: &dyn Host, failure: &Failure, handled: &Handled<'_>, called: bool, output: &mut Output) {
        host.count(Metric::Error);
        host.log(LogLevel::Warn, &format!("execution failed: {}", failure.reason));
        let answer = of_failure(failure);
        self.note(host, handled, &Ending { called, ..Ending::failed(answer, failure) });
        self.send_error(host, answer.1, handled, output);
    }

    fn send_error(&mut self, host: &dyn Host, message: &str, handled: &Handled<'_>, output: &mut Output) {
        let text = error_text(message, &self.session.connection_id, &handled.facts.request_id);
        self.send_text(host, &text, handled.metrics, output);
    }

    fn send_text(&mut self, host: &dyn Host, text: &str, metrics: &Metrics, output: &mut Output) {
        if self.end.is_none() {
            metrics.message(host);
            self.send(host, output, |out| write::text(out, text));
        }
    }

    /// A call of `@connections`.
    fn operate(&mut self, host: &dyn Host, call: &Call<'_>, output: &mut Output) -> (u16, Vec<u8>) {
        match call.operation {
            Operation::Send if call.body.len() > MAX_MESSAGE_BYTES => (413, Vec::new()),
            Operation::Send if self.unread.refuses_pushes() => (429, Vec::new()),
            Operation::Send => {
                let text = String::from_utf8_lossy(call.body);
                let metrics = Rc::clone(&self.config.metrics);
                self.send_text(host, &text, &metrics, output);
                (200, Vec::new())
            }
            Operation::Tell => {
                let mut identity = serde_json::json!({"sourceIp": self.session.source_ip});
                if let (Some(user_agent), Some(members)) = (&self.session.user_agent, identity.as_object_mut()) {
                    members.insert("userAgent".to_owned(), user_agent.as_str().into());
                }
                let told = serde_json::json!({
                    "connectedAt": self.session.connected_at.iso8601(),
                    "identity": identity,
                    "lastActiveAt": self.last_active.iso8601(),
                });
                (200, told.to_string().into_bytes())
            }
            Operation::Close => {
                self.end_with(host, End::Deleted, output);
                (204, Vec::new())
            }
        }
    }

    fn send(&mut self, host: &dyn Host, output: &mut Output, write: impl FnOnce(&mut Vec<u8>)) {
        let before = output.write.len();
        write(&mut output.write);
        self.unread.wrote(host, &mut output.write, before);
        self.last_active = host.now();
    }

    /// Ends the connection. A client that has much on its way is heard out for a moment: closed at once, its system
    /// would throw the close frame away together with what it could not send.
    fn end_with(&mut self, host: &dyn Host, end: End, output: &mut Output) {
        if self.end.is_some() {
            return;
        }
        end.write(&mut output.write);
        if matches!(end, End::Violation(Violation::TooBig) | End::Overflow) {
            self.linger_until = Some(after(host.now(), LINGER_MILLIS));
        } else {
            output.close = true;
        }
        worker::forget(self.serial);
        self.end = Some(end);
        self.waiting.clear();
        self.backlog = Vec::new();
    }
}

fn after(time: UnixMillis, millis: u64) -> UnixMillis {
    UnixMillis(time.0.saturating_add(millis))
}

fn write_handshake(head: &Head, subprotocol: Option<&[u8]>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n");
    if let Some(key) = &head.key {
        out.extend_from_slice(b"sec-websocket-accept: ");
        out.extend_from_slice(accept_key(key).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    if let Some(subprotocol) = subprotocol {
        out.extend_from_slice(b"sec-websocket-protocol: ");
        // Control characters were taken out when the header was read.
        out.extend_from_slice(subprotocol);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}
