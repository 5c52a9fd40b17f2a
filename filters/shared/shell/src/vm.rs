//! The contexts of one VM: which filter each root is, which stream each request is.
//!
//! A context is taken out of the table while its core runs, so a callback that Envoy nests into another one finds
//! the table free, and one that names a context nobody knows does nothing.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use chain::{Action, Chain};
use gateway::{
    Answer, ConfigError, Host, LogLevel, NetworkFilter, NetworkRoot, UPSTREAM_CONNECTIONS, UnixMillis, network_root,
};

use crate::abi::{self, Buffer, Half};
use crate::connection::ConnectionContext;
use crate::host::{Counters, Envoy, define_counters, now_millis};
use crate::mailbox::{self, Mail};
use crate::stream::{StreamContext, answer, send};
use crate::upstream::{self, UpstreamContext};

/// Largest configuration that a filter reads: 100,000 API keys take about 15 MB.
const MAX_CONFIGURATION_BYTES: usize = 256 << 20;

/// Most connections that one callback looks after because their time has come. Each may close, and Envoy runs what a
/// callback has asked for one within the other.
const MAX_DUE_PER_CALLBACK: usize = 64;

/// Makes a running network filter of its configuration.
type ConfigureNetwork = fn(&[u8], &dyn Host) -> Result<Rc<dyn NetworkRoot>, ConfigError>;

/// One of a module's network filters.
pub struct NetworkEntry {
    name: &'static str,
    configure: ConfigureNetwork,
}

impl NetworkEntry {
    /// The entry of filter `F`.
    pub const fn of<F: NetworkFilter>() -> Self {
        Self { name: F::NAME, configure: network_root::<F> }
    }
}

/// What `root_id` names.
enum Named {
    Http(&'static chain::Entry),
    Network(&'static NetworkEntry),
    Upstream,
}

enum Context {
    /// Created, not configured.
    NewRoot,
    Root(RootContext),
    NetworkRoot(NetworkRootContext),
    Stream(Box<StreamContext>),
    Connection(Box<ConnectionContext>),
    UpstreamRoot,
    Upstream(UpstreamContext),
}

#[derive(Clone)]
struct RootContext {
    chain: Rc<Chain>,
    counters: Rc<[Counters]>,
}

#[derive(Clone)]
struct NetworkRootContext {
    root: Rc<dyn NetworkRoot>,
    counters: Rc<[Counters]>,
}

/// Context ids are small numbers that Envoy counts up; multiplying spreads them.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, id: u32) {
        self.0 = (self.0 ^ u64::from(id)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// What tells Envoy to go on, or not to.
const CONTINUE: i32 = 0;
const PAUSE: i32 = 1;

type Contexts = HashMap<u32, Context, BuildHasherDefault<IdHasher>>;

thread_local! {
    static CONTEXTS: RefCell<Contexts> = RefCell::new(Contexts::default());
    /// The request whose callback runs now; 0 while none does.
    static RUNNING: Cell<u32> = const { Cell::new(0) };
    /// The request that each call under way belongs to, by the call's token. Envoy answers to the root.
    static CALLS: RefCell<HashMap<u32, u32, BuildHasherDefault<IdHasher>>> = RefCell::new(HashMap::default());
    /// The network filter that was configured last: messages are its, and calls that outlive their connection.
    static NETWORK_ROOT: Cell<u32> = const { Cell::new(0) };
    /// The requests that wait for periodic work.
    static WAITING: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// The root of the network filter that was configured last; 0 while there is none.
pub fn network_root_id() -> u32 {
    NETWORK_ROOT.get()
}

/// The request or connection whose callback runs now.
pub fn running() -> Option<u32> {
    Some(RUNNING.get()).filter(|running| *running != 0)
}

/// Remembers that the request whose callback runs now has made a call.
pub fn called(token: u32) {
    let running = RUNNING.get();
    if running != 0 {
        CALLS.with(|calls| calls.try_borrow_mut().map(|mut calls| calls.insert(token, running)).ok());
    }
}

/// Remembers that the request whose callback runs now waits for periodic work.
pub fn waits() {
    let running = RUNNING.get();
    if running != 0 {
        WAITING.with(|waiting| waiting.try_borrow_mut().map(|mut waiting| waiting.push(running)).ok());
    }
}

/// Goes on with the requests that wait. Those whose answer has not come wait again; some may be gone by now.
fn wake() {
    for context in WAITING.take() {
        if abi::set_effective_context(context).is_ok() {
            with_stream(context, Action::Continue, |stream| {
                stream.on_wake();
                Action::Continue
            });
        }
    }
}

fn with_contexts<T>(run: impl FnOnce(&mut Contexts) -> T) -> Option<T> {
    CONTEXTS.with(|contexts| contexts.try_borrow_mut().ok().map(|mut contexts| run(&mut contexts)))
}

/// Runs a callback of a request; one that no filter knows passes on where `or` says so.
fn with_stream(context: u32, or: Action, run: impl FnOnce(&mut StreamContext) -> Action) -> i32 {
    let action = match take_context(context) {
        Some(Context::Stream(mut stream)) => {
            let action = run_as(context, || run(&mut stream));
            put_context(context, Context::Stream(stream));
            action
        }
        Some(other) => {
            put_context(context, other);
            or
        }
        None => or,
    };
    match action {
        Action::Continue => CONTINUE,
        Action::Pause => PAUSE,
    }
}

/// Takes a context out of the table while its callback runs.
fn take_context(context: u32) -> Option<Context> {
    with_contexts(|contexts| contexts.remove(&context)).flatten()
}

fn put_context(context: u32, kind: Context) {
    with_contexts(|contexts| contexts.insert(context, kind));
}

/// Runs a callback of a request or connection.
fn run_as<T>(context: u32, run: impl FnOnce() -> T) -> T {
    let before = RUNNING.replace(context);
    let result = run();
    RUNNING.set(before);
    result
}

/// Runs a callback of a connection, if there is such a one.
fn with_connection<T>(context: u32, run: impl FnOnce(&mut ConnectionContext) -> T) -> Option<T> {
    match take_context(context)? {
        Context::Connection(mut connection) => {
            let result = run_as(context, || run(&mut connection));
            put_context(context, Context::Connection(connection));
            Some(result)
        }
        other => {
            put_context(context, other);
            None
        }
    }
}

/// `proxy_on_context_create`.
pub fn create(context: u32, root: u32) {
    with_contexts(|contexts| {
        let new = match contexts.get(&root) {
            Some(Context::Root(root)) => {
                Context::Stream(Box::new(StreamContext::new(root.chain.stream(), Rc::clone(&root.counters))))
            }
            Some(Context::NetworkRoot(root)) => {
                let connection = ConnectionContext::new(root.root.connection(), Rc::clone(&root.counters));
                Context::Connection(Box::new(connection))
            }
            Some(Context::UpstreamRoot) => Context::Upstream(UpstreamContext::new()),
            _ if root == 0 => Context::NewRoot,
            _ => return,
        };
        contexts.insert(context, new);
    });
}

/// `proxy_on_configure`.
pub fn configure(context: u32, size: usize, http: &'static [chain::Entry], network: &'static [NetworkEntry]) -> i32 {
    match configured(size, http, network) {
        Ok(root) => {
            let tick_millis = match &root {
                Context::Root(root) => {
                    // After a trap the network filter comes back with the first connection, and a handshake before it
                    // needs the worker's address.
                    if root.chain.takes_messages() && NETWORK_ROOT.get() == 0 {
                        mailbox::open();
                    }
                    root.chain.tick_millis()
                }
                Context::NetworkRoot(root) => {
                    NETWORK_ROOT.set(context);
                    mailbox::open();
                    root.root.tick_millis()
                }
                Context::UpstreamRoot => upstream::TICK_MILLIS,
                Context::NewRoot | Context::Stream(_) | Context::Connection(_) | Context::Upstream(_) => 0,
            };
            if tick_millis > 0 {
                let _ = abi::set_tick_period(tick_millis);
            }
            with_contexts(|contexts| contexts.insert(context, root));
            1
        }
        Err(message) => {
            const CRITICAL: i32 = 5;
            abi::log(CRITICAL, &message);
            0
        }
    }
}

fn configured(size: usize, http: &'static [chain::Entry], network: &'static [NetworkEntry]) -> Result<Context, String> {
    let filter = match (http, network) {
        ([only], []) => Named::Http(only),
        ([], [only]) => Named::Network(only),
        _ => named(http, network)?,
    };
    let name = match &filter {
        Named::Http(entry) => entry.name,
        Named::Network(entry) => entry.name,
        Named::Upstream => return Ok(Context::UpstreamRoot),
    };
    let json = match size {
        0 => b"{}".to_vec(),
        _ => abi::buffer(Buffer::Configuration, MAX_CONFIGURATION_BYTES)
            .map_err(|_| format!("{name}: the configuration cannot be read"))?,
    };
    let wrong = |error| format!("{name}: {error}");
    Ok(match filter {
        Named::Upstream => Context::UpstreamRoot,
        Named::Http(entry) => {
            let chain = Rc::new((entry.configure)(&json).map_err(wrong)?);
            let counters: Rc<[Counters]> = chain.names().map(define_counters).collect();
            chain.start(&Envoy::new(&counters)).map_err(wrong)?;
            Context::Root(RootContext { chain, counters })
        }
        Named::Network(entry) => {
            let counters: Rc<[Counters]> = Rc::new([define_counters(name)]);
            let root = (entry.configure)(&json, &Envoy::new(&counters)).map_err(wrong)?;
            Context::NetworkRoot(NetworkRootContext { root, counters })
        }
    })
}

/// The filter that `root_id` names, of several.
fn named(http: &'static [chain::Entry], network: &'static [NetworkEntry]) -> Result<Named, String> {
    let root_id = abi::property(b"plugin_root_id").unwrap_or_default();
    if let Some(entry) = http.iter().find(|entry| entry.name.as_bytes() == root_id) {
        return Ok(Named::Http(entry));
    }
    if let Some(entry) = network.iter().find(|entry| entry.name.as_bytes() == root_id) {
        return Ok(Named::Network(entry));
    }
    if !network.is_empty() && root_id == UPSTREAM_CONNECTIONS.as_bytes() {
        return Ok(Named::Upstream);
    }
    let names = http.iter().map(|entry| entry.name).chain(network.iter().map(|entry| entry.name));
    Err(format!(
        "root_id: `{}` is no filter of this module, expected one of `{}`",
        String::from_utf8_lossy(&root_id),
        names.collect::<Vec<_>>().join("`, `")
    ))
}

/// `proxy_on_delete`.
pub fn delete(context: u32) {
    // Dropped after the table is free again.
    let _context = with_contexts(|contexts| contexts.remove(&context));
}

/// `proxy_on_request_headers`. A request whose context is unknown stays where it is: nothing has checked it.
pub fn request_headers(context: u32, end_of_stream: bool) -> i32 {
    with_stream(context, Action::Pause, |stream| stream.on_request_headers(end_of_stream))
}

/// `proxy_on_request_body`.
pub fn request_body(context: u32, bytes: usize, end_of_stream: bool) -> i32 {
    with_stream(context, Action::Pause, |stream| stream.on_request_body(bytes, end_of_stream))
}

/// `proxy_on_request_trailers`.
pub fn request_trailers(context: u32) -> i32 {
    with_stream(context, Action::Pause, StreamContext::on_request_trailers)
}

/// `proxy_on_response_headers`.
pub fn response_headers(context: u32, end_of_stream: bool) -> i32 {
    with_stream(context, Action::Continue, |stream| stream.on_response_headers(end_of_stream))
}

/// `proxy_on_response_body`.
pub fn response_body(context: u32, bytes: usize, end_of_stream: bool) -> i32 {
    with_stream(context, Action::Continue, |stream| stream.on_response_body(bytes, end_of_stream))
}

/// `proxy_on_response_trailers`.
pub fn response_trailers(context: u32) -> i32 {
    with_stream(context, Action::Continue, StreamContext::on_response_trailers)
}

/// `proxy_on_log`.
pub fn log(context: u32) {
    with_stream(context, Action::Continue, |stream| {
        stream.on_log();
        Action::Continue
    });
}

/// `proxy_on_http_call_response`, for a request or for a root's periodic work.
pub fn callout(context: u32, token: u32, headers: usize) {
    if let Some(ended) = upstream::opening_ended(token) {
        return deliver_answer(ended);
    }
    let caller = CALLS.with(|calls| calls.try_borrow_mut().ok().and_then(|mut calls| calls.remove(&token)));
    match caller {
        // The request may be gone by now.
        Some(caller) => {
            let is_known = abi::set_effective_context(caller).is_ok();
            deliver_answer(is_known.then(|| (caller, answer(headers))));
        }
        None => {
            if let Some(root) = root_context(context) {
                let next = root.chain.on_callout(&Envoy::new(&root.counters), answer(headers));
                run_callouts(&root, next);
                wake();
            }
        }
    }
}

/// Hands over the answer to a call. Who has made it may be gone by now.
fn deliver_answer(answer: Option<(u32, Answer)>) {
    if let Some((caller, answer)) = answer
        && abi::set_effective_context(caller).is_ok()
    {
        match take_context(caller) {
            Some(Context::Connection(mut connection)) => {
                run_as(caller, || connection.on_callout(answer));
                put_context(caller, Context::Connection(connection));
            }
            Some(Context::Stream(mut stream)) => {
                run_as(caller, || stream.on_callout(answer));
                put_context(caller, Context::Stream(stream));
            }
            Some(other) => put_context(caller, other),
            None => {}
        }
    }
    // Others may have waited for the same answer.
    wake();
}

/// `proxy_on_downstream_data`. Envoy keeps everything: see [`crate::connection`] and [`crate::upstream`].
pub fn downstream_data(context: u32, end: bool) -> i32 {
    match take_context(context) {
        Some(Context::Connection(mut connection)) => {
            run_as(context, || connection.on_data(end));
            put_context(context, Context::Connection(connection));
        }
        Some(Context::Upstream(mut upstream)) => {
            upstream.on_data(context);
            put_context(context, Context::Upstream(upstream));
        }
        Some(other) => put_context(context, other),
        None => {}
    }
    PAUSE
}

/// `proxy_on_upstream_data`. What comes from a backend stays here; what goes to a client goes on.
pub fn upstream_data(context: u32, end: bool) -> i32 {
    if with_contexts(|contexts| matches!(contexts.get(&context), Some(Context::Upstream(_)))) != Some(true) {
        return CONTINUE;
    }
    deliver_answer(upstream::on_upstream_data(context, end));
    PAUSE
}

/// `proxy_on_downstream_connection_close`. A last call is sent from the root: those of the connection end with it.
pub fn connection_closed(context: u32) {
    if let Some(answer) = upstream::on_close(context) {
        return deliver_answer(Some(answer));
    }
    let last = with_connection(context, ConnectionContext::on_close).flatten();
    if let Some(callout) = last.filter(|_| abi::set_effective_context(NETWORK_ROOT.get()).is_ok()) {
        let _ = send(&callout);
        let _ = abi::set_effective_context(context);
    }
}

/// `proxy_on_queue_ready`, once for each message.
pub fn queue_ready(queue: u32) {
    match mailbox::receive(queue) {
        Some(Mail::Message(0, message)) => {
            let Some(root) = network_root_context(NETWORK_ROOT.get()) else { return };
            if let Some(recipient) = root.root.on_message(&Envoy::new(&root.counters), &message) {
                deliver(recipient, &message);
            } else {
                send_all(&root);
            }
        }
        Some(Mail::Message(recipient, message)) => deliver(recipient, &message),
        Some(Mail::LookOn) => look_after_connections(),
        Some(Mail::Close(context)) => {
            let _ = abi::set_effective_context(context).and_then(|()| abi::close_stream(Half::Downstream));
        }
        None => {}
    }
}

fn deliver(context: u32, message: &[u8]) {
    if abi::set_effective_context(context).is_ok()
        && with_connection(context, |connection| connection.on_message(message)).is_none()
    {
        with_stream(context, Action::Continue, |stream| {
            stream.on_message(message);
            Action::Continue
        });
    }
}

/// Tells connections whose time has come, as many as one callback may.
fn look_after_connections() {
    let now = UnixMillis(now_millis());
    let is_due = |(context, kind): (&u32, &Context)| match kind {
        Context::Connection(connection) if connection.due().is_some_and(|due| due <= now) => Some(*context),
        _ => None,
    };
    let due: Vec<u32> =
        with_contexts(|contexts| contexts.iter().filter_map(is_due).take(MAX_DUE_PER_CALLBACK).collect())
            .unwrap_or_default();
    for context in &due {
        if abi::set_effective_context(*context).is_ok() {
            with_connection(*context, ConnectionContext::on_due);
        }
    }
    if due.len() == MAX_DUE_PER_CALLBACK {
        mailbox::remind();
    }
}

/// `proxy_on_tick`.
pub fn tick(context: u32) {
    if with_contexts(|contexts| matches!(contexts.get(&context), Some(Context::UpstreamRoot))) == Some(true) {
        for answer in upstream::expire() {
            deliver_answer(Some(answer));
        }
        return;
    }
    if network_root_context(context).is_some() {
        if context == NETWORK_ROOT.get() {
            mailbox::show_alive();
            look_after_connections();
            wake();
            if let Some(root) = network_root_context(context).filter(|_| abi::set_effective_context(context).is_ok()) {
                send_all(&root);
            }
        }
        return;
    }
    if let Some(root) = root_context(context) {
        if root.chain.takes_messages() && NETWORK_ROOT.get() == 0 {
            mailbox::show_alive();
        }
        let next = root.chain.on_tick(&Envoy::new(&root.counters));
        run_callouts(&root, next);
        wake();
    }
}

/// Sends what a network filter wants sent.
fn send_all(root: &NetworkRootContext) {
    let envoy = Envoy::new(&root.counters);
    for callout in root.root.callouts(&envoy) {
        if !send(&callout) {
            envoy.log(LogLevel::Warn, &format!("a call to {} could not be made", callout.cluster));
        }
    }
}

/// Sends what a root wants sent; one that fails at once is answered at once.
fn run_callouts(root: &RootContext, mut next: Option<gateway::Callout>) {
    const MAX_CALLOUTS_PER_CALLBACK: usize = 16;
    for _ in 0..MAX_CALLOUTS_PER_CALLBACK {
        let Some(callout) = next else { return };
        if send(&callout) {
            return;
        }
        next = root.chain.on_callout(&Envoy::new(&root.counters), gateway::Answer::Failed);
    }
}

fn root_context(context: u32) -> Option<RootContext> {
    with_contexts(|contexts| match contexts.get(&context) {
        Some(Context::Root(root)) => Some(root.clone()),
        _ => None,
    })
    .flatten()
}

fn network_root_context(context: u32) -> Option<NetworkRootContext> {
    with_contexts(|contexts| match contexts.get(&context) {
        Some(Context::NetworkRoot(root)) => Some(root.clone()),
        _ => None,
    })
    .flatten()
}
