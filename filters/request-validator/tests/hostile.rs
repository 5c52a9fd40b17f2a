//! Big and hostile bodies: each has an answer, in time that grows with the body and no faster.
//!
//! None of these asserts a time: what would not end in seconds would not end in hours.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;

use request_validator::{Body, Models, Verdict};
use serde_json::{Value, json};

/// How many values a big body has: as many as 10 MB hold, or fewer where the build is slow.
const MANY: usize = if cfg!(debug_assertions) { 300_000 } else { 5_000_000 };

/// Whether a body fits; `None` where it is no JSON to begin with.
fn fits(schema: &Value, body: &str) -> Option<bool> {
    let models = BTreeMap::from([("M".to_owned(), schema.clone())]);
    let models = Models::compile("api1", &models, ["M"].into_iter()).unwrap();
    let body = Body::read(body.as_bytes())?;
    match models.get("M").unwrap().check(&body) {
        Verdict::Valid => Some(true),
        Verdict::Invalid(list) => {
            assert!(list.len() < 20_000, "{} bytes of explanation", list.len());
            Some(false)
        }
        Verdict::Endless => panic!("endless"),
    }
}

fn nested(levels: usize, open: &str, inside: &str, close: &str) -> String {
    format!("{}{inside}{}", open.repeat(levels), close.repeat(levels))
}

/// Runs on a stack as small as a module's.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    // Builds without optimisation take several times the stack that a module does.
    let size = if cfg!(debug_assertions) { 8 << 20 } else { 1 << 20 };
    std::thread::Builder::new().stack_size(size).spawn(test).unwrap().join().unwrap();
}

#[test]
fn depth() {
    on_a_small_stack(|| {
        let list = json!({"type": "array", "items": {"$ref": "#"}});
        assert_eq!(fits(&list, &nested(1000, "[", "", "]")), Some(true));
        assert_eq!(fits(&list, &nested(1001, "[", "", "]")), None);
        assert_eq!(fits(&list, &nested(10_000, "[", "", "]")), None);
        assert_eq!(fits(&list, &"[".repeat(5_000_000)), None);
        assert_eq!(fits(&list, &nested(999, "[", "1", "]")), Some(false));
        let tree = json!({"type": "object", "properties": {"a": {"$ref": "#"}}, "additionalProperties": false});
        assert_eq!(fits(&tree, &nested(999, "{\"a\":", "{}", "}")), Some(true));
        assert_eq!(fits(&tree, &nested(1000, "{\"a\":", "{\"b\":1}", "}")), None);
        assert_eq!(fits(&tree, &nested(998, "{\"a\":", "{\"b\":1}", "}")), Some(false));
    });
}

#[test]
fn alternatives_that_double_with_each_level() {
    on_a_small_stack(|| {
        let part = |more: Value| json!({"type": "object", "properties": {"a": {"$ref": "#"}}, "dependencies": more});
        let schema = json!({"oneOf": [part(json!({})), part(json!({"x": ["y"]})), {"type": "string"}]});
        assert_eq!(fits(&schema, &nested(900, "{\"a\":", "1", "}")), Some(false));
        let schema = json!({"anyOf": [part(json!({})), part(json!({"x": ["y"]}))]});
        assert_eq!(fits(&schema, &nested(900, "{\"a\":", "1", "}")), Some(false));
        assert_eq!(fits(&schema, &nested(900, "{\"a\":", "{}", "}")), Some(true));
    });
}

#[test]
fn a_body_of_numbers() {
    let body = format!("[{}0]", "0,".repeat(MANY - 1));
    assert_eq!(fits(&json!({"items": {"type": "integer"}}), &body), Some(true));
    assert_eq!(fits(&json!({"items": {"type": "string"}}), &body), Some(false));
    assert_eq!(fits(&json!({"uniqueItems": true}), &body), Some(false));
    assert_eq!(fits(&json!({"maxItems": 10}), &body), Some(false));
}

#[test]
fn many_different_values() {
    let numbers: Vec<String> = (0..MANY / 5).map(|n| n.to_string()).collect();
    let body = format!("[{}]", numbers.join(","));
    assert_eq!(fits(&json!({"uniqueItems": true}), &body), Some(true));
    // Uniqueness at each of many levels.
    let body = nested(900, "[0,", &body, "]");
    assert_eq!(
        fits(&json!({"type": ["array", "integer"], "uniqueItems": true, "items": {"$ref": "#"}}), &body),
        Some(true)
    );
}

#[test]
fn a_huge_enum() {
    let values: Vec<Value> = (0..2_000).map(|n| if n % 2 == 0 { json!(n) } else { json!([n]) }).collect();
    let numbers: Vec<String> = (0..MANY / 5).map(|n| (n % 1_000 * 2).to_string()).collect();
    let schema = json!({"items": {"enum": values}});
    assert_eq!(fits(&schema, &format!("[{}]", numbers.join(","))), Some(true));
    assert_eq!(fits(&schema, &format!("[{},-1]", numbers.join(","))), Some(false));
}

#[test]
fn many_members() {
    let members: Vec<String> = (0..MANY / 10).map(|n| format!("\"k{n}\":{n}")).collect();
    let body = format!("{{{}}}", members.join(","));
    let required: Vec<String> = (0..50).map(|n| format!("k{n}")).collect();
    assert_eq!(fits(&json!({"required": required, "additionalProperties": {"type": "integer"}}), &body), Some(true));
    assert_eq!(fits(&json!({"additionalProperties": false}), &body), Some(false));
    let repeated = format!("{{{}\"a\":1}}", "\"a\":\"x\",".repeat(MANY / 5));
    assert_eq!(fits(&json!({"properties": {"a": {"type": "integer"}}, "maxProperties": 1}), &repeated), Some(true));
}

#[test]
fn patterns_take_linear_time() {
    let text = |length: usize, end: &str| format!("\"{}{end}\"", "a".repeat(length));
    assert_eq!(fits(&json!({"pattern": "^(a+)+$"}), &text(1_000_000, "b")), Some(false));
    assert_eq!(fits(&json!({"pattern": "^(a|a)*$"}), &text(1_000_000, "b")), Some(false));
    assert_eq!(fits(&json!({"pattern": "(a*)*b$"}), &text(100_000, "b")), Some(true));
}

#[test]
fn numbers_at_the_limits() {
    let schema = json!({"type": "number", "minimum": -1e308, "maximum": 1e308});
    assert_eq!(fits(&schema, "1e308"), Some(true));
    assert_eq!(fits(&schema, "-1e308"), Some(true));
    assert_eq!(fits(&schema, "1e309"), Some(false));
    assert_eq!(fits(&schema, "-1e309"), Some(false));
    assert_eq!(fits(&schema, "1e-400"), Some(true));
    assert_eq!(fits(&json!({"type": "integer", "multipleOf": 3}), &"3".repeat(100_000)), Some(true));
    assert_eq!(fits(&json!({"maximum": u64::MAX}), "18446744073709551615"), Some(true));
    assert_eq!(fits(&json!({"minimum": i64::MIN}), "-9223372036854775808"), Some(true));
}
