//! `AWS::ApiGateway::RestApi` and what belongs to it, as the OpenAPI document that API Gateway would export.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html>

use std::collections::HashMap;

use super::document::ApiDocument;
use super::domains::is_mapping;
use super::scheme::authorizer_scheme;
use super::{Environment, Export, Resource, Template, method, stage};
use crate::read::{Fields, Reader};
use crate::source::{Entry, Key, Map, Node, Spanned, Value};

/// The security schemes of methods that no authorizer resource stands for.
pub const IAM_SCHEME: &str = "sigv4";
pub const API_KEY_SCHEME: &str = "api_key";

/// A REST API while it is written.
pub struct Api<'t> {
    /// Its logical id, where it stands.
    pub id: Spanned<&'t str>,
    /// The document.
    pub document: ApiDocument,
    /// Names of models, authorizers and validators by logical id.
    pub names: HashMap<&'t str, String>,
}

/// Writes all REST APIs of a template.
pub fn export<'t>(reader: &mut Reader<'t>, template: &'t Template, environment: &Environment) -> Vec<Export> {
    let mut exports = Vec::new();
    for (id, resource) in template.of_type("AWS::ApiGateway::RestApi") {
        let id = Spanned { value: id, span: resource.span };
        let Some(mut api) = Api::begin(reader, id, resource) else { continue };
        api.add_models(reader, template);
        api.add_validators(reader, template);
        api.add_authorizers(reader, template);
        api.add_gateway_responses(reader, template);
        method::add(reader, &mut api, template);
        let settings = stage::settings(reader, template, id, environment);
        exports.push(Export::new(id, resource, api.document, settings));
    }
    report_strays(reader, template);
    exports
}

impl<'t> Api<'t> {
    fn begin(reader: &mut Reader<'t>, id: Spanned<&'t str>, resource: &'t Resource) -> Option<Self> {
        let mut fields = reader.fields(&resource.properties)?;
        fields.ignore(&["Description", "FailOnWarnings", "Mode", "Tags", "SecurityPolicy", "EndpointAccessMode"]);
        for name in ["BodyS3Location", "CloneFrom"] {
            if let Some(node) = fields.take(name) {
                reader.error(node.span, format!("`{name}` is not on this machine: give the document as `Body`"));
            }
        }
        if let Some(base_path) = fields.take("Parameters").and_then(|node| node.get("basepath"))
            && base_path.as_str() != Some("ignore")
        {
            reader.error(base_path.span, "import parameters of a template are not read: give --import-base-path");
        }
        let mut document = match fields.take("Body") {
            Some(body) => ApiDocument::of_body(reader.map(body)?.clone()),
            None => {
                let name = fields.take("Name").unwrap_or(&resource.properties);
                let title = Node::string(name.span, name.as_str().unwrap_or(id.value));
                ApiDocument::empty(&title, id.span)
            }
        };
        fields.ignore(&["Name"]);
        for (property, extension) in [
            ("ApiKeySourceType", "x-amazon-apigateway-api-key-source"),
            ("MinimumCompressionSize", "x-amazon-apigateway-minimum-compression-size"),
            ("Policy", "x-amazon-apigateway-policy"),
        ] {
            if let Some(entry) = fields.entry(property) {
                document.root.set(Key::new(extension, entry.key.span), entry.value.clone());
            }
        }
        if let Some(entry) = fields.entry("BinaryMediaTypes") {
            // The slash may be written as in a patch path: `image~1png`.
            let types = reader.texts(&entry.value).into_iter();
            let types = types.map(|text| Node::string(text.span, &text.replace("~1", "/"))).collect();
            let node = Node::new(entry.value.span, Value::List(types));
            document.root.set(Key::new("x-amazon-apigateway-binary-media-types", entry.key.span), node);
        }
        endpoint(reader, &mut fields, &mut document.root);
        fields.finish(reader);
        Some(Self { id, document, names: HashMap::new() })
    }

    /// The resources of a type that belong to this API.
    pub fn members(&self, template: &'t Template, kind: &'static str) -> Vec<(&'t str, &'t Resource)> {
        let id = self.id.value;
        let belongs = move |(_, resource): &(&str, &Resource)| resource.text("RestApiId").is_some_and(|api| *api == id);
        template.of_type(kind).filter(belongs).collect()
    }

    fn add_models(&mut self, reader: &mut Reader<'t>, template: &'t Template) {
        for (id, resource) in self.members(template, "AWS::ApiGateway::Model") {
            let Some(mut fields) = reader.fields(&resource.properties) else { continue };
            fields.ignore(&["RestApiId", "ContentType", "Description"]);
            let name =
                fields.take("Name").and_then(|node| reader.text(node)).map_or_else(|| id.to_owned(), |n| n.value);
            if let Some(schema) = fields.required(reader, "Schema") {
                self.document.add_model(&name, resource.span, schema.clone());
            }
            fields.finish(reader);
            self.names.insert(id, name);
        }
    }

    fn add_validators(&mut self, reader: &mut Reader<'t>, template: &'t Template) {
        for (id, resource) in self.members(template, "AWS::ApiGateway::RequestValidator") {
            let Some(mut fields) = reader.fields(&resource.properties) else { continue };
            fields.ignore(&["RestApiId", "Name"]);
            let mut validator = Map::default();
            rename(
                &mut fields,
                &mut validator,
                &[
                    ("ValidateRequestBody", "validateRequestBody"),
                    ("ValidateRequestParameters", "validateRequestParameters"),
                ],
            );
            fields.finish(reader);
            let validators =
                self.document.root.child(Key::new("x-amazon-apigateway-request-validators", resource.span));
            validators.set(Key::new(id, resource.span), Node::new(resource.span, Value::Map(validator)));
            self.names.insert(id, id.to_owned());
        }
    }

    fn add_authorizers(&mut self, reader: &mut Reader<'t>, template: &'t Template) {
        for (id, resource) in self.members(template, "AWS::ApiGateway::Authorizer") {
            let span = resource.span;
            let Some(mut fields) = reader.fields(&resource.properties) else { continue };
            fields.ignore(&["RestApiId", "Name", "AuthType"]);
            let mut authorizer = Map::default();
            rename(
                &mut fields,
                &mut authorizer,
                &[
                    ("Type", "type"),
                    ("AuthorizerUri", "authorizerUri"),
                    ("AuthorizerCredentials", "authorizerCredentials"),
                    ("IdentitySource", "identitySource"),
                    ("IdentityValidationExpression", "identityValidationExpression"),
                    ("AuthorizerResultTtlInSeconds", "authorizerResultTtlInSeconds"),
                    ("ProviderARNs", "providerARNs"),
                ],
            );
            fields.finish(reader);
            self.document.add_scheme(Key::new(id, span), || authorizer_scheme(span, authorizer));
            self.names.insert(id, id.to_owned());
        }
    }

    fn add_gateway_responses(&mut self, reader: &mut Reader<'t>, template: &'t Template) {
        for (_, resource) in self.members(template, "AWS::ApiGateway::GatewayResponse") {
            let Some(mut fields) = reader.fields(&resource.properties) else { continue };
            fields.ignore(&["RestApiId"]);
            let kind = fields.required(reader, "ResponseType").and_then(|node| reader.text(node));
            let mut response = Map::default();
            rename(
                &mut fields,
                &mut response,
                &[
                    ("StatusCode", "statusCode"),
                    ("ResponseParameters", "responseParameters"),
                    ("ResponseTemplates", "responseTemplates"),
                ],
            );
            fields.finish(reader);
            if let Some(kind) = kind {
                let all = self.document.root.child(Key::new("x-amazon-apigateway-gateway-responses", resource.span));
                all.set(Key::new(&kind, kind.span), Node::new(resource.span, Value::Map(response)));
            }
        }
    }
}

fn endpoint<'t>(reader: &mut Reader<'t>, fields: &mut Fields<'t>, document: &mut Map) {
    const EXTENSION: &str = "x-amazon-apigateway-endpoint-configuration";
    if let Some(entry) = fields.entry("DisableExecuteApiEndpoint") {
        let span = entry.key.span;
        document.child(Key::new(EXTENSION, span)).set(Key::new("disableExecuteApiEndpoint", span), entry.value.clone());
    }
    let Some(node) = fields.take("EndpointConfiguration") else { return };
    let Some(mut endpoint) = reader.fields(node) else { return };
    endpoint.ignore(&["IpAddressType"]);
    // `Type` is SAM's, with a single one.
    if let Some(entry) = endpoint.entry("Types").or_else(|| endpoint.entry("Type")) {
        let span = entry.key.span;
        document.child(Key::new(EXTENSION, span)).set(Key::new("types", span), entry.value.clone());
    }
    if let Some(entry) = endpoint.entry("VpcEndpointIds").or_else(|| endpoint.entry("VPCEndpointIds")) {
        let span = entry.key.span;
        document.child(Key::new(EXTENSION, span)).set(Key::new("vpcEndpointIds", span), entry.value.clone());
    }
    endpoint.finish(reader);
}

/// Copies properties under the names that the OpenAPI extensions have.
pub fn rename(fields: &mut Fields<'_>, into: &mut Map, names: &[(&'static str, &'static str)]) {
    for (property, name) in names {
        if let Some(Entry { key, value }) = fields.entry(property) {
            into.set(Key::new(name, key.span), value.clone());
        }
    }
}

/// Parts of an API that is not in the template would be lost, among them methods and authorizers.
fn report_strays(reader: &mut Reader<'_>, template: &Template) {
    for resource in template.resources.values().filter(|resource| resource.kind.starts_with("AWS::ApiGateway::")) {
        if is_mapping(resource) {
            continue;
        }
        let Some(api) = resource.text("RestApiId") else { continue };
        let known = template.resources.get(&*api).is_some_and(|found| *found.kind == "AWS::ApiGateway::RestApi");
        if !known {
            reader.error(api.span, format!("the API `{}` is not in this template", *api));
        }
    }
}
