//! The decisions of `sigv4/iam-policy.jsonl` in `$CONFORMANCE_DIR`; without that folder the other tests of this package
//! stand alone.
#![allow(clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use iam_policy::{
    Caller, Decision, ExecuteApi, KeyMap, Kind, Policy, Request, Verdict, cross_account, evaluate, same_account,
};
use serde_json::Value;

/// Cases that differ, with the reasons.
const KNOWN: [(&str, &str); 0] = [];

#[test]
fn recorded_decisions() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let folder = std::env::var_os("CONFORMANCE_DIR").map_or_else(|| root.join("../shared/conformance"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("sigv4/iam-policy.jsonl")) else {
        println!("conformance iam-policy: no such folder, nothing run");
        return;
    };
    let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    let mut problems = Vec::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap_or_default();
        let id = text_of(&case["id"]);
        let passed = decide(&case["given"]).as_deref() == Ok(text_of(&case["expect"]));
        let known = KNOWN.iter().any(|(known, _)| *known == id);
        let [good, failed, differing] = counts.entry(text_of(&case["area"]).to_owned()).or_default();
        *(match (passed, known) {
            (true, false) => good,
            (false, true) => differing,
            _ => failed,
        }) += 1;
        if passed == known {
            problems.push(format!("{id}: {:?}, expected {}\n  {line}", decide(&case["given"]), case["expect"]));
        }
    }
    for (area, [passed, failed, differing]) in &counts {
        println!(
            "conformance iam-policy/{area}: {passed} passed, {failed} failed, {differing} known differences, 0 not run"
        );
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn decide(given: &Value) -> Result<&'static str, String> {
    let arn = text_of(&given["principal"]);
    let account = arn.split(':').nth(4).unwrap_or_default();
    let owner = text_of(&given["resource_account"]);
    let same = account == owner;
    let role = arn.split_once(":assumed-role/").and_then(|(_, session)| session.split_once('/'));
    let role_arn = role.map(|(name, _)| format!("arn:aws:iam::{account}:role/{name}"));
    let mut keys = KeyMap::default();
    for (key, value) in given["context"].as_object().into_iter().flatten() {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let values: Vec<String> = value.as_array().map_or_else(|| vec![text(value)], |v| v.iter().map(text).collect());
        keys = keys.with(key, values);
    }
    let caller = Caller::Iam { account_id: account, arn, role_arn: role_arn.as_deref(), same_account: same };
    let request =
        Request { action: text_of(&given["action"]), resource: text_of(&given["resource"]), caller, keys: &keys };
    let compile = |policy: &Value, kind| Policy::parse(&policy.to_string(), kind).map_err(|error| error.to_string());
    let identity: Result<Vec<_>, _> =
        given["identity_policies"].as_array().into_iter().flatten().map(|p| compile(p, Kind::Identity)).collect();
    let identity = identity?;
    let api = ExecuteApi { partition: "aws", region: "us-east-1", account_id: owner, api_id: "api123" };
    let resource = match &given["resource_policy"] {
        Value::Null => None,
        policy => Some(compile(policy, Kind::Resource(api))?),
    };
    let of_identity = evaluate(&identity, &request);
    let of_resource: Option<Decision<'_>> = resource.as_ref().map(|policy| policy.evaluate(&request));
    let combine = if same { same_account } else { cross_account };
    Ok(match combine(&of_identity, of_resource.as_ref()) {
        Verdict::Allow => "Allowed",
        Verdict::ImplicitDeny => "ImplicitlyDenied",
        Verdict::ExplicitDeny => "ExplicitlyDenied",
    })
}
