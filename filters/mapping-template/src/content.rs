//! Content handling: text, bytes, and base64 between them.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html>

use crate::failure::Failure;
use crate::raw::ContentHandling;

/// A payload, converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Text; a template may read it.
    Text(String),
    /// Bytes; a template may not.
    Binary(Vec<u8>),
}

impl Payload {
    /// The bytes to send.
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// Converts a request body; `binary` says that its `Content-Type` is one of the binary media types.
///
/// # Errors
/// The body must be base64 and is not.
pub fn convert_request(body: Vec<u8>, binary: bool, handling: Option<ContentHandling>) -> Result<Payload, Failure> {
    match (binary, handling) {
        (false, None | Some(ContentHandling::ConvertToText)) => Ok(Payload::Text(text(body))),
        (false, Some(ContentHandling::ConvertToBinary)) => decoded(&body),
        (true, None | Some(ContentHandling::ConvertToBinary)) => Ok(Payload::Binary(body)),
        (true, Some(ContentHandling::ConvertToText)) => Ok(Payload::Text(base64_encode(&body))),
    }
}

/// Converts a backend's body; `binary` says that its `Content-Type` is one of the binary media types, `accepted` that
/// the client's `Accept` is.
///
/// # Errors
/// The body must be base64 and is not.
pub fn convert_response(
    body: Vec<u8>,
    binary: bool,
    handling: Option<ContentHandling>,
    accepted: bool,
) -> Result<Payload, Failure> {
    match (binary, handling, accepted) {
        (false, None, false) | (false, Some(ContentHandling::ConvertToText), _) => Ok(Payload::Text(text(body))),
        (false, None, true) | (false, Some(ContentHandling::ConvertToBinary), _) => decoded(&body),
        (true, None, false) | (true, Some(ContentHandling::ConvertToText), _) => {
            Ok(Payload::Text(base64_encode(&body)))
        }
        (true, None, true) | (true, Some(ContentHandling::ConvertToBinary), _) => Ok(Payload::Binary(body)),
    }
}

/// UTF-8 text; bytes that are none become U+FFFD.
pub fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn decoded(body: &[u8]) -> Result<Payload, Failure> {
    let decoded = base64_decode(body);
    decoded.map(Payload::Binary).ok_or_else(|| Failure::configuration("a body that has to be base64 is none"))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Standard base64 with padding (RFC 4648 §4).
pub fn base64_encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (position, shift) in [18u32, 12, 6, 0].into_iter().enumerate() {
            let index = usize::try_from(bits >> shift & 0x3f).unwrap_or_default();
            let digit = ALPHABET.get(index).copied().filter(|_| position <= chunk.len()).unwrap_or(b'=');
            out.push(char::from(digit));
        }
    }
    out
}

/// Reads base64 as the service was seen to: characters outside the alphabet do not count, the padding has to be right.
pub fn base64_decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    // Bits of the group of four digits under way, and how many digits and padding characters it has.
    let (mut bits, mut digits, mut padding) = (0u32, 0usize, 0usize);
    for byte in text {
        let digit = match byte {
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding = padding.saturating_add(1);
                if digits >= 2 && digits.saturating_add(padding) >= 4 {
                    return Some(out);
                }
                continue;
            }
            _ => continue,
        };
        padding = 0;
        bits = bits << 6 | u32::from(digit);
        digits = digits.saturating_add(1);
        // Each digit from the second on completes a byte.
        if digits >= 2 {
            let unused = u32::try_from(4usize.saturating_sub(digits)).unwrap_or_default().saturating_mul(2);
            out.push(u8::try_from(bits >> unused & 0xff).unwrap_or_default());
        }
        if digits == 4 {
            (bits, digits) = (0, 0);
        }
    }
    (digits == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 4648 §10.
    #[test]
    fn test_vectors() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64_encode(plain.as_bytes()), encoded);
            assert_eq!(base64_decode(encoded.as_bytes()).as_deref(), Some(plain.as_bytes()));
        }
    }

    #[test]
    fn what_is_no_base64() {
        assert_eq!(base64_decode(b"Zg"), None);
        assert_eq!(base64_decode(b"Zm9vY"), None);
        assert_eq!(base64_decode(b"Zm 9v\nYg==").as_deref(), Some(&b"foob"[..]));
        assert_eq!(base64_decode(b"Zg==trailing").as_deref(), Some(&b"f"[..]));
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert_eq!(base64_decode(base64_encode(&bytes).as_bytes()), Some(bytes));
        }

        #[test]
        fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = base64_decode(&text);
        }
    }
}
