//! The path of a request, as routing sees it.

use super::PathParameters;
use crate::api::PathPart;

/// The path after the stage, cut into segments: the query string is gone, a leading run of slashes counts as one, one
/// trailing slash does not count. Segments stay as they were received: percent-encoded, in their case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPath<'p> {
    /// Without leading slashes and without the trailing one.
    text: &'p str,
}

impl<'p> RequestPath<'p> {
    /// Reads a request's path, with or without its query string.
    pub fn parse(path: &'p str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let text = path.trim_start_matches('/');
        Self { text: text.strip_suffix('/').unwrap_or(text) }
    }

    /// The segments.
    pub fn segments(&self) -> impl Iterator<Item = &'p str> {
        let segments = self.text.split('/');
        let none = self.text.is_empty();
        segments.filter(move |_| !none)
    }

    /// The path's parameters, when it matches these parts.
    ///
    /// A variable takes a segment that is not empty. A greedy one takes all that is left, as long as some of it is not
    /// empty. Not documented: what API Gateway makes of empty segments inside a path other than to keep them in the
    /// value of a greedy variable, which it does.
    pub fn matches(&self, parts: &[PathPart]) -> Option<PathParameters<'p>> {
        let mut parameters = Vec::new();
        let mut rest = Some(self.text).filter(|text| !text.is_empty());
        for part in parts {
            let text = rest?;
            let (segment, after) = match text.split_once('/') {
                Some((segment, after)) => (segment, Some(after)),
                None => (text, None),
            };
            match part {
                PathPart::Literal(literal) if literal == segment => rest = after,
                PathPart::Variable(name) if !segment.is_empty() => {
                    parameters.push((name.clone(), segment));
                    rest = after;
                }
                PathPart::Greedy(name) if text.contains(|c| c != '/') => {
                    parameters.push((name.clone(), text));
                    rest = None;
                }
                _ => return None,
            }
        }
        rest.is_none().then_some(parameters)
    }
}
