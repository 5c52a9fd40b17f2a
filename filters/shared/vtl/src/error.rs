//! What goes wrong with a template: when it is compiled, and when it is rendered.

use std::fmt;

/// A template that does not parse.
///
/// API Gateway accepts such a template when it is stored and answers 500 when it is used, so a caller keeps the
/// `Result` of [`Template::compile`](crate::Template::compile), reports the error once, and turns it into a
/// [`RenderError`] (there is a `From`) for each request.
///
/// Its text has the line, the column and the place:
///
/// ```text
/// line 2, column 10: expected an expression, found `)`
///   |
/// 2 | #set($x = )
///   |           ^
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    pub(crate) message: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) excerpt: String,
    /// Characters of the excerpt before the caret.
    pub(crate) caret: u32,
}

/// Longest part of a source line that an error shows, in characters.
const EXCERPT_CHARS: usize = 120;

impl CompileError {
    /// An error at byte `offset` of `source`.
    pub(crate) fn at(source: &str, offset: usize, message: impl Into<String>) -> Self {
        let position = Position::of(source, offset);
        // A long line (a minified template) is shown from somewhat before the caret.
        let before = usize::try_from(position.column).unwrap_or(0).saturating_sub(1);
        let skipped = if before > EXCERPT_CHARS { before.saturating_sub(EXCERPT_CHARS / 2) } else { 0 };
        let excerpt = position.text.chars().skip(skipped).take(EXCERPT_CHARS).collect();
        let caret = u32::try_from(before.saturating_sub(skipped)).unwrap_or(0);
        Self { message: message.into(), line: position.line, column: position.column, excerpt, caret }
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Line in the template, from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Column in the line, in characters from 1.
    pub fn column(&self) -> u32 {
        self.column
    }

    /// The source line, cut where it is very long.
    pub fn excerpt(&self) -> &str {
        &self.excerpt
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, line, column, excerpt, caret } = self;
        let number = line.to_string();
        let gutter = number.len();
        writeln!(f, "line {line}, column {column}: {message}")?;
        writeln!(f, "{:gutter$} |", "")?;
        writeln!(f, "{number} | {excerpt}")?;
        write!(f, "{:gutter$} | ", "")?;
        // Tabs before the caret are repeated, so that it stays under its character.
        for c in excerpt.chars().take(usize::try_from(*caret).unwrap_or(0)) {
            f.write_str(if c == '\t' { "\t" } else { " " })?;
        }
        f.write_str("^")
    }
}

impl std::error::Error for CompileError {}

/// A rendering that failed. The client sees API Gateway's 500, this is for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderError {
    /// Why.
    pub kind: RenderErrorKind,
    /// Line in the template, from 1; 0 where the template did not compile at all.
    pub line: u32,
    /// Column in the line, in characters from 1.
    pub column: u32,
}

/// Why a rendering failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenderErrorKind {
    /// The template does not compile.
    Compile(Box<CompileError>),
    /// A method threw an exception in Java: the method and the reason.
    Method {
        /// Name of the method, as the template has it.
        method: String,
        /// What Java's exception says, in short.
        reason: String,
    },
    /// Something other than a method call failed, such as a `#foreach` over a list that its body changes.
    Failed(String),
    /// One of the [bounds](crate::limits) was reached.
    Limit(Limit),
}

/// The bound that a rendering reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// [`MAX_STEPS`](crate::limits::MAX_STEPS)
    Steps,
    /// [`MAX_RENDER_DEPTH`](crate::limits::MAX_RENDER_DEPTH) or [`MAX_VALUE_DEPTH`](crate::limits::MAX_VALUE_DEPTH)
    Depth,
    /// [`MAX_OUTPUT_BYTES`](crate::limits::MAX_OUTPUT_BYTES)
    Output,
    /// [`MAX_ALLOCATED_BYTES`](crate::limits::MAX_ALLOCATED_BYTES)
    Memory,
    /// [`MAX_NUMBER_DIGITS`](crate::limits::MAX_NUMBER_DIGITS)
    Digits,
}

impl From<CompileError> for RenderError {
    fn from(error: CompileError) -> Self {
        Self { line: error.line, column: error.column, kind: RenderErrorKind::Compile(Box::new(error)) }
    }
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let RenderErrorKind::Compile(error) = &self.kind {
            return error.fmt(f);
        }
        write!(f, "line {}, column {}: {}", self.line, self.column, self.kind)
    }
}

impl fmt::Display for RenderErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compile(error) => error.fmt(f),
            Self::Method { method, reason } => write!(f, "`{method}` failed: {reason}"),
            Self::Failed(reason) => f.write_str(reason),
            Self::Limit(limit) => f.write_str(match limit {
                Limit::Steps => "the rendering takes too many steps",
                Limit::Depth => "blocks or values are nested too deeply",
                Limit::Output => "the output or a text is too long",
                Limit::Memory => "the rendering takes too much memory",
                Limit::Digits => "a number has too many digits",
            }),
        }
    }
}

impl std::error::Error for RenderError {}

/// Where a byte offset is, for people.
pub(crate) struct Position<'a> {
    pub line: u32,
    pub column: u32,
    pub text: &'a str,
}

impl<'a> Position<'a> {
    pub(crate) fn of(source: &'a str, offset: usize) -> Self {
        let before = source.get(..offset).unwrap_or(source);
        let line = before.bytes().filter(|&b| b == b'\n').count().saturating_add(1);
        let start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let column = before.get(start..).unwrap_or("").chars().count().saturating_add(1);
        let rest = source.get(start..).unwrap_or("");
        let text = rest.split('\n').next().unwrap_or("").trim_end_matches('\r');
        Self { line: clamp(line), column: clamp(column), text }
    }
}

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_its_column() {
        let error = CompileError::at("a\n\t#set($x = )\nb", 12, "expected an expression");
        assert_eq!((error.line(), error.column()), (2, 11));
        assert_eq!(
            error.to_string(),
            "line 2, column 11: expected an expression\n  |\n2 | \t#set($x = )\n  | \t         ^"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let source = format!("{}#if", "x".repeat(1000));
        let error = CompileError::at(&source, 1000, "m");
        assert_eq!(error.column(), 1001);
        assert!(error.excerpt().ends_with("#if"));
        let last = error.to_string().lines().last().unwrap().to_owned();
        assert_eq!(last.find('^'), Some("1 | ".len() + error.excerpt().find('#').unwrap()));
    }
}
