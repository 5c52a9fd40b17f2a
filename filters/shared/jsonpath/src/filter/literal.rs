//! JSON in a path: arrays and objects in filters, arguments of functions.
//!
//! JsonSmart reads these with its permissive grammar, which is wider than JSON: single quotes, names and texts
//! without quotes, commas too many, leading zeros. Request bodies are not read this way.

use std::borrow::Cow;

use super::decimal;
use crate::json::{Json, Number, Object};
use crate::limits::MAX_NESTING;
use crate::path::unescape;

/// Reads a value; what follows an array, object or quoted text is passed over.
pub(crate) fn parse(text: &str) -> Option<Json<'static>> {
    Literal { text, at: 0 }.value("", 0)
}

struct Literal<'t> {
    text: &'t str,
    at: usize,
}

impl Literal<'_> {
    /// A value; one without quotes goes on to one of the characters `stops`.
    fn value(&mut self, stops: &str, depth: usize) -> Option<Json<'static>> {
        if depth > MAX_NESTING {
            return None;
        }
        self.skip_white_space();
        match self.peek() {
            Some(b'[') => self.array(depth),
            Some(b'{') => self.object(depth),
            Some(quote @ (b'\'' | b'"')) => self.quoted(quote).map(|text| Json::String(text.into())),
            _ => Some(bare(self.bare_text(stops))),
        }
    }

    fn array(&mut self, depth: usize) -> Option<Json<'static>> {
        let mut elements = Vec::new();
        self.bump();
        loop {
            self.skip_white_space();
            match self.peek()? {
                b']' => {
                    self.bump();
                    return Some(Json::Array(elements));
                }
                b',' => self.bump(),
                b'}' | b':' => return None,
                _ => elements.push(self.value(",]", depth.saturating_add(1))?),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json<'static>> {
        let mut members = Vec::new();
        self.bump();
        loop {
            self.skip_white_space();
            let name = match self.peek()? {
                b'}' => {
                    self.bump();
                    return Some(Json::Object(Object::from_members(members)));
                }
                b',' => {
                    self.bump();
                    continue;
                }
                b'[' | b']' | b'{' | b':' => return None,
                quote @ (b'\'' | b'"') => self.quoted(quote)?,
                _ => self.bare_text(":").to_owned(),
            };
            self.skip_white_space();
            if self.peek() != Some(b':') {
                return None;
            }
            self.bump();
            self.skip_white_space();
            if matches!(self.peek(), Some(b',' | b'}' | b']')) {
                return None;
            }
            members.push((Cow::Owned(name), self.value(",}", depth.saturating_add(1))?));
        }
    }

    fn quoted(&mut self, quote: u8) -> Option<String> {
        self.bump();
        let start = self.at;
        loop {
            match self.peek()? {
                b'\\' => self.bump(),
                byte if byte == quote => break,
                _ => {}
            }
            self.bump();
        }
        let text = unescape(self.text.get(start..self.at)?)?.into_owned();
        self.bump();
        Some(text)
    }

    fn bare_text(&mut self, stops: &str) -> &str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let len = rest.find(|character| stops.contains(character)).unwrap_or(rest.len());
        self.at = self.at.saturating_add(len);
        rest.get(..len).unwrap_or_default().trim()
    }

    fn skip_white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.bump();
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn bump(&mut self) {
        self.at = self.at.saturating_add(1);
    }
}

/// A value without quotes: a word, a number, or else text.
fn bare(text: &str) -> Json<'static> {
    match text {
        "null" => Json::Null,
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        _ => {
            let numeric = text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
                && decimal::parse(text).is_some();
            let number = if numeric { Number::from_text(number_text(text)) } else { None };
            number.map_or_else(|| Json::String(Cow::Owned(text.to_owned())), Json::Number)
        }
    }
}

/// The number as JSON writes it: no leading zeros, digits after the point.
fn number_text(text: &str) -> String {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = match unsigned.find(['e', 'E']).and_then(|at| unsigned.split_at_checked(at)) {
        Some((mantissa, exponent)) => (mantissa, exponent),
        None => (unsigned, ""),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, "")) => (whole, ".0".to_owned()),
        Some((whole, fraction)) => (whole, format!(".{fraction}")),
        None => (mantissa, String::new()),
    };
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        significant => significant,
    };
    format!("{sign}{whole}{fraction}{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Style;

    #[test]
    fn reads_what_json_smart_reads() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(parse(text).map(|value| value.to_text(Style::Compact)).as_deref(), expected, "{text}");
        };
        check("['a', \"b\"]", Some(r#"["a","b"]"#));
        check("[1,,2, ]", Some("[1,2]"));
        check("[007, -1.50, 1., true, null, a b, 1 2]", Some(r#"[7,-1.5,1.0,true,null,"a b","1 2"]"#));
        check("{a: 1, 'b': [x], \"c\" : {}}", Some(r#"{"a":1,"b":["x"],"c":{}}"#));
        check(r#"['it\'s \u00e9']"#, Some(r#"["it's é"]"#));
        check("12", Some("12"));
        check("\"text\"", Some("\"text\""));
        check("1'", Some("\"1'\""));
        for broken in ["[", "['a]", "{a}", "{a:}", "{'a' 1}", "[}"] {
            check(broken, None);
        }
        check(&"[".repeat(5000), None);
    }
}
