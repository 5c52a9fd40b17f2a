//! A place in the text of a path, and a window that parsing must not leave.

use crate::error::{CompileError, Problem};

/// Reads a part of a path's text. Positions are bytes from the beginning of the whole text, so that errors point into
/// it; everything that structures a path is ASCII.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'p> {
    text: &'p str,
    /// Where the next character is.
    pub(crate) at: usize,
    /// Where the window ends.
    pub(crate) end: usize,
}

impl<'p> Cursor<'p> {
    pub(crate) fn new(text: &'p str) -> Self {
        Self { text, at: 0, end: text.len() }
    }

    /// The same text, from `start` up to `end`.
    pub(crate) fn window(&self, start: usize, end: usize) -> Self {
        Self { text: self.text, at: start, end: end.min(self.end) }
    }

    /// The next byte.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    /// The byte at a position inside the window.
    pub(crate) fn byte(&self, at: usize) -> Option<u8> {
        if at < self.end { self.text.as_bytes().get(at).copied() } else { None }
    }

    pub(crate) fn bump(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// Moves over `expected` if it is next.
    pub(crate) fn take(&mut self, expected: &str) -> bool {
        let end = self.at.saturating_add(expected.len());
        let there = end <= self.end && self.text.get(self.at..end) == Some(expected);
        if there {
            self.at = end;
        }
        there
    }

    pub(crate) fn skip_blanks(&mut self) {
        while self.peek() == Some(b' ') {
            self.bump();
        }
    }

    /// The first byte after `at` that is no blank, and its position.
    pub(crate) fn significant_after(&self, at: usize) -> Option<(usize, u8)> {
        let mut next = at.saturating_add(1);
        while self.byte(next) == Some(b' ') {
            next = next.saturating_add(1);
        }
        self.byte(next).map(|byte| (next, byte))
    }

    /// The last byte before `at` that is no blank.
    pub(crate) fn significant_before(&self, at: usize) -> Option<u8> {
        let before = self.text.get(..at)?;
        before.trim_end_matches(' ').as_bytes().last().copied()
    }

    /// Where `byte` comes next, from `at`.
    pub(crate) fn find(&self, at: usize, byte: u8) -> Option<usize> {
        let rest = self.text.as_bytes().get(at..self.end)?;
        rest.iter().position(|other| *other == byte).and_then(|found| at.checked_add(found))
    }

    /// Where `byte` comes next after `at`, not after a backslash.
    pub(crate) fn find_unescaped(&self, at: usize, byte: u8) -> Option<usize> {
        let mut next = at.checked_add(1)?;
        loop {
            match self.byte(next)? {
                b'\\' => next = next.saturating_add(1),
                found if found == byte => return Some(next),
                _ => {}
            }
            next = next.saturating_add(1);
        }
    }

    /// Where the bracket that opens at `open` is closed; passes over quoted text and, with `patterns`, over what
    /// stands between slashes.
    pub(crate) fn closing(&self, open: usize, patterns: bool) -> Result<usize, CompileError> {
        let opening = self.byte(open).unwrap_or(b'(');
        let closing = match opening {
            b'(' => b')',
            b'[' => b']',
            _ => b'}',
        };
        let unclosed = |at, byte| self.error(at, Problem::Unclosed(char::from(byte)));
        let mut depth = 1_usize;
        let mut at = open.saturating_add(1);
        while let Some(byte) = self.byte(at) {
            match byte {
                b'\'' | b'"' => at = self.find_unescaped(at, byte).ok_or_else(|| unclosed(at, byte))?,
                b'/' if patterns => at = self.find_unescaped(at, byte).ok_or_else(|| unclosed(at, byte))?,
                _ if byte == opening => depth = depth.saturating_add(1),
                _ if byte == closing => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Ok(at);
                    }
                }
                _ => {}
            }
            at = at.saturating_add(1);
        }
        Err(unclosed(open, opening))
    }

    /// The text between two positions.
    pub(crate) fn slice(&self, start: usize, end: usize) -> &'p str {
        self.text.get(start..end.min(self.end)).unwrap_or_default()
    }

    /// The text from the next character on.
    pub(crate) fn rest(&self) -> &'p str {
        self.slice(self.at, self.end)
    }

    pub(crate) fn error(&self, at: usize, problem: Problem) -> CompileError {
        let before = self.text.get(..at.min(self.text.len())).unwrap_or_default();
        CompileError { path: self.text.to_owned(), column: before.chars().count().saturating_add(1), problem }
    }

    /// An error at the next character.
    pub(crate) fn error_here(&self, problem: Problem) -> CompileError {
        self.error(self.at, problem)
    }
}
