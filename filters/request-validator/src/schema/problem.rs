//! What is wrong with a model.

use std::fmt;

/// What is wrong with a model, and where in its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelProblem {
    /// Name of the model.
    pub model: String,
    /// JSON pointer into its schema, `/properties/name/pattern`; empty for the schema itself.
    pub pointer: String,
    /// What was found, and what is accepted; in lower case without a final period.
    pub message: String,
}

impl ModelProblem {
    pub(crate) fn new(model: &str, pointer: &str, message: impl Into<String>) -> Self {
        Self { model: model.to_owned(), pointer: pointer.to_owned(), message: message.into() }
    }
}

impl fmt::Display for ModelProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}: {}", self.model, self.pointer, self.message)
    }
}
