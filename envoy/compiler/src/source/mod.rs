//! Input documents: YAML and JSON as trees of nodes that know where they stand.
//!
//! JSON is read as the YAML that it is, so there is one parser and one set of rules. What the rules are (limits,
//! duplicate keys, merge keys, tags) is in [`yaml`]; `$ref` is followed by [`Document::follow`]; the path of a node
//! (`paths./pets.get.security[0]`) is found by [`Document::path_at`].

mod locate;
mod node;
mod reference;
pub mod yaml;

pub use locate::Path;
pub use node::{Entry, Key, Map, Node, Value};
pub use reference::ReferenceError;

use crate::diagnostics::Diagnostic;

/// Largest definition, as API Gateway's import has it: 6 MB.
pub const MAX_DEFINITION_BYTES: usize = 6 * 1024 * 1024;

/// Largest settings file: room for several hundred thousand API keys.
pub const MAX_SETTINGS_BYTES: usize = 256 * 1024 * 1024;

/// What a document is for; decides its size limit and how much of it a message may show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An API definition: messages show its lines.
    Definition,
    /// The settings file, which holds keys and secrets: messages show its lines with other values starred out.
    Settings,
}

impl Role {
    fn max_bytes(self) -> usize {
        match self {
            Role::Definition => MAX_DEFINITION_BYTES,
            Role::Settings => MAX_SETTINGS_BYTES,
        }
    }

    /// Most values, repetitions by aliases counted: several times what a file of the largest size has.
    fn max_nodes(self) -> usize {
        match self {
            Role::Definition => 4_000_000,
            Role::Settings => 20_000_000,
        }
    }
}

/// Number of a document in [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A stretch of a document's text, in bytes. Line, column and path are found from it when a message needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The document.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// First byte after it.
    pub end: u32,
}

/// A value together with the place that it was read from.
#[derive(Clone, Copy, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A line and a column, both counted from 1; the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

/// One input file.
#[derive(Debug)]
pub struct Document {
    id: SourceId,
    name: String,
    role: Role,
    text: String,
    /// Byte at which each line begins.
    lines: Vec<u32>,
    root: Option<Node>,
}

/// All documents of one run.
#[derive(Debug, Default)]
pub struct Sources {
    documents: Vec<Document>,
}

impl Sources {
    /// Reads a document. It is kept, whatever its state, so that messages can show it; one that cannot be read has no
    /// [`Document::root`] and its errors are returned beside its number.
    pub fn add(&mut self, name: &str, role: Role, bytes: Vec<u8>) -> (SourceId, Vec<Diagnostic>) {
        let id = SourceId(u32::try_from(self.documents.len()).unwrap_or(u32::MAX));
        let mut document =
            Document { id, name: name.to_owned(), role, text: String::new(), lines: vec![0], root: None };
        let diagnostics = document.load(bytes);
        self.documents.push(document);
        (id, diagnostics)
    }

    /// Adds a document that was made of others: its values stand in those, and references are followed in itself.
    pub fn add_derived(&mut self, name: &str, role: Role, root: Node) -> SourceId {
        let id = SourceId(u32::try_from(self.documents.len()).unwrap_or(u32::MAX));
        let name = name.to_owned();
        self.documents.push(Document { id, name, role, text: String::new(), lines: vec![0], root: Some(root) });
        id
    }

    /// Notes a file that could not be opened; the document is empty.
    pub fn add_unreadable(&mut self, name: &str, role: Role, reason: &str) -> (SourceId, Vec<Diagnostic>) {
        let (id, _) = self.add(name, role, Vec::new());
        (id, vec![Diagnostic::error(Span { source: id, start: 0, end: 0 }, format!("cannot be read: {reason}"))])
    }

    /// The document of that number.
    pub fn document(&self, id: SourceId) -> Option<&Document> {
        self.documents.get(id.0 as usize)
    }

    /// All documents, in the order in which they were added.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.documents.iter()
    }
}

impl Document {
    fn load(&mut self, bytes: Vec<u8>) -> Vec<Diagnostic> {
        let limit = self.role.max_bytes();
        if bytes.len() > limit {
            let text = format!("the file has {} bytes, at most {limit} are read", bytes.len());
            return vec![Diagnostic::error(self.span(0, 0), text)];
        }
        match String::from_utf8(bytes) {
            Ok(text) => self.text = text,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                self.text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                self.index_lines();
                return vec![Diagnostic::error(
                    self.span(at, at),
                    "the file is not UTF-8 text from here on".to_owned(),
                )];
            }
        }
        self.index_lines();
        match yaml::parse(&self.text, self.id, self.role.max_nodes()) {
            Ok((root, diagnostics)) => {
                self.root = Some(root);
                diagnostics
            }
            Err(diagnostics) => diagnostics,
        }
    }

    fn index_lines(&mut self) {
        let starts = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        self.lines.extend(starts.map(|(at, _)| offset(at + 1)));
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { source: self.id, start: offset(start), end: offset(end) }
    }

    /// This document's number.
    pub fn id(&self) -> SourceId {
        self.id
    }

    /// The name that messages show: the path as the user gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the document is for.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The tree, when the text could be read.
    pub fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }

    /// Line and column of the first character of `span`.
    pub fn position(&self, span: Span) -> Position {
        let line = self.lines.partition_point(|start| *start <= span.start).max(1);
        let start = self.line_start(line);
        let before = self.text.get(start..span.start as usize).unwrap_or_default();
        Position { line, column: before.chars().count() + 1 }
    }

    /// The text of a line (counted from 1) without its line break.
    pub fn line(&self, line: usize) -> &str {
        let start = self.line_start(line);
        let end = self.lines.get(line).map_or(self.text.len(), |next| *next as usize);
        self.text.get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r'])
    }

    /// Byte at which a line (counted from 1) begins.
    pub fn line_start(&self, line: usize) -> usize {
        self.lines.get(line.saturating_sub(1)).map_or(self.text.len(), |start| *start as usize)
    }
}

/// A byte position; documents are far below 4 GiB.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
