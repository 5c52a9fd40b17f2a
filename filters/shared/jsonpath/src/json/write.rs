//! Prints JSON as JsonSmart does.

use super::{Json, Object};

/// How JSON text is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// What `$input.json` gives.
    Compact,
    /// What printing a JSON array (from `$input.path`, `$util.parseJson`) gives: `/` becomes `\/`.
    Array,
}

/// The text would be longer than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl Json<'_> {
    /// Appends this value as JSON text without white space.
    ///
    /// # Errors
    /// [`TooLong`] when `out` gets longer than `max_len` bytes; it then holds a part of the text.
    pub fn write(&self, style: Style, max_len: usize, out: &mut String) -> Result<(), TooLong> {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(true) => out.push_str("true"),
            Json::Bool(false) => out.push_str("false"),
            Json::Number(number) => number.write_json(out),
            Json::String(text) => write_string(text, style, out),
            Json::Array(elements) => write_array(elements, style, max_len, out)?,
            Json::Object(object) => write_object(object, style, max_len, out)?,
        }
        if out.len() > max_len { Err(TooLong) } else { Ok(()) }
    }

    /// This value as JSON text without white space.
    pub fn to_text(&self, style: Style) -> String {
        let mut out = String::new();
        // Without a limit there is no error.
        let _ = self.write(style, usize::MAX, &mut out);
        out
    }
}

fn write_array(elements: &[Json<'_>], style: Style, max_len: usize, out: &mut String) -> Result<(), TooLong> {
    out.push('[');
    for (at, element) in elements.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        element.write(style, max_len, out)?;
    }
    out.push(']');
    Ok(())
}

fn write_object(object: &Object<'_>, style: Style, max_len: usize, out: &mut String) -> Result<(), TooLong> {
    out.push('{');
    for (at, (name, value)) in object.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_string(name, style, out);
        out.push(':');
        value.write(style, max_len, out)?;
    }
    out.push('}');
    Ok(())
}

/// Appends `text` as a JSON string, quoted.
///
/// JsonSmart escapes control characters and, of the other characters beyond ASCII, those from U+2000 to U+20FF (`€`
/// is `\u20AC`); the rest stays as it is.
pub fn write_string(text: &str, style: Style, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some((plain, character, after)) = split_at_special(rest) {
        out.push_str(plain);
        if is_escaped(character, style) {
            write_escape(character, out);
        } else {
            out.push(character);
        }
        rest = after;
    }
    out.push_str(rest);
    out.push('"');
}

/// Splits at the first character that may need an escape: what is before it, it, what is after it.
fn split_at_special(text: &str) -> Option<(&str, char, &str)> {
    let special = |byte: &u8| SPECIAL.get(usize::from(*byte)).is_some_and(|special| *special);
    let at = text.as_bytes().iter().position(special)?;
    let (plain, rest) = text.split_at_checked(at)?;
    let mut characters = rest.chars();
    let character = characters.next()?;
    Some((plain, character, characters.as_str()))
}

/// The first bytes of characters that may need an escape: 0xC2 begins U+0080 to U+00BF, 0xE2 U+2000 to U+2FFF.
static SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < special.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
        {
            special[byte] = matches!(byte, 0x00..=0x1f | 0x22 | 0x2f | 0x5c | 0x7f | 0xc2 | 0xe2);
        }
        byte += 1;
    }
    special
};

fn is_escaped(character: char, style: Style) -> bool {
    match character {
        '/' => style == Style::Array,
        '"' | '\\' | '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2000}'..='\u{20ff}' => true,
        _ => false,
    }
}

fn write_escape(character: char, out: &mut String) {
    let short = match character {
        '"' => "\\\"",
        '\\' => "\\\\",
        '/' => "\\/",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => {
            use std::fmt::Write as _;
            let _ = write!(out, "\\u{:04X}", u32::from(character));
            return;
        }
    };
    out.push_str(short);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn check(text: &str, compact: &str, array: &str) {
        let value = parse(text).unwrap_or(Json::Null);
        assert_eq!(value.to_text(Style::Compact), compact, "{text}");
        assert_eq!(value.to_text(Style::Array), array, "{text}");
    }

    #[test]
    fn strings_are_escaped_as_json_smart_escapes_them() {
        check(r#""a\/b""#, r#""a/b""#, r#""a\/b""#);
        check(r#""\u0001\b\f\n\r\t\"\\""#, r#""\u0001\b\f\n\r\t\"\\""#, r#""\u0001\b\f\n\r\t\"\\""#);
        check(
            "\"Zoë €—😀\u{3000}<>&'\"",
            "\"Zoë \\u20AC\\u2014😀\u{3000}<>&'\"",
            "\"Zoë \\u20AC\\u2014😀\u{3000}<>&'\"",
        );
    }

    #[test]
    fn white_space_goes_and_numbers_print_as_java_prints_them() {
        let printed = r#"{"a":[1,1.0,null,true,{}],"b":null}"#;
        check("{ \"a\" : [ 1, 1.00, null , true, { } ],\n\"b\": 1e999 }", printed, printed);
    }

    #[test]
    fn the_limit_stops_it() {
        let value = parse("[[1,2,3],[4,5,6]]").unwrap_or(Json::Null);
        let mut out = String::new();
        assert_eq!(value.write(Style::Compact, 5, &mut out), Err(TooLong));
        assert!(out.len() < 9, "{out}");
        out.clear();
        assert_eq!(value.write(Style::Compact, 17, &mut out), Ok(()));
    }
}
