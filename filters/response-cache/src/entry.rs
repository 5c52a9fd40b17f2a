//! A response as it is kept: times, key, status, headers, body, each part behind its length.

use gateway::UnixMillis;

/// A kept response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub status: u16,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Entry {
    /// The bytes to keep. `expires` is when it serves no more.
    pub(crate) fn to_bytes(&self, key: &[u8], expires: UnixMillis) -> Vec<u8> {
        let mut bytes = expires.0.to_le_bytes().to_vec();
        push(&mut bytes, key);
        bytes.extend_from_slice(&self.status.to_le_bytes());
        push_length(&mut bytes, self.headers.len());
        for (name, value) in &self.headers {
            push(&mut bytes, name.as_bytes());
            push(&mut bytes, value);
        }
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// The response in `bytes` for `key`; `None` when it is one for another key, or too old, or none at all.
    pub(crate) fn from_bytes(bytes: &[u8], key: &[u8], now: UnixMillis) -> Option<Self> {
        let mut rest = bytes;
        let expires = u64::from_le_bytes(take(&mut rest)?);
        if take_part(&mut rest)? != key || now.0 >= expires {
            return None;
        }
        let status = u16::from_le_bytes(take(&mut rest)?);
        let count = u32::from_le_bytes(take(&mut rest)?);
        let mut headers = Vec::new();
        for _ in 0..count {
            let name = String::from_utf8(take_part(&mut rest)?.to_vec()).ok()?;
            headers.push((name, take_part(&mut rest)?.to_vec()));
        }
        Some(Self { status, headers, body: rest.to_vec() })
    }
}

fn push(bytes: &mut Vec<u8>, part: &[u8]) {
    push_length(bytes, part.len());
    bytes.extend_from_slice(part);
}

fn push_length(bytes: &mut Vec<u8>, length: usize) {
    bytes.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, others) = rest.split_first_chunk::<N>()?;
    *rest = others;
    Some(*first)
}

fn take_part<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = usize::try_from(u32::from_le_bytes(take(rest)?)).ok()?;
    let (part, others) = rest.split_at_checked(length)?;
    *rest = others;
    Some(part)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_entry_serves_its_key_until_it_is_old() {
        let headers = vec![("a".to_owned(), b"1".to_vec()), ("a".to_owned(), Vec::new())];
        let entry = Entry { status: 201, headers, body: b"body".to_vec() };
        let bytes = entry.to_bytes(b"key", UnixMillis(1000));
        assert_eq!(Entry::from_bytes(&bytes, b"key", UnixMillis(999)), Some(entry));
        assert_eq!(Entry::from_bytes(&bytes, b"key", UnixMillis(1000)), None);
        assert_eq!(Entry::from_bytes(&bytes, b"other", UnixMillis(0)), None);
    }

    proptest! {
        /// Whatever is in the shared data, reading it ends.
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100), key in proptest::collection::vec(any::<u8>(), 0..3)) {
            let _ = Entry::from_bytes(&bytes, &key, UnixMillis(0));
        }
    }
}
