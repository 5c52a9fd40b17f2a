//! Text as Java has it: counted in UTF-16 units, searched with Java's regular expressions.

mod class;
pub(crate) mod encode;
pub(crate) mod format;
mod hex_float;
pub(crate) mod pattern;
pub(crate) mod search;

/// UTF-16 to text. Half of a surrogate pair becomes `?`, which is how Java writes it.
pub(crate) fn from_utf16(units: &[u16]) -> String {
    char::decode_utf16(units.iter().copied()).map(|c| c.unwrap_or('?')).collect()
}

/// `length()`
pub(crate) fn len_utf16(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// `charAt(index)`
pub(crate) fn char_at(text: &str, index: usize) -> Option<u16> {
    if text.is_ascii() {
        return text.as_bytes().get(index).map(|b| u16::from(*b));
    }
    text.encode_utf16().nth(index)
}

/// `substring(start, end)`; `None` where the indices are not in the text.
pub(crate) fn substring(text: &str, start: usize, end: usize) -> Option<String> {
    if text.is_ascii() {
        return text.get(start..end).map(str::to_owned);
    }
    let units: Vec<u16> = text.encode_utf16().collect();
    units.get(start..end).map(from_utf16)
}

/// The UTF-16 index of a byte offset.
pub(crate) fn index_of_offset(text: &str, offset: usize) -> usize {
    len_utf16(text.get(..offset).unwrap_or(text))
}

/// The byte offset of a UTF-16 index, or of the character that it is in the middle of.
pub(crate) fn offset_of_index(text: &str, index: usize) -> Option<usize> {
    if text.is_ascii() {
        return (index <= text.len()).then_some(index);
    }
    let mut units = 0_usize;
    for (offset, c) in text.char_indices() {
        if units >= index {
            return Some(offset);
        }
        units = units.saturating_add(c.len_utf16());
    }
    (units >= index).then_some(text.len())
}

/// The longest text that is searched for without preparation, which takes longer than most searches.
const MAX_SHORT_NEEDLE: usize = 16;

/// The offset of `needle` in `text`, from the offset `from` on.
pub(crate) fn find_from(text: &str, needle: &str, from: usize) -> Option<usize> {
    let first = match needle.as_bytes() {
        [first, ..] if needle.len() <= MAX_SHORT_NEEDLE => *first,
        _ => return text.get(from..)?.find(needle)?.checked_add(from),
    };
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at = bytes.get(at..)?.iter().position(|byte| *byte == first)?.saturating_add(at);
        if bytes.get(at..)?.starts_with(needle.as_bytes()) {
            return Some(at);
        }
        at = at.saturating_add(1);
    }
}

/// `trim()`: without blanks and control characters around it.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// `equalsIgnoreCase`: character by character, in upper case or else in lower case.
pub(crate) fn equals_ignore_case(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    a.chars().map(fold).eq(b.chars().map(fold))
}

/// One character without its case.
pub(crate) fn fold(c: char) -> char {
    let upper = single(c.to_uppercase(), c);
    single(upper.to_lowercase(), upper)
}

/// The one character of a case mapping; the original where it maps to several.
pub(crate) fn single(mut mapped: impl Iterator<Item = char>, original: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(c), None) => c,
        _ => original,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_count_utf16_units() {
        let text = "a\u{e9}\u{1F600}z";
        assert_eq!(len_utf16(text), 5);
        assert_eq!(substring(text, 1, 4), Some("\u{e9}\u{1F600}".to_owned()));
        assert_eq!(substring(text, 2, 3), Some("?".to_owned()));
        assert_eq!(substring(text, 3, 9), None);
        assert_eq!(substring("abc", 2, 1), None);
        assert_eq!(char_at(text, 4), Some(u16::from(b'z')));
        assert_eq!(offset_of_index(text, 4), Some(7));
        assert_eq!(offset_of_index(text, 5), Some(8));
        assert_eq!(offset_of_index(text, 6), None);
        assert_eq!(index_of_offset(text, 7), 4);
    }

    #[test]
    fn searches() {
        let long = "0123456789abcdefg";
        for (text, needle, from, found) in [
            ("a-b-c", "-", 0, Some(1)),
            ("a-b-c", "-", 2, Some(3)),
            ("aaab", "aab", 0, Some(1)),
            ("aaab", "aab", 2, None),
            ("abc", "", 1, Some(1)),
            ("", "a", 0, None),
            ("\u{e9}\u{e8}", "\u{e8}", 0, Some(2)),
            ("x0123456789abcdefg", long, 0, Some(1)),
        ] {
            assert_eq!(find_from(text, needle, from), found, "{needle} in {text}");
        }
    }

    #[test]
    fn case() {
        assert!(equals_ignore_case("GR\u{dc}n", "gr\u{fc}N"));
        assert!(!equals_ignore_case("\u{df}", "ss"));
    }
}
