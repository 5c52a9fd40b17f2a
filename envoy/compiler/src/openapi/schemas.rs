//! Schemas: the models of an API, and the references of methods to them.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::Version;
use crate::api::{Model, ModelReference, RestApi};
use crate::models::built_in;
use crate::read::Reader;
use crate::source::{Map, Node, Span, Spanned};

/// Largest schema, in bytes as JSON. [API Gateway quotas]
const MAX_SCHEMA_BYTES: usize = 400 * 1024;

impl Version {
    /// What references to models begin with.
    pub fn schema_prefix(self) -> &'static str {
        match self {
            Self::V2 => "#/definitions/",
            Self::V3 => "#/components/schemas/",
        }
    }
}

/// Reads the models of a document.
pub fn read_models<'d>(reader: &mut Reader<'d>, root: &'d Node, version: Version) -> IndexMap<String, Model> {
    let node = match version {
        Version::V2 => root.get("definitions"),
        Version::V3 => root.get("components").and_then(|node| node.get("schemas")),
    };
    let Some(node) = node else { return IndexMap::new() };
    reader.map_of(node, |reader, entry| {
        reader.map(&entry.value)?;
        let model = model(&entry.value);
        if model.schema.to_string().len() > MAX_SCHEMA_BYTES {
            let text = format!("the schema is larger than {MAX_SCHEMA_BYTES} bytes as JSON");
            reader.error(entry.key.span, text);
        }
        Some(model)
    })
}

/// The model that a schema is, with the places of its parts.
pub fn model(node: &Node) -> Model {
    let description = node.get("description").and_then(Node::as_str).map(str::to_owned);
    let mut places = BTreeMap::new();
    note_places(node, String::new(), &mut places);
    Model { span: node.span, description, schema: node.to_json(), places, inline: false }
}

/// Notes where a value and all in it stand. Documents are nested no deeper than their reader lets them be.
fn note_places(node: &Node, pointer: String, places: &mut BTreeMap<String, Span>) {
    for entry in node.as_map().into_iter().flat_map(Map::entries) {
        let segment = entry.key.text.replace('~', "~0").replace('/', "~1");
        note_places(&entry.value, format!("{pointer}/{segment}"), places);
    }
    for (n, element) in node.as_list().into_iter().flatten().enumerate() {
        note_places(element, format!("{pointer}/{n}"), places);
    }
    places.insert(pointer, node.span);
}

/// The model that a schema at a method names. A schema written in place becomes a model with a name of its own, as
/// import does.
pub fn reference<'d>(
    reader: &mut Reader<'d>,
    api: &mut RestApi,
    version: Version,
    node: &'d Node,
) -> Option<ModelReference> {
    let map = reader.map(node)?;
    if let Some(target) = map.get("$ref") {
        let text = reader.text(target)?;
        if let Some(name) = text.strip_prefix(version.schema_prefix())
            && (api.models.contains_key(name) || built_in(name).is_some())
        {
            let value = name.to_owned();
            return Some(Spanned { value, span: target.span });
        }
        if let Err(error) = reader.document.target(&text) {
            reader.error(target.span, error.to_string());
            return None;
        }
    }
    let name = (1..).map(|n| format!("MODEL{n}")).find(|name| !api.models.contains_key(name))?;
    api.models.insert(name.clone(), Model { inline: true, ..model(node) });
    Some(Spanned { value: name, span: node.span })
}
