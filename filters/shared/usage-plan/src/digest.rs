//! The form in which a filter knows an API key: its SHA-256 digest.
//!
//! A look-up by digest needs no comparison in constant time. What an attacker could learn from its timing is how far
//! the digest of a guess agrees with a known one, and that tells nothing about the key. Keys are long and random, so
//! the digest needs no salt.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

/// SHA-256 of an API key's value.
///
/// Text form: 43 characters of base64url (`A`–`Z`, `a`–`z`, `0`–`9`, `-`, `_`). Plain base64 with or without padding
/// and 64 hexadecimal digits are read, too: `printf %s "$key" | sha256sum`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyDigest([u8; 32]);

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl KeyDigest {
    /// The digest of a key's value.
    pub fn of(value: &[u8]) -> Self {
        Self(Sha256::digest(value).into())
    }

    /// Reads the text form.
    pub fn parse(text: &str) -> Option<Self> {
        let (bits, digits) = match text.len() {
            64 => (4, text),
            43 => (6, text),
            44 => (6, text.strip_suffix('=')?),
            _ => return None,
        };
        let mut bytes = [0; 32];
        let mut out = bytes.iter_mut();
        let (mut pending, mut pending_bits) = (0u32, 0u32);
        for digit in digits.bytes() {
            let value = if bits == 4 { char::from(digit).to_digit(16)? } else { sextet(digit)? };
            pending = pending << bits | value;
            pending_bits = pending_bits.saturating_add(bits);
            if pending_bits >= 8 {
                pending_bits = pending_bits.saturating_sub(8);
                *out.next()? = (pending >> pending_bits & 0xff) as u8;
                pending &= 0xff;
            }
        }
        // The two bits that 43 characters have too many are zero in the one valid spelling.
        let left_over = pending & 1u32.checked_shl(pending_bits)?.saturating_sub(1);
        (left_over == 0 && out.next().is_none()).then_some(Self(bytes))
    }

    /// Its first 32 bits, as evenly distributed as any.
    pub(crate) fn prefix(&self) -> u32 {
        self.0.first_chunk().map_or(0, |first| u32::from_be_bytes(*first))
    }
}

fn sextet(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit.wrapping_sub(b'A'),
        b'a'..=b'z' => digit.wrapping_sub(b'a').wrapping_add(26),
        b'0'..=b'9' => digit.wrapping_sub(b'0').wrapping_add(52),
        b'-' | b'+' => 62,
        b'_' | b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

impl fmt::Display for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in self.0.chunks(3) {
            let group24 = (0..3).fold(0u32, |bits, i| bits << 8 | u32::from(group.get(i).copied().unwrap_or(0)));
            for i in 0..=group.len() {
                let shift = 18usize.saturating_sub(i.saturating_mul(6));
                let digit = ALPHABET.get((group24 >> shift & 0x3f) as usize).copied().unwrap_or(b'A');
                write!(f, "{}", char::from(digit))?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(…)")
    }
}

impl Serialize for KeyDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = KeyDigest;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a SHA-256 digest, 64 hexadecimal digits or 43 characters of base64")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<KeyDigest, E> {
                // Not the text itself: it may be the key, put in the wrong place.
                KeyDigest::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Other("other text"), &self))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::string_slice)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_digest() {
        // FIPS 180-2, appendix B.1.
        let abc = KeyDigest::of(b"abc");
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let base64 = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
        assert_eq!(abc.to_string(), base64);
        for text in [hex, &hex.to_uppercase(), base64, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="] {
            assert_eq!(KeyDigest::parse(text), Some(abc), "{text}");
        }
        for text in
            ["", "abc", &hex[1..], &base64[1..], "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa1", &hex.replace('b', "g")]
        {
            assert_eq!(KeyDigest::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_in_the_place_of_its_digest_is_not_repeated() {
        let error = serde_json::from_str::<KeyDigest>("\"my-secret-key-0123456789\"").unwrap_err().to_string();
        assert!(error.contains("SHA-256") && !error.contains("my-secret"), "{error}");
    }

    proptest! {
        #[test]
        fn text_comes_back(bytes in any::<[u8; 32]>()) {
            let digest = KeyDigest(bytes);
            prop_assert_eq!(KeyDigest::parse(&digest.to_string()), Some(digest));
            let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            prop_assert_eq!(KeyDigest::parse(&hex), Some(digest));
        }
    }
}
