//! Filters that compare a member with a constant: `@.price > 50`, `@.sku == 'a-1'`.
//!
//! Only where both are of the same type; what a comparison of different types means is left to the `jsonpath` package.

use super::{Document, Kind, Place};

/// `@.name op constant`
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Filter<'p> {
    name: &'p str,
    op: Op,
    constant: Constant<'p>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Eq,
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Constant<'p> {
    Number(f64),
    Text(&'p str),
}

/// Numbers of up to this many characters are told apart by doubles.
const MAX_EXACT_DIGITS: usize = 15;

impl<'p> Filter<'p> {
    /// Reads a filter, and gives what follows it.
    pub(super) fn parse(text: &'p str) -> Option<(Self, &'p str)> {
        let rest = text.trim_start_matches(' ').strip_prefix("@.")?;
        let len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let (name, rest) = rest.split_at_checked(len).filter(|(name, _)| !name.is_empty())?;
        let rest = rest.trim_start_matches(' ');
        let operators = [("==", Op::Eq), ("<=", Op::Le), (">=", Op::Ge), ("<", Op::Lt), (">", Op::Gt)];
        let (rest, op) = operators.into_iter().find_map(|(sign, op)| Some((rest.strip_prefix(sign)?, op)))?;
        let rest = rest.trim_start_matches(' ');
        let (constant, rest) = match rest.strip_prefix('\'') {
            Some(rest) => {
                let (text, rest) = rest.split_once('\'')?;
                let simple = op == Op::Eq && text.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'\\');
                (simple.then_some(Constant::Text(text))?, rest)
            }
            None => {
                let len = rest.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-')).count();
                let (number, rest) = rest.split_at_checked(len)?;
                let simple = (1..=MAX_EXACT_DIGITS).contains(&len)
                    && number.bytes().next_back().is_some_and(|b| b.is_ascii_digit())
                    && number.trim_start_matches('-').bytes().next().is_some_and(|b| b.is_ascii_digit());
                (Constant::Number(simple.then(|| number.parse().ok())??), rest)
            }
        };
        Some((Self { name, op, constant }, rest.trim_start_matches(' ')))
    }

    /// Whether an element meets the filter; `None` where that is not decided here.
    pub(super) fn accepts(&self, document: &Document, element: Place) -> Option<bool> {
        if document.kind(element) != Kind::Object {
            return None;
        }
        let Some(member) = document.member(element, self.name) else { return Some(false) };
        match (document.kind(member), self.constant) {
            (Kind::Integer | Kind::Decimal, Constant::Number(constant)) => {
                let text = document.text(member);
                // An infinite one is an error that the whole language knows.
                let exact = |value: &f64| text.len() <= MAX_EXACT_DIGITS && value.is_finite();
                let value: f64 = text.parse().ok().filter(exact)?;
                Some(match self.op {
                    Op::Eq => value == constant,
                    Op::Lt => value < constant,
                    Op::Le => value <= constant,
                    Op::Gt => value > constant,
                    Op::Ge => value >= constant,
                })
            }
            (Kind::Plain | Kind::String, Constant::Text(constant)) => Some(document.text(member) == constant),
            _ => None,
        }
    }
}
