//! Operands: paths and literals.

use super::operator::is_operator_character;
use super::{Operand, Pattern, decimal, literal};
use crate::error::{CompileError, Problem};
use crate::path::{Compiler, Cursor, unescape};

impl Compiler {
    pub(super) fn operand(&mut self, cursor: &mut Cursor<'_>) -> Result<Operand, CompileError> {
        cursor.skip_blanks();
        if cursor.peek() == Some(b'!') {
            cursor.bump();
            cursor.skip_blanks();
            return match cursor.peek() {
                Some(b'$' | b'@') => self.path_operand(cursor),
                _ => Err(cursor.error_here(Problem::Expected("a path after `!`"))),
            };
        }
        match cursor.peek() {
            Some(b'$' | b'@') => self.path_operand(cursor),
            Some(quote @ (b'\'' | b'"')) => text(cursor, quote),
            Some(b'[' | b'{') => json(cursor),
            Some(b'/') => pattern(cursor),
            Some(b't' | b'f' | b'n') => word(cursor),
            _ => number(cursor),
        }
    }

    fn path_operand(&mut self, cursor: &mut Cursor<'_>) -> Result<Operand, CompileError> {
        let start = cursor.at;
        cursor.at = end_of_path(cursor)?;
        let window = cursor.window(start, cursor.at);
        let path = self.nested(&window, |compiler| compiler.path(window))?;
        let cache = path.from_root.then_some(self.root_operands);
        if cache.is_some() {
            self.root_operands = self.root_operands.saturating_add(1);
        }
        Ok(Operand::Path { path, cache })
    }
}

/// A path goes on to the next blank, operator or parenthesis that closes the filter; not in brackets, and not for the
/// parenthesis of a function without arguments.
fn end_of_path(cursor: &Cursor<'_>) -> Result<usize, CompileError> {
    let mut at = cursor.at.saturating_add(1);
    loop {
        match cursor.byte(at) {
            Some(b'[') => at = cursor.closing(at, false)?,
            None | Some(b' ') => return Ok(at),
            Some(byte) if is_operator_character(byte) => return Ok(at),
            Some(b')') if !closes_function(cursor, at) => return Ok(at),
            Some(_) => {}
        }
        at = at.saturating_add(1);
    }
}

/// Whether the parenthesis at `at` closes a function's: `@.name.length()`.
fn closes_function(cursor: &Cursor<'_>, at: usize) -> bool {
    cursor.significant_before(at) == Some(b'(') && cursor.slice(cursor.at, at).contains('.')
}

fn text(cursor: &mut Cursor<'_>, quote: u8) -> Result<Operand, CompileError> {
    let start = cursor.at.saturating_add(1);
    let end = cursor
        .find_unescaped(cursor.at, quote)
        .ok_or_else(|| cursor.error_here(Problem::Unclosed(char::from(quote))))?;
    let text = unescape(cursor.slice(start, end)).ok_or_else(|| cursor.error(start, Problem::Escape))?;
    cursor.at = end.saturating_add(1);
    Ok(Operand::Text(text.into_owned()))
}

fn json(cursor: &mut Cursor<'_>) -> Result<Operand, CompileError> {
    let start = cursor.at;
    let end = cursor.closing(start, false)?.saturating_add(1);
    let text = cursor.slice(start, end);
    let value = literal::parse(text).ok_or_else(|| cursor.error(start, Problem::Json(text.to_owned())))?;
    cursor.at = end;
    Ok(Operand::Json { text: text.to_owned(), value })
}

fn pattern(cursor: &mut Cursor<'_>) -> Result<Operand, CompileError> {
    let start = cursor.at.saturating_add(1);
    let end = cursor.find_unescaped(cursor.at, b'/').ok_or_else(|| cursor.error_here(Problem::Unclosed('/')))?;
    let source = cursor.slice(start, end);
    cursor.at = end.saturating_add(1);
    let ignore_case = cursor.take("i");
    let pattern = Pattern::new(source, ignore_case).map_err(|reason| cursor.error(start, Problem::Pattern(reason)))?;
    Ok(Operand::Pattern(pattern))
}

fn word(cursor: &mut Cursor<'_>) -> Result<Operand, CompileError> {
    if cursor.take("true") {
        Ok(Operand::Bool(true))
    } else if cursor.take("false") {
        Ok(Operand::Bool(false))
    } else if cursor.take("null") {
        Ok(Operand::Null)
    } else {
        Err(cursor.error_here(Problem::Expected("a value")))
    }
}

fn number(cursor: &mut Cursor<'_>) -> Result<Operand, CompileError> {
    let start = cursor.at;
    while matches!(cursor.peek(), Some(b'0'..=b'9' | b'-' | b'.' | b'e' | b'E')) {
        cursor.bump();
    }
    let text = cursor.slice(start, cursor.at);
    if text.is_empty() {
        return Err(cursor.error(start, Problem::Expected("a value")));
    }
    match (decimal::parse(text), text.parse()) {
        (Some(_), Ok(nearest)) => Ok(Operand::Number { text: text.to_owned(), nearest }),
        _ => Err(cursor.error(start, Problem::Number(text.to_owned()))),
    }
}
