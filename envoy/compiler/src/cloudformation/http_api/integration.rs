//! `AWS::ApiGatewayV2::Integration` as `x-amazon-apigateway-integration`.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-integration.html>

use super::super::rest_api::rename;
use super::{Api, Template};
use crate::read::Reader;
use crate::source::{Entry, Key, Map, Node, Value};

/// Properties that have a field of their own in OpenAPI.
const FIELDS: [(&str, &str); 10] = [
    ("IntegrationType", "type"),
    ("IntegrationMethod", "httpMethod"),
    ("IntegrationUri", "uri"),
    ("IntegrationSubtype", "integrationSubtype"),
    ("PayloadFormatVersion", "payloadFormatVersion"),
    ("CredentialsArn", "credentials"),
    ("ConnectionType", "connectionType"),
    ("ConnectionId", "connectionId"),
    ("TimeoutInMillis", "timeoutInMillis"),
    ("RequestParameters", "requestParameters"),
];

impl<'t> Api<'t> {
    /// Reads the integrations; routes name them.
    pub(super) fn add_integrations(&mut self, reader: &mut Reader<'t>, template: &'t Template) {
        for (id, resource) in self.members(template, "AWS::ApiGatewayV2::Integration") {
            let Some(mut fields) = reader.fields(&resource.properties) else { continue };
            fields.ignore(&["ApiId", "Description"]);
            let mut integration = Map::default();
            rename(&mut fields, &mut integration, &FIELDS);
            if let Some(entry) = fields.entry("TlsConfig")
                && let Some(mut of_tls) = reader.fields(&entry.value)
            {
                let mut tls = Map::default();
                rename(&mut of_tls, &mut tls, &[("ServerNameToVerify", "serverNameToVerify")]);
                of_tls.finish(reader);
                integration.set(Key::new("tlsConfig", entry.key.span), Node::new(entry.value.span, Value::Map(tls)));
            }
            if let Some(entry) = fields.entry("ResponseParameters") {
                let responses = response_parameters(reader, &entry.value);
                let responses = Node::new(entry.value.span, Value::Map(responses));
                integration.set(Key::new("responseParameters", entry.key.span), responses);
            }
            fields.finish(reader);
            self.integrations.insert(id, Node::new(resource.span, Value::Map(integration)));
        }
    }
}

/// Status → `{ResponseParameters: [{Source, Destination}]}` as status → destination → source.
fn response_parameters<'t>(reader: &mut Reader<'t>, node: &'t Node) -> Map {
    let mut responses = Map::default();
    for Entry { key, value } in reader.map(node).map(Map::entries).unwrap_or_default() {
        let Some(mut of_status) = reader.fields(value) else { continue };
        let mappings = responses.child(key.clone());
        let list = of_status.required(reader, "ResponseParameters");
        of_status.finish(reader);
        for item in list.map(|node| reader.list(node)).unwrap_or_default() {
            let Some(mut fields) = reader.fields(item) else { continue };
            let destination = fields.required(reader, "Destination").and_then(|node| reader.text(node));
            let source = fields.required(reader, "Source");
            fields.finish(reader);
            if let (Some(destination), Some(source)) = (destination, source) {
                mappings.set(Key::new(&destination, destination.span), source.clone());
            }
        }
    }
    responses
}
