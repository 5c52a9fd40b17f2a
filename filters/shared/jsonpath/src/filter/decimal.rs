//! Decimal numbers of any size, as Java's `BigDecimal` reads and compares them. Nothing is computed, so an exponent
//! costs nothing.

use std::cmp::Ordering;

/// A decimal number: `0.D₁D₂…Dₙ × 10^exponent`, where `D₁` is not zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal<'t> {
    negative: bool,
    /// The digits before and after the point, without leading zeros.
    whole: &'t str,
    fraction: &'t str,
    exponent: i64,
}

/// Reads what `new BigDecimal(text)` reads: a sign, digits with a point among them, an exponent of 32 bits.
pub(crate) fn parse(text: &str) -> Option<Decimal<'_>> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, i64::from(exponent.parse::<i32>().ok()?)),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    if !whole.is_empty() {
        let exponent = exponent.saturating_add(i64::try_from(whole.len()).ok()?);
        return Some(Decimal { negative, whole, fraction, exponent });
    }
    let significant = fraction.trim_start_matches('0');
    let zeros = fraction.len().saturating_sub(significant.len());
    let exponent = exponent.saturating_sub(i64::try_from(zeros).ok()?);
    Some(Decimal { negative, whole: "", fraction: significant, exponent })
}

impl Decimal<'_> {
    fn digits(&self) -> impl Iterator<Item = u8> {
        self.whole.bytes().chain(self.fraction.bytes())
    }

    fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.fraction.is_empty()
    }

    /// -1, 0 or 1.
    fn sign(&self) -> i8 {
        match (self.is_zero(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    fn cmp_size(&self, other: &Self) -> Ordering {
        self.exponent.cmp(&other.exponent).then_with(|| {
            let (mut mine, mut others) = (self.digits(), other.digits());
            loop {
                let (a, b) = (mine.next(), others.next());
                if a.is_none() && b.is_none() {
                    return Ordering::Equal;
                }
                match a.unwrap_or(b'0').cmp(&b.unwrap_or(b'0')) {
                    Ordering::Equal => {}
                    unequal => return unequal,
                }
            }
        })
    }
}

/// Compares by value: 1 and 1.00 are equal.
pub(crate) fn cmp(a: &Decimal<'_>, b: &Decimal<'_>) -> Ordering {
    a.sign().cmp(&b.sign()).then_with(|| match a.sign() {
        0 => Ordering::Equal,
        -1 => b.cmp_size(a),
        _ => a.cmp_size(b),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, b: &str, expected: Ordering) {
        let compared = parse(a).zip(parse(b)).map(|(a, b)| (cmp(&a, &b), cmp(&b, &a)));
        assert_eq!(compared, Some((expected, expected.reverse())), "{a} {b}");
    }

    #[test]
    fn compares_by_value() {
        check("1", "1.00", Ordering::Equal);
        check("0", "-0.0e5", Ordering::Equal);
        check("10", "9.999", Ordering::Greater);
        check("-10", "-9", Ordering::Less);
        check("-1", "0", Ordering::Less);
        check("1e2", "100", Ordering::Equal);
        check("0.001", "1E-3", Ordering::Equal);
        check("0.0012", "0.0011999", Ordering::Greater);
        check("123456789012345678901234567890", "123456789012345678901234567891", Ordering::Less);
        check("1e2147483647", "1e2147483646", Ordering::Greater);
        check("+.5", "0.5", Ordering::Equal);
        check("5.", "05", Ordering::Equal);
    }

    #[test]
    fn refuses_what_java_refuses() {
        for text in ["", "-", ".", "1e", "1-2", "e5", " 1", "1e2147483648", "0x1", "1.2.3", "NaN"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
