//! `String.format`, as `java.util.Formatter` does it in the root locale.

use std::fmt::Write as _;

use num_bigint::{BigInt, Sign};

use crate::budget::{Budget, Walk};
use crate::text::hex_float::hex_float;
use crate::value::{Decimal, Number, Value, hash_code};

/// Largest width or precision.
const MAX_WIDTH: usize = 10_000;

/// Formats. `texts` are the printed forms of `arguments`; `missing` is the argument where there is none.
///
/// # Errors
/// The reason, where Java throws.
pub(crate) fn format(
    template: &str,
    arguments: &[Value],
    texts: &[String],
    missing: Option<&Value>,
    max_len: usize,
) -> Result<String, String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    let mut next = 0_usize;
    let mut last: Option<usize> = None;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let (spec, after) = Spec::parse(after)?;
        rest = after;
        match spec.conversion {
            'n' => out.push('\n'),
            '%' => spec.pad("%", &mut out)?,
            _ => {
                let index = match spec.index {
                    Index::Next => {
                        let index = next;
                        next = next.saturating_add(1);
                        index
                    }
                    Index::Same => last.ok_or("no argument before `%<`")?,
                    Index::Number(n) => n.checked_sub(1).ok_or("illegal argument index 0")?,
                };
                last = Some(index);
                let none = || format!("there is no argument for `%{}`", spec.conversion);
                let argument = arguments.get(index).or(missing).ok_or_else(none)?;
                let text = texts.get(index).map_or("", String::as_str);
                spec.write(argument, text, &mut out)?;
            }
        }
        if out.len() > max_len {
            return Err("the result is too long".to_owned());
        }
    }
    out.push_str(rest);
    Ok(out)
}

enum Index {
    Next,
    Same,
    Number(usize),
}

struct Spec {
    index: Index,
    left: bool,
    alternate: bool,
    plus: bool,
    space: bool,
    zero: bool,
    group: bool,
    parentheses: bool,
    width: Option<usize>,
    precision: Option<usize>,
    conversion: char,
    upper: bool,
}

impl Spec {
    /// The specifier after its `%`, and what follows it.
    fn parse(text: &str) -> Result<(Self, &str), String> {
        let mut spec = Self {
            index: Index::Next,
            left: false,
            alternate: false,
            plus: false,
            space: false,
            zero: false,
            group: false,
            parentheses: false,
            width: None,
            precision: None,
            conversion: 's',
            upper: false,
        };
        let mut rest = text;
        if let (Some(number), after) = number(rest)
            && let Some(after) = after.strip_prefix('$')
        {
            spec.index = Index::Number(number);
            rest = after;
        }
        let mut same = false;
        loop {
            let flag = match rest.chars().next() {
                Some('<') => &mut same,
                Some('-') => &mut spec.left,
                Some('#') => &mut spec.alternate,
                Some('+') => &mut spec.plus,
                Some(' ') => &mut spec.space,
                Some('0') => &mut spec.zero,
                Some(',') => &mut spec.group,
                Some('(') => &mut spec.parentheses,
                _ => break,
            };
            if *flag {
                return Err("a flag stands twice in the format".to_owned());
            }
            *flag = true;
            rest = rest.get(1..).unwrap_or("");
        }
        if same {
            spec.index = Index::Same;
        }
        (spec.width, rest) = number(rest);
        if let Some(after) = rest.strip_prefix('.') {
            let (precision, after) = digits(after);
            spec.precision = Some(precision.ok_or("the precision is missing in the format")?);
            rest = after;
        }
        let conversion = rest.chars().next().ok_or("the format ends with `%`")?;
        let rest = rest.get(conversion.len_utf8()..).unwrap_or("");
        spec.upper = matches!(conversion, 'B' | 'H' | 'S' | 'C' | 'X' | 'E' | 'G' | 'A');
        spec.conversion = conversion.to_ascii_lowercase();
        let known = matches!(conversion, 'b' | 'h' | 's' | 'c' | 'd' | 'o' | 'x' | 'e' | 'f' | 'g' | 'a' | '%' | 'n');
        if !known && !spec.upper {
            return Err(format!("unknown format conversion `%{conversion}`"));
        }
        if spec.width.unwrap_or(0) > MAX_WIDTH || spec.precision.unwrap_or(0) > MAX_WIDTH {
            return Err(format!("a width or precision of more than {MAX_WIDTH} in the format"));
        }
        if (spec.left || spec.zero) && spec.width.is_none() {
            return Err("the width is missing in the format".to_owned());
        }
        spec.check()?;
        Ok((spec, rest))
    }

    /// Whether the conversion takes these flags, a width and a precision.
    fn check(&self) -> Result<(), String> {
        let Self { left, alternate, plus, space, zero, group, parentheses, .. } = *self;
        let signs = plus || space || parentheses;
        let same = matches!(self.index, Index::Same);
        let (bad_flags, bad_size) = match self.conversion {
            's' | 'b' | 'h' => (alternate || signs || zero || group, false),
            'c' => (alternate || signs || zero || group, self.precision.is_some()),
            'd' => (alternate || plus && space || left && zero, self.precision.is_some()),
            'x' | 'o' => (group || plus && space || left && zero, self.precision.is_some()),
            'e' => (group || plus && space || left && zero, false),
            'f' => (plus && space || left && zero, false),
            'g' => (alternate || plus && space || left && zero, false),
            'a' => (group || parentheses || plus && space || left && zero, false),
            '%' => (same || alternate || signs || zero || group, self.precision.is_some()),
            _ => {
                (same || left || alternate || signs || zero || group, self.precision.is_some() || self.width.is_some())
            }
        };
        if bad_flags || bad_size {
            let what = if bad_flags { "these flags" } else { "a width or precision" };
            return Err(format!("`%{}` does not take {what}", self.conversion));
        }
        Ok(())
    }

    fn write(&self, argument: &Value, text: &str, out: &mut String) -> Result<(), String> {
        let number = Number::of(argument);
        let wrong = || format!("`%{}` does not take a value of class {}", self.conversion, argument.class());
        if let Value::Null = argument {
            let text = if self.conversion == 'b' { "false" } else { "null" };
            return self.pad(&self.cut(text), out);
        }
        match self.conversion {
            's' => self.pad(&self.cut(text), out),
            'b' => {
                let value = !matches!(argument, Value::Bool(false));
                self.pad(&self.cut(if value { "true" } else { "false" }), out)
            }
            'h' => {
                let hash = hash_code(argument, Walk::new(&Budget::default())).map_err(|_| "nested too deeply")?;
                self.pad(&self.cut(&format!("{hash:x}")), out)
            }
            'c' => match (argument, number) {
                (Value::Char(_), _) => self.pad(text, out),
                (_, Some(Number::Int(n))) => {
                    let c = u32::try_from(n).ok().and_then(char::from_u32).ok_or("not a character")?;
                    self.pad(c.encode_utf8(&mut [0; 4]), out)
                }
                _ => Err(wrong()),
            },
            'd' => match number {
                Some(Number::Int(_) | Number::Long(_) | Number::BigInt(_)) => {
                    let digits = text.strip_prefix('-').unwrap_or(text);
                    self.number(text.starts_with('-'), "", digits, "", out)
                }
                _ => Err(wrong()),
            },
            'x' | 'o' => {
                let hex = self.conversion == 'x';
                let is_big = matches!(number, Some(Number::BigInt(_)));
                if !is_big && (self.plus || self.space || self.parentheses) {
                    return Err(format!("`%{}` of this value does not take a flag for its sign", self.conversion));
                }
                let text = match number {
                    Some(Number::Int(n)) if hex => format!("{n:x}"),
                    Some(Number::Int(n)) => format!("{n:o}"),
                    Some(Number::Long(n)) if hex => format!("{n:x}"),
                    Some(Number::Long(n)) => format!("{n:o}"),
                    Some(Number::BigInt(n)) => n.to_str_radix(if hex { 16 } else { 8 }),
                    _ => return Err(wrong()),
                };
                let prefix = match (self.alternate, hex) {
                    (true, true) => "0x",
                    (true, false) => "0",
                    _ => "",
                };
                let digits = text.strip_prefix('-').unwrap_or(&text);
                self.number(text.starts_with('-'), prefix, digits, "", out)
            }
            'a' => match number {
                Some(Number::Double(n)) => self.hex_float(n, out),
                Some(Number::Float(n)) => self.hex_float(f64::from(n), out),
                _ => Err(wrong()),
            },
            _ => self.float(number.ok_or_else(wrong)?, out, wrong),
        }
    }

    /// `%a`. Java counts the zeros before the number without those behind it, and so makes too many.
    fn hex_float(&self, number: f64, out: &mut String) -> Result<(), String> {
        if !number.is_finite() {
            return self.special(number, out);
        }
        // No digit is taken to mean one.
        let precision = self.precision.map(|precision| precision.max(1));
        let (digits, exponent) = hex_float(number.abs(), precision);
        let (sign, _) = self.signs(number.is_sign_negative());
        let tail = format!("p{exponent}");
        let used = [sign, "0x", &digits, &tail].iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
        let before = if self.zero { self.width.unwrap_or(0).saturating_sub(used) } else { 0 };
        let behind = precision.unwrap_or(0).saturating_add("0.".len()).saturating_sub(digits.len());
        self.pad(&format!("{sign}0x{}{digits}{}{tail}", "0".repeat(before), "0".repeat(behind)), out)
    }

    /// `%e`, `%f` and `%g`.
    fn float(&self, number: Number<'_>, out: &mut String, wrong: impl Fn() -> String) -> Result<(), String> {
        let decimal = match number {
            Number::Double(n) if !n.is_finite() => return self.special(n, out),
            Number::Float(n) if !n.is_finite() => return self.special(f64::from(n), out),
            // Java rounds the shortest digits of a double, not its exact value.
            Number::Double(n) => Decimal::parse(&format!("{n:e}")),
            Number::Float(n) => Decimal::parse(&format!("{n:e}")),
            Number::Decimal(n) => Ok(n.clone()),
            _ => return Err(wrong()),
        };
        let decimal = decimal.map_err(|_| "too many digits")?;
        let negative =
            decimal.unscaled.sign() == Sign::Minus || matches!(number, Number::Double(n) if n.is_sign_negative());
        let digits = Digits::of(&decimal);
        let precision = self.precision.unwrap_or(6);
        let text = match self.conversion {
            'e' => digits.scientific(precision),
            'f' => digits.fixed(precision)?,
            _ => {
                let significant = precision.max(1);
                let rounded = digits.round(significant);
                let places = rounded.exponent;
                if digits.is_zero() || (-4..i64::try_from(significant).unwrap_or(0)).contains(&places) {
                    let whole = usize::try_from(places.saturating_add(1)).unwrap_or(0);
                    let more = usize::try_from(places.saturating_neg().max(0)).unwrap_or(0);
                    digits.fixed(significant.saturating_sub(whole.max(1)).saturating_add(more))?
                } else {
                    digits.scientific(significant.saturating_sub(1))
                }
            }
        };
        let (whole, fraction) = text
            .split_once('.')
            .map_or((text.as_str(), String::new()), |(whole, fraction)| (whole, format!(".{fraction}")));
        let fraction = if self.alternate && precision == 0 && fraction.is_empty() { ".".to_owned() } else { fraction };
        if self.conversion == 'e' && self.alternate && precision == 0 {
            return self.number(negative, "", "", &text.replacen('e', ".e", 1), out);
        }
        if self.conversion == 'e' && fraction.is_empty() {
            return self.number(negative, "", "", &text, out);
        }
        self.number(negative, "", whole, &fraction, out)
    }

    fn special(&self, n: f64, out: &mut String) -> Result<(), String> {
        let text = match (n.is_nan(), n > 0.0) {
            (true, _) => "NaN",
            (_, true) if self.plus => "+Infinity",
            (_, true) => "Infinity",
            _ if self.parentheses => "(Infinity)",
            _ => "-Infinity",
        };
        self.pad(text, out)
    }

    /// What stands before a number and behind it for its sign.
    fn signs(&self, negative: bool) -> (&'static str, &'static str) {
        match (negative, self.parentheses) {
            (true, true) => ("(", ")"),
            (true, false) => ("-", ""),
            _ if self.plus => ("+", ""),
            _ if self.space => (" ", ""),
            _ => ("", ""),
        }
    }

    /// Sign, prefix, zeros and grouping around digits.
    fn number(&self, negative: bool, prefix: &str, whole: &str, tail: &str, out: &mut String) -> Result<(), String> {
        let (before, after) = self.signs(negative);
        let mut digits = String::new();
        let count = whole.len();
        for (place, digit) in whole.chars().enumerate() {
            let left = count.saturating_sub(place);
            if self.group && place > 0 && left.is_multiple_of(3) {
                digits.push(',');
            }
            digits.push(digit);
        }
        let mut text = [before, prefix].concat();
        if self.zero {
            let used = text.len().saturating_add(digits.len()).saturating_add(tail.len()).saturating_add(after.len());
            text.extend(std::iter::repeat_n('0', self.width.unwrap_or(0).saturating_sub(used)));
        }
        let _ = write!(text, "{digits}{tail}{after}");
        self.pad(&text, out)
    }

    /// At most as many characters as the precision says.
    fn cut(&self, text: &str) -> String {
        match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text.to_owned(),
        }
    }

    fn pad(&self, text: &str, out: &mut String) -> Result<(), String> {
        let missing = self.width.unwrap_or(0).saturating_sub(text.chars().count());
        if !self.left {
            out.extend(std::iter::repeat_n(' ', missing));
        }
        if self.upper {
            out.push_str(&text.to_uppercase())
        } else {
            out.push_str(text)
        }
        if self.left {
            out.extend(std::iter::repeat_n(' ', missing));
        }
        Ok(())
    }
}

/// A number without a zero in front, which would be a flag.
fn number(text: &str) -> (Option<usize>, &str) {
    if text.starts_with('0') { (None, text) } else { digits(text) }
}

fn digits(text: &str) -> (Option<usize>, &str) {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    if len == 0 {
        return (None, text);
    }
    let (digits, rest) = text.split_at_checked(len).unwrap_or((text, ""));
    (Some(digits.parse().unwrap_or(usize::MAX)), rest)
}

/// Decimal digits and the power of ten of the first.
#[derive(Debug, Clone)]
struct Digits {
    digits: Vec<u8>,
    exponent: i64,
}

impl Digits {
    fn of(decimal: &Decimal) -> Self {
        let digits = decimal.unscaled.magnitude().to_string().into_bytes();
        let digits: Vec<u8> = digits.into_iter().map(|b| b.wrapping_sub(b'0')).collect();
        let len = i64::try_from(digits.len()).unwrap_or(0);
        let exponent = len.saturating_sub(1).saturating_sub(i64::from(decimal.scale));
        if BigInt::from(decimal.unscaled.magnitude().clone()).sign() == Sign::NoSign {
            return Self { digits: vec![0], exponent: 0 };
        }
        Self { digits, exponent }
    }

    fn is_zero(&self) -> bool {
        self.digits.iter().all(|digit| *digit == 0)
    }

    /// To so many digits, half up.
    fn round(&self, count: usize) -> Self {
        let mut digits: Vec<u8> = self.digits.iter().copied().take(count).collect();
        let mut exponent = self.exponent;
        if self.digits.get(count).is_some_and(|digit| *digit >= 5) {
            let mut carry = true;
            for digit in digits.iter_mut().rev() {
                if *digit < 9 {
                    *digit = digit.saturating_add(1);
                    carry = false;
                    break;
                }
                *digit = 0;
            }
            if carry {
                digits.insert(0, 1);
                exponent = exponent.saturating_add(1);
            }
        }
        if digits.len() < count {
            digits.resize(count, 0);
        }
        Self { digits, exponent }
    }

    fn scientific(&self, precision: usize) -> String {
        let rounded = self.round(precision.saturating_add(1));
        let mut text = String::new();
        for (place, digit) in rounded.digits.iter().take(precision.saturating_add(1)).enumerate() {
            if place == 1 {
                text.push('.');
            }
            text.push(char::from(b'0'.saturating_add(*digit)));
        }
        let exponent = if self.is_zero() { 0 } else { rounded.exponent };
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(text, "e{sign}{:02}", exponent.unsigned_abs());
        text
    }

    fn fixed(&self, precision: usize) -> Result<String, String> {
        let precision = i64::try_from(precision).unwrap_or(i64::MAX);
        let count = self.exponent.saturating_add(1).saturating_add(precision);
        if count.unsigned_abs() > u64::try_from(MAX_WIDTH.saturating_mul(2)).unwrap_or(0) {
            if count > 0 {
                return Err("too many digits".to_owned());
            }
            return Ok(fixed_zero(precision));
        }
        let rounded = match usize::try_from(count) {
            Ok(count) => self.round(count),
            Err(_) => return Ok(fixed_zero(precision)),
        };
        if rounded.digits.is_empty() {
            return Ok(fixed_zero(precision));
        }
        let digit = |power: i64| {
            let place = rounded.exponent.saturating_sub(power);
            let digit = usize::try_from(place).ok().and_then(|place| rounded.digits.get(place)).copied().unwrap_or(0);
            char::from(b'0'.saturating_add(digit))
        };
        let mut text = String::new();
        let mut power = rounded.exponent.max(0);
        while power >= 0 {
            text.push(digit(power));
            power = power.saturating_sub(1);
        }
        if precision > 0 {
            text.push('.');
            for n in 1..=precision {
                text.push(digit(n.saturating_neg()));
            }
        }
        Ok(text)
    }
}

fn fixed_zero(precision: i64) -> String {
    let zeros = usize::try_from(precision).unwrap_or(0).min(MAX_WIDTH);
    if zeros == 0 { "0".to_owned() } else { format!("0.{}", "0".repeat(zeros)) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn check(template: &str, arguments: &[Value], expected: &str) {
        let texts: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        assert_eq!(format(template, arguments, &texts, None, 10_000).as_deref(), Ok(expected), "{template}");
    }

    #[test]
    fn as_java() {
        check("%05d|%s", &[42.into(), "x".into()], "00042|x");
        check("%5s|%-5s|%.2s", &["a".into(), "b".into(), "cde".into()], "    a|b    |cd");
        check("%,d|%+d|%(d|% d", &[1234567.into(), 4.into(), (-5).into(), 6.into()], "1,234,567|+4|(5)| 6");
        check("%x|%X|%o|%#x", &[255.into(), (-1).into(), 8.into(), 255.into()], "ff|FFFFFFFF|10|0xff");
        check("%2$s %1$s %<s %s", &["a".into(), "b".into()], "b a a a");
        check(
            "%.2f|%f|%.0f|%08.2f|%,.1f",
            &[1.005.into(), 0.1.into(), 2.5.into(), 3.25149.into(), 12345.67.into()],
            "1.01|0.100000|3|00003.25|12,345.7",
        );
        check("%e|%.2e|%E", &[12345.678.into(), 0.0.into(), 1e-10.into()], "1.234568e+04|0.00e+00|1.000000E-10");
        check("%g|%.3g|%g", &[0.0001.into(), 123456.0.into(), 123.0.into()], "0.000100000|1.23e+05|123.000");
        check(
            "%b|%b|%c|%c|%%|%n|%h",
            &[true.into(), "x".into(), Value::Char(65), 66.into(), "abc".into()],
            "true|true|A|B|%|\n|17862",
        );
        check("%S|%.1f|%.1f", &["abc".into(), 0.05.into(), (-0.0).into()], "ABC|0.1|-0.0");
        check("%10.3f|%-8d|", &[2.5.into(), 7.into()], "     2.500|7       |");
        check("%a|%A|%.2a", &[1.0.into(), 0.6875.into(), 10.3.into()], "0x1.0p0|0X1.6P-1|0x1.4ap3");
        check(
            "%10a|%-10a|%+a|%010a",
            &[1.0.into(), 1.0.into(), 1.0.into(), 1.0.into()],
            "   0x1.0p0|0x1.0p0   |+0x1.0p0|0x0001.0p0",
        );
        check("%a|% a|%a", &[(-1.5).into(), 1.5.into(), f64::INFINITY.into()], "-0x1.8p0| 0x1.8p0|Infinity");
    }

    #[test]
    fn refused() {
        for (template, argument) in [
            ("%d", Value::from("x")),
            ("%s %s", "x".into()),
            ("%q", "x".into()),
            ("%", "x".into()),
            ("%f", 1.into()),
            ("%c", "ab".into()),
            ("%99999999s", "x".into()),
            ("%-s", "x".into()),
            ("%a", 1.into()),
            ("%(a", 1.0.into()),
            ("%,a", 1.0.into()),
        ] {
            let texts = [argument.to_string()];
            assert!(format(template, &[argument], &texts, None, 100).is_err(), "{template}");
        }
    }
}
