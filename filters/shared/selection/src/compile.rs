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
        let mut rest = expression;
        while let Some(character) = rest.chars().next() {
            let at = rest;
            if let Some(after) = rest.strip_prefix("\\$") {
                parts.literal.push('$');
                rest = after;
            } else if let Some(after) = rest.strip_prefix("${") {
                let end = end_of_path(after, |byte| byte == b'}');
                let (path, closing) = after.split_at_checked(end).unwrap_or((after, ""));
                rest = closing.strip_prefix('}').ok_or_else(|| failed(at, Problem::Unclosed))?;
                parts.variable(Variable::compile(path, usage).map_err(|problem| failed(at, problem))?);
            } else if let Some(after) = rest.strip_prefix('$') {
                let end = end_of_path(after, ends_unbraced);
                let (path, behind) = after.split_at_checked(end).unwrap_or((after, ""));
                rest = behind;
                parts.variable(Variable::compile(path, usage).map_err(|problem| failed(at, problem))?);
            } else {
                parts.literal.push(character);
                rest = rest.get(character.len_utf8()..).unwrap_or_default();
            }
        }
        Ok(Self { parts: parts.finish() })
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
