//! One connection: bytes, answers and the clock in; bytes, calls and the end out.
//!
//! Messages are handled one after the other. While one is with its integration a few more wait here, and what comes
//! behind them stays in Envoy, which then slows the client down. Those that have been taken go to their integrations even
//! when the connection ends.

mod message;
mod open;

use gateway::{Answer, Callout, Connection, Host, LogLevel, Output, UnixMillis};
use websocket::{ConnectionId, ParsedId, accept_key};

use self::open::Open;
use crate::head::{Head, MAX_HEAD_BYTES};
use crate::management::{Call, gone, post_reply};
use crate::worker;

/// How long a new connection has to send its head, in milliseconds. It comes from Envoy itself, at once.
const HEAD_MILLIS: u64 = 10_000;

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
        let mut open = Box::new(Open::new(accepted.config, serial, accepted.session, accepted.secrets, host.now()));
        open.feed(host, &rest, output);
        self.state = State::Open(open);
    }

    /// A call does not outlive the connection that it was made for.
    fn settle(&mut self, host: &dyn Host, output: &mut Output) {
        if output.close
            && let State::Open(open) = &mut self.state
        {
            open.leave_call(host, output);
        }
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
        if end {
            match &mut self.state {
                State::Open(open) => open.hang_up(&mut output),
                State::Head(..) | State::Ended => output.close = true,
            }
        }
        self.settle(host, &mut output);
        output
    }

    fn wants_data(&self) -> bool {
        match &self.state {
            State::Open(open) => open.wants_data(),
            State::Head(..) => true,
            State::Ended => false,
        }
    }

    fn on_callout(&mut self, host: &dyn Host, answer: Answer) -> Output {
        let mut output = Output::default();
        if let State::Open(open) = &mut self.state {
            open.on_callout(host, answer, &mut output);
        }
        self.settle(host, &mut output);
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
        match &mut self.state {
            State::Head(..) => {
                output.close = true;
                self.state = State::Ended;
            }
            State::Open(open) => open.on_due(host, &mut output),
            State::Ended => {}
        }
        output
    }

    fn due(&self) -> Option<UnixMillis> {
        match &self.state {
            State::Head(_, until) => *until,
            State::Open(open) => open.due(),
            State::Ended => None,
        }
    }

    fn on_close(&mut self, host: &dyn Host) -> Option<Callout> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Open(mut open) => open.on_close(host),
            State::Head(..) | State::Ended => None,
        }
    }
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
