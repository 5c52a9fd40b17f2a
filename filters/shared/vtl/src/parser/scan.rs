//! The longest match at a place of the source, in a lexical mode.
//!
//! Of two matches of the same length the first offered wins; the order is part of Velocity's grammar.

use super::token::{Kind, Mode, blank_len, bracketed_word_len, identifier_len, newline_len, word_len};

/// What matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    /// A token, complete.
    Token(Kind),
    /// The beginning of one: what follows, in a mode that may be another, belongs to it.
    More(More),
    /// A character of a comment.
    Skip,
    /// A character that ends a reference, and is read again in the mode before it.
    ReferenceEnd,
    /// A character that shows a `#` to be text.
    DirectiveEnd,
}

/// How a token may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum More {
    /// `$` or `$!`, with backslashes.
    Dollar,
    /// `#`
    Hash,
    /// `#*`
    BlockComment,
    /// `#**` and one more character.
    FormalComment,
    /// `#[[`
    Textblock,
    /// A character of `#[[…]]#`.
    Any,
}

#[derive(Default)]
struct Longest {
    found: Option<Match>,
    len: usize,
}

impl Longest {
    fn offer(&mut self, found: Match, len: usize) {
        if len > self.len {
            self.found = Some(found);
            self.len = len;
        }
    }

    fn token(&mut self, kind: Kind, len: usize) {
        self.offer(Match::Token(kind), len);
    }

    fn literal(&mut self, bytes: &[u8], text: &str, kind: Kind) {
        if bytes.starts_with(text.as_bytes()) {
            self.token(kind, text.len());
        }
    }
}

/// The match at `pos`, and its length in bytes.
///
/// `slashes` is the number of backslashes at `pos`; the caller counts them once for a whole run.
pub(crate) fn scan(source: &str, pos: usize, mode: Mode, slashes: usize) -> Option<(Match, usize)> {
    let bytes = source.as_bytes().get(pos..)?;
    let first = *bytes.first()?;
    let mut best = Longest::default();
    match mode {
        Mode::Default => default(&mut best, bytes, first, slashes),
        Mode::Reference => {
            best.literal(bytes, "[", Kind::IndexOpen);
            set_directive(&mut best, bytes);
            beginnings(&mut best, bytes, first, slashes);
            best.literal(bytes, "##", Kind::LineComment);
            reference(&mut best, bytes);
            best.offer(Match::ReferenceEnd, char_len(first));
            empty_index(&mut best, bytes);
        }
        Mode::RefModifier => {
            best.literal(bytes, "[", Kind::IndexOpen);
            best.literal(bytes, "(", Kind::LParen);
            set_directive(&mut best, bytes);
            beginnings(&mut best, bytes, first, slashes);
            reference(&mut best, bytes);
            best.offer(Match::ReferenceEnd, char_len(first));
        }
        Mode::RefArguments => {
            punctuation(&mut best, bytes);
            best.literal(bytes, ")", Kind::MethodClose);
            set_directive(&mut best, bytes);
            beginnings(&mut best, bytes, first, slashes);
            values(&mut best, bytes);
            best.token(Kind::Identifier, identifier_len(bytes));
            dot(&mut best, bytes);
        }
        Mode::RefIndex => {
            best.literal(bytes, "]", Kind::IndexClose);
            beginnings(&mut best, bytes, first, slashes);
            values(&mut best, bytes);
        }
        Mode::Directive => directive(&mut best, bytes, first, slashes),
        Mode::PreDirective => pre_directive(&mut best, bytes, first, slashes),
        Mode::LineComment => {
            beginnings(&mut best, bytes, first, slashes);
            best.token(Kind::LineCommentEnd, newline_len(bytes));
            best.offer(Match::Skip, char_len(first));
        }
        Mode::FormalComment | Mode::BlockComment => {
            beginnings(&mut best, bytes, first, slashes);
            let kind = if mode == Mode::FormalComment { Kind::FormalComment } else { Kind::BlockComment };
            best.literal(bytes, "*#", kind);
            best.offer(Match::Skip, char_len(first));
        }
        Mode::Textblock => {
            beginnings(&mut best, bytes, first, slashes);
            best.literal(bytes, "]]#", Kind::Textblock);
            best.offer(Match::More(More::Any), char_len(first));
        }
    }
    best.found.map(|found| (found, best.len))
}

fn default(best: &mut Longest, bytes: &[u8], first: u8, slashes: usize) {
    if first == b'\\' {
        best.token(Kind::EscapedDirective, escaped_directive(bytes, slashes));
    }
    set_directive(best, bytes);
    beginnings(best, bytes, first, slashes);
    best.literal(bytes, "##", Kind::LineComment);
    best.literal(bytes, "\\\\", Kind::DoubleEscape);
    best.literal(bytes, "\\", Kind::Escape);
    let text = bytes.iter().take_while(|b| !matches!(b, b'$' | b'#' | b'\\')).count();
    best.token(Kind::Text, text);
    empty_index(best, bytes);
}

/// An odd number of backslashes, `#`, and a word.
fn escaped_directive(bytes: &[u8], slashes: usize) -> usize {
    if slashes.is_multiple_of(2) || bytes.get(slashes) != Some(&b'#') {
        return 0;
    }
    let head = slashes.saturating_add(1);
    let rest = bytes.get(head..).unwrap_or_default();
    match word_len(rest).max(bracketed_word_len(rest)) {
        0 => 0,
        len => head.saturating_add(len),
    }
}

/// Blanks, `#set` or `#{set}`, spaces, `(`.
fn set_directive(best: &mut Longest, bytes: &[u8]) {
    let blanks = blank_len(bytes);
    let rest = bytes.get(blanks..).unwrap_or_default();
    let word = if rest.starts_with(b"#set") {
        4
    } else if rest.starts_with(b"#{set}") {
        6
    } else {
        return;
    };
    let rest = rest.get(word..).unwrap_or_default();
    let spaces = rest.iter().take_while(|b| **b == b' ').count();
    if rest.get(spaces) == Some(&b'(') {
        best.token(Kind::Set, blanks.saturating_add(word).saturating_add(spaces).saturating_add(1));
    }
}

/// What begins a construct in every mode.
fn beginnings(best: &mut Longest, bytes: &[u8], first: u8, slashes: usize) {
    match first {
        b'\\' | b'$' => {
            if bytes.get(slashes) != Some(&b'$') {
                return;
            }
            let dollar = slashes.saturating_add(1);
            best.offer(Match::More(More::Dollar), dollar);
            let rest = bytes.get(dollar..).unwrap_or_default();
            // A `$` ends a run, so these backslashes are counted once for each `$` before them.
            let inner = rest.iter().take_while(|b| **b == b'\\').count();
            if rest.get(inner) == Some(&b'!') {
                best.offer(Match::More(More::Dollar), dollar.saturating_add(inner).saturating_add(1));
            }
        }
        b'#' => {
            if bytes.starts_with(b"#[[") {
                best.offer(Match::More(More::Textblock), 3);
            }
            if let [b'#', b'*', b'*', next, ..] = bytes
                && *next != b'#'
            {
                best.offer(Match::More(More::FormalComment), char_len(*next).saturating_add(3));
            }
            if bytes.starts_with(b"#*") {
                best.offer(Match::More(More::BlockComment), 2);
            }
            best.offer(Match::More(More::Hash), 1);
        }
        _ => {}
    }
}

fn reference(best: &mut Longest, bytes: &[u8]) {
    best.literal(bytes, "true", Kind::True);
    best.literal(bytes, "false", Kind::False);
    best.token(Kind::Identifier, identifier_len(bytes));
    dot(best, bytes);
    best.literal(bytes, "{", Kind::CurlyOpen);
    best.literal(bytes, "}", Kind::CurlyClose);
}

/// `.` and the letter after it.
fn dot(best: &mut Longest, bytes: &[u8]) {
    if let [b'.', next, ..] = bytes
        && next.is_ascii_alphabetic()
    {
        best.token(Kind::Dot, 2);
    }
}

fn empty_index(best: &mut Longest, bytes: &[u8]) {
    for text in ["$[", "$![", "$\\![", "$."] {
        best.literal(bytes, text, Kind::EmptyIndex);
    }
}

fn punctuation(best: &mut Longest, bytes: &[u8]) {
    best.literal(bytes, "[", Kind::LBracket);
    best.literal(bytes, "]", Kind::RBracket);
    best.literal(bytes, ",", Kind::Comma);
    best.literal(bytes, "..", Kind::DoubleDot);
    best.literal(bytes, ":", Kind::Colon);
    best.literal(bytes, "{", Kind::LeftCurly);
    best.literal(bytes, "}", Kind::RightCurly);
}

/// White space, strings, booleans and numbers.
fn values(best: &mut Longest, bytes: &[u8]) {
    let space = bytes.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
    best.token(Kind::Whitespace, space);
    best.token(Kind::StringLiteral, string_literal(bytes));
    best.literal(bytes, "true", Kind::True);
    best.literal(bytes, "false", Kind::False);
    numbers(best, bytes);
}

fn numbers(best: &mut Longest, bytes: &[u8]) {
    let digits = |at: usize| bytes.iter().skip(at).take_while(|b| b.is_ascii_digit()).count();
    let sign = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(sign);
    let mut end = sign.saturating_add(whole);
    if whole > 0 {
        let dots = if bytes.get(end..).is_some_and(|rest| rest.starts_with(b"..")) { 2 } else { 0 };
        best.token(Kind::Integer, end.saturating_add(dots));
    }
    let mut is_float = false;
    if bytes.get(end) == Some(&b'.') {
        let fraction = digits(end.saturating_add(1));
        if whole > 0 || fraction > 0 {
            end = end.saturating_add(1).saturating_add(fraction);
            is_float = true;
        }
    }
    if (whole > 0 || is_float) && matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end.saturating_add(1)), Some(b'+' | b'-')));
        let at = end.saturating_add(1).saturating_add(sign);
        let exponent = digits(at);
        if exponent > 0 {
            end = at.saturating_add(exponent);
            is_float = true;
        }
    }
    if is_float {
        best.token(Kind::Float, end);
    }
}

/// A quoted string in which the quote is doubled. Where the last doubled quote is not followed by a closing one, the
/// first of the two closes.
fn string_literal(bytes: &[u8]) -> usize {
    let Some(quote @ (b'"' | b'\'')) = bytes.first() else { return 0 };
    let mut closed = 0;
    let mut at: usize = 1;
    loop {
        let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|b| b == quote)) else {
            return closed;
        };
        closed = at.saturating_add(found).saturating_add(1);
        if bytes.get(closed) != Some(quote) {
            return closed;
        }
        at = closed.saturating_add(1);
    }
}

fn directive(best: &mut Longest, bytes: &[u8], first: u8, slashes: usize) {
    punctuation(best, bytes);
    best.literal(bytes, "(", Kind::LParen);
    if first == b')' {
        let rest = bytes.get(1..).unwrap_or_default();
        let blanks = blank_len(rest);
        let newline = newline_len(rest.get(blanks..).unwrap_or_default());
        let eaten = if newline > 0 { blanks.saturating_add(newline) } else { 0 };
        best.token(Kind::RParen, eaten.saturating_add(1));
    }
    beginnings(best, bytes, first, slashes);
    best.literal(bytes, "##", Kind::LineComment);
    values(best, bytes);
    for (text, kind) in OPERATORS {
        best.literal(bytes, text, kind);
    }
    best.token(Kind::Word, word_len(bytes));
    best.token(Kind::BracketedWord, bracketed_word_len(bytes));
}

const OPERATORS: [(&str, Kind); 24] = [
    ("-", Kind::Minus),
    ("+", Kind::Plus),
    ("*", Kind::Star),
    ("/", Kind::Slash),
    ("%", Kind::Percent),
    ("&&", Kind::And),
    ("and", Kind::And),
    ("||", Kind::Or),
    ("or", Kind::Or),
    ("<", Kind::Lt),
    ("lt", Kind::Lt),
    ("<=", Kind::Le),
    ("le", Kind::Le),
    (">", Kind::Gt),
    ("gt", Kind::Gt),
    (">=", Kind::Ge),
    ("ge", Kind::Ge),
    ("==", Kind::Eq),
    ("eq", Kind::Eq),
    ("!=", Kind::Ne),
    ("ne", Kind::Ne),
    ("!", Kind::Not),
    ("not", Kind::Not),
    ("=", Kind::Assign),
];

fn pre_directive(best: &mut Longest, bytes: &[u8], first: u8, slashes: usize) {
    beginnings(best, bytes, first, slashes);
    best.literal(bytes, "##", Kind::LineComment);
    keyword_line(best, bytes, &["end", "{end}"], Kind::End);
    best.literal(bytes, "if", Kind::If);
    best.literal(bytes, "{if}", Kind::If);
    best.literal(bytes, "elseif", Kind::ElseIf);
    best.literal(bytes, "{elseif}", Kind::ElseIf);
    keyword_line(best, bytes, &["else", "{else}"], Kind::Else);
    numbers(best, bytes);
    best.token(Kind::Word, word_len(bytes));
    best.token(Kind::BracketedWord, bracketed_word_len(bytes));
    best.offer(Match::DirectiveEnd, char_len(first));
}

/// A keyword that takes the blanks and the newline after it, if a newline follows.
fn keyword_line(best: &mut Longest, bytes: &[u8], words: &[&str], kind: Kind) {
    for word in words {
        if let Some(rest) = bytes.strip_prefix(word.as_bytes()) {
            let blanks = blank_len(rest);
            let newline = newline_len(rest.get(blanks..).unwrap_or_default());
            let eaten = if newline > 0 { blanks.saturating_add(newline) } else { 0 };
            best.token(kind, word.len().saturating_add(eaten));
        }
    }
}

/// Length of the character that begins with this byte.
fn char_len(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}
