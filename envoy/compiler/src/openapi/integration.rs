//! `x-amazon-apigateway-integration`.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html>

use indexmap::IndexMap;

use super::operation::is_status;
use crate::api::{
    ConnectionType, ContentHandling, HttpMethod, Integration, IntegrationResponse, IntegrationType, PassthroughBehavior,
};
use crate::read::{Reader, one_of};
use crate::source::{Entry, Node, Spanned, Value};

/// Shortest and longest timeout, in milliseconds. Beyond 29 s takes a raised quota on API Gateway, which goes to five
/// minutes for Regional APIs.
const TIMEOUT_MILLIS: std::ops::RangeInclusive<i64> = 50..=300_000;

/// Largest template, in bytes. [API Gateway quotas]
const MAX_TEMPLATE_BYTES: usize = 300 * 1024;

const TYPES: [(&str, IntegrationType); 5] = [
    ("aws", IntegrationType::Aws),
    ("aws_proxy", IntegrationType::AwsProxy),
    ("http", IntegrationType::Http),
    ("http_proxy", IntegrationType::HttpProxy),
    ("mock", IntegrationType::Mock),
];

/// Values of `contentHandling`.
pub const CONTENT_HANDLING: [(&str, ContentHandling); 2] =
    [("CONVERT_TO_BINARY", ContentHandling::ConvertToBinary), ("CONVERT_TO_TEXT", ContentHandling::ConvertToText)];

/// Values of `connectionType`.
pub const CONNECTION_TYPES: [(&str, ConnectionType); 2] =
    [("INTERNET", ConnectionType::Internet), ("VPC_LINK", ConnectionType::VpcLink)];

/// Values of `responseTransferMode`, and whether they stream. Answers of HTTP_PROXY backends are passed on as they come in
/// either case.
const TRANSFER_MODES: [(&str, bool); 2] = [("BUFFERED", false), ("STREAM", true)];

const PASSTHROUGH: [(&str, PassthroughBehavior); 3] = [
    ("when_no_match", PassthroughBehavior::WhenNoMatch),
    ("when_no_templates", PassthroughBehavior::WhenNoTemplates),
    ("never", PassthroughBehavior::Never),
];

/// Reads an integration.
pub fn read<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Integration> {
    let mut fields = reader.fields(node)?;
    // The target of a private integration is where `endpoints.vpcLinks` says.
    fields.ignore(&["integrationTarget"]);
    let transfer = fields.take("responseTransferMode").and_then(|node| reader.choice(node, &TRANSFER_MODES));
    let kind = fields.required(reader, "type").and_then(|node| reader.choice(node, &TYPES));
    let http_method = fields.take("httpMethod").and_then(|node| read_verb(reader, node));
    let mut text = |name| fields.take(name).and_then(|node| reader.filled(node));
    let (uri, credentials, connection_id) = (text("uri"), text("credentials"), text("connectionId"));
    let (payload_format_version, subtype) = (text("payloadFormatVersion"), text("integrationSubtype"));
    let cache_namespace = text("cacheNamespace");
    let connection_type = fields.take("connectionType").and_then(|node| reader.choice(node, &CONNECTION_TYPES));
    let passthrough = fields.take("passthroughBehavior").and_then(|node| reader.choice(node, &PASSTHROUGH));
    let content_handling = fields.take("contentHandling").and_then(|node| reader.choice(node, &CONTENT_HANDLING));
    let timeout = fields.take("timeoutInMillis").and_then(|node| reader.integer(node, TIMEOUT_MILLIS));
    let request_parameters = fields.take("requestParameters").map(|node| string_map(reader, node));
    let request_templates = fields.take("requestTemplates").map(|node| templates(reader, node));
    let response_parameters = fields
        .take("responseParameters")
        .map(|node| reader.map_of(node, |reader, entry| Some(string_map(reader, &entry.value))));
    let cache_key_parameters = fields.take("cacheKeyParameters").map(|node| reader.texts(node));
    let tls = fields.take("tlsConfig").map(|node| read_tls(reader, node));
    let responses = fields.take("responses").map(|node| read_responses(reader, node));
    fields.finish(reader);

    let kind = kind?;
    if let Some(transfer) = transfer.filter(|transfer| transfer.value && *kind == IntegrationType::AwsProxy) {
        reader.error(transfer.span, "functions that stream their response are not supported: `BUFFERED` is");
    }
    let (insecure_skip_verification, server_name_to_verify) = tls.unwrap_or_default();
    Some(Integration {
        span: node.span,
        kind,
        http_method: http_method.filter(|_| *kind != IntegrationType::Mock),
        uri,
        credentials,
        connection_type,
        connection_id,
        passthrough_behavior: passthrough.map(|found| found.value).unwrap_or_default(),
        content_handling,
        timeout_in_millis: timeout.map(|timeout| timeout.map(|millis| u32::try_from(millis).unwrap_or(u32::MAX))),
        request_parameters: request_parameters.unwrap_or_default(),
        request_templates: request_templates.unwrap_or_default(),
        response_parameters: response_parameters.unwrap_or_default(),
        cache_key_parameters: cache_key_parameters.unwrap_or_default(),
        cache_namespace,
        insecure_skip_verification,
        server_name_to_verify,
        responses: responses.unwrap_or_default(),
        payload_format_version,
        subtype,
    })
}

/// The verb towards a backend.
pub fn read_verb(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<String>> {
    let text = reader.filled(node)?.map(|text| text.to_ascii_uppercase());
    if HttpMethod::parse(&text).is_none() {
        let mut names: Vec<&str> = HttpMethod::VERBS.iter().map(|verb| verb.as_str()).collect();
        names.push("ANY");
        reader.error(node.span, format!("found `{}`, expected {}", *text, one_of(&names)));
        return None;
    }
    Some(text)
}

fn read_tls<'d>(reader: &mut Reader<'d>, node: &'d Node) -> (Option<Spanned<bool>>, Option<Spanned<String>>) {
    let Some(mut fields) = reader.fields(node) else { return (None, None) };
    let skip = fields.take("insecureSkipVerification").and_then(|node| reader.boolean(node));
    let name = fields.take("serverNameToVerify").and_then(|node| reader.filled(node));
    fields.finish(reader);
    (skip, name)
}

/// Parameter mappings. Import drops values that are no strings.
pub fn string_map<'d>(reader: &mut Reader<'d>, node: &'d Node) -> IndexMap<String, Spanned<String>> {
    reader.map_of(node, |reader, entry| match &entry.value.value {
        Value::Bool(_) | Value::Number(_) | Value::Null => {
            let text = format!("found {}, API Gateway drops a mapping that is no string", entry.value.description());
            reader.warning(entry.value.span, text);
            None
        }
        _ => reader.text(&entry.value),
    })
}

/// Templates by media type.
pub fn templates<'d>(reader: &mut Reader<'d>, node: &'d Node) -> IndexMap<String, Spanned<String>> {
    reader.map_of(node, |reader, entry| {
        if entry.value.is_null() {
            return Some(Spanned { value: String::new(), span: entry.value.span });
        }
        let text = reader.text(&entry.value)?;
        if text.len() > MAX_TEMPLATE_BYTES {
            let message = format!("the template has {} bytes, at most {MAX_TEMPLATE_BYTES} are accepted", text.len());
            reader.error(text.span, message);
        }
        Some(text)
    })
}

fn read_responses<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Vec<IntegrationResponse> {
    let Some(map) = reader.map(node) else { return Vec::new() };
    map.entries().iter().filter_map(|entry| read_response(reader, entry)).collect()
}

fn read_response<'d>(reader: &mut Reader<'d>, entry: &'d Entry) -> Option<IntegrationResponse> {
    let pattern = Spanned { value: entry.key.text.to_string(), span: entry.key.span };
    let mut fields = reader.fields(&entry.value)?;
    let status = fields.required(reader, "statusCode").and_then(|node| reader.text(node));
    let response_parameters = fields.take("responseParameters").map(|node| string_map(reader, node));
    let response_templates = fields.take("responseTemplates").map(|node| templates(reader, node));
    let content_handling = fields.take("contentHandling").and_then(|node| reader.choice(node, &CONTENT_HANDLING));
    fields.finish(reader);
    let status_code = status?;
    if !is_status(&status_code) {
        reader.error(status_code.span, format!("found `{}`, expected a status from 100 to 599", *status_code));
        return None;
    }
    Some(IntegrationResponse {
        span: entry.key.span,
        selection_pattern: Some(pattern).filter(|pattern| **pattern != "default" && !pattern.is_empty()),
        status_code,
        response_parameters: response_parameters.unwrap_or_default(),
        response_templates: response_templates.unwrap_or_default(),
        content_handling,
    })
}
