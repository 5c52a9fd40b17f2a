//! Expressions and what they give, by the tables of the developer guide and, where it is silent, by reasoning.
#![allow(clippy::unwrap_used)]

use std::borrow::Cow;

use jsonpath::json;
use proptest::prelude::*;
use selection::{ApiKeySource, Expression, MAX_TEXT_BYTES, Problem, Response, Routes, Subject, Use};

fn check(expression: &str, message: &str, expected: &str) {
    let compiled = Expression::compile(expression, Use::Route).unwrap();
    let message = json::parse(message).unwrap();
    assert_eq!(compiled.evaluate(&Subject::message(&message)), expected, "{expression}");
}

fn refused(expression: &str, usage: Use, column: usize) -> Problem {
    let error = Expression::compile(expression, usage).unwrap_err();
    assert_eq!(error.column, column, "{error}");
    error.problem
}

#[test]
fn the_developer_guides_examples() {
    let message = r#"{"service":"chat","action":"join","data":{"room":"room1234"}}"#;
    check("$request.body.action", message, "join");
    check("${request.body.action}", message, "join");
    check("${request.body.service}/${request.body.action}", message, "chat/join");
    check("${request.body.action}-${request.body.invalidPath}", message, "join-");
    check("action", message, "action");
    check("\\$default", message, "$default");
}

#[test]
fn where_a_variable_ends() {
    let message = r#"{"a":"A","detail-type":"D","x y":"XY","b":{"c}":"C","it's":"I"}}"#;
    check("$request.body.detail-type", message, "D");
    check("$request.body.a/$request.body.a", message, "A/A");
    check("$request.body.a$request.body.a", message, "AA");
    check("$request.body.a and", message, "A and");
    check("$request.body.a\\$", message, "A$");
    check("$request.body['x y']", message, "XY");
    check("${request.body.b['c}']}!", message, "C!");
    check(r"${request.body.b['it\'s']}", message, "I");
    check("$request.body.a{x}", message, "A{x}");
    check("back\\slash", message, "back\\slash");
    check("é$request.body.a", message, "éA");
}

#[test]
fn every_kind_of_value() {
    let of = |value: &str, expected: &str| check("$request.body.v", &format!(r#"{{"v":{value}}}"#), expected);
    of(r#""x""#, "x");
    of("5", "5");
    of("-12345678901234567890", "-12345678901234567890");
    of("1.0", "1");
    of("1.50", "1.5");
    of("1e3", "1000");
    of("1e300", "1e300");
    of("true", "true");
    of("null", "null");
    of("[]", "[]");
    of(r#"["a",1,[true,null]]"#, "[a, 1, [true, null]]");
    of(r#"{"b":"x","a":[1,2]}"#, r#"{"b":"x","a":[1,2]}"#);
    check("$request.body", r#"{"a":1}"#, r#"{"a":1}"#);
    check("$request.body", "\"x\"", "x");
    check("$request.body", "null", "null");
    check("$request.body.list[*].id", r#"{"list":[{"id":1},{"id":"b"}]}"#, "[1, b]");
    check("$request.body..id", r#"{"x":{"id":1}}"#, "[1]");
    check("$request.body.list[1]", r#"{"list":[1,2]}"#, "2");
    for nothing in ["5", "\"x\"", "[]", "null", "{}", r#"{"other":1}"#] {
        check("$request.body.v", nothing, "");
    }
}

#[test]
fn what_a_variable_gives_is_text() {
    check("$request.body.v", r#"{"v":"$request.body.w","w":"never"}"#, "$request.body.w");
    check("$request.body.v", r#"{"v":"\\$default"}"#, "\\$default");
}

#[test]
fn variables_that_may_not_be_there() {
    for wrong in [
        "$context.stage",
        "$stageVariables.x",
        "$request.header.h",
        "$request.querystring.q",
        "$request.bodyx",
        "$x",
        "$",
    ] {
        let problem = refused(wrong, Use::Route, 1);
        assert!(matches!(problem, Problem::Variable { .. }), "{wrong}: {problem}");
    }
    assert!(matches!(refused("a ${integration.response.statuscode}", Use::Model, 3), Problem::Variable { .. }));
    assert!(refused("$default", Use::Route, 1).to_string().contains("`\\$default`"));
    assert_eq!(refused("é${request.body.a", Use::Route, 2), Problem::Unclosed);
    assert_eq!(refused("", Use::Route, 1), Problem::Empty);
    assert_eq!(refused(&"x".repeat(5000), Use::Route, 1), Problem::TooLong);
    assert!(matches!(refused("$request.body[", Use::Route, 1), Problem::Path(_)));
}

#[test]
fn errors_point_at_the_place() {
    let error = Expression::compile("ab$context.stage", Use::Route).unwrap_err().to_string();
    assert_eq!(
        error,
        "`context.stage` cannot be used in a route selection expression, expected `request.body` and `request.body.PATH` \
         at column 3\n  ab$context.stage\n    ^"
    );
}

struct Answer;

impl Response for Answer {
    fn status(&self) -> u16 {
        404
    }

    fn header_values(&self, name: &str) -> Vec<Cow<'_, str>> {
        if name.eq_ignore_ascii_case("x-kind") { vec!["a".into(), "b".into()] } else { Vec::new() }
    }
}

#[test]
fn a_backends_answer() {
    let message = json::parse(r#"{"a":"A"}"#).unwrap();
    let of = |expression: &str, expected: &str| {
        let compiled = Expression::compile(expression, Use::ResponseTemplate).unwrap();
        assert_eq!(compiled.evaluate(&Subject::answer(Some(&message), &Answer)), expected, "{expression}");
    };
    of("${integration.response.statuscode}", "404");
    of("$integration.response.header.X-Kind", "b");
    of("$integration.response.header.none", "");
    of("${integration.response.multivalueheader.x-kind}-${request.body.a}", "[a, b]-A");
    let compiled = Expression::compile("${request.body.a}x", Use::ResponseTemplate).unwrap();
    assert_eq!(compiled.evaluate(&Subject::answer(None, &Answer)), "x");
}

#[test]
fn api_key_sources() {
    assert_eq!(ApiKeySource::parse("$request.header.x-api-key"), Some(ApiKeySource::Header));
    assert_eq!(ApiKeySource::parse("$request.header.X-API-Key"), Some(ApiKeySource::Header));
    assert_eq!(ApiKeySource::parse("${context.authorizer.usageIdentifierKey}"), Some(ApiKeySource::Authorizer));
    for other in ["", "$request.header.other", "$context.authorizer.principalId", "request.header.x-api-key"] {
        assert_eq!(ApiKeySource::parse(other), None, "{other}");
    }
}

#[test]
fn long_texts_select_nothing() {
    let long = "x".repeat(1 << 20);
    let message = format!(r#"{{"v":"{long}","l":["{long}","{long}"],"o":{{"k":"{long}"}}}}"#);
    let message = json::parse(&message).unwrap();
    for expression in ["$request.body.v", "$request.body.l", "$request.body.o", "$request.body", "$request.body..*..*"]
    {
        let compiled = Expression::compile(expression, Use::Route).unwrap();
        let length = compiled.evaluate(&Subject::message(&message)).len();
        assert!((MAX_TEXT_BYTES + 1..MAX_TEXT_BYTES + 16).contains(&length), "{expression}: {length}");
    }
}

fn route_of(expression: &str, routes: &[&str], message: &str) -> Option<String> {
    let expression = Expression::compile(expression, Use::Route).unwrap();
    let routes = Routes::new(expression, routes.iter().map(|key| ((*key).to_owned(), ())));
    let message = json::parse(message).ok();
    routes.select(message.as_ref()).map(|(key, ())| key.to_owned())
}

#[test]
fn routes_of_messages() {
    let routes = ["$connect", "$disconnect", "join", "5", "$default"];
    for (message, expected) in [
        ("hello", "$default"),
        ("", "$default"),
        (r#"{"action":"leave"}"#, "$default"),
        (r#"{"action":5}"#, "5"),
        (r#"{"action":["a","b"]}"#, "$default"),
        (r#"{"action":"join"}"#, "join"),
        (r#"{"x":1}"#, "$default"),
        (r#"{"action":"$connect"}"#, "$default"),
        (r#"{"action":"$disconnect"}"#, "$default"),
        (r#"{"action":"$default"}"#, "$default"),
    ] {
        assert_eq!(route_of("$request.body.action", &routes, message).as_deref(), Some(expected), "{message}");
        let without = route_of("$request.body.action", routes.split_last().unwrap().1, message);
        assert_eq!(without.as_deref(), Some(expected).filter(|key| *key != "$default"), "{message}");
    }
    assert_eq!(route_of("join", &["join"], "hello"), None);
    assert_eq!(route_of("join", &["join"], "5").as_deref(), Some("join"));
}

proptest! {
    #[test]
    fn any_text_compiles_or_is_refused(expression in any::<String>(), tail in "[$a-z.{}\\[\\]'\"\\\\*?@()-]{0,30}") {
        for text in [expression, format!("$request.body{tail}"), format!("${{request.body{tail}")] {
            match Expression::compile(&text, Use::Route) {
                Ok(compiled) => {
                    let message = json::parse(r#"{"a":[1,{"b":"c"}]}"#).unwrap();
                    let _ = compiled.evaluate(&Subject::message(&message));
                }
                Err(error) => { let _ = error.to_string(); }
            }
        }
    }

    #[test]
    fn text_without_variables_is_itself(text in "[^$\\\\]{1,50}") {
        check(&text, "{}", &text);
    }
}
