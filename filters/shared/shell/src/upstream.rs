//! Calls over connections that this module keeps itself, for network filters that make one for each message: with Envoy's HTTP
//! client a message takes twice the processor time.
//!
//! A connection is Envoy's all the same. An HTTP call to a cluster that leads to an internal listener makes Envoy open
//! one there, and is never answered. The listener's last filter is `tcp_proxy`, which connects to the backend's cluster,
//! with its addresses and its TLS; the filter before it is [`gateway::UPSTREAM_CONNECTIONS`], this one. `tcp_proxy` reads
//! nothing before it is connected, so the head of that call says that the backend is there. From then on, as on a
//! client's connection, what is put into the read buffer goes on to the next filter, and so to the backend, and what
//! comes from the backend is taken out on its way.

use std::cell::RefCell;
use std::collections::HashMap;

use gateway::client::UPSTREAM_MARKER;
use gateway::{Answer, Callout, Headers};
use http1::{Ended, Malformed, Opened, Outcome, Place, Pool, Request};

use crate::abi::{self, Buffer, Half};
use crate::host::now_millis;
use crate::vm;

/// How often calls that take too long are looked for, in milliseconds.
pub const TICK_MILLIS: u32 = 100;
/// The call that opens a connection ends with it; Envoy wants a limit.
const OPEN_MILLIS: u32 = 86_400_000;
/// Largest head of such a call; it is Envoy's own.
const MAX_HEAD_BYTES: usize = 4 << 10;
/// Most connections that one callback ends; see `vm::MAX_DUE_PER_CALLBACK`.
const MAX_EXPIRED_PER_CALLBACK: usize = 64;

thread_local! {
    static POOL: RefCell<Pool> = RefCell::new(Pool::default());
    /// The connection that each opening call is for, by the call's token.
    static OPENING: RefCell<HashMap<u32, u32>> = RefCell::new(HashMap::new());
}

/// A connection to a backend.
pub struct UpstreamContext {
    /// The head of the call that has opened it, until that is complete.
    head: Option<Vec<u8>>,
}

impl UpstreamContext {
    /// One that Envoy opens.
    pub fn new() -> Self {
        Self { head: Some(Vec::new()) }
    }

    /// `proxy_on_downstream_data`.
    pub fn on_data(&mut self, context: u32) {
        let data = abi::buffer(Buffer::Downstream, MAX_HEAD_BYTES).unwrap_or_default();
        let _ = abi::replace_buffer(Buffer::Downstream, &[]);
        let Some(head) = &mut self.head else { return };
        head.extend_from_slice(&data);
        if !head.windows(4).any(|window| window == b"\r\n\r\n") && head.len() < MAX_HEAD_BYTES {
            return;
        }
        let opened = id_of(head).and_then(|id| with_pool(|pool| pool.opened(id, context, now_millis())));
        self.head = None;
        match opened {
            Some(Opened::Write(bytes)) => drop(put(&bytes)),
            Some(Opened::Idle) => {}
            Some(Opened::Close) | None => drop(abi::close_stream(Half::Downstream)),
        }
    }
}

/// The connection that an opening call is for: `POST /17 HTTP/1.1`.
fn id_of(head: &[u8]) -> Option<u32> {
    let path = head.split(|byte| *byte == b' ').nth(1)?;
    std::str::from_utf8(path).ok()?.strip_prefix('/')?.parse().ok()
}

/// No call goes out from inside, so the pool is never borrowed already.
fn with_pool<T>(run: impl FnOnce(&mut Pool) -> T) -> Option<T> {
    POOL.with(|pool| pool.try_borrow_mut().ok().map(|mut pool| run(&mut pool)))
}

/// Sends bytes on their way to the backend of the connection that is current now.
fn put(bytes: &[u8]) -> abi::Result<()> {
    abi::append_buffer(Buffer::Downstream, bytes)?;
    abi::continue_stream(Half::Downstream)
}

/// Makes a call for the connection whose callback runs now. False when that cannot be done here.
pub fn send(callout: &Callout) -> bool {
    let (Some(cluster), Some(caller)) = (&callout.connections, vm::running()) else { return false };
    let Some(request) = Request::write(&callout.headers, &callout.body) else { return false };
    let now = now_millis();
    let until = now.saturating_add(u64::try_from(callout.timeout.as_millis()).unwrap_or(u64::MAX));
    let sent = match with_pool(|pool| pool.call(cluster, request, caller, now, until)) {
        Some(Place::Write(context, bytes)) => {
            let written = abi::set_effective_context(context).and_then(|()| put(&bytes)).is_ok();
            if !written {
                with_pool(|pool| pool.ended(context));
            }
            written
        }
        Some(Place::Open(id)) => {
            let opening = open(cluster, id);
            if !opening {
                with_pool(|pool| pool.failed(id));
            }
            opening
        }
        Some(Place::None) | None => false,
    };
    let _ = abi::set_effective_context(caller);
    sent
}

/// Makes Envoy open a connection.
fn open(cluster: &str, id: u32) -> bool {
    let path = format!("/{id}");
    let headers: [(&[u8], &[u8]); 3] =
        [(b":method", b"POST"), (b":path", path.as_bytes()), (b":authority", b"upstream-connections")];
    let call = abi::set_effective_context(vm::network_root_id())
        .and_then(|()| abi::http_call(cluster, &Headers::to_wire(headers.into_iter()), &[], OPEN_MILLIS));
    match call {
        Ok(token) => {
            OPENING.with(|opening| opening.try_borrow_mut().map(|mut opening| opening.insert(token, id)).ok());
            true
        }
        Err(_) => false,
    }
}

/// Whether a call was an opening one, and what has come of the call that waits for the connection.
pub fn opening_ended(token: u32) -> Option<Option<(u32, Answer)>> {
    let opening = OPENING.with(|opening| opening.try_borrow_mut().ok().and_then(|mut opening| opening.remove(&token)));
    opening.map(|id| with_pool(|pool| pool.failed(id)).flatten().map(answered))
}

/// `proxy_on_upstream_data`: what has come of the connection's call.
pub fn on_upstream_data(context: u32, end: bool) -> Option<(u32, Answer)> {
    let data = abi::buffer(Buffer::Upstream, usize::MAX).unwrap_or_default();
    let mut ended = None;
    let mut close = end;
    if !data.is_empty() {
        let _ = abi::replace_buffer(Buffer::Upstream, &[]);
        let received = with_pool(|pool| pool.received(context, &data)).unwrap_or_default();
        ended = received.ended;
        close |= received.close;
    }
    if close {
        ended = ended.or_else(|| closed(context));
        let _ = abi::close_stream(Half::Downstream);
    }
    ended.map(answered)
}

fn closed(context: u32) -> Option<Ended> {
    with_pool(|pool| pool.ended(context)).flatten()
}

/// `proxy_on_downstream_connection_close`: what has come of the connection's call.
pub fn on_close(context: u32) -> Option<(u32, Answer)> {
    closed(context).map(answered)
}

/// Ends connections that are old, and calls that take too long; who has made them.
pub fn expire() -> Vec<(u32, Answer)> {
    if with_pool(|pool| pool.is_empty()) != Some(false) {
        return Vec::new();
    }
    let expired = with_pool(|pool| pool.expire(now_millis(), MAX_EXPIRED_PER_CALLBACK)).unwrap_or_default();
    for context in expired.close {
        let _ = abi::set_effective_context(context).and_then(|()| abi::close_stream(Half::Downstream));
    }
    expired.callers.into_iter().map(|caller| answered((caller, Outcome::TimedOut))).collect()
}

/// The answer as Envoy's HTTP client gives it. A response is marked as the backend's own, the others are as Envoy makes
/// them up.
fn answered((caller, outcome): Ended) -> (u32, Answer) {
    let response = match outcome {
        Outcome::Response(response) => response,
        Outcome::TimedOut => return (caller, made_up("504")),
        Outcome::Lost => return (caller, made_up("503")),
        Outcome::Malformed(Malformed(reason)) => {
            const WARN: i32 = 3;
            abi::log(WARN, &format!("a backend's response cannot be read: {reason}"));
            return (caller, made_up("502"));
        }
    };
    let status = response.status.to_string();
    let own = response.headers.iter().filter(|(name, _)| name != UPSTREAM_MARKER);
    let headers: Vec<(&[u8], &[u8])> = [(":status".as_bytes(), status.as_bytes())]
        .into_iter()
        .chain(own.map(|(name, value)| (name.as_bytes(), value.as_slice())))
        .chain([(UPSTREAM_MARKER.as_bytes(), "1".as_bytes())])
        .collect();
    (caller, Answer::Response { headers: Headers::from_pairs(&headers), body: response.body })
}

fn made_up(status: &str) -> Answer {
    Answer::Response { headers: Headers::from_pairs(&[(":status", status)]), body: Vec::new() }
}
