//! The keyword `enum`, whose time does not depend on how many values it lists.

use std::collections::{HashMap, HashSet};

use jsonschema::json::Node as _;
use jsonschema::{Keyword, ValidationError};
use serde_json::Value;

use super::equality::{equals_value, hash_value};
use super::node::{Node, Payload};

/// Lists up to this length are compared value by value.
const MAX_COMPARED: usize = 8;

/// The values that `enum` allows.
pub struct Choice {
    /// Strings of a long list.
    strings: HashSet<Box<str>>,
    /// Other values of a long list, by their hash.
    others: HashMap<u64, Vec<Value>>,
    /// The values of a short list.
    few: Vec<Value>,
}

impl Choice {
    /// The values of a schema. What is no list of values allows none; the meta-schema has refused it before.
    pub fn new(values: &Value) -> Self {
        let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut choice = Self { strings: HashSet::new(), others: HashMap::new(), few: Vec::new() };
        if values.len() <= MAX_COMPARED {
            choice.few = values.to_vec();
            return choice;
        }
        for value in values {
            match value {
                Value::String(text) => {
                    choice.strings.insert(text.as_str().into());
                }
                other => choice.others.entry(hash_value(other)).or_default().push(other.clone()),
            }
        }
        choice
    }

    /// Whether a value is one of them.
    pub fn has(&self, node: Node<'_>) -> bool {
        if !self.few.is_empty() {
            return self.few.iter().any(|value| equals_value(node, value));
        }
        if let Some(text) = node.as_string() {
            return self.strings.contains(text.as_ref());
        }
        // The hashes of a body are made all at once.
        let found = if self.others.is_empty() { None } else { self.others.get(&node.body.hash(node.place)) };
        found.is_some_and(|found| found.iter().any(|value| equals_value(node, value)))
    }
}

impl<'i> Keyword<'i, Payload> for Choice {
    fn validate(&self, instance: Node<'i>) -> Result<(), ValidationError<'i>> {
        if self.has(instance) { Ok(()) } else { Err(ValidationError::custom("not one of the values")) }
    }

    fn is_valid(&self, instance: Node<'i>) -> bool {
        self.has(instance)
    }
}
