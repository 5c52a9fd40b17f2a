//! Texts of a policy: wildcards, and policy variables that a request fills in.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>

use std::borrow::Cow;

use crate::error::Reason;
use crate::glob::{Glob, Token};
use crate::request::Keys;

/// What is special in a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Syntax {
    /// `*` and `?` are wildcards.
    pub wildcards: bool,
    /// `${…}` is a variable: policies of version 2012-10-17, in the elements that have them.
    pub variables: bool,
}

/// One element of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    One,
    Many,
    Variable { key: String, default: Option<String> },
}

/// Cuts a text into its elements.
pub(crate) fn pieces(text: &str, syntax: Syntax) -> Result<Vec<Piece>, Reason> {
    let incomplete = || Reason::Variable(text.to_owned());
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let behind = rest.get(c.len_utf8()..).unwrap_or_default();
        let special = match c {
            '*' if syntax.wildcards => Some(Piece::Many),
            '?' if syntax.wildcards => Some(Piece::One),
            '$' if syntax.variables && behind.starts_with('{') => {
                let (inside, after) = behind.get(1..).and_then(|b| b.split_once('}')).ok_or_else(incomplete)?;
                rest = after;
                match inside {
                    "*" | "?" | "$" => plain.push_str(inside),
                    _ => {
                        flush(&mut pieces, &mut plain);
                        pieces.push(variable(inside).ok_or_else(incomplete)?);
                    }
                }
                continue;
            }
            _ => None,
        };
        rest = behind;
        match special {
            Some(piece) => {
                flush(&mut pieces, &mut plain);
                pieces.push(piece);
            }
            None => plain.push(c),
        }
    }
    flush(&mut pieces, &mut plain);
    Ok(pieces)
}

fn flush(pieces: &mut Vec<Piece>, plain: &mut String) {
    if !plain.is_empty() {
        pieces.push(Piece::Text(std::mem::take(plain)));
    }
}

/// `key`, or `key, 'default'`.
fn variable(inside: &str) -> Option<Piece> {
    let (key, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, default)) => {
            let default = default.trim_start().strip_prefix('\'')?.strip_suffix('\'')?;
            (key, Some(default.to_owned()))
        }
    };
    let key = key.trim();
    (!key.is_empty()).then(|| Piece::Variable { key: key.to_ascii_lowercase(), default })
}

/// A compiled text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    Fixed(Glob),
    /// Becomes a [`Glob`] when a request fills it in.
    Open(Box<[Piece]>),
}

impl Pattern {
    pub(crate) fn new(pieces: Vec<Piece>) -> Self {
        match pieces.iter().any(|piece| matches!(piece, Piece::Variable { .. })) {
            true => Self::Open(pieces.into()),
            false => Self::Fixed(Glob::new(pieces.iter().map(|piece| token(piece, "")))),
        }
    }

    /// How many variables it has.
    pub(crate) fn variables(&self) -> usize {
        match self {
            Self::Fixed(_) => 0,
            Self::Open(pieces) => pieces.iter().filter(|piece| matches!(piece, Piece::Variable { .. })).count(),
        }
    }

    /// Whether it covers all of `text`. A variable without a value matches nothing.
    pub(crate) fn matches(&self, text: &str, keys: &dyn Keys) -> bool {
        match self {
            Self::Fixed(glob) => glob.matches(text),
            Self::Open(pieces) => fill(pieces, keys).is_some_and(|values| filled(pieces, &values).matches(text)),
        }
    }

    /// [`Pattern::matches`] without regard to letter case.
    pub(crate) fn matches_folded(&self, text: &str, keys: &dyn Keys) -> bool {
        match self {
            // Folded when it was compiled.
            Self::Fixed(glob) => glob.matches(&text.to_lowercase()),
            Self::Open(pieces) => fill(pieces, keys).is_some_and(|values| {
                let folded: Vec<_> = values.iter().map(|value| Cow::Owned(value.to_lowercase())).collect();
                filled(pieces, &folded).matches(&text.to_lowercase())
            }),
        }
    }
}

/// The value of each piece; empty for those that are no variables.
fn fill<'a>(pieces: &'a [Piece], keys: &'a dyn Keys) -> Option<Vec<Cow<'a, str>>> {
    let value = |piece: &'a Piece| match piece {
        Piece::Variable { key, default } => match keys.values(key) {
            // Only keys of a single value can be filled in.
            Some(mut values) if values.len() == 1 => values.pop(),
            Some(_) => None,
            None => default.as_deref().map(Cow::Borrowed),
        },
        _ => Some(Cow::Borrowed("")),
    };
    pieces.iter().map(value).collect()
}

fn filled(pieces: &[Piece], values: &[Cow<'_, str>]) -> Glob {
    Glob::new(pieces.iter().zip(values).map(|(piece, value)| token(piece, value)))
}

fn token<'a>(piece: &'a Piece, value: &'a str) -> Token<'a> {
    match piece {
        Piece::Text(text) => Token::Text(text),
        Piece::One => Token::One,
        Piece::Many => Token::Many,
        Piece::Variable { .. } => Token::Text(value),
    }
}

/// The pieces in lower case, for comparisons without regard to letter case.
pub(crate) fn folded(pieces: Vec<Piece>) -> Vec<Piece> {
    let fold = |piece| match piece {
        Piece::Text(text) => Piece::Text(text.to_lowercase()),
        Piece::Variable { key, default } => Piece::Variable { key, default: default.map(|text| text.to_lowercase()) },
        other => other,
    };
    pieces.into_iter().map(fold).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::request::KeyMap;

    const ALL: Syntax = Syntax { wildcards: true, variables: true };

    fn matches(pattern: &str, text: &str) -> bool {
        let keys = KeyMap::default().with("aws:username", ["alice"]).with("x:star", ["*"]).with("x:two", ["a", "b"]);
        Pattern::new(pieces(pattern, ALL).unwrap()).matches(text, &keys)
    }

    #[test]
    fn variables() {
        assert!(matches("users/${aws:username}/*", "users/alice/orders"));
        assert!(matches("${AWS:UserName}", "alice"));
        assert!(!matches("users/${aws:username}/*", "users/bob/orders"));
        assert!(!matches("users/${aws:nobody}", "users/"));
        assert!(matches("users/${aws:nobody, 'guest'}", "users/guest"));
        assert!(matches("${x:star}", "*") && !matches("${x:star}", "anything"));
        assert!(!matches("${x:two}", "a"));
        assert!(matches("${*}${?}${$}", "*?$") && !matches("${*}", "a"));
    }

    #[test]
    fn incomplete_variables() {
        for text in ["${", "a${aws:username", "${}", "${a, b}", "${a, 'b}"] {
            assert_eq!(pieces(text, ALL), Err(Reason::Variable(text.to_owned())), "{text}");
        }
        assert!(pieces("${", Syntax { wildcards: true, variables: false }).is_ok());
    }
}
