//! `apigw render`: a mapping template offline, with the engine that the gateway uses.
//!
//! ```text
//! order.vtl:3:18: error: `substring` failed: begin 9, length 4
//!     3 |   "code": "$code.substring(9)"
//!       |                  ^
//! ```

mod cases;
mod request;

pub use cases::render_cases;
pub use request::Request;

use std::fmt::Write as _;

use vtl::{RenderErrorKind, Template, Trace, Value};

use crate::diagnostics::{Colour, excerpt};

/// Longest value that a line of `--trace` shows, in characters.
const MAX_TRACED: usize = 200;

/// Renders a template. With `trace`, `report` gets a line for each reference: where it stands and what it gave.
///
/// `name` is the template's name in reports.
///
/// # Errors
/// The place and the reason, with the line and a caret.
pub fn render(
    name: &str,
    template: &str,
    request: &Request,
    colour: Colour,
    trace: Option<&mut dyn FnMut(String)>,
) -> Result<String, String> {
    let result = match trace {
        None => render_template(template, request, None),
        Some(report) => {
            let mut observer = |trace: Trace<'_>| report(traced(name, &trace));
            render_template(template, request, Some(&mut observer))
        }
    };
    result.map_err(|failure| failure.for_people(name, template, colour))
}

/// Why a template gives nothing, and where.
struct Failure {
    line: u32,
    column: u32,
    message: String,
}

impl Failure {
    fn for_people(&self, name: &str, template: &str, colour: Colour) -> String {
        let Self { line, column, message } = self;
        let place = colour.bold(&format!("{name}:{line}:{column}:"));
        let mut text = format!("{place} {} {message}\n", colour.error("error:"));
        let (line, before) = (usize_of(*line), usize_of(*column).saturating_sub(1));
        let source = template.split('\n').nth(line.saturating_sub(1)).unwrap_or_default();
        text.push_str(&excerpt(line, source.trim_end_matches('\r'), before, 1, &|carets| colour.error(carets), colour));
        text
    }
}

/// `line 3, column 12: reason`
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

fn render_template(
    template: &str,
    request: &Request,
    observer: Option<&mut dyn FnMut(Trace<'_>)>,
) -> Result<String, Failure> {
    let compiled = Template::compile(template).map_err(|error| Failure {
        line: error.line(),
        column: error.column(),
        message: error.message().to_owned(),
    })?;
    let input = request.input();
    let mut scope = request.scope(&input);
    if let Some(observer) = observer {
        scope.trace(observer);
    }
    compiled.render(&mut scope).map_err(|error| Failure {
        line: error.line,
        column: error.column,
        message: match &error.kind {
            RenderErrorKind::Compile(error) => error.message().to_owned(),
            kind => kind.to_string(),
        },
    })
}

/// A line of `--trace`: strings are quoted, so that the empty one shows.
fn traced(name: &str, trace: &Trace<'_>) -> String {
    let mut text = format!("{name}:{}:{}: {} = ", trace.line, trace.column, trace.reference);
    let printed = trace.value.to_string();
    let mut shown: String = printed.chars().take(MAX_TRACED).collect();
    if shown.len() < printed.len() {
        shown.push('…');
    }
    match trace.value {
        Value::String(_) => _ = write!(text, "{shown:?}"),
        _ => text.push_str(&shown),
    }
    text
}

fn usize_of(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
