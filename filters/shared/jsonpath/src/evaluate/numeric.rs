//! Numbers as filters compare them: exactly, and mostly without looking at their digits.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::filter::decimal;
use crate::json::{JavaNumber, Number, write_double};

/// A number on one side of a comparison.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numeric<'v> {
    /// The nearest double.
    nearest: f64,
    exact: Exact<'v>,
}

#[derive(Debug, Clone, Copy)]
enum Exact<'v> {
    /// What `BigDecimal` reads.
    Text(&'v str),
    Json(&'v Number<'v>),
    Double(f64),
}

impl<'v> Numeric<'v> {
    /// A number of the path.
    pub(super) fn literal(text: &'v str, nearest: f64) -> Self {
        Self { nearest, exact: Exact::Text(text) }
    }

    /// A number of the document. `None` for a double that is not finite: no `BigDecimal` reads it.
    pub(super) fn from_json(number: &'v Number<'v>) -> Option<Self> {
        let nearest = number.as_f64();
        if !nearest.is_finite() && matches!(number.java(), JavaNumber::Double(_)) {
            return None;
        }
        Some(Self { nearest, exact: Exact::Json(number) })
    }

    /// A number that a function gave.
    pub(super) fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self { nearest: value, exact: Exact::Double(value) })
    }

    pub(super) fn nearest(&self) -> f64 {
        self.nearest
    }

    /// The text from which Jayway makes a `BigDecimal`: what Java prints.
    pub(super) fn text(&self) -> Cow<'v, str> {
        let double = match self.exact {
            Exact::Text(text) => return Cow::Borrowed(text),
            Exact::Json(number) => match number.java() {
                JavaNumber::Double(value) => value,
                _ => return Cow::Borrowed(number.text()),
            },
            Exact::Double(value) => value,
        };
        let mut text = String::new();
        write_double(double, &mut text);
        Cow::Owned(text)
    }

    /// Compares by value: 1 and 1.00 are equal.
    ///
    /// Rounding keeps the order, so where the nearest doubles differ they decide; the digits do where not.
    pub(super) fn order(&self, other: &Numeric<'_>) -> Ordering {
        match self.nearest.partial_cmp(&other.nearest) {
            Some(order @ (Ordering::Less | Ordering::Greater)) => order,
            _ => order_of_texts(&self.text(), &other.text()).unwrap_or(Ordering::Equal),
        }
    }

    /// Whether this is equal to a number in a text.
    pub(super) fn equals_text(&self, text: &str) -> bool {
        order_of_texts(&self.text(), text) == Some(Ordering::Equal)
    }
}

fn order_of_texts(left: &str, right: &str) -> Option<Ordering> {
    Some(decimal::cmp(&decimal::parse(left)?, &decimal::parse(right)?))
}
