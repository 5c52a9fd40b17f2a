//! What is wrong with the input, all of it in one run.
//!
//! A [`Diagnostic`] holds a place and a text; [`Report`] adds file, line, column and path, sorts, and prints:
//!
//! ```text
//! settings.yaml:12:5: error: usagePlans[1].throttle.rateLimt: unknown field `rateLimt`, expected `burstLimit` or `rateLimit`
//!    12 |     rateLimt: 5
//!       |     ^^^^^^^^
//! ```

mod render;

pub(crate) use render::excerpt;
pub use render::{Colour, Report};

use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing starts.
    Error,
    /// The API still behaves as on API Gateway, or a limit does not bind as it seems to.
    Warning,
}

/// One problem. The text is lower case, without a final period, and says what was found and what is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// What.
    pub message: String,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(span: Span, message: String) -> Self {
        Self { severity: Severity::Error, span, message }
    }

    /// A warning at a place.
    pub fn warning(span: Span, message: String) -> Self {
        Self { severity: Severity::Warning, span, message }
    }
}

/// The problems of one run.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Notes an error.
    pub fn error(&mut self, span: Span, message: impl Into<String>) {
        self.items.push(Diagnostic::error(span, message.into()));
    }

    /// Notes a warning.
    pub fn warning(&mut self, span: Span, message: impl Into<String>) {
        self.items.push(Diagnostic::warning(span, message.into()));
    }

    /// Notes several.
    pub fn extend(&mut self, items: impl IntoIterator<Item = Diagnostic>) {
        self.items.extend(items);
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|item| item.severity == Severity::Error)
    }

    /// All of them, in the order in which they were found.
    pub fn items(&self) -> &[Diagnostic] {
        &self.items
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}
