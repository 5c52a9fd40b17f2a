//! How values become text.
//!
//! | value | text |
//! | --- | --- |
//! | string | itself |
//! | number | its JSON text; without a fraction where it is zero: `5`, `1` for `1.0` |
//! | `true`, `false`, `null` | these words |
//! | array, and what an indefinite path finds | `[item1, item2]`, items by this table |
//! | object | compact JSON |
//! | nothing found | nothing |
//!
//! Documented for strings, arrays and nothing; not documented for the others, which do as other emulators do.

use jsonpath::json::{JavaNumber, Json, Number, Style};
use jsonpath::{Found, Node};

/// Longest text that can select something, in bytes. Not documented; the keys of routes, models and templates are
/// words, and this bounds what a path that finds everything again and again can cost.
pub const MAX_TEXT_BYTES: usize = 1024;

/// A text as far as it is written; longer than [`MAX_TEXT_BYTES`] once, it stays as it is.
#[derive(Default)]
pub(crate) struct Text(String);

impl Text {
    pub(crate) fn finish(self) -> String {
        self.0
    }

    fn is_full(&self) -> bool {
        self.0.len() > MAX_TEXT_BYTES
    }

    pub(crate) fn push(&mut self, text: &str) {
        if self.is_full() {
            return;
        }
        // One byte over the limit is enough to select nothing.
        let room = MAX_TEXT_BYTES.saturating_sub(self.0.len()).saturating_add(1);
        self.0.push_str(text.get(..text.ceil_char_boundary(room)).unwrap_or(text));
    }

    pub(crate) fn push_list<T>(&mut self, items: &[T], push: impl Fn(&mut Self, &T)) {
        self.push("[");
        for (at, item) in items.iter().enumerate() {
            if self.is_full() {
                return;
            }
            if at > 0 {
                self.push(", ");
            }
            push(self, item);
        }
        self.push("]");
    }

    pub(crate) fn push_found(&mut self, found: &Found<'_>) {
        match found {
            Found::One(node) => self.push_node(node),
            Found::Many(nodes) => self.push_list(nodes, Self::push_node),
        }
    }

    /// Recurses at most as deep as the message nests, which its parser bounds.
    pub(crate) fn push_json(&mut self, value: &Json<'_>) {
        match value {
            Json::Null => self.push("null"),
            Json::Bool(true) => self.push("true"),
            Json::Bool(false) => self.push("false"),
            Json::Number(number) => self.push(&number_text(number)),
            Json::String(text) => self.push(text),
            Json::Array(items) => self.push_list(items, Self::push_json),
            Json::Object(_) => {
                let mut object = String::new();
                // What was written before the limit is over it already.
                let _ = value.write(Style::Compact, MAX_TEXT_BYTES, &mut object);
                self.push(&object);
            }
        }
    }

    fn push_node(&mut self, node: &Node<'_>) {
        match node {
            Node::Value(value) => self.push_json(value),
            Node::Text(text) => self.push(text),
            Node::List(nodes) => self.push_list(nodes, Self::push_node),
            Node::Null | Node::Integer(_) | Node::Members(_) => {
                let mut json = String::new();
                let _ = node.write(Style::Compact, MAX_TEXT_BYTES, &mut json);
                self.push(&json);
            }
            Node::Double(value) => self.push(&double_text(*value)),
        }
    }
}

fn number_text(number: &Number<'_>) -> String {
    match number.java() {
        JavaNumber::Double(value) => double_text(value),
        _ => number.text().to_owned(),
    }
}

/// The shortest decimal digits that name the double; a whole number has no fraction.
fn double_text(value: f64) -> String {
    /// Beyond this, digits would be zeros that only the exponent tells.
    const MAX_WHOLE: f64 = 1e21;
    if value.is_finite() && value.abs() < MAX_WHOLE { format!("{value}") } else { format!("{value:e}") }
}
