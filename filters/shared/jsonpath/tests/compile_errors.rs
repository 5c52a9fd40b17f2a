//! What is said of a path that cannot be compiled.
//!
//! `compile-errors.txt` holds each path's error as it prints; `UPDATE=1 cargo test -p jsonpath --test compile_errors`
//! writes it anew.
#![allow(clippy::expect_used, missing_docs)]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use jsonpath::JsonPath;

const PATHS: [&str; 40] = [
    "",
    "   ",
    "$a",
    "$.a.",
    "$..",
    "$...a",
    "$.a b",
    "$. a",
    "name with blank",
    "$[",
    "$.a[]",
    "$.a[b]",
    "$['a'",
    "$['a",
    "$['a' 'b']",
    "$['a',]",
    "$[,'a']",
    "$['\\uxyz1']",
    "$[1.5]",
    "$[99999999999]",
    "$[1,]",
    "$[:]",
    "$[* 1]",
    "$[?]",
    "$[?@.a]",
    "$[?(@.a]",
    "$[?(@.a) x]",
    "$[?(1)]",
    "$[?(@.a == )]",
    "$[?(@.a foo 1)]",
    "$[?(@.a = 1)]",
    "$[?(@.a == 1-2)]",
    "$[?(@.a == 'text)]",
    "$[?(@.a == [1,)]",
    "$[?(@.a =~ /(/)]",
    "$[?(@.a =~ /a(?=b)/)]",
    "$[?((@.a)]",
    "$[?(@.größe == 1 || @.b ?? 2)]",
    "$.sum($.a",
    "$.sum($.a b)",
];

#[test]
fn errors_point_at_the_place() {
    let mut text = String::new();
    for path in PATHS {
        let error = JsonPath::compile(path).expect_err(path);
        writeln!(text, "{error}\n").expect("text");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile-errors.txt");
    if env::var_os("UPDATE").is_some() {
        fs::write(&file, &text).expect("written");
    }
    assert_eq!(text, fs::read_to_string(&file).expect("compile-errors.txt"));
}
