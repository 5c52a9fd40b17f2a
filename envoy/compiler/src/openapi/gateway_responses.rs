//! `x-amazon-apigateway-gateway-responses`.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-gateway-responses.html>

use gateway::{ResponseType, Source};
use indexmap::IndexMap;

use super::integration::string_map;
use crate::api::GatewayResponse;
use crate::read::{Reader, one_of};
use crate::source::{Node, Spanned};

/// What the names of response headers begin with.
const HEADER_PREFIX: &str = "gatewayresponse.header.";

/// Reads the customised gateway responses.
pub fn read<'d>(reader: &mut Reader<'d>, node: &'d Node) -> IndexMap<String, GatewayResponse> {
    reader.map_of(node, |reader, entry| {
        let name = &*entry.key.text;
        if ResponseType::from_name(name).is_none() {
            let names: Vec<&str> = ResponseType::all().map(ResponseType::name).collect();
            let text = format!("`{name}` is no gateway response type, expected {}", one_of(&names));
            reader.error(entry.key.span, text);
        }
        let mut fields = reader.fields(&entry.value)?;
        let status_code = fields.take("statusCode").and_then(|node| status(reader, node));
        let response_parameters = fields.take("responseParameters").map(|node| string_map(reader, node));
        let response_templates = fields.take("responseTemplates").map(|node| reader.map_of_texts(node));
        fields.finish(reader);
        let response_parameters = response_parameters.unwrap_or_default();
        for (name, source) in &response_parameters {
            check_parameter(reader, name, source);
        }
        Some(GatewayResponse {
            span: entry.key.span,
            status_code,
            response_parameters,
            response_templates: response_templates.unwrap_or_default(),
        })
    })
}

fn status(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<u16>> {
    let status = reader.integer(node, 100..=599)?;
    Some(status.map(|status| u16::try_from(status).unwrap_or(u16::MAX)))
}

fn check_parameter(reader: &mut Reader<'_>, name: &str, source: &Spanned<String>) {
    if name.strip_prefix(HEADER_PREFIX).is_none_or(str::is_empty) {
        reader.error(source.span, format!("`{name}` is no response header, expected `{HEADER_PREFIX}NAME`"));
    }
    if Source::parse(source).is_none_or(|source| source.needs_body()) {
        let text = format!(
            "`{}` is no source of a gateway response header, expected `'text'` in single quotes, `context.…`, \
                 `stageVariables.…` or `method.request.{{header,querystring,path}}.…`",
            **source
        );
        reader.error(source.span, text);
    }
}
