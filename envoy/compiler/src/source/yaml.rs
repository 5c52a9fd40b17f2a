//! YAML text to nodes.
//!
//! * One document a file; keys are scalars and unique.
//! * Scalars follow YAML 1.2's core schema.
//! * Tags of the document (`!Sub`, `!Ref`) stay on the node for the CloudFormation reader.
//! * Anchors and aliases work, and merge keys (`<<: *defaults`) as YAML 1.1 has them; the number of nodes that all
//!   this makes is bounded, so a small file cannot grow into a large tree.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::{Entry, Key, Map, Node, SourceId, Span, Value, offset};
use crate::diagnostics::Diagnostic;

/// Deepest nesting; API definitions stay below 30, JSON schemas seldom reach 50.
pub const MAX_DEPTH: usize = 100;

/// Longest key. YAML has 1024 for keys without `?`; API Gateway's own limits on names and paths are far lower.
const MAX_KEY_CHARACTERS: usize = 8192;

/// Reads a document of at most `max_nodes` values, those that aliases repeat counted each time. Duplicate keys and keys that are no scalars are returned beside the tree, which then lacks them.
///
/// # Errors
/// The text is no YAML, is empty, has several documents, nests too deep or grows too large.
pub fn parse(text: &str, source: SourceId, max_nodes: usize) -> Result<(Node, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut builder = Builder { source, max_nodes, ..Builder::default() };
    match builder.build(text) {
        Ok(root) => Ok((root, builder.diagnostics)),
        Err(error) => {
            builder.diagnostics.push(error);
            Err(builder.diagnostics)
        }
    }
}

#[derive(Default)]
struct Builder {
    source: SourceId,
    /// Collections that are still open, outermost first.
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, usize)>,
    root: Option<Node>,
    nodes: usize,
    max_nodes: usize,
    diagnostics: Vec<Diagnostic>,
}

struct Open {
    span: Span,
    tag: Option<Box<str>>,
    anchor: usize,
    /// Number of nodes before this collection, to count those inside when it closes.
    nodes_before: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    /// The entries, the key that waits for its value (`None` inside: the key was refused), and what `<<` names.
    Map {
        map: Map,
        key: Option<Option<Key>>,
        merged: Vec<Node>,
    },
}

impl Builder {
    fn build(&mut self, text: &str) -> Result<Node, Diagnostic> {
        let options = granit_parser::options! {
            simple_key_max_lookahead: MAX_KEY_CHARACTERS,
        };
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, at) = event.map_err(|error| {
                let at = error.marker().byte_offset().unwrap_or(0);
                Diagnostic::error(self.span(at, at), format!("not valid YAML or JSON: {}", error.info()))
            })?;
            let bytes = at.byte_range().unwrap_or(0..0);
            let span = self.span(bytes.start, bytes.end);
            match event {
                Event::DocumentStart(..) if self.root.is_some() => {
                    let text = "a second document begins here; one document a file is accepted";
                    return Err(Diagnostic::error(span, text.to_owned()));
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let (tag, value) = scalar(&text, style, tag.as_deref());
                    self.count(span, 1)?;
                    self.add(Node { span, tag, value }, anchor, 1)?;
                }
                Event::SequenceStart(_, anchor, tag) => {
                    self.begin(span, anchor, tag.as_deref(), Content::List(Vec::new()))?;
                }
                Event::MappingStart(_, anchor, tag) => {
                    let content = Content::Map { map: Map::default(), key: None, merged: Vec::new() };
                    self.begin(span, anchor, tag.as_deref(), content)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.end(span, text)?,
                Event::Alias(anchor) => {
                    let Some(size) = self.anchors.get(&anchor).map(|(_, size)| *size) else {
                        let text = "this alias stands inside the value that it names";
                        return Err(Diagnostic::error(span, text.to_owned()));
                    };
                    self.count(span, size)?;
                    if let Some((node, _)) = self.anchors.get(&anchor).cloned() {
                        self.add(node, 0, size)?;
                    }
                }
                _ => {}
            }
        }
        let end = self.span(0, 0);
        self.root.take().ok_or_else(|| Diagnostic::error(end, "the file is empty".to_owned()))
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { source: self.source, start: offset(start), end: offset(end) }
    }

    fn count(&mut self, span: Span, nodes: usize) -> Result<(), Diagnostic> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > self.max_nodes {
            let text = format!("the document has more than {} values, repetitions by aliases counted", self.max_nodes);
            return Err(Diagnostic::error(span, text));
        }
        Ok(())
    }

    fn begin(&mut self, span: Span, anchor: usize, tag: Option<&Tag>, content: Content) -> Result<(), Diagnostic> {
        self.count(span, 1)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(Diagnostic::error(span, format!("nested more than {MAX_DEPTH} levels deep")));
        }
        let nodes_before = self.nodes - 1;
        self.open.push(Open { span, tag: own_tag(tag), anchor, nodes_before, content });
        Ok(())
    }

    fn end(&mut self, end: Span, text: &str) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map { mut map, merged, .. } => {
                merged.into_iter().for_each(|node| merge(&mut map, node));
                Value::Map(map)
            }
        };
        // A block collection ends where the next token begins; leave out the blank space before that.
        let inside = text.get(open.span.start as usize..end.end as usize).unwrap_or_default();
        let span = Span { end: open.span.start + offset(inside.trim_end().len()), ..open.span };
        let size = self.nodes - open.nodes_before;
        self.add(Node { span, tag: open.tag, value }, open.anchor, size)
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), Diagnostic> {
        if anchor > 0 {
            self.count(node.span, size)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { key: key @ None, .. }) => match key_of(&node) {
                Ok(found) => *key = Some(Some(found)),
                Err(error) => {
                    *key = Some(None);
                    self.diagnostics.push(error);
                }
            },
            Some(Content::Map { map, key, merged }) => match key.take().flatten() {
                None => {}
                Some(key) if &*key.text == "<<" => match node.value {
                    Value::List(items) => merged.extend(items),
                    _ => merged.push(node),
                },
                Some(key) => {
                    let (text, span) = (key.text.clone(), key.span);
                    if map.insert(Entry { key, value: node }).is_err() {
                        let text = format!("the key `{text}` stands here twice");
                        self.diagnostics.push(Diagnostic::error(span, text));
                    }
                }
            },
        }
        Ok(())
    }
}

fn key_of(node: &Node) -> Result<Key, Diagnostic> {
    let text: Box<str> = match &node.value {
        Value::String(text) | Value::Number(text) => text.clone(),
        Value::Bool(value) => value.to_string().into(),
        Value::Null => "null".into(),
        Value::List(_) | Value::Map(_) => {
            let text = format!("a key is {}, only plain text is accepted", node.description());
            return Err(Diagnostic::error(node.span, text));
        }
    };
    Ok(Key { text, span: node.span })
}

/// Adds the entries of `node` that `map` does not have itself.
fn merge(map: &mut Map, node: Node) {
    if let Value::Map(from) = node.value {
        for entry in from.entries() {
            // A key of the map's own, or of an earlier `<<`, wins.
            let _ = map.insert(entry.clone());
        }
    }
}

/// A tag of the document's own; the core schema's are applied and dropped.
fn own_tag(tag: Option<&Tag>) -> Option<Box<str>> {
    let tag = tag.filter(|tag| !tag.is_yaml_core_schema() && !tag.suffix().is_empty())?;
    Some(tag.suffix().into())
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> (Option<Box<str>>, Value) {
    let string = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
    if string || style != ScalarStyle::Plain {
        return (own_tag(tag), Value::String(text.into()));
    }
    if own_tag(tag).is_some() {
        return (own_tag(tag), Value::String(text.into()));
    }
    let value = match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_number(text) => Value::Number(text.into()),
        _ => Value::String(text.into()),
    };
    (None, value)
}

/// Whether YAML 1.2's core schema reads this as an integer or a float.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(hex) = text.strip_prefix("0x") {
        return !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return !octal.is_empty() && octal.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let mantissa_fits = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            (whole.is_empty() || digits(whole)) && (fraction.is_empty() || digits(fraction)) && mantissa.len() > 1
        }
        None => digits(mantissa),
    };
    mantissa_fits && exponent.is_none_or(digits)
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
