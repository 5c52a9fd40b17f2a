//! Models: JSON Schema draft 4, compiled once, and checked against bodies.
//!
//! The `jsonschema` crate decides. It walks through a body in the text itself ([`node`]), which takes a fifth of the
//! time that building a tree of values does. What a refused body is told is worded anew by [`explain`], because API
//! Gateway speaks as the Java library that it uses.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html>

mod body;
mod choice;
mod equality;
mod explain;
mod model;
mod node;
mod number;
mod problem;
mod reference;
mod wording;

pub use body::Body;
pub use model::{Model, Models, Verdict};
pub use problem::ModelProblem;
