#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use indexmap::IndexMap;
use proptest::prelude::*;

use super::*;
use crate::api::{Authorization, Method};
use crate::source::{Role, Sources, Span};

fn somewhere() -> Span {
    let (source, _) = Sources::default().add("test", Role::Definition, Vec::new());
    Span { source, start: 0, end: 0 }
}

fn method(http_method: HttpMethod) -> Method {
    Method {
        span: somewhere(),
        http_method,
        operation_name: None,
        authorization: Authorization::None,
        api_key_required: None,
        request_parameters: IndexMap::new(),
        request_models: IndexMap::new(),
        request_validator: None,
        integration_span: None,
        integration: None,
        responses: IndexMap::new(),
    }
}

/// A tree of `VERB VERB /path` lines; a path without verbs makes a resource without methods.
fn tree(lines: &[&str]) -> ResourceTree {
    let mut tree = ResourceTree::new(somewhere());
    for line in lines {
        let at = line.find('/').unwrap();
        let id = tree.insert(&line[at..], somewhere()).unwrap();
        for verb in line[..at].split_whitespace() {
            let verb = HttpMethod::parse(verb).unwrap();
            tree.get_mut(id).methods.insert(verb, method(verb));
        }
    }
    tree
}

/// What answers a request: `GET /users/{userId} userId=me`, or `403`.
fn answer(tree: &ResourceTree, request: &str) -> String {
    let (verb, path) = request.split_once(' ').unwrap();
    let routes = order(tree);
    match find(&routes, HttpMethod::parse(verb).unwrap(), &RequestPath::parse(path)) {
        None => "403".to_owned(),
        Some((route, parameters)) => {
            let parameters: String = parameters.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            format!("{}{parameters}", route.key)
        }
    }
}

fn check(lines: &[&str], cases: &[(&str, &str)]) {
    let tree = tree(lines);
    for (request, expected) in cases {
        assert_eq!(answer(&tree, request), *expected, "{request} on {lines:?}");
    }
}

#[test]
fn a_resource_without_the_method_is_skipped() {
    check(
        &["PATCH /users/me", "GET /users/{userId}"],
        &[
            ("GET /users/me", "GET /users/{userId} userId=me"),
            ("POST /users/me", "403"),
            ("PATCH /users/me", "PATCH /users/me"),
        ],
    );
    check(&["GET /things/real", "ANY /things/{proxy+}"], &[("POST /things/real", "ANY /things/{proxy+} proxy=real")]);
    check(&["/parent/child", "ANY /{proxy+}"], &[("GET /parent/child", "ANY /{proxy+} proxy=parent/child")]);
    check(&["OPTIONS /parent/child", "ANY /{proxy+}"], &[("GET /parent/child", "ANY /{proxy+} proxy=parent/child")]);
}

#[test]
fn the_search_backs_out_of_a_literal() {
    check(
        &["GET /part1", "GET /part1/hardcoded-value", "GET /{param+}"],
        &[
            ("GET /part1/random-value", "GET /{param+} param=part1/random-value"),
            ("GET /part1", "GET /part1"),
            ("GET /part1/hardcoded-value", "GET /part1/hardcoded-value"),
            ("GET /part1/hardcoded-value/deep", "GET /{param+} param=part1/hardcoded-value/deep"),
        ],
    );
    check(
        &["POST /test", "ANY /test/any", "OPTIONS /{proxy+}"],
        &[
            ("OPTIONS /test", "OPTIONS /{proxy+} proxy=test"),
            ("OPTIONS /test/any", "ANY /test/any"),
            ("GET /test", "403"),
        ],
    );
}

#[test]
fn any_stands_behind_the_verbs_of_its_resource() {
    check(&["ANY GET /a"], &[("GET /a", "GET /a"), ("PUT /a", "ANY /a")]);
    let routes = order(&tree(&["ANY GET /a"]));
    assert_eq!(routes.len(), 2);
    assert!(!routes[1].verbs.contains(&HttpMethod::Get));
    assert_eq!(routes[1].verbs.len(), 6);
}

#[test]
fn a_greedy_variable_takes_at_least_one_segment() {
    check(
        &["ANY /{proxy+}"],
        &[
            ("GET /", "403"),
            ("GET ", "403"),
            ("GET //", "403"),
            ("GET /proxy-value", "ANY /{proxy+} proxy=proxy-value"),
            ("GET /proxy-value/", "ANY /{proxy+} proxy=proxy-value"),
            ("GET //proxy-value", "ANY /{proxy+} proxy=proxy-value"),
            ("GET /proxy-value//double-slash", "ANY /{proxy+} proxy=proxy-value//double-slash"),
            ("GET /p/a%2Bb@x/a+b@x", "ANY /{proxy+} proxy=p/a%2Bb@x/a+b@x"),
            ("GET /p?email=a%2Bb/c", "ANY /{proxy+} proxy=p"),
        ],
    );
    check(&["ANY /a/{proxy+}"], &[("GET /a", "403"), ("GET /a/", "403"), ("GET /a//", "403"), ("GET /ab", "403")]);
}

#[test]
fn segments_are_compared_as_they_came() {
    check(
        &["GET /Pets", "GET /a/{x}/b"],
        &[
            ("GET /pets", "403"),
            ("GET /%50ets", "403"),
            ("GET /Pets/", "GET /Pets"),
            ("GET /Pets//", "403"),
            ("GET /a/%2F/b", "GET /a/{x}/b x=%2F"),
            ("GET /a//b", "403"),
            ("GET /a/../b", "GET /a/{x}/b x=.."),
        ],
    );
}

#[test]
fn a_literal_wins_at_the_first_depth_where_paths_differ() {
    check(
        &["GET /{a}/bar/{b}", "GET /{a}/{c}/baz"],
        &[("GET /foo/bar/baz", "GET /{a}/bar/{b} a=foo b=baz"), ("GET /foo/x/baz", "GET /{a}/{c}/baz a=foo c=x")],
    );
}

/// The search as the documentation describes it: down the tree, the most specific child first, back when the method is
/// missing.
fn search(tree: &ResourceTree, at: ResourceId, verb: HttpMethod, rest: &[&str]) -> Option<(String, HttpMethod)> {
    let resource = tree.get(at);
    let methods = &resource.methods;
    let own = [verb, HttpMethod::Any].into_iter().find(|verb| methods.contains_key(verb));
    let here = || own.map(|verb| (resource.path.clone(), verb));
    if let Some(PathPart::Greedy(_)) = resource.part {
        return here();
    }
    let Some((first, below)) = rest.split_first() else { return here() };
    let children = || resource.children.iter().map(|id| tree.get(*id));
    let literal = children().filter(|child| matches!(&child.part, Some(PathPart::Literal(text)) if text == first));
    let variable = children().filter(|child| matches!(&child.part, Some(PathPart::Variable(_)) if !first.is_empty()));
    let found = literal.chain(variable).find_map(|child| search(tree, child.id, verb, below));
    let mut greedy = children().filter(|child| matches!(&child.part, Some(PathPart::Greedy(_))));
    found.or_else(|| {
        let some = rest.iter().any(|segment| !segment.is_empty());
        greedy.find(|_| some).and_then(|child| search(tree, child.id, verb, &[]))
    })
}

fn part() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just("a"), 4 => Just("b"), 2 => Just("c"), 3 => Just("{v}"), 1 => Just("{w}"), 2 => Just("{g+}")]
}

fn verb() -> impl Strategy<Value = HttpMethod> {
    prop_oneof![
        3 => Just(HttpMethod::Get),
        3 => Just(HttpMethod::Post),
        1 => Just(HttpMethod::Options),
        2 => Just(HttpMethod::Any)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_first_match_is_what_the_search_finds(
        paths in prop::collection::vec((prop::collection::vec(part(), 0..5), prop::collection::vec(verb(), 0..4)), 1..16),
        requests in prop::collection::vec((verb(), "/?(/?[abcd]){0,5}/{0,2}(\\?x=/a)?"), 1..32),
    ) {
        let mut tree = ResourceTree::new(somewhere());
        for (parts, verbs) in paths {
            // Trees that API Gateway refuses are not of interest.
            let Ok(id) = tree.insert(&format!("/{}", parts.join("/")), somewhere()) else { continue };
            for verb in verbs {
                tree.get_mut(id).methods.insert(verb, method(verb));
            }
        }
        let routes = order(&tree);
        for (verb, path) in requests {
            let verb = if verb == HttpMethod::Any { HttpMethod::Put } else { verb };
            let path = RequestPath::parse(&path);
            let segments: Vec<&str> = path.segments().collect();
            let expected = search(&tree, tree.root(), verb, &segments);
            let found = find(&routes, verb, &path).map(|(route, _)| route.key.clone());
            let found = found.map(|key| (key.resource_path, key.http_method));
            prop_assert_eq!(found, expected, "{} {:?}", verb, segments);
        }
    }
}
