//! Whether a WebSocket API can be run.

mod integrations;
mod routes;

use std::collections::BTreeMap;

use request_validator::{ModelProblem, Models};
use selection::{ApiKeySource, Expression, Use};

use super::models::{ANY_API, MAX_MESSAGE_CHARS, place};
use super::{Checked, Findings};
use crate::api::WebSocketApi;
use crate::models::with_addresses;
use crate::settings::DEFAULT_HTTP_STAGE;
use crate::source::Spanned;

impl Findings {
    pub(super) fn check_websocket_api(&mut self, api: &WebSocketApi, checked: &Checked) {
        if checked.stage_name == DEFAULT_HTTP_STAGE {
            self.diagnostics.error(api.span, "the stage `$default` is for HTTP APIs");
        }
        self.check_expression(Some(&api.route_selection_expression), Use::Route);
        if let Some(expression) = &api.api_key_selection_expression
            && ApiKeySource::parse(expression).is_none()
        {
            let accepted = "`$request.header.x-api-key` or `$context.authorizer.usageIdentifierKey`";
            self.diagnostics.error(expression.span, format!("found `{}`, expected {accepted}", **expression));
        }
        self.check_routes(api, checked);
        self.check_websocket_integrations(api, checked);
        self.check_message_models(api, checked);
        self.check_websocket_settings(api, checked);
    }

    fn check_expression(&mut self, expression: Option<&Spanned<String>>, usage: Use) {
        let Some(expression) = expression else { return };
        if let Err(error) = Expression::compile(expression, usage) {
            // The report shows the place by itself.
            self.diagnostics.error(expression.span, error.problem.to_string());
        }
    }

    fn check_message_models(&mut self, api: &WebSocketApi, checked: &Checked) {
        let given = checked.settings.api_id.as_ref().map(|id| id.value.as_str());
        let schemas = message_models(api, given.unwrap_or(ANY_API), given.is_some());
        let models = match Models::compile(given.unwrap_or(ANY_API), &schemas, api.models_used()) {
            Ok(models) => models,
            Err(problems) => {
                for ModelProblem { model: name, pointer, message } in problems {
                    let span = api.models.get(&name).map_or(api.span, |model| place(model, &pointer));
                    let message: String = message.chars().take(MAX_MESSAGE_CHARS).collect();
                    let pointer = if pointer.is_empty() { pointer } else { format!(" at {pointer}") };
                    self.diagnostics.error(span, format!("model `{name}`{pointer}: {message}"));
                }
                return;
            }
        };
        for name in models.endless() {
            let span = api.models.get(name).map_or(api.span, |model| model.span);
            let text = format!("model `{name}` refers to itself for the same value, without end: messages fail");
            self.diagnostics.warning(span, text);
        }
    }

    /// Settings that mean nothing for a WebSocket API, or nobody.
    fn check_websocket_settings(&mut self, api: &WebSocketApi, checked: &Checked) {
        let settings = &checked.settings;
        for (_, method) in &settings.stage.method_settings {
            let text = "settings of methods are for REST APIs, a WebSocket API has `routeSettings`";
            self.diagnostics.error(method.span, text);
        }
        let stage = &settings.stage;
        let on = |flag: Option<Spanned<bool>>| flag.filter(|flag| **flag).map(|flag| flag.span);
        if let Some(span) = on(stage.tracing_enabled) {
            self.diagnostics.warning(span, "WebSocket APIs are not traced, as by the service: this has no effect");
        }
        for (key, route) in &stage.route_settings {
            if api.route(key).is_none() {
                let text = format!("the API has no route `{key}`: these settings have no effect");
                self.diagnostics.warning(route.span, text);
            }
        }
        if let Some(fleet) = &settings.fleet {
            match fleet.node {
                None => {
                    let text = "which of them is this Envoy? say `node`, or give its number as `--node`";
                    self.diagnostics.error(fleet.span, text);
                }
                Some(node) if !fleet.nodes.contains_key(&*node) => {
                    let text = format!("this Envoy is the node {}, which is not among the nodes", *node);
                    self.diagnostics.error(node.span, text);
                }
                Some(_) => {}
            }
        }
        if settings.connections.is_none() && settings.credentials.is_empty() {
            let text = "the settings have no `credentials`, so nobody may call `@connections`: list who may, or let \
                        everybody in with `connections: {authorization: NONE}`";
            self.diagnostics.warning(api.span, text);
        }
    }
}

/// The models that messages are validated with, with their references in API Gateway's form.
pub fn message_models(api: &WebSocketApi, api_id: &str, is_given: bool) -> BTreeMap<String, serde_json::Value> {
    let find = |name: &str| api.models.get(name).map(|model| model.schema.clone());
    with_addresses(find, api.models_used(), api_id, is_given)
}
