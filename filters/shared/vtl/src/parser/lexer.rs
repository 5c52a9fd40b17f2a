//! Source to tokens.
//!
//! Velocity 1.7's lexer is a state machine with a stack: `$` and `#` push a mode, the end of the construct pops it, and
//! what a character means depends on the top. The consequences reach into what is printed (`$a.b##c` prints `##c`
//! after the value, `$x` directly before `#set(` swallows blanks), so the machine is reproduced here as it is, and
//! not a tidier grammar.

use std::rc::Rc;

use super::scan::{Match, More, scan};
use super::token::{Kind, Mode, Token};

/// The source cannot be split into tokens at this offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LexError {
    pub offset: usize,
    /// The source ends inside of a token.
    pub at_end: bool,
}

#[derive(Debug, Clone, Copy)]
struct Saved {
    mode: Mode,
    open: usize,
    closed: usize,
}

pub(crate) struct Lexer<'a> {
    source: &'a str,
    pos: usize,
    mode: Mode,
    stack: Vec<Saved>,
    /// Parentheses opened and closed in this mode.
    open: usize,
    closed: usize,
    in_comment: bool,
    in_set: bool,
    /// Where the last counted run of backslashes ends.
    slashes_end: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        Self {
            source,
            pos: 0,
            mode: Mode::Default,
            stack: Vec::new(),
            open: 0,
            closed: 0,
            in_comment: false,
            in_set: false,
            slashes_end: 0,
        }
    }

    /// The parser found a word that is a directive: its arguments are read in their own mode.
    pub(crate) fn enter_directive(&mut self) {
        self.mode = Mode::Directive;
    }

    /// The parser found no arguments.
    pub(crate) fn leave_directive(&mut self) {
        self.pop();
    }

    /// The parser read the whole of `#set(…)`.
    pub(crate) fn leave_set(&mut self) {
        self.in_set = false;
    }

    /// Whether `(` comes next, perhaps after white space.
    pub(crate) fn at_parenthesis(&self) -> bool {
        let rest = self.source.as_bytes().get(self.pos..).unwrap_or_default();
        rest.iter().find(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r')) == Some(&b'(')
    }

    /// The next token, [`Kind::Eof`] at the end.
    pub(crate) fn next_token(&mut self) -> Result<Token, LexError> {
        let mut before = Before::default();
        'token: loop {
            let start = self.pos;
            if start >= self.source.len() {
                return Ok(before.attach(self.source, Kind::Eof, start, start));
            }
            loop {
                let slashes = self.slashes();
                let Some((found, len)) = scan(self.source, self.pos, self.mode, slashes) else {
                    return Err(LexError { offset: self.pos, at_end: self.pos >= self.source.len() });
                };
                let from = self.pos;
                self.pos = self.pos.saturating_add(len);
                match found {
                    Match::Token(kind) => {
                        let (start, end) = self.finish(kind, start);
                        return Ok(before.attach(self.source, kind, start, end));
                    }
                    Match::More(more) => self.begin(more, len),
                    Match::Skip => continue 'token,
                    Match::ReferenceEnd | Match::DirectiveEnd => {
                        before.add(self.source.get(start..self.pos).unwrap_or(""));
                        self.pos = from;
                        self.pop();
                        continue 'token;
                    }
                }
            }
        }
    }

    /// Backslashes at the current place. A run is counted once, not again from each of its characters.
    fn slashes(&mut self) -> usize {
        let bytes = self.source.as_bytes();
        if bytes.get(self.pos) != Some(&b'\\') {
            return 0;
        }
        if self.slashes_end <= self.pos {
            let run = bytes.iter().skip(self.pos).take_while(|b| **b == b'\\').count();
            self.slashes_end = self.pos.saturating_add(run);
        }
        self.slashes_end.saturating_sub(self.pos)
    }

    fn push(&mut self, next: Mode) {
        self.stack.push(Saved { mode: self.mode, open: self.open, closed: self.closed });
        self.open = 0;
        self.mode = next;
    }

    fn pop(&mut self) -> bool {
        match self.stack.pop() {
            Some(saved) => {
                self.mode = saved.mode;
                self.open = saved.open;
                self.closed = saved.closed;
                true
            }
            None => {
                self.open = 0;
                self.mode = Mode::Default;
                false
            }
        }
    }

    fn begin(&mut self, more: More, len: usize) {
        if self.in_comment {
            return;
        }
        match more {
            More::Dollar => {
                if self.mode == Mode::Reference {
                    self.pop();
                }
                self.push(Mode::Reference);
            }
            More::Hash => {
                if matches!(self.mode, Mode::Reference | Mode::RefModifier) {
                    self.pop();
                }
                self.push(Mode::PreDirective);
            }
            More::BlockComment => {
                self.in_comment = true;
                self.push(Mode::BlockComment);
            }
            More::FormalComment => {
                // The character after `#**` is only looked at.
                self.pos = self.pos.saturating_sub(len.saturating_sub(3));
                self.in_comment = true;
                self.push(Mode::FormalComment);
            }
            More::Textblock => {
                self.in_comment = true;
                self.push(Mode::Textblock);
            }
            More::Any => {}
        }
    }

    /// Changes the mode as the token asks, and gives the token's range.
    fn finish(&mut self, kind: Kind, start: usize) -> (usize, usize) {
        match kind {
            Kind::IndexOpen => self.push(Mode::RefIndex),
            Kind::IndexClose | Kind::CurlyClose | Kind::End | Kind::Else => {
                self.pop();
            }
            Kind::LParen => {
                self.open = self.open.saturating_add(1);
                if self.mode == Mode::RefModifier {
                    self.mode = Mode::RefArguments;
                }
            }
            Kind::RParen => self.close_parenthesis(),
            Kind::MethodClose => self.mode = Mode::Reference,
            Kind::Set => {
                self.push(Mode::Directive);
                self.in_set = true;
                self.open = self.open.saturating_add(1);
            }
            Kind::LineComment => {
                if self.mode == Mode::Reference {
                    self.pop();
                }
                self.in_comment = true;
                self.push(Mode::LineComment);
            }
            Kind::LineCommentEnd | Kind::BlockComment | Kind::FormalComment | Kind::Textblock => {
                self.in_comment = false;
                self.pop();
            }
            Kind::StringLiteral if self.mode == Mode::Directive && !self.in_set && self.open == 0 => {
                self.pop();
            }
            Kind::If | Kind::ElseIf => self.mode = Mode::Directive,
            Kind::Integer | Kind::Float => {
                if kind == Kind::Integer && self.source.get(start..self.pos).is_some_and(|image| image.ends_with(".."))
                {
                    self.pos = self.pos.saturating_sub(2);
                }
                let in_index = kind == Kind::Integer && self.mode == Mode::RefIndex;
                if self.open == 0 && !self.in_set && self.mode != Mode::RefArguments && !in_index {
                    self.pop();
                }
            }
            Kind::Dot => {
                // The letter after the dot begins the next token.
                self.pos = self.pos.saturating_sub(1);
                self.mode = Mode::RefModifier;
                return (self.pos.saturating_sub(1), self.pos);
            }
            _ => {}
        }
        (start, self.pos)
    }

    /// `)` closes the innermost mode that saw a `(`.
    fn close_parenthesis(&mut self) {
        if self.in_comment {
            return;
        }
        loop {
            if self.open > 0 {
                if self.open == self.closed.saturating_add(1) {
                    self.pop();
                } else {
                    self.closed = self.closed.saturating_add(1);
                }
                return;
            }
            if !self.pop() {
                return;
            }
        }
    }
}

/// Beginnings that came to nothing before a token.
#[derive(Default)]
struct Before {
    text: String,
    /// The last one begins with `##`; then none of them is printed.
    hidden: bool,
}

impl Before {
    fn add(&mut self, image: &str) {
        self.hidden = image.starts_with("##");
        let bytes = image.as_bytes();
        let mut at = 0;
        while let Some(&b) = bytes.get(at) {
            let mut next = at.saturating_add(1);
            match b {
                b'#' | b'$' => self.text.push(char::from(b)),
                b'\\' => {
                    let run = bytes.iter().skip(at).take_while(|b| **b == b'\\').count();
                    let after = at.saturating_add(run);
                    if bytes.get(after) == Some(&b'$') {
                        self.text.push_str(image.get(at..=after).unwrap_or(""));
                        // The character behind the `$` is passed over.
                        next = after.saturating_add(2);
                    } else {
                        next = after;
                    }
                }
                _ => {}
            }
            at = next;
        }
    }

    fn attach(self, source: &str, kind: Kind, start: usize, end: usize) -> Token {
        let before = (!self.text.is_empty() && !self.hidden).then(|| Rc::from(self.text));
        let end = end.min(source.len());
        Token { kind, start, end, before }
    }
}
