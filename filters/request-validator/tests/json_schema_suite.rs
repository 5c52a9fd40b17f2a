//! JSON-Schema-Test-Suite, draft 4.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use request_validator::{Body, Models, Verdict};
use serde_json::Value;

/// What API Gateway's models do not have: file, schema, test (empty for all), and the reason.
///
/// A schema with such a reference is refused when the configuration is read.
#[rustfmt::skip]
const EXCEPTIONS: &[(&str, &str, &str, &str)] = &[
    ("definitions.json", "validate definition against metaschema", "", REMOTE),
    ("ref.json", "remote ref, containing refs itself", "", REMOTE),
    ("ref.json", "$ref prevents a sibling id from changing the base uri", "", ID),
    ("ref.json", "Recursive references between schemas", "", ID),
    ("ref.json", "Location-independent identifier", "", ID),
    ("ref.json", "Location-independent identifier with base URI change in subschema", "", ID),
    ("ref.json", "id must be resolved against nearest parent, not just immediate parent", "", ID),
    ("refRemote.json", "remote ref", "", REMOTE),
    ("refRemote.json", "fragment within remote ref", "", REMOTE),
    ("refRemote.json", "ref within remote ref", "", REMOTE),
    ("refRemote.json", "base URI change", "", REMOTE),
    ("refRemote.json", "base URI change - change folder", "", REMOTE),
    ("refRemote.json", "base URI change - change folder in subschema", "", REMOTE),
    ("refRemote.json", "root ref in remote ref", "", REMOTE),
    ("refRemote.json", "Location-independent identifier in remote ref", "", REMOTE),
    ("id.json", "id inside an enum is not a real identifier", "", ID),
    ("zeroTerminatedFloats.json", "some languages do not distinguish between different types of numeric value", "", "models take 1.0 for an integer"),
];
const REMOTE: &str = "a reference names a model of the same API, nothing is fetched";
const ID: &str = "a reference names a place in the schema or a model, not an `id`";

fn folder() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let folder = std::env::var_os("CONFORMANCE_DIR").map_or(default, PathBuf::from).join("json-schema/tests");
    folder.is_dir().then_some(folder)
}

struct Counts {
    passed: usize,
    excepted: usize,
    failed: Vec<String>,
}

fn run(folder: &Path, counts: &mut Counts) {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.is_file()) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let groups: Vec<Value> = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        for group in &groups {
            let description = group["description"].as_str().unwrap();
            let models = BTreeMap::from([("Model".to_owned(), group["schema"].clone())]);
            let models = Models::compile("api", &models, ["Model"].into_iter());
            for test in group["tests"].as_array().unwrap() {
                let case = test["description"].as_str().unwrap();
                let is_excepted = EXCEPTIONS.iter().any(|(file, of, which, _)| {
                    *file == name && *of == description && (which.is_empty() || *which == case)
                });
                let expected = test["valid"].as_bool().unwrap();
                let found = models.as_ref().map_err(|problems| problems[0].to_string()).map(|models| {
                    let body = Body::read(test["data"].to_string().as_bytes()).unwrap();
                    models.get("Model").unwrap().check(&body)
                });
                let passed = found.as_ref().is_ok_and(|verdict| (*verdict == Verdict::Valid) == expected);
                match (passed, is_excepted) {
                    (true, false) => counts.passed += 1,
                    (false, true) => counts.excepted += 1,
                    (true, true) => {
                        counts.failed.push(format!("{name}: {description}: {case}: passes, and is excepted"))
                    }
                    (false, false) => {
                        counts.failed.push(format!("{name}: {description}: {case}: {found:?}, expected {expected}"));
                    }
                }
            }
        }
    }
}

fn check(below: &str) {
    let Some(folder) = folder() else {
        println!("conformance json-schema: folder not found, not run");
        return;
    };
    let mut counts = Counts { passed: 0, excepted: 0, failed: Vec::new() };
    run(&folder.join(below), &mut counts);
    println!(
        "conformance json-schema/{below}: {} passed, {} failed, {} known differences, 0 not run",
        counts.passed,
        counts.failed.len(),
        counts.excepted
    );
    assert!(counts.failed.is_empty(), "{} failed:\n{}", counts.failed.len(), counts.failed.join("\n"));
}

#[test]
fn required() {
    check("draft4");
}

#[test]
fn optional() {
    check("draft4/optional");
}

#[test]
fn formats() {
    check("draft4/optional/format");
}
