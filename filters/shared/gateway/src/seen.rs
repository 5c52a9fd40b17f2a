//! What was found out about secrets lately, without keeping them, and without a digest each time.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Mutex;

use siphasher::sip128::{Hasher128, SipHasher24};

/// How many secrets are remembered. Each has its one place, so that a busy one may push another one out and has to be
/// looked up again then, as without this memory.
const PLACES: usize = 1024;

/// Results by 128 bits of SipHash-2-4 with a key that only this worker knows: nobody can make a secret that passes for
/// another, and it takes a tenth of SHA-256's time. Secrets themselves are not kept.
pub struct Seen<T> {
    hasher: SipHasher24,
    /// None, or [`PLACES`]: they are made for the first secret.
    places: Mutex<Vec<Option<(u128, T)>>>,
}

impl<T: Copy> Default for Seen<T> {
    fn default() -> Self {
        let random = RandomState::new();
        let hasher = SipHasher24::new_with_keys(random.hash_one(0), random.hash_one(1));
        Self { hasher, places: Mutex::default() }
    }
}

impl<T: Copy> Seen<T> {
    /// What belongs to a secret of these parts; `find` looks for one that was not seen lately. `None` is not remembered.
    pub fn find<'p>(&self, parts: impl Iterator<Item = &'p [u8]>, find: impl FnOnce() -> Option<T>) -> Option<T> {
        let mut hasher = self.hasher;
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
        let hash = hasher.finish128().as_u128();
        let Ok(mut places) = self.places.try_lock() else { return find() };
        let at = hash as usize % PLACES;
        if let Some(Some((known, found))) = places.get(at)
            && *known == hash
        {
            return Some(*found);
        }
        let found = find()?;
        places.resize(PLACES, None);
        if let Some(place) = places.get_mut(at) {
            *place = Some((hash, found));
        }
        Some(found)
    }
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
        let find = |parts: &[&[u8]], found| seen.find(parts.iter().copied(), || found);
        assert_eq!(find(&[b"a"], None), None);
        assert_eq!(find(&[b"a"], Some(1)), Some(1));
        assert_eq!(find(&[b"a"], Some(2)), Some(1), "remembered");
        assert_eq!(find(&[b"ab", b"c"], Some(3)), Some(3));
        assert_eq!(find(&[b"a", b"bc"], Some(4)), Some(4), "parts are told apart");
        assert_eq!(find(&[b"ab", b"c"], None), Some(3));
    }

    #[test]
    fn memory_is_bounded() {
        let seen = Seen::default();
        let numbers = || (0..5 * PLACES).map(|number| (number, number.to_le_bytes()));
        for (number, bytes) in numbers() {
            assert_eq!(seen.find([bytes.as_slice()].into_iter(), || Some(number)), Some(number));
        }
        let kept = numbers().filter(|(_, bytes)| seen.find([bytes.as_slice()].into_iter(), || None).is_some()).count();
        assert!((1..=PLACES).contains(&kept), "{kept}");
    }
}
