//! `apigw render`, the command itself: one template, its errors and its trace, and all recorded cases at once.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value as Json, json};

/// Files of recorded cases. The last two are what API Gateway itself answers, and always were.
const FILES: [&str; 6] = ["engine-tests", "airspeed", "velocityjs", "generated", "aws-recorded", "apigw-input"];
const APIGW: [&str; 2] = ["aws-recorded", "apigw-input"];

fn apigw(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_apigw")).arg("render").args(arguments).env("NO_COLOR", "1").output().unwrap()
}

/// Renders `template`, in a file of its own, with a request: standard output, standard error, whether it succeeded.
fn render(template: &str, request: &Json, more: &[&str]) -> (String, String, bool) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (template, input) = (file("t.vtl", template), file("request.json", &request.to_string()));
    let output = apigw(&[&[&*template, "--input", &*input], more].concat());
    let place = format!("{}/", folder.path().display());
    let stderr = String::from_utf8(output.stderr).unwrap().replace(&place, "");
    (String::from_utf8(output.stdout).unwrap(), stderr, output.status.success())
}

#[test]
fn the_output_is_the_rendered_bytes() {
    let request = json!({
        "body": "{\"a\": 1}",
        "params": {"path": {"id": "7"}, "querystring": {"q": "x"}, "header": {"X-Test": "h"}},
        "context": {"context": {"stage": "prod", "identity": {"sourceIp": "::1"}}, "stageVariables": {"v": "w"}, "mine": [1, 2.5]},
    });
    let template = "$input.json('$.a') $input.params('id')$input.params('q')$input.params('x-test') \
                    $context.stage$context.identity$context.identity.sourceIp $stageVariables.v $mine \u{e9}";
    assert_eq!(render(template, &request, &[]), ("1 7xh prod::1 w [1, 2.5] \u{e9}".to_owned(), String::new(), true));
}

#[test]
fn without_a_request_the_payload_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("t.vtl");
    std::fs::write(&template, "$input.json('$')|$context.stage|").unwrap();
    let output = apigw(&[template.to_str().unwrap()]);
    assert_eq!((&*output.stdout, output.status.success()), (&b"{}||"[..], true));
}

#[test]
fn a_template_that_does_not_compile_is_pointed_at() {
    let (stdout, stderr, success) = render("{\n\t#set($x = )\n}", &json!({}), &[]);
    assert_eq!((&*stdout, success), ("", false));
    let lines: Vec<&str> = stderr.lines().collect();
    assert!(lines[0].starts_with("t.vtl:2:12: error: expected an expression"), "{stderr}");
    assert_eq!(lines[1..], ["    2 |  #set($x = )", "      |            ^"]);
}

#[test]
fn a_rendering_that_fails_is_pointed_at() {
    let (stdout, stderr, success) =
        render("{\"code\":\n  \"$input.body.substring(9)\"}", &json!({"body": "abcd"}), &[]);
    assert_eq!((&*stdout, success), ("", false));
    let lines: Vec<&str> = stderr.lines().collect();
    assert!(lines[0].starts_with("t.vtl:2:") && lines[0].contains("error: `substring` failed"), "{stderr}");
    assert_eq!(lines[1], "    2 |   \"$input.body.substring(9)\"}");
    assert_eq!(lines[2].trim(), "|                ^".trim(), "{stderr}");
}

#[test]
fn a_trace_says_what_each_reference_gave() {
    let template = "#set($n = $input.path('$.n'))\n#if($nope == '')$n.size()#end";
    let (stdout, stderr, success) = render(template, &json!({"body": "{\"n\":[1,\"a\"]}"}), &["--trace"]);
    assert_eq!((&*stdout, success), ("2", true));
    let expected =
        ["t.vtl:1:11: $input.path('$.n') = [1,\"a\"]", "t.vtl:2:5: $nope = \"\"", "t.vtl:2:17: $n.size() = 2"];
    assert_eq!(stderr.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_request_file_that_is_wrong_is_an_error() {
    for (request, expected) in [
        (json!({"body": {"a": 1}}), "request.json: `body` is the payload as a text"),
        (json!({"params": []}), "request.json: `params` is no object"),
        (json!([]), "request.json: expected an object"),
    ] {
        let (_, stderr, success) = render("x", &request, &[]);
        assert!(!success && stderr.contains(expected), "{request}: {stderr}");
    }
    let (stdout, stderr, success) = render("x", &json!({"parms": {}}), &[]);
    assert_eq!((&*stdout, success), ("x", true));
    assert!(stderr.contains("warning: `parms` means nothing"), "{stderr}");
}

#[test]
fn cases_come_back_in_order_with_their_ids() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cases.jsonl");
    let path = file.to_str().unwrap();
    std::fs::write(
        &file,
        "{\"id\":2,\"template\":\"#if\"}\n\n{\"id\":\"a\",\"template\":\"$x\",\"context\":{\"x\":1}}\n",
    )
    .unwrap();
    let output = apigw(&["--cases", path]);
    let lines: Vec<Json> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[1], json!({"id": "a", "output": "1"}));
    assert_eq!(lines[0]["id"], 2);
    assert!(lines[0]["error"].as_str().unwrap().starts_with("line 1, column 4: "), "{}", lines[0]);
    assert!(output.status.success());

    std::fs::write(&file, "{\"id\":1,\"template\":\"\"}\n{\"id\":1}\n").unwrap();
    let output = apigw(&["--cases", path]);
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("cases.jsonl: line 2: a case has a `template`"));
}

/// The folder of recorded cases, if it is there.
fn conformance_dir() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let dir = match std::env::var_os("CONFORMANCE_DIR") {
        Some(dir) => root.join(dir),
        None => root.join("../shared/conformance"),
    };
    let velocity = dir.join("velocity");
    velocity.is_dir().then_some(velocity)
}

fn rows(path: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn matches(case: &Json, expect: &Json, result: &Json) -> bool {
    if expect["error"].is_string() {
        return result["error"].is_string();
    }
    let Some(output) = result["output"].as_str() else { return false };
    let Some(expected) = expect["output"].as_str() else {
        return serde_json::from_str::<Json>(output).is_ok_and(|output| output == expect["json"]);
    };
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    if case["normalize_whitespace"] == true {
        words(output) == words(expected)
    } else if case["strip"] == true {
        output.trim() == expected.trim()
    } else {
        output == expected
    }
}

/// All recorded cases that have an expectation for API Gateway, each file by one call of the command.
#[test]
fn recorded_cases() {
    let Some(dir) = conformance_dir() else {
        println!("no conformance folder: only the cases of this repository are run");
        return;
    };
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../filters/shared/vtl/tests/known-differences.jsonl");
    let known: BTreeSet<String> = rows(&known).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut failures = Vec::new();
    for name in FILES {
        let file = dir.join(name).with_extension("jsonl");
        let output = apigw(&["--cases", file.to_str().unwrap()]);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let output = String::from_utf8(output.stdout).unwrap();
        let mut results = output.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
        let count = counts.entry(name).or_default();
        for case in rows(&file) {
            let result = results.next().unwrap();
            assert_eq!(result["id"], case["id"]);
            let expect = if APIGW.contains(&name) { &case["expect"] } else { &case["expect_apigw"] };
            let is_known = known.contains(case["id"].as_str().unwrap());
            if expect.is_null() {
                // A template with macros, which API Gateway does not have.
                continue;
            }
            match (matches(&case, expect, &result), is_known) {
                (true, false) => count[0] += 1,
                (false, true) => count[2] += 1,
                (true, true) => failures.push(format!("{}: is a known difference, but passes", case["id"])),
                (false, false) => {
                    count[1] += 1;
                    failures.push(format!("{}: {}\n  expected {expect}\n  got {result}", case["id"], case["template"]));
                }
            }
        }
    }
    for (name, [passed, failed, known]) in counts {
        println!("conformance render/{name}: {passed} passed, {failed} failed, {known} known differences, 0 not run");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
