//! Why an expression cannot be compiled.

use std::fmt;

use crate::Use;
use crate::compile::MAX_EXPRESSION_BYTES;

/// An expression that cannot be compiled. Prints the problem, the expression, and a caret under the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// The expression; empty when it is too long to show.
    pub expression: String,
    /// Where in it, in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It has no characters.
    Empty,
    /// It is longer than [`MAX_EXPRESSION_BYTES`].
    TooLong,
    /// `${` without its `}`.
    Unclosed,
    /// A variable that may not stand in this expression, or that there is not.
    Variable {
        /// Its name, without `$`.
        name: String,
        /// What the expression is for.
        usage: Use,
    },
    /// A JSONPath that cannot be compiled, and why.
    Path(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the expression is empty"),
            Self::TooLong => write!(f, "the expression is longer than {MAX_EXPRESSION_BYTES} bytes"),
            Self::Unclosed => write!(f, "`${{` is not closed"),
            Self::Variable { name, .. } if name == "default" => {
                write!(f, "`$default` is no variable; the text is written `\\$default`")
            }
            Self::Variable { name, usage } => {
                write!(f, "`{name}` cannot be used in {usage}, expected {}", usage.variables())
            }
            Self::Path(reason) => write!(f, "the path of `request.body` is no JSONPath: {reason}"),
        }
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at column {}", self.problem, self.column)?;
        if self.expression.is_empty() {
            return Ok(());
        }
        write!(f, "\n  {}\n  {:>column$}", self.expression, "^", column = self.column)
    }
}

impl std::error::Error for CompileError {}
