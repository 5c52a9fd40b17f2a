//! `@connections`: a backend sends to a connection, looks at it, or closes it.
//!
//! The request may be on another worker than the connection. So it sends a message to the connection's worker, waits,
//! and answers with what comes back.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html>

use std::rc::Rc;

use gateway::{
    Address, Answer, Body, GatewayError, Host, Metric, Property, Reply, ResponseType, Step, UnixMillis, percent_decode,
    split_target,
};
use websocket::{ConnectionId, MAX_MESSAGE_BYTES, ParsedId};

use crate::config::WebSocketConfig;
use crate::error::{forbidden, management_error};
use crate::fleet::Forwarded;
use crate::raw::Authorization;

/// How long a worker has for its part, in milliseconds. It takes microseconds; a worker that does not answer is busy,
/// or gone since it last showed itself.
const PATIENCE_MILLIS: u64 = 5000;

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// POST: sends a message.
    Send,
    /// GET: tells about the connection.
    Tell,
    /// DELETE: closes it.
    Close,
}

/// A call on its way to the worker of its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// What it does.
    pub operation: Operation,
    /// Who waits for the reply.
    pub reply_to: Address,
    /// The connection.
    pub serial: u64,
    /// Id of the API that the caller may manage. Another API's connection is unknown to it.
    pub api_id: &'a [u8],
    /// The message to send.
    pub body: &'a [u8],
}

impl<'a> Call<'a> {
    /// Reads what [`Call::to_wire`] has written.
    pub fn from_wire(bytes: &'a [u8]) -> Option<Self> {
        let (operation, rest) = bytes.split_first()?;
        let operation = match operation {
            b'S' => Operation::Send,
            b'T' => Operation::Tell,
            b'C' => Operation::Close,
            _ => return None,
        };
        let (worker, rest) = rest.split_first_chunk()?;
        let (context, rest) = rest.split_first_chunk()?;
        let (serial, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first()?;
        let (api_id, body) = rest.split_at_checked(usize::from(*length))?;
        let reply_to = Address { worker: u64::from_be_bytes(*worker), context: u32::from_be_bytes(*context) };
        Some(Self { operation, reply_to, serial: u64::from_be_bytes(*serial), api_id, body })
    }

    /// The call as a message.
    pub fn to_wire(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.body.len().saturating_add(self.api_id.len()).saturating_add(22));
        bytes.push(match self.operation {
            Operation::Send => b'S',
            Operation::Tell => b'T',
            Operation::Close => b'C',
        });
        bytes.extend_from_slice(&self.reply_to.worker.to_be_bytes());
        bytes.extend_from_slice(&self.reply_to.context.to_be_bytes());
        bytes.extend_from_slice(&self.serial.to_be_bytes());
        // The configuration has checked its length.
        bytes.push(u8::try_from(self.api_id.len()).unwrap_or_default());
        bytes.extend_from_slice(self.api_id);
        bytes.extend_from_slice(self.body);
        bytes
    }
}

/// What came of a call: a status, and the body of a 200.
pub type Outcome = (u16, Vec<u8>);

/// There is no such connection.
pub fn gone() -> Outcome {
    (410, Vec::new())
}

/// Sends what came of a call back.
pub fn post_reply(host: &dyn Host, to: Address, outcome: &Outcome) {
    let (status, body) = outcome;
    host.post(to, &[&status.to_be_bytes()[..], body].concat());
}

/// One request.
pub struct Management {
    config: Rc<WebSocketConfig>,
    operation: Operation,
    id: Option<ConnectionId>,
    answer_before: UnixMillis,
    /// Its call is under way, so the rest of its body is none of our business.
    called: bool,
}

impl Management {
    /// Begins with the headers.
    pub fn begin(config: Rc<WebSocketConfig>, host: &dyn Host, end_of_stream: bool) -> (Self, Step) {
        let (id, operation, refusal) = match admitted(&config, host) {
            Ok((id, operation)) => (Some(id), operation, None),
            Err(reply) => (None, Operation::Tell, Some(reply)),
        };
        let answer_before = UnixMillis(host.now().0.saturating_add(PATIENCE_MILLIS));
        let mut management = Self { config, operation, id, answer_before, called: false };
        let step = match refusal {
            Some(reply) => {
                host.count(Metric::Denied);
                Step::Respond(reply)
            }
            None if end_of_stream => management.call(host, &[]),
            None => Step::Buffer,
        };
        (management, step)
    }

    /// The whole body is here.
    pub fn on_body(&mut self, host: &dyn Host, body: Body) -> Step {
        if self.called {
            return Step::Wait;
        }
        if self.operation == Operation::Send && body.bytes > MAX_MESSAGE_BYTES {
            host.count(Metric::Denied);
            return respond(management_error(413, "PayloadTooLargeException", ""));
        }
        let body = if self.operation == Operation::Send { host.request_body(MAX_MESSAGE_BYTES) } else { Vec::new() };
        self.call(host, &body)
    }

    fn call(&mut self, host: &dyn Host, body: &[u8]) -> Step {
        self.called = true;
        let Some(id) = self.id else { return of_outcome(410, &[]) };
        if id.node != self.config.fleet.node() {
            return self.forward(host, id.node, body);
        }
        let Some(reply_to) = host.address() else { return of_outcome(410, &[]) };
        self.answer_before = UnixMillis(host.now().0.saturating_add(PATIENCE_MILLIS));
        let api_id = self.config.api.api_id.as_bytes();
        let call = Call { operation: self.operation, reply_to, serial: id.serial, api_id, body };
        host.count(Metric::Allowed);
        if host.post(Address { worker: id.worker, context: 0 }, &call.to_wire()) {
            Step::Wait
        } else {
            of_outcome(410, &[])
        }
    }

    /// The connection is on another Envoy.
    fn forward(&self, host: &dyn Host, node: u16, body: &[u8]) -> Step {
        match self.config.fleet.forward(host, node, body) {
            Some(callout) => {
                host.count(Metric::Allowed);
                Step::Callout(Box::new(callout))
            }
            None => of_outcome(410, &[]),
        }
    }

    /// The other Envoy has answered.
    pub fn on_callout(&mut self, host: &dyn Host, answer: Answer) -> Step {
        match Forwarded::read(answer) {
            Forwarded::Answer { status, headers, body } => {
                let mut reply = Reply { status, body, ..Reply::default() };
                headers.into_iter().for_each(|(name, value)| reply.set_header(name, value));
                respond(reply)
            }
            Forwarded::Late => late(host),
            Forwarded::Gone => of_outcome(410, &[]),
        }
    }

    /// The connection's worker has answered.
    pub fn on_reply(&mut self, message: &[u8]) -> Step {
        match message.split_first_chunk() {
            Some((status, body)) => of_outcome(u16::from_be_bytes(*status), body),
            None => of_outcome(410, &[]),
        }
    }

    /// Time has passed.
    pub fn on_wake(&mut self, host: &dyn Host) -> Step {
        if host.now() < self.answer_before {
            return Step::Wait;
        }
        late(host)
    }
}

fn late(host: &dyn Host) -> Step {
    host.count(Metric::Error);
    respond(management_error(504, "InternalServerErrorException", r#"{"message": "Endpoint request timed out"}"#))
}

/// The connection and operation of a request that may call.
fn admitted(config: &WebSocketConfig, host: &dyn Host) -> Result<(ConnectionId, Operation), Box<Reply>> {
    let operation = match host.request_header(":method").as_deref() {
        Some(b"POST") => Operation::Send,
        Some(b"GET") => Operation::Tell,
        Some(b"DELETE") => Operation::Close,
        _ => return Err(Box::new(forbidden())),
    };
    let signed = || {
        let identity = host.property(Property::Identity).and_then(|json| serde_json::from_slice(&json).ok());
        identity.is_some_and(|identity: serde_json::Value| identity.get("userArn").is_some_and(|arn| arn.is_string()))
    };
    if config.connections_authorization == Authorization::AwsIam && !signed() {
        let error = GatewayError::new(ResponseType::MissingAuthenticationToken);
        return Err(Box::new(Reply { error: None, ..Reply::from_error(error) }));
    }
    let target = host.request_header(":path").unwrap_or_default();
    let path = split_target(&target).0;
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let segment = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let text = percent_decode(segment, false);
    match ConnectionId::parse(&text) {
        ParsedId::Id(id) => Ok((id, operation)),
        ParsedId::Foreign => Err(Box::new(gone_reply())),
        ParsedId::Malformed => {
            let message = gateway::json::quote(&format!("Invalid connectionId: {text}"));
            Err(Box::new(management_error(400, "BadRequestException", format!("{{\"message\":{message}}}"))))
        }
    }
}

fn of_outcome(status: u16, body: &[u8]) -> Step {
    respond(match status {
        200 => {
            let mut reply = Reply { status, body: body.to_vec(), ..Reply::default() };
            if !body.is_empty() {
                reply.set_header("content-type", &b"application/json"[..]);
            }
            reply
        }
        204 => Reply { status, ..Reply::default() },
        413 => management_error(413, "PayloadTooLargeException", ""),
        429 => management_error(429, "LimitExceededException", r#"{"message":"Too Many Requests"}"#),
        _ => gone_reply(),
    })
}

fn gone_reply() -> Reply {
    management_error(410, "GoneException", "{}")
}

fn respond(reply: Reply) -> Step {
    Step::Respond(Box::new(reply))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_come_back() {
        let call = Call {
            operation: Operation::Close,
            reply_to: Address { worker: 1 << 60, context: 9 },
            serial: 77,
            api_id: b"abc123",
            body: b"text",
        };
        assert_eq!(Call::from_wire(&call.to_wire()), Some(call));
        assert_eq!(Call::from_wire(b""), None);
        assert_eq!(Call::from_wire(b"S12345678"), None);
    }
}
