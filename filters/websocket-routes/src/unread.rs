//! How much a client has not read yet.
//!
//! Envoy does not say how much of what was written is still on its way. So a ping follows every 128 KiB, and its pong
//! shows that what was before it has been read. The pings carry random numbers: a client cannot answer one that it has
//! not read. The service sends no pings; a client that gets less than 128 KiB gets none here either.

use std::collections::VecDeque;

use gateway::Host;
use websocket::write;

/// How much is written between two pings, in bytes.
const PING_EVERY_BYTES: u64 = 128 << 10;
/// How much may be unread while more is pushed through `@connections`, in bytes. Not documented; the service, too,
/// refuses pushes to a client that does not read.
const MAX_UNREAD_FOR_PUSHES: u64 = 1 << 20;
/// How much may be unread while messages are still handled, whose answers add to it, in bytes.
const MAX_UNREAD: u64 = 4 << 20;

/// Counts what is written and what is known to be read.
#[derive(Debug, Default)]
pub struct Unread {
    written: u64,
    read: u64,
    pinged: u64,
    /// Pings without a pong: their payload, and what was written before them. At most one for each 128 KiB that may be
    /// unread.
    pings: VecDeque<(u64, u64)>,
}

impl Unread {
    /// Counts what was appended to `out` since it had `before` bytes, and appends a ping when one is due.
    pub fn wrote(&mut self, host: &dyn Host, out: &mut Vec<u8>, before: usize) {
        let bytes = u64::try_from(out.len().saturating_sub(before)).unwrap_or_default();
        self.written = self.written.saturating_add(bytes);
        if self.written.saturating_sub(self.pinged) >= PING_EVERY_BYTES {
            let payload = host.random();
            write::ping(out, &payload.to_be_bytes());
            self.pinged = self.written;
            self.pings.push_back((payload, self.written));
        }
    }

    /// A pong has come.
    pub fn pong(&mut self, payload: &[u8]) {
        let Ok(payload) = payload.try_into().map(u64::from_be_bytes) else { return };
        let Some(at) = self.pings.iter().position(|(ping, _)| *ping == payload) else { return };
        if let Some((_, written)) = self.pings.drain(..=at).next_back() {
            self.read = written;
        }
    }

    /// Whether pushes have to be refused.
    pub fn refuses_pushes(&self) -> bool {
        self.bytes() > MAX_UNREAD_FOR_PUSHES
    }

    /// Whether nothing more may be handled.
    pub fn is_full(&self) -> bool {
        self.bytes() > MAX_UNREAD
    }

    /// An upper bound of what is unread; what was written since the last ping does not count.
    fn bytes(&self) -> u64 {
        self.pinged.saturating_sub(self.read)
    }
}
