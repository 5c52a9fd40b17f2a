//! Wildcard patterns, matched in time linear in the text.
//!
//! A pattern is cut at its `*`s. The first piece has to begin the text and the last one to end it; each piece between
//! is looked for once, leftmost first, and never again: taking the leftmost leaves the most for the rest. Pieces
//! without `?` are found by the standard library's linear search, pieces with `?` by a bit for each of their places.

use std::collections::BTreeMap;

/// One element of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Text(&'a str),
    /// `?`: one character.
    One,
    /// `*`: any characters, or none.
    Many,
}

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    head: Piece,
    /// The pieces behind each `*`.
    rest: Box<[Piece]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    /// `None` stands for any character.
    Holes(Box<[Option<char>]>),
}

impl Glob {
    pub(crate) fn new<'a>(tokens: impl Iterator<Item = Token<'a>>) -> Self {
        let mut pieces = Vec::new();
        let mut piece = Vec::new();
        for token in tokens {
            match token {
                Token::Text(text) => piece.extend(text.chars().map(Some)),
                Token::One => piece.push(None),
                Token::Many => pieces.push(Piece::new(std::mem::take(&mut piece))),
            }
        }
        pieces.push(Piece::new(piece));
        let mut pieces = pieces.into_iter();
        let head = pieces.next().unwrap_or_else(|| Piece::new(Vec::new()));
        Self { head, rest: pieces.collect() }
    }

    /// Whether the pattern covers all of `text`.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some(mut left) = self.head.strip_from_start(text) else { return false };
        let Some((tail, between)) = self.rest.split_last() else { return left.is_empty() };
        for piece in between {
            match piece.find(left) {
                Some(behind) => left = behind,
                None => return false,
            }
        }
        tail.ends(left)
    }
}

impl Piece {
    fn new(characters: Vec<Option<char>>) -> Self {
        match characters.iter().copied().collect::<Option<String>>() {
            Some(text) => Self::Text(text.into()),
            None => Self::Holes(characters.into()),
        }
    }

    fn strip_from_start<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Text(piece) => text.strip_prefix(&**piece),
            Self::Holes(piece) => {
                let mut characters = text.chars();
                let fits = piece.iter().all(|place| characters.next().is_some_and(|c| place.is_none_or(|p| p == c)));
                fits.then_some(characters.as_str())
            }
        }
    }

    fn ends(&self, text: &str) -> bool {
        match self {
            Self::Text(piece) => text.ends_with(&**piece),
            Self::Holes(piece) => {
                let mut characters = text.chars().rev();
                piece.iter().rev().all(|place| characters.next().is_some_and(|c| place.is_none_or(|p| p == c)))
            }
        }
    }

    /// What stands behind the leftmost occurrence in `text`.
    fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Text(piece) => text.split_once(&**piece).map(|(_, behind)| behind),
            Self::Holes(piece) => find_with_holes(piece, text),
        }
    }
}

/// Bit `i` of the state says that the first `i + 1` places end at the current character.
fn find_with_holes<'t>(piece: &[Option<char>], text: &'t str) -> Option<&'t str> {
    let words = piece.len().div_ceil(64);
    let bit = |place: usize| (place / 64, 1u64 << (place % 64));
    let mut holes = vec![0u64; words];
    for (place, _) in piece.iter().enumerate().filter(|(_, c)| c.is_none()) {
        let (word, bit) = bit(place);
        if let Some(word) = holes.get_mut(word) {
            *word |= bit;
        }
    }
    let mut places: BTreeMap<char, Vec<u64>> = BTreeMap::new();
    for (place, c) in piece.iter().enumerate().filter_map(|(place, c)| c.map(|c| (place, c))) {
        let (word, bit) = bit(place);
        if let Some(word) = places.entry(c).or_insert_with(|| holes.clone()).get_mut(word) {
            *word |= bit;
        }
    }
    let (last_word, last_bit) = bit(piece.len().checked_sub(1)?);
    let mut state = vec![0u64; words];
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        let fitting = places.get(&c).unwrap_or(&holes);
        let mut carry = 1;
        for (word, fitting) in state.iter_mut().zip(fitting) {
            let next = *word >> 63;
            *word = (*word << 1 | carry) & fitting;
            carry = next;
        }
        if state.get(last_word).is_some_and(|word| word & last_bit != 0) {
            return Some(characters.as_str());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn glob(pattern: &str) -> Glob {
        Glob::new(pattern.split_inclusive(['*', '?']).flat_map(|part| {
            let wildcard = part.strip_suffix('*').map(|text| (text, Token::Many));
            match wildcard.or_else(|| part.strip_suffix('?').map(|text| (text, Token::One))) {
                Some((text, wildcard)) => [Token::Text(text), wildcard],
                None => [Token::Text(part), Token::Text("")],
            }
        }))
    }

    /// By the definition, trying everything.
    fn slow(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|at| text.get(at..).is_some_and(|text| slow(rest, text))),
            Some(('?', rest)) => text.split_first().is_some_and(|(_, text)| slow(rest, text)),
            Some((c, rest)) => text.split_first().is_some_and(|(d, text)| c == d && slow(rest, text)),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn as_by_the_definition(pattern in "[abé*?]{0,8}", text in "[abé]{0,10}") {
            let (p, t): (Vec<_>, Vec<_>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(glob(&pattern).matches(&text), slow(&p, &t));
        }

        #[test]
        fn long_pieces_with_holes(before in "[ab]{0,70}", piece in "[ab]{60,140}", after in "[ab]{0,70}", hole in 0usize..60) {
            let holed: String = piece.chars().enumerate().map(|(at, c)| if at == hole { '?' } else { c }).collect();
            let text = format!("{before}{piece}{after}");
            let found = glob(&format!("*{holed}*")).matches(&text);
            prop_assert!(found);
            let other = format!("*{holed}c*");
            prop_assert!(!glob(&other).matches(&text));
        }
    }

    #[test]
    fn whole_texts() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("a*", "a/b/c", true),
            ("*/pets/*", "prod/GET/pets/42", true),
            ("a*a", "a", false),
            ("a**b", "ab", true),
            ("*?b*", "ab", true),
            ("prod/*/*", "prod/$connect", false),
        ] {
            assert_eq!(glob(pattern).matches(text), expected, "{pattern} {text}");
        }
    }

    /// Backtracking would need longer than the sun has left.
    #[test]
    fn wildcards_do_not_explode() {
        let pattern = format!("{}b", "a*".repeat(2000));
        assert!(!glob(&pattern).matches(&"a".repeat(100_000)));
        let holes = format!("*{}b*", "a?".repeat(250));
        assert!(!glob(&holes).matches(&"a".repeat(100_000)));
    }
}
