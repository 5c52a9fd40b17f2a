//! Filters, `[?(…)]`: what they are made of, and how their text becomes that.
//!
//! ```text
//! condition = conjunction ( "||" conjunction )*
//! conjunction = term ( "&&" term )*
//! term = "!" term | "(" condition ")" | "!"? path | operand operator operand
//! operand = path | 'text' | "text" | number | true | false | null | [json] | {json} | /pattern/i
//! ```

mod condition;
pub(crate) mod decimal;
pub(crate) mod literal;
mod operand;
mod operator;
mod pattern;

pub(crate) use operator::Operator;
pub(crate) use pattern::Pattern;

use crate::json::Json;
use crate::path::Path;

/// What an element must meet.
#[derive(Debug, Clone)]
pub(crate) enum Condition {
    Or(Vec<Condition>),
    And(Vec<Condition>),
    Not(Box<Condition>),
    /// `@.name`, or `!@.name` when it should not be there.
    Exists {
        path: Path,
        expected: bool,
    },
    Compare {
        left: Operand,
        operator: Operator,
        right: Operand,
    },
}

/// A side of a comparison.
#[derive(Debug, Clone)]
pub(crate) enum Operand {
    /// A path; one from the root has a place in the cache of what such paths gave.
    Path {
        path: Path,
        cache: Option<usize>,
    },
    Null,
    Bool(bool),
    /// A number's text, which [`decimal::parse`] reads, and the nearest double.
    Number {
        text: String,
        nearest: f64,
    },
    Text(String),
    /// An array or object, and its text.
    Json {
        text: String,
        value: Json<'static>,
    },
    Pattern(Pattern),
}
