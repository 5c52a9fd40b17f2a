//! Resource paths as Envoy route matches.
//!
//! Envoy takes the first route of its list that matches, so the list is made of three blocks, each in API Gateway's
//! precedence:
//!
//! 1. paths without variables, as exact strings: nothing can precede a resource on its own path;
//! 2. paths with variables, as regular expressions, each behind a check of the literal beginning, which is what most
//!    requests fail at little cost;
//! 3. all paths once more for requests whose leading slashes are doubled (`//prod/pets`, `/prod//pets`), which API
//!    Gateway folds into one. No path matches both here and in the second block.
//!
//! Source: `rest-api.md` §2 of the specification; recorded by LocalStack's test_lambda_aws_proxy_integration.

use gateway::METHOD_HEADER;
use serde_json::{Value, json};

use crate::api::{HttpMethod, PathPart};

/// A path of an API below its base path (`/prod`, or empty).
#[derive(Clone, Copy, Debug)]
pub struct PathMatch<'a> {
    base_path: &'a str,
    parts: &'a [&'a PathPart],
}

impl<'a> PathMatch<'a> {
    /// The resource with these path parts.
    pub fn new(base_path: &'a str, parts: &'a [&'a PathPart]) -> Self {
        Self { base_path, parts }
    }

    /// The matches of the first block: the exact paths, with and without a trailing slash. None for a path with
    /// variables.
    pub fn exact(&self, verb: HttpMethod) -> Vec<Value> {
        let mut path = self.base_path.to_owned();
        for part in self.parts {
            let PathPart::Literal(text) = part else { return Vec::new() };
            path.push('/');
            path.push_str(text);
        }
        let headers = verb_headers(verb);
        let with_slash = json!({"path": format!("{path}/"), "headers": headers});
        if path.is_empty() { vec![with_slash] } else { vec![json!({"path": path, "headers": headers}), with_slash] }
    }

    /// The match of the second block; `None` for a path without variables.
    pub fn pattern(&self, verb: HttpMethod) -> Option<Value> {
        let first_variable = self.parts.iter().position(|part| part.variable().is_some())?;
        let mut prefix = self.base_path.to_owned();
        for part in self.parts.iter().take(first_variable) {
            prefix.push('/');
            prefix.push_str(&part.to_string());
        }
        prefix.push('/');
        let mut headers = vec![json!({"name": ":path", "string_match": {"prefix": prefix}})];
        headers.extend(verb_headers(verb));
        Some(json!({"safe_regex": {"regex": self.regex("/")}, "headers": headers}))
    }

    /// The match of the third block.
    pub fn folded(&self, verb: HttpMethod) -> Value {
        json!({"safe_regex": {"regex": self.regex("/+")}, "headers": verb_headers(verb)})
    }

    /// The whole path as RE2 reads it; `slash` stands for the slashes around the base path.
    fn regex(&self, slash: &str) -> String {
        let mut regex = String::new();
        if let Some(base) = self.base_path.strip_prefix('/') {
            regex.push_str(slash);
            regex.push_str(&escape(base));
        }
        if self.parts.is_empty() {
            // The root: `/prod` and `/prod/`.
            regex.push_str(if self.base_path.is_empty() { slash } else { "/*" });
            return regex;
        }
        for (index, part) in self.parts.iter().enumerate() {
            regex.push_str(if index == 0 { slash } else { "/" });
            match part {
                PathPart::Literal(text) => regex.push_str(&escape(text)),
                PathPart::Variable(_) => regex.push_str("[^/]+"),
                // At least one segment, and no doubled slash in front of it.
                PathPart::Greedy(_) if index == 0 => regex.push_str("[^/].*"),
                PathPart::Greedy(_) => regex.push_str(".*[^/].*"),
            }
        }
        let greedy = matches!(self.parts.last(), Some(PathPart::Greedy(_)));
        if !greedy {
            regex.push_str("/?");
        }
        regex
    }
}

/// Everything below a base path, with doubled leading slashes too.
pub fn below(base_path: &str) -> Value {
    match base_path.strip_prefix('/') {
        Some(base) => json!({"safe_regex": {"regex": format!("/+{}(/.*)?", escape(base))}}),
        None => json!({"prefix": "/"}),
    }
}

/// The checks on the verb. `ANY` stands for seven verbs, not for all.
fn verb_headers(verb: HttpMethod) -> Vec<Value> {
    let string_match = match verb {
        HttpMethod::Any => {
            let verbs = HttpMethod::VERBS.map(HttpMethod::as_str).join("|");
            json!({"safe_regex": {"regex": verbs}})
        }
        verb => json!({"exact": verb.as_str()}),
    };
    vec![json!({"name": METHOD_HEADER, "string_match": string_match})]
}

/// `text` as a regular expression that matches it alone.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | ',' | ':')) && c.is_ascii() {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(path: &str) -> Vec<PathPart> {
        path.split('/').filter(|part| !part.is_empty()).filter_map(|part| PathPart::parse(part).ok()).collect()
    }

    fn regex_of(base_path: &str, path: &str, slash: &str) -> String {
        let parts = parts(path);
        let parts: Vec<&PathPart> = parts.iter().collect();
        PathMatch::new(base_path, &parts).regex(slash)
    }

    #[test]
    fn regexes() {
        assert_eq!(regex_of("/prod", "/pets/{id}", "/"), "/prod/pets/[^/]+/?");
        assert_eq!(regex_of("/prod", "/pets.v1/{id}/x", "/+"), r"/+prod/+pets\.v1/[^/]+/x/?");
        assert_eq!(regex_of("/prod", "/{proxy+}", "/"), "/prod/[^/].*");
        assert_eq!(regex_of("/prod", "/a/{proxy+}", "/"), "/prod/a/.*[^/].*");
        assert_eq!(regex_of("", "/a", "/+"), "/+a/?");
        assert_eq!(regex_of("/prod", "/", "/+"), "/+prod/*");
        assert_eq!(regex_of("", "/", "/+"), "/+");
    }

    #[test]
    fn exact_paths_come_with_and_without_a_trailing_slash() {
        let parts = parts("/pets");
        let parts: Vec<&PathPart> = parts.iter().collect();
        let paths: Vec<Value> =
            PathMatch::new("/prod", &parts).exact(HttpMethod::Get).into_iter().map(|m| m["path"].clone()).collect();
        assert_eq!(paths, ["/prod/pets", "/prod/pets/"]);
        let root: Vec<Value> =
            PathMatch::new("", &[]).exact(HttpMethod::Get).into_iter().map(|m| m["path"].clone()).collect();
        assert_eq!(root, ["/"]);
    }

    #[test]
    fn patterns_begin_with_a_check_of_the_literal_part() {
        let parts = parts("/pets/{id}");
        let parts: Vec<&PathPart> = parts.iter().collect();
        let found = PathMatch::new("/prod", &parts).pattern(HttpMethod::Get).unwrap_or_default();
        assert_eq!(found["headers"][0]["string_match"]["prefix"], "/prod/pets/");
    }
}
