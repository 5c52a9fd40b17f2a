//! One request on its way through one filter: Envoy's callbacks in, the core's steps carried out.

use std::rc::Rc;

use gateway::{
    Answer, Body, Callout, Edits, GatewayError, Headers, Host, Ids, LogLevel, Property, Reply, ResponseType, Step,
    Stream,
};

use crate::abi::{self, Buffer, Half, Map};
use crate::host::{Counters, Envoy, read_headers};
use crate::vm;

/// How many steps one callback may run before the filter is taken to be stuck. The longest sensible chain is a
/// callout that fails at once, a second one that does, and an answer.
const MAX_STEPS_PER_CALLBACK: usize = 16;
/// Most bytes of an answer that are handed to a core; Envoy itself cuts an answer at about 32 MB.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// What Envoy does with the part it has just offered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Passes it on.
    Continue,
    /// Keeps it.
    Pause,
}

/// What a half of the stream waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Nothing,
    WholeBody,
    Answer,
    Wake,
}

/// One request in one filter.
pub struct StreamContext {
    stream: Box<dyn Stream>,
    counters: Rc<Counters>,
    waiting: Waiting,
    /// The request body (or the headers, when there is none) has been seen to its end.
    request_complete: bool,
    /// The client has its answer from here; nothing more goes to the core's request events.
    answered: bool,
    response_waiting: Waiting,
}

impl StreamContext {
    /// A new request.
    pub fn new(stream: Box<dyn Stream>, counters: Rc<Counters>) -> Self {
        Self {
            stream,
            counters,
            waiting: Waiting::Nothing,
            request_complete: false,
            answered: false,
            response_waiting: Waiting::Nothing,
        }
    }

    /// `proxy_on_request_headers`.
    pub fn on_request_headers(&mut self, end_of_stream: bool) -> Action {
        self.request_complete = end_of_stream;
        let counters = Rc::clone(&self.counters);
        let step = self.stream.on_request_headers(&Envoy::new(&counters), end_of_stream);
        self.request_step(step)
    }

    /// `proxy_on_request_body`.
    pub fn on_request_body(&mut self, bytes: usize, end_of_stream: bool) -> Action {
        self.request_complete |= end_of_stream;
        match self.waiting {
            _ if self.answered => Action::Pause,
            Waiting::Answer | Waiting::Wake => Action::Pause,
            Waiting::WholeBody if !end_of_stream => Action::Pause,
            Waiting::WholeBody | Waiting::Nothing => self.deliver_request_body(Body { bytes, end_of_stream }),
        }
    }

    /// `proxy_on_request_trailers`: the body has ended before them.
    pub fn on_request_trailers(&mut self) -> Action {
        self.request_complete = true;
        match self.waiting {
            _ if self.answered => Action::Pause,
            Waiting::Answer | Waiting::Wake => Action::Pause,
            Waiting::Nothing => Action::Continue,
            Waiting::WholeBody => {
                let bytes = abi::buffer_size(Buffer::Request).unwrap_or_default();
                self.deliver_request_body(Body { bytes, end_of_stream: true })
            }
        }
    }

    /// `proxy_on_http_call_response`.
    pub fn on_callout(&mut self, headers: usize) {
        if self.answered || self.waiting != Waiting::Answer {
            return;
        }
        self.waiting = Waiting::Nothing;
        let counters = Rc::clone(&self.counters);
        let step = self.stream.on_callout(&Envoy::new(&counters), answer(headers));
        if self.request_step(step) == Action::Continue {
            let _ = abi::continue_stream(Half::Request);
        }
    }

    /// Periodic work has run.
    pub fn on_wake(&mut self) {
        if self.answered || self.waiting != Waiting::Wake {
            return;
        }
        self.waiting = Waiting::Nothing;
        let counters = Rc::clone(&self.counters);
        let step = self.stream.on_wake(&Envoy::new(&counters));
        if self.request_step(step) == Action::Continue {
            let _ = abi::continue_stream(Half::Request);
        }
    }

    /// A message has come.
    pub fn on_message(&mut self, message: &[u8]) {
        if self.answered || self.waiting != Waiting::Wake {
            return;
        }
        self.waiting = Waiting::Nothing;
        let counters = Rc::clone(&self.counters);
        let step = self.stream.on_message(&Envoy::new(&counters), message);
        if self.request_step(step) == Action::Continue {
            let _ = abi::continue_stream(Half::Request);
        }
    }

    /// `proxy_on_response_headers`.
    pub fn on_response_headers(&mut self, end_of_stream: bool) -> Action {
        let counters = Rc::clone(&self.counters);
        let step = self.stream.on_response_headers(&Envoy::new(&counters), end_of_stream);
        self.response_step(step, end_of_stream)
    }

    /// `proxy_on_response_body`.
    pub fn on_response_body(&mut self, bytes: usize, end_of_stream: bool) -> Action {
        if self.response_waiting == Waiting::WholeBody && !end_of_stream {
            return Action::Pause;
        }
        self.deliver_response_body(Body { bytes, end_of_stream })
    }

    /// `proxy_on_response_trailers`: the body has ended before them.
    pub fn on_response_trailers(&mut self) -> Action {
        if self.response_waiting != Waiting::WholeBody {
            return Action::Continue;
        }
        let bytes = abi::buffer_size(Buffer::Response).unwrap_or_default();
        self.deliver_response_body(Body { bytes, end_of_stream: true })
    }

    fn deliver_request_body(&mut self, body: Body) -> Action {
        self.waiting = Waiting::Nothing;
        let counters = Rc::clone(&self.counters);
        let step = self.stream.on_request_body(&Envoy::new(&counters), body);
        self.request_step(step)
    }

    fn deliver_response_body(&mut self, body: Body) -> Action {
        self.response_waiting = Waiting::Nothing;
        let counters = Rc::clone(&self.counters);
        let step = self.stream.on_response_body(&Envoy::new(&counters), body);
        self.response_step(step, body.end_of_stream)
    }

    /// Carries out steps on the request's way until one of them lets it on, holds it, or answers it.
    fn request_step(&mut self, mut step: Step) -> Action {
        let counters = Rc::clone(&self.counters);
        let envoy = Envoy::new(&counters);
        for _ in 0..MAX_STEPS_PER_CALLBACK {
            step = match step {
                Step::Continue => return Action::Continue,
                Step::Edit(edits) => {
                    apply(&envoy, *edits, Map::Request, Buffer::Request);
                    return Action::Continue;
                }
                Step::Respond(reply) => {
                    self.respond(&envoy, *reply);
                    return Action::Pause;
                }
                Step::Buffer if self.request_complete => {
                    let bytes = abi::buffer_size(Buffer::Request).unwrap_or_default();
                    self.stream.on_request_body(&envoy, Body { bytes, end_of_stream: true })
                }
                Step::Buffer => {
                    self.waiting = Waiting::WholeBody;
                    return Action::Pause;
                }
                Step::Wait => {
                    self.waiting = Waiting::Wake;
                    vm::waits();
                    return Action::Pause;
                }
                Step::Callout(callout) => match send(&callout) {
                    Ok(()) => {
                        self.waiting = Waiting::Answer;
                        return Action::Pause;
                    }
                    Err(()) => self.stream.on_callout(&envoy, Answer::Failed),
                },
            };
        }
        envoy.log(LogLevel::Error, "a filter does not come to a decision; the request is refused");
        self.respond(&envoy, Reply::from_error(GatewayError::new(ResponseType::ApiConfigurationError)));
        Action::Pause
    }

    /// Carries out a step on the response's way. Envoy takes an answer there as long as no header has left.
    fn response_step(&mut self, step: Step, end_of_stream: bool) -> Action {
        let counters = Rc::clone(&self.counters);
        let envoy = Envoy::new(&counters);
        match step {
            Step::Continue => Action::Continue,
            Step::Edit(edits) => {
                apply(&envoy, *edits, Map::Response, Buffer::Response);
                Action::Continue
            }
            Step::Buffer if end_of_stream => Action::Continue,
            Step::Buffer => {
                self.response_waiting = Waiting::WholeBody;
                Action::Pause
            }
            Step::Respond(reply) => {
                self.respond(&envoy, *reply);
                Action::Pause
            }
            Step::Callout(_) | Step::Wait => {
                envoy.log(LogLevel::Error, "a filter cannot call or wait while the response is under way");
                self.respond(&envoy, Reply::from_error(GatewayError::new(ResponseType::ApiConfigurationError)));
                Action::Pause
            }
        }
    }

    fn respond(&mut self, envoy: &Envoy<'_>, reply: Reply) {
        self.answered = true;
        let details = match &reply.error {
            Some(error) => {
                envoy.set_property(Property::Error, &error.to_property());
                format!("apigw.{}", error.response_type.map_or("FORBIDDEN", ResponseType::name))
            }
            None => "apigw.integration".to_owned(),
        };
        // Without gateway-responses in the chain nobody else adds the ids.
        let reply = match envoy.property(Property::Request) {
            Some(_) => reply,
            None => reply.with_ids(&Ids::of_request(envoy)),
        };
        let headers = reply.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_ref()));
        let sent = abi::send_local_response(reply.status, &details, &Headers::to_wire(headers), &reply.body);
        if sent.is_err() {
            envoy.log(LogLevel::Error, "the answer could not be sent");
        }
    }
}

/// Sends a callout from the current context.
pub fn send(callout: &Callout) -> Result<(), ()> {
    let headers = callout.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_slice()));
    let timeout = u32::try_from(callout.timeout.as_millis()).unwrap_or(u32::MAX);
    match abi::http_call(&callout.cluster, &Headers::to_wire(headers), &callout.body, timeout) {
        Ok(token) => {
            vm::called(token);
            Ok(())
        }
        Err(_) => Err(()),
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

fn apply(envoy: &Envoy<'_>, edits: Edits, map: Map, buffer: Buffer) {
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
    for (property, value) in &edits.properties {
        envoy.set_property(*property, value);
    }
    if failed {
        envoy.log(LogLevel::Error, "a change to headers or body was refused");
    }
}
