//! What a path gives.

use crate::json::{Json, Style, TooLong, write_double, write_string};

/// What a path gives: the value itself when it is definite, else a list.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<'d> {
    /// The value that a definite path names.
    One(Node<'d>),
    /// What an indefinite path matches, perhaps nothing; a template sees it as a JSON array.
    Many(Vec<Node<'d>>),
}

/// A value found in a document, or computed from one.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'d> {
    /// A value of the document.
    Value(&'d Json<'d>),
    /// An object of some members of one of the document, from `$['a','b']`.
    Members(Vec<(&'d str, &'d Json<'d>)>),
    /// `null`, from a function that has no answer: the length of a number.
    Null,
    /// An integer, from `length()`.
    Integer(i32),
    /// A double, from `min()`, `max()`, `avg()`, `sum()` and `stddev()`.
    Double(f64),
    /// A string, from `concat()`.
    Text(String),
    /// An array, from `keys()` and `append()`.
    List(Vec<Node<'d>>),
}

impl Found<'_> {
    /// Appends the value as JSON text without white space; a list as an array.
    ///
    /// # Errors
    /// [`TooLong`] when `out` gets longer than `max_len` bytes; it then holds a part of the text. A scan like `$..*`
    /// gives nested values again and again, so its text can be much longer than the document.
    pub fn write(&self, style: Style, max_len: usize, out: &mut String) -> Result<(), TooLong> {
        match self {
            Found::One(node) => node.write(style, max_len, out),
            Found::Many(nodes) => write_list(nodes, style, max_len, out),
        }
    }

    /// Whether this is JSON's `null`, or a function's.
    pub fn is_null(&self) -> bool {
        matches!(self, Found::One(Node::Null | Node::Value(Json::Null)))
    }
}

impl Node<'_> {
    /// Appends this value as JSON text without white space.
    ///
    /// # Errors
    /// [`TooLong`] when `out` gets longer than `max_len` bytes; it then holds a part of the text.
    pub fn write(&self, style: Style, max_len: usize, out: &mut String) -> Result<(), TooLong> {
        match self {
            Node::Value(value) => return value.write(style, max_len, out),
            Node::Members(members) => return write_members(members, style, max_len, out),
            Node::List(nodes) => return write_list(nodes, style, max_len, out),
            Node::Null => out.push_str("null"),
            Node::Integer(value) => out.push_str(&value.to_string()),
            Node::Double(value) if value.is_finite() => write_double(*value, out),
            Node::Double(_) => out.push_str("null"),
            Node::Text(text) => write_string(text, style, out),
        }
        if out.len() > max_len { Err(TooLong) } else { Ok(()) }
    }
}

fn write_list(nodes: &[Node<'_>], style: Style, max_len: usize, out: &mut String) -> Result<(), TooLong> {
    out.push('[');
    for (at, node) in nodes.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        node.write(style, max_len, out)?;
    }
    out.push(']');
    if out.len() > max_len { Err(TooLong) } else { Ok(()) }
}

fn write_members(members: &[(&str, &Json<'_>)], style: Style, max_len: usize, out: &mut String) -> Result<(), TooLong> {
    out.push('{');
    for (at, (name, value)) in members.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_string(name, style, out);
        out.push(':');
        value.write(style, max_len, out)?;
    }
    out.push('}');
    if out.len() > max_len { Err(TooLong) } else { Ok(()) }
}
