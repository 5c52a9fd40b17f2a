//! One exchange on its way through a chain: Envoy's events in, the members' steps carried out.

use std::cell::RefCell;
use std::rc::Rc;

use gateway::{
    Answer, Edits, GatewayError, HeaderValue, Host, Ids, LogLevel, Property, ROUTE_NAME, Reply, ResponseType, Step,
    Stream,
};

use crate::chain::Chain;
use crate::memory::Memory;
use crate::own::OwnReply;
use crate::proxy::{Message, Proxy};
use crate::view::View;
use crate::way::{Hold, Task, Way};

/// How many steps each member may take within one event before the chain is taken to be stuck. The longest sensible
/// course is headers, a callout that fails at once, a second one that does, the body, and an answer.
const MAX_STEPS_PER_MEMBER: usize = 16;

/// What Envoy does with the part it has just offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Passes it on.
    Continue,
    /// Keeps it.
    Pause,
}

/// One exchange.
pub struct ChainStream {
    chain: Rc<Chain>,
    /// The members that the route passes, in the order of the request.
    members: Vec<Member>,
    memory: Memory,
    request: Way,
    /// Members whose request event has come; the response passes these, in reverse.
    started: usize,
    /// The client has its answer from here; nothing more goes to request events.
    answered: bool,
    response: Way,
    /// There is a response.
    responded: bool,
    /// The response's headers have gone on to the client.
    passed: bool,
    /// The response is what the client gets; nothing more goes to response events.
    decided: bool,
    /// The `content-type` of an answer without a body, which Envoy takes away.
    content_type: Option<HeaderValue>,
}

struct Member {
    index: usize,
    stream: Box<dyn Stream>,
}

impl ChainStream {
    pub(crate) fn new(chain: Rc<Chain>) -> Self {
        Self {
            chain,
            members: Vec::new(),
            memory: Memory::default(),
            request: Way::default(),
            started: 0,
            answered: false,
            response: Way::default(),
            responded: false,
            passed: false,
            decided: false,
            content_type: None,
        }
    }

    /// The request's headers are here.
    pub fn on_request_headers(&mut self, proxy: &dyn Proxy, end_of_stream: bool) -> Action {
        let name = if self.chain.has_routes() {
            self.memory.attribute(ROUTE_NAME, || proxy.attribute(ROUTE_NAME))
        } else {
            None
        };
        let route = name.as_deref().and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
        let passed = self.chain.members_of(route);
        let member = |index: &usize| Some(Member { index: *index, stream: self.chain.root(*index)?.stream() });
        self.members = passed.iter().filter_map(member).collect();
        self.request = Way::new(self.members.len(), end_of_stream);
        self.advance_request(proxy, None)
    }

    /// A part of the request's body is here; while the request is held, `bytes` are all that has come.
    pub fn on_request_body(&mut self, proxy: &dyn Proxy, bytes: usize, end_of_stream: bool) -> Action {
        self.request.body(bytes, end_of_stream);
        self.advance_request(proxy, None)
    }

    /// The request's trailers are here.
    pub fn on_request_trailers(&mut self, proxy: &dyn Proxy) -> Action {
        self.request.trailers();
        self.advance_request(proxy, None)
    }

    /// The answer to the call under way. `Continue`: the request, so far held, goes on.
    pub fn on_callout(&mut self, proxy: &dyn Proxy, answer: Answer) -> Action {
        self.resume(proxy, Hold::Answer, |stream, host| stream.on_callout(host, answer))
    }

    /// Periodic work has run. `Continue`: the request, so far held, goes on.
    pub fn on_wake(&mut self, proxy: &dyn Proxy) -> Action {
        self.resume(proxy, Hold::Wake, |stream, host| stream.on_wake(host))
    }

    /// A message for the member that waits. `Continue`: the request, so far held, goes on.
    pub fn on_message(&mut self, proxy: &dyn Proxy, message: &[u8]) -> Action {
        self.resume(proxy, Hold::Wake, |stream, host| stream.on_message(host, message))
    }

    /// The response's headers are here.
    pub fn on_response_headers(&mut self, proxy: &dyn Proxy, end_of_stream: bool) -> Action {
        if let Some(content_type) = self.content_type.take() {
            let mut edits = Edits::default();
            edits.set("content-type", content_type);
            proxy.edit(Message::Response, &edits);
        }
        if self.decided {
            return Action::Continue;
        }
        self.responded = true;
        self.memory.response_begins();
        self.response = Way::new(self.started, end_of_stream);
        self.advance_response(proxy)
    }

    /// A part of the response's body is here; while the response is held, `bytes` are all that has come.
    pub fn on_response_body(&mut self, proxy: &dyn Proxy, bytes: usize, end_of_stream: bool) -> Action {
        self.response.body(bytes, end_of_stream);
        self.advance_response(proxy)
    }

    /// The response's trailers are here.
    pub fn on_response_trailers(&mut self, proxy: &dyn Proxy) -> Action {
        self.response.trailers();
        self.advance_response(proxy)
    }

    /// The exchange is over.
    pub fn on_log(&mut self, proxy: &dyn Proxy) {
        if !self.responded {
            self.memory.response_begins();
        } else if self.passed && self.chain.is_closed() {
            self.memory.sent();
        }
        let Self { chain, members, memory, .. } = self;
        for member in members {
            member.stream.on_log(&View { proxy, chain, memory, index: member.index });
        }
    }

    fn resume(
        &mut self,
        proxy: &dyn Proxy,
        hold: Hold,
        event: impl FnOnce(&mut dyn Stream, &dyn Host) -> Step,
    ) -> Action {
        if self.answered {
            return Action::Pause;
        }
        let Some(at) = self.request.release(hold) else { return Action::Pause };
        let step = self.with_member(proxy, at, event);
        self.advance_request(proxy, Some((at, step)))
    }

    /// Gives events to members, and carries their steps out, until the request is held, answered, or through. `first`
    /// is a step that a member has taken already.
    fn advance_request(&mut self, proxy: &dyn Proxy, first: Option<(usize, Step)>) -> Action {
        if self.answered {
            return Action::Pause;
        }
        let mut taken = first;
        for _ in 0..self.max_steps() {
            let (at, step) = match taken.take() {
                Some(taken) => taken,
                None => match self.request.next() {
                    Some((at, task)) => (at, self.request_event(proxy, at, task)),
                    None if self.request.is_held() => return Action::Pause,
                    None => {
                        self.request.moves_on();
                        return Action::Continue;
                    }
                },
            };
            match step {
                Step::Continue => self.request.continued(at),
                Step::Edit(edits) => {
                    self.edit(proxy, Message::Request, at, &edits);
                    self.request.continued(at);
                }
                Step::Buffer => self.request.hold(at, Hold::WholeBody),
                Step::Wait => {
                    proxy.wait();
                    self.request.hold(at, Hold::Wake);
                }
                Step::Callout(callout) if proxy.send(&callout) => self.request.hold(at, Hold::Answer),
                Step::Callout(_) => {
                    let failed = |stream: &mut dyn Stream, host: &dyn Host| stream.on_callout(host, Answer::Failed);
                    taken = Some((at, self.with_member(proxy, at, failed)));
                }
                Step::Respond(reply) => {
                    self.respond(proxy, at, *reply);
                    return Action::Pause;
                }
            }
        }
        proxy.log(LogLevel::Error, "a filter does not come to a decision; the request is refused");
        self.respond(proxy, 0, Reply::from_error(GatewayError::new(ResponseType::ApiConfigurationError)));
        Action::Pause
    }

    /// The same for the response. Envoy takes an answer there as long as no header has left.
    fn advance_response(&mut self, proxy: &dyn Proxy) -> Action {
        if self.decided {
            return Action::Continue;
        }
        for _ in 0..self.max_steps() {
            let Some((position, task)) = self.response.next() else {
                if self.response.is_held() {
                    return Action::Pause;
                }
                self.response.moves_on();
                self.passed = true;
                return Action::Continue;
            };
            let at = self.started.saturating_sub(position).saturating_sub(1);
            let step = self.with_member(proxy, at, |stream, host| match task {
                Task::Headers { end_of_stream } => stream.on_response_headers(host, end_of_stream),
                Task::Body(body) => stream.on_response_body(host, body),
            });
            match step {
                Step::Continue => self.response.continued(position),
                Step::Edit(edits) => {
                    self.edit(proxy, Message::Response, at, &edits);
                    if let Some(body) = &edits.body {
                        self.response.replaced_body(position, body.len());
                    }
                    self.response.continued(position);
                }
                Step::Buffer if self.response.has_no_body() => self.response.continued(position),
                Step::Buffer => self.response.hold(position, Hold::WholeBody),
                Step::Respond(reply) => {
                    self.replace(proxy, at, *reply);
                    return Action::Pause;
                }
                Step::Callout(_) | Step::Wait => {
                    proxy.log(LogLevel::Error, "a filter cannot call or wait while the response is under way");
                    return self.fail_response(proxy, at);
                }
            }
        }
        proxy.log(LogLevel::Error, "a filter does not come to a decision; the response is replaced");
        self.fail_response(proxy, 0)
    }

    fn fail_response(&mut self, proxy: &dyn Proxy, at: usize) -> Action {
        self.replace(proxy, at, Reply::from_error(GatewayError::new(ResponseType::ApiConfigurationError)));
        Action::Pause
    }

    fn max_steps(&self) -> usize {
        MAX_STEPS_PER_MEMBER.saturating_mul(self.members.len().saturating_add(1))
    }

    fn request_event(&mut self, proxy: &dyn Proxy, at: usize, task: Task) -> Step {
        self.started = self.started.max(at.saturating_add(1));
        self.with_member(proxy, at, |stream, host| match task {
            Task::Headers { end_of_stream } => stream.on_request_headers(host, end_of_stream),
            Task::Body(body) => stream.on_request_body(host, body),
        })
    }

    fn with_member(
        &mut self,
        proxy: &dyn Proxy,
        at: usize,
        event: impl FnOnce(&mut dyn Stream, &dyn Host) -> Step,
    ) -> Step {
        let Self { chain, members, memory, .. } = self;
        let Some(member) = members.get_mut(at) else { return Step::Continue };
        event(member.stream.as_mut(), &View { proxy, chain, memory, index: member.index })
    }

    fn edit(&mut self, proxy: &dyn Proxy, message: Message, at: usize, edits: &Edits) {
        match message {
            Message::Request => self.edit_request(proxy, at, edits),
            Message::Response => self.edit_response(proxy, edits),
        }
        for (property, value) in &edits.properties {
            self.view(proxy, at).set_property(*property, value);
        }
    }

    fn edit_request(&mut self, proxy: &dyn Proxy, at: usize, edits: &Edits) {
        proxy.edit(Message::Request, edits);
        // What the last member writes is for the backend; on the way out, the client's request is meant.
        let for_backend = at.saturating_add(1) >= self.members.len() && self.chain.is_shared();
        if edits.changes_headers() && !for_backend {
            *self.memory.request_headers.borrow_mut() = None;
        }
        if let Some(body) = &edits.body {
            self.request.replaced_body(at, body.len());
        }
    }

    fn edit_response(&mut self, proxy: &dyn Proxy, edits: &Edits) {
        if let Some(own) = self.memory.own_reply.borrow_mut().as_mut() {
            own.edit(edits);
            *self.memory.response_headers.borrow_mut() = None;
        } else {
            proxy.edit(Message::Response, edits);
            self.memory.edited(edits);
        }
    }

    /// Answers the client, after the members that have seen the request have seen the answer.
    fn respond(&mut self, proxy: &dyn Proxy, at: usize, reply: Reply) {
        self.answered = true;
        let own = self.own_reply(proxy, at, reply);
        let bytes = own.reply.body.len();
        self.memory.own_reply = RefCell::new(Some(own));
        self.on_response_headers(proxy, bytes == 0);
        if bytes > 0 {
            self.on_response_body(proxy, bytes, true);
        }
        if let Some(own) = self.memory.own_reply.take() {
            self.send(proxy, &own);
        }
    }

    /// Answers the client instead of the response under way. No other member sees it.
    fn replace(&mut self, proxy: &dyn Proxy, at: usize, reply: Reply) {
        self.decided = true;
        let own = self.own_reply(proxy, at, reply);
        if self.memory.own_reply.borrow().is_some() {
            self.memory.own_reply = RefCell::new(Some(own));
        } else {
            self.send(proxy, &own);
        }
    }

    /// A member's answer with what logs and `gateway-responses` want to know of it.
    fn own_reply(&self, proxy: &dyn Proxy, at: usize, reply: Reply) -> OwnReply {
        let view = self.view(proxy, at);
        let details = match &reply.error {
            Some(error) => {
                view.set_property(Property::Error, &error.to_property());
                format!("apigw.{}", error.response_type.map_or("FORBIDDEN", ResponseType::name))
            }
            None => "apigw.integration".to_owned(),
        };
        if let Some(log) = view.execution_log().filter(|_| self.decided) {
            // No member sees this one any more.
            log.note_response(reply.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_ref())), &reply.body);
        }
        // Without gateway-responses in the chain nobody else adds the ids.
        let reply = match view.property(Property::Request) {
            Some(_) => reply,
            None => reply.with_ids(&Ids::of_request(&view)),
        };
        OwnReply { reply, details }
    }

    fn send(&mut self, proxy: &dyn Proxy, own: &OwnReply) {
        self.decided = true;
        let content_type = own.reply.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        self.content_type = content_type.filter(|_| own.reply.body.is_empty()).map(|(_, value)| value.clone());
        self.responded = true;
        self.memory.answered(own);
        proxy.respond(&own.reply, &own.details);
    }

    fn view<'a>(&'a self, proxy: &'a dyn Proxy, at: usize) -> View<'a> {
        let index = self.members.get(at).map_or(0, |member| member.index);
        View { proxy, chain: &self.chain, memory: &self.memory, index }
    }
}
