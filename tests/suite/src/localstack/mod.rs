//! The cases of `localstack-apigateway`: APIs as the service stores them, requests, and recorded answers.
//!
//! An API becomes an OpenAPI document; cases of one API and stage share a gateway. Where none starts, they have failed.

mod backends;
mod convert;
mod differ;
mod received;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use backends::Backends;
use serde_json::{Value, json};

use crate::base64;
use crate::client::Request;
use crate::level::{Gateway, Level, NotStarted};
use crate::paths;
use crate::progress::Progress;
use crate::tally::{Outcome, Tally};

/// Gateways that run at the same time.
const PARALLEL: usize = 2;
const SUITE: &str = "localstack-apigateway";
/// Headers of python-requests, which sent the recorded requests to the API's own host.
const CLIENT_HEADERS: [(&str, &str); 5] = [
    ("Host", "api1.execute-api.us-east-1.amazonaws.com"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Connection", "keep-alive"),
    ("User-Agent", "python-requests/2.32.3"),
];

/// Runs all cases that can be run on a level; `$CASES` is a part of the ids of those that are meant.
pub fn run(level: &dyn Level) -> Tally {
    let Some(folder) = paths::conformance(SUITE) else {
        eprintln!("there is no {SUITE} in the conformance folder: the repo's own cases stand alone");
        return Tally::default();
    };
    let known = known_differences();
    let only = std::env::var("CASES").unwrap_or_default();
    let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for case in lines(&folder.join("runtime.jsonl")) {
        if !text(&case["id"]).contains(&only) {
            continue;
        }
        let shared: Vec<&Value> = ["api", "stage", "backend", "usagePlans", "apiKeys", "usagePlanKeys"]
            .iter()
            .map(|member| &case["given"][member])
            .collect();
        groups.entry(json!(shared).to_string()).or_default().push(case);
    }
    let progress = Progress::new(&format!("{SUITE}-{}", level.name()), groups.len());
    let queue = Mutex::new(groups.into_values());
    let state = Mutex::new((Tally::default(), progress));
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| {
                loop {
                    let Some(cases) = queue.lock().expect("no run has died").next() else { return };
                    let outcomes = run_group(&cases, level);
                    let (tally, progress) = &mut *state.lock().expect("no run has died");
                    for (case, outcome) in cases.iter().zip(outcomes) {
                        let id = text(&case["id"]);
                        let outcome = match (outcome, known.get(id)) {
                            (Outcome::Failed(_), Some(_)) => Outcome::KnownDifference,
                            (Outcome::Passed, Some(_)) => {
                                Outcome::Failed("is listed as a known difference, and passes".to_owned())
                            }
                            (outcome, _) => outcome,
                        };
                        let area = format!("{SUITE}-{}/{}", level.name(), text(&case["area"]));
                        tally.add(&area, id, outcome);
                    }
                    progress.done(text(&cases[0]["area"]), tally);
                }
            });
        }
    });
    state.into_inner().expect("no run has died").0
}

/// Ids of cases that differ, with the reasons.
fn known_differences() -> BTreeMap<String, String> {
    let path = paths::own_cases().join("known-differences.yaml");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line:.80}: {error}"));
    text.lines().filter(|line| !line.trim().is_empty()).map(parse).collect()
}

/// Runs cases of one API. Gives an outcome for each.
fn run_group(cases: &[Value], level: &dyn Level) -> Vec<Outcome> {
    let all = |outcome: &Outcome| cases.iter().map(|_| outcome.clone()).collect();
    let not_run = |reason: String| all(&Outcome::NotRun(reason));
    let given = &cases[0]["given"];
    if given["request"]["kind"] == "test-invoke" {
        return not_run("TestInvokeMethod is a call of the control plane".to_owned());
    }
    let import = text(&given["api"]["import_parameters"]["basepath"]);
    let options = match import {
        "" => Vec::new(),
        mode => vec!["--import-base-path".to_owned(), mode.to_owned()],
    };
    let mut number = 0;
    let backends = Backends::start(&given["backend"], |behaviour| {
        number += 1;
        level.backend(behaviour, number)
    });
    let definition = match convert::definition(&given["api"]) {
        Ok(definition) => definition,
        Err(reason) => return not_run(reason),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let canary = match convert::canary(given) {
        Ok(canary) => canary.map(|definition| {
            let path = folder.path().join("canary.json");
            std::fs::write(&path, definition.to_string()).expect("a file");
            path
        }),
        Err(reason) => return not_run(reason),
    };
    let settings = convert::settings(given, backends.endpoints(), canary.as_deref());
    let mut gateway = match level.start(
        &definition.to_string(),
        &settings.to_string(),
        &options,
        &backends.all().collect::<Vec<_>>(),
    ) {
        Ok(gateway) => gateway,
        Err(NotStarted::Unsupported(what)) => return not_run(format!("without Envoy: {what}")),
        Err(NotStarted::Refused(report)) => return all(&Outcome::Failed(report)),
    };
    cases.iter().map(|case| run_case(case, &mut *gateway, &backends)).collect()
}

fn run_case(case: &Value, gateway: &mut dyn Gateway, backends: &Backends) -> Outcome {
    backends.prepare(&case["given"]["integration_response"]);
    let request = request(&case["given"]["request"]);
    let response = match gateway.send(&request) {
        Ok(response) => response,
        Err(error) => return Outcome::Failed(error),
    };
    let mut differences = differ::differences(case, &response);
    differences.extend(received::differences(case, &backends.take_received()));
    differences.extend(gateway.problems());
    if differences.is_empty() { Outcome::Passed } else { Outcome::Failed(differences.join("\n")) }
}

fn request(given: &Value) -> Request {
    let method = text(&given["method"]);
    let mut target = text(&given["path"]).to_owned();
    if let Some(query) = given["query"].as_str().filter(|query| !query.is_empty()) {
        target = format!("{target}?{query}");
    }
    let mut request = Request::new(method, &target);
    for (name, value) in given["headers"].as_object().into_iter().flatten() {
        let values: Vec<&str> = match value {
            Value::Array(values) => values.iter().map(text).collect(),
            value => vec![text(value)],
        };
        for value in values {
            request = request.header(name, value);
        }
    }
    for (name, value) in CLIENT_HEADERS {
        if !request.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            request = request.header(name, value);
        }
    }
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
    request.body = match &given["body"] {
        Value::String(body) => Some(body.clone().into_bytes()),
        Value::Object(body) => Some(base64::decode(body.get("$base64").map(text).unwrap_or_default())),
        _ if matches!(method, "POST" | "PUT" | "PATCH") => Some(Vec::new()),
        _ => None,
    };
    // The client's library sent the end of a body that it had announced so.
    if request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding")) {
        request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("transfer-encoding"));
        request.chunked = true;
        request.body.get_or_insert_default();
    }
    request
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
