//! Integrations of WebSocket APIs: their addresses, mappings and templates.

use gateway::Destination;
use indexmap::IndexMap;
use mapping_template::SelectionPattern;
use mapping_template::parts::{Kind, RequestParameters, ResponseParameters};
use selection::Use;

use crate::api::{
    ConnectionType, DEFAULT, Integration, IntegrationType, WebSocketApi, WebSocketIntegration,
    WebSocketIntegrationResponse,
};
use crate::check::{Checked, Findings};
use crate::uri::BackendUri;

impl Findings {
    /// All integrations, also those that no route has yet.
    pub(super) fn check_websocket_integrations(&mut self, api: &WebSocketApi, checked: &Checked) {
        for integration in api.integrations.values() {
            self.check_websocket_integration(integration, checked);
        }
    }

    fn check_websocket_integration(&mut self, found: &WebSocketIntegration, checked: &Checked) {
        let integration = &found.integration;
        let kind = *integration.kind;
        match kind {
            IntegrationType::Mock => {}
            IntegrationType::HttpProxy | IntegrationType::Http => self.check_websocket_backend(integration, checked),
            IntegrationType::Aws | IntegrationType::AwsProxy => self.check_aws(integration, checked),
        }
        self.check_expression(found.template_selection_expression.as_ref(), Use::RequestTemplate);
        let headers = if kind == IntegrationType::Aws { Kind::Aws } else { Kind::Http };
        for (destination, source) in &integration.request_parameters {
            if source.starts_with("method.") {
                let text = format!("found `{}`, a WebSocket API's sources begin with `route.request.`", **source);
                self.diagnostics.error(source.span, text);
            }
            let as_method = source.replacen("route.request.", "method.request.", 1);
            if let Err(error) = RequestParameters::from_raw(&one(destination, as_method), headers) {
                self.diagnostics.error(source.span, error.to_string());
            }
        }
        if kind.is_proxy() {
            self.check_proxy(found);
        }
        for response in &found.responses {
            self.check_integration_response(response);
        }
    }

    fn check_websocket_backend(&mut self, integration: &Integration, checked: &Checked) {
        if integration.connection_type.is_some_and(|connection| *connection == ConnectionType::VpcLink) {
            self.check_vpc_link(integration, checked);
        }
        let Some(uri) = &integration.uri else {
            let text = format!("an integration of type {} needs an `IntegrationUri`", integration.kind.as_str());
            return self.missing(integration.span, &text);
        };
        let expanded = self.expand(uri, checked);
        let backend = match BackendUri::parse(&expanded) {
            Ok(backend) => backend,
            Err(error) => return self.diagnostics.error(uri.span, format!("Invalid endpoint address: {error}")),
        };
        for name in backend.placeholders() {
            let is_mapped = integration
                .request_parameters
                .keys()
                .any(|destination| Destination::parse(destination) == Some(Destination::Path(name.to_owned())));
            if !is_mapped {
                let text = format!("`{{{name}}}` stays as it is typed: nothing maps `integration.request.path.{name}`");
                self.diagnostics.warning(uri.span, text);
            }
        }
    }

    /// What a proxy integration passes on as it is.
    fn check_proxy(&mut self, found: &WebSocketIntegration) {
        let templates = found.integration.request_templates.values().map(|text| text.span);
        let responses = found.responses.iter().map(|response| response.span);
        let kind = found.integration.kind.as_str();
        for span in templates.chain(responses) {
            let text = format!("an integration of type {kind} has no templates and no responses: this has no effect");
            self.diagnostics.warning(span, text);
        }
    }

    fn check_integration_response(&mut self, response: &WebSocketIntegrationResponse) {
        let key = &response.key;
        match key.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(pattern) => {
                if let Err(reason) = SelectionPattern::compile(pattern) {
                    self.diagnostics.error(key.span, format!("`{pattern}` cannot be used: {reason}"));
                }
            }
            None if **key == DEFAULT => {}
            None => {
                let text = format!("found `{}`, expected `$default` or a pattern between slashes", **key);
                self.diagnostics.error(key.span, text);
            }
        }
        self.check_expression(response.template_selection_expression.as_ref(), Use::ResponseTemplate);
        for (destination, source) in &response.response_parameters {
            let parameter = one(destination, source.value.clone());
            if let Err(error) = ResponseParameters::from_raw(&parameter, "route.response.header.") {
                self.diagnostics.error(source.span, error.to_string());
            }
        }
    }
}

fn one(destination: &str, source: String) -> IndexMap<String, String> {
    IndexMap::from([(destination.to_owned(), source)])
}
