//! A header map as one buffer, in the form the proxy-wasm ABI hands it over.

use std::ops::Range;
use std::rc::Rc;

use crate::Edits;

/// The headers of one message, in order, duplicates kept. Names are lower case, values are bytes. A clone is the same map.
#[derive(Clone, Debug, Default)]
pub struct Headers(Rc<Map>);

#[derive(Debug, Default)]
struct Map {
    buffer: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    name: Range<usize>,
    value: Range<usize>,
}

impl Headers {
    /// Reads the ABI's serialised map: the count, then the two sizes of each pair, then names and values, each
    /// followed by a NUL; numbers are little-endian `u32`.
    ///
    /// `None` when the buffer is not of that form.
    pub fn from_wire(buffer: Vec<u8>) -> Option<Self> {
        if buffer.is_empty() {
            return Some(Self::default());
        }
        let number = |index: usize| {
            let start = index.checked_mul(4)?;
            let bytes = buffer.get(start..start.checked_add(4)?)?;
            usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
        };
        let count = number(0)?;
        let mut at = count.checked_mul(8)?.checked_add(4)?;
        if at > buffer.len() {
            return None;
        }
        let mut entries = Vec::with_capacity(count);
        for pair in 0..count {
            let sizes = pair.checked_mul(2)?.checked_add(1)?;
            let (name_size, value_size) = (number(sizes)?, number(sizes.checked_add(1)?)?);
            let name = at..at.checked_add(name_size)?;
            let value_start = name.end.checked_add(1)?;
            let value = value_start..value_start.checked_add(value_size)?;
            at = value.end.checked_add(1)?;
            if at > buffer.len() {
                return None;
            }
            entries.push(Entry { name, value });
        }
        Some(Self(Rc::new(Map { buffer, entries })))
    }

    /// Writes pairs in the form that [`Headers::from_wire`] reads. Pairs beyond the reach of a `u32` are left out.
    pub fn to_wire<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone) -> Vec<u8> {
        let fits = |(name, value): &(&[u8], &[u8])| u32::try_from(name.len().saturating_add(value.len())).is_ok();
        let pairs = pairs.filter(fits);
        let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or_default().to_le_bytes();
        let mut wire = Vec::with_capacity(256);
        wire.extend(u32::try_from(pairs.clone().count()).unwrap_or_default().to_le_bytes());
        for (name, value) in pairs.clone() {
            wire.extend(size(name));
            wire.extend(size(value));
        }
        for (name, value) in pairs {
            wire.extend_from_slice(name);
            wire.push(0);
            wire.extend_from_slice(value);
            wire.push(0);
        }
        wire
    }

    /// Headers from pairs; names are taken as they are.
    pub fn from_pairs<N: AsRef<[u8]>, V: AsRef<[u8]>>(pairs: &[(N, V)]) -> Self {
        let mut map = Map::with_capacity(0, pairs.len());
        pairs.iter().for_each(|(name, value)| map.push(name.as_ref(), value.as_ref()));
        Self(Rc::new(map))
    }

    /// The headers after changes, as Envoy's own map would have them.
    #[must_use]
    pub fn edited(&self, edits: &Edits) -> Self {
        let mut map = Map::with_capacity(self.0.buffer.len(), self.0.entries.len());
        let is = |name: &[u8], other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        let place = |name: &[u8]| edits.set.iter().rposition(|(other, _)| is(name, other));
        let last =
            edits.set.iter().enumerate().map(|(at, pair)| (place(pair.0.as_bytes()) == Some(at)).then_some(pair));
        let mut set: Vec<_> = last.collect();
        for (name, value) in self.iter().filter(|(name, _)| !edits.remove.iter().any(|other| is(name, other))) {
            // A value that is set takes the place of the first one.
            match place(name) {
                None => map.push(name, value),
                Some(at) => {
                    if let Some((_, value)) = set.get_mut(at).and_then(Option::take) {
                        map.push(name, value);
                    }
                }
            }
        }
        let added = set.into_iter().flatten().chain(&edits.add);
        added.for_each(|(name, value)| map.push(name.as_bytes(), value));
        Self(Rc::new(map))
    }

    /// All headers in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.entries.iter().map(|entry| (self.slice(&entry.name), self.slice(&entry.value)))
    }

    /// The values of `name` in order, letter case ignored.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// The first value of `name`.
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// The last value of `name`, the one that API Gateway takes for a single value.
    pub fn last(&self, name: &str) -> Option<&[u8]> {
        self.all(name).last()
    }

    /// How many bytes names and values add up to.
    pub fn byte_size(&self) -> usize {
        self.iter().fold(0, |sum: usize, (name, value)| sum.saturating_add(name.len()).saturating_add(value.len()))
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.0.buffer.get(range.clone()).unwrap_or_default()
    }
}

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Headers {}

impl Map {
    fn with_capacity(bytes: usize, entries: usize) -> Self {
        Self { buffer: Vec::with_capacity(bytes), entries: Vec::with_capacity(entries) }
    }

    fn push(&mut self, name: &[u8], value: &[u8]) {
        let start = self.buffer.len();
        self.buffer.extend_from_slice(name);
        let middle = self.buffer.len();
        self.buffer.extend_from_slice(value);
        self.entries.push(Entry { name: start..middle, value: middle..self.buffer.len() });
    }
}

/// Whether `name` is a header name, as RFC 9110 §5.1 writes it.
pub fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// `value` as it can stand in a header: a control character, which would end the line, becomes a blank.
/// Not documented: JSON that is mapped into a header stays JSON this way.
pub fn clean_value(mut value: Vec<u8>) -> Vec<u8> {
    for byte in &mut value {
        if *byte != b'\t' && (*byte < b' ' || *byte == 0x7f) {
            *byte = b' ';
        }
    }
    value
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn first_last_and_all() {
        let headers = Headers::from_pairs(&[("a", "1"), ("b", "2"), ("a", "3")]);
        assert_eq!(headers.first("A"), Some(&b"1"[..]));
        assert_eq!(headers.last("a"), Some(&b"3"[..]));
        assert_eq!(headers.all("a").count(), 2);
        assert_eq!(headers.first("c"), None);
        assert_eq!(headers.byte_size(), 6);
    }

    #[test]
    fn values_cannot_end_a_header_line() {
        assert_eq!(clean_value(b"a\r\nb\0c\td".to_vec()), b"a  b c\td");
    }

    #[test]
    fn changes() {
        let headers = Headers::from_pairs(&[("a", "1"), ("b", "2"), ("A", "3"), ("c", "4")]);
        let mut edits = Edits::default();
        edits.set("a", &b"5"[..]);
        edits.set("d", &b"6"[..]);
        edits.set("d", &b"7"[..]);
        edits.remove("B");
        edits.add.push(("c".into(), (&b"8"[..]).into()));
        let expected = [("a", "5"), ("c", "4"), ("d", "7"), ("c", "8")];
        assert_eq!(headers.edited(&edits), Headers::from_pairs(&expected));
        // Taken away first, then set.
        edits.remove("a");
        let expected = [("c", "4"), ("a", "5"), ("d", "7"), ("c", "8")];
        assert_eq!(headers.edited(&edits), Headers::from_pairs(&expected));
        assert_eq!(headers.edited(&Edits::default()), headers);
    }

    proptest! {
        #[test]
        fn any_buffer_is_read_or_refused(buffer in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(headers) = Headers::from_wire(buffer) {
                let _ = headers.iter().count();
            }
        }

        #[test]
        fn what_is_written_is_read_again(pairs in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..9), proptest::collection::vec(any::<u8>(), 0..9)), 0..9)) {
            let headers = Headers::from_pairs(&pairs);
            let read: Vec<_> = headers.iter().map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
            prop_assert_eq!(read, pairs);
        }
    }
}
