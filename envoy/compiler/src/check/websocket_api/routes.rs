//! Routes: their keys, who may connect, what a handshake must have, what messages must fit.

use std::collections::HashSet;

use custom_authorizer::{Form, Sources};
use selection::{ApiKeySource, MAX_TEXT_BYTES, Use};

use crate::api::{Authorization, CONNECT, DEFAULT, DISCONNECT, WebSocketApi, WebSocketRoute};
use crate::check::{Checked, Findings};
use crate::source::{Span, Spanned};

impl Findings {
    pub(super) fn check_routes(&mut self, api: &WebSocketApi, checked: &Checked) {
        if api.routes.is_empty() {
            self.missing(api.span, "the API has no routes");
        }
        let mut keys = HashSet::new();
        for route in &api.routes {
            let key = &route.route_key;
            if !keys.insert(key.as_str()) {
                self.diagnostics.error(key.span, format!("the route `{}` is there already", **key));
            }
            self.check_key(key);
            if let Some(expression) =
                route.route_response_selection_expression.as_ref().filter(|text| ***text != DEFAULT)
            {
                let text = format!("found `{}`, expected `$default`", **expression);
                self.diagnostics.error(expression.span, text);
            }
            self.check_expression(route.model_selection_expression.as_ref(), Use::Model);
            if **key == CONNECT {
                self.check_connect(api, route, checked);
            } else {
                self.check_not_connect(route);
            }
            if let (CONNECT | DISCONNECT, Some(expression)) = (key.as_str(), &route.model_selection_expression) {
                self.diagnostics.error(expression.span, "only messages have a body that a model could be for");
            }
        }
    }

    fn check_key(&mut self, key: &Spanned<String>) {
        if key.is_empty() || key.len() > MAX_TEXT_BYTES {
            self.diagnostics.error(key.span, format!("a route key has 1 to {MAX_TEXT_BYTES} bytes"));
        }
        if key.starts_with('$') && ![CONNECT, DISCONNECT, DEFAULT].contains(&key.as_str()) {
            let text = format!("found `{}`, only `$connect`, `$disconnect` and `$default` begin with `$`", **key);
            self.diagnostics.error(key.span, text);
        }
    }

    fn check_connect(&mut self, api: &WebSocketApi, route: &WebSocketRoute, checked: &Checked) {
        match &route.authorization {
            Authorization::None => {}
            Authorization::AwsIam(span) => self.check_signers(*span, checked),
            Authorization::Custom(name) => self.check_connect_authorizer(api, name, checked),
            Authorization::CognitoUserPools { authorizer: name, .. } | Authorization::Jwt { authorizer: name, .. } => {
                self.diagnostics.error(name.span, "a WebSocket API has no authorizers of this kind");
            }
        }
        for (name, required) in &route.request_parameters {
            let rest = ["route.request.header.", "route.request.querystring."].map(|prefix| name.strip_prefix(prefix));
            if !rest.into_iter().flatten().any(|rest| !rest.is_empty()) {
                let expected = "expected `route.request.header.NAME` or `route.request.querystring.NAME`";
                self.diagnostics.error(required.span, format!("`{name}` is no parameter, {expected}"));
            }
        }
        let Some(span) = route.api_key_required else { return };
        let source = api.api_key_selection_expression.as_ref().and_then(|expression| ApiKeySource::parse(expression));
        if source == Some(ApiKeySource::Authorizer) && !matches!(route.authorization, Authorization::Custom(_)) {
            let text = "the API takes keys from the authorizer's answer, and this route has no authorizer: every \
                        handshake is refused";
            self.diagnostics.warning(span, text);
        }
        self.check_keyed(span, checked);
    }

    fn check_connect_authorizer(&mut self, api: &WebSocketApi, name: &Spanned<String>, checked: &Checked) {
        let Some(authorizer) = api.authorizers.get(name.as_str()) else {
            return self.missing(name.span, &format!("there is no authorizer `{}`", **name));
        };
        if let Some(uri) = &authorizer.authorizer_uri {
            self.check_authorizer_uri(uri, checked);
        }
        for source in &authorizer.identity_source {
            if let Err(error) = Sources::parse(std::slice::from_ref(&source.value), Form::WebSocket) {
                self.diagnostics.error(source.span, error.message);
            }
        }
    }

    /// Whether a plan lets any key in.
    fn check_keyed(&mut self, span: Span, checked: &Checked) {
        let settings = &checked.settings;
        let own = settings.api_id.as_ref().map(|id| id.as_str());
        let mut stages = settings.usage_plans.iter().flat_map(|plan| &plan.api_stages);
        if !stages.any(|stage| own == Some(stage.api_id.as_str()) && *stage.stage == checked.stage_name) {
            let text = "no usage plan is for this API's stage: every handshake is refused";
            self.diagnostics.warning(span, text);
        }
    }

    /// What only handshakes have.
    fn check_not_connect(&mut self, route: &WebSocketRoute) {
        let span = match &route.authorization {
            Authorization::None => None,
            Authorization::AwsIam(span) => Some(*span),
            Authorization::Custom(name)
            | Authorization::CognitoUserPools { authorizer: name, .. }
            | Authorization::Jwt { authorizer: name, .. } => Some(name.span),
        };
        if let Some(span) = span {
            self.diagnostics.error(span, "only the route `$connect` can have authorization");
        }
        if let Some(span) = route.api_key_required {
            let text = "API keys are looked at in handshakes only: set this at the route `$connect`";
            self.diagnostics.error(span, text);
        }
        if let Some(required) = route.request_parameters.values().next() {
            self.diagnostics.error(required.span, "only handshakes have headers and a query");
        }
    }
}
