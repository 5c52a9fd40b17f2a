//! Recorded results of Jayway JsonPath, and the cases of this package.
//!
//! `$CONFORMANCE_DIR` (`../shared/conformance` beside the repository where unset) holds the recordings in `jsonpath/`.
//! Without that folder only the package's own cases run. `known-differences.json` lists the recorded cases that give
//! something else here, each with its reason; one that starts to agree fails the run until it leaves the list.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

use jsonpath::json::{self, Style};
use jsonpath::{JsonPath, NoResult};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    id: String,
    selector: String,
    document: String,
    definite: Option<bool>,
    expect: Option<Outcome>,
    expect_by_version: Option<BTreeMap<String, Outcome>>,
}

/// What a path gives: JSON text, or the class of an error as the recordings name them.
#[derive(Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Result(String),
    Error(String),
}

impl Outcome {
    fn is_result(&self) -> bool {
        matches!(self, Outcome::Result(_))
    }

    /// Printed by this package's own serialiser, so that only values, their order and their numbers count.
    fn normalised(&self) -> Outcome {
        match self {
            Outcome::Result(text) => {
                let value = json::parse(text).unwrap_or_else(|error| panic!("recorded result {text}: {error}"));
                Outcome::Result(value.to_text(Style::Compact))
            }
            Outcome::Error(class) if class.starts_with("OTHER:") => Outcome::Error("OTHER".to_owned()),
            other => other.clone(),
        }
    }
}

impl Case {
    /// `definite` is the latest version's, so it counts only where all versions agree.
    fn versions_agree(&self) -> bool {
        self.expect.is_some()
    }

    /// What 2.4.0 gives; where it refuses the path and 2.10.0 answers, what 2.10.0 gives.
    fn expected(&self) -> Outcome {
        if let Some(outcome) = &self.expect {
            return outcome.normalised();
        }
        let versions = self.expect_by_version.as_ref().unwrap_or_else(|| panic!("{}: nothing expected", self.id));
        let (recorded, later) = (&versions["2.4.0"], &versions["2.10.0"]);
        if !recorded.is_result() && later.is_result() { later.normalised() } else { recorded.normalised() }
    }
}

fn run(selector: &str, document: &str) -> (Outcome, Option<bool>) {
    let error = |class: &str| Outcome::Error(class.to_owned());
    let Ok(document) = json::parse(document) else { return (error("INVALID_JSON"), None) };
    let Ok(path) = JsonPath::compile(selector) else { return (error("INVALID_PATH"), None) };
    let outcome = match path.evaluate(&document) {
        Ok(found) => {
            let mut text = String::new();
            found.write(Style::Compact, usize::MAX, &mut text).expect("no limit");
            Outcome::Result(text)
        }
        Err(NoResult::NotFound) => error("PATH_NOT_FOUND"),
        Err(NoResult::Invalid) => error("INVALID_PATH"),
        Err(NoResult::Failed | NoResult::TooMuch) => error("OTHER"),
    };
    (outcome, Some(path.is_definite()))
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn recordings() -> Option<PathBuf> {
    let folder = match env::var_os("CONFORMANCE_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => package().join("../../../../shared/conformance"),
    };
    let folder = folder.join("jsonpath");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("no recordings at {}: only the package's own cases run", folder.display());
    None
}

fn cases(file: &Path) -> Vec<Case> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

#[derive(Deserialize)]
struct Difference {
    id: String,
    reason: String,
}

fn known_differences() -> BTreeMap<String, String> {
    let text = fs::read_to_string(package().join("tests/known-differences.json")).expect("known differences");
    let list: Vec<Difference> = serde_json::from_str(&text).expect("known differences");
    list.into_iter().map(|difference| (difference.id, difference.reason)).collect()
}

#[test]
fn own_cases() {
    let mut files: Vec<_> = fs::read_dir(package().join("tests/cases"))
        .expect("cases")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    files.sort();
    let mut problems = Vec::new();
    let mut passed = 0;
    for case in files.iter().flat_map(|file| cases(file)) {
        let (outcome, _) = run(&case.selector, &case.document);
        let expected = case.expect.expect("expected");
        if outcome == expected {
            passed += 1;
        } else {
            problems.push(format!(
                "{}: {}\n  on {}\n  expected {expected:?}\n  got      {outcome:?}",
                case.id, case.selector, case.document
            ));
        }
    }
    println!(
        "conformance jsonpath/own-cases: {passed} passed, {} failed, 0 known differences, 0 not run",
        problems.len()
    );
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// RFC 9535's suite: a measure of how far Jayway's dialect is from it, and that none of its paths is too much.
#[test]
fn agreement_with_rfc_9535() {
    #[derive(Deserialize)]
    struct Suite {
        tests: Vec<Test>,
    }
    #[derive(Deserialize)]
    struct Test {
        selector: String,
        #[serde(default)]
        document: serde_json::Value,
        result: Option<serde_json::Value>,
        results: Option<Vec<serde_json::Value>>,
    }
    let Some(folder) = recordings() else { return };
    let text = fs::read_to_string(folder.join("cts.json")).expect("cts.json");
    let suite: Suite = serde_json::from_str(&text).expect("cts.json");
    let (mut agree, mut differ) = (0, 0);
    for test in suite.tests {
        let (outcome, definite) = run(&test.selector, &test.document.to_string());
        // There a path gives a list in any case.
        let nodes = match outcome {
            Outcome::Result(text) if definite == Some(true) => Some(format!("[{text}]")),
            Outcome::Result(text) => Some(text),
            Outcome::Error(class) if class == "PATH_NOT_FOUND" => Some("[]".to_owned()),
            Outcome::Error(_) => None,
        };
        let accepted: Vec<_> = test.result.into_iter().chain(test.results.into_iter().flatten()).collect();
        let same = match &nodes {
            Some(text) => accepted
                .iter()
                .any(|value| Outcome::Result(value.to_string()).normalised() == Outcome::Result(text.clone())),
            None => accepted.is_empty(),
        };
        *(if same { &mut agree } else { &mut differ }) += 1;
    }
    println!("RFC 9535's suite, for reference: {agree} agree, {differ} differ");
    assert!(agree > 0);
}

#[test]
fn recorded_results() {
    let Some(folder) = recordings() else { return };
    let known = known_differences();
    let mut problems = Vec::new();
    let mut met = BTreeSet::new();
    for area in ["jayway-comparison", "jayway-own"] {
        let (mut passed, mut failed, mut different) = (0, 0, 0);
        for case in cases(&folder.join(format!("{area}.jsonl"))) {
            let (outcome, definite) = run(&case.selector, &case.document);
            let expected = case.expected();
            let agrees =
                outcome == expected && (!case.versions_agree() || definite.is_none() || definite == case.definite);
            match (agrees, known.contains_key(&case.id)) {
                (true, false) => passed += 1,
                (false, true) => different += 1,
                (true, true) => {
                    failed += 1;
                    problems.push(format!("{} agrees now: take it off the list", case.id));
                }
                (false, false) => {
                    failed += 1;
                    problems.push(format!(
                        "{}: {}\n  on {}\n  expected {expected:?}, definite {:?}\n  got      {outcome:?}, definite {definite:?}",
                        case.id, case.selector, case.document, case.definite
                    ));
                }
            }
            met.insert(case.id);
        }
        println!(
            "conformance jsonpath/{area}: {passed} passed, {failed} failed, {different} known differences, 0 not run"
        );
    }
    problems.extend(known.keys().filter(|id| !met.contains(*id)).map(|id| format!("{id} is listed but not recorded")));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
