//! Whatever the path and the document: no panic, bounded work, and results of the path's kind.
#![allow(clippy::expect_used, missing_docs)]

use jsonpath::json::{self, Json, Style};
use jsonpath::limits::{MAX_PATH_LEN, MAX_RESULTS};
use jsonpath::{Found, JsonPath, NoResult, Problem};
use proptest::collection::vec;
use proptest::prelude::*;

/// Documents of the names that paths use.
fn document() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        "-?(0|[1-9][0-9]{0,30})([.][0-9]{1,25})?([eE][+-]?[0-9]{1,4})?",
        any::<String>().prop_map(|text| quoted(&text)),
        "[ab$@'\\[\\]{}.0-9 ]{0,6}".prop_map(|text| quoted(&text)),
    ];
    scalar.prop_recursive(6, 60, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(|elements| format!("[{}]", elements.join(","))),
            vec(("[abc]|a[.]b|é", inner), 0..5).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    json::write_string(text, Style::Compact, &mut out);
    out
}

/// Parts of paths, put together at random: most of what comes out is a path, the rest nearly one.
fn path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        8 => "[.]{1,2}[abc*]",
        4 => "\\[ ?-?[0-9]{1,2} ?(, ?-?[0-9])?\\]",
        3 => "\\[-?[0-9]?:-?[0-9]?\\]",
        3 => "\\['[abc.é]'( ?, ?'[ab]')?\\]",
        2 => Just("[*]".to_owned()),
        4 => condition().prop_map(|condition| format!("[?({condition})]")),
        2 => "[.](length|sum|max|min|avg|stddev|concat|keys|first|last|index|append|nope)\\((|1|[$][.]a|[$][.][.]b, ?1|\"x\")\\)",
        1 => "[ -~]{0,3}",
    ];
    ("[$@]?", vec(part, 0..6)).prop_map(|(start, parts)| format!("{start}{}", parts.concat()))
}

fn condition() -> impl Strategy<Value = String> {
    let operand = prop_oneof![
        4 => "[@$]([.][abc]){0,2}",
        1 => "@[.][.][ab*]",
        2 => "-?[0-9]{1,3}([.][0-9])?(e[0-9])?",
        2 => "'[ab ]{0,3}'",
        1 => "\\[('a'|1|, ?){0,3}\\]",
        1 => "true|false|null|/a.*/i?|[{][}]",
    ];
    let operator = prop_oneof![
        4 => "==|!=|<|<=|>|>=|===|!==|=~",
        2 => " (in|nin|contains|size|empty|subsetof|anyof|noneof|all|exists) ",
    ];
    let comparison = prop_oneof![
        1 => "!?@[.][ab]",
        3 => (operand.clone(), operator, operand).prop_map(|(left, operator, right)| format!("{left}{operator}{right}")),
    ];
    comparison.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), "&&|[|][|]", inner.clone())
                .prop_map(|(left, join, right)| format!("{left} {join} {right}")),
            inner.clone().prop_map(|inner| format!("!({inner})")),
            inner.prop_map(|inner| format!("@.a[?({inner})]")),
        ]
    })
}

fn evaluate(path: &str, document: &Json<'_>) {
    let Ok(compiled) = JsonPath::compile(path) else { return };
    match compiled.evaluate(document) {
        Ok(Found::One(_)) => {}
        Ok(Found::Many(nodes)) => {
            assert!(!compiled.is_definite(), "{path}");
            assert!(nodes.len() <= MAX_RESULTS);
            // Nested values can come again and again: the limit is what keeps the text short.
            let mut text = String::new();
            let _ = Found::Many(nodes).write(Style::Array, 10_000, &mut text);
        }
        Err(NoResult::TooMuch) => assert!(path.matches(['*', '.', '(']).count() > 3, "{path}"),
        Err(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn paths_of_the_grammar(path in path(), document in document()) {
        let document = json::parse(&document).expect("JSON");
        evaluate(&path, &document);
    }

    #[test]
    fn any_text_as_path(path in any::<String>(), document in document()) {
        let document = json::parse(&document).expect("JSON");
        evaluate(&path, &document);
        evaluate(&format!("$.a{path}"), &document);
        evaluate(&format!("$[?({path})]"), &document);
        evaluate(&format!("$[?(@.a =~ /{path}/)]"), &document);
        evaluate(&format!("$.a.concat({path})"), &document);
    }

    #[test]
    fn any_text_as_document(text in any::<String>(), cut in any::<prop::sample::Index>(), document in document()) {
        let _ = json::parse(&text);
        let cut = cut.index(document.len().max(1));
        let _ = json::parse(document.get(..cut).unwrap_or_default());
    }

    #[test]
    fn printed_documents_read_the_same(document in document()) {
        let read = json::parse(&document).expect("JSON");
        for style in [Style::Compact, Style::Array] {
            let printed = read.to_text(style);
            let again = json::parse(&printed).expect("printed JSON");
            prop_assert!(same(&read, &again), "{} {}", document, printed);
        }
    }
}

/// Equal up to the numbers' classes: a long decimal may print short, and what is too large for a double as null.
fn same(read: &Json<'_>, again: &Json<'_>) -> bool {
    match (read, again) {
        (Json::Number(number), Json::Null) => number.as_f64().is_infinite(),
        (Json::Number(left), Json::Number(right)) => left.as_f64() == right.as_f64(),
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left.iter().zip(right.iter()).all(|(left, right)| left.0 == right.0 && same(left.1, right.1))
        }
        _ => read == again,
    }
}

#[test]
fn paths_that_multiply_are_stopped() {
    let list = format!("[{}]", ["[0,0,0,0,0,0,0,0,0,0]"; 10].join(","));
    let text = format!("[{}]", [list.as_str(); 50].join(","));
    let document = json::parse(&text).expect("JSON");
    let path = JsonPath::compile(&format!("$.a{}", "..*".repeat(20)).replace("$.a", "$")).expect("path");
    assert!(path.evaluate(&document).is_ok());
    for path in ["$[?(@ in $..*)]", "$..[?($..* subsetof $..*)]", "$..[?($..[?($..[?(@..* == 1)])])]"] {
        let path = JsonPath::compile(path).expect("path");
        let _ = path.evaluate(&document);
    }
    let nested = format!("{}{}", "[".repeat(400), "]".repeat(400));
    let document = json::parse(&nested).expect("JSON");
    let path = JsonPath::compile(&format!("${}", "..*".repeat(8))).expect("path");
    assert_eq!(path.evaluate(&document), Err(NoResult::TooMuch));
}

#[test]
fn limits_of_paths() {
    let problem = |path: String| JsonPath::compile(&path).expect_err("refused").problem;
    assert_eq!(problem(format!("$.{}", "a".repeat(MAX_PATH_LEN))), Problem::TooLong);
    assert_eq!(problem(format!("${}", ".a".repeat(401))), Problem::TooManyTokens);
    assert_eq!(problem(format!("$[?({}@.a{})]", "(".repeat(1000), ")".repeat(1000))), Problem::TooDeep);
    assert_eq!(problem(format!("$[?({}(@.a))]", "!".repeat(1000))), Problem::TooDeep);
    assert_eq!(problem(format!("${}@.a{}", "[?(@".repeat(500), ")]".repeat(500))), Problem::TooDeep);
    assert_eq!(problem(format!("${}$.a{}", ".sum($".repeat(500), ")".repeat(500))), Problem::TooDeep);
    assert!(JsonPath::compile(&format!("${}", ".a".repeat(400))).is_ok());
}
