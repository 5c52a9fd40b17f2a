//! Typed values out of nodes.
//!
//! Every function reports what does not fit and returns `None`, and reading goes on: one run shows all problems. (That
//! is why this is not serde, which stops at the first one.) [`Fields`] notes which fields were asked for, so the list of
//! accepted fields in a message is always the right one.

use std::ops::RangeInclusive;

use indexmap::IndexMap;

use crate::diagnostics::Diagnostics;
use crate::source::{Document, Entry, Map, Node, Span, Spanned, Value};

/// Reads one document and collects its problems.
#[derive(Debug)]
pub struct Reader<'d> {
    /// The document, in which references are followed.
    pub document: &'d Document,
    /// What was found wrong so far.
    pub diagnostics: Diagnostics,
}

/// The fields of a mapping, while they are being read.
#[derive(Debug)]
pub struct Fields<'d> {
    /// The place of the mapping.
    pub span: Span,
    map: &'d Map,
    asked: Vec<&'static str>,
}

impl<'d> Reader<'d> {
    /// A reader of `document`.
    pub fn new(document: &'d Document) -> Self {
        Self { document, diagnostics: Diagnostics::default() }
    }

    /// Notes an error.
    pub fn error(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics.error(span, message);
    }

    /// Notes a warning.
    pub fn warning(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics.warning(span, message);
    }

    fn expected<T>(&mut self, node: &Node, accepted: &str) -> Option<T> {
        let hint = match node.cloudformation_function() {
            Some(_) => "; only SAM and CloudFormation templates have functions",
            None => "",
        };
        self.error(node.span, format!("found {}, expected {accepted}{hint}", node.description()));
        None
    }

    /// The node itself, or where its `$ref` leads.
    pub fn follow(&mut self, node: &'d Node) -> Option<&'d Node> {
        match self.document.follow(node) {
            Ok(node) => Some(node),
            Err(error) => {
                self.error(node.span, error.to_string());
                None
            }
        }
    }

    /// A mapping.
    pub fn map(&mut self, node: &'d Node) -> Option<&'d Map> {
        match &node.value {
            Value::Map(map) if node.cloudformation_function().is_none() => Some(map),
            _ => self.expected(node, "a map"),
        }
    }

    /// A sequence; empty when it is something else.
    pub fn list(&mut self, node: &'d Node) -> &'d [Node] {
        match &node.value {
            Value::List(items) if node.tag.is_none() => items,
            _ => self.expected(node, "a list").unwrap_or_default(),
        }
    }

    /// The fields of a mapping.
    pub fn fields(&mut self, node: &'d Node) -> Option<Fields<'d>> {
        let map = self.map(node)?;
        Some(Fields { span: node.span, map, asked: Vec::new() })
    }

    /// A string. Numbers and booleans count as the text they were written with, as `version: 1.0` is meant.
    pub fn text(&mut self, node: &Node) -> Option<Spanned<String>> {
        let value = match &node.value {
            Value::String(text) | Value::Number(text) if node.tag.is_none() => text.to_string(),
            Value::Bool(value) => value.to_string(),
            _ => return self.expected(node, "a string"),
        };
        Some(Spanned { value, span: node.span })
    }

    /// A string that is not empty; an empty one is the same as none.
    pub fn filled(&mut self, node: &Node) -> Option<Spanned<String>> {
        self.text(node).filter(|text| !text.is_empty())
    }

    /// `true` or `false`, also as a string.
    pub fn boolean(&mut self, node: &Node) -> Option<Spanned<bool>> {
        let value = match &node.value {
            Value::Bool(value) => *value,
            Value::String(text) if &**text == "true" => true,
            Value::String(text) if &**text == "false" => false,
            _ => return self.expected(node, "`true` or `false`"),
        };
        Some(Spanned { value, span: node.span })
    }

    /// A whole number in a range, also as a string of digits.
    pub fn integer(&mut self, node: &Node, range: RangeInclusive<i64>) -> Option<Spanned<i64>> {
        let accepted = format!("a whole number from {} to {}", range.start(), range.end());
        let Some(number) = number(node) else { return self.expected(node, &accepted) };
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
        let whole = (number.fract() == 0.0 && number.abs() <= 2f64.powi(53)).then_some(number as i64);
        match whole.filter(|whole| range.contains(whole)) {
            Some(value) => Some(Spanned { value, span: node.span }),
            None => {
                self.error(node.span, format!("found {number}, expected {accepted}"));
                None
            }
        }
    }

    /// A finite number that is not negative, also as a string.
    pub fn amount(&mut self, node: &Node) -> Option<Spanned<f64>> {
        let accepted = "a number that is zero or more";
        let Some(number) = number(node) else { return self.expected(node, accepted) };
        if !number.is_finite() || number < 0.0 {
            self.error(node.span, format!("found {number}, expected {accepted}"));
            return None;
        }
        Some(Spanned { value: number, span: node.span })
    }

    /// One of several words, in any case.
    pub fn choice<T: Copy>(&mut self, node: &Node, words: &[(&str, T)]) -> Option<Spanned<T>> {
        let text = self.text(node)?;
        let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text));
        if found.is_none() {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.error(node.span, format!("found `{}`, expected {}", *text, one_of(&words)));
        }
        found.map(|(_, value)| text.map(|_| *value))
    }

    /// A list of strings.
    pub fn texts(&mut self, node: &'d Node) -> Vec<Spanned<String>> {
        self.list(node).iter().filter_map(|item| self.text(item)).collect()
    }

    /// A mapping whose values are read by `read`; entries that it refuses are left out.
    pub fn map_of<T>(
        &mut self,
        node: &'d Node,
        mut read: impl FnMut(&mut Self, &'d Entry) -> Option<T>,
    ) -> IndexMap<String, T> {
        let Some(map) = self.map(node) else { return IndexMap::new() };
        let entries = map.entries().iter();
        entries.filter_map(|entry| Some((entry.key.text.to_string(), read(self, entry)?))).collect()
    }

    /// A mapping of strings.
    pub fn map_of_texts(&mut self, node: &'d Node) -> IndexMap<String, Spanned<String>> {
        self.map_of(node, |reader, entry| reader.text(&entry.value))
    }
}

impl<'d> Fields<'d> {
    /// The value of a field; `None` when it is missing or null.
    pub fn take(&mut self, name: &'static str) -> Option<&'d Node> {
        self.entry(name).map(|entry| &entry.value)
    }

    /// A field with its key; `None` when it is missing or its value is null.
    pub fn entry(&mut self, name: &'static str) -> Option<&'d Entry> {
        self.asked.push(name);
        self.map.entry(name).filter(|entry| !entry.value.is_null())
    }

    /// The value of a field that must be there.
    pub fn required(&mut self, reader: &mut Reader<'d>, name: &'static str) -> Option<&'d Node> {
        let found = self.take(name);
        if found.is_none() {
            reader.error(self.span, format!("the field `{name}` is missing"));
        }
        found
    }

    /// Fields that are accepted and have no effect here.
    pub fn ignore(&mut self, names: &[&'static str]) {
        self.asked.extend(names);
    }

    /// Reports every field that was not asked for.
    pub fn finish(self, reader: &mut Reader<'d>) {
        self.report(reader, |_| false);
    }

    /// Like [`Fields::finish`], but other vendors' extensions (`x-...`) are accepted.
    pub fn finish_extensible(self, reader: &mut Reader<'d>) {
        self.report(reader, |name| name.starts_with("x-") && !name.starts_with("x-amazon-apigateway-"));
    }

    fn report(self, reader: &mut Reader<'d>, accepted: impl Fn(&str) -> bool) {
        for entry in self.map.entries() {
            let name = &*entry.key.text;
            if self.asked.contains(&name) || accepted(name) {
                continue;
            }
            let extension = name.starts_with("x-");
            let same_kind = self.asked.iter().filter(|asked| asked.starts_with("x-") == extension);
            let names: Vec<&str> = same_kind.copied().collect();
            let expected = if names.is_empty() { String::new() } else { format!(", expected {}", one_of(&names)) };
            reader.error(entry.key.span, format!("unknown field `{name}`{expected}"));
        }
    }
}

/// A number, or a string that spells one.
fn number(node: &Node) -> Option<f64> {
    match &node.value {
        Value::Number(text) | Value::String(text) if node.tag.is_none() => match &**text {
            ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
            ".inf" | ".Inf" | ".INF" | "+.inf" => Some(f64::INFINITY),
            "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
            text => match text.strip_prefix("0x") {
                #[allow(clippy::cast_precision_loss)]
                Some(digits) => u64::from_str_radix(digits, 16).ok().map(|value| value as f64),
                None => text.parse().ok(),
            },
        },
        _ => None,
    }
}

/// `` `a` ``, `` `a` or `b` ``, `` `a`, `b` or `c` ``, in alphabetical order.
pub fn one_of(names: &[&str]) -> String {
    let mut names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.sort();
    names.dedup();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}
