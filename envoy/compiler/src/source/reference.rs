//! `$ref`: references inside a document, as JSON pointers.

use gateway::percent_decode;

use super::{Document, Node};

/// Longest chain of references that is followed; a chain that is longer is a mistake or a circle.
const MAX_HOPS: usize = 32;

/// Why a reference leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceError {
    /// It does not begin with `#/`: API Gateway reads one document only.
    NotLocal(String),
    /// Nothing stands there.
    Missing(String),
    /// It leads back to itself, or through more than [`MAX_HOPS`] others.
    Circular(String),
}

impl std::fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotLocal(text) => {
                write!(f, "the reference `{text}` leaves the document; only `#/...` is followed")
            }
            Self::Missing(text) => write!(f, "the reference `{text}` leads to nothing in this document"),
            Self::Circular(text) => write!(f, "the reference `{text}` leads back to itself"),
        }
    }
}

impl Document {
    /// The node that `node` stands for: itself, or where its `$ref` leads, through further references.
    ///
    /// # Errors
    /// The reference leaves the document, leads nowhere, or in a circle.
    pub fn follow<'a>(&'a self, node: &'a Node) -> Result<&'a Node, ReferenceError> {
        let mut at = node;
        let mut last = "";
        for _ in 0..MAX_HOPS {
            let Some(reference) = reference_of(at) else { return Ok(at) };
            at = self.target(reference)?;
            last = reference;
        }
        Err(ReferenceError::Circular(last.to_owned()))
    }

    /// The node to which a reference (`#/components/schemas/Pet`) points.
    ///
    /// # Errors
    /// The reference leaves the document or leads nowhere.
    pub fn target(&self, reference: &str) -> Result<&Node, ReferenceError> {
        let pointer = match reference.strip_prefix('#') {
            Some(pointer) if pointer.is_empty() || pointer.starts_with('/') => pointer,
            _ => return Err(ReferenceError::NotLocal(reference.to_owned())),
        };
        let missing = || ReferenceError::Missing(reference.to_owned());
        let mut at = self.root().ok_or_else(missing)?;
        for token in pointer.split('/').skip(1) {
            let token = decode(token);
            at = match (&at.value, token.parse::<usize>()) {
                (super::Value::Map(map), _) => map.get(&token),
                (super::Value::List(items), Ok(index)) => items.get(index),
                _ => None,
            }
            .ok_or_else(missing)?;
        }
        Ok(at)
    }
}

/// The text of `$ref`, when the node is a mapping that has one.
pub(super) fn reference_of(node: &Node) -> Option<&str> {
    node.as_map()?.get("$ref")?.as_str()
}

/// A token of a JSON pointer in a URI fragment: percent-decoded, then `~1` and `~0`.
fn decode(token: &str) -> String {
    percent_decode(token.as_bytes(), false).replace("~1", "/").replace("~0", "~")
}
