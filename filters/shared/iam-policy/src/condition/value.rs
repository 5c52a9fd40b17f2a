//! The values of a condition, compiled for their operator.

use crate::condition::date;
use crate::condition::ip::Network;
use crate::condition::operator::{Order, Test};
use crate::error::Reason;
use crate::pattern::{Pattern, Syntax, folded, pieces};
use crate::request::Keys;
use crate::resource::ArnPattern;

/// One value. What is not of the operator's type makes the policy invalid: a `Deny` that never applies would be
/// thought to protect.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(Pattern),
    /// In lower case.
    Folded(Pattern),
    Numeric(Order, Decimal),
    /// Microseconds since 1970.
    Date(Order, i128),
    Bytes(Box<[u8]>),
    Network(Network),
    Arn(ArnPattern),
    /// `Null`: whether the key has to be absent.
    Absent(bool),
}

impl Value {
    pub(crate) fn new(text: &str, test: Test, variables: bool) -> Result<Self, Reason> {
        let wrong = |expected| Reason::Value { value: text.to_owned(), expected };
        let plain = Syntax { wildcards: false, variables };
        Ok(match test {
            Test::StringEquals => Self::Text(Pattern::new(pieces(text, plain)?)),
            Test::StringEqualsIgnoreCase => Self::Folded(Pattern::new(folded(pieces(text, plain)?))),
            Test::StringLike => Self::Text(Pattern::new(pieces(text, Syntax { wildcards: true, variables })?)),
            Test::Numeric(order) => Self::Numeric(order, Decimal::parse(text).ok_or_else(|| wrong("a number"))?),
            Test::Date(order) => {
                let expected = "a date, such as 2026-01-02T03:04:05Z, or seconds since 1970";
                Self::Date(order, date::micros(text).ok_or_else(|| wrong(expected))?)
            }
            Test::Bool => {
                let pattern = Pattern::new(folded(pieces(text, plain)?));
                let known = pattern.variables() > 0 || flag(text).is_some();
                Self::Folded(known.then_some(pattern).ok_or_else(|| wrong("`true` or `false`"))?)
            }
            Test::Binary => Self::Bytes(base64(text).ok_or_else(|| wrong("base64"))?),
            Test::Ip => Self::Network(Network::parse(text).ok_or_else(|| wrong("an IP address or CIDR range"))?),
            Test::Arn => Self::Arn(ArnPattern::new(text, variables)?),
            Test::Null => Self::Absent(flag(text).ok_or_else(|| wrong("`true` or `false`"))?),
        })
    }

    /// How many policy variables it has.
    pub(crate) fn variables(&self) -> usize {
        match self {
            Self::Text(pattern) | Self::Folded(pattern) => pattern.variables(),
            Self::Arn(pattern) => pattern.variables(),
            _ => 0,
        }
    }

    /// Whether a value of the request fits. One that is not of the operator's type does not.
    pub(crate) fn fits(&self, request: &str, keys: &dyn Keys) -> bool {
        match self {
            Self::Text(pattern) => pattern.matches(request, keys),
            Self::Folded(pattern) => pattern.matches_folded(request, keys),
            Self::Numeric(order, policy) => Decimal::parse(request).is_some_and(|value| value.stands(*order, *policy)),
            Self::Date(order, policy) => date::micros(request).is_some_and(|value| order.holds(value, *policy)),
            Self::Bytes(policy) => request.as_bytes() == &**policy,
            Self::Network(network) => network.contains(request),
            Self::Arn(pattern) => pattern.matches(request, keys),
            Self::Absent(_) => false,
        }
    }
}

fn flag(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        return Some(true);
    }
    text.eq_ignore_ascii_case("false").then_some(false)
}

/// A number of a condition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Decimal(f64);

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        // Rust reads `inf`, `nan` and `infinity` as numbers too.
        let written =
            text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
        let number = text.parse().ok().filter(|number: &f64| written && number.is_finite());
        number.map(Self)
    }

    fn stands(self, order: Order, policy: Self) -> bool {
        match order {
            Order::Equals => self.0 == policy.0,
            Order::LessThan => self.0 < policy.0,
            Order::LessThanEquals => self.0 <= policy.0,
            Order::GreaterThan => self.0 > policy.0,
            Order::GreaterThanEquals => self.0 >= policy.0,
        }
    }
}

/// Decodes base64 with or without padding.
fn base64(text: &str) -> Option<Box<[u8]>> {
    let digits = text.trim_end_matches('=');
    let padding = text.len().saturating_sub(digits.len());
    let whole = digits.len() % 4;
    if whole == 1 || padding > 2 || (padding > 0 && whole.checked_add(padding) != Some(4)) {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len());
    for group in digits.as_bytes().chunks(4) {
        let mut bits = 0u32;
        for at in 0..4 {
            let value = match group.get(at) {
                None => 0,
                Some(c @ b'A'..=b'Z') => c.wrapping_sub(b'A'),
                Some(c @ b'a'..=b'z') => c.wrapping_sub(b'a').wrapping_add(26),
                Some(c @ b'0'..=b'9') => c.wrapping_sub(b'0').wrapping_add(52),
                Some(b'+') => 62,
                Some(b'/') => 63,
                Some(_) => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        let [_, decoded @ ..] = bits.to_be_bytes();
        bytes.extend(decoded.iter().take(group.len().saturating_sub(1)));
    }
    Some(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary() {
        for (text, expected) in [
            ("", Some(&b""[..])),
            ("QQ==", Some(b"A")),
            ("QUI=", Some(b"AB")),
            ("QUJD", Some(b"ABC")),
            ("QUJDRA", Some(b"ABCD")),
            ("Q", None),
            ("QUJD=", None),
            ("Q!==", None),
        ] {
            assert_eq!(base64(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn numbers() {
        for text in ["inf", "nan", "", "1e999", "0x1", " 1"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        assert_eq!(Decimal::parse("1.50"), Decimal::parse("15e-1"));
    }
}
