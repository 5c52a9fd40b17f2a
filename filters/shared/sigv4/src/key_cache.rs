//! Signing keys of the current days, so that four of a request's HMACs are computed once a day.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use crate::{Scope, SigningKey};

/// Most keys that are kept, some 150 kB. Each caller has one a day, two around midnight, and eight where presigned
/// URLs of a whole week are used; beyond that, keys are derived again.
pub const MAX_KEYS: usize = 1024;

/// Derived keys by access key id and scope. Only for access keys that are known: a stranger cannot fill it.
///
/// A secret that changes needs a new cache.
#[derive(Default)]
pub struct KeyCache(RefCell<BTreeMap<(String, Scope), SigningKey>>);

impl KeyCache {
    /// The key of a scope, derived where it is not known yet.
    pub fn key(&self, access_key_id: &str, secret_access_key: &str, scope: &Scope) -> Option<SigningKey> {
        let mut keys = self.0.try_borrow_mut().ok()?;
        let name = (access_key_id.to_owned(), scope.clone());
        if let Some(key) = keys.get(&name) {
            return Some(key.clone());
        }
        if keys.len() >= MAX_KEYS {
            keys.clear();
        }
        let key = SigningKey::derive(secret_access_key, scope)?;
        keys.insert(name, key.clone());
        Some(key)
    }

    /// How many keys are kept.
    pub fn len(&self) -> usize {
        self.0.try_borrow().map_or(0, |keys| keys.len())
    }

    /// Whether there are none yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyCache({})", self.len())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)]
    use super::*;

    #[test]
    fn bounded() {
        let cache = KeyCache::default();
        for day in 0..MAX_KEYS * 2 + 1 {
            let scope = Scope { date: day.to_string(), region: String::new(), service: String::new() };
            assert_eq!(cache.key("AKIDEXAMPLE", "secret", &scope), SigningKey::derive("secret", &scope));
            assert!(cache.len() <= MAX_KEYS);
        }
    }
}
