//! The document agrees with the `jsonpath` package: which texts are JSON, how they print, and what paths find.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::rc::Rc;

use jsonpath::JsonPath;
use jsonpath::json::{self, Style};
use proptest::prelude::*;

use super::{Document, Found, SimplePath};
use crate::budget::Budget;
use crate::value::from_json;

/// JSON text with spaces, escapes, repeated names, and numbers of all classes.
fn json_text() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "sku", "price", "a\\u0062", "\u{e9}", "x/y", ""]);
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        prop::sample::select(vec![
            "0",
            "-0",
            "7",
            "-12",
            "2147483648",
            "12345678901234567890",
            "1.5",
            "2.50",
            "-0.0",
            "1e3",
            "1E-7",
            "0.0001",
            "9999999.5",
            "12345678.5",
            "12345678901234567890.123",
            "1e400",
            "100.0"
        ])
        .prop_map(str::to_owned),
        prop::sample::select(vec![
            "",
            "a",
            "a-1",
            "text with spaces",
            "\\\"q\\\"",
            "\\/",
            "/",
            "\\u0041",
            "\\n\\t",
            "\u{e9}\u{20ac}\u{1F600}",
            "\\ud83d\\ude00",
            "\\ud800",
            "\u{7f}",
            "\u{85}",
            "\u{2028}"
        ])
        .prop_map(|text| format!("\"{text}\"")),
    ];
    let space = prop::sample::select(vec!["", "", " ", "\n  "]);
    scalar.prop_recursive(4, 40, 6, move |inner| {
        let name = name.clone();
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..6), space.clone())
                .prop_map(|(items, space)| format!("[{space}{}{space}]", items.join(","))),
            (prop::collection::vec((name, inner), 0..6), space.clone()).prop_map(|(members, space)| {
                let members = members.into_iter().map(|(name, value)| format!("\"{name}\":{space}{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

fn path() -> impl Strategy<Value = String> {
    let step = prop::sample::select(vec![
        ".a",
        ".b",
        ".sku",
        "['a']",
        "[\"price\"]",
        "['x/y']",
        "[0]",
        "[1]",
        "[-1]",
        "[*]",
        "[?(@.price > 1.5)]",
        "[?(@.sku == 'a-1')]",
        "[?(@.a<=7)]",
        "[?( @.b == 7 )]",
        ".ab",
    ]);
    prop::collection::vec(step, 0..4).prop_map(|steps| format!("${}", steps.concat()))
}

fn document(text: &str) -> Option<Rc<Document>> {
    Document::parse(Rc::from(text))
}

fn written(document: &Rc<Document>, found: &Found, style: Style) -> Option<String> {
    let mut out = String::new();
    match found {
        Found::Nothing => return None,
        Found::One(place) => document.write(*place, style, &mut out).ok()?,
        Found::Many(places) => {
            out.push('[');
            for (n, place) in places.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                document.write(*place, style, &mut out).ok()?;
            }
            out.push(']');
        }
    }
    Some(out)
}

fn check_text(text: &str) {
    let document = document(text);
    let tree = json::parse(text);
    assert_eq!(document.is_some(), tree.is_ok(), "{text}");
    let (Some(document), Ok(tree)) = (document, tree) else { return };
    for style in [Style::Compact, Style::Array] {
        let mut out = String::new();
        document.write(0, style, &mut out).unwrap_or_else(|_| panic!("too long"));
        assert_eq!(out, tree.to_text(style), "{text}");
    }
    let budget = Budget::default();
    assert_eq!(document.root().to_string(), from_json(&tree, &budget).unwrap().to_string(), "{text}");
}

fn check_path(text: &str, path: &str) {
    let (Some(document), Ok(tree)) = (document(text), json::parse(text)) else { return };
    let Some(found) = SimplePath::parse(path).and_then(|simple| simple.find(&document, &Budget::default()).unwrap())
    else {
        return;
    };
    let expected = JsonPath::compile(path).unwrap().evaluate(&tree).ok().filter(|found| !found.is_null());
    let expected = expected.map(|found| {
        let mut out = String::new();
        found.write(Style::Compact, usize::MAX, &mut out).unwrap();
        out
    });
    assert_eq!(written(&document, &found, Style::Compact), expected, "{path} in {text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn texts_print_alike(text in json_text()) {
        check_text(&text);
    }

    #[test]
    fn broken_texts_are_refused_alike(text in json_text(), at in any::<prop::sample::Index>(), with in "[\"{}\\[\\],:0-9a-z\\\\ .-]{0,2}") {
        let mut chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        chars.splice(at..=at, with.chars());
        check_text(&chars.into_iter().collect::<String>());
    }

    #[test]
    fn paths_find_the_same(text in json_text(), path in path()) {
        check_path(&text, &path);
    }

    #[test]
    fn paths_find_the_same_in_lists_of_objects(
        items in prop::collection::vec(json_text(), 0..5),
        path in path(),
    ) {
        let objects: Vec<String> =
            items.iter().map(|item| format!("{{\"sku\":\"a-1\",\"price\":{item},\"a\":7,\"b\":{item}}}")).collect();
        check_path(&format!("{{\"a\":[{}]}}", objects.join(",")), &path.replacen('$', "$.a", 1));
    }
}

#[test]
fn texts_that_are_not_json() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "[1,",
        "[1,]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "'a'",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "--1",
        "tru",
        "nulll",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\t\"",
        "[1] x",
        "]",
        "{]",
        "[}",
        "\u{feff}1",
    ] {
        assert!(document(text).is_none(), "{text:?}");
        check_text(text);
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    check_text(&nested(400));
    assert!(document(&nested(400)).is_some());
    assert!(document(&nested(401)).is_none());
    check_text(&nested(401));
    assert!(document(&"[".repeat(1_000_000)).is_none());
    assert!(document(&"{\"a\":".repeat(1_000_000)).is_none());
}

#[test]
fn a_large_object_has_an_index() {
    let members: Vec<String> = (0..1000).map(|n| format!("\"k{}\":{n}", n % 900)).collect();
    let text = format!("{{{}}}", members.join(","));
    check_text(&text);
    let document = document(&text).unwrap();
    let map = document.root();
    let map = map.as_map().unwrap();
    assert_eq!(map.get("k5").map(|value| value.to_string()), Some("905".to_owned()));
    assert_eq!(map.len(), 900);
}

#[test]
fn an_infinite_number_in_a_filter() {
    check_path("{\"a\":[{\"price\":1e400}]}", "$.a[?(@.price > 1.5)]");
}
