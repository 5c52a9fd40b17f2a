//! The base path of a document, and what import makes of it.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api-basePath.html>

use super::Version;
use crate::read::Reader;
use crate::source::{Node, Span};

/// What becomes of the base path: import's parameter `basepath`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BasePath {
    /// It is left out.
    #[default]
    Ignore,
    /// It stands before every path.
    Prepend,
    /// It stands before every path without its first part.
    Split,
}

impl BasePath {
    /// The mode of that name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "ignore" => Some(Self::Ignore),
            "prepend" => Some(Self::Prepend),
            "split" => Some(Self::Split),
            _ => None,
        }
    }

    /// What stands before every path: empty, or `/a/b`.
    pub fn prefix(self, base_path: &str) -> String {
        let parts = base_path.split('/').filter(|part| !part.is_empty());
        let kept: Vec<&str> = match self {
            Self::Ignore => Vec::new(),
            Self::Prepend => parts.collect(),
            Self::Split => parts.skip(1).collect(),
        };
        kept.iter().map(|part| format!("/{part}")).collect()
    }
}

/// The base path that the document gives, with its place.
pub fn base_path<'d>(reader: &mut Reader<'d>, root: &'d Node, version: Version) -> Option<(String, Span)> {
    match version {
        Version::V2 => reader.text(root.get("basePath")?).map(|text| (text.value, text.span)),
        Version::V3 => {
            let server = root.get("servers")?.as_list()?.first()?;
            let variables = server.get("variables");
            if let Some(default) = variables.and_then(|node| node.get("basePath")?.get("default")) {
                return reader.text(default).map(|text| (text.value, text.span));
            }
            let url = reader.text(server.get("url")?)?;
            let path = path_of(&url);
            let path = variables.map_or_else(|| path.to_owned(), |variables| fill(path, variables));
            Some((path, url.span))
        }
    }
}

/// The path of a URL, which may lack scheme and host.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default();
    path.split(['?', '#']).next().unwrap_or_default()
}

/// Replaces the variables of a server's URL by their defaults.
fn fill(path: &str, variables: &Node) -> String {
    let entries = variables.as_map().map(|map| map.entries()).unwrap_or_default();
    entries.iter().fold(path.to_owned(), |path, entry| {
        let default = entry.value.get("default").and_then(Node::as_str);
        path.replace(&format!("{{{}}}", entry.key.text), default.unwrap_or_default())
    })
}
