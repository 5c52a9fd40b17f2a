//! Integration URIs: stage variables put in once, `{name}` placeholders for each request.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>

use std::collections::BTreeMap;

use gateway::push_percent_encoded;
use percent_encoding::percent_encode_byte;

/// Puts stage variables in: `${stageVariables.NAME}`, in exactly this spelling. An unset variable is empty; any other
/// `${...}` stays as typed.
pub fn expand_stage_variables(text: &str, variables: &BTreeMap<String, String>) -> String {
    const OPENING: &str = "${stageVariables.";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPENING) {
        out.push_str(before);
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match after.split_once('}') {
            Some((name, after)) if is_name(name) => {
                out.push_str(variables.get(name).map_or("", String::as_str));
                rest = after;
            }
            _ => {
                out.push_str(OPENING);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Path and query of an integration's URI, with `{name}` placeholders in both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UriTemplate {
    path: Vec<Part>,
    query: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Bytes that may stand in a request target.
    Text(String),
    Parameter(String),
}

impl UriTemplate {
    /// Reads the part of a URI behind the authority, `/v1/{proxy}?limit={n}`; stage variables must be in already.
    /// A fragment does not belong to a request and is left out.
    pub fn parse(target: &str) -> Self {
        let target = target.split_once('#').map_or(target, |(target, _)| target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut path = parts(path);
        let rooted = matches!(path.first(), Some(Part::Text(text)) if text.starts_with('/'));
        if !rooted {
            path.insert(0, Part::Text("/".to_owned()));
        }
        Self { path, query: parts(query) }
    }

    /// Appends the path with its placeholders filled. A placeholder without a value stays as typed.
    pub fn push_path<'v>(&self, out: &mut Vec<u8>, value: impl Fn(&str) -> Option<&'v [u8]>) {
        push(&self.path, out, value, push_path_value);
    }

    /// Whether its query string has values to fill in.
    pub fn query_has_parameters(&self) -> bool {
        self.query.iter().any(|part| matches!(part, Part::Parameter(_)))
    }

    /// Appends the URI's own query string, without `?`.
    pub fn push_query<'v>(&self, out: &mut Vec<u8>, value: impl Fn(&str) -> Option<&'v [u8]>) {
        push(&self.query, out, value, push_query_value);
    }
}

fn push<'v>(
    parts: &[Part],
    out: &mut Vec<u8>,
    value: impl Fn(&str) -> Option<&'v [u8]>,
    push_value: fn(&mut Vec<u8>, &[u8]),
) {
    for part in parts {
        match part {
            Part::Text(text) => out.extend_from_slice(text.as_bytes()),
            Part::Parameter(name) => match value(name) {
                Some(value) => push_value(out, value),
                None => push_text(out, &format!("{{{name}}}")),
            },
        }
    }
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        literal.push_str(before);
        match after.split_once('}') {
            // `${...}` that is no stage variable stays as typed.
            Some((name, behind)) if !before.ends_with('$') && !name.is_empty() && !name.contains('{') => {
                flush(&mut parts, &mut literal);
                parts.push(Part::Parameter(name.to_owned()));
                rest = behind;
            }
            _ => {
                literal.push('{');
                rest = after;
            }
        }
    }
    literal.push_str(rest);
    flush(&mut parts, &mut literal);
    parts
}

fn flush(parts: &mut Vec<Part>, literal: &mut String) {
    if !literal.is_empty() {
        let mut text = Vec::with_capacity(literal.len());
        push_text(&mut text, literal);
        literal.clear();
        parts.push(Part::Text(String::from_utf8(text).unwrap_or_default()));
    }
}

/// Appends text as typed, but for what can stand in no request line.
fn push_text(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_graphic() { out.push(byte) } else { push_escape(out, byte) }
    }
}

/// Appends a value to a path: slashes and `%XX` stay, everything else that a path cannot hold is escaped, a bare `%`
/// included. So `%20` stays `%20` and a value can end neither the path nor the request line.
pub fn push_path_value(out: &mut Vec<u8>, value: &[u8]) {
    let is_hex = |at: usize| value.get(at).is_some_and(u8::is_ascii_hexdigit);
    for (at, byte) in value.iter().enumerate() {
        let stays = match byte {
            b'%' => is_hex(at.saturating_add(1)) && is_hex(at.saturating_add(2)),
            // `pchar` of RFC 3986 §3.3, and the slash.
            byte => is_unreserved(*byte) || b"!$&'()*+,;=:@/".contains(byte),
        };
        if stays { out.push(*byte) } else { push_escape(out, *byte) }
    }
}

/// Appends a name or value to a query string: all but unreserved characters (RFC 3986 §2.3) is escaped.
pub fn push_query_value(out: &mut Vec<u8>, value: &[u8]) {
    push_percent_encoded(out, value);
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn push_escape(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(percent_encode_byte(byte).as_bytes());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn filled(target: &str, name: &str, value: &str) -> (String, String) {
        let template = UriTemplate::parse(target);
        let lookup = |wanted: &str| (wanted == name).then_some(value.as_bytes());
        let (mut path, mut query) = (Vec::new(), Vec::new());
        template.push_path(&mut path, lookup);
        template.push_query(&mut query, lookup);
        (String::from_utf8(path).unwrap(), String::from_utf8(query).unwrap())
    }

    fn check(target: &str, value: &str, path: &str, query: &str) {
        assert_eq!(filled(target, "p", value), (path.to_owned(), query.to_owned()), "{target} with {value}");
    }

    #[test]
    fn placeholders() {
        check("/v1/{p}", "a/b", "/v1/a/b", "");
        check("/{p}/x?q={p}&r=1", "a b", "/a%20b/x", "q=a%20b&r=1");
        check("", "x", "/", "");
        check("?a={p}", "x&y", "/", "a=x%26y");
        check("{p}", "x", "/x", "");
        check("/{other}/{p}", "x", "/{other}/x", "");
        check("/${p}/{}/{p", "x", "/${p}/{}/{p", "");
        check("/a b/é", "x", "/a%20b/%C3%A9", "");
        check("/a#frag?x", "", "/a", "");
    }

    #[test]
    fn values_stay_inside_the_path() {
        check("/{p}", "%20", "/%20", "");
        check("/{p}", "100%", "/100%25", "");
        check("/{p}", "%2Fa%zz", "/%2Fa%25zz", "");
        check("/{p}", "a?b#c\r\nd", "/a%3Fb%23c%0D%0Ad", "");
        check("/{p}", "test%2Balias@gmail.com", "/test%2Balias@gmail.com", "");
    }

    proptest! {
        #[test]
        fn targets_are_always_printable(target in any::<String>(), value in proptest::collection::vec(any::<u8>(), 0..40)) {
            let template = UriTemplate::parse(&target);
            let mut out = Vec::new();
            template.push_path(&mut out, |_| Some(&value));
            prop_assert!(out.first() == Some(&b'/') && !out.contains(&b'?'));
            template.push_query(&mut out, |_| Some(&value));
            prop_assert!(out.iter().all(u8::is_ascii_graphic));
        }

        #[test]
        fn stage_variables_never_panic(text in any::<String>()) {
            let _ = expand_stage_variables(&text, &BTreeMap::new());
        }
    }
}
