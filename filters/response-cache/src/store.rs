//! Where entries are kept: places in the shared data of this Envoy, so all workers have the same.
//!
//! Shared data has no removal, so the places are a fixed number, each for entries up to a size: three quarters of the
//! capacity are for small entries, the rest for large ones. An entry's place is a hash of its key, and it takes the
//! place of what was there. So the cache never holds more than its capacity, whatever is asked of it.

use std::hash::{DefaultHasher, Hash, Hasher};

use gateway::flush::flushes;
use gateway::{Host, UnixMillis};

use crate::entry::Entry;

/// The largest body that is cached, in bytes. [API Gateway]
pub(crate) const MAX_BODY_BYTES: usize = 1 << 20;
/// The largest small entry: most responses are far below.
const SMALL_BYTES: usize = 16 << 10;
/// The largest entry: a body, and its key and headers, which Envoy bounds.
const LARGE_BYTES: usize = MAX_BODY_BYTES + (64 << 10);

/// The places of a cache.
#[derive(Debug)]
pub(crate) struct Store {
    name: String,
    small: u64,
    large: u64,
}

/// What a cache of that name is called among all caches.
pub(crate) fn cache_of(name: &str) -> String {
    format!("response-cache/{name}")
}

/// Where an entry may be.
struct Places {
    small: String,
    large: Option<String>,
}

impl Store {
    /// A cache that holds at most `capacity_bytes`, and at least one small entry.
    pub(crate) fn new(name: &str, capacity_bytes: u64) -> Self {
        let quarter = capacity_bytes / 4;
        let places = |bytes: u64, size: usize| bytes.checked_div(u64::try_from(size).unwrap_or(u64::MAX)).unwrap_or(0);
        Self {
            name: cache_of(name),
            small: places(quarter.saturating_mul(3), SMALL_BYTES).max(1),
            large: places(quarter, LARGE_BYTES),
        }
    }

    /// The key under which an entry is kept now: one of the time since the last flush. `None` when nobody knows how often
    /// the cache was emptied, so nothing can be looked up or kept.
    pub(crate) fn key(&self, host: &dyn Host, key: &[u8]) -> Option<Vec<u8>> {
        let flushes = flushes(host, &self.name).ok()?;
        Some([key, flushes.to_le_bytes().as_slice()].concat())
    }

    /// The entry of a key. What cannot be read is a miss.
    pub(crate) fn get(&self, host: &dyn Host, key: &[u8], now: UnixMillis) -> Option<Entry> {
        let places = self.places(key);
        let at = |place: &str| {
            let (bytes, _) = host.shared_data(place).ok()??;
            Entry::from_bytes(&bytes, key, now)
        };
        at(&places.small).or_else(|| at(places.large.as_deref()?))
    }

    /// Keeps an entry until `expires`, if it is not too large. An older one of the same key is gone then.
    pub(crate) fn put(&self, host: &dyn Host, key: &[u8], entry: &Entry, expires: UnixMillis) {
        let bytes = entry.to_bytes(key, expires);
        let places = self.places(key);
        let (own, other) = match (bytes.len(), places.large) {
            (length, large) if length <= SMALL_BYTES => (places.small, large),
            (length, Some(large)) if length <= LARGE_BYTES => (large, Some(places.small)),
            (_, large) => return self.forget(host, key, [Some(places.small), large]),
        };
        // A place that somebody else writes at the same time has an entry as fresh as this one.
        let version = match host.shared_data(&own) {
            Ok(found) => found.map(|(_, version)| version),
            Err(_) => return,
        };
        let _ = host.set_shared_data(&own, &bytes, version);
        self.forget(host, key, [other, None]);
    }

    /// Takes away what places have for a key.
    fn forget(&self, host: &dyn Host, key: &[u8], places: [Option<String>; 2]) {
        for place in places.into_iter().flatten() {
            if let Ok(Some((bytes, version))) = host.shared_data(&place)
                && Entry::from_bytes(&bytes, key, UnixMillis(0)).is_some()
            {
                let _ = host.set_shared_data(&place, &[], Some(version));
            }
        }
    }

    fn places(&self, key: &[u8]) -> Places {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let hash = hasher.finish();
        let place = |size: &str, count: u64| Some(format!("{}/{size}/{}", self.name, hash.checked_rem(count)?));
        Places { small: place("small", self.small).unwrap_or_default(), large: place("large", self.large) }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use test_host::{SharedData, TestHost};

    use super::*;

    const NOW: UnixMillis = UnixMillis(1000);
    const LATER: UnixMillis = UnixMillis(2000);

    fn host() -> TestHost {
        TestHost { shared: Some(Rc::new(SharedData::default())), ..TestHost::request("GET", "/", &[], b"") }
    }

    fn of_size(bytes: usize) -> Entry {
        Entry { status: 200, headers: Vec::new(), body: vec![b'x'; bytes] }
    }

    #[test]
    fn a_response_of_another_size_takes_the_place_of_the_old_one() {
        let (host, store) = (host(), Store::new("a/prod", 1 << 30));
        for bytes in [10, MAX_BODY_BYTES, 20, SMALL_BYTES, 30] {
            store.put(&host, b"key", &of_size(bytes), LATER);
            assert_eq!(store.get(&host, b"key", NOW), Some(of_size(bytes)), "{bytes}");
        }
        // One that is too large leaves none: what was there is older than it.
        store.put(&host, b"key", &of_size(2 * MAX_BODY_BYTES), LATER);
        assert_eq!(store.get(&host, b"key", NOW), None);
    }

    #[test]
    fn never_more_places_than_the_capacity_has() {
        let (host, store) = (host(), Store::new("a/prod", 10 * 16 * 1024));
        for number in 0..1000_u32 {
            store.put(&host, &number.to_le_bytes(), &of_size(10), LATER);
        }
        let kept = (0..1000_u32).filter(|number| store.get(&host, &number.to_le_bytes(), NOW).is_some()).count();
        assert!((1..=8).contains(&kept), "{kept}");
    }

    #[test]
    fn caches_do_not_see_each_other() {
        let host = host();
        Store::new("a/prod", 1 << 30).put(&host, b"key", &of_size(1), LATER);
        assert_eq!(Store::new("a/dev", 1 << 30).get(&host, b"key", NOW), None);
    }

    #[test]
    fn without_shared_data_nothing_is_kept() {
        let host = TestHost { shared: None, ..host() };
        let store = Store::new("a/prod", 1 << 30);
        store.put(&host, b"key", &of_size(1), LATER);
        assert_eq!(store.get(&host, b"key", NOW), None);
    }
}
