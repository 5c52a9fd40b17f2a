//! `[from:to]` and `[0,1]`.

use super::{Cursor, Token};
use crate::error::{CompileError, Problem};

/// The bounds of `[from:to]`; a negative one counts from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slice {
    /// `[from:]`
    From(i32),
    /// `[:to]`
    To(i32),
    /// `[from:to]`. From a negative bound to a positive one it runs through the end and goes on from the beginning,
    /// so `[-2:1]` of three elements is the second, the third and the first.
    Between(i32, i32),
}

/// `[0]`, `[0,1]`, `[0:2]`, from its bracket. `None` when what is there is none of these.
pub(super) fn index_or_slice(cursor: &mut Cursor<'_>) -> Result<Option<Token>, CompileError> {
    let open = cursor.at;
    let Some(close) = cursor.find(open, b']') else { return Ok(None) };
    let start = open.saturating_add(1);
    let text = cursor.slice(start, close);
    if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b',' | b'-' | b':' | b' ')) {
        return Ok(None);
    }
    let text = text.trim();
    let token = if text.contains(':') { slice(text) } else { indexes(text) };
    let token = token.map_err(|problem| cursor.error(start, problem))?;
    cursor.at = close.saturating_add(1);
    Ok(Some(token))
}

/// A step, as in `[0:4:2]`, is passed over.
fn slice(text: &str) -> Result<Token, Problem> {
    let mut bounds = text.split(':').map(|bound| match bound {
        "" => Ok(None),
        bound => integer(bound).map(Some),
    });
    let from = bounds.next().transpose()?.flatten();
    let to = bounds.next().transpose()?.flatten();
    Ok(Token::Slice(match (from, to) {
        (Some(from), None) => Slice::From(from),
        (None, Some(to)) => Slice::To(to),
        (Some(from), Some(to)) => Slice::Between(from, to),
        (None, None) => return Err(Problem::EmptySlice),
    }))
}

fn indexes(text: &str) -> Result<Token, Problem> {
    let indexes = text.split(',').map(|index| integer(index.trim())).collect::<Result<Vec<_>, _>>()?;
    Ok(match indexes.as_slice() {
        [index] => Token::Index(*index),
        _ => Token::Indexes(indexes),
    })
}

fn integer(text: &str) -> Result<i32, Problem> {
    text.parse().map_err(|_| Problem::Index(text.to_owned()))
}
