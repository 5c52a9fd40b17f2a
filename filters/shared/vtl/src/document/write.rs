//! A value of a document as compact JSON text.

use std::rc::Rc;

use jsonpath::json::{Number, Style, write_string};

use super::{Document, Kind, Place};
use crate::limits::MAX_OUTPUT_BYTES;
#[cfg(test)]
use crate::value::Value;

/// The text would be longer than an output may be.
pub(crate) struct TooLong;

impl Document {
    /// Appends the value as `$input.json` gives it, or a JSON array prints.
    pub(crate) fn write(self: &Rc<Self>, place: Place, style: Style, out: &mut String) -> Result<(), TooLong> {
        let node = self.node(place);
        match node.kind {
            Kind::Null => out.push_str("null"),
            Kind::True => out.push_str("true"),
            Kind::False => out.push_str("false"),
            Kind::Integer | Kind::Decimal => self.write_number(place, node.kind, out),
            Kind::Plain | Kind::PlainEscaped if style == Style::Compact || !self.text(place).contains('/') => {
                out.push('"');
                out.push_str(self.text(place));
                out.push('"');
            }
            Kind::Plain | Kind::String => write_string(self.text(place), style, out),
            Kind::PlainEscaped | Kind::Escaped => write_string(&self.unescaped(place), style, out),
            Kind::Array => {
                out.push('[');
                for (n, element) in self.elements(place).enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    self.write(element, style, out)?;
                }
                out.push(']');
            }
            Kind::Object => self.write_object(place, style, out)?,
        }
        if out.len() > MAX_OUTPUT_BYTES { Err(TooLong) } else { Ok(()) }
    }

    /// Prints a value as a template does, if its text in the document is that already. `false` where it is not.
    pub(crate) fn print(&self, place: Place, out: &mut String) -> bool {
        let text = self.text(place);
        match self.kind(place) {
            Kind::Null => return true,
            Kind::False => out.push_str("false"),
            Kind::True => out.push_str("true"),
            Kind::Plain | Kind::String => out.push_str(text),
            Kind::Integer if text != "-0" => out.push_str(text),
            Kind::Decimal if is_java_double(text) => out.push_str(text),
            _ => return false,
        }
        true
    }

    fn write_object(self: &Rc<Self>, place: Place, style: Style, out: &mut String) -> Result<(), TooLong> {
        out.push('{');
        if self.has_repeated_names(place) {
            for (n, (name, value)) in self.distinct_members(place).into_iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                self.write(name, style, out)?;
                out.push(':');
                self.write(value, style, out)?;
            }
        } else {
            for (n, (name, value)) in self.members(place).enumerate() {
                if n > 0 {
                    out.push(',');
                }
                self.write(name, style, out)?;
                out.push(':');
                self.write(value, style, out)?;
            }
        }
        out.push('}');
        Ok(())
    }

    fn write_number(self: &Rc<Self>, place: Place, kind: Kind, out: &mut String) {
        let text = self.text(place);
        // Most numbers print as they stand there.
        let as_is = if kind == Kind::Integer { text != "-0" } else { is_java_double(text) };
        if as_is {
            out.push_str(text);
        } else {
            // There is one: the text was checked when it was read.
            Number::from_text(text).iter().for_each(|number| number.write_json(out));
        }
    }
}

/// Whether a number with a fraction is written as Java prints its double: in the range without exponent, with no zero
/// behind the last digit but a lone one, and with few enough digits to name the double.
fn is_java_double(text: &str) -> bool {
    let Some((integer, fraction)) = text.strip_prefix('-').unwrap_or(text).split_once('.') else { return false };
    let digits = integer.len().saturating_add(fraction.len());
    digits <= 15
        && integer.len() <= 7
        && (fraction == "0" || !fraction.ends_with('0'))
        && fraction.bytes().all(|b| b.is_ascii_digit())
        && (integer != "0" || fraction == "0" || !fraction.starts_with("000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_print_as_they_stand() {
        for text in ["1.5", "0.0", "-0.0", "0.001", "0.0012", "9999999.9", "42.25", "-7.0", "0.1", "100.0"] {
            assert!(is_java_double(text), "{text}");
            let value: f64 = text.parse().unwrap_or(f64::NAN);
            assert_eq!(Value::Double(value).to_string(), text);
        }
        for text in ["1.50", "1e3", "10000000.0", "0.0001", "1.0e0", "0.00", "1.2345678901234567"] {
            assert!(!is_java_double(text), "{text}");
        }
    }
}
