//! Recorded definitions and imports against the reader.
//!
//! The data is the folder `$CONFORMANCE_DIR` (`../shared/conformance` beside the repository where unset). Where it is
//! missing nothing is run and the output says so; the package's own tests cover the same ground by hand.
//! Known differences are in `known-differences.json`: a listed case that starts to pass fails the run.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, clippy::string_slice)]

mod definitions;
mod import;
mod routing;
mod websocket;

use std::collections::BTreeMap;
use std::path::PathBuf;

use apigw::source::{Role, SourceId, Sources};
use serde_json::Value;

/// The folder with the data, when it is there.
fn data() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = match std::env::var_os("CONFORMANCE_DIR") {
        Some(folder) => root.join(folder),
        None => root.join("../shared/conformance"),
    };
    if !folder.is_dir() {
        println!("conformance: {} is missing, nothing is run", folder.display());
        return None;
    }
    Some(folder)
}

fn json(path: PathBuf) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn json_lines(path: PathBuf) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A document in memory.
fn document(name: &str, bytes: Vec<u8>) -> (Sources, SourceId) {
    let mut sources = Sources::default();
    let (id, diagnostics) = sources.add(name, Role::Definition, bytes);
    assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
    (sources, id)
}

/// Outcomes of an area.
struct Area {
    name: &'static str,
    known: BTreeMap<String, String>,
    passed: usize,
    known_differences: usize,
    failures: Vec<String>,
    not_run: BTreeMap<String, usize>,
}

impl Area {
    fn new(name: &'static str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/known-differences.json");
        let known: BTreeMap<String, BTreeMap<String, String>> =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let known = known.get(name).cloned().unwrap_or_default();
        Self { name, known, passed: 0, known_differences: 0, failures: Vec::new(), not_run: BTreeMap::new() }
    }

    fn result(&mut self, id: &str, outcome: Result<(), String>) {
        match (outcome, self.known.remove(id)) {
            (Ok(()), None) => self.passed += 1,
            (Err(_), Some(_)) => self.known_differences += 1,
            (Err(reason), None) => self.failures.push(format!("{id}: {reason}")),
            (Ok(()), Some(_)) => self.failures.push(format!("{id}: is listed as a known difference and passes")),
        }
    }

    fn not_run(&mut self, reason: &str) {
        *self.not_run.entry(reason.to_owned()).or_default() += 1;
    }

    fn finish(mut self) {
        let unused = self.known.keys().map(|id| format!("{id}: is listed as a known difference and does not exist"));
        self.failures.extend(unused);
        let not_run: usize = self.not_run.values().sum();
        for (reason, count) in &self.not_run {
            println!("conformance {}: {count} not run: {reason}", self.name);
        }
        println!(
            "conformance {}: {} passed, {} failed, {} known differences, {not_run} not run",
            self.name,
            self.passed,
            self.failures.len(),
            self.known_differences
        );
        assert!(self.failures.is_empty(), "{}:\n{}", self.name, self.failures.join("\n"));
    }
}
