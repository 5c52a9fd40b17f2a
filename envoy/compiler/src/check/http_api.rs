//! Whether an HTTP API can be run.

use std::collections::HashSet;

use super::{Checked, Findings};
use crate::api::{Authorization, ConnectionType, HttpApi, HttpRoute, Integration, IntegrationType};
use crate::support::Feature;
use crate::uri::BackendUri;

/// Longest timeout of an integration, in milliseconds.
const MAX_TIMEOUT_MILLIS: u32 = 30_000;

impl Findings {
    pub(super) fn check_http_api(&mut self, api: &HttpApi, checked: &Checked) {
        if let Some(disabled) = api.disable_execute_api_endpoint
            && *disabled
            && checked.base_path.is_none()
        {
            self.uses(Feature::DisabledExecuteApiEndpoint, disabled.span);
        }
        for (_, settings) in &checked.settings.stage.method_settings {
            if settings.throttling_rate_limit.is_some() || settings.throttling_burst_limit.is_some() {
                self.uses(Feature::RouteThrottling, settings.span);
            }
        }
        let stage = &checked.settings.stage;
        for settings in stage.route_settings.values().chain(&stage.default_route_settings) {
            if settings.throttle.is_some() {
                self.uses(Feature::RouteThrottling, settings.span);
            }
        }
        if api.routes.is_empty() {
            self.missing(api.span, "the API has no routes");
        }
        let mut keys = HashSet::new();
        for route in &api.routes {
            if !keys.insert(route.to_string()) {
                self.diagnostics.error(route.span, format!("the route `{route}` is there already"));
            }
            match &route.authorization {
                Authorization::None => {}
                Authorization::Jwt { authorizer, .. } => {
                    self.check_token_authorizer(&api.authorizers, authorizer, checked);
                }
                Authorization::Custom(name) | Authorization::CognitoUserPools { authorizer: name, .. } => {
                    self.uses(Feature::HttpApiAuthorizer, name.span);
                }
                Authorization::AwsIam(span) => self.uses(Feature::HttpApiAuthorizer, *span),
            }
            match &route.integration {
                Some(integration) => self.check_http_api_integration(route, integration, checked),
                None => self.missing(route.span, "the route has no integration"),
            }
        }
    }

    fn check_http_api_integration(&mut self, route: &HttpRoute, integration: &Integration, checked: &Checked) {
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
        if let Some(subtype) = &integration.subtype {
            self.uses(Feature::HttpApiServiceIntegration, subtype.span);
            return;
        }
        match *integration.kind {
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
                self.check_aws(integration, checked);
            }
            kind => {
                let text = format!("found {}, HTTP APIs have AWS_PROXY and HTTP_PROXY", kind.as_str());
                self.diagnostics.error(integration.kind.span, text);
            }
        }
    }

    fn check_http_api_proxy(&mut self, route: &HttpRoute, integration: &Integration, checked: &Checked) {
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
