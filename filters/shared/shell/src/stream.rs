//! One request on its way through a chain: Envoy's callbacks in, the chain's decisions out.

use std::rc::Rc;

use chain::{Action, ChainStream, Message, Proxy};
use gateway::{Answer, Callout, Edits, Headers, Host, LogLevel, Metric, Reply};

use crate::abi::{self, Buffer, Half, Map};
use crate::host::{Counters, Envoy, read_headers};
use crate::vm;

/// Most bytes of an answer that are handed to a core; Envoy itself cuts an answer at about 32 MB.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// One request in one filter of Envoy.
pub struct StreamContext {
    stream: ChainStream,
    counters: Rc<[Counters]>,
}

impl StreamContext {
    /// A new request.
    pub fn new(stream: ChainStream, counters: Rc<[Counters]>) -> Self {
        Self { stream, counters }
    }

    /// `proxy_on_request_headers`.
    pub fn on_request_headers(&mut self, end_of_stream: bool) -> Action {
        self.stream.on_request_headers(&Envoy::new(&self.counters), end_of_stream)
    }

    /// `proxy_on_request_body`.
    pub fn on_request_body(&mut self, bytes: usize, end_of_stream: bool) -> Action {
        self.stream.on_request_body(&Envoy::new(&self.counters), bytes, end_of_stream)
    }

    /// `proxy_on_request_trailers`.
    pub fn on_request_trailers(&mut self) -> Action {
        self.stream.on_request_trailers(&Envoy::new(&self.counters))
    }

    /// A call is answered.
    pub fn on_callout(&mut self, answer: Answer) {
        let action = self.stream.on_callout(&Envoy::new(&self.counters), answer);
        resume(action);
    }

    /// Periodic work has run.
    pub fn on_wake(&mut self) {
        let action = self.stream.on_wake(&Envoy::new(&self.counters));
        resume(action);
    }

    /// A message has come.
    pub fn on_message(&mut self, message: &[u8]) {
        let action = self.stream.on_message(&Envoy::new(&self.counters), message);
        resume(action);
    }

    /// `proxy_on_response_headers`.
    pub fn on_response_headers(&mut self, end_of_stream: bool) -> Action {
        self.stream.on_response_headers(&Envoy::new(&self.counters), end_of_stream)
    }

    /// `proxy_on_response_body`.
    pub fn on_response_body(&mut self, bytes: usize, end_of_stream: bool) -> Action {
        self.stream.on_response_body(&Envoy::new(&self.counters), bytes, end_of_stream)
    }

    /// `proxy_on_response_trailers`.
    pub fn on_response_trailers(&mut self) -> Action {
        self.stream.on_response_trailers(&Envoy::new(&self.counters))
    }

    /// `proxy_on_log`.
    pub fn on_log(&mut self) {
        self.stream.on_log(&Envoy::new(&self.counters));
    }
}

fn resume(action: Action) {
    if action == Action::Continue {
        let _ = abi::continue_stream(Half::Request);
    }
}

impl Proxy for Envoy<'_> {
    fn edit(&self, message: Message, edits: &Edits) {
        let (map, buffer) = match message {
            Message::Request => (Map::Request, Buffer::Request),
            Message::Response => (Map::Response, Buffer::Response),
        };
        let mut failed = false;
        for name in &edits.remove {
            failed |= abi::remove_header(map, name).is_err();
        }
        for (name, value) in &edits.set {
            failed |= abi::set_header(map, name, value).is_err();
        }
        for (name, value) in &edits.add {
            failed |= abi::add_header(map, name, value).is_err();
        }
        if let Some(body) = &edits.body {
            failed |= abi::replace_buffer(buffer, body).is_err();
        }
        if failed {
            self.log(LogLevel::Error, "a change to headers or body was refused");
        }
    }

    fn send(&self, callout: &Callout) -> bool {
        send(callout)
    }

    fn wait(&self) {
        vm::waits();
    }

    fn respond(&self, reply: &Reply, details: &str) {
        let headers = reply.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_ref()));
        let sent = abi::send_local_response(reply.status, details, &Headers::to_wire(headers), &reply.body);
        if sent.is_err() {
            self.log(LogLevel::Error, "the answer could not be sent");
        }
    }

    fn count_of(&self, index: usize, metric: Metric) {
        self.increment(index, metric);
    }
}

/// Sends a callout from the current context. False when it could not be sent.
pub fn send(callout: &Callout) -> bool {
    let headers = callout.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_slice()));
    let timeout = u32::try_from(callout.timeout.as_millis()).unwrap_or(u32::MAX);
    match abi::http_call(&callout.cluster, &Headers::to_wire(headers), &callout.body, timeout) {
        Ok(token) => {
            vm::called(token);
            true
        }
        Err(_) => false,
    }
}

/// The answer that Envoy holds for the current context; one without headers is a failed call.
pub fn answer(headers: usize) -> Answer {
    if headers == 0 {
        return Answer::Failed;
    }
    let body = abi::buffer(Buffer::CalloutAnswer, MAX_ANSWER_BYTES).unwrap_or_default();
    Answer::Response { headers: read_headers(Map::CalloutAnswer), body }
}
