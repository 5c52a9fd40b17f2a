//! Whether an HTTP API can be run.

use std::collections::HashSet;

use mapping_template::HttpApiParameters;

use super::integrations::NO_FUNCTION;
use super::{Checked, Findings};
use crate::api::{Authorization, ConnectionType, HttpApi, HttpRoute, Integration, IntegrationType};
use crate::aws_uri::FunctionUri;
use crate::uri::BackendUri;

/// Longest timeout of an integration, in milliseconds.
const MAX_TIMEOUT_MILLIS: u32 = 30_000;

impl Findings {
    pub(super) fn check_http_api(&mut self, api: &HttpApi, checked: &Checked) {
        self.check_route_settings(api, checked);
        if api.routes.is_empty() {
            self.missing(api.span, "the API has no routes");
        }
        let (mut keys, mut functions) = (HashSet::new(), HashSet::new());
        for route in &api.routes {
            if !keys.insert(route.to_string()) {
                self.diagnostics.error(route.span, format!("the route `{route}` is there already"));
            }
            match &route.authorization {
                Authorization::None => {}
                Authorization::Jwt { authorizer, .. } => {
                    self.check_token_authorizer(&api.authorizers, authorizer, checked);
                }
                Authorization::Custom(name) => {
                    if functions.insert(name.as_str()) {
                        self.check_http_api_authorizer(api, name, checked);
                    }
                }
                Authorization::CognitoUserPools { authorizer, .. } => {
                    let text = "HTTP APIs have no authorizers of type COGNITO_USER_POOLS: a JWT authorizer with the \
                                pool's issuer does the same";
                    self.diagnostics.error(authorizer.span, text);
                }
                Authorization::AwsIam(span) => self.check_signers(*span, checked),
            }
            match &route.integration {
                Some(integration) => self.check_http_api_integration(api, route, integration, checked),
                None => self.missing(route.span, "the route has no integration"),
            }
        }
    }

    /// Whether settings are for routes that exist.
    fn check_route_settings(&mut self, api: &HttpApi, checked: &Checked) {
        let stage = &checked.settings.stage;
        for (_, settings) in &stage.method_settings {
            let text = "`methodSettings` are for REST APIs: HTTP APIs have `defaultRouteSettings` and `routeSettings`";
            self.diagnostics.error(settings.span, text);
        }
        for (key, settings) in &stage.route_settings {
            if !api.routes.iter().any(|route| route.to_string() == *key) {
                let text = format!("the API has no route `{key}`: these settings have no effect");
                self.diagnostics.warning(settings.span, text);
            }
        }
    }

    fn check_http_api_integration(
        &mut self,
        api: &HttpApi,
        route: &HttpRoute,
        integration: &Integration,
        checked: &Checked,
    ) {
        if let Some(timeout) = integration.timeout_in_millis.filter(|timeout| **timeout > MAX_TIMEOUT_MILLIS) {
            let text = format!("found {}, expected at most {MAX_TIMEOUT_MILLIS}", *timeout);
            self.diagnostics.error(timeout.span, text);
        }
        for (name, span) in [
            ("requestTemplates", integration.request_templates.values().next().map(|text| text.span)),
            ("responses", integration.responses.first().map(|response| response.span)),
        ] {
            if let Some(span) = span {
                self.diagnostics.error(span, format!("`{name}` is for REST APIs, HTTP APIs have no templates"));
            }
        }
        for (status, mappings) in &integration.response_parameters {
            for (key, value) in mappings {
                if let Err(error) = HttpApiParameters::check_response(status, key, value) {
                    self.diagnostics.error(value.span, error);
                }
            }
        }
        self.check_caller_credentials(integration);
        match *integration.kind {
            IntegrationType::AwsProxy if integration.subtype.is_some() => self.check_service(api, integration, checked),
            IntegrationType::HttpProxy => self.check_http_api_proxy(route, integration, checked),
            IntegrationType::AwsProxy => {
                let version = integration.payload_format_version.as_ref();
                match version.map(|version| version.as_str()) {
                    Some("1.0" | "2.0") => {}
                    Some(other) => {
                        let span = version.map_or(integration.span, |version| version.span);
                        self.diagnostics.error(span, format!("found `{other}`, expected `1.0` or `2.0`"));
                    }
                    None => self.missing(integration.span, "the field `payloadFormatVersion` is missing"),
                }
                for source in integration.request_parameters.values().take(1) {
                    let text = "a Lambda integration maps no request parameters: the event has them all";
                    self.diagnostics.error(source.span, text);
                }
                self.check_http_api_function(integration, checked);
            }
            kind => {
                let text = format!("found {}, HTTP APIs have AWS_PROXY and HTTP_PROXY", kind.as_str());
                self.diagnostics.error(integration.kind.span, text);
            }
        }
    }

    fn check_http_api_function(&mut self, integration: &Integration, checked: &Checked) {
        let Some(uri) = &integration.uri else {
            return self.missing(integration.span, "an integration of type AWS_PROXY needs a `uri`");
        };
        let expanded = self.expand(uri, checked);
        match FunctionUri::parse_of_http_api(&expanded) {
            Some(function) => self.check_function(&function, uri.span, checked),
            None => self.diagnostics.error(uri.span, NO_FUNCTION),
        }
    }

    fn check_http_api_proxy(&mut self, route: &HttpRoute, integration: &Integration, checked: &Checked) {
        for (key, value) in &integration.request_parameters {
            if let Err(error) = HttpApiParameters::check_request(key, value) {
                self.diagnostics.error(value.span, error);
            }
        }
        let Some(uri) = &integration.uri else {
            self.missing(integration.span, "an integration of type HTTP_PROXY needs a `uri`");
            return;
        };
        let private = integration.connection_type.is_some_and(|connection| *connection == ConnectionType::VpcLink);
        if private {
            self.check_vpc_link(integration, checked);
            return;
        }
        let expanded = self.expand(uri, checked);
        match BackendUri::parse(&expanded) {
            Err(error) => self.diagnostics.error(uri.span, format!("Invalid endpoint address: {error}")),
            Ok(backend) => {
                for name in backend.placeholders() {
                    if !route.parts.iter().any(|part| part.variable() == Some(name)) {
                        let text =
                            format!("`{{{name}}}` stays as it is typed: the route `{route}` has no such variable");
                        self.diagnostics.warning(uri.span, text);
                    }
                }
            }
        }
    }
}
