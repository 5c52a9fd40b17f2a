//! `%a` of `String.format`: a double in base 16, as `Double.toHexString` and `java.util.Formatter` write it.

/// Bits of a double's fraction.
const FRACTION_BITS: u32 = 52;
/// Hexadecimal digits of a double's fraction.
const FRACTION_DIGITS: usize = 13;
const FRACTION_MASK: u64 = (1 << FRACTION_BITS) - 1;
/// What is added to the exponent where it is stored.
const BIAS: i32 = 1023;
/// The exponent of numbers without a leading one.
const SUBNORMAL_EXPONENT: i32 = -1022;

/// A number that is neither negative nor infinite: its digits, at least one behind the point and no further zeros, and
/// the exponent of two. It is rounded to `digits` behind the point; `None` for all.
pub(crate) fn hex_float(number: f64, digits: Option<usize>) -> (String, i32) {
    let (whole, fraction, exponent) = match digits {
        Some(digits) if digits < FRACTION_DIGITS && number != 0.0 => rounded(number, digits),
        _ => parts(number),
    };
    let all = format!("{fraction:013x}");
    let kept = all.trim_end_matches('0');
    (format!("{whole}.{kept:0<1}"), exponent)
}

/// The digit before the point, the fraction, and the exponent.
fn parts(number: f64) -> (u64, u64, i32) {
    let bits = number.to_bits();
    let fraction = bits & FRACTION_MASK;
    let stored = i32::try_from((bits >> FRACTION_BITS) & 0x7ff).unwrap_or(0);
    match (stored, fraction) {
        (0, 0) => (0, 0, 0),
        (0, _) => (0, fraction, SUBNORMAL_EXPONENT),
        _ => (1, fraction, stored.saturating_sub(BIAS)),
    }
}

/// The same with so many digits, from 1 to 12, half to even; a number without a leading one gets it.
fn rounded(number: f64, digits: usize) -> (u64, u64, i32) {
    let (whole, fraction, exponent) = parts(number);
    let (significand, exponent) = match whole {
        0 => {
            let shift = fraction.leading_zeros().saturating_sub(u64::BITS - FRACTION_BITS - 1);
            let exponent = exponent.saturating_sub(i32::try_from(shift).unwrap_or(0));
            (fraction.checked_shl(shift).unwrap_or(0), exponent)
        }
        _ => (fraction | (1 << FRACTION_BITS), exponent),
    };
    let dropped = FRACTION_DIGITS.saturating_sub(digits).saturating_mul(4);
    let unit = 1_u64 << dropped.min(48);
    let (half, rest) = (unit / 2, significand & unit.saturating_sub(1));
    let kept = significand.saturating_sub(rest);
    let up = rest > half || (rest == half && kept & unit != 0);
    let significand = if up { kept.saturating_add(unit) } else { kept };
    // Rounded up to the next power of two.
    let carried = significand >> FRACTION_BITS > 1;
    (1, significand & FRACTION_MASK, if carried { exponent.saturating_add(1) } else { exponent })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each as Java 17 writes it.
    #[test]
    fn as_java() {
        let written = |number: f64, digits| {
            let (digits, exponent) = hex_float(number, digits);
            format!("0x{digits}p{exponent}")
        };
        assert_eq!(written(0.0, None), "0x0.0p0");
        assert_eq!(written(1.0, None), "0x1.0p0");
        assert_eq!(written(3.4, None), "0x1.b333333333333p1");
        assert_eq!(written(5e-324, None), "0x0.0000000000001p-1022");
        assert_eq!(written(f64::MAX, None), "0x1.fffffffffffffp1023");
        assert_eq!(written(3.4, Some(3)), "0x1.b33p1");
        assert_eq!(written(1.1, Some(20)), "0x1.199999999999ap0");
        assert_eq!(written(1.96875, Some(1)), "0x1.0p1");
        assert_eq!(written(1.90625, Some(1)), "0x1.ep0");
        assert_eq!(written(1.999_999_9, Some(4)), "0x1.0p1");
    }
}
