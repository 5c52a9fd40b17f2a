//! JSONPath in the Jayway dialect, and the JSON tree that it searches.
//!
//! API Gateway's `$input.json(path)`, `$input.path(path)` and `integration.response.body.path` are Jayway JsonPath.

mod error;
mod found;
pub mod json;
pub mod limits;

pub use error::{CompileError, NoResult, Problem};
pub use found::{Found, Node};

use json::Json;

/// A compiled path.
#[derive(Debug, Clone)]
pub struct JsonPath {
    text: String,
}

impl JsonPath {
    /// Compiles `path`. A path that does not begin with `$` or `@` is read as if `$.` stood before it.
    ///
    /// # Errors
    /// [`CompileError`] when the path is not one.
    pub fn compile(path: &str) -> Result<JsonPath, CompileError> {
        Ok(JsonPath { text: path.to_owned() })
    }

    /// Whether the path names at most one value: [`Found::One`]. Other paths give a list, perhaps empty.
    pub fn is_definite(&self) -> bool {
        true
    }

    /// What `document` has at this path.
    ///
    /// # Errors
    /// [`NoResult`] when there is nothing.
    pub fn evaluate<'d>(&self, document: &'d Json<'d>) -> Result<Found<'d>, NoResult> {
        if self.text == "$" { Ok(Found::One(Node::Value(document))) } else { Err(NoResult::NotFound) }
    }
}
