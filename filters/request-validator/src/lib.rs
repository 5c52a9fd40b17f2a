//! The `request-validator` filter: required parameters, and bodies that fit their model.
//!
//! It stands behind the authorizers and limits, and before everything that uses the body, so that a bad request reaches
//! no backend. A method has a validator that looks at parameters, at the body, or at both; a method without one is not
//! looked at. A parameter is only checked for being there; a body is checked against the model that is declared for its
//! media type, a JSON Schema of draft 4.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html>

mod config;
mod filter;
mod parameters;
mod raw;
mod schema;

pub use config::RequestValidator;
pub use raw::{RawConfig, RawValidatorRoute};
pub use schema::{Body, Model, ModelProblem, Models, Verdict};
