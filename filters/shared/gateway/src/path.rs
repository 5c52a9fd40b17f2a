//! The request target: base path, path parameters, query string.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// Most path parameters of one resource; a resource path of 10,240 bytes has no more that carry a value.
const MAX_PATH_PARAMETERS: usize = 256;
/// Most query parameters that are read from one request; API Gateway's URL limit allows half as many pairs.
const MAX_QUERY_PARAMETERS: usize = 10_240;

/// Splits `:path` into the path and the query string without its `?`.
pub fn split_target(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    match target.iter().position(|byte| *byte == b'?') {
        Some(at) => (target.get(..at).unwrap_or_default(), target.get(at.saturating_add(1)..)),
        None => (target, None),
    }
}

/// `path` with its leading run of slashes made one.
fn collapse_leading_slashes(path: &[u8]) -> &[u8] {
    let run = path.iter().take_while(|byte| **byte == b'/').count();
    path.get(run.saturating_sub(1)..).unwrap_or_default()
}

/// The values of a resource's `{name}` and `{name+}` segments, as they were sent (not percent-decoded).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathParameters(Vec<(String, Vec<u8>)>);

impl PathParameters {
    /// Binds the names in `resource_path` (`/pets/{id}`) to the segments of `path`, the part after the base path.
    ///
    /// Envoy has matched the route before; this only names what it matched. One trailing slash does not count.
    pub fn bind(resource_path: &str, path: &[u8]) -> Self {
        Self::bind_exactly(resource_path, path.strip_suffix(b"/").unwrap_or(path))
    }

    /// Like [`PathParameters::bind`] for HTTP APIs, where a slash at the end belongs to a greedy variable.
    pub fn bind_exactly(resource_path: &str, path: &[u8]) -> Self {
        let path = collapse_leading_slashes(path);
        let path = path.strip_prefix(b"/").unwrap_or(path);
        let mut rest = Some(path);
        let mut bound = Vec::new();
        for part in resource_path.split('/').skip(1).take(MAX_PATH_PARAMETERS) {
            let Some(remaining) = rest else { break };
            if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix("+}")) {
                bound.push((name.to_owned(), remaining.to_vec()));
                break;
            }
            let (segment, next) = match remaining.iter().position(|byte| *byte == b'/') {
                Some(at) => (remaining.get(..at).unwrap_or_default(), remaining.get(at.saturating_add(1)..)),
                None => (remaining, None),
            };
            if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                bound.push((name.to_owned(), segment.to_vec()));
            }
            rest = next;
        }
        Self(bound)
    }

    /// The value of `name`, letter case as declared.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// All of them, in the order of the path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }
}

/// The query string, decoded as API Gateway does: `+` and `%20` are blanks, `&` and `;` separate pairs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string without its `?`. Bytes that are not UTF-8 become U+FFFD.
    pub fn parse(query: &[u8]) -> Self {
        let pairs = query
            .split(|byte| matches!(byte, b'&' | b';'))
            .filter(|pair| !pair.is_empty())
            .take(MAX_QUERY_PARAMETERS)
            .map(|pair| {
                let mut sides = pair.splitn(2, |byte| *byte == b'=');
                let mut side = || percent_decode(sides.next().unwrap_or_default(), true);
                (side(), side())
            });
        Self(pairs.collect())
    }

    /// The query of a request target, `/pets?limit=2`.
    pub fn of_target(target: &[u8]) -> Self {
        Self::parse(split_target(target).1.unwrap_or_default())
    }

    /// All pairs in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The values of `name` in order; names are case-sensitive.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(n, _)| *n == name).map(|(_, value)| value)
    }

    /// The last value of `name`, the one that API Gateway takes for a single value.
    pub fn last(&self, name: &str) -> Option<&str> {
        self.all(name).last()
    }
}

/// Decodes `%XX`, and `+` as a blank where `plus_is_space`. What is no escape stays as typed; bytes that are not
/// UTF-8 become U+FFFD.
pub fn percent_decode(text: &[u8], plus_is_space: bool) -> String {
    let text = if plus_is_space && text.contains(&b'+') {
        Cow::Owned(text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect())
    } else {
        Cow::Borrowed(text)
    };
    percent_encoding::percent_decode(&text).decode_utf8_lossy().into_owned()
}

/// Appends `text` with all but unreserved characters (RFC 3986 §2.3) as `%XX`, in upper-case hexadecimal.
pub fn push_percent_encoded(out: &mut Vec<u8>, text: &[u8]) {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    for run in percent_encode(text, RESERVED) {
        out.extend_from_slice(run.as_bytes());
    }
}

/// The part of `path` behind `base_path` (`/prod`, or empty for none), its leading run of slashes made one.
pub(crate) fn behind_base_path<'p>(path: &'p [u8], base_path: &str) -> &'p [u8] {
    let path = collapse_leading_slashes(path);
    let rest = path.strip_prefix(base_path.as_bytes()).unwrap_or(path);
    match collapse_leading_slashes(rest) {
        b"" => b"/",
        rest => rest,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn bound(resource_path: &str, path: &str) -> Vec<(String, String)> {
        let parameters = PathParameters::bind(resource_path, path.as_bytes());
        parameters.iter().map(|(n, v)| (n.to_owned(), String::from_utf8(v.to_vec()).unwrap())).collect()
    }

    /// Recorded on the service: LocalStack snapshot test_lambda_aws_proxy_integration.
    #[test]
    fn recorded_paths() {
        for (target, path, proxy) in [
            ("/stage/proxy-value", "/proxy-value", "proxy-value"),
            ("/stage/proxy-value/", "/proxy-value/", "proxy-value"),
            ("/stage/proxy-value//double-slash", "/proxy-value//double-slash", "proxy-value//double-slash"),
            ("/stage//proxy-value", "/proxy-value", "proxy-value"),
            ("//stage/proxy-value", "/proxy-value", "proxy-value"),
            ("/stage/p/a%2Bb@x/a+b@x", "/p/a%2Bb@x/a+b@x", "p/a%2Bb@x/a+b@x"),
        ] {
            let behind = behind_base_path(target.as_bytes(), "/stage");
            assert_eq!(std::str::from_utf8(behind).unwrap(), path);
            assert_eq!(bound("/{proxy+}", path), [("proxy".to_owned(), proxy.to_owned())]);
        }
    }

    #[test]
    fn several_parameters() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(bound("/users/{id}/{proxy+}", "/users/42/a/b"), [pair("id", "42"), pair("proxy", "a/b")]);
        assert_eq!(bound("/users/{id}", "/users/42/"), [pair("id", "42")]);
        assert_eq!(bound("/users", "/users"), []);
        assert_eq!(bound("/{a}/{b}", "/only"), [pair("a", "only")]);
        let exactly = PathParameters::bind_exactly("/a/{proxy+}", b"/a/b/");
        assert_eq!(exactly.get("proxy"), Some(&b"b/"[..]));
    }

    #[test]
    fn query_strings() {
        let query = Query::parse(b"email=a%2Bb&plus=a+b&ws=a%20b&c=x&c=y;d=1&e&bad=%zz&%41=%ff");
        assert_eq!(query.last("email"), Some("a+b"));
        assert_eq!(query.last("plus"), Some("a b"));
        assert_eq!(query.last("ws"), Some("a b"));
        assert_eq!(query.all("c").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(query.last("d"), Some("1"));
        assert_eq!(query.last("e"), Some(""));
        assert_eq!(query.last("bad"), Some("%zz"));
        assert_eq!(query.last("A"), Some("\u{fffd}"));
        assert_eq!(query.last("none"), None);
    }

    #[test]
    fn what_is_no_escape_stays() {
        for (text, decoded) in
            [("%", "%"), ("%4", "%4"), ("%4%41", "%4A"), ("%%41", "%A"), ("%+1", "%+1"), ("%c3%A4", "ä")]
        {
            assert_eq!(percent_decode(text.as_bytes(), false), decoded);
        }
        assert_eq!(percent_decode(b"%2+", true), "%2 ");
    }

    #[test]
    fn unreserved_characters_stay() {
        let mut out = Vec::new();
        push_percent_encoded(&mut out, b"aZ0-._~ /%+\xc3");
        assert_eq!(out, b"aZ0-._~%20%2F%25%2B%C3");
    }

    proptest! {
        #[test]
        fn no_input_panics(resource in any::<String>(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = PathParameters::bind(&resource, &bytes);
            let _ = Query::parse(&bytes);
            let _ = behind_base_path(&bytes, &resource);
        }
    }
}
