//! Answers that all workers of this Envoy share, so that one call serves them all.
//!
//! Shared data has no removal and no expiry, so the answers live in a fixed number of slots: a new one replaces what
//! stood there. A slot says whose answer it holds and until when; anything that does not fit is no answer.

use gateway::{Host, UnixMillis};

use crate::cache::{Key, is_fresh};

/// How many answers the workers share. Another caller's answer in the same slot costs one more call, no more.
const SLOTS: u16 = 4096;
/// Largest answer that is shared, in bytes: all slots together stay below 32 MB. Larger ones each worker keeps alone.
const MAX_SHARED_BYTES: usize = 8 << 10;
/// Key and time of expiry, before the answer.
const HEAD_BYTES: usize = 40;

/// An answer, as it was written, and until when it is good.
pub(crate) fn get(host: &dyn Host, key: &Key, now: UnixMillis, ttl_millis: u64) -> Option<(Vec<u8>, UnixMillis)> {
    let (mut slot, _) = host.shared_data(&slot_name(key)).ok()??;
    let (head, _) = slot.split_at_checked(HEAD_BYTES)?;
    let (owner, expires) = head.split_at_checked(key.0.len())?;
    let expires = UnixMillis(u64::from_le_bytes(expires.try_into().ok()?));
    if owner != key.0 || !is_fresh(expires, now, ttl_millis) {
        return None;
    }
    Some((slot.split_off(HEAD_BYTES), expires))
}

/// Shares an answer. Where that fails, each worker asks for itself.
pub(crate) fn put(host: &dyn Host, key: &Key, expires: UnixMillis, answer: &[u8]) {
    if answer.len() > MAX_SHARED_BYTES {
        return;
    }
    let mut slot = Vec::with_capacity(answer.len().saturating_add(HEAD_BYTES));
    slot.extend_from_slice(&key.0);
    slot.extend_from_slice(&expires.0.to_le_bytes());
    slot.extend_from_slice(answer);
    let _ = host.set_shared_data(&slot_name(key), &slot, None);
}

fn slot_name(key: &Key) -> String {
    let [first, second, ..] = key.0;
    format!("custom-authorizer/{}", u16::from_le_bytes([first, second]) % SLOTS)
}
