//! One operation to a method.

use gateway::{Destination, ResponseSource, Source};
use indexmap::IndexMap;

use super::rest_api::{Context, check_validator};
use super::{Version, integration, schemas, security};
use crate::api::{HttpMethod, Integration, Method, MethodResponse, ModelReference, PathPart, ResourceId, RestApi};
use crate::read::Reader;
use crate::source::{Entry, Node, Spanned};

/// What the names of response headers begin with.
const RESPONSE_HEADER: &str = "method.response.header.";

/// Where an operation stands.
pub struct Place<'d> {
    pub resource: ResourceId,
    pub verb: HttpMethod,
    pub entry: &'d Entry,
    /// Parameters of the path item.
    pub parameters: Option<&'d Node>,
}

/// Reads an operation.
pub fn read<'d>(
    reader: &mut Reader<'d>,
    context: &Context<'d>,
    api: &mut RestApi,
    place: &Place<'d>,
) -> Option<Method> {
    let mut fields = reader.fields(&place.entry.value)?;
    fields.ignore(&["tags", "summary", "description", "externalDocs", "deprecated", "schemes", "callbacks", "servers"]);
    let operation_name = fields.take("operationId").and_then(|node| reader.filled(node)).map(|text| text.value);
    let (authorization, api_key_required) =
        security::of_operation(reader, &context.schemes, context.security, &mut fields);
    let own_validator = fields.take("x-amazon-apigateway-request-validator").and_then(|node| reader.filled(node));
    if let Some(name) = &own_validator {
        check_validator(reader, api, name);
    }
    let mut method = Method {
        span: place.entry.key.span,
        http_method: place.verb,
        operation_name,
        authorization,
        api_key_required,
        request_parameters: path_parameters(api, place),
        request_models: IndexMap::new(),
        request_validator: own_validator.or_else(|| context.request_validator.clone()),
        integration_span: None,
        integration: None,
        responses: IndexMap::new(),
    };

    let mut media_types = |name, default: &[Spanned<String>]| {
        let own = fields.take(name).map(|node| reader.texts(node));
        let types = own.unwrap_or_else(|| default.to_vec());
        let types: Vec<String> = types.into_iter().map(|text| text.value).collect();
        if types.is_empty() { vec!["application/json".to_owned()] } else { types }
    };
    let consumes = media_types("consumes", &context.consumes);
    let produces = media_types("produces", &context.produces);
    for node in place.parameters.into_iter().chain(fields.take("parameters")) {
        read_parameters(reader, context, api, &mut method, node, &consumes);
    }
    if let Some(body) = fields.take("requestBody").and_then(|node| reader.follow(node)) {
        read_request_body(reader, context, api, &mut method, body);
    }
    if let Some(node) = fields.take("responses") {
        read_responses(reader, context, api, &mut method, node, &produces);
    }
    if let Some(node) = fields.take("x-amazon-apigateway-integration") {
        method.integration_span = Some(node.span);
        method.integration = reader.follow(node).and_then(|node| integration::read(reader, node));
    }
    fields.finish_extensible(reader);
    if let Some(integration) = method.integration.take() {
        check_request_mappings(reader, &method, &integration);
        if !integration.kind.is_proxy() {
            declare_responses(reader, &mut method, &integration);
        }
        method.integration = Some(integration);
    }
    Some(method)
}

/// Import declares every path variable of the resource, whether the document does or not.
fn path_parameters(api: &RestApi, place: &Place<'_>) -> IndexMap<String, Spanned<bool>> {
    let parts = api.resources.parts(place.resource);
    let names = parts.into_iter().filter_map(PathPart::variable);
    let span = place.entry.key.span;
    names.map(|name| (format!("method.request.path.{name}"), Spanned { value: true, span })).collect()
}

fn read_parameters<'d>(
    reader: &mut Reader<'d>,
    context: &Context<'d>,
    api: &mut RestApi,
    method: &mut Method,
    node: &'d Node,
    consumes: &[String],
) {
    for item in reader.list(node) {
        let Some(node) = reader.follow(item) else { continue };
        let Some(mut fields) = reader.fields(node) else { continue };
        fields.ignore(&[
            "description",
            "schema",
            "content",
            "type",
            "format",
            "items",
            "style",
            "explode",
            "allowReserved",
            "allowEmptyValue",
            "deprecated",
            "example",
            "examples",
            "default",
            "collectionFormat",
            "enum",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "minLength",
            "maxLength",
            "pattern",
            "minItems",
            "maxItems",
            "uniqueItems",
            "multipleOf",
        ]);
        let name = fields.required(reader, "name").and_then(|node| reader.text(node));
        let place = fields.required(reader, "in").and_then(|node| reader.text(node));
        let required = fields.take("required").and_then(|node| reader.boolean(node)).is_some_and(|flag| *flag);
        let schema = fields.take("schema");
        fields.finish_extensible(reader);
        let (Some(name), Some(place)) = (name, place) else { continue };
        let location = match &**place {
            "path" => "path",
            "query" => "querystring",
            "header" => "header",
            "body" if context.version == Version::V2 => {
                let model = schema.and_then(|node| schemas::reference(reader, api, context.version, node));
                let models = consumes.iter().filter_map(|media_type| Some((media_type.clone(), model.clone()?)));
                method.request_models.extend(models);
                continue;
            }
            "formData" | "cookie" => {
                let text = format!("API Gateway does not read parameters in `{}`, this one is ignored", *place);
                reader.warning(place.span, text);
                continue;
            }
            other => {
                let text = format!("found `{other}`, expected `header`, `path` or `query` (Swagger 2 also `body`)");
                reader.error(place.span, text);
                continue;
            }
        };
        let required = Spanned { value: required || location == "path", span: node.span };
        method.request_parameters.insert(format!("method.request.{location}.{}", *name), required);
    }
}

fn read_request_body<'d>(
    reader: &mut Reader<'d>,
    context: &Context<'d>,
    api: &mut RestApi,
    method: &mut Method,
    node: &'d Node,
) {
    let Some(mut fields) = reader.fields(node) else { return };
    fields.ignore(&["description", "required"]);
    if let Some(content) = fields.take("content") {
        method.request_models.extend(read_content(reader, context, api, content));
    }
    fields.finish_extensible(reader);
}

/// `content`: media type → `{schema}`.
fn read_content<'d>(
    reader: &mut Reader<'d>,
    context: &Context<'d>,
    api: &mut RestApi,
    node: &'d Node,
) -> IndexMap<String, ModelReference> {
    reader.map_of(node, |reader, entry| {
        let schema = entry.value.get("schema")?;
        schemas::reference(reader, api, context.version, schema)
    })
}

fn read_responses<'d>(
    reader: &mut Reader<'d>,
    context: &Context<'d>,
    api: &mut RestApi,
    method: &mut Method,
    node: &'d Node,
    produces: &[String],
) {
    let Some(map) = reader.map(node) else { return };
    for entry in map.entries() {
        let (status, span) = (&*entry.key.text, entry.key.span);
        // Not a status of its own: `default` in OpenAPI stands for all others.
        if status == "default" || status.starts_with("x-") {
            continue;
        }
        if !is_status(status) {
            reader.warning(span, format!("`{status}` is no status code, API Gateway ignores this response"));
            continue;
        }
        let Some(node) = reader.follow(&entry.value) else { continue };
        let mut response = MethodResponse { span: Some(span), ..MethodResponse::default() };
        if let Some(mut fields) = (!node.is_null()).then(|| reader.fields(node)).flatten() {
            fields.ignore(&["description", "links", "examples"]);
            if let Some(headers) = fields.take("headers").and_then(|node| reader.map(node)) {
                let names = headers.entries().iter().map(|header| format!("{RESPONSE_HEADER}{}", header.key.text));
                response.response_parameters = names.map(|name| (name, false)).collect();
            }
            if let Some(content) = fields.take("content") {
                response.response_models = read_content(reader, context, api, content);
            }
            let schema = fields.take("schema");
            if let Some(model) = schema.and_then(|node| schemas::reference(reader, api, context.version, node)) {
                response.response_models.extend(produces.iter().map(|media_type| (media_type.clone(), model.clone())));
            }
            fields.finish_extensible(reader);
        }
        method.responses.insert(status.to_owned(), response);
    }
}

/// Whether it is a status code: three digits, 100 to 599.
pub fn is_status(text: &str) -> bool {
    text.len() == 3 && text.parse::<u16>().is_ok_and(|status| (100..=599).contains(&status))
}

/// Reports mapping expressions that are none, and those of parameters that the method does not declare.
fn check_request_mappings(reader: &mut Reader<'_>, method: &Method, integration: &Integration) {
    for (destination, source) in &integration.request_parameters {
        if Destination::parse(destination).is_none() {
            let text = format!(
                "Invalid mapping expression specified: `{destination}` is no destination, expected \
                 `integration.request.{{header,querystring,path}}.NAME`"
            );
            reader.error(source.span, text);
        }
        let Some(parsed) = Source::parse(source) else {
            let text = format!(
                "Invalid mapping expression specified: {}; expected `method.request.…`, `context.…`, \
                 `stageVariables.…` or `'text'` in single quotes",
                **source
            );
            reader.error(source.span, text);
            continue;
        };
        if let Some(name) = parsed.declaration()
            && !method.request_parameters.keys().any(|key| key.eq_ignore_ascii_case(&name))
        {
            let text = format!("the method does not declare `{name}`, API Gateway refuses such a mapping");
            reader.warning(source.span, text);
        }
    }
}

/// Every integration response needs a method response that declares its headers. Import refuses a document without;
/// here they are added.
fn declare_responses(reader: &mut Reader<'_>, method: &mut Method, integration: &Integration) {
    for answer in &integration.responses {
        let status = &*answer.status_code;
        if !method.responses.contains_key(status) {
            let text = format!("the method has no response `{status}`; it is added, API Gateway refuses the document");
            reader.warning(answer.status_code.span, text);
        }
        let response = method.responses.entry(status.clone()).or_default();
        for (name, source) in &answer.response_parameters {
            let header = name.strip_prefix(RESPONSE_HEADER).filter(|header| !header.is_empty());
            if header.is_none() {
                let text = format!("`{name}` is no response header, expected `{RESPONSE_HEADER}NAME`");
                reader.error(source.span, text);
            } else if !response.response_parameters.keys().any(|key| key.eq_ignore_ascii_case(name)) {
                let text = format!(
                    "the method's response `{status}` does not declare the header of `{name}`; it is added, API Gateway \
                     refuses the document"
                );
                reader.warning(source.span, text);
                response.response_parameters.insert(name.clone(), false);
            }
            if ResponseSource::parse(source).is_none() {
                let text = format!(
                    "Invalid mapping expression specified: {}; expected `integration.response.…`, `context.…`, \
                     `stageVariables.…` or `'text'` in single quotes",
                    **source
                );
                reader.error(source.span, text);
            }
        }
    }
}
