//! What connections that are gone still have to tell their integrations: the messages that waited, and then
//! `$disconnect`.
//!
//! Envoy ends the calls of a connection with it. So these go out from the worker's root, at once and in their order;
//! nobody waits for the answers.

use gateway::{Callout, Host, LogLevel};

use crate::worker;

/// How many calls wait on a worker; further ones are lost. They wait for one turn of Envoy's loop, so that many come
/// together only when many connections end at once.
const MAX_CALLS: usize = 1024;
/// How large the bodies of calls are that wait on a worker, in bytes: those of a hundred connections with much to say.
const MAX_BYTES: usize = 16 << 20;

/// Keeps a connection's calls until the root sends them: all of them, or where there is no room, none. Gives back the
/// last one then, which is small and can go out by itself.
pub fn keep(host: &dyn Host, messages: Vec<Callout>, last: Option<Callout>) -> Option<Callout> {
    if messages.is_empty() {
        return last;
    }
    let bytes = |calls: &[Callout]| calls.iter().fold(0usize, |sum, call| sum.saturating_add(call.body.len()));
    let first = worker::with_last_calls(|waiting| {
        let is_room = waiting.len().saturating_add(messages.len()) < MAX_CALLS
            && bytes(waiting).saturating_add(bytes(&messages)) <= MAX_BYTES;
        is_room.then(|| {
            let first = waiting.is_empty();
            waiting.extend(messages);
            waiting.extend(last.clone());
            first
        })
    });
    let Some(first) = first.flatten() else {
        host.log(LogLevel::Error, "messages of a closed connection are lost: too many connections end at once");
        return last;
    };
    if first {
        worker::remind(host);
    }
    None
}

/// The calls that wait.
pub fn take() -> Vec<Callout> {
    worker::with_last_calls(std::mem::take).unwrap_or_default()
}
