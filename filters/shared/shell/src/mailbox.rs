//! Messages between the workers of one Envoy, over shared queues.
//!
//! Each VM has one mailbox, named by a random number that is new for each VM, and shows every second that it is alive.
//! Envoy keeps the queues of VMs that are gone, so a mailbox that has not shown itself for a while is not written to.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use gateway::Address;

use crate::abi;
use crate::host::{next_random, now_millis};

/// How long a worker counts as alive after it has last shown itself, in milliseconds: ten of its ticks.
const ALIVE_MILLIS: u64 = 10_000;
/// Most workers whose queue is remembered; twice the workers of the largest machines.
const MAX_KNOWN_QUEUES: usize = 1024;

/// No contexts have these numbers.
const LOOK_ON: u32 = u32::MAX;
const CLOSE: u32 = u32::MAX - 1;

/// What a message in a queue is.
#[derive(Debug, PartialEq, Eq)]
pub enum Mail {
    /// For a context, or for the filter when that is 0.
    Message(u32, Vec<u8>),
    /// The worker reminds itself to go on looking for connections that are due.
    LookOn,
    /// The worker reminds itself to close a connection.
    Close(u32),
}

#[derive(Clone, Copy)]
struct Mailbox {
    worker: u64,
    queue: u32,
}

thread_local! {
    static OWN: Cell<Option<Mailbox>> = const { Cell::new(None) };
    static QUEUES: RefCell<HashMap<u64, u32>> = RefCell::new(HashMap::new());
}

/// Opens this VM's mailbox for the root context whose callback runs now. Messages come to the last one that has.
pub fn open() {
    let worker = OWN.get().map_or_else(next_random, |own| own.worker);
    if let Ok(queue) = abi::register_queue(&queue_name(worker)) {
        OWN.set(Some(Mailbox { worker, queue }));
        show_alive();
    }
}

/// The number of this worker; `None` when it has no mailbox.
pub fn worker() -> Option<u64> {
    OWN.get().map(|own| own.worker)
}

/// Shows the other workers that this one is alive.
pub fn show_alive() {
    if let Some(own) = OWN.get() {
        let _ = abi::set_shared_data(&alive_key(own.worker), &now_millis().to_le_bytes(), None);
    }
}

/// Sends a message. `false` when there is no such worker, or it is gone.
pub fn post(to: Address, message: &[u8]) -> bool {
    match queue_of(to.worker) {
        Some(queue) => enqueue(queue, to.context, message),
        None => false,
    }
}

/// Sends this worker a reminder to look on.
pub fn remind() {
    if let Some(own) = OWN.get() {
        enqueue(own.queue, LOOK_ON, &[]);
    }
}

/// Sends this worker a reminder to close a connection. `false` when it cannot be sent.
pub fn close_soon(context: u32) -> bool {
    OWN.get().is_some_and(|own| enqueue(own.queue, CLOSE, &context.to_le_bytes()))
}

/// Takes one message out of a queue.
pub fn receive(queue: u32) -> Option<Mail> {
    let mut mail = abi::dequeue(queue).ok()?;
    let (context, _) = mail.split_first_chunk()?;
    Some(match u32::from_le_bytes(*context) {
        LOOK_ON => Mail::LookOn,
        CLOSE => Mail::Close(u32::from_le_bytes(*mail.get(size_of::<u32>()..)?.first_chunk()?)),
        context => Mail::Message(context, mail.split_off(size_of::<u32>())),
    })
}

fn enqueue(queue: u32, context: u32, message: &[u8]) -> bool {
    let mut mail = Vec::with_capacity(message.len().saturating_add(size_of::<u32>()));
    mail.extend_from_slice(&context.to_le_bytes());
    mail.extend_from_slice(message);
    abi::enqueue(queue, &mail).is_ok()
}

fn queue_of(worker: u64) -> Option<u32> {
    if let Some(own) = OWN.get().filter(|own| own.worker == worker) {
        return Some(own.queue);
    }
    let (shown, _) = abi::shared_data(&alive_key(worker)).ok()?;
    let shown = u64::from_le_bytes(shown.as_slice().try_into().ok()?);
    if now_millis().saturating_sub(shown) > ALIVE_MILLIS {
        return None;
    }
    QUEUES.with(|queues| {
        let mut queues = queues.try_borrow_mut().ok()?;
        if let Some(queue) = queues.get(&worker) {
            return Some(*queue);
        }
        let vm_id = abi::property(b"plugin_vm_id").unwrap_or_default();
        let queue = abi::resolve_queue(&vm_id, &queue_name(worker)).ok()?;
        if queues.len() >= MAX_KNOWN_QUEUES {
            queues.clear();
        }
        queues.insert(worker, queue);
        Some(queue)
    })
}

fn queue_name(worker: u64) -> String {
    format!("apigw.worker.{worker:016x}")
}

fn alive_key(worker: u64) -> String {
    format!("apigw.alive.{worker:016x}")
}
