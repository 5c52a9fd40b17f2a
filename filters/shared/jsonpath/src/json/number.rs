//! JSON numbers, exact, and the form in which Java prints them.
//!
//! JsonSmart reads a number without fraction and exponent as an `Integer`, `Long` or `BigInteger`, another as a
//! `Double`, or as a `BigDecimal` when its text has more than eighteen characters. Templates print these with Java's
//! `toString`: `1.10` gives `1.1`, `1e10` gives `1.0E10`, and what a double cannot hold stays exact.

use std::borrow::Cow;
use std::fmt::Write as _;

/// JsonSmart reads a number with fraction or exponent of up to this many characters as a double, a longer one as a
/// `BigDecimal`.
const MAX_DOUBLE_TEXT: usize = 18;

/// A JSON number: its text, exact.
#[derive(Debug, Clone)]
pub struct Number<'a> {
    text: Cow<'a, str>,
}

/// The Java object that JsonSmart makes of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum JavaNumber<'n> {
    /// `java.lang.Integer`
    Integer(i32),
    /// `java.lang.Long`
    Long(i64),
    /// `java.math.BigInteger`: digits, with a sign when negative, without leading zeros.
    BigInteger(&'n str),
    /// `java.lang.Double`; infinite when the text is beyond its range.
    Double(f64),
    /// `java.math.BigDecimal`: JSON number text.
    BigDecimal(&'n str),
}

impl<'a> Number<'a> {
    /// A number from text that follows JSON's grammar of numbers. `None` where Java cannot read it: the scale of a
    /// `BigDecimal` has 32 bits.
    pub fn from_text(text: impl Into<Cow<'a, str>>) -> Option<Self> {
        let text = text.into();
        has_java_scale(&text).then_some(Self { text })
    }

    /// The number as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The Java object that JsonSmart makes of it.
    pub fn java(&self) -> JavaNumber<'_> {
        let text = self.text.as_ref();
        if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
            return if text.len() > MAX_DOUBLE_TEXT {
                JavaNumber::BigDecimal(text)
            } else {
                JavaNumber::Double(text.parse().unwrap_or(f64::NAN))
            };
        }
        match text.parse::<i64>() {
            Ok(long) => i32::try_from(long).map_or(JavaNumber::Long(long), JavaNumber::Integer),
            Err(_) => JavaNumber::BigInteger(text),
        }
    }

    /// The nearest double; infinite beyond its range.
    pub fn as_f64(&self) -> f64 {
        self.digits().parse().unwrap_or(f64::NAN)
    }

    /// The integer, when the text has neither fraction nor exponent and 64 bits hold it.
    pub fn as_i64(&self) -> Option<i64> {
        self.text.parse().ok()
    }

    /// Appends the form in which Java prints it.
    pub fn write(&self, out: &mut String) {
        if is_plain(&self.text) {
            return out.push_str(&self.text);
        }
        match self.java() {
            JavaNumber::Integer(_) | JavaNumber::Long(_) | JavaNumber::BigInteger(_) => out.push_str(self.digits()),
            JavaNumber::Double(value) => write_double(value, out),
            JavaNumber::BigDecimal(text) => write_decimal(text, out),
        }
    }

    /// Appends it as JSON. A double beyond its range is `null`, as in JsonSmart.
    pub fn write_json(&self, out: &mut String) {
        match self.java() {
            JavaNumber::Double(value) if !value.is_finite() => out.push_str("null"),
            _ => self.write(out),
        }
    }

    /// An integer's digits: `-0` is the integer 0.
    fn digits(&self) -> &str {
        if self.text == "-0" { "0" } else { &self.text }
    }

    /// A copy that borrows nothing.
    pub fn into_owned(self) -> Number<'static> {
        Number { text: Cow::Owned(self.text.into_owned()) }
    }
}

/// Equal as Java's `equals`: the same class and value, so `1` is not `1.0`.
impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text || self.java() == other.java()
    }
}

/// Whether the scale of a number, if it is a `BigDecimal`, has at most 32 bits, and its exponent ten digits.
fn has_java_scale(text: &str) -> bool {
    if text.len() <= MAX_DOUBLE_TEXT {
        return true;
    }
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return true };
    let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    // Whatever has more digits than 64 bits hold is out of range, too.
    match (i64::try_from(fraction), exponent.parse::<i64>()) {
        (Ok(fraction), Ok(exponent)) => i32::try_from(fraction.saturating_sub(exponent)).is_ok(),
        _ => false,
    }
}

/// Whether this is already what Java prints: digits, or a decimal from 0.001 up to ten million of at most fifteen
/// digits, which the double that is nearest to it prints as.
fn is_plain(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((whole, fraction)) = unsigned.split_once('.') else { return text != "-0" && digits(unsigned) };
    let zeros_end_it = fraction.ends_with('0') && fraction != "0";
    let too_small = whole == "0" && fraction.starts_with("000");
    whole.len() <= 7 && fraction.len() <= 8 && digits(fraction) && !zeros_end_it && !too_small
}

/// Appends `value` as Java's `Double.toString` gives it: `1.0`, `0.001`, `1.0E10`, `NaN`, `-Infinity`.
///
/// The digits are the fewest that name the double, as Java prints them since version 19; before, a few values had
/// one digit more.
pub fn write_double(value: f64, out: &mut String) {
    if value.is_nan() {
        return out.push_str("NaN");
    }
    if value.is_infinite() {
        return out.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    }
    let size = value.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        // Rust's Debug form of a double in this range is the decimal notation with at least one fraction digit.
        let _ = write!(out, "{value:?}");
        return;
    }
    let mut text = format!("{value:e}");
    if !text.contains('.') {
        // Java gives two digits at least, the two that come closest: 4.9E-324 where one digit would be 5E-324.
        text = format!("{value:.1e}");
    }
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    out.push_str(digits);
    out.push('E');
    out.push_str(exponent);
}

/// Appends JSON number text as Java's `BigDecimal.toString` gives it.
pub(crate) fn write_decimal(text: &str, out: &mut String) {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        significant => significant,
    };
    // `from_text` has seen to it that these fit.
    let (Ok(exponent), Ok(fraction_len), Ok(digits_len)) =
        (exponent.parse::<i64>(), i64::try_from(fraction.len()), i64::try_from(digits.len()))
    else {
        return out.push_str(text);
    };
    let scale = fraction_len.saturating_sub(exponent);
    let adjusted = digits_len.saturating_sub(1).saturating_sub(scale);
    if digits != "0" {
        out.push_str(sign);
    }
    match usize::try_from(scale) {
        Ok(0) => out.push_str(digits),
        Ok(scale) if adjusted >= -6 => {
            let point = digits.len().checked_sub(scale).filter(|whole| *whole > 0);
            match point.and_then(|point| digits.split_at_checked(point)) {
                Some((whole, fraction)) => {
                    let _ = write!(out, "{whole}.{fraction}");
                }
                // At most six zeros: `adjusted` is at least -6.
                None => {
                    out.push_str("0.");
                    out.extend(std::iter::repeat_n('0', scale.saturating_sub(digits.len())));
                    out.push_str(digits);
                }
            }
        }
        _ => {
            let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
            let point = if rest.is_empty() { "" } else { "." };
            let _ = write!(out, "{first}{point}{rest}");
            if adjusted != 0 {
                let _ = write!(out, "E{adjusted:+}");
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn check(text: &str, java: JavaNumber<'_>, printed: &str) {
        let number = Number::from_text(text).unwrap();
        assert_eq!(number.java(), java, "{text}");
        let mut out = String::new();
        number.write(&mut out);
        assert_eq!(out, printed, "{text}");
    }

    #[test]
    fn integers_of_any_size_print_their_digits() {
        check("2147483647", JavaNumber::Integer(i32::MAX), "2147483647");
        check("2147483648", JavaNumber::Long(2_147_483_648), "2147483648");
        check("-9223372036854775808", JavaNumber::Long(i64::MIN), "-9223372036854775808");
        check("9223372036854775808", JavaNumber::BigInteger("9223372036854775808"), "9223372036854775808");
        check("-0", JavaNumber::Integer(0), "0");
    }

    #[test]
    fn doubles_print_as_java_prints_them() {
        check("1.10", JavaNumber::Double(1.1), "1.1");
        check("1E3", JavaNumber::Double(1000.0), "1000.0");
        check("1e10", JavaNumber::Double(1e10), "1.0E10");
        check("9999999.5", JavaNumber::Double(9_999_999.5), "9999999.5");
        check("10000000.0", JavaNumber::Double(1e7), "1.0E7");
        check("0.001", JavaNumber::Double(0.001), "0.001");
        check("0.0001", JavaNumber::Double(0.0001), "1.0E-4");
        check("0.0", JavaNumber::Double(0.0), "0.0");
        check("1.50", JavaNumber::Double(1.5), "1.5");
        check("-1234567.12345678", JavaNumber::Double(-1234567.12345678), "-1234567.12345678");
        check("12345678.5", JavaNumber::Double(12_345_678.5), "1.23456785E7");
        check("0.00012", JavaNumber::Double(0.00012), "1.2E-4");
        check("-0.0", JavaNumber::Double(-0.0), "-0.0");
        check("1e400", JavaNumber::Double(f64::INFINITY), "Infinity");
        check("1e23", JavaNumber::Double(1e23), "1.0E23");
        check("4.9E-324", JavaNumber::Double(f64::from_bits(1)), "4.9E-324");
    }

    #[test]
    fn longer_decimals_stay_exact() {
        let check = |text: &'static str, printed| check(text, JavaNumber::BigDecimal(text), printed);
        check("1.0000000000000000000", "1.0000000000000000000");
        check("12345678901234567.89", "12345678901234567.89");
        check("100000000000000000000000E-3", "100000000000000000000.000");
        check("-12345678901234567890123e5", "-1.2345678901234567890123E+27");
        check("0.00000000000000000001", "1E-20");
        check("0.00000100000000000000", "0.00000100000000000000");
        check("0.00000010000000000000", "1.0000000000000E-7");
        check("-0.00000000000000000000", "0E-20");
    }

    #[test]
    fn a_scale_beyond_32_bits_is_no_number_in_java() {
        let is_number = |text: &str| Number::from_text(text).is_some();
        assert!(is_number("1.0000000000000000E2147483663"), "scale -2147483647");
        assert!(is_number("1.0000000000000000E0000000000005"));
        assert!(is_number("1e99999999999999"), "a double, and infinite");
        assert!(!is_number("1.5e99999999999999999999"));
        assert!(!is_number("1.0000000000000000E-2147483647"));
        assert!(!is_number("1.0000000000000000E2147483665"));
    }
}
