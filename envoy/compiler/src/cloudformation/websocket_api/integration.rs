//! `AWS::ApiGatewayV2::Integration` and `AWS::ApiGatewayV2::IntegrationResponse` of WebSocket APIs.

use std::ops::RangeInclusive;

use indexmap::IndexMap;

use super::Members;
use crate::api::{
    Integration, IntegrationType, PassthroughBehavior, WebSocketIntegration, WebSocketIntegrationResponse,
};
use crate::cloudformation::Resource;
use crate::openapi::{CONNECTION_TYPES, CONTENT_HANDLING, read_verb, string_map, templates};
use crate::read::{Fields, Reader};

/// Shortest and longest timeout, in milliseconds.
///
/// Source: <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations.html>
const TIMEOUT_MILLIS: RangeInclusive<i64> = 50..=29_000;

const TYPES: [(&str, IntegrationType); 5] = [
    ("AWS", IntegrationType::Aws),
    ("AWS_PROXY", IntegrationType::AwsProxy),
    ("HTTP", IntegrationType::Http),
    ("HTTP_PROXY", IntegrationType::HttpProxy),
    ("MOCK", IntegrationType::Mock),
];
const PASSTHROUGH: [(&str, PassthroughBehavior); 3] = [
    ("WHEN_NO_MATCH", PassthroughBehavior::WhenNoMatch),
    ("WHEN_NO_TEMPLATES", PassthroughBehavior::WhenNoTemplates),
    ("NEVER", PassthroughBehavior::Never),
];

/// The integrations of the API, by logical id, with their responses.
pub fn read<'t>(reader: &mut Reader<'t>, members: &Members<'t>) -> IndexMap<String, WebSocketIntegration> {
    let mut integrations = IndexMap::new();
    for (id, resource) in members.of_type("AWS::ApiGatewayV2::Integration") {
        let Some(fields) = reader.fields(&resource.properties) else { continue };
        if let Some(integration) = integration(reader, fields, resource) {
            integrations.insert(id.to_owned(), integration);
        }
    }
    for (_, resource) in members.of_type("AWS::ApiGatewayV2::IntegrationResponse") {
        let Some(fields) = reader.fields(&resource.properties) else { continue };
        add_response(reader, fields, resource, &mut integrations);
    }
    integrations
}

fn integration<'t>(
    reader: &mut Reader<'t>,
    mut fields: Fields<'t>,
    resource: &'t Resource,
) -> Option<WebSocketIntegration> {
    fields.ignore(&["ApiId", "Description"]);
    for name in ["PayloadFormatVersion", "IntegrationSubtype", "ResponseParameters", "TlsConfig"] {
        if let Some(node) = fields.take(name) {
            // What AWS's own tools write at every integration.
            if name == "PayloadFormatVersion" && node.as_str() == Some("1.0") {
                continue;
            }
            reader.error(node.span, format!("`{name}` is for HTTP APIs"));
        }
    }
    let kind = fields.required(reader, "IntegrationType").and_then(|node| reader.choice(node, &TYPES));
    let http_method = fields.take("IntegrationMethod").and_then(|node| read_verb(reader, node));
    let mut text = |name| fields.take(name).and_then(|node| reader.filled(node));
    let (uri, credentials, connection_id) = (text("IntegrationUri"), text("CredentialsArn"), text("ConnectionId"));
    let template_selection_expression = text("TemplateSelectionExpression");
    let connection_type = fields.take("ConnectionType").and_then(|node| reader.choice(node, &CONNECTION_TYPES));
    let passthrough = fields.take("PassthroughBehavior").and_then(|node| reader.choice(node, &PASSTHROUGH));
    let handling = fields.take("ContentHandlingStrategy").and_then(|node| reader.choice(node, &CONTENT_HANDLING));
    let timeout = fields.take("TimeoutInMillis").and_then(|node| reader.integer(node, TIMEOUT_MILLIS));
    let request_parameters = fields.take("RequestParameters").map(|node| string_map(reader, node));
    let request_templates = fields.take("RequestTemplates").map(|node| templates(reader, node));
    fields.finish(reader);
    let kind = kind?;
    Some(WebSocketIntegration {
        integration: Integration {
            span: resource.span,
            kind,
            http_method: http_method.filter(|_| *kind != IntegrationType::Mock),
            uri,
            credentials,
            connection_type,
            connection_id,
            passthrough_behavior: passthrough.map(|found| found.value).unwrap_or_default(),
            content_handling: handling,
            timeout_in_millis: timeout.map(|timeout| timeout.map(|millis| u32::try_from(millis).unwrap_or(u32::MAX))),
            request_parameters: request_parameters.unwrap_or_default(),
            request_templates: request_templates.unwrap_or_default(),
            cache_key_parameters: Vec::new(),
            cache_namespace: None,
            insecure_skip_verification: None,
            server_name_to_verify: None,
            response_parameters: IndexMap::new(),
            responses: Vec::new(),
            payload_format_version: None,
            subtype: None,
        },
        template_selection_expression,
        responses: Vec::new(),
    })
}

fn add_response<'t>(
    reader: &mut Reader<'t>,
    mut fields: Fields<'t>,
    resource: &'t Resource,
    integrations: &mut IndexMap<String, WebSocketIntegration>,
) {
    fields.ignore(&["ApiId"]);
    let integration = fields.required(reader, "IntegrationId").and_then(|node| reader.text(node));
    let key = fields.required(reader, "IntegrationResponseKey").and_then(|node| reader.text(node));
    let response_parameters = fields.take("ResponseParameters").map(|node| string_map(reader, node));
    let response_templates = fields.take("ResponseTemplates").map(|node| templates(reader, node));
    let expression = fields.take("TemplateSelectionExpression").and_then(|node| reader.filled(node));
    let handling = fields.take("ContentHandlingStrategy").and_then(|node| reader.choice(node, &CONTENT_HANDLING));
    fields.finish(reader);
    let (Some(integration), Some(key)) = (integration, key) else { return };
    let Some(found) = integrations.get_mut(integration.as_str()) else {
        let text = format!("there is no integration `{}` of this API in the template", *integration);
        return reader.error(integration.span, text);
    };
    if found.responses.iter().any(|other| *other.key == *key) {
        return reader.error(key.span, format!("there is an integration response for `{}` already", *key));
    }
    found.responses.push(WebSocketIntegrationResponse {
        span: resource.span,
        key,
        response_parameters: response_parameters.unwrap_or_default(),
        template_selection_expression: expression,
        response_templates: response_templates.unwrap_or_default(),
        content_handling: handling,
    });
}
