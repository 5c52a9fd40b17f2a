//! Answers that are kept on this worker: a bounded table, least recently used first out.
//!
//! The document is kept, never the verdict: a policy is evaluated anew for each request.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::UnixMillis;

use crate::document::Document;

/// Most answers that a worker keeps.
const MAX_ENTRIES: usize = 10_000;
/// Most bytes of answers that a worker keeps, as they were written; compiled they take about three times that.
const MAX_BYTES: usize = 8 << 20;
/// What an entry takes beside its answer, in bytes.
const ENTRY_BYTES: usize = 512;

/// What an answer is kept under: a hash of the authorizer and of what identifies the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) [u8; 32]);

/// The answers of one worker.
#[derive(Debug, Default)]
pub(crate) struct Cache(RefCell<Table>);

#[derive(Debug, Default)]
struct Table {
    entries: BTreeMap<Key, Entry>,
    /// Keys by when they were used last.
    order: BTreeMap<u64, Key>,
    uses: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    document: Rc<Document>,
    expires: UnixMillis,
    used: u64,
    bytes: usize,
}

/// Whether an answer is still good that was to be kept for `ttl_millis`. One that ends later than it could was written
/// before the clock was set back.
pub(crate) fn is_fresh(expires: UnixMillis, now: UnixMillis, ttl_millis: u64) -> bool {
    now < expires && expires.0.saturating_sub(now.0) <= ttl_millis
}

impl Cache {
    pub(crate) fn get(&self, key: &Key, now: UnixMillis, ttl_millis: u64) -> Option<Rc<Document>> {
        let mut table = self.0.try_borrow_mut().ok()?;
        let Table { entries, order, uses, .. } = &mut *table;
        let entry = entries.get_mut(key)?;
        if !is_fresh(entry.expires, now, ttl_millis) {
            table.remove(key);
            return None;
        }
        // Moved to the end only when others were used since, so that one busy caller costs nothing.
        if entry.used != *uses {
            *uses = uses.saturating_add(1);
            order.remove(&entry.used);
            order.insert(*uses, *key);
            entry.used = *uses;
        }
        Some(Rc::clone(&entry.document))
    }

    /// Keeps an answer that is `bytes` long as it was written.
    pub(crate) fn put(&self, key: Key, document: Rc<Document>, expires: UnixMillis, bytes: usize) {
        let Ok(mut table) = self.0.try_borrow_mut() else { return };
        table.remove(&key);
        let bytes = bytes.saturating_add(ENTRY_BYTES);
        table.uses = table.uses.saturating_add(1);
        let used = table.uses;
        table.bytes = table.bytes.saturating_add(bytes);
        table.order.insert(used, key);
        table.entries.insert(key, Entry { document, expires, used, bytes });
        while table.entries.len() > MAX_ENTRIES || table.bytes > MAX_BYTES {
            let Some((_, oldest)) = table.order.first_key_value() else { return };
            let oldest = *oldest;
            table.remove(&oldest);
        }
    }
}

impl Table {
    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.order.remove(&entry.used);
            self.bytes = self.bytes.saturating_sub(entry.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]
    use super::*;
    use crate::raw::Form;

    const TTL: u64 = 300_000;

    fn document() -> Rc<Document> {
        let body = br#"{"principalId": "u", "policyDocument": {"Statement": []}}"#;
        Rc::new(Document::parse(body, Form::Token).unwrap())
    }

    fn key(number: usize) -> Key {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_le_bytes());
        Key(key)
    }

    #[test]
    fn an_answer_expires() {
        let cache = Cache::default();
        cache.put(key(1), document(), UnixMillis(TTL), 100);
        assert!(cache.get(&key(1), UnixMillis(0), TTL).is_some());
        assert!(cache.get(&key(2), UnixMillis(0), TTL).is_none());
        assert!(cache.get(&key(1), UnixMillis(TTL - 1), TTL).is_some());
        assert!(cache.get(&key(1), UnixMillis(TTL), TTL).is_none());
        cache.put(key(1), document(), UnixMillis(2 * TTL), 100);
        assert!(cache.get(&key(1), UnixMillis(TTL - 1), TTL).is_none());
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let cache = Cache::default();
        for number in 0..MAX_ENTRIES {
            cache.put(key(number), document(), UnixMillis(TTL), 100);
        }
        assert!(cache.get(&key(0), UnixMillis(0), TTL).is_some());
        cache.put(key(MAX_ENTRIES), document(), UnixMillis(TTL), 100);
        assert!(cache.get(&key(0), UnixMillis(0), TTL).is_some());
        assert!(cache.get(&key(1), UnixMillis(0), TTL).is_none());
        assert_eq!(cache.0.borrow().entries.len(), MAX_ENTRIES);
    }

    #[test]
    fn large_answers_do_not_add_up() {
        let cache = Cache::default();
        for number in 0..1000 {
            cache.put(key(number), document(), UnixMillis(TTL), 64 << 10);
        }
        let table = cache.0.borrow();
        assert!(table.bytes <= MAX_BYTES && table.entries.len() == table.order.len());
        assert_eq!(table.entries.len(), MAX_BYTES / ((64 << 10) + ENTRY_BYTES));
    }
}
