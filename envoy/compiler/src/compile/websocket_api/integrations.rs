//! Integrations as the `websocket-routes` filter takes them.

use std::collections::BTreeMap;

use endpoint::RawEndpoint;
use websocket_routes::{
    RawIntegration, RawIntegrationResponse, RawMapping, RawWebSocketAws, RawWebSocketFunction, RawWebSocketHttp,
};

use super::connections::kept;
use crate::api::{Integration, IntegrationType, WebSocketApi, WebSocketIntegration, WebSocketIntegrationResponse};
use crate::aws_uri::FunctionUri;
use crate::compile::integrations::{
    Integrations, authority, content_handling, passthrough, path_and_query, raw_function, texts, timeout, verb,
};

impl Integrations<'_> {
    /// All integrations of an API by their ids. One whose address cannot be used fails every message, as the service
    /// does.
    pub fn websocket_api(mut self, api: &WebSocketApi) -> BTreeMap<String, RawIntegration> {
        let compiled = api.integrations.iter().map(|(id, found)| {
            let integration = self.websocket(found).unwrap_or_else(RawIntegration::Misconfigured);
            (id.clone(), integration)
        });
        compiled.collect()
    }

    fn websocket(&mut self, found: &WebSocketIntegration) -> Result<RawIntegration, String> {
        let integration = &found.integration;
        Ok(match *integration.kind {
            IntegrationType::Mock => RawIntegration::Mock(mapping(found)),
            IntegrationType::HttpProxy => RawIntegration::HttpProxy(self.websocket_http(found)?),
            IntegrationType::Http => RawIntegration::Http(self.websocket_http(found)?),
            IntegrationType::AwsProxy => {
                let uri = self.expanded_uri(integration);
                let function = FunctionUri::parse(&uri).ok_or_else(|| format!("{uri} is no ARN of a function"))?;
                let endpoint = kept(self.function_endpoint(integration, &function)?);
                RawIntegration::AwsProxy(RawWebSocketFunction { endpoint, function: raw_function(&function) })
            }
            IntegrationType::Aws => {
                let (endpoint, target) = self.aws_target(integration)?;
                let endpoint = kept(endpoint);
                let (http_method, mapping) = (verb(integration), mapping(found));
                RawIntegration::Aws(RawWebSocketAws { endpoint, target, http_method, mapping })
            }
        })
    }

    fn websocket_http(&mut self, found: &WebSocketIntegration) -> Result<RawWebSocketHttp, String> {
        let integration = &found.integration;
        let uri = self.http_uri(integration)?;
        let endpoint = kept(RawEndpoint {
            cluster: self.http_cluster(integration, &uri),
            authority: authority(&uri),
            timeout_in_millis: Some(timeout(integration)),
            ..RawEndpoint::default()
        });
        let http_method = method(integration);
        Ok(RawWebSocketHttp { endpoint, path: path_and_query(&uri), http_method, mapping: mapping(found) })
    }
}

/// A message has no verb of its own, so `ANY` is POST.
fn method(integration: &Integration) -> Option<String> {
    verb(integration).filter(|verb| verb != "ANY")
}

fn mapping(found: &WebSocketIntegration) -> RawMapping {
    let integration = &found.integration;
    // The passing-on of a proxy integration has no templates and responses.
    let proxy = integration.kind.is_proxy();
    RawMapping {
        request_parameters: texts(&integration.request_parameters),
        template_selection_expression: found.template_selection_expression.as_ref().map(|text| text.value.clone()),
        request_templates: if proxy { indexmap::IndexMap::new() } else { texts(&integration.request_templates) },
        passthrough_behavior: passthrough(integration.passthrough_behavior),
        content_handling_strategy: integration.content_handling.map(|handling| content_handling(handling.value)),
        integration_responses: if proxy { Vec::new() } else { found.responses.iter().map(response).collect() },
    }
}

fn response(response: &WebSocketIntegrationResponse) -> RawIntegrationResponse {
    RawIntegrationResponse {
        integration_response_key: response.key.value.clone(),
        response_parameters: texts(&response.response_parameters),
        template_selection_expression: response.template_selection_expression.as_ref().map(|text| text.value.clone()),
        response_templates: texts(&response.response_templates),
        content_handling_strategy: response.content_handling.map(|handling| content_handling(handling.value)),
    }
}
