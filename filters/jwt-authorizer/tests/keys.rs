//! Where keys come from, when, and what happens while they do not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects, missing_docs)]

mod support;

use std::rc::Rc;

use gateway::{Answer, Callout, Filter, Host, Metric, Step, Stream};
use jwt_authorizer::JwtAuthorizer;
use serde_json::{Value, json};
use support::{
    CLUSTER, ISSUER, TestHost, answer, authorizer, claims, filter, key_set, reply, request, send, status, target,
    token, worker, worker_of,
};

const DOCUMENT: &str = "https issuer.example:443 GET issuer.example/pool/.well-known/openid-configuration";
const KEYS: &str = "https issuer.example:443 GET issuer.example/keys";

fn discovering() -> Rc<JwtAuthorizer> {
    with_keys(&json!({"discovery": {"clusters": {"issuer.example:443": CLUSTER}}}))
}

fn with_keys(keys: &Value) -> Rc<JwtAuthorizer> {
    filter(&json!({
        "issuers": {ISSUER: {"keys": keys}},
        "authorizers": {"a": {
            "identitySource": "$request.header.Authorization",
            "jwt": {"issuers": [{"issuer": ISSUER, "audience": ["client"]}]},
        }},
        "routes": {"GET /": {"authorizer": "a"}},
    }))
}

fn document() -> Vec<u8> {
    json!({"issuer": ISSUER, "jwks_uri": "https://issuer.example/keys"}).to_string().into_bytes()
}

fn ask(host: &TestHost, key_id: &str) {
    let token = token(key_id, &claims(json!({"exp": 1_850_000_000})));
    request(host, "GET /", &[("authorization", format!("Bearer {token}").as_bytes())]);
}

/// Answers the calls that a tick makes; returns where they went.
fn fetch(filter: &JwtAuthorizer, host: &TestHost, answers: Vec<Answer>) -> Vec<String> {
    let mut next: Option<Callout> = filter.on_tick(host);
    let mut calls = Vec::new();
    for answer in answers {
        calls.push(target(&next.unwrap_or_else(|| panic!("no call after {calls:?}"))));
        next = filter.on_callout(host, answer);
    }
    assert_eq!(next, None);
    calls
}

fn fetch_keys(filter: &JwtAuthorizer, host: &TestHost, ids: &[&str]) {
    let calls = fetch(filter, host, vec![answer(200, document()), answer(200, key_set(ids).to_string())]);
    assert_eq!(calls, [DOCUMENT, KEYS]);
}

fn challenge(filter: &Rc<JwtAuthorizer>, host: &TestHost) -> String {
    let reply = reply(filter, host);
    assert_eq!((reply.status, reply.body.as_slice()), (401, &b"{\"message\":\"Unauthorized\"}"[..]));
    String::from_utf8(reply.header("www-authenticate").unwrap().to_vec()).unwrap()
}

#[test]
fn discovery_then_keys() {
    let (filter, host) = (discovering(), worker());
    fetch_keys(&filter, &host, &["first"]);
    ask(&host, "first");
    assert_eq!(status(&filter, &host), 200);
    assert_eq!(filter.on_tick(&host), None);
}

#[test]
fn requests_wait_for_the_first_fetch_and_share_it() {
    let (filter, host) = (discovering(), worker());
    ask(&host, "first");
    let (mut one, step) = send(&filter, &host);
    assert!(matches!(step, Step::Wait), "{step:?}");
    let (mut two, step) = send(&filter, &host);
    assert!(matches!(step, Step::Wait), "{step:?}");
    fetch_keys(&filter, &host, &["first"]);
    assert!(matches!(one.on_wake(&host), Step::Continue));
    assert!(matches!(two.on_wake(&host), Step::Continue));
}

#[test]
fn a_request_does_not_wait_for_ever() {
    let (filter, host) = (discovering(), worker());
    ask(&host, "first");
    let (mut stream, _) = send(&filter, &host);
    host.pass_seconds(4);
    assert!(matches!(stream.on_wake(&host), Step::Wait));
    host.pass_seconds(1);
    assert!(matches!(stream.on_wake(&host), Step::Respond(reply) if reply.status == 401));
}

#[test]
fn not_everybody_can_wait() {
    let (filter, host) = (discovering(), worker());
    ask(&host, "first");
    let waiting: Vec<_> = (0..1000).map(|_| send(&filter, &host)).collect();
    assert!(waiting.iter().all(|(_, step)| matches!(step, Step::Wait)));
    assert_eq!(status(&filter, &host), 401);
    drop(waiting);
    assert!(matches!(send(&filter, &host).1, Step::Wait));
}

#[test]
fn one_worker_fetches_for_all() {
    let shared = Rc::default();
    let (first, second) = ((discovering(), worker_of(&shared)), (discovering(), worker_of(&shared)));
    let call = first.0.on_tick(&first.1).unwrap();
    assert_eq!(target(&call), DOCUMENT);
    assert_eq!(second.0.on_tick(&second.1), None);
    ask(&second.1, "first");
    let (mut stream, step) = send(&second.0, &second.1);
    assert!(matches!(step, Step::Wait));
    first.0.on_callout(&first.1, answer(200, document())).unwrap();
    first.0.on_callout(&first.1, answer(200, key_set(&["first"]).to_string()));
    assert_eq!(second.0.on_tick(&second.1), None);
    assert!(matches!(stream.on_wake(&second.1), Step::Continue));
}

#[test]
fn a_worker_that_never_comes_back_is_replaced() {
    let shared = Rc::default();
    let (first, second) = ((discovering(), worker_of(&shared)), (discovering(), worker_of(&shared)));
    first.0.on_tick(&first.1).unwrap();
    second.1.pass_seconds(4);
    fetch_keys(&second.0, &second.1, &["first"]);
}

#[test]
fn until_keys_are_known_everything_is_refused() {
    let (filter, host) = (discovering(), worker());
    ask(&host, "first");
    fetch(&filter, &host, vec![Answer::Failed]);
    let expected = "Bearer scope=\"\" error=\"invalid_token\" error_description=\"OIDC discovery endpoint \
                    communication error\"";
    assert_eq!(challenge(&filter, &host), expected);
    assert_eq!(authorizer(&host), json!({"error": "invalid_token: OIDC discovery endpoint communication error"}));
    assert_eq!(host.metrics.borrow().last(), Some(&Metric::Error));
    // The failure is kept for ten seconds.
    host.pass_seconds(9);
    assert_eq!(filter.on_tick(&host), None);
    assert_eq!(challenge(&filter, &host), expected);
    host.pass_seconds(1);
    fetch(&filter, &host, vec![answer(200, document()), answer(503, "")]);
    let expected = "Bearer scope=\"\" error=\"invalid_token\" error_description=\"JWKS communication error\"";
    assert_eq!(challenge(&filter, &host), expected);
    host.pass_seconds(10);
    fetch_keys(&filter, &host, &["first"]);
    assert_eq!(status(&filter, &host), 200);
}

#[test]
fn bad_documents_and_key_sets_are_failures() {
    let documents = [
        json!({"issuer": "https://other.example", "jwks_uri": "https://issuer.example/keys"}),
        json!({"issuer": ISSUER, "jwks_uri": "http://issuer.example/keys"}),
        json!({"issuer": ISSUER, "jwks_uri": "https://elsewhere.example/keys"}),
        json!({"issuer": ISSUER}),
        json!([]),
        json!({"issuer": ISSUER, "jwks_uri": "https://issuer.example/keys", "more": "x".repeat(150_000)}),
    ];
    for bad in documents {
        let (filter, host) = (discovering(), worker());
        fetch(&filter, &host, vec![answer(200, bad.to_string())]);
        ask(&host, "first");
        assert!(challenge(&filter, &host).contains("OIDC discovery"), "{bad}");
    }
    let huge = format!("{{\"keys\":[{}0]}}", "0,".repeat(2_500_000));
    for bad in [&b""[..], b"[]", b"{}", b"{\"keys\":{}}", b"\xff", &b"{\"keys\":[".repeat(10_000), huge.as_bytes()] {
        let (filter, host) = (discovering(), worker());
        fetch(&filter, &host, vec![answer(200, document()), answer(200, bad)]);
        ask(&host, "first");
        assert!(challenge(&filter, &host).contains("JWKS"));
    }
}

#[test]
fn broken_keys_do_not_spoil_the_set() {
    let (filter, host) = (discovering(), worker());
    let mut keys = key_set(&["first"]);
    let good = keys["keys"][0].clone();
    let mut broken = good.clone();
    broken["n"] = json!("AQAB");
    keys["keys"] = json!([1, null, {}, {"kty": "RSA", "kid": "first"}, broken, good]);
    fetch(&filter, &host, vec![answer(200, document()), answer(200, keys.to_string())]);
    ask(&host, "first");
    assert_eq!(status(&filter, &host), 200);
}

#[test]
fn keys_are_fetched_again_after_two_hours() {
    let (filter, host) = (discovering(), worker());
    fetch_keys(&filter, &host, &["first"]);
    host.pass_seconds(7199);
    assert_eq!(filter.on_tick(&host), None);
    host.pass_seconds(1);
    ask(&host, "first");
    assert_eq!(status(&filter, &host), 200);
    fetch_keys(&filter, &host, &["second"]);
    // The key is gone, and with it what was verified by it.
    ask(&host, "second");
    assert_eq!(status(&filter, &host), 200);
    ask(&host, "first");
    assert!(matches!(send(&filter, &host).1, Step::Wait));
    fetch_keys(&filter, &host, &["second"]);
    assert!(challenge(&filter, &host).contains("unable to find a signing key"));
}

#[test]
fn stale_keys_serve_for_a_day() {
    let (filter, host) = (discovering(), worker());
    fetch_keys(&filter, &host, &["first"]);
    ask(&host, "first");
    let mut failures = 0;
    for _ in 0..((7200 + 86_400) / 10) {
        assert_eq!(status(&filter, &host), 200);
        host.pass_seconds(10);
        if filter.on_tick(&host).is_some() {
            filter.on_callout(&host, Answer::Failed);
            failures += 1;
        }
    }
    // One attempt each ten seconds, from the second hour on.
    assert!((8640..=8641).contains(&failures), "{failures}");
    assert!(challenge(&filter, &host).contains("OIDC discovery"));
}

#[test]
fn an_unknown_key_is_looked_for_once_a_minute() {
    let shared = Rc::default();
    let (filter, host) = (discovering(), worker_of(&shared));
    let (other, other_host) = (discovering(), worker_of(&shared));
    fetch_keys(&filter, &host, &["first"]);
    assert_eq!(other.on_tick(&other_host), None);
    ask(&host, "second");
    let (mut stream, step) = send(&filter, &host);
    assert!(matches!(step, Step::Wait));
    fetch_keys(&filter, &host, &["first", "second"]);
    assert!(matches!(stream.on_wake(&host), Step::Continue));
    // The other worker finds the new keys by itself.
    ask(&other_host, "second");
    assert_eq!(status(&other, &other_host), 200);

    let unknown = || support::token_with("first", &json!({"alg": "RS256", "kid": "made up"}), &claims(json!({})));
    for worker in [&(filter, host), &(other, other_host)] {
        let (filter, host) = worker;
        host.pass_seconds(30);
        request(host, "GET /", &[("authorization", unknown().as_bytes())]);
        assert!(challenge(filter, host).contains("unable to find a signing key"));
        assert_eq!(filter.on_tick(host), None);
    }
}

#[test]
fn a_fixed_place_of_keys() {
    let (filter, host) =
        (with_keys(&json!({"jwks": {"jwksUri": "http://keys.internal:8080/k?a=b", "cluster": "k"}})), worker());
    let calls = fetch(&filter, &host, vec![answer(200, key_set(&["first"]).to_string())]);
    assert_eq!(calls, ["k GET keys.internal:8080/k?a=b"]);
    ask(&host, "first");
    assert_eq!(status(&filter, &host), 200);
}

#[test]
fn inline_keys_are_never_fetched() {
    let (filter, host) = (with_keys(&json!({"inline": key_set(&["first"])})), worker());
    assert_eq!((filter.tick_millis(), filter.on_tick(&host)), (0, None));
    ask(&host, "first");
    assert_eq!(status(&filter, &host), 200);
    ask(&host, "second");
    assert!(challenge(&filter, &host).contains("unable to find a signing key"));
}

#[test]
fn without_shared_data_each_worker_fetches() {
    let filter = discovering();
    let host = TestHost { shared: None, ..worker() };
    fetch_keys(&filter, &host, &["first"]);
    ask(&host, "first");
    assert_eq!(status(&filter, &host), 200);
    assert_eq!(filter.on_tick(&host), None);
    assert!(host.shared_data("x").is_err());
}
