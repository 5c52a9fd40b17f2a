//! A filter that does what a script says, and a proxy that writes down what it is asked to do.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use chain::{Chain, Message, Proxy};
use gateway::{
    Answer, Body, Callout, Cas, ConfigError, Edits, GatewayError, Headers, Host, LogLevel, Metric, Property, Reply,
    ResponseType, Root, SharedDataError, Step, Stream, UnixMillis,
};

/// What happened, in order.
pub type Journal = Rc<RefCell<Vec<String>>>;
/// A member's decision at an event; it may look around first.
pub type Decide = Rc<dyn Fn(&str, &dyn Host) -> Step>;

/// A filter whose every event is written down and decided by a function.
pub struct Scripted {
    pub name: &'static str,
    pub journal: Journal,
    pub decide: Decide,
    pub tick_millis: u32,
    pub calls: RefCell<VecDeque<Callout>>,
}

impl Root for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }

    fn start(&self, host: &dyn Host) -> Result<(), ConfigError> {
        host.log(LogLevel::Info, "starts");
        Ok(())
    }

    fn tick_millis(&self) -> u32 {
        self.tick_millis
    }

    fn on_tick(&self, _host: &dyn Host) -> Option<Callout> {
        self.journal.borrow_mut().push(format!("{} tick", self.name));
        self.calls.borrow_mut().pop_front()
    }

    fn on_callout(&self, _host: &dyn Host, _answer: Answer) -> Option<Callout> {
        self.journal.borrow_mut().push(format!("{} answer", self.name));
        self.calls.borrow_mut().pop_front()
    }

    fn takes_messages(&self) -> bool {
        false
    }

    /// Alone, a scripted filter has nothing for others but its errors.
    fn published(&self) -> Option<&[Property]> {
        Some(&[Property::Error])
    }

    fn stream(&self) -> Box<dyn Stream> {
        self.journal.borrow_mut().push(format!("{} stream", self.name));
        Box::new(ScriptedStream { name: self.name, journal: Rc::clone(&self.journal), decide: Rc::clone(&self.decide) })
    }
}

struct ScriptedStream {
    name: &'static str,
    journal: Journal,
    decide: Decide,
}

impl ScriptedStream {
    fn event(&self, host: &dyn Host, event: &str, detail: &str) -> Step {
        self.journal.borrow_mut().push(format!("{} {event}{detail}", self.name));
        (self.decide)(event, host)
    }
}

fn end(end_of_stream: bool) -> &'static str {
    if end_of_stream { " end" } else { "" }
}

impl Stream for ScriptedStream {
    fn on_request_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Step {
        self.event(host, "request", end(end_of_stream))
    }

    fn on_request_body(&mut self, host: &dyn Host, body: Body) -> Step {
        self.event(host, "body", &format!(" {}{}", body.bytes, end(body.end_of_stream)))
    }

    fn on_callout(&mut self, host: &dyn Host, answer: Answer) -> Step {
        let failed = if answer == Answer::Failed { " failed" } else { "" };
        self.event(host, "answer", failed)
    }

    fn on_wake(&mut self, host: &dyn Host) -> Step {
        self.event(host, "wake", "")
    }

    fn on_response_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Step {
        self.event(host, "response", end(end_of_stream))
    }

    fn on_response_body(&mut self, host: &dyn Host, body: Body) -> Step {
        self.event(host, "response body", &format!(" {}{}", body.bytes, end(body.end_of_stream)))
    }

    fn on_log(&mut self, host: &dyn Host) {
        self.event(host, "log", "");
    }
}

/// Envoy, as far as a chain needs it.
#[derive(Default)]
pub struct TestProxy {
    pub journal: Journal,
    pub route: Option<&'static str>,
    pub calls_fail: Cell<bool>,
    pub replies: RefCell<Vec<(Reply, String)>>,
    pub counted: RefCell<Vec<(usize, Metric)>>,
    pub logged: RefCell<Vec<String>>,
    /// Everything that members asked for and that came through to here.
    pub asked: RefCell<Vec<String>>,
}

impl TestProxy {
    fn ask(&self, what: impl Into<String>) {
        self.asked.borrow_mut().push(what.into());
    }
}

impl Host for TestProxy {
    fn now(&self) -> UnixMillis {
        UnixMillis(0)
    }

    fn random(&self) -> u64 {
        7
    }

    fn request_header(&self, name: &str) -> Option<Vec<u8>> {
        self.ask(format!("request header {name}"));
        self.request_headers().first(name).map(<[u8]>::to_vec)
    }

    fn request_headers(&self) -> Headers {
        self.ask("request headers");
        Headers::from_pairs(&[(":authority", "a.example"), (":path", "/p"), ("x-api-key", "1"), ("x-api-key", "2")])
    }

    fn request_headers_size(&self) -> usize {
        self.ask("size");
        0
    }

    fn response_header(&self, name: &str) -> Option<Vec<u8>> {
        self.ask(format!("response header {name}"));
        None
    }

    fn response_headers(&self) -> Headers {
        self.ask("response headers");
        Headers::from_pairs(&[(":status", "200")])
    }

    fn request_body(&self, _max_bytes: usize) -> Vec<u8> {
        Vec::new()
    }

    fn response_body(&self, _max_bytes: usize) -> Vec<u8> {
        Vec::new()
    }

    fn attribute(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.ask(format!("attribute {}", path.join(".")));
        match path {
            ["xds", "route_name"] => self.route.map(|name| name.as_bytes().to_vec()),
            _ => Some(b"value".to_vec()),
        }
    }

    fn property(&self, property: Property) -> Option<Vec<u8>> {
        self.ask(format!("property {}", property.name()));
        None
    }

    fn set_property(&self, property: Property, _value: &[u8]) {
        self.ask(format!("set {}", property.name()));
    }

    fn shared_data(&self, _key: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        Err(SharedDataError::Unavailable)
    }

    fn set_shared_data(&self, _key: &str, _value: &[u8], _expected: Option<Cas>) -> Result<(), SharedDataError> {
        Err(SharedDataError::Unavailable)
    }

    fn count(&self, _metric: Metric) {}

    fn log(&self, _level: LogLevel, message: &str) {
        self.logged.borrow_mut().push(message.to_owned());
    }
}

impl Proxy for TestProxy {
    fn edit(&self, message: Message, edits: &Edits) {
        self.journal.borrow_mut().push(format!("edit {message:?} {:?}", edits.set.first().map(|(name, _)| name)));
    }

    fn send(&self, callout: &Callout) -> bool {
        self.journal.borrow_mut().push(format!("call {}", callout.cluster));
        !self.calls_fail.get()
    }

    fn wait(&self) {
        self.journal.borrow_mut().push("wait".to_owned());
    }

    fn respond(&self, reply: &Reply, details: &str) {
        self.journal.borrow_mut().push(format!("respond {}", reply.status));
        self.replies.borrow_mut().push((reply.clone(), details.to_owned()));
    }

    fn count_of(&self, index: usize, metric: Metric) {
        self.counted.borrow_mut().push((index, metric));
    }
}

/// A chain of scripted filters, its proxy, and what happens.
pub struct Bench {
    pub chain: Rc<Chain>,
    pub proxy: TestProxy,
}

impl Bench {
    /// Filters with these names and decisions.
    pub fn new(members: &[(&'static str, Decide)]) -> Self {
        Self::with(members, &[], Vec::new())
    }

    /// The same, with routes that leave members out, and published properties.
    pub fn with(members: &[(&'static str, Decide)], without: &[(&str, &[&str])], published: Vec<Property>) -> Self {
        let proxy = TestProxy::default();
        let filters = members.iter().map(|(name, decide)| scripted(name, &proxy.journal, Rc::clone(decide))).collect();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let without: BTreeMap<String, Vec<String>> =
            without.iter().map(|(route, left_out)| ((*route).to_owned(), names(left_out))).collect();
        Self { chain: Rc::new(Chain::of(filters, &without, published).unwrap()), proxy }
    }

    /// What has happened since the last time it was asked.
    pub fn journal(&self) -> Vec<String> {
        let events = self.proxy.journal.take();
        events.into_iter().filter(|event| !event.ends_with(" stream")).collect()
    }
}

/// A scripted filter without periodic work.
pub fn scripted(name: &'static str, journal: &Journal, decide: Decide) -> Box<dyn Root> {
    let journal = Rc::clone(journal);
    Box::new(Scripted { name, journal, decide, tick_millis: 0, calls: RefCell::default() })
}

/// Lets everything on.
pub fn passes() -> Decide {
    Rc::new(|_, _| Step::Continue)
}

/// Takes `step` at `event`, and lets everything else on.
pub fn at(event: &'static str, step: impl Fn() -> Step + 'static) -> Decide {
    Rc::new(move |now, _| if now == event { step() } else { Step::Continue })
}

pub fn refusal() -> Step {
    Step::refuse(GatewayError::new(ResponseType::Unauthorized))
}

pub fn edit(name: &'static str) -> Step {
    let mut edits = Edits::default();
    edits.set(name, &b"x"[..]);
    edits.into()
}

pub fn callout(cluster: &str) -> Callout {
    Callout {
        cluster: cluster.to_owned(),
        connections: None,
        headers: Vec::new(),
        body: Vec::new(),
        timeout: Duration::from_secs(1),
    }
}

pub fn call(cluster: &str) -> Step {
    Step::Callout(Box::new(callout(cluster)))
}

pub fn answer() -> Answer {
    Answer::Response { headers: Headers::default(), body: Vec::new() }
}
