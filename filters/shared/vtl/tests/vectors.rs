//! The cases of the specification, and this package's own. What they expect was rendered by Velocity 1.7 with API
//! Gateway's changes; the variables of the own cases are in `cases/context.json`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use serde_json::{Value as Json, json};
use support::{PLAIN, compare, conformance_dir, known_differences, own, render, rows};

fn check(mut cases: Vec<Json>, context: &Json, name: &str) {
    let known = known_differences();
    let mut failures = Vec::new();
    for case in &mut cases {
        case["context"] = context.clone();
        let expect = if case["error"] == true { json!({"error": "any"}) } else { json!({"output": case["output"]}) };
        let is_known = known.contains_key(case["name"].as_str().unwrap());
        match (compare(case, &expect, &render(case, PLAIN, false)), is_known) {
            (Ok(()), false) | (Err(_), true) => {}
            (Ok(()), true) => failures.push(format!("{}: is a known difference, but passes", case["name"])),
            (Err(why), false) => failures.push(format!("{}: {} {why}", case["name"], case["template"])),
        }
    }
    println!("{name}: {} cases, {} failed", cases.len(), failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn specification() {
    let Some(dir) = conformance_dir() else { return };
    let file = dir.join("../spec/vectors/vtl.jsonl");
    if file.is_file() {
        let context = json!({"context": {"stage": "prod"}, "stageVariables": {"v": "val"}});
        check(rows(&file), &context, "specification vectors");
    }
}

#[test]
fn own_cases() {
    let context = std::fs::read_to_string(own("cases/context.json")).unwrap();
    let context = serde_json::from_str(&context).unwrap();
    for entry in std::fs::read_dir(own("cases")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            check(rows(&path), &context, &path.file_name().unwrap().to_string_lossy());
        }
    }
}
