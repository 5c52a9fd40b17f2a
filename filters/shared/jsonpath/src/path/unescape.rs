//! Backslash escapes in quoted names and strings.

use std::borrow::Cow;

/// `text` without its escapes: `\n`, `\u00e9` and the like as in JSON, any other escaped character is itself. `None`
/// when `\u` is followed by something that is not hexadecimal.
pub(crate) fn unescape(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('\\') {
        return Some(Cow::Borrowed(text));
    }
    // Escapes name UTF-16 units: two of them may make one character.
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
            continue;
        }
        let escaped = match characters.next() {
            // A backslash at the end is itself.
            None => '\\',
            Some('u') => {
                let digits = characters.as_str();
                let Some((digits, rest)) = digits.split_at_checked(4) else { break };
                units.push(u16::from_str_radix(digits, 16).ok()?);
                characters = rest.chars();
                continue;
            }
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some(other) => other,
        };
        units.extend_from_slice(escaped.encode_utf16(&mut [0; 2]));
    }
    Some(Cow::Owned(String::from_utf16_lossy(&units)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(unescape(text).as_deref(), expected, "{text}");
        check("plain", Some("plain"));
        check(r"\'\\\n\é", Some("'\\\né"));
        check(r"\u00e9 \ud83d\ude00", Some("é 😀"));
        check(r"\uzzzz", None);
        check(r"a\", Some("a\\"));
        check(r"a\u12", Some("a"));
    }
}
