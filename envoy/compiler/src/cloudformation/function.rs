//! Intrinsic functions, without those that make conditions.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>

use super::evaluate::Evaluator;
use super::identity;
use crate::source::{Node, Span, Value};

impl Evaluator<'_, '_> {
    /// The value of the function `name` at `node`.
    pub fn call(&mut self, node: &Node, name: &str) -> Option<Node> {
        let argument = node.function_argument();
        match name {
            "Ref" => {
                let target = self.literal(&argument, "the name of a parameter or resource")?;
                self.reference(node.span, &target)
            }
            "Fn::GetAtt" => self.attribute(node.span, &argument),
            "Fn::Sub" => self.substitute(node.span, &argument),
            "Fn::Join" => self.join(node.span, &argument),
            "Fn::If" => self.choose(node.span, &argument),
            "Fn::FindInMap" => self.find_in_map(node.span, &argument),
            "Fn::Select" => self.select(node.span, &argument),
            "Fn::Split" => self.split(node.span, &argument),
            "Fn::Base64" => {
                let text = self.text(&argument)?;
                self.made_text(node.span, &base64(text.as_bytes()))
            }
            "Fn::ToJsonString" => {
                let text = self.value(&argument)?.to_json().to_string();
                self.made_text(node.span, &text)
            }
            "Fn::ImportValue" => self.import(node.span, &argument),
            "Fn::Transform" => self.include(node.span, &argument),
            "Fn::GetAZs" | "Fn::Cidr" | "Fn::Length" | "Fn::ForEach" => {
                self.reader.error(node.span, format!("the function `{name}` is not supported here"));
                None
            }
            _ => {
                self.reader.error(node.span, format!("there is no function `{name}`"));
                None
            }
        }
    }

    /// The value of `Ref`.
    pub fn reference(&mut self, span: Span, target: &str) -> Option<Node> {
        if let Some(value) = self.parameters.get(target).cloned() {
            return self.copied(span, &value);
        }
        if let Some(name) = target.strip_prefix("AWS::") {
            if name == "NoValue" {
                return None;
            }
            if name == "NotificationARNs" {
                return Some(Node::new(span, Value::List(Vec::new())));
            }
            let Some(text) = identity::pseudo_parameter(name, self.environment) else {
                self.reader.error(span, format!("there is no pseudo parameter `{target}`"));
                return None;
            };
            return self.made_text(span, &text);
        }
        let text = self.resource_identity(span, target, None)?;
        self.made_text(span, &text)
    }

    fn attribute(&mut self, span: Span, argument: &Node) -> Option<Node> {
        let parts: Vec<String> = match argument.as_list() {
            Some(items) => items.iter().map(|item| self.text(item)).collect::<Option<_>>()?,
            None => self.text(argument)?.splitn(2, '.').map(str::to_owned).collect(),
        };
        let Some((target, rest)) = parts.split_first().filter(|(_, rest)| !rest.is_empty()) else {
            self.reader.error(span, "`Fn::GetAtt` takes a resource and an attribute");
            return None;
        };
        let text = self.resource_identity(span, target, Some(&rest.join(".")))?;
        self.made_text(span, &text)
    }

    fn join(&mut self, span: Span, argument: &Node) -> Option<Node> {
        let Some([delimiter, items]) = argument.as_list() else {
            self.reader.error(span, "`Fn::Join` takes a list of a delimiter and a list");
            return None;
        };
        let delimiter = self.text(delimiter)?;
        let items = self.value(items)?;
        let texts: Option<Vec<String>> = self.reader_list(&items)?.iter().map(|item| self.text(item)).collect();
        self.made_text(span, &texts?.join(&delimiter))
    }

    fn choose(&mut self, span: Span, argument: &Node) -> Option<Node> {
        let Some([condition, yes, no]) = argument.as_list() else {
            self.reader.error(span, "`Fn::If` takes a list of a condition and two values");
            return None;
        };
        let chosen = if self.condition_named(condition)? { yes } else { no };
        self.value(chosen)
    }

    fn find_in_map(&mut self, span: Span, argument: &Node) -> Option<Node> {
        let (map, first, second, default) = match argument.as_list() {
            Some([map, first, second]) => (map, first, second, None),
            Some([map, first, second, options]) => (map, first, second, options.get("DefaultValue")),
            _ => {
                self.reader.error(span, "`Fn::FindInMap` takes a list of a mapping and two keys");
                return None;
            }
        };
        let (map, first, second) = (self.text(map)?, self.text(first)?, self.text(second)?);
        let found = self.mappings.and_then(|all| all.get(&map)).and_then(|map| map.get(&first)?.get(&second));
        match found.or(default) {
            Some(found) => self.value(found).map(|value| Node { span, ..value }),
            None => {
                self.reader.error(span, format!("there is no `{map}.{first}.{second}` in the mappings"));
                None
            }
        }
    }

    fn select(&mut self, span: Span, argument: &Node) -> Option<Node> {
        let Some([index, items]) = argument.as_list() else {
            self.reader.error(span, "`Fn::Select` takes a list of an index and a list");
            return None;
        };
        let index = self.text(index)?;
        let items = self.value(items)?;
        let items = self.reader_list(&items)?;
        match index.parse::<usize>().ok().and_then(|index| items.get(index)) {
            Some(item) => self.copied(span, item),
            None => {
                let text = format!("found the index `{index}`, expected a number below {}", items.len());
                self.reader.error(span, text);
                None
            }
        }
    }

    fn split(&mut self, span: Span, argument: &Node) -> Option<Node> {
        let Some([delimiter, text]) = argument.as_list() else {
            self.reader.error(span, "`Fn::Split` takes a list of a delimiter and a text");
            return None;
        };
        let (delimiter, text) = (self.text(delimiter)?, self.text(text)?);
        if delimiter.is_empty() {
            self.reader.error(span, "the delimiter of `Fn::Split` is empty");
            return None;
        }
        let parts: Option<Vec<Node>> = text.split(&*delimiter).map(|part| self.made_text(span, part)).collect();
        let list = Node::new(span, Value::List(parts?));
        self.copied(span, &list)
    }

    fn import(&mut self, span: Span, argument: &Node) -> Option<Node> {
        let name = self.text(argument)?;
        match self.environment.imports.get(&name).map(|value| value.value.clone()) {
            Some(value) => self.made_text(span, &value),
            None => {
                let text =
                    format!("the value `{name}` of another stack is not known: give it in the settings, `imports`");
                self.reader.error(span, text);
                None
            }
        }
    }

    /// `AWS::Include`: the file stands in the function's place, and its own functions are evaluated.
    fn include(&mut self, span: Span, argument: &Node) -> Option<Node> {
        let name = argument.get("Name").and_then(Node::as_str);
        if name != Some("AWS::Include") {
            self.reader.error(span, "of macros, only `AWS::Include` is supported");
            return None;
        }
        let Some(location) = argument.get("Parameters").and_then(|node| node.get("Location")) else {
            self.reader.error(span, "`AWS::Include` needs a `Location`");
            return None;
        };
        let location = self.text(location)?;
        self.file(span, &location)
    }

    /// The content of another file, evaluated.
    pub fn file(&mut self, span: Span, location: &str) -> Option<Node> {
        if location.starts_with("s3://") || location.contains("://") {
            let text = format!("`{location}` is not on this machine: name a file beside the template");
            self.reader.error(span, text);
            return None;
        }
        // A file that cannot be read is reported with the file.
        let files = self.files;
        let root = files.root(location)?;
        self.value(root)
    }

    /// A text without functions: names of parameters and resources.
    fn literal(&mut self, node: &Node, accepted: &str) -> Option<String> {
        let found = node.as_str().map(str::to_owned);
        if found.is_none() {
            self.reader.error(node.span, format!("found {}, expected {accepted}", node.description()));
        }
        found
    }

    fn reader_list<'n>(&mut self, node: &'n Node) -> Option<&'n [Node]> {
        let found = node.as_list();
        if found.is_none() {
            self.reader.error(node.span, format!("found {}, expected a list", node.description()));
        }
        found
    }
}

/// Base64 with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32| ALPHABET.get((bits & 63) as usize).map_or('A', |byte| char::from(*byte));
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            text.push(if at <= chunk.len() { digit(bits >> (18 - 6 * at)) } else { '=' });
        }
    }
    text
}
