//! The beginning of a body that passes in parts.

use gateway::Body;
use gateway::execution::MAX_SHOWN_BODY_BYTES;

/// What has been seen of a body, as far as it is shown.
#[derive(Debug, Default)]
pub(crate) struct Excerpt {
    text: Vec<u8>,
}

impl Excerpt {
    /// A part is here. `read` gives what Envoy holds of the body now, at most as many bytes as it is asked for: the part
    /// alone, or, where a later filter holds the body, all parts up to this one.
    pub(crate) fn add(&mut self, part: Body, read: impl FnOnce(usize) -> Vec<u8>) {
        if self.text.len() > MAX_SHOWN_BODY_BYTES || part.bytes == 0 {
            return;
        }
        let wanted = self.text.len().saturating_add(part.bytes.min(MAX_SHOWN_BODY_BYTES.saturating_add(1)));
        let held = read(wanted);
        if held.len() > part.bytes || held.len() == wanted && held.starts_with(&self.text) {
            self.text = held;
        } else {
            self.text.extend_from_slice(&held);
        }
    }

    /// The beginning, a little longer than what is shown where there was more.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
    use super::*;

    fn seen(parts: &[&[u8]], held: bool) -> Vec<u8> {
        let mut excerpt = Excerpt::default();
        let mut buffer = Vec::new();
        for part in parts {
            if !held {
                buffer.clear();
            }
            buffer.extend_from_slice(part);
            let body = Body { bytes: part.len(), end_of_stream: false };
            excerpt.add(body, |most| buffer[..most.min(buffer.len())].to_vec());
        }
        excerpt.text().to_vec()
    }

    #[test]
    fn parts_and_held_bodies() {
        for held in [false, true] {
            assert_eq!(seen(&[b"ab", b"c", b"", b"abcd"], held), b"abcabcd");
            let long = seen(&[&[1; 10], &[2; 20_000], &[3; 10]], held);
            assert!(long.len() > MAX_SHOWN_BODY_BYTES && long.len() < 2 * MAX_SHOWN_BODY_BYTES);
            assert_eq!((long[9], long[10]), (1, 2));
        }
    }
}
