//! Reads JSON text (RFC 8259, nothing more) into a [`Json`] tree.

use std::borrow::Cow;
use std::fmt;

use super::{Json, Number, Object};

/// Arrays and objects may be nested this deep. JsonSmart refuses more than 400; it also keeps the recursion here and
/// in everything that walks a tree well inside wasm's stack.
pub const MAX_DEPTH: usize = 400;

/// Text that is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseError {
    /// Where, in bytes from the beginning.
    pub position: usize,
    /// Why.
    pub reason: Reason,
}

/// Why text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The text ends inside a value, or is empty.
    UnexpectedEnd,
    /// A character that cannot stand there.
    UnexpectedCharacter,
    /// More text follows the value.
    TrailingText,
    /// A backslash in a string begins none of JSON's escapes.
    Escape,
    /// A control character in a string, not escaped.
    ControlCharacter,
    /// Not a number by JSON's grammar.
    Number,
    /// Nested more than [`MAX_DEPTH`] deep.
    Depth,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            Reason::UnexpectedEnd => "unexpected end of text",
            Reason::UnexpectedCharacter => "unexpected character",
            Reason::TrailingText => "text after the value",
            Reason::Escape => "unknown escape in a string",
            Reason::ControlCharacter => "control character in a string",
            Reason::Number => "not a JSON number",
            Reason::Depth => return write!(f, "nested more than {MAX_DEPTH} deep at byte {}", self.position),
        };
        write!(f, "{reason} at byte {}", self.position)
    }
}

impl std::error::Error for ParseError {}

/// Reads `text`.
///
/// An object's repeated member keeps its first place and takes its last value; half a surrogate pair (`\ud800`) reads
/// as `?`, which is how Java writes one.
///
/// # Errors
/// [`ParseError`] when `text` is not one JSON value, or is nested too deep.
pub fn parse(text: &str) -> Result<Json<'_>, ParseError> {
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0 };
    parser.skip_white_space();
    let value = parser.value(0)?;
    parser.skip_white_space();
    if parser.at < parser.bytes.len() { Err(parser.error(Reason::TrailingText)) } else { Ok(value) }
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn value(&mut self, depth: usize) -> Result<Json<'a>, ParseError> {
        match self.peek() {
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => Err(self.unexpected()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, ParseError> {
        let depth = self.deeper(depth)?;
        let mut members = Vec::new();
        self.bump();
        self.skip_white_space();
        if self.take(b'}') {
            return Ok(Json::Object(Object::default()));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected());
            }
            let name = self.string()?;
            self.skip_white_space();
            if !self.take(b':') {
                return Err(self.unexpected());
            }
            self.skip_white_space();
            members.push((name, self.value(depth)?));
            self.skip_white_space();
            if self.take(b'}') {
                return Ok(Json::Object(Object::from_members(members)));
            }
            if !self.take(b',') {
                return Err(self.unexpected());
            }
            self.skip_white_space();
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json<'a>, ParseError> {
        let depth = self.deeper(depth)?;
        let mut elements = Vec::new();
        self.bump();
        self.skip_white_space();
        if self.take(b']') {
            return Ok(Json::Array(elements));
        }
        loop {
            elements.push(self.value(depth)?);
            self.skip_white_space();
            if self.take(b']') {
                return Ok(Json::Array(elements));
            }
            if !self.take(b',') {
                return Err(self.unexpected());
            }
            self.skip_white_space();
        }
    }

    fn deeper(&self, depth: usize) -> Result<usize, ParseError> {
        if depth >= MAX_DEPTH { Err(self.error(Reason::Depth)) } else { Ok(depth.saturating_add(1)) }
    }

    /// A string, from its opening quote; borrowed unless it has escapes.
    fn string(&mut self) -> Result<Cow<'a, str>, ParseError> {
        self.bump();
        let start = self.at;
        self.skip_plain();
        if self.peek() == Some(b'"') {
            let plain = self.text.get(start..self.at).unwrap_or_default();
            self.bump();
            return Ok(Cow::Borrowed(plain));
        }
        let mut unescaped = String::new();
        let mut start = start;
        loop {
            unescaped.push_str(self.text.get(start..self.at).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.bump();
                    return Ok(Cow::Owned(unescaped));
                }
                Some(b'\\') => unescaped.push(self.escape()?),
                Some(_) => return Err(self.error(Reason::ControlCharacter)),
                None => return Err(self.error(Reason::UnexpectedEnd)),
            }
            start = self.at;
            self.skip_plain();
        }
    }

    /// Moves on to the next quote, backslash or control character.
    fn skip_plain(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0x00..=0x1f)).unwrap_or(rest.len());
        self.at = self.at.saturating_add(plain);
    }

    /// The character that an escape, from its backslash, stands for.
    fn escape(&mut self) -> Result<char, ParseError> {
        let start = self.at;
        self.bump();
        let simple = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.bump();
                return self.unicode_escape().ok_or(ParseError { position: start, reason: Reason::Escape });
            }
            Some(_) => return Err(ParseError { position: start, reason: Reason::Escape }),
            None => return Err(self.error(Reason::UnexpectedEnd)),
        };
        self.bump();
        Ok(simple)
    }

    /// The character of `\u`, from its four digits; takes a following low surrogate with a high one.
    fn unicode_escape(&mut self) -> Option<char> {
        let unit = self.hex4()?;
        if !(0xd800..=0xdbff).contains(&unit) {
            return Some(char::from_u32(unit).unwrap_or('?'));
        }
        let after_high = self.at;
        if self.take(b'\\')
            && self.take(b'u')
            && let Some(low @ 0xdc00..=0xdfff) = self.hex4()
        {
            let high = unit.saturating_sub(0xd800) << 10;
            return char::from_u32((high | low.saturating_sub(0xdc00)).saturating_add(0x1_0000));
        }
        self.at = after_high;
        Some('?')
    }

    fn hex4(&mut self) -> Option<u32> {
        let end = self.at.checked_add(4)?;
        let digits = self.bytes.get(self.at..end)?;
        let mut unit = 0;
        for digit in digits {
            unit = (unit << 4) | char::from(*digit).to_digit(16)?;
        }
        self.at = end;
        Some(unit)
    }

    fn number(&mut self) -> Result<Json<'a>, ParseError> {
        let start = self.at;
        self.take(b'-');
        let whole = if self.take(b'0') { 1 } else { self.skip_digits() };
        let fraction = !self.take(b'.') || self.skip_digits() > 0;
        let exponent = if matches!(self.peek(), Some(b'e' | b'E')) {
            self.bump();
            let _ = self.take(b'+') || self.take(b'-');
            self.skip_digits() > 0
        } else {
            true
        };
        let text = self.text.get(start..self.at).unwrap_or_default();
        if whole == 0 || !fraction || !exponent || matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(ParseError { position: start, reason: Reason::Number });
        }
        Number::from_text(text).map(Json::Number).ok_or(ParseError { position: start, reason: Reason::Number })
    }

    fn skip_digits(&mut self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let digits = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        self.at = self.at.saturating_add(digits);
        digits
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Result<Json<'a>, ParseError> {
        let end = self.at.saturating_add(word.len());
        if self.bytes.get(self.at..end) != Some(word.as_bytes()) {
            return Err(self.unexpected());
        }
        self.at = end;
        Ok(value)
    }

    fn skip_white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.bump();
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn bump(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        if there {
            self.bump();
        }
        there
    }

    fn unexpected(&self) -> ParseError {
        self.error(if self.at < self.bytes.len() { Reason::UnexpectedCharacter } else { Reason::UnexpectedEnd })
    }

    fn error(&self, reason: Reason) -> ParseError {
        ParseError { position: self.at, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Style;

    fn refused(text: &str, position: usize, reason: Reason) {
        assert_eq!(parse(text), Err(ParseError { position, reason }), "{text}");
    }

    #[test]
    fn text_that_is_not_json_is_refused_with_its_place() {
        refused("", 0, Reason::UnexpectedEnd);
        refused(" \n", 2, Reason::UnexpectedEnd);
        refused("plain text", 0, Reason::UnexpectedCharacter);
        refused("{a:1}", 1, Reason::UnexpectedCharacter);
        refused("{\"a\":1,}", 7, Reason::UnexpectedCharacter);
        refused("[1,]", 3, Reason::UnexpectedCharacter);
        refused("[1", 2, Reason::UnexpectedEnd);
        refused("{\"a\"", 4, Reason::UnexpectedEnd);
        refused("{} x", 3, Reason::TrailingText);
        refused("nul", 0, Reason::UnexpectedCharacter);
        refused("\"a\nb\"", 2, Reason::ControlCharacter);
        refused("\"a", 2, Reason::UnexpectedEnd);
        refused("\"\\x\"", 1, Reason::Escape);
        refused("\"\\u12\"", 1, Reason::Escape);
        refused("\u{feff}{}", 0, Reason::UnexpectedCharacter);
        for number in ["01", "1.", "-", ".5", "1e", "1e+", "-a", "+1", "1.e5", "00"] {
            assert!(parse(number).is_err(), "{number}");
        }
    }

    #[test]
    fn escapes_and_surrogates() {
        let check =
            |text: &str, expected: &str| assert_eq!(parse(text).as_ref().ok().and_then(Json::as_str), Some(expected));
        check(r#""a\"\\\/\b\f\n\r\t\u00e9z""#, "a\"\\/\u{8}\u{c}\n\r\téz");
        check(r#""\ud83d\ude00""#, "😀");
        check(r#""\ud83d-""#, "?-");
        check(r#""\ud83d\u0041""#, "?A");
        check(r#""\ude00\ud83d""#, "??");
        check(r#""plain é""#, "plain é");
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        refused(&nested(MAX_DEPTH + 1), MAX_DEPTH, Reason::Depth);
        refused(&"{\"a\":".repeat(500_000), 5 * MAX_DEPTH, Reason::Depth);
    }

    #[test]
    fn order_and_repeated_members() {
        let value = parse(r#"{"b":1,"a":2,"b":[3]}"#).map(|value| value.to_text(Style::Compact));
        assert_eq!(value.as_deref(), Ok(r#"{"b":[3],"a":2}"#));
    }
}
