//! `Parameters`: their values from the settings, else their defaults.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>

use std::collections::HashMap;

use super::Environment;
use crate::read::{Reader, one_of};
use crate::source::{Map, Node, Value};

/// Reads the values of all parameters. One without value stands for nothing, and is reported where it is used.
pub fn read(reader: &mut Reader<'_>, section: Option<&Map>, environment: &Environment) -> HashMap<String, Node> {
    let mut values = HashMap::new();
    for entry in section.map(Map::entries).unwrap_or_default() {
        let name = &*entry.key.text;
        let given = environment.parameters.get(name);
        let Some(node) = given.or_else(|| entry.value.get("Default")) else { continue };
        let list = entry.value.get("Type").and_then(Node::as_str).is_some_and(is_list);
        let Some(value) = scalars(reader, node, list) else { continue };
        check_allowed(reader, entry.value.get("AllowedValues"), &value);
        values.insert(name.to_owned(), value);
    }
    for (name, node) in &environment.parameters {
        if section.is_none_or(|section| section.get(name).is_none()) {
            let names: Vec<&str> = section
                .map(|section| section.entries().iter().map(|entry| &*entry.key.text).collect())
                .unwrap_or_default();
            let expected =
                if names.is_empty() { "it has none".to_owned() } else { format!("expected {}", one_of(&names)) };
            reader.error(node.span, format!("the template has no parameter `{name}`, {expected}"));
        }
    }
    values
}

fn is_list(kind: &str) -> bool {
    kind == "CommaDelimitedList" || kind.starts_with("List<") || kind.starts_with("AWS::SSM::Parameter::Value<List<")
}

/// A text, or the items of a list parameter, which are written with commas between them.
fn scalars(reader: &mut Reader<'_>, node: &Node, list: bool) -> Option<Node> {
    if !list {
        let text = reader.text(node)?;
        return Some(Node::string(node.span, &text));
    }
    let items = match &node.value {
        Value::List(items) => items.clone(),
        _ => {
            let text = reader.text(node)?;
            let parts = text.split(',').map(str::trim);
            parts.filter(|part| !part.is_empty()).map(|part| Node::string(node.span, part)).collect()
        }
    };
    Some(Node::new(node.span, Value::List(items)))
}

fn check_allowed(reader: &mut Reader<'_>, allowed: Option<&Node>, value: &Node) {
    let (Some(allowed), Value::String(text)) = (allowed.and_then(Node::as_list), &value.value) else { return };
    let words: Vec<String> = allowed.iter().filter_map(|node| reader.text(node)).map(|word| word.value).collect();
    if !words.is_empty() && !words.iter().any(|word| **word == **text) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        reader.error(value.span, format!("found `{text}`, expected {}", one_of(&words)));
    }
}
