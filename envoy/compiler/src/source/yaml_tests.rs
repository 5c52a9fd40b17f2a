#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::super::{Role, Sources};
use super::*;

fn read(text: &str) -> Result<Node, String> {
    match parse(text, SourceId(0), 100_000) {
        Ok((node, diagnostics)) if diagnostics.is_empty() => Ok(node),
        Ok((_, diagnostics)) | Err(diagnostics) => {
            Err(diagnostics.iter().map(|item| item.message.as_str()).collect::<Vec<_>>().join("\n"))
        }
    }
}

fn json(text: &str) -> String {
    read(text).unwrap().to_json().to_string()
}

#[test]
fn scalars_follow_the_core_schema() {
    assert_eq!(json("[null, ~, true, False, yes, on, 'true']"), r#"[null,null,true,false,"yes","on","true"]"#);
    assert_eq!(
        json("[1, -2, 0x1F, 0o17, 1.5, 1e3, .5, 1_000, 1.2.3, 2024-01-01]"),
        r#"[1,-2,31,15,1.5,1000.0,0.5,"1_000","1.2.3","2024-01-01"]"#
    );
    assert_eq!(json("a: !!str 200\nb:\nc: ''"), r#"{"a":"200","b":null,"c":""}"#);
}

#[test]
fn numbers_keep_their_digits() {
    let node = read("account: 012345678901\nversion: 1.10").unwrap();
    assert!(matches!(&node.get("account").unwrap().value, Value::Number(text) if &**text == "012345678901"));
    assert!(matches!(&node.get("version").unwrap().value, Value::Number(text) if &**text == "1.10"));
}

#[test]
fn json_reads_with_tabs_escapes_and_pairs() {
    let text = "{\n\t\"a\":\t[\n\t\t1,\n\t2\n\t],\n\t\"b\": \"\\ud83d\\ude00 \\/ \\u00e9\"\n}";
    assert_eq!(json(text), r#"{"a":[1,2],"b":"😀 / é"}"#);
    let long = "k".repeat(4000);
    assert!(read(&format!("{{\"{long}\": 1}}")).is_ok());
}

#[test]
fn tags_stay_on_the_node() {
    let node =
        read("a: !Sub 'x${y}'\nb: !GetAtt [Role, Arn]\nc: {Ref: Bucket}\nd: {\"Fn::Sub\": x}\ne: !Ref B").unwrap();
    let function = |key| node.get(key).unwrap().cloudformation_function();
    assert_eq!(function("a").as_deref(), Some("Fn::Sub"));
    assert_eq!(function("b").as_deref(), Some("Fn::GetAtt"));
    assert_eq!(function("c").as_deref(), Some("Ref"));
    assert_eq!(function("d").as_deref(), Some("Fn::Sub"));
    assert_eq!(function("e").as_deref(), Some("Ref"));
    assert_eq!(read("{a: 1}").unwrap().cloudformation_function(), None);
}

#[test]
fn aliases_and_merge_keys_work() {
    assert_eq!(
        json("a: &x {b: 1, c: 2}\nd: *x\ne:\n  <<: *x\n  c: 3"),
        r#"{"a":{"b":1,"c":2},"d":{"b":1,"c":2},"e":{"c":3,"b":1}}"#
    );
    assert_eq!(json("- &x {a: 1}\n- &y {a: 2, b: 2}\n- {<<: [*x, *y]}"), r#"[{"a":1},{"a":2,"b":2},{"a":1,"b":2}]"#);
}

#[test]
fn growth_by_aliases_is_bounded() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..10 {
        let before = format!("*a{}, ", n - 1).repeat(10);
        text.push_str(&format!("a{n}: &a{n} [{}]\n", before.trim_end_matches(", ")));
    }
    assert!(read(&text).unwrap_err().contains("more than"));
    assert!(read("a: &a [*a]").is_err());
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(MAX_DEPTH)).is_ok());
    assert!(read(&nested(MAX_DEPTH + 1)).unwrap_err().contains("nested more than"));
    assert!(read(&nested(100_000)).is_err());
}

#[test]
fn what_is_no_single_document_is_refused() {
    assert_eq!(read("").unwrap_err(), "the file is empty");
    assert!(read("a: 1\n---\nb: 2").unwrap_err().contains("second document"));
    assert!(read("a: [1, 2").unwrap_err().starts_with("not valid YAML or JSON: "));
    assert_eq!(read("a: 1\nb: 2\na: 3").unwrap_err(), "the key `a` stands here twice");
    assert_eq!(read("{\"a\": {\"b\": 1, \"b\": 2}}").unwrap_err(), "the key `b` stands here twice");
    assert!(read("? [a]\n: 1").unwrap_err().contains("only plain text is accepted"));
    let many: String = (0..40).map(|n| format!("k{n}: {n}\n")).collect();
    assert!(read(&many).is_ok());
    assert_eq!(read(&format!("{many}k35: 1")).unwrap_err(), "the key `k35` stands here twice");
}

#[test]
fn places_and_paths_are_found() {
    let text = "paths:\n  /pets:\n    get:\n      tags: [é, b]\n      x.y: 1\n";
    let mut sources = Sources::default();
    let (id, diagnostics) = sources.add("t", Role::Definition, text.as_bytes().to_vec());
    assert!(diagnostics.is_empty());
    let document = sources.document(id).unwrap();
    let get = document.target("#/paths/~1pets/get").unwrap();
    let tag = &get.get("tags").unwrap().as_list().unwrap()[1];
    let position = document.position(tag.span);
    assert_eq!((position.line, position.column), (4, 17));
    assert_eq!(document.path_at(tag.span).to_string(), "paths./pets.get.tags[1]");
    let key = get.as_map().unwrap().entry("x.y").unwrap().key.span;
    assert_eq!(document.path_at(key).to_string(), r#"paths./pets.get["x.y"]"#);
    assert_eq!(document.path_at(get.span).to_string(), "paths./pets.get");
    assert!(document.path_at(document.root().unwrap().span).is_root());
}

#[test]
fn references_are_followed_inside_the_document() {
    let text = "a: {$ref: '#/b/c%20d'}\nb: {'c d': {$ref: '#/e~1f/0'}}\ne/f: [{x: 1}]\ng: {$ref: '#/g'}\nh: {$ref: 'other.yaml#/a'}\ni: {$ref: '#/none'}\nj: {$ref: '#/k'}\nk: {$ref: '#/j'}";
    let mut sources = Sources::default();
    let (id, _) = sources.add("t", Role::Definition, text.as_bytes().to_vec());
    let document = sources.document(id).unwrap();
    let follow = |key: &str| document.follow(document.root().unwrap().get(key).unwrap());
    assert_eq!(follow("a").unwrap().to_json().to_string(), r#"{"x":1}"#);
    assert!(follow("g").unwrap_err().to_string().contains("back to itself"));
    assert!(follow("j").unwrap_err().to_string().contains("back to itself"));
    assert!(follow("h").unwrap_err().to_string().contains("leaves the document"));
    assert!(follow("i").unwrap_err().to_string().contains("leads to nothing"));
}

#[test]
fn files_that_are_too_large_or_no_text_are_refused() {
    let mut sources = Sources::default();
    let large = vec![b' '; super::super::MAX_DEFINITION_BYTES + 1];
    let (id, diagnostics) = sources.add("large", Role::Definition, large);
    assert!(diagnostics[0].message.contains("at most 6291456"));
    assert!(sources.document(id).unwrap().root().is_none());
    let (id, diagnostics) = sources.add("binary", Role::Definition, b"a: 1\nb: \xff".to_vec());
    assert_eq!(sources.document(id).unwrap().position(diagnostics[0].span).line, 2);
    let (_, diagnostics) = sources.add("bom", Role::Definition, "\u{feff}openapi: 3.0.1".as_bytes().to_vec());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
}
