//! What stands in brackets: names in quotes, indexes, a slice, `*`, a filter.

use super::slice::index_or_slice;
use super::{Compiler, Cursor, Token, unescape};
use crate::error::{CompileError, Problem};

const EXPECTED: Problem = Problem::Expected("a name in quotes, an index, `*` or `?(…)` in the brackets");

impl Compiler {
    /// A token in brackets, from the opening one.
    pub(super) fn bracket(&mut self, cursor: &mut Cursor<'_>) -> Result<Token, CompileError> {
        let Some((first, byte)) = cursor.significant_after(cursor.at) else {
            return Err(cursor.error_here(Problem::Unclosed('[')));
        };
        match byte {
            b'\'' | b'"' => properties(cursor, byte),
            b'0'..=b'9' | b'-' | b':' => index_or_slice(cursor)?.ok_or_else(|| cursor.error(first, EXPECTED)),
            b'*' => {
                cursor.at = after_closing(cursor, first)?;
                Ok(Token::Wildcard)
            }
            b'?' => self.filter_token(cursor, first),
            _ => Err(cursor.error(first, EXPECTED)),
        }
    }

    /// `?(…)`, from its question mark at `mark`.
    fn filter_token(&mut self, cursor: &mut Cursor<'_>, mark: usize) -> Result<Token, CompileError> {
        match cursor.significant_after(mark) {
            Some((open, b'(')) => {
                let close = cursor.closing(open, true)?;
                let condition = self.condition(cursor.window(open, close.saturating_add(1)))?;
                cursor.at = after_closing(cursor, close)?;
                Ok(Token::Filter(condition))
            }
            Some((_, b']' | b',')) => Err(cursor.error(mark, Problem::Placeholder)),
            _ => Err(cursor.error(mark, Problem::Expected("`(` after the question mark"))),
        }
    }
}

/// The position after the closing bracket that must follow what ends at `at`.
fn after_closing(cursor: &Cursor<'_>, at: usize) -> Result<usize, CompileError> {
    match cursor.significant_after(at) {
        Some((close, b']')) => Ok(close.saturating_add(1)),
        Some((other, _)) => Err(cursor.error(other, Problem::Expected("`]`"))),
        None => Err(cursor.error_here(Problem::Unclosed('['))),
    }
}

/// `['a']`, `["a", "b"]`: all with the first one's kind of quotes. Backslash escapes the next character.
fn properties(cursor: &mut Cursor<'_>, quote: u8) -> Result<Token, CompileError> {
    let mut names = Vec::new();
    let mut at = cursor.at.saturating_add(1);
    // A comma came, and no name after it.
    let mut name_missing = false;
    let close = loop {
        match cursor.byte(at) {
            None => return Err(cursor.error_here(Problem::Unclosed('['))),
            Some(b']' | b',') if name_missing => return Err(cursor.error(at, Problem::EmptyProperty)),
            Some(b']') => break at,
            Some(b',') => name_missing = true,
            Some(byte) if byte == quote => {
                let end = cursor
                    .find_unescaped(at, quote)
                    .ok_or_else(|| cursor.error(at, Problem::Unclosed(char::from(quote))))?;
                let start = at.saturating_add(1);
                let name = unescape(cursor.slice(start, end)).ok_or_else(|| cursor.error(start, Problem::Escape))?;
                names.push(name.into_owned());
                name_missing = false;
                match cursor.significant_after(end) {
                    Some((_, b']' | b',')) => {}
                    _ => return Err(cursor.error(end.saturating_add(1), Problem::Expected("`,` or `]` after a name"))),
                }
                at = end;
            }
            Some(b'\\') => at = at.saturating_add(1),
            Some(_) => {}
        }
        at = at.saturating_add(1);
    };
    cursor.at = close.saturating_add(1);
    match names.pop() {
        None => Err(cursor.error_here(Problem::EmptyProperty)),
        Some(name) if names.is_empty() => Ok(Token::Property(name)),
        Some(name) => {
            names.push(name);
            Ok(Token::Properties(names))
        }
    }
}
