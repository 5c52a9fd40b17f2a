//! Tokens whose signatures are known to be good.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use foldhash::fast::RandomState;
use gateway::KeyedHash;

/// How many tokens a worker remembers. One of a thousand users or services who call all the time costs nothing then.
const MAX_ENTRIES: usize = 4096;

/// How many bytes these tokens may have all in all. What is kept of a token takes some three times its length.
const MAX_TOKEN_BYTES: usize = 2 << 20;

/// What a token is remembered by: a hash with a key that only this worker knows, so that nobody can make a token that
/// passes for another. The token itself is not kept.
pub(crate) type TokenHash = u128;

/// The hash of a token.
pub(crate) fn hash(token: &[u8]) -> TokenHash {
    thread_local! {
        static HASH: KeyedHash = KeyedHash::default();
    }
    HASH.with(|hash| hash.of(std::iter::once(token)))
}

/// A bounded map that forgets what was used least recently.
#[derive(Debug)]
pub(crate) struct TokenCache<T>(RefCell<Entries<T>>);

#[derive(Debug)]
struct Entries<T> {
    by_hash: HashMap<TokenHash, Entry<T>, RandomState>,
    /// Hashes in the order of their last use.
    by_use: BTreeMap<u64, TokenHash>,
    uses: u64,
    token_bytes: usize,
}

#[derive(Debug)]
struct Entry<T> {
    value: Rc<T>,
    last_use: u64,
    token_bytes: usize,
}

impl<T> Default for TokenCache<T> {
    fn default() -> Self {
        let (by_hash, by_use) = (HashMap::default(), BTreeMap::new());
        Self(RefCell::new(Entries { by_hash, by_use, uses: 0, token_bytes: 0 }))
    }
}

impl<T> TokenCache<T> {
    /// What is known of a token.
    pub(crate) fn get(&self, hash: &TokenHash) -> Option<Rc<T>> {
        let mut entries = self.0.try_borrow_mut().ok()?;
        let Entries { by_hash, by_use, uses, .. } = &mut *entries;
        let entry = by_hash.get_mut(hash)?;
        // Moved to the end only when others were used since, so that one busy caller costs nothing.
        if entry.last_use != *uses {
            *uses = uses.saturating_add(1);
            by_use.remove(&entry.last_use);
            by_use.insert(*uses, *hash);
            entry.last_use = *uses;
        }
        Some(Rc::clone(&entry.value))
    }

    /// Remembers a token of `token_bytes` bytes.
    pub(crate) fn insert(&self, hash: TokenHash, value: Rc<T>, token_bytes: usize) {
        let Ok(mut entries) = self.0.try_borrow_mut() else { return };
        entries.remove(&hash);
        entries.uses = entries.uses.saturating_add(1);
        entries.token_bytes = entries.token_bytes.saturating_add(token_bytes);
        let last_use = entries.uses;
        entries.by_use.insert(last_use, hash);
        entries.by_hash.insert(hash, Entry { value, last_use, token_bytes });
        while entries.by_hash.len() > MAX_ENTRIES || entries.token_bytes > MAX_TOKEN_BYTES {
            let Some((_, oldest)) = entries.by_use.first_key_value() else { return };
            let oldest = *oldest;
            entries.remove(&oldest);
        }
    }

    /// Forgets a token.
    pub(crate) fn remove(&self, hash: &TokenHash) {
        if let Ok(mut entries) = self.0.try_borrow_mut() {
            entries.remove(hash);
        }
    }
}

impl<T> Entries<T> {
    fn remove(&mut self, hash: &TokenHash) {
        if let Some(entry) = self.by_hash.remove(hash) {
            self.by_use.remove(&entry.last_use);
            self.token_bytes = self.token_bytes.saturating_sub(entry.token_bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: usize) -> TokenHash {
        number as TokenHash
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let cache = TokenCache::default();
        for number in 0..MAX_ENTRIES {
            cache.insert(hash(number), Rc::new(number), 1);
        }
        assert_eq!(cache.get(&hash(0)).as_deref(), Some(&0));
        cache.insert(hash(MAX_ENTRIES), Rc::new(MAX_ENTRIES), 1);
        assert_eq!(cache.get(&hash(0)).as_deref(), Some(&0));
        assert_eq!(cache.get(&hash(1)), None);
        assert_eq!(cache.get(&hash(MAX_ENTRIES)).as_deref(), Some(&MAX_ENTRIES));
    }

    #[test]
    fn long_tokens_leave_less_room() {
        let cache = TokenCache::default();
        for number in 0..1000 {
            cache.insert(hash(number), Rc::new(number), 16_384);
        }
        let kept = (0..1000).filter(|number| cache.get(&hash(*number)).is_some()).count();
        assert_eq!(kept, MAX_TOKEN_BYTES / 16_384);
        cache.insert(hash(0), Rc::new(0), MAX_TOKEN_BYTES + 1);
        assert_eq!(cache.get(&hash(0)), None);
    }

    #[test]
    fn again_replaces() {
        let cache = TokenCache::default();
        cache.insert(hash(1), Rc::new(1), 10);
        cache.insert(hash(1), Rc::new(2), 20);
        assert_eq!(cache.get(&hash(1)).as_deref(), Some(&2));
        cache.remove(&hash(1));
        assert_eq!(cache.get(&hash(1)), None);
        assert_eq!(cache.0.borrow().token_bytes, 0);
    }
}
