//! What the two halves of the filter know together on one worker: accepted handshakes on their way to the internal
//! listener, open connections, and the configuration in force.
//!
//! Envoy keeps an internal connection on the worker of its request, and one VM a worker, so this needs no lock.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use gateway::execution::Redaction;
use gateway::{Address, Callout, Host};

use crate::config::WebSocketConfig;
use crate::event::Session;
use crate::journal::Lines;

/// The message with which a worker reminds itself; it is no call of `@connections`.
const REMINDER: &[u8] = b"L";

/// An accepted handshake.
pub struct Accepted {
    /// The API.
    pub config: Rc<WebSocketConfig>,
    /// What the API knows of the connection.
    pub session: Session,
    /// `Sec-WebSocket-Protocol` for the client.
    pub subprotocol: Option<Vec<u8>>,
    /// What must not be in the execution log; unknown where there is none.
    pub secrets: Option<Redaction>,
}

#[derive(Default)]
struct Worker {
    /// By serial number; a handshake takes its entry away when its request ends.
    accepted: HashMap<u64, Accepted>,
    /// The context of each open connection, by serial number.
    connections: HashMap<u64, u32>,
    /// Envoy is about to end.
    draining: bool,
    /// Lines for access logs, by cluster.
    lines: BTreeMap<String, Lines>,
    /// Calls of connections that are gone.
    last_calls: Vec<Callout>,
    /// By API id and stage. An open connection follows changes of the API.
    configs: BTreeMap<(String, String), Rc<WebSocketConfig>>,
}

thread_local! {
    static WORKER: RefCell<Worker> = RefCell::new(Worker::default());
}

/// No call goes out from inside, so the worker is never borrowed already.
fn with<T>(run: impl FnOnce(&mut Worker) -> T) -> Option<T> {
    WORKER.with(|worker| worker.try_borrow_mut().ok().map(|mut worker| run(&mut worker)))
}

/// Keeps an accepted handshake for the internal listener.
pub fn accept(serial: u64, accepted: Accepted) {
    with(|worker| worker.accepted.insert(serial, accepted));
}

/// Takes an accepted handshake.
pub fn take_accepted(serial: u64) -> Option<Accepted> {
    with(|worker| worker.accepted.remove(&serial)).flatten()
}

/// A connection is open.
pub fn register(serial: u64, context: u32) {
    with(|worker| worker.connections.insert(serial, context));
}

/// A connection is no more.
pub fn forget(serial: u64) {
    with(|worker| worker.connections.remove(&serial));
}

/// The context of an open connection.
pub fn context_of(serial: u64) -> Option<u32> {
    with(|worker| worker.connections.get(&serial).copied()).flatten()
}

/// The lines that wait, by cluster.
pub fn with_lines<T>(run: impl FnOnce(&mut BTreeMap<String, Lines>) -> T) -> Option<T> {
    with(|worker| run(&mut worker.lines))
}

/// The calls that wait, of connections that are gone.
pub fn with_last_calls<T>(run: impl FnOnce(&mut Vec<Callout>) -> T) -> Option<T> {
    with(|worker| run(&mut worker.last_calls))
}

/// Reminds the worker to send what waits before its clock does.
pub fn remind(host: &dyn Host) {
    if let Some(own) = host.address() {
        host.post(Address { context: 0, ..own }, REMINDER);
    }
}

/// Puts a configuration in force.
pub fn configure(config: &Rc<WebSocketConfig>) {
    let key = (config.api.api_id.clone(), config.api.stage.clone());
    with(|worker| {
        worker.draining = config.draining;
        worker.configs.insert(key, Rc::clone(config));
    });
}

/// Whether Envoy is about to end.
pub fn is_draining() -> bool {
    with(|worker| worker.draining).unwrap_or_default()
}

/// The configuration in force for the API and stage of `config`.
pub fn current(config: &Rc<WebSocketConfig>) -> Rc<WebSocketConfig> {
    let key = (config.api.api_id.clone(), config.api.stage.clone());
    with(|worker| worker.configs.get(&key).cloned()).flatten().unwrap_or_else(|| Rc::clone(config))
}
