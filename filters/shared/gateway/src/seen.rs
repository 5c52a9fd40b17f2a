//! What was found out about secrets lately, without keeping them, and without a digest each time.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Mutex;

use siphasher::sip128::{Hasher128, SipHasher24};

/// How many secrets are remembered. Each has its one place, so that a busy one may push another one out and has to be
/// looked up again then, as without this memory.
const PLACES: usize = 1024;

/// Results by [`KeyedHash`]: nobody can make a secret that passes for another, and secrets themselves are not kept.
pub struct Seen<T> {
    hash: KeyedHash,
    /// None, or [`PLACES`]: they are made for the first secret.
    places: Mutex<Vec<Option<(u128, T)>>>,
}

/// 128 bits of SipHash-2-4 with a key that is drawn when it is made: who does not know the key cannot tell what a secret
/// hashes to, nor make two that agree. It takes a tenth of SHA-256's time.
pub struct KeyedHash(SipHasher24);

impl Default for KeyedHash {
    fn default() -> Self {
        let random = RandomState::new();
        Self(SipHasher24::new_with_keys(random.hash_one(0), random.hash_one(1)))
    }
}

impl KeyedHash {
    /// The hash of a secret of these parts.
    pub fn of<'p>(&self, parts: impl Iterator<Item = &'p [u8]>) -> u128 {
        let mut hasher = self.0;
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
        hasher.finish128().as_u128()
    }
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self { hash: KeyedHash::default(), places: Mutex::default() }
    }
}

impl<T: Copy> Seen<T> {
    /// What belongs to a secret of these parts; `make` makes it for one that was not seen lately.
    pub fn get_or_make<'p>(&self, parts: impl Iterator<Item = &'p [u8]>, make: impl FnOnce() -> T) -> T {
        let hash = self.hash.of(parts);
        self.known(hash).unwrap_or_else(|| self.keep(hash, make()))
    }

    /// What belongs to a secret of these parts, if there is such a thing; `find` looks for one that was not seen lately.
    pub fn get_or_find<'p>(
        &self,
        parts: impl Iterator<Item = &'p [u8]>,
        find: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        let hash = self.hash.of(parts);
        self.known(hash).or_else(|| find().map(|found| self.keep(hash, found)))
    }

    fn known(&self, hash: u128) -> Option<T> {
        let places = self.places.try_lock().ok()?;
        let (known, found) = places.get(place(hash))?.as_ref()?;
        (*known == hash).then_some(*found)
    }

    fn keep(&self, hash: u128, found: T) -> T {
        if let Ok(mut places) = self.places.try_lock() {
            places.resize(PLACES, None);
            if let Some(place) = places.get_mut(place(hash)) {
                *place = Some((hash, found));
            }
        }
        found
    }
}

/// Where a secret has its place.
fn place(hash: u128) -> usize {
    hash as usize % PLACES
}

impl<T> fmt::Debug for Seen<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seen(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_looked_up_once_and_others_are_others() {
        let seen = Seen::default();
        let find = |parts: &[&[u8]], found| seen.get_or_find(parts.iter().copied(), || found);
        assert_eq!(find(&[b"a"], None), None);
        assert_eq!(find(&[b"a"], Some(1)), Some(1));
        assert_eq!(find(&[b"a"], Some(2)), Some(1), "remembered");
        assert_eq!(find(&[b"ab", b"c"], Some(3)), Some(3));
        assert_eq!(find(&[b"a", b"bc"], Some(4)), Some(4), "parts are told apart");
        assert_eq!(find(&[b"ab", b"c"], None), Some(3));
        assert_eq!(seen.get_or_make([b"a".as_slice()].into_iter(), || 5), 1);
        assert_eq!(seen.get_or_make([b"d".as_slice()].into_iter(), || 6), 6);
        assert_eq!(find(&[b"d"], None), Some(6));
    }

    #[test]
    fn memory_is_bounded() {
        let seen = Seen::default();
        let numbers = || (0..5 * PLACES).map(|number| (number, number.to_le_bytes()));
        for (number, bytes) in numbers() {
            assert_eq!(seen.get_or_find([bytes.as_slice()].into_iter(), || Some(number)), Some(number));
        }
        let kept =
            numbers().filter(|(_, bytes)| seen.get_or_find([bytes.as_slice()].into_iter(), || None).is_some()).count();
        assert!((1..=PLACES).contains(&kept), "{kept}");
    }
}
