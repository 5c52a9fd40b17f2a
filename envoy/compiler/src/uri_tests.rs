#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn stage_variables_are_put_in() {
    let value = |name: &str| match name {
        "host" => Some("backend.example"),
        "empty" => Some(""),
        _ => None,
    };
    let cases = [
        ("https://${stageVariables.host}/x", "https://backend.example/x", vec![]),
        ("${stageVariables.host}${stageVariables.host}", "backend.examplebackend.example", vec![]),
        ("a${stageVariables.empty}b${stageVariables.none}c", "abc", vec!["none"]),
        (
            "${stageVariables['host']} ${host} $stageVariables.host",
            "${stageVariables['host']} ${host} $stageVariables.host",
            vec![],
        ),
        ("${stageVariables.}${stageVariables.host", "${stageVariables.}${stageVariables.host", vec![]),
        ("${stageVariables.${stageVariables.host}}", "${stageVariables.backend.example}", vec![]),
    ];
    for (text, expected, missing) in cases {
        let missing = missing.into_iter().map(str::to_owned).collect();
        assert_eq!(expand_stage_variables(text, value), (expected.to_owned(), missing), "{text}");
    }
}

#[test]
fn addresses_are_taken_apart() {
    let uri = BackendUri::parse("https://Backend:8443/a/{id}/{proxy}?x={q}&y#z").unwrap();
    assert_eq!(uri.authority.to_string(), "backend:8443");
    assert!(uri.tls && !uri.default_port);
    assert_eq!((uri.path.as_str(), uri.query.as_deref()), ("/a/{id}/{proxy}", Some("x={q}&y")));
    assert_eq!(uri.placeholders().collect::<Vec<_>>(), ["id", "proxy", "q"]);
    let uri = BackendUri::parse("http://b").unwrap();
    assert_eq!((uri.authority.port, uri.default_port, uri.path.as_str(), uri.query), (80, true, "", None));
    let uri = BackendUri::parse("http://b?x=/y").unwrap();
    assert_eq!((uri.path.as_str(), uri.query.as_deref()), ("", Some("x=/y")));
    for (text, error) in [
        ("b/x", UriError::Scheme),
        ("ftp://b", UriError::Scheme),
        ("http://", UriError::Host),
        ("http:///x", UriError::Host),
        ("http://{h}/", UriError::Host),
        ("http://b:x/", UriError::Host),
        ("http://u@b/", UriError::Host),
    ] {
        assert_eq!(BackendUri::parse(text), Err(error), "{text}");
    }
}
