//! JSONPath in the Jayway dialect, and the JSON tree that it searches.
//!
//! API Gateway's `$input.json(path)`, `$input.path(path)` and `integration.response.body.path` are Jayway JsonPath,
//! which is older than RFC 9535 and differs from it: `$['a','b']` at the end of a path is an object of these members,
//! a filter on an object is met by the object itself, `$.a[-3:1]` runs through the end, a path that names one value
//! gives the value and any other an array.
//!
//! ```
//! use jsonpath::json::{self, Style};
//! use jsonpath::{Found, JsonPath};
//!
//! let document = json::parse(r#"{"items": [{"id": 1, "p": 5}, {"id": 2, "p": 9.5}]}"#)?;
//! let path = JsonPath::compile("$.items[?(@.p > 6)].id")?;
//! let found = path.evaluate(&document)?;
//!
//! let mut text = String::new();
//! found.write(Style::Compact, 1000, &mut text).map_err(|_| "too long")?;
//! assert_eq!(text, "[2]");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which Jayway
//!
//! AWS does not say which version API Gateway runs, and versions differ in corners. The recorded cases of `$input`
//! were made with 2.4.0, so: **what 2.4.0 gives is what this gives; a path that 2.4.0 refuses and a later version
//! answers is answered as the later version (2.10.0) does.** Hence functions that came later (`keys()`, `first()`,
//! `last()`, `index()`), the operators `anyof` and `noneof`, numbers such as `1e3` in filters, commas in quoted names.
//!
//! # Bounds
//!
//! Nothing here panics, and [`limits`] bounds what a path and its evaluation cost. Regular expressions run in linear
//! time.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>,
//! <https://github.com/json-path/JsonPath>

mod error;
mod evaluate;
mod filter;
mod found;
pub mod json;
pub mod limits;
mod path;

pub use error::{CompileError, NoResult, Problem};
pub use found::{Found, Node};

use evaluate::Context;
use json::Json;
use limits::MAX_PATH_LEN;
use path::{Compiler, Cursor, Path};

/// A compiled path.
#[derive(Debug, Clone)]
pub struct JsonPath {
    path: Path,
    root_operands: usize,
}

impl JsonPath {
    /// Compiles `path`. One that begins with neither `$` nor `@` is read as if `$.` stood before it; both begin at the
    /// document.
    ///
    /// # Errors
    /// [`CompileError`] when this is not a path.
    pub fn compile(path: &str) -> Result<JsonPath, CompileError> {
        let failed = |problem, path: &str| CompileError { path: path.to_owned(), column: 1, problem };
        if path.len() > MAX_PATH_LEN {
            return Err(failed(Problem::TooLong, ""));
        }
        let trimmed = path.trim();
        if trimmed.is_empty() {
            return Err(failed(Problem::Empty, path));
        }
        // Jayway looks for the `$` before it drops blanks.
        if path.starts_with(char::is_whitespace) {
            return Err(failed(Problem::Expected("`$` or a name, without blanks before it"), path));
        }
        let mut compiler = Compiler::default();
        let compiled = if trimmed.starts_with(['$', '@']) {
            compiler.path(Cursor::new(trimmed))
        } else {
            let prefixed = format!("{PREFIX}{trimmed}");
            compiler.path(Cursor::new(&prefixed)).map_err(|error| CompileError {
                path: trimmed.to_owned(),
                column: error.column.saturating_sub(PREFIX.len()).max(1),
                problem: error.problem,
            })
        };
        compiled.map(|path| JsonPath { path, root_operands: compiler.root_operands })
    }

    /// Whether the path names at most one value: it then gives [`Found::One`]. Others give a list, perhaps empty.
    pub fn is_definite(&self) -> bool {
        self.path.definite
    }

    /// What `document` has at this path. Values are borrowed from it. Nothing is found in a document that is `null`.
    ///
    /// # Errors
    /// [`NoResult`] when there is nothing; in a template that is no value.
    pub fn evaluate<'d>(&self, document: &'d Json<'d>) -> Result<Found<'d>, NoResult> {
        if *document == Json::Null {
            return Err(NoResult::NotFound);
        }
        self.path.evaluate(&Context::new(document, self.root_operands), document)
    }
}

/// What a path that begins with a name is short of.
const PREFIX: &str = "$.";
