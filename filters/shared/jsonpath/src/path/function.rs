//! `.name(arguments)`.

use super::{Compiler, Cursor, Path};
use crate::error::{CompileError, Problem};
use crate::filter::literal;
use crate::json::Json;

/// A function at the end of a path, or between its tokens.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// `None` for a name that no function has: known only when the path is evaluated, as in Jayway.
    pub(crate) function: Option<Function>,
    pub(crate) arguments: Vec<Argument>,
}

/// What a function gets beside the value that it is called on.
#[derive(Debug, Clone)]
pub(crate) enum Argument {
    /// A path; both `$` and `@` begin at the document here.
    Path(Path),
    /// A number, a string in double quotes, an object.
    Json(Json<'static>),
}

/// The functions of Jayway 2.4.0, and those that later versions added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Length,
    Min,
    Max,
    Avg,
    Sum,
    Stddev,
    Concat,
    Append,
    /// 2.5.0
    Keys,
    /// 2.8.0
    First,
    /// 2.8.0
    Last,
    /// 2.8.0
    Index,
}

impl Function {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "length" | "size" => Function::Length,
            "min" => Function::Min,
            "max" => Function::Max,
            "avg" => Function::Avg,
            "sum" => Function::Sum,
            "stddev" => Function::Stddev,
            "concat" => Function::Concat,
            "append" => Function::Append,
            "keys" => Function::Keys,
            "first" => Function::First,
            "last" => Function::Last,
            "index" => Function::Index,
            _ => return None,
        })
    }
}

impl Compiler {
    /// A function's arguments, from the opening parenthesis.
    pub(super) fn function(&mut self, name: &str, cursor: &mut Cursor<'_>) -> Result<Call, CompileError> {
        let function = Function::named(name);
        let open = cursor.at;
        cursor.bump();
        // Nothing after the parenthesis: Jayway takes it as closed.
        if cursor.peek().is_none() {
            return Ok(Call { function, arguments: Vec::new() });
        }
        let mut arguments = Vec::new();
        loop {
            let (end, last) = end_of_argument(cursor).ok_or_else(|| cursor.error(open, Problem::Unclosed('(')))?;
            if let Some(argument) = self.argument(cursor.window(cursor.at, end))? {
                arguments.push(argument);
            }
            cursor.at = end.saturating_add(1);
            if last {
                break;
            }
        }
        // 2.4.0 does not see arguments of one character at the end of a path, as in `sum(1)`.
        let one_character = cursor.at.saturating_sub(open) == 3;
        if one_character && cursor.peek().is_none() && function != Some(Function::Index) {
            arguments.clear();
        }
        Ok(Call { function, arguments })
    }

    /// An argument begins at the first character that a path, number, string or object begins with. What has none,
    /// such as text in single quotes, is passed over, and so is a sign.
    fn argument(&mut self, mut cursor: Cursor<'_>) -> Result<Option<Argument>, CompileError> {
        loop {
            match cursor.peek() {
                None => return Ok(None),
                Some(b'$' | b'@') => {
                    let trimmed = cursor.rest().trim_end().len();
                    let window = cursor.window(cursor.at, cursor.at.saturating_add(trimmed));
                    return self
                        .nested(&cursor, |compiler| compiler.path(window))
                        .map(|path| Some(Argument::Path(path)));
                }
                Some(b'{' | b'"' | b'0'..=b'9') => {
                    let text = cursor.rest();
                    let json = literal::parse(text).ok_or_else(|| cursor.error_here(Problem::Json(text.to_owned())))?;
                    return Ok(Some(Argument::Json(json)));
                }
                Some(_) => cursor.bump(),
            }
        }
    }
}

/// Where the argument ends that begins at the cursor, and whether a parenthesis ends it.
fn end_of_argument(cursor: &Cursor<'_>) -> Option<(usize, bool)> {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut at = cursor.at;
    loop {
        let byte = cursor.byte(at)?;
        match byte {
            b'\\' if quoted => at = at.saturating_add(1),
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'(' | b'[' | b'{' => depth = depth.saturating_add(1),
            b')' | b',' if depth == 0 => return Some((at, byte == b')')),
            b')' | b']' | b'}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at = at.saturating_add(1);
    }
}
