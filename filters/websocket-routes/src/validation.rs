//! Messages against their models.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-request-validation.html>

use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::ConfigError;
use jsonpath::json::Json;
use request_validator::{Body, Model, Models, Verdict};
use selection::{DEFAULT, Expression, Subject, Use};
use serde_json::Value;

/// What validates a route's messages.
#[derive(Clone, Debug)]
pub struct Validation {
    expression: Rc<Expression>,
    models: BTreeMap<String, Rc<Model>>,
}

/// Why a message is not let on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// It does not fit: details for the log.
    Message(String),
    /// It cannot be checked.
    Model(&'static str),
}

/// The models that routes use, compiled.
///
/// # Errors
/// The first one that is none, or does not exist.
pub fn compile_models<'n>(
    api_id: &str,
    raw: &BTreeMap<String, Value>,
    used: impl Iterator<Item = &'n str>,
) -> Result<Models, ConfigError> {
    Models::compile(api_id, raw, used).map_err(|problems| {
        let first = problems.into_iter().next();
        first.map_or_else(
            || ConfigError::new("models", "cannot be compiled"),
            |problem| ConfigError::new(format!("models.{}#{}", problem.model, problem.pointer), problem.message),
        )
    })
}

impl Validation {
    /// Compiles the expression that names a route's model; `names` are the names of models by what it gives.
    ///
    /// # Errors
    /// The expression is none, or names no model.
    pub fn from_raw(expression: &str, names: &BTreeMap<String, String>, models: &Models) -> Result<Self, ConfigError> {
        let expression = Expression::compile(expression, Use::Model)
            .map_err(|error| ConfigError::new("modelSelectionExpression", error.to_string()))?;
        let mut by_key = BTreeMap::new();
        for (key, name) in names {
            let model = models.get(name).ok_or_else(|| {
                ConfigError::new(format!("requestModels.{key}"), format!("there is no model `{name}`"))
            })?;
            by_key.insert(key.clone(), Rc::clone(model));
        }
        Ok(Self { expression: Rc::new(expression), models: by_key })
    }

    /// Checks a message; `document` is `None` when it is no JSON.
    ///
    /// # Errors
    /// It has no model, or does not fit it.
    pub fn check(&self, message: &str, document: Option<&Json<'_>>) -> Result<(), Invalid> {
        let invalid = |text: &str| Invalid::Message(text.to_owned());
        let document = document.ok_or_else(|| invalid("the message is no JSON"))?;
        let key = self.expression.evaluate(&Subject::message(document));
        let model = self.models.get(&key).or_else(|| self.models.get(DEFAULT));
        let model = model.ok_or_else(|| invalid("no model is for this message"))?;
        let body = Body::read(message.as_bytes()).ok_or_else(|| invalid("the message cannot be read as JSON"))?;
        match model.check(&body) {
            Verdict::Valid => Ok(()),
            Verdict::Invalid(details) => Err(Invalid::Message(details)),
            Verdict::Endless => Err(Invalid::Model("the model refers to itself without end")),
        }
    }
}
