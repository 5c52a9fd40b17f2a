//! The table of API keys: by digest in constant time, in about 70 bytes a key.
//!
//! Digests are sorted, and a directory of their leading bits says where to look, so that a look-up touches one or two
//! of them. Digests are as good as random, so nothing has to be hashed again, and there is one allocation for each
//! column instead of several for each key.

use gateway::{ConfigError, Seen};

use crate::KeyDigest;
use crate::problems::Problems;
use crate::raw::RawApiKeys;

/// An API key, by its position in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyIndex(u32);

/// All keys.
#[derive(Debug, Default)]
pub(crate) struct KeyTable {
    /// The ids of all keys, one after the other.
    ids: String,
    keys: Vec<Key>,
    /// The plans of all keys, by key.
    plans: Vec<u16>,
    /// All digests, sorted.
    digests: Vec<(KeyDigest, KeyIndex)>,
    /// Where in `digests` those begin whose leading `directory_bits` are the position here.
    directory: Vec<u32>,
    directory_bits: u32,
    /// The keys that callers have used last, found without a digest.
    seen: Seen<KeyIndex>,
}

#[derive(Debug)]
struct Key {
    /// Where the id ends; it begins where the one before ends.
    id_end: u32,
    /// Where the plans end; likewise.
    plans_end: u32,
    enabled: bool,
}

impl KeyTable {
    /// Reads all keys. Ids, digests and duplicates are checked; plans are added later.
    pub(crate) fn build(raw: &[RawApiKeys], problems: &mut Problems) -> Self {
        let mut table = Self::default();
        // Counted first, because the memory of a VM never shrinks: a vector that grows leaves half of it behind.
        let (keys, ids_bytes) = size(raw);
        table.keys.reserve_exact(keys);
        table.digests.reserve_exact(keys);
        table.ids.reserve_exact(ids_bytes);
        for (entry, keys) in raw.iter().enumerate() {
            match keys {
                RawApiKeys::One(key) => {
                    table.add(&key.id, key.value_sha256, key.enabled, || format!("apiKeys[{entry}].id"), problems);
                }
                RawApiKeys::Packed(keys) => {
                    for key in keys.split_ascii_whitespace() {
                        let path = || format!("apiKeys[{entry}]");
                        match key.split_once(':').and_then(|(id, digest)| Some((id, KeyDigest::parse(digest)?))) {
                            Some((id, digest)) => table.add(id, digest, true, path, problems),
                            // Not the text itself: it may be a key.
                            None => problems.add(path(), "a key is not of the form `id:digest`"),
                        }
                    }
                }
            }
        }
        table.sort(problems);
        table
    }

    fn add(&mut self, id: &str, digest: KeyDigest, enabled: bool, path: impl Fn() -> String, problems: &mut Problems) {
        problems.check_name(id, &path);
        self.ids.push_str(id);
        let (Ok(id_end), Ok(index)) = (u32::try_from(self.ids.len()), u32::try_from(self.keys.len())) else {
            return problems.add(path(), "too many API keys");
        };
        self.keys.push(Key { id_end, plans_end: 0, enabled });
        self.digests.push((digest, KeyIndex(index)));
    }

    fn sort(&mut self, problems: &mut Problems) {
        // With the position as the second criterion, the later one of two equal values is the duplicate.
        self.digests.sort_unstable();
        for pair in self.digests.windows(2) {
            if let [(first, a), (second, b)] = pair
                && first == second
            {
                problems.push(ConfigError::new(
                    "apiKeys",
                    format!("the keys `{}` and `{}` have the same value", self.id(*a), self.id(*b)),
                ));
            }
        }
        // About as many directory entries as keys; a key more or less does not matter, 2²⁰ entries are 4 MB.
        self.directory_bits = self.keys.len().checked_ilog2().unwrap_or(0).clamp(1, 20);
        let shift = u32::BITS.saturating_sub(self.directory_bits);
        self.directory.reserve_exact((1usize << self.directory_bits).saturating_add(1));
        let mut next = 0;
        for bucket in 0..1u32 << self.directory_bits {
            while let Some((digest, _)) = self.digests.get(next)
                && digest.prefix() >> shift < bucket
            {
                next = next.saturating_add(1);
            }
            self.directory.push(u32::try_from(next).unwrap_or(u32::MAX));
        }
        self.directory.push(u32::try_from(self.digests.len()).unwrap_or(u32::MAX));
    }

    /// Enters which plans each key has. `members` are pairs of key and plan, in any order; duplicates count once.
    pub(crate) fn set_plans(&mut self, mut members: Vec<(KeyIndex, u16)>) {
        members.sort_unstable();
        members.dedup();
        self.plans = members.iter().map(|(_, plan)| *plan).collect();
        let mut next = 0;
        for (index, key) in self.keys.iter_mut().enumerate() {
            while members.get(next).is_some_and(|(member, _)| member.0 as usize == index) {
                next = next.saturating_add(1);
            }
            key.plans_end = u32::try_from(next).unwrap_or(u32::MAX);
        }
    }

    /// The key with this value.
    pub(crate) fn find_value(&self, value: &[u8]) -> Option<KeyIndex> {
        self.seen.get_or_find(std::iter::once(value), || self.find(&KeyDigest::of(value)))
    }

    /// The key with this digest.
    pub(crate) fn find(&self, digest: &KeyDigest) -> Option<KeyIndex> {
        let bucket = (digest.prefix() >> u32::BITS.saturating_sub(self.directory_bits)) as usize;
        let start = *self.directory.get(bucket)?;
        let end = *self.directory.get(bucket.saturating_add(1))?;
        let candidates = self.digests.get(start as usize..end as usize)?;
        let found = candidates.binary_search_by(|(known, _)| known.cmp(digest)).ok()?;
        candidates.get(found).map(|(_, index)| *index)
    }

    pub(crate) fn id(&self, index: KeyIndex) -> &str {
        let end = self.keys.get(index.0 as usize).map_or(0, |key| key.id_end as usize);
        let start = self.before(index).map_or(0, |key| key.id_end as usize);
        self.ids.get(start..end).unwrap_or_default()
    }

    pub(crate) fn enabled(&self, index: KeyIndex) -> bool {
        self.keys.get(index.0 as usize).is_some_and(|key| key.enabled)
    }

    /// The plans of a key, ascending.
    pub(crate) fn plans(&self, index: KeyIndex) -> &[u16] {
        let end = self.keys.get(index.0 as usize).map_or(0, |key| key.plans_end as usize);
        let start = self.before(index).map_or(0, |key| key.plans_end as usize);
        self.plans.get(start..end).unwrap_or_default()
    }

    /// All keys, in the order of the configuration.
    pub(crate) fn all(&self) -> impl Iterator<Item = KeyIndex> + use<> {
        (0..u32::try_from(self.keys.len()).unwrap_or(u32::MAX)).map(KeyIndex)
    }

    fn before(&self, index: KeyIndex) -> Option<&Key> {
        self.keys.get(index.0.checked_sub(1)? as usize)
    }
}

/// How many keys there are, and how long their ids are together.
fn size(raw: &[RawApiKeys]) -> (usize, usize) {
    let (mut keys, mut ids_bytes) = (0usize, 0usize);
    let mut count = |id: &str| {
        keys = keys.saturating_add(1);
        ids_bytes = ids_bytes.saturating_add(id.len());
    };
    for entry in raw {
        match entry {
            RawApiKeys::One(key) => count(&key.id),
            RawApiKeys::Packed(keys) => {
                keys.split_ascii_whitespace().filter_map(|key| key.split(':').next()).for_each(&mut count);
            }
        }
    }
    (keys, ids_bytes)
}

/// Keys by id, while a configuration is compiled.
pub(crate) struct KeyIds<'a> {
    table: &'a KeyTable,
    sorted: Vec<KeyIndex>,
}

impl<'a> KeyIds<'a> {
    /// Sorts the ids, and reports those that occur twice.
    pub(crate) fn new(table: &'a KeyTable, problems: &mut Problems) -> Self {
        let mut sorted: Vec<KeyIndex> = table.all().collect();
        sorted.sort_unstable_by(|a, b| table.id(*a).cmp(table.id(*b)));
        for pair in sorted.windows(2) {
            if let [a, b] = pair
                && table.id(*a) == table.id(*b)
            {
                problems.add("apiKeys", format!("the id `{}` occurs twice", table.id(*a)));
            }
        }
        Self { table, sorted }
    }

    pub(crate) fn find(&self, id: &str) -> Option<KeyIndex> {
        let found = self.sorted.binary_search_by(|index| self.table.id(*index).cmp(id)).ok()?;
        self.sorted.get(found).copied()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]
    use proptest::prelude::*;

    use super::*;
    use crate::raw::RawApiKey;

    fn digest(number: usize) -> KeyDigest {
        KeyDigest::of(number.to_string().as_bytes())
    }

    proptest! {
        #[test]
        fn every_key_is_found_and_no_other(packed in 0..400usize, single in 0..20usize) {
            let ids: Vec<String> = (0..packed).map(|i| format!("k{i}")).collect();
            let mut raw = vec![RawApiKeys::pack(ids.iter().enumerate().map(|(i, id)| (id.as_str(), digest(i))))];
            raw.extend((packed..packed + single).map(|i| {
                RawApiKeys::One(RawApiKey { id: format!("k{i}"), name: None, enabled: i % 2 == 0, value_sha256: digest(i) })
            }));
            let mut problems = Problems::default();
            let mut table = KeyTable::build(&raw, &mut problems);
            let found: Vec<KeyIndex> = (0..packed + single).map(|i| table.find(&digest(i)).unwrap()).collect();
            table.set_plans(found.iter().flat_map(|i| [(*i, 3), (*i, i.0 as u16 % 3), (*i, 3)]).collect());
            for (i, index) in found.iter().enumerate() {
                prop_assert_eq!(table.id(*index), &format!("k{i}"));
                prop_assert_eq!(table.enabled(*index), i < packed || i % 2 == 0);
                prop_assert_eq!(table.plans(*index), [i as u16 % 3, 3]);
            }
            for i in packed + single..packed + single + 400 {
                prop_assert_eq!(table.find(&digest(i)), None);
            }
            let by_id = KeyIds::new(&table, &mut problems);
            for (id, index) in ids.iter().zip(&found) {
                prop_assert_eq!(by_id.find(id), Some(*index));
            }
            prop_assert_eq!(by_id.find("k"), None);
            prop_assert!(problems.finish().is_ok());
        }
    }
}
