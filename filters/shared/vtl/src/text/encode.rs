//! What `$util` does to texts.

use std::fmt::Write as _;

/// `escapeJavaScript` of commons-lang 2: quotes, backslash and slash get a backslash, control characters and all beyond
/// ASCII become `\uXXXX` for each UTF-16 unit.
pub(crate) fn escape_java_script(text: &str, out: &mut String) {
    let is_plain = |byte: u8| matches!(byte, b' '..=0x7F) && !matches!(byte, b'"' | b'\'' | b'\\' | b'/');
    let mut plain = 0;
    loop {
        let rest = text.as_bytes().get(plain..).unwrap_or_default();
        let Some(len) = rest.iter().position(|byte| !is_plain(*byte)) else { break };
        let at = plain.saturating_add(len);
        out.push_str(text.get(plain..at).unwrap_or(""));
        let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
        plain = at.saturating_add(c.len_utf8());
        match c {
            '"' => out.push_str("\\\""),
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '/' => out.push_str("\\/"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04X}");
                }
            }
        }
    }
    out.push_str(text.get(plain..).unwrap_or(""));
}

/// `java.net.URLEncoder` with UTF-8.
pub(crate) fn url_encode(text: &str, out: &mut String) {
    let digit = |n: u8| char::from(if n < 10 { b'0'.wrapping_add(n) } else { b'7'.wrapping_add(n) });
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_') {
            continue;
        }
        // Between a special byte and the next the text is ASCII.
        out.push_str(text.get(plain..at).unwrap_or(""));
        plain = at.saturating_add(1);
        if byte == b' ' {
            out.push('+');
        } else {
            out.push('%');
            out.push(digit(byte.wrapping_shr(4)));
            out.push(digit(byte & 15));
        }
    }
    out.push_str(text.get(plain..).unwrap_or(""));
}

/// `java.net.URLDecoder` with UTF-8. `None` where two hexadecimal digits do not follow a `%`.
pub(crate) fn url_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = hex(bytes.next()?)?;
                let low = hex(bytes.next()?)?;
                high.wrapping_shl(4) | low
            }
            _ => byte,
        });
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with padding.
pub(crate) fn base64_encode(bytes: &[u8], out: &mut String) {
    for chunk in bytes.chunks(3) {
        let byte = |n: usize| u32::from(chunk.get(n).copied().unwrap_or(0));
        let bits = byte(0).wrapping_shl(16) | byte(1).wrapping_shl(8) | byte(2);
        for n in 0..4_u32 {
            if usize::try_from(n).unwrap_or(0) > chunk.len() {
                out.push('=');
                continue;
            }
            let index = bits.wrapping_shr(18_u32.saturating_sub(n.saturating_mul(6))) & 63;
            out.push(ALPHABET.get(usize::try_from(index).unwrap_or(0)).map_or('=', |b| char::from(*b)));
        }
    }
}

/// Base64 to bytes, up to the padding; characters of no alphabet are passed over, and both alphabets are read.
///
/// Not documented: API Gateway is modelled on commons-codec, which does the same.
pub(crate) fn base64_decode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len().saturating_mul(3) / 4);
    let mut bits: u32 = 0;
    let mut count: u32 = 0;
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => continue,
        };
        bits = bits.wrapping_shl(6) | u32::from(value);
        count = count.saturating_add(6);
        if count >= 8 {
            count = count.saturating_sub(8);
            out.push(u8::try_from(bits.wrapping_shr(count) & 0xFF).unwrap_or(0));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_script() {
        let mut out = String::new();
        escape_java_script("\"'\\/\u{8}\t\n\u{c}\r\u{1}\u{7f}\u{e9}\u{1F600}<>&=", &mut out);
        assert_eq!(out, "\\\"\\'\\\\\\/\\b\\t\\n\\f\\r\\u0001\u{7f}\\u00E9\\uD83D\\uDE00<>&=");
    }

    #[test]
    fn urls() {
        let mut out = String::new();
        url_encode("a b&c=d/\u{e9}~*", &mut out);
        assert_eq!(out, "a+b%26c%3Dd%2F%C3%A9%7E*");
        assert_eq!(url_decode("a+b%26%c3%A9").as_deref(), Some("a b&\u{e9}"));
        assert_eq!(url_decode("%4"), None);
        assert_eq!(url_decode("%zz"), None);
        assert_eq!(url_decode("%FF").as_deref(), Some("\u{FFFD}"));
    }

    #[test]
    fn base64() {
        for (plain, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            let mut out = String::new();
            base64_encode(plain.as_bytes(), &mut out);
            assert_eq!(out, encoded);
            assert_eq!(base64_decode(encoded), plain.as_bytes());
        }
        assert_eq!(base64_decode("Zm\r\n9v\u{e9}"), b"foo");
        assert_eq!(base64_decode("_-8"), [0xFF, 0xEF]);
    }
}
