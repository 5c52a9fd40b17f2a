//! The operators of filters.

use crate::error::{CompileError, Problem};
use crate::path::Cursor;

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    /// `===`: equal, and of the same type.
    SameEqual,
    /// `!==`
    NotSameEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `=~`: the whole text matches a regular expression.
    Matches,
    In,
    NotIn,
    /// A text contains a text, or an array an element.
    Contains,
    /// The length of a text or array.
    Size,
    /// Whether a text, array or object is empty: `empty true`, `empty false`.
    Empty,
    SubsetOf,
    AnyOf,
    NoneOf,
    /// `exists`: whether two booleans are equal.
    Exists,
    /// `all`, `type`, `matches`: operators that only programs can use. In a path they match nothing.
    Never,
}

impl Operator {
    /// Reads an operator: a run of operator characters, or a word in either case up to a blank.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, CompileError> {
        let start = cursor.at;
        let symbol = cursor.peek().is_some_and(is_operator_character);
        while cursor.peek().is_some_and(|byte| if symbol { is_operator_character(byte) } else { byte != b' ' }) {
            cursor.bump();
        }
        let text = cursor.slice(start, cursor.at);
        Self::named(&text.to_ascii_uppercase()).ok_or_else(|| cursor.error(start, Problem::Operator(text.to_owned())))
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "===" => Operator::SameEqual,
            "!==" => Operator::NotSameEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            "=~" => Operator::Matches,
            "IN" => Operator::In,
            "NIN" => Operator::NotIn,
            "CONTAINS" => Operator::Contains,
            "SIZE" => Operator::Size,
            "EMPTY" => Operator::Empty,
            "SUBSETOF" => Operator::SubsetOf,
            "ANYOF" => Operator::AnyOf,
            "NONEOF" => Operator::NoneOf,
            "EXISTS" => Operator::Exists,
            "ALL" | "TYPE" | "MATCHES" => Operator::Never,
            _ => return None,
        })
    }
}

/// Characters that operators are made of; a path in a filter ends before one.
pub(super) fn is_operator_character(byte: u8) -> bool {
    matches!(byte, b'<' | b'>' | b'=' | b'~' | b'!')
}
