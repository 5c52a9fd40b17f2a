//! Serialised header maps: count, sizes of each name and value, then the strings, each with a final zero byte.

/// Larger maps are read as empty ones (Envoy's `PROXY_WASM_HOST_PAIRS_MAX_BYTES`).
const MAX_BYTES: usize = 1024 * 1024;
/// Longer maps are read as empty ones (Envoy's `PROXY_WASM_HOST_PAIRS_MAX_COUNT`).
const MAX_COUNT: usize = 1024;

/// Names and values.
pub(crate) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// The serialised form.
pub(crate) fn to_bytes<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone) -> Vec<u8> {
    let mut bytes = (pairs.clone().count() as u32).to_le_bytes().to_vec();
    for (name, value) in pairs.clone() {
        bytes.extend_from_slice(&(name.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
    }
    for (name, value) in pairs {
        bytes.extend_from_slice(name);
        bytes.push(0);
        bytes.extend_from_slice(value);
        bytes.push(0);
    }
    bytes
}

/// Reads the serialised form. As in Envoy a malformed or too large one is an empty map, not an error.
pub(crate) fn from_bytes(bytes: &[u8]) -> Pairs {
    if bytes.len() > MAX_BYTES {
        return Pairs::new();
    }
    parse(bytes).unwrap_or_default()
}

fn parse(bytes: &[u8]) -> Option<Pairs> {
    let mut rest = bytes;
    let count = take_u32(&mut rest)? as usize;
    if count > MAX_COUNT {
        return None;
    }
    let mut sizes = Vec::with_capacity(count);
    for _ in 0..count {
        sizes.push((take_u32(&mut rest)? as usize, take_u32(&mut rest)? as usize));
    }
    let mut pairs = Pairs::with_capacity(count);
    for (name, value) in sizes {
        pairs.push((take_string(&mut rest, name)?, take_string(&mut rest, value)?));
    }
    rest.is_empty().then_some(pairs)
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    let (bytes, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(u32::from_le_bytes(*bytes))
}

fn take_string(rest: &mut &[u8], size: usize) -> Option<Vec<u8>> {
    let (string, after) = rest.split_at_checked(size)?;
    *rest = after.strip_prefix(&[0])?;
    Some(string.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let pairs = vec![(b"a".to_vec(), b"".to_vec()), (b"".to_vec(), b"\0x".to_vec())];
        assert_eq!(from_bytes(&to_bytes(pairs.iter().map(|(n, v)| (n.as_slice(), v.as_slice())))), pairs);
    }

    #[test]
    fn malformed_maps_are_empty() {
        let good = to_bytes([(b"name".as_slice(), b"value".as_slice())].into_iter());
        for bad in [&good[..good.len() - 1], &[good.clone(), vec![0]].concat(), &[0xff; 4], b"", b"\x01\0\0\0"] {
            assert_eq!(from_bytes(bad), Pairs::new());
        }
    }

    #[test]
    fn a_thousand_and_twenty_five_headers_are_none() {
        let many = |count| to_bytes(std::iter::repeat_n((b"a".as_slice(), b"b".as_slice()), count));
        assert_eq!(from_bytes(&many(1024)).len(), 1024);
        assert_eq!(from_bytes(&many(1025)).len(), 0);
    }
}
