//! Caches that are emptied from outside.
//!
//! Shared data has no removal. So each cache has a count there of how often it was emptied, and the count is part of what
//! its entries are kept under: after a flush nobody looks for the old ones any more.

use crate::{Cas, Host, SharedDataError};

/// The name of the cache with the answers of a stage's Lambda authorizers.
pub fn authorizers_of(api_id: &str, stage: &str) -> String {
    format!("custom-authorizer/{api_id}/{stage}")
}

/// Empties the cache of that name, for all workers of this Envoy.
///
/// # Errors
/// Shared data cannot be read or written.
pub fn flush(host: &dyn Host, cache: &str) -> Result<(), SharedDataError> {
    let place = place(cache);
    let found = host.shared_data(&place)?;
    let version = found.as_ref().map(|(_, version)| *version);
    let next = count(found).wrapping_add(1);
    match host.set_shared_data(&place, &next.to_le_bytes(), version) {
        // Somebody else has emptied it in this moment.
        Err(SharedDataError::Changed) => Ok(()),
        written => written,
    }
}

/// How often the cache of that name was emptied.
///
/// # Errors
/// Shared data cannot be read.
pub fn flushes(host: &dyn Host, cache: &str) -> Result<u64, SharedDataError> {
    host.shared_data(&place(cache)).map(count)
}

fn count(found: Option<(Vec<u8>, Cas)>) -> u64 {
    found.and_then(|(bytes, _)| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}

fn place(cache: &str) -> String {
    format!("{cache}/flushes")
}
