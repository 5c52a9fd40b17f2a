//! Wycheproof's and the RFCs' signatures.
//!
//! `$CONFORMANCE_DIR` (`../shared/conformance` beside the repository where unset) holds them in `jwt/`; without that
//! folder there is nothing to run here.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, missing_docs)]

use std::path::PathBuf;
use std::{env, fs};

use jwt::{Algorithm, Key, KeySet, Token, verify};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Case {
    id: String,
    area: String,
    #[serde(default)]
    jwk: Value,
    jwks: Option<Value>,
    #[serde(default)]
    jws: Value,
    expect: String,
    #[serde(default)]
    flags: Vec<String>,
}

/// Cases that come out otherwise here, each with its reason.
const KNOWN_DIFFERENCES: [(&str, &str); 3] = [
    (
        "wycheproof/json_web_signature/346",
        "the key's `alg` is PS256, the token's PS384: a key's algorithm is its only one",
    ),
    ("wycheproof/json_web_signature/347", "the key's `alg` is ES521, which does not exist"),
    ("wycheproof/json_web_signature/350", "the key's `alg` is PS256, the token's PS384"),
];

fn cases(file: &str) -> Vec<Case> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/conformance");
    let folder = env::var_os("CONFORMANCE_DIR").map_or_else(beside, PathBuf::from).join("jwt");
    let Ok(text) = fs::read_to_string(folder.join(file)) else {
        println!("{file} is not there, its cases do not run");
        return Vec::new();
    };
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What a key of a case is good for. Keys without an id are tried as if they had the token's.
fn verified(case: &Case) -> bool {
    let Some(Ok(token)) = case.jws.as_str().map(|text| Token::parse(text.as_bytes())) else { return false };
    let jwk = case.jwk.as_object().and_then(|jwk| Key::from_jwk(jwk).ok());
    let set = case.jwks.as_ref().map(|set| KeySet::parse(set.to_string().as_bytes()).unwrap());
    let id = token.header.key_id.as_deref();
    let ours = |key: &Key| key.id.is_none() || id.is_none() || key.id.as_deref() == id;
    let good = |key: &Key| verify(key, token.header.algorithm, token.signed, &token.signature);
    match (jwk, set) {
        (Some(key), _) => ours(&key) && good(&key),
        (None, Some(set)) => set.candidates(id.unwrap_or_default(), token.header.algorithm).any(good),
        (None, None) => false,
    }
}

/// Why a valid case is out of reach: API Gateway's tokens are compact, and their keys public.
fn not_supported(case: &Case) -> Option<&'static str> {
    let symmetric = |jwk: &Value| jwk["kty"] == "oct";
    let keys = case.jwks.as_ref().and_then(|set| set["keys"].as_array());
    let symmetric = symmetric(&case.jwk) || keys.is_some_and(|keys| keys.iter().all(symmetric));
    match &case.jws {
        _ if symmetric => Some("shared secrets"),
        Value::String(_) => None,
        _ => Some("JSON serialisation"),
    }
}

fn run(file: &str) {
    let (mut passed, mut different, mut not_run, mut failed) = (0, 0, 0, Vec::new());
    let cases = cases(file);
    if cases.is_empty() {
        return;
    }
    for case in cases {
        if case.area == "jwk-thumbprint" {
            // No thumbprint is ever made here.
            not_run += 1;
            continue;
        }
        let expected = case.expect == "valid";
        let known = KNOWN_DIFFERENCES.iter().any(|(id, _)| *id == case.id);
        let ambiguous = case.flags.iter().any(|flag| flag == "Ambiguous");
        if expected && not_supported(&case).is_some() {
            assert!(!verified(&case), "{}", case.id);
            not_run += 1;
        } else if (verified(&case) == expected) == known && !ambiguous {
            failed.push(case.id);
        } else if known || verified(&case) != expected {
            different += 1;
        } else {
            passed += 1;
        }
    }
    let (area, failures) = (file.trim_end_matches(".jsonl"), failed.len());
    println!(
        "conformance jwt/{area}: {passed} passed, {failures} failed, {different} known differences, {not_run} not run"
    );
    assert_eq!(failed, Vec::<String>::new());
}

#[test]
fn wycheproof() {
    run("wycheproof-jws.jsonl");
}

#[test]
fn rfcs() {
    run("rfc.jsonl");
}

/// RFC 7515 appendix A.3, which is always here.
#[test]
fn rfc_7515() {
    let jwk = json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let key = Key::from_jwk(jwk.as_object().unwrap()).unwrap();
    let text = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb2\
                90Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let token = Token::parse(text.as_bytes()).unwrap();
    assert_eq!(token.claims().unwrap().issuer(), Some("joe"));
    assert!(verify(&key, Algorithm::ES256, token.signed, &token.signature));
    assert!(!verify(&key, Algorithm::ES384, token.signed, &token.signature));
}
