//! The tree that a document is read into.

use std::collections::HashMap;

use super::Span;

/// One value of a document.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands. A value that came through an alias (`*name`) stands where its anchor is.
    pub span: Span,
    /// A tag of the document's own, without the exclamation mark: `Sub` of `!Sub "..."`.
    pub tag: Option<Box<str>>,
    /// The value.
    pub value: Value,
}

/// The kinds of value. Scalars are resolved as YAML 1.2's core schema says, so `yes` and `on` are strings.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written: `1.10` and `012345678901` keep their digits.
    Number(Box<str>),
    /// A string.
    String(Box<str>),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping.
    Map(Map),
}

/// A mapping, in the document's order; keys are unique.
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: Vec<Entry>,
    /// Places of the keys, for maps too large to be searched one by one.
    index: Option<HashMap<Box<str>, usize>>,
}

/// A key of a mapping and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A key. Numbers and booleans serve as keys by their text (`200:`).
#[derive(Clone, Debug)]
pub struct Key {
    /// Its text.
    pub text: Box<str>,
    /// Where it stands.
    pub span: Span,
}

/// Maps with more entries than this are searched by hash.
const INDEXED_FROM: usize = 16;

impl Map {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// A key with its value.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.get(self.position(key)?)
    }

    /// All entries, in the document's order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The value of a key, set to `default` where there is none.
    #[allow(clippy::indexing_slicing)] // the position was just found, or is the last one
    pub fn get_or_insert(&mut self, key: Key, default: impl FnOnce() -> Node) -> &mut Node {
        let at = match self.position(&key.text) {
            Some(at) => at,
            None => {
                let value = default();
                let _ = self.insert(Entry { key, value });
                self.entries.len() - 1
            }
        };
        &mut self.entries[at].value
    }

    /// The mapping under a key, empty where there is none. A value of another kind gives way to it.
    #[allow(clippy::unreachable)] // it was just made a mapping
    pub fn child(&mut self, key: Key) -> &mut Map {
        let span = key.span;
        let node = self.get_or_insert(key, || Node::empty_map(span));
        if node.as_map().is_none() {
            *node = Node::empty_map(span);
        }
        match &mut node.value {
            Value::Map(map) => map,
            _ => unreachable!(),
        }
    }

    /// Sets a key, whatever it had.
    pub fn set(&mut self, key: Key, value: Node) {
        let span = key.span;
        *self.get_or_insert(key, || Node::new(span, Value::Null)) = value;
    }

    fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.entries.iter().position(|entry| &*entry.key.text == key),
        }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// An entry with this key is already there and is kept: the place of its key.
    pub fn insert(&mut self, entry: Entry) -> Result<(), Span> {
        if let Some(present) = self.entry(&entry.key.text) {
            return Err(present.key.span);
        }
        if let Some(index) = &mut self.index {
            index.insert(entry.key.text.clone(), self.entries.len());
        } else if self.entries.len() >= INDEXED_FROM {
            let places = self.entries.iter().enumerate().map(|(at, entry)| (entry.key.text.clone(), at));
            let mut index: HashMap<_, _> = places.collect();
            index.insert(entry.key.text.clone(), self.entries.len());
            self.index = Some(index);
        }
        self.entries.push(entry);
        Ok(())
    }
}

impl Key {
    /// A key that stands for something at `span`.
    pub fn new(text: &str, span: Span) -> Self {
        Self { text: text.into(), span }
    }
}

impl Node {
    /// A value without a tag.
    pub fn new(span: Span, value: Value) -> Self {
        Self { span, tag: None, value }
    }

    /// A string.
    pub fn string(span: Span, text: &str) -> Self {
        Self::new(span, Value::String(text.into()))
    }

    /// A mapping that is still empty.
    pub fn empty_map(span: Span) -> Self {
        Self::new(span, Value::Map(Map::default()))
    }

    /// The mapping, when it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items, when it is a sequence.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a key, when this is a mapping that has it and the value is not null.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key).filter(|node| !node.is_null())
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The CloudFormation function that this stands for (`Fn::Sub`, `Ref`), in its tag or its long form.
    pub fn cloudformation_function(&self) -> Option<String> {
        if let Some(tag) = &self.tag {
            return Some(match &**tag {
                "Ref" | "Condition" => tag.to_string(),
                name => format!("Fn::{name}"),
            });
        }
        match self.as_map()?.entries() {
            [entry] if &*entry.key.text == "Ref" || entry.key.text.starts_with("Fn::") => {
                Some(entry.key.text.to_string())
            }
            _ => None,
        }
    }

    /// What the CloudFormation function is given: the value behind its tag or its key.
    pub fn function_argument(&self) -> Node {
        if self.tag.is_some() {
            return Node { span: self.span, tag: None, value: self.value.clone() };
        }
        match self.as_map().map(Map::entries) {
            Some([entry]) => entry.value.clone(),
            _ => Node::new(self.span, Value::Null),
        }
    }

    /// What it is, for messages: never its content.
    pub fn description(&self) -> String {
        if let Some(function) = self.cloudformation_function() {
            return format!("the CloudFormation function `{function}`");
        }
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(true) => "`true`",
            Value::Bool(false) => "`false`",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
        .to_owned()
    }

    /// The value as JSON, tags dropped. Integers outside of 64 bits and floats become the nearest double.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(text) => json_number(text),
            Value::String(text) => Json::String(text.to_string()),
            Value::List(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Value::Map(map) => {
                Json::Object(map.entries().iter().map(|e| (e.key.text.to_string(), e.value.to_json())).collect())
            }
        }
    }
}

fn json_number(text: &str) -> serde_json::Value {
    if let Ok(number) = text.parse::<i64>() {
        return number.into();
    }
    if let Ok(number) = text.parse::<u64>() {
        return number.into();
    }
    let radix =
        |prefix: &str, radix| text.strip_prefix(prefix).and_then(|digits| u64::from_str_radix(digits, radix).ok());
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return number.into();
    }
    let float = text.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
    float.map_or_else(|| serde_json::Value::String(text.to_owned()), serde_json::Value::Number)
}
