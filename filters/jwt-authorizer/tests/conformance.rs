//! The recorded verdicts of JWT authorizers.
//!
//! `$CONFORMANCE_DIR` (`../shared/conformance` beside the repository where unset) holds them in `jwt/`; without that
//! folder there is nothing to run here.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects, missing_docs)]

mod support;

use std::path::PathBuf;
use std::{env, fs};

use gateway::Filter;
use serde_json::{Value, json};
use support::{answer, filter, request, status, worker};

/// Cases that come out otherwise here, each with its reason.
const KNOWN_DIFFERENCES: [(&str, &str); 0] = [];

#[test]
fn authorizer() {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let folder = env::var_os("CONFORMANCE_DIR").map_or_else(beside, PathBuf::from).join("jwt");
    let Ok(cases) = fs::read_to_string(folder.join("authorizer.jsonl")) else {
        println!("authorizer.jsonl is not there, its cases do not run");
        return;
    };
    let default_keys: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("default-jwks.json")).unwrap()).unwrap();
    let (mut passed, mut ambiguous, mut failed) = (0, Vec::new(), Vec::new());
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap().to_owned();
        let known = KNOWN_DIFFERENCES.iter().any(|(known, _)| *known == id);
        let agrees = verdict(&case["given"], &default_keys) == case["expect"]["status"];
        match (agrees != known, case["ambiguous"].as_str()) {
            (true, _) => passed += 1,
            (false, Some(reason)) => ambiguous.push(format!("{id}: {reason}")),
            (false, None) => failed.push(id),
        }
    }
    let (failures, different) = (failed.len(), ambiguous.len() + KNOWN_DIFFERENCES.len());
    println!(
        "conformance jwt/authorizer: {passed} passed, {failures} failed, {different} known differences, 0 not run"
    );
    println!("ambiguous and other here: {ambiguous:#?}");
    assert_eq!(failed, Vec::<String>::new());
}

/// What becomes of the request of a case, at an authorizer that takes all algorithms.
fn verdict(given: &Value, default_keys: &Value) -> Value {
    let issuer = given["authorizer"]["issuer"].as_str().unwrap();
    let algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
    let filter = filter(&json!({
        "issuers": {issuer: {"keys": {"jwks": {"jwksUri": "https://issuer.example.com/keys", "cluster": "c"}}}},
        "authorizers": {"a": {
            "identitySource": "$request.header.Authorization",
            "jwt": {"issuers": [{
                "issuer": issuer, "audience": given["authorizer"]["audience"], "allowedAlgorithms": algorithms,
            }]},
        }},
        "routes": {"GET /": {"authorizer": "a", "authorizationScopes": given["route_scopes"]}},
    }));
    let host = worker();
    host.now.set(given["now"].as_u64().unwrap() * 1000);
    let keys = if given["jwks"] == "default" { default_keys } else { &given["jwks"] };
    filter.on_tick(&host).unwrap();
    assert_eq!(filter.on_callout(&host, answer(200, keys.to_string())), None);
    // A key id that is not in the set is looked for once more, and that has just been done.
    request(&host, "GET /", &[("authorization", given["authorization"].as_str().unwrap().as_bytes())]);
    let _ = support::send(&filter, &host);
    host.pass_seconds(0);
    if filter.on_tick(&host).is_some() {
        filter.on_callout(&host, answer(503, ""));
    }
    json!(status(&filter, &host))
}
