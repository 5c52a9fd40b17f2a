//! The recorded Velocity cases: API Gateway's own answers, and those of the engine that it is modelled on.
//!
//! `expect_apigw` of a case is what API Gateway is modelled to print; `aws-recorded` and `apigw-input` are that
//! already. A case in `known-differences.jsonl` must fail.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use std::collections::BTreeMap;

use support::{PARSED, PLAIN, compare, conformance_dir, known_differences, render, rows};

#[derive(Default)]
struct Area {
    passed: usize,
    failed: Vec<String>,
    known: usize,
    not_run: usize,
}

#[test]
fn velocity() {
    let known = known_differences();
    let Some(dir) = conformance_dir() else {
        println!("no conformance folder: only the cases of this repository are run");
        return;
    };
    let mut areas: BTreeMap<String, Area> = BTreeMap::new();
    for file in ["aws-recorded", "apigw-input", "engine-tests", "airspeed", "velocityjs", "generated"] {
        for case in rows(&dir.join("velocity").join(file).with_extension("jsonl")) {
            let id = case["id"].as_str().unwrap();
            let area = areas.entry(case["area"].as_str().unwrap().to_owned()).or_default();
            let apigw = matches!(file, "aws-recorded" | "apigw-input");
            let expect = if apigw { &case["expect"] } else { &case["expect_apigw"] };
            if expect.is_null() {
                // A template with macros, which API Gateway does not have.
                area.not_run += 1;
                continue;
            }
            let kinds = if file == "aws-recorded" { PARSED } else { PLAIN };
            let result = render(&case, kinds, file == "apigw-input");
            match (compare(&case, expect, &result), known.get(id)) {
                (Ok(()), None) => area.passed += 1,
                (Err(_), Some(_)) => area.known += 1,
                (Ok(()), Some(_)) => area.failed.push(format!("{id}: is in known-differences.jsonl, but passes")),
                (Err(why), None) => area.failed.push(format!("{id}: {} {why}", case["template"])),
            }
        }
    }
    let mut failures = Vec::new();
    for (name, area) in areas {
        let Area { passed, failed, known, not_run } = area;
        let count = failed.len();
        println!(
            "conformance velocity/{name}: {passed} passed, {count} failed, {known} known differences, {not_run} not run"
        );
        failures.extend(failed);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
