//! An open connection: what comes is read, what waits is handled in turn, what goes out is counted.

use std::collections::VecDeque;
use std::rc::Rc;

use gateway::execution::Redaction;
use gateway::{Answer, Callout, Host, LogLevel, Output, UnixMillis};
use websocket::{End, Event as Received, MAX_MESSAGE_BYTES, Reader, Violation, write};

use super::message::UnderWay;
use crate::config::WebSocketConfig;
use crate::event::Session;
use crate::management::{Call, Operation};
use crate::metrics::Metrics;
use crate::unread::Unread;
use crate::worker;

/// How many messages wait while one is with its integration.
const MAX_WAITING_MESSAGES: usize = 8;
/// How many bytes wait that were taken from Envoy because something had to be written, and cannot be used yet. A client
/// that sends that much ahead of the answers is cut off.
const MAX_BACKLOG_BYTES: usize = 4 << 20;
/// How long a client may leave so much unread that its messages have to wait, in milliseconds.
const STALLED_MILLIS: u64 = 30_000;
/// How long a client's close frame may wait for the messages before it, in milliseconds. Browsers give up after ten
/// seconds.
const CLOSING_MILLIS: u64 = 5000;
/// How long a client that has sent too much is heard out after the close frame, in milliseconds.
const LINGER_MILLIS: u64 = 2000;

/// An open connection.
pub(super) struct Open {
    /// The API as it was at the handshake; an open connection follows its changes.
    pub(super) config: Rc<WebSocketConfig>,
    pub(super) serial: u64,
    pub(super) session: Session,
    /// What must not be in the execution log; unknown where there was none at the handshake.
    pub(super) secrets: Option<Redaction>,
    reader: Reader,
    backlog: Vec<u8>,
    pub(super) waiting: VecDeque<String>,
    /// The message that is with its integration.
    pub(super) under_way: Option<UnderWay>,
    /// Calls that the connection does not live long enough for, on their way to the worker.
    pub(super) last_calls: Vec<Callout>,
    unread: Unread,
    /// The last ping that could not be answered because too much is unread.
    ping: Option<Vec<u8>>,
    stalled_since: Option<UnixMillis>,
    last_active: UnixMillis,
    pub(super) end: Option<End>,
    /// The client's close frame has come; it is answered once the messages before it are through, and then at the latest.
    closing_until: Option<UnixMillis>,
    /// The close frame is sent; until then what the client still sends is thrown away.
    linger_until: Option<UnixMillis>,
}

impl Open {
    /// A connection that has just been opened.
    pub(super) fn new(
        config: Rc<WebSocketConfig>,
        serial: u64,
        session: Session,
        secrets: Option<Redaction>,
        now: UnixMillis,
    ) -> Self {
        Self {
            config,
            serial,
            session,
            secrets,
            reader: Reader::default(),
            backlog: Vec::new(),
            waiting: VecDeque::new(),
            under_way: None,
            last_calls: Vec::new(),
            unread: Unread::default(),
            ping: None,
            stalled_since: None,
            last_active: now,
            end: None,
            closing_until: None,
            linger_until: None,
        }
    }

    /// Whether what the client sends can be used now.
    pub(super) fn wants_data(&self) -> bool {
        self.stays() || (self.backlog.is_empty() && self.can_take())
    }

    /// When [`Open::on_due`] is to be called.
    pub(super) fn due(&self) -> Option<UnixMillis> {
        if self.linger_until.is_some() {
            return self.linger_until;
        }
        if worker::is_draining() && (self.end.is_none() || self.closing_until.is_some()) {
            return Some(self.session.connected_at);
        }
        if self.end.is_some() {
            return self.closing_until;
        }
        let limits = &self.config.limits;
        let idle = after(self.last_active, limits.idle_timeout_millis);
        let life = after(self.session.connected_at, limits.connection_duration_millis);
        let stalled = self.stalled_since.map(|since| after(since, STALLED_MILLIS));
        Some(idle.min(life)).into_iter().chain(stalled).min()
    }

    /// A limit of time is reached.
    pub(super) fn on_due(&mut self, host: &dyn Host, output: &mut Output) {
        let stalled = self.stalled_since.is_some_and(|since| after(since, STALLED_MILLIS) <= host.now());
        if self.linger_until.is_some() {
            output.close = true;
        } else if self.closing_until.is_some() {
            self.close(output);
        } else {
            self.end_with(host, if stalled { End::Overflow } else { End::GoingAway }, output);
        }
    }

    /// The integration of the message under way has answered.
    pub(super) fn on_callout(&mut self, host: &dyn Host, answer: Answer, output: &mut Output) {
        self.answered(host, answer, output);
        self.go_on(host, output);
    }

    /// Whether a call is for this connection, and may be.
    pub(super) fn is_meant(&self, call: &Call<'_>) -> bool {
        self.serial == call.serial && self.config.api.api_id.as_bytes() == call.api_id && self.end.is_none()
    }

    /// Whether the connection has ended and is not closed yet.
    fn stays(&self) -> bool {
        self.closing_until.is_some() || self.linger_until.is_some()
    }

    /// Whether a message more can be taken.
    fn can_take(&self) -> bool {
        self.end.is_none() && self.waiting.len() < MAX_WAITING_MESSAGES
    }

    /// Bytes have come.
    pub(super) fn feed(&mut self, host: &dyn Host, bytes: &[u8], output: &mut Output) {
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
        if self.closing_until.is_some() && self.under_way.is_none() && self.waiting.is_empty() {
            self.close(output);
        }
    }

    /// The client sends nothing any more, and does not wait for what is under way.
    pub(super) fn hang_up(&mut self, output: &mut Output) {
        if self.closing_until.is_some() {
            self.close(output);
        }
        output.close = true;
    }

    /// Answers the client's close frame.
    fn close(&mut self, output: &mut Output) {
        self.closing_until = None;
        if let Some(end) = &self.end {
            end.write(&mut output.write);
        }
        output.close = true;
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
        while (self.end.is_none() || self.stays()) && self.under_way.is_none() {
            if self.end.is_none() && self.unread.is_full() && !self.waiting.is_empty() {
                self.stalled_since.get_or_insert(host.now());
                return;
            }
            self.stalled_since = None;
            let Some(message) = self.waiting.pop_front() else { return };
            self.handle(host, message, output);
        }
    }

    /// Sends a text message, and counts it.
    pub(super) fn send_text(&mut self, host: &dyn Host, text: &str, metrics: &Metrics, output: &mut Output) {
        if self.end.is_none() {
            metrics.message(host);
            self.send(host, output, |out| write::text(out, text));
        }
    }

    /// A call of `@connections`.
    pub(super) fn operate(&mut self, host: &dyn Host, call: &Call<'_>, output: &mut Output) -> (u16, Vec<u8>) {
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

    /// Ends the connection; messages that have come before go to their integrations all the same, unless the client
    /// wants more than it may. Its own close frame is answered after them. A client that has much on its way is heard out
    /// for a moment: closed at once, its system would throw the close frame away together with what it could not send.
    pub(super) fn end_with(&mut self, host: &dyn Host, end: End, output: &mut Output) {
        if self.end.is_some() {
            return;
        }
        worker::forget(self.serial);
        self.backlog = Vec::new();
        match end {
            End::Overflow => self.waiting.clear(),
            End::ByClient(_) if self.under_way.is_some() || !self.waiting.is_empty() => {
                self.end = Some(end);
                self.closing_until = Some(after(host.now(), CLOSING_MILLIS));
                return;
            }
            _ => {}
        }
        end.write(&mut output.write);
        if matches!(end, End::Violation(Violation::TooBig) | End::Overflow) {
            self.linger_until = Some(after(host.now(), LINGER_MILLIS));
        } else {
            output.close = true;
        }
        self.end = Some(end);
    }
}

fn after(time: UnixMillis, millis: u64) -> UnixMillis {
    UnixMillis(time.0.saturating_add(millis))
}
