//! The Envoys that serve the same WebSocket API.
//!
//! ```yaml
//! fleet: {node: 1, nodes: {1: "http://10.0.0.1:8080", 2: "http://10.0.0.2:8080"}}
//! ```

use indexmap::IndexMap;

use super::endpoints::{BackendUrl, read_url};
use crate::read::Reader;
use crate::source::{Node, Span, Spanned};

/// The Envoys of a fleet. A connection's id begins with the number of its own.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// Where it stands.
    pub span: Span,
    /// The number of this one; absent: the command line says it.
    pub node: Option<Spanned<u16>>,
    /// Where they are, by number.
    pub nodes: IndexMap<u16, Spanned<BackendUrl>>,
}

/// Reads `fleet`.
pub fn read<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Fleet> {
    let mut fields = reader.fields(node)?;
    let own = fields.take("node").and_then(|node| reader.integer(node, 1..=i64::from(u16::MAX)));
    let mut nodes = IndexMap::new();
    if let Some(map) = fields.required(reader, "nodes").and_then(|node| reader.map(node)) {
        for entry in map.entries() {
            let Some(number) = entry.key.text.parse::<u16>().ok().filter(|number| *number > 0) else {
                let text = format!("found `{}`, expected the number of a node, from 1 to {}", entry.key.text, u16::MAX);
                reader.error(entry.key.span, text);
                continue;
            };
            let Some(url) = read_url(reader, entry) else { continue };
            if nodes.insert(number, url).is_some() {
                reader.error(entry.key.span, format!("the node {number} stands here twice"));
            }
        }
    }
    fields.finish(reader);
    let own = own.map(|own| own.map(|number| u16::try_from(number).unwrap_or(u16::MAX)));
    Some(Fleet { span: node.span, node: own, nodes })
}
