//! `.name` and `.name(…)`.

use super::{Compiler, Cursor, Token};
use crate::error::{CompileError, Problem};

impl Compiler {
    /// A name up to the next dot or bracket, or a function with its arguments.
    pub(super) fn name_or_function(&mut self, cursor: &mut Cursor<'_>) -> Result<Token, CompileError> {
        let start = cursor.at;
        loop {
            match cursor.peek() {
                None | Some(b'.' | b'[') => return Ok(Token::Property(cursor.slice(start, cursor.at).to_owned())),
                Some(b' ') => return Err(cursor.error_here(Problem::Blank)),
                Some(b'(') => {
                    let name = cursor.slice(start, cursor.at);
                    return self.function(name, cursor).map(Token::Function);
                }
                Some(_) => cursor.bump(),
            }
        }
    }
}
