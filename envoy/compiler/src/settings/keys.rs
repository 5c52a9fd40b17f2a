//! API keys: items of `aws apigateway get-api-keys --include-values`.
//!
//! The value of a key never appears in a message.

use crate::read::Reader;
use crate::source::{Node, Span, Spanned};

/// Shortest value of a key.
pub const MIN_KEY_LENGTH: usize = 20;

/// Longest value of a key.
pub const MAX_KEY_LENGTH: usize = 128;

/// An API key.
#[derive(Clone)]
pub struct ApiKey {
    /// Where it stands.
    pub span: Span,
    /// Its id, which usage plans name.
    pub id: Spanned<String>,
    /// Its name.
    pub name: Option<String>,
    /// What clients send.
    pub value: Spanned<String>,
    /// Whether it is accepted; keys that do not say so are, as in a CSV import.
    pub enabled: bool,
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKey").field("id", &self.id.value).field("enabled", &self.enabled).finish_non_exhaustive()
    }
}

/// Reads the keys. Those that lack an id or a value are reported and left out; `ids` gets the ids of all, so that plans
/// that name them are not reported as well.
pub fn read<'d>(reader: &mut Reader<'d>, node: &'d Node, ids: &mut Vec<Spanned<String>>) -> Vec<ApiKey> {
    reader.list(node).iter().filter_map(|item| read_key(reader, item, ids)).collect()
}

fn read_key<'d>(reader: &mut Reader<'d>, node: &'d Node, ids: &mut Vec<Spanned<String>>) -> Option<ApiKey> {
    let mut fields = reader.fields(node)?;
    fields.ignore(&["description", "createdDate", "lastUpdatedDate", "stageKeys", "tags", "customerId"]);
    let id = fields.required(reader, "id").and_then(|node| read_id(reader, node));
    let name = fields.take("name").and_then(|node| reader.text(node));
    let value = fields.required(reader, "value").and_then(|node| read_value(reader, node));
    let enabled = fields.take("enabled").map(|node| reader.boolean(node).is_some_and(|flag| *flag));
    fields.finish(reader);
    ids.extend(id.clone());
    Some(ApiKey {
        span: node.span,
        id: id?,
        name: name.map(|name| name.value),
        value: value?,
        enabled: enabled.unwrap_or(true),
    })
}

fn read_value(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<String>> {
    let value = reader.text(node)?;
    let length = value.chars().count();
    if !(MIN_KEY_LENGTH..=MAX_KEY_LENGTH).contains(&length) {
        let text = format!("the value has {length} characters, expected {MIN_KEY_LENGTH} to {MAX_KEY_LENGTH}");
        reader.error(node.span, text);
        return None;
    }
    // Others could not arrive in a header as they were typed.
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        reader.error(node.span, "the value has characters other than ASCII letters, digits and punctuation");
        return None;
    }
    Some(value)
}

/// An id of a key or a plan.
pub fn read_id(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<String>> {
    let id = reader.text(node)?;
    if id.is_empty() || id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        reader.error(node.span, "expected an id, 1 to 64 ASCII characters without blanks");
        return None;
    }
    Some(id)
}

/// An id as a message may show it: one as long as a key's value may be one that was put in the wrong place.
pub fn shown_id(id: &str) -> String {
    if id.len() < MIN_KEY_LENGTH { format!("`{id}`") } else { "(not shown: as long as a key's value)".to_owned() }
}
