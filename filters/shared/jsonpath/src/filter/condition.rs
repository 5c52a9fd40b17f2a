//! Conditions: what `||`, `&&`, `!` and operators join.

use super::{Condition, Operand, Operator};
use crate::error::{CompileError, Problem};
use crate::path::{Compiler, Cursor};

impl Compiler {
    /// A whole condition in its parentheses: nothing may follow.
    pub(crate) fn condition(&mut self, mut cursor: Cursor<'_>) -> Result<Condition, CompileError> {
        let condition = self.nested(&cursor.clone(), |compiler| compiler.or(&mut cursor))?;
        cursor.skip_blanks();
        match cursor.peek() {
            None => Ok(condition),
            Some(_) => Err(cursor.error_here(Problem::Expected("the end of the filter"))),
        }
    }

    fn or(&mut self, cursor: &mut Cursor<'_>) -> Result<Condition, CompileError> {
        self.joined(cursor, "||", Self::and, Condition::Or)
    }

    fn and(&mut self, cursor: &mut Cursor<'_>) -> Result<Condition, CompileError> {
        self.joined(cursor, "&&", Self::term, Condition::And)
    }

    fn joined(
        &mut self,
        cursor: &mut Cursor<'_>,
        separator: &str,
        part: fn(&mut Self, &mut Cursor<'_>) -> Result<Condition, CompileError>,
        join: fn(Vec<Condition>) -> Condition,
    ) -> Result<Condition, CompileError> {
        let first = part(self, cursor)?;
        let mut parts = Vec::new();
        loop {
            cursor.skip_blanks();
            if !cursor.take(separator) {
                break;
            }
            parts.push(part(self, cursor)?);
        }
        if parts.is_empty() {
            return Ok(first);
        }
        parts.insert(0, first);
        Ok(join(parts))
    }

    fn term(&mut self, cursor: &mut Cursor<'_>) -> Result<Condition, CompileError> {
        cursor.skip_blanks();
        match cursor.peek() {
            Some(b'(') => {
                let open = cursor.at;
                cursor.bump();
                let condition = self.nested(&cursor.clone(), |compiler| compiler.or(cursor))?;
                cursor.skip_blanks();
                if cursor.take(")") { Ok(condition) } else { Err(cursor.error(open, Problem::Unclosed('('))) }
            }
            // A `!` before a path belongs to the path.
            Some(b'!') if !matches!(cursor.significant_after(cursor.at), Some((_, b'$' | b'@'))) => {
                cursor.bump();
                let negated = self.nested(&cursor.clone(), |compiler| compiler.term(cursor))?;
                Ok(Condition::Not(Box::new(negated)))
            }
            _ => self.comparison(cursor),
        }
    }

    fn comparison(&mut self, cursor: &mut Cursor<'_>) -> Result<Condition, CompileError> {
        let start = cursor.at;
        // Only "is it there" asks for it: `!@.name == 1` is `@.name == 1` in Jayway.
        let expected = cursor.peek() != Some(b'!');
        let left = self.operand(cursor)?;
        cursor.skip_blanks();
        let rest = cursor.rest();
        if rest.is_empty() || rest.starts_with(')') || rest.starts_with("&&") || rest.starts_with("||") {
            return match left {
                Operand::Path { path, .. } => Ok(Condition::Exists { path, expected }),
                _ => Err(cursor.error(start, Problem::Condition)),
            };
        }
        let operator = Operator::read(cursor)?;
        let right = self.operand(cursor)?;
        Ok(Condition::Compare { left, operator, right })
    }
}
