//! The models that bodies are validated with.

use request_validator::{ModelProblem, Models};

use super::{Checked, Findings};
use crate::api::{Model, RestApi};
use crate::models::{schemas, used};
use crate::source::Span;

/// Stands for the id of the API, which depends on more than the models.
pub(super) const ANY_API: &str = "api";
/// Longest message of the schema checker that is shown; it repeats the schema's parts.
pub(super) const MAX_MESSAGE_CHARS: usize = 300;

impl Findings {
    /// Compiles the models that are used, and says what is wrong with them.
    pub(super) fn check_models(&mut self, api: &RestApi, checked: &Checked) {
        let given = checked.settings.api_id.as_ref().map(|id| id.value.as_str());
        let schemas = schemas(api, given.unwrap_or(ANY_API), given.is_some());
        let models = match Models::compile(given.unwrap_or(ANY_API), &schemas, used(api)) {
            Ok(models) => models,
            Err(problems) => {
                for problem in problems {
                    let ModelProblem { model: name, pointer, message } = &problem;
                    let span = api.models.get(name).map_or(api.span, |model| place(model, pointer));
                    let message: String = message.chars().take(MAX_MESSAGE_CHARS).collect();
                    let pointer = if pointer.is_empty() { String::new() } else { format!(" at {pointer}") };
                    self.diagnostics.error(span, format!("model `{name}`{pointer}: {message}"));
                }
                return;
            }
        };
        for name in models.endless() {
            let span = api.models.get(name).map_or(api.span, |model| model.span);
            let text = format!(
                "model `{name}` refers to itself for the same value, without end: as on API Gateway, every request \
                 that needs it is answered 500"
            );
            self.diagnostics.warning(span, text);
        }
        for (name, model) in api.models.iter().filter(|(name, _)| schemas.contains_key(*name)) {
            self.check_nullable(name, model);
        }
    }

    /// Import keeps `nullable`, and draft 4 does not know it.
    fn check_nullable(&mut self, name: &str, model: &Model) {
        let is_true = |pointer: &str| model.schema.pointer(pointer) == Some(&serde_json::Value::Bool(true));
        let places = model.places.iter().filter(|(pointer, _)| pointer.ends_with("/nullable") && is_true(pointer));
        for (pointer, span) in places {
            let text = format!(
                "model `{name}` at {pointer}: `nullable` does nothing, models are JSON Schema draft 4: null is refused \
                 unless `type` lists it"
            );
            self.diagnostics.warning(*span, text);
        }
    }
}

/// Where a part of a model stands, or what it is in.
pub(super) fn place(model: &Model, pointer: &str) -> Span {
    let mut pointer = pointer;
    loop {
        if let Some(span) = model.places.get(pointer) {
            return *span;
        }
        match pointer.rfind('/') {
            Some(at) => pointer = pointer.get(..at).unwrap_or_default(),
            None => return model.span,
        }
    }
}
