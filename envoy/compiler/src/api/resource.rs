//! The tree of resources and the rules for path parts.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html>

use std::fmt;

use indexmap::IndexMap;

use super::method::{HttpMethod, Method};
use crate::source::Span;

/// One segment of a resource's path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathPart {
    /// Matches itself, byte for byte.
    Literal(String),
    /// `{name}`: matches one segment.
    Variable(String),
    /// `{name+}`: matches the rest of the path.
    Greedy(String),
}

/// Why a path cannot be a resource. The texts are those of API Gateway where they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathError {
    /// The path does not begin with `/`.
    NoLeadingSlash,
    /// Two slashes in a row.
    EmptyPart,
    /// Characters that a path part may not have, or braces that do not fill it.
    InvalidPart(String),
    /// Something follows `{name+}`.
    BelowGreedy(PathPart),
    /// The parent has another variable part already.
    Sibling(PathPart),
}

impl fmt::Display for PathPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(text),
            Self::Variable(name) => write!(f, "{{{name}}}"),
            Self::Greedy(name) => write!(f, "{{{name}+}}"),
        }
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLeadingSlash => f.write_str("a path begins with `/`"),
            Self::EmptyPart => f.write_str("the path has an empty part (`//`)"),
            Self::InvalidPart(part) => write!(
                f,
                "`{part}` cannot be part of a path; accepted are letters, digits and `-._:,`, or a variable `{{name}}` \
                 or `{{name+}}` that fills the part"
            ),
            Self::BelowGreedy(part) => {
                write!(f, "Cannot create a child of a resource with a greedy path variable: {part}")
            }
            Self::Sibling(part) => {
                write!(f, "A sibling ({part}) of this resource already has a variable path part -- only one is allowed")
            }
        }
    }
}

impl PathPart {
    /// Reads a path part.
    ///
    /// # Errors
    /// [`PathError::EmptyPart`] or [`PathError::InvalidPart`].
    pub fn parse(part: &str) -> Result<Self, PathError> {
        let fits = |text: &str, more: &str| {
            !text.is_empty()
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._:,".contains(c) || more.contains(c))
        };
        if part.is_empty() {
            return Err(PathError::EmptyPart);
        }
        let inside = part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let found = match inside {
            Some(name) => match name.strip_suffix('+') {
                Some(name) => fits(name, "$").then(|| Self::Greedy(name.to_owned())),
                None => fits(name, "$").then(|| Self::Variable(name.to_owned())),
            },
            None => fits(part, "").then(|| Self::Literal(part.to_owned())),
        };
        found.ok_or_else(|| PathError::InvalidPart(part.to_owned()))
    }

    /// The name of the path parameter, unless it is a literal.
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::Variable(name) | Self::Greedy(name) => Some(name),
        }
    }
}

/// Number of a resource in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(usize);

/// A node of the tree.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its number.
    pub id: ResourceId,
    /// The resource above; none for the root.
    pub parent: Option<ResourceId>,
    /// Its part of the path; none for the root.
    pub part: Option<PathPart>,
    /// Its path, `/pets/{petId}`.
    pub path: String,
    /// The resources below, in the order of the document.
    pub children: Vec<ResourceId>,
    /// Its methods.
    pub methods: IndexMap<HttpMethod, Method>,
    /// The path in the document that made it.
    pub span: Span,
}

/// The resources of an API. There is always a root.
#[derive(Clone, Debug)]
pub struct ResourceTree {
    resources: Vec<Resource>,
}

impl ResourceTree {
    /// A tree with a root only.
    pub fn new(span: Span) -> Self {
        let root = Resource {
            id: ResourceId(0),
            parent: None,
            part: None,
            path: "/".to_owned(),
            children: Vec::new(),
            methods: IndexMap::new(),
            span,
        };
        Self { resources: vec![root] }
    }

    /// The number of the root.
    pub fn root(&self) -> ResourceId {
        ResourceId(0)
    }

    /// The resource of that number.
    // A number is made by this tree only, and resources are never removed.
    #[allow(clippy::indexing_slicing)]
    pub fn get(&self, id: ResourceId) -> &Resource {
        &self.resources[id.0]
    }

    /// The resource of that number, to change.
    #[allow(clippy::indexing_slicing)]
    pub fn get_mut(&mut self, id: ResourceId) -> &mut Resource {
        &mut self.resources[id.0]
    }

    /// All resources, parents before their children.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.resources.iter()
    }

    /// The resource with exactly this path.
    pub fn find(&self, path: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.path == path)
    }

    /// The parts from the root down to a resource.
    pub fn parts(&self, id: ResourceId) -> Vec<&PathPart> {
        let mut parts = Vec::new();
        let mut at = Some(id);
        while let Some(id) = at {
            let resource = self.get(id);
            parts.extend(&resource.part);
            at = resource.parent;
        }
        parts.reverse();
        parts
    }

    /// The resource of a path; it and the missing ones above it are created. One trailing slash is ignored.
    ///
    /// # Errors
    /// The path breaks a rule for path parts; resources above the part in question may have been created.
    pub fn insert(&mut self, path: &str, span: Span) -> Result<ResourceId, PathError> {
        let rest = path.strip_prefix('/').ok_or(PathError::NoLeadingSlash)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let mut at = self.root();
        if rest.is_empty() {
            return Ok(at);
        }
        for part in rest.split('/') {
            at = self.child(at, PathPart::parse(part)?, span)?;
        }
        Ok(at)
    }

    /// The child of `parent` with that part, created when missing.
    fn child(&mut self, parent: ResourceId, part: PathPart, span: Span) -> Result<ResourceId, PathError> {
        let above = self.get(parent);
        if let Some(greedy @ PathPart::Greedy(_)) = &above.part {
            return Err(PathError::BelowGreedy(greedy.clone()));
        }
        let siblings = || above.children.iter().filter_map(|id| Some((*id, self.get(*id).part.as_ref()?)));
        if let Some((id, _)) = siblings().find(|(_, sibling)| **sibling == part) {
            return Ok(id);
        }
        if part.variable().is_some()
            && let Some((_, sibling)) = siblings().find(|(_, sibling)| sibling.variable().is_some())
        {
            return Err(PathError::Sibling(sibling.clone()));
        }
        let id = ResourceId(self.resources.len());
        let path = format!("{}/{part}", above.path.trim_end_matches('/'));
        let resource = Resource {
            id,
            parent: Some(parent),
            part: Some(part),
            path,
            children: Vec::new(),
            methods: IndexMap::new(),
            span,
        };
        self.resources.push(resource);
        self.get_mut(parent).children.push(id);
        Ok(id)
    }
}
