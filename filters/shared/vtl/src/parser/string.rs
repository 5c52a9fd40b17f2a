//! String literals.

use super::token::Kind;
use super::{Origin, Parsed, Parser};
use crate::ast::Expr;
use crate::value::Value;

impl Parser<'_, '_> {
    /// `'…'` is taken as it is; `"…"` with a `$` or a `#` is a template of its own.
    pub(super) fn string_literal(&mut self) -> Parsed<Expr> {
        let index = self.expect(Kind::StringLiteral)?;
        let image = self.image(index);
        let inner = image.get(1..image.len().saturating_sub(1)).unwrap_or("");
        let double = image.starts_with('"');
        let interpolate = double && image.contains(['$', '#']);
        let text = if double {
            match unescape(inner) {
                Some(text) => halve(&text, '"'),
                None => return Err(self.failure(index, "`\\u` in a string takes four hexadecimal digits")),
            }
        } else {
            halve(inner, '\'')
        };
        if !interpolate {
            return Ok(Expr::Value(Value::from(text)));
        }
        let linear = text == inner && self.origin.linear;
        let start = self.token(index).map_or(0, |token| token.start);
        let base = self.origin.offset(start.saturating_add(usize::from(linear)));
        Ok(self.interpolated(text, Origin { base, linear }))
    }
}

/// Doubled quotes become one.
fn halve(text: &str, quote: char) -> String {
    let mut result = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        result.push(c);
        if c == quote && chars.peek() == Some(&quote) {
            chars.next();
        }
    }
    result
}

/// `\u0041` to `A`. `None` where no four digits follow.
fn unescape(text: &str) -> Option<String> {
    if !text.contains("\\u") {
        return Some(text.to_owned());
    }
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\u") {
        units.extend(before.encode_utf16());
        let digits = after.get(..4)?;
        // As Java's `Integer.parseInt`, which takes a sign.
        let (negative, magnitude) = match digits.as_bytes().first() {
            Some(b'-') => (true, digits.get(1..)?),
            Some(b'+') => (false, digits.get(1..)?),
            _ => (false, digits),
        };
        if !magnitude.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let value = u16::from_str_radix(magnitude, 16).ok()?;
        units.push(if negative { value.wrapping_neg() } else { value });
        rest = after.get(4..)?;
    }
    units.extend(rest.encode_utf16());
    Some(crate::text::from_utf16(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unicode_escapes() {
        assert_eq!(unescape("a\\u0041\\u00e9"), Some("aA\u{e9}".to_owned()));
        assert_eq!(unescape("\\uD83D\\uDE00"), Some("\u{1F600}".to_owned()));
        assert_eq!(unescape("\\uD83D"), Some("?".to_owned()));
        assert_eq!(unescape("\\user"), None);
        assert_eq!(unescape("\\u12"), None);
        assert_eq!(unescape("\\n"), Some("\\n".to_owned()));
    }

    #[test]
    fn doubled_quotes() {
        assert_eq!(halve("a\"\"b\"\"\"\"c\"", '"'), "a\"b\"\"c\"");
        assert_eq!(halve("it''s", '\''), "it's");
    }
}
