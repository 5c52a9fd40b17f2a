//! Routing as pure data: an ordered list in which the first match is API Gateway's choice.
//!
//! API Gateway walks the tree of resources depth first, at each depth a literal child before a variable one before a
//! greedy one, and takes the first resource that has the request's method (or `ANY`); it goes back for the next where
//! the method is missing. Writing the methods down in the order of that walk, each with the verbs that it takes, turns
//! the walk into a list: two resources that match one path differ first at some depth, and there the walk's order is
//! the list's.
//!
//! Source: rules and recorded cases in <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html>

mod path;

use std::fmt;

pub use path::RequestPath;

use crate::api::{HttpMethod, PathPart, ResourceId, ResourceTree};

/// The name of a route, and of its settings in every filter: `GET /pets/{petId}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteKey {
    /// The resource's path.
    pub resource_path: String,
    /// The method's verb, or `ANY`.
    pub http_method: HttpMethod,
}

impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.http_method, self.resource_path)
    }
}

/// A method in the order of matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name.
    pub key: RouteKey,
    /// Its resource.
    pub resource: ResourceId,
    /// The path's parts.
    pub parts: Vec<PathPart>,
    /// The verbs that it takes. `ANY` takes those of the seven that no earlier route of the resource does.
    pub verbs: Vec<HttpMethod>,
}

/// Path parameters in the order of the path, as they were received: not percent-decoded.
pub type PathParameters<'p> = Vec<(String, &'p str)>;

/// The methods of a tree, in the order in which a request is matched against them.
pub fn order(tree: &ResourceTree) -> Vec<Route> {
    let mut routes = Vec::new();
    let mut open = vec![tree.root()];
    while let Some(id) = open.pop() {
        let resource = tree.get(id);
        let parts: Vec<PathPart> = tree.parts(id).into_iter().cloned().collect();
        let mut left: Vec<HttpMethod> = HttpMethod::VERBS.to_vec();
        let mut methods: Vec<HttpMethod> = resource.methods.keys().copied().collect();
        // `ANY` is the last of the verbs.
        methods.sort_unstable();
        for http_method in methods {
            let verbs = match http_method {
                HttpMethod::Any => std::mem::take(&mut left),
                verb => {
                    left.retain(|other| *other != verb);
                    vec![verb]
                }
            };
            if !verbs.is_empty() {
                let key = RouteKey { resource_path: resource.path.clone(), http_method };
                routes.push(Route { key, resource: id, parts: parts.clone(), verbs });
            }
        }
        // The next to be opened is the last of the stack.
        let mut children = resource.children.clone();
        children.sort_by_key(|child| std::cmp::Reverse(rank(tree.get(*child).part.as_ref())));
        open.extend(children);
    }
    routes
}

/// Literal before variable before greedy.
fn rank(part: Option<&PathPart>) -> u8 {
    match part {
        None | Some(PathPart::Literal(_)) => 0,
        Some(PathPart::Variable(_)) => 1,
        Some(PathPart::Greedy(_)) => 2,
    }
}

/// The first route that takes this verb and path, with the path's parameters. This is what the gateway does; here it
/// serves tests and tools.
pub fn find<'r, 'p>(
    routes: &'r [Route],
    verb: HttpMethod,
    path: &RequestPath<'p>,
) -> Option<(&'r Route, PathParameters<'p>)> {
    routes
        .iter()
        .filter(|route| route.verbs.contains(&verb))
        .find_map(|route| Some((route, path.matches(&route.parts)?)))
}

#[cfg(test)]
mod tests;
