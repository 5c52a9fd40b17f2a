//! Paths to resources, operations to methods.

use super::Version;
use super::operation;
use super::rest_api::Context;
use crate::api::{HttpMethod, RestApi};
use crate::read::Reader;
use crate::source::Node;

/// The operations of a path item. `trace` is not among API Gateway's verbs.
pub const OPERATIONS: [(&str, HttpMethod); 8] = [
    ("delete", HttpMethod::Delete),
    ("get", HttpMethod::Get),
    ("head", HttpMethod::Head),
    ("options", HttpMethod::Options),
    ("patch", HttpMethod::Patch),
    ("post", HttpMethod::Post),
    ("put", HttpMethod::Put),
    ("x-amazon-apigateway-any-method", HttpMethod::Any),
];

/// Most resources of an API that API Gateway creates without a raised quota; more are accepted with a warning.
const USUAL_RESOURCES: usize = 300;

/// Reads `paths`.
pub fn read<'d>(reader: &mut Reader<'d>, context: &Context<'d>, api: &mut RestApi, node: &'d Node) {
    let Some(map) = reader.map(node) else { return };
    for entry in map.entries() {
        let key = &entry.key;
        if key.text.starts_with("x-") {
            continue;
        }
        let path = format!("{}{}", context.path_prefix, key.text);
        let inserted = if key.text.starts_with('/') {
            api.resources.insert(&path, key.span)
        } else {
            Err(crate::api::PathError::NoLeadingSlash)
        };
        match inserted {
            Ok(resource) => {
                if let Some(item) = reader.follow(&entry.value) {
                    read_item(reader, context, api, resource, item);
                }
            }
            Err(error) => reader.error(key.span, error.to_string()),
        }
    }
    let count = api.resources.iter().count();
    if count > USUAL_RESOURCES {
        let text = format!("the API has {count} resources, more than API Gateway's quota of {USUAL_RESOURCES}");
        reader.warning(node.span, text);
    }
}

fn read_item<'d>(
    reader: &mut Reader<'d>,
    context: &Context<'d>,
    api: &mut RestApi,
    resource: crate::api::ResourceId,
    item: &'d Node,
) {
    if item.is_null() {
        return;
    }
    let Some(mut fields) = reader.fields(item) else { return };
    fields.ignore(&["summary", "description"]);
    if context.version == Version::V3 {
        fields.ignore(&["servers"]);
    }
    let parameters = fields.take("parameters");
    if let Some(entry) = fields.entry("trace") {
        reader.warning(entry.key.span, "API Gateway has no TRACE methods, this one is ignored");
    }
    for (name, verb) in OPERATIONS {
        let Some(entry) = fields.entry(name) else { continue };
        let method = operation::read(reader, context, api, &operation::Place { resource, verb, entry, parameters });
        if let Some(method) = method
            && api.resources.get_mut(resource).methods.insert(verb, method).is_some()
        {
            let text = format!("the resource {} has a {verb} method already", api.resources.get(resource).path);
            reader.error(entry.key.span, text);
        }
    }
    fields.finish_extensible(reader);
}
