//! A path as a list of tokens, and how its text becomes one.
//!
//! ```text
//! path  = ( "$" | "@" ) token*
//! token = "." name | "." name "(" arguments ")" | "." "*" | ".." token
//!       | "[" "'" name "'" ( "," "'" name "'" )* "]" | "[" index ( "," index )* "]" | "[" from? ":" to? "]"
//!       | "[" "*" "]" | "[" "?(" condition ")" "]"
//! ```
//!
//! Jayway reads more than that, and so does this: the dot before a token may be missing after a bracket or a star
//! (`$[0]name`), and one character too many at the end is passed over (`$.name[`).

mod bracket;
mod cursor;
mod function;
mod name;
mod slice;
mod unescape;

pub(crate) use cursor::Cursor;
pub(crate) use function::{Argument, Call, Function};
pub(crate) use slice::Slice;
pub(crate) use unescape::unescape;

use crate::error::{CompileError, Problem};
use crate::filter::Condition;
use crate::limits::{MAX_NESTING, MAX_TOKENS};

/// A compiled path: one of a template, of a filter, or of a function's argument.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    /// What follows `$` or `@`.
    pub(crate) steps: Vec<Step>,
    /// Whether it begins with `$`.
    pub(crate) from_root: bool,
    /// Whether it names at most one value.
    pub(crate) definite: bool,
    /// Whether it has nothing but single names and indexes.
    pub(crate) plain: bool,
}

/// A token at its place in a path.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) token: Token,
    /// Whether all tokens before this one name at most one value each. Jayway then takes a value of the wrong kind
    /// as "not found", else it goes on with the next.
    pub(crate) upstream_definite: bool,
}

/// One part of a path.
#[derive(Debug, Clone)]
pub(crate) enum Token {
    /// `.name`, `['name']`
    Property(String),
    /// `['a','b']`
    Properties(Vec<String>),
    /// `[0]`, `[-1]`
    Index(i32),
    /// `[0,1]`
    Indexes(Vec<i32>),
    /// `[0:2]`
    Slice(Slice),
    /// `.*`, `[*]`
    Wildcard,
    /// `..`, which another token follows.
    Scan,
    /// `[?(…)]`
    Filter(Condition),
    /// `.length()`
    Function(Call),
}

/// What compiling keeps track of across a path and those inside it.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    nesting: usize,
    /// How many paths from the root filters compare with: each is evaluated once for a document.
    pub(crate) root_operands: usize,
}

impl Compiler {
    /// Runs `inner` one level deeper.
    pub(crate) fn nested<T>(
        &mut self,
        cursor: &Cursor<'_>,
        inner: impl FnOnce(&mut Self) -> Result<T, CompileError>,
    ) -> Result<T, CompileError> {
        if self.nesting >= MAX_NESTING {
            return Err(cursor.error_here(Problem::TooDeep));
        }
        self.nesting = self.nesting.saturating_add(1);
        let result = inner(self);
        self.nesting = self.nesting.saturating_sub(1);
        result
    }

    /// Compiles what the cursor's window holds.
    pub(crate) fn path(&mut self, mut cursor: Cursor<'_>) -> Result<Path, CompileError> {
        let text = cursor.rest();
        if text.ends_with('.') {
            return Err(cursor.error(cursor.end, Problem::Expected("a name after the dot")));
        }
        let from_root = match cursor.peek() {
            Some(b'$') => true,
            Some(b'@') => false,
            _ => return Err(cursor.error_here(Problem::Expected("`$` or `@`"))),
        };
        let mut tokens = Vec::new();
        if !at_tail(&cursor) {
            cursor.bump();
            if !matches!(cursor.peek(), Some(b'.' | b'[')) {
                return Err(cursor.error_here(Problem::Expected("`.` or `[`")));
            }
            self.tokens(&mut cursor, &mut tokens)?;
        }
        Ok(Path::new(tokens, from_root))
    }

    fn tokens(&mut self, cursor: &mut Cursor<'_>, tokens: &mut Vec<Token>) -> Result<(), CompileError> {
        loop {
            if tokens.len() >= MAX_TOKENS {
                return Err(cursor.error_here(Problem::TooManyTokens));
            }
            if cursor.take("..") {
                tokens.push(Token::Scan);
            } else {
                cursor.take(".");
            }
            match cursor.peek() {
                Some(b'[') => tokens.push(self.bracket(cursor)?),
                Some(b'*') => {
                    cursor.bump();
                    tokens.push(Token::Wildcard);
                }
                None | Some(b'.' | b' ') => return Err(cursor.error_here(Problem::Expected("a name, `*` or `[`"))),
                Some(_) => tokens.push(self.name_or_function(cursor)?),
            }
            if at_tail(cursor) {
                return Ok(());
            }
        }
    }
}

/// Whether at most one character is left: Jayway passes over it.
fn at_tail(cursor: &Cursor<'_>) -> bool {
    let mut rest = cursor.rest().chars();
    // Java counts UTF-16 units.
    rest.next().is_none_or(|last| last.len_utf16() == 1) && rest.next().is_none()
}

impl Path {
    fn new(tokens: Vec<Token>, from_root: bool) -> Self {
        let count = tokens.len();
        let plain = tokens.iter().all(|token| matches!(token, Token::Property(_) | Token::Index(_)));
        let mut definite = true;
        let mut steps = Vec::with_capacity(count);
        for (at, token) in tokens.into_iter().enumerate() {
            let upstream_definite = definite;
            let last = at.saturating_add(1) == count;
            definite = definite && token.is_definite(last);
            steps.push(Step { token, upstream_definite });
        }
        Self { steps, from_root, definite, plain }
    }
}

impl Token {
    /// Whether the token names at most one value. Several names at the end of a path make one object.
    fn is_definite(&self, last: bool) -> bool {
        match self {
            Token::Property(_) | Token::Index(_) | Token::Function(_) => true,
            Token::Properties(_) => last,
            Token::Indexes(_) | Token::Slice(_) | Token::Wildcard | Token::Scan | Token::Filter(_) => false,
        }
    }
}
