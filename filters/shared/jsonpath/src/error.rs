//! Why a path cannot be compiled, or gives nothing.

use std::fmt;

use crate::limits::{MAX_NESTING, MAX_PATH_LEN, MAX_RESULTS, MAX_STEPS, MAX_TOKENS};

/// A path that cannot be compiled. Prints the problem, the path, and a caret under the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    /// The path.
    pub path: String,
    /// Where in the path, in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The path has no characters.
    Empty,
    /// The path is longer than [`MAX_PATH_LEN`].
    TooLong,
    /// The path has more than [`MAX_TOKENS`] tokens.
    TooManyTokens,
    /// Filters, parentheses or arguments nest deeper than [`MAX_NESTING`].
    TooDeep,
    /// What should stand there.
    Expected(&'static str),
    /// A name with a blank in it, not in brackets and quotes.
    Blank,
    /// A bracket, parenthesis, quote or pattern that is not closed.
    Unclosed(char),
    /// An index or a bound of a slice is not an integer of 32 bits.
    Index(String),
    /// A slice without bounds, `[:]`.
    EmptySlice,
    /// A name in brackets that is missing, as in `['a',]`.
    EmptyProperty,
    /// `\u` without four hexadecimal digits.
    Escape,
    /// `[?]`: its filter would come from a program.
    Placeholder,
    /// An operator that filters do not have.
    Operator(String),
    /// Not a number.
    Number(String),
    /// Not a JSON array or object.
    Json(String),
    /// A regular expression that cannot be compiled, and why.
    Pattern(String),
    /// A value that stands where a condition should.
    Condition,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Empty => write!(f, "the path is empty"),
            Problem::TooLong => write!(f, "the path is longer than {MAX_PATH_LEN} bytes"),
            Problem::TooManyTokens => write!(f, "the path has more than {MAX_TOKENS} steps"),
            Problem::TooDeep => write!(f, "nested more than {MAX_NESTING} deep"),
            Problem::Expected(what) => write!(f, "expected {what}"),
            Problem::Blank => write!(f, "a name with a blank needs brackets and quotes, ['a name']"),
            Problem::Unclosed(opening) => write!(f, "`{opening}` is not closed"),
            Problem::Index(text) => write!(f, "`{text}` is not an index (an integer of 32 bits)"),
            Problem::EmptySlice => write!(f, "a slice needs a beginning or an end"),
            Problem::EmptyProperty => write!(f, "a name is missing"),
            Problem::Escape => write!(f, "\\u needs four hexadecimal digits"),
            Problem::Placeholder => write!(f, "`[?]` has no filter"),
            Problem::Operator(text) => write!(f, "`{text}` is not an operator"),
            Problem::Number(text) => write!(f, "`{text}` is not a number"),
            Problem::Json(text) => write!(f, "`{text}` is not JSON"),
            Problem::Pattern(reason) => write!(f, "regular expression: {reason}"),
            Problem::Condition => write!(f, "a value by itself is not a condition"),
        }
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blanks = self.column.saturating_sub(1);
        writeln!(f, "{} at column {}", self.problem, self.column)?;
        // A path that is too long says so; showing it would not help.
        if self.problem == Problem::TooLong {
            return Ok(());
        }
        writeln!(f, "  {}", self.path)?;
        write!(f, "  ")?;
        for _ in 0..blanks {
            write!(f, " ")?;
        }
        write!(f, "^")
    }
}

impl std::error::Error for CompileError {}

/// Why a path gives nothing for a document. A template sees each of them as no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoResult {
    /// The document has nothing there.
    NotFound,
    /// The path cannot be applied to this document: a filter on a number, a function that does not exist.
    Invalid,
    /// A function or an operator failed: the maximum of no numbers.
    Failed,
    /// It would take more than [`MAX_STEPS`] steps or give more than [`MAX_RESULTS`] nodes.
    TooMuch,
}

impl fmt::Display for NoResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoResult::NotFound => write!(f, "the document has nothing there"),
            NoResult::Invalid => write!(f, "the path does not apply to this document"),
            NoResult::Failed => write!(f, "a function of the path has no result"),
            NoResult::TooMuch => write!(f, "more than {MAX_STEPS} steps or {MAX_RESULTS} results"),
        }
    }
}

impl std::error::Error for NoResult {}
