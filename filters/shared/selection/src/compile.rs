//! The grammar of expressions.
//!
//! ```text
//! expression = part*
//! part       = literal | "\$" | variable
//! variable   = "$" path | "${" path "}"
//! ```
//!
//! An unbraced variable ends at white space, `/`, `\`, `$`, `{` or `}` outside brackets; `-` and `.` belong to it. Not
//! documented in AWS's guide; another emulator does the same.

use crate::error::{CompileError, Problem};
use crate::variable::Variable;
use crate::{Expression, Part, Use};

/// Longest expression, in bytes. Not documented; a JSONPath may be as long.
pub(crate) const MAX_EXPRESSION_BYTES: usize = 4096;

impl Expression {
    /// Compiles an expression that selects `usage`.
    ///
    /// # Errors
    /// [`CompileError`] when it is none, or names a variable that `usage` does not have.
    pub fn compile(expression: &str, usage: Use) -> Result<Self, CompileError> {
        if expression.len() > MAX_EXPRESSION_BYTES {
            return Err(CompileError { expression: String::new(), column: 1, problem: Problem::TooLong });
        }
        let failed = |rest: &str, problem| CompileError {
            expression: expression.to_owned(),
            column: column_of(expression, rest),
            problem,
        };
        if expression.is_empty() {
            return Err(failed(expression, Problem::Empty));
        }
        let mut parts = Parts::default();
        let mut pieces = Pieces::of(expression);
        loop {
            let at = pieces.rest;
            match pieces.next() {
                None => return Ok(Self { parts: parts.finish() }),
                Some(Ok(Piece::Text(text))) => parts.literal.push_str(text),
                Some(Ok(Piece::Variable(path))) => {
                    parts.variable(Variable::compile(path, usage).map_err(|problem| failed(at, problem))?);
                }
                Some(Err(problem)) => return Err(failed(at, problem)),
            }
        }
    }
}

/// A piece of a text with variables, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Text that stands for itself; `\$` is a `$`.
    Text(&'t str),
    /// The path of a variable, without its `$` and braces.
    Variable(&'t str),
}

/// The pieces of a text with variables. Parameter mappings of HTTP APIs are written in the same way.
#[derive(Clone, Debug)]
pub struct Pieces<'t> {
    rest: &'t str,
}

impl<'t> Pieces<'t> {
    /// The pieces of `text`.
    pub fn of(text: &'t str) -> Self {
        Self { rest: text }
    }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = Result<Piece<'t>, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        let (piece, rest) = if self.rest.is_empty() {
            return None;
        } else if let Some(after) = self.rest.strip_prefix("\\$") {
            (Piece::Text("$"), after)
        } else if let Some(after) = self.rest.strip_prefix("${") {
            let end = end_of_path(after, |byte| byte == b'}');
            let (path, closing) = after.split_at_checked(end).unwrap_or((after, ""));
            let Some(behind) = closing.strip_prefix('}') else {
                self.rest = "";
                return Some(Err(Problem::Unclosed));
            };
            (Piece::Variable(path), behind)
        } else if let Some(after) = self.rest.strip_prefix('$') {
            let end = end_of_path(after, ends_unbraced);
            let (path, behind) = after.split_at_checked(end).unwrap_or((after, ""));
            (Piece::Variable(path), behind)
        } else {
            // A backslash before anything else is text.
            let escape = self.rest.find("\\$");
            let end = escape.into_iter().chain(self.rest.find('$')).min().unwrap_or(self.rest.len());
            let (text, behind) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
            (Piece::Text(text), behind)
        };
        self.rest = rest;
        Some(Ok(piece))
    }
}

/// Parts as far as they are read.
#[derive(Default)]
struct Parts {
    done: Vec<Part>,
    literal: String,
}

impl Parts {
    fn variable(&mut self, variable: Variable) {
        self.flush();
        self.done.push(Part::Variable(variable));
    }

    fn flush(&mut self) {
        if !self.literal.is_empty() {
            self.done.push(Part::Text(std::mem::take(&mut self.literal)));
        }
    }

    fn finish(mut self) -> Vec<Part> {
        self.flush();
        self.done
    }
}

/// Where a variable's path ends: at the first byte that `ends` it outside brackets, and quotes in them.
fn end_of_path(text: &str, ends: impl Fn(u8) -> bool) -> usize {
    let mut brackets = 0usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            _ if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') if brackets > 0 => quote = Some(byte),
            (None, b'[') => brackets = brackets.saturating_add(1),
            (None, b']') => brackets = brackets.saturating_sub(1),
            (None, _) if brackets == 0 && ends(byte) => return at,
            (None, _) => {}
        }
    }
    text.len()
}

fn ends_unbraced(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'\\' | b'$' | b'{' | b'}')
}

/// The column at which `rest`, the end of `text`, begins.
fn column_of(text: &str, rest: &str) -> usize {
    text.chars().count().saturating_sub(rest.chars().count()).saturating_add(1)
}
