//! No answer of a function and no request takes the filter down or gets past it.

use gateway::{Answer, Headers, Step, Stream};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{Envoy, answer, api, called, outcome, send, shown, worker};

const FORMS: [&str; 5] = ["token", "request", "httpV1", "httpV2", "httpV2Simple"];

/// JSON near to a document: the members are there, with values of all kinds.
fn document() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("null"),
        Just("true"),
        Just("\"true\""),
        Just("1"),
        Just("[]"),
        Just("{}"),
        Just("\"u\""),
        Just("[1,{}]"),
        Just(r#"{"Statement":[]}"#),
        Just(
            r#"{"Statement":{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:other/*"}}"#
        ),
        Just(r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#),
    ];
    let name = prop_oneof![
        Just("principalId"),
        Just("policyDocument"),
        Just("context"),
        Just("usageIdentifierKey"),
        Just("errorMessage"),
        Just("errorType"),
    ];
    proptest::collection::vec((name, value), 0..7).prop_map(|members| {
        let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_answer_opens(
        form in prop::sample::select(&FORMS[..]),
        body in prop_oneof![document(), any::<String>()],
        cut in any::<prop::sample::Index>(),
        status in prop_oneof![Just("200"), Just("401"), Just("500"), Just("x")],
    ) {
        let envoy = Envoy::new();
        let worker = worker(&api(form, json!({})));
        let host = envoy.request("GET /pets/{id}", "/test/pets/1", &[("Authorization", "t")]);
        let (mut stream, step) = send(&worker, &host);
        called(step);
        let body: String = body.chars().take(cut.index(body.len().max(1)) + 1).collect();
        let reply = outcome(stream.on_callout(&host, answer(status, &[], &body)));
        prop_assert!(reply.is_some(), "{body}");
    }

    #[test]
    fn no_request_panics(
        form in prop::sample::select(&FORMS[..]),
        target in proptest::collection::vec(any::<u8>(), 0..80),
        names in proptest::collection::vec("[a-z-]{1,12}", 0..5),
        value in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let envoy = Envoy::new();
        let worker = worker(&api(form, json!({})));
        let host = envoy.request("GET /pets/{id}", "", &[]);
        let mut headers = vec![(":path".to_owned(), target), (":method".to_owned(), value.clone()), ("authorization".to_owned(), value.clone())];
        headers.extend(names.into_iter().map(|name| (name, value.clone())));
        host.request_headers.replace(headers);
        match send(&worker, &host).1 {
            Step::Callout(call) => prop_assert!(serde_json::from_slice::<serde_json::Value>(&call.body).is_ok()),
            step => prop_assert!(outcome(step).is_some()),
        }
    }
}

/// What a function may not answer: too much, too deep, cut short, nothing.
#[test]
fn bad_answers() {
    let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let large = json!({"principalId": "u", "policyDocument": {"Statement": []}, "x": "y".repeat(1 << 20)}).to_string();
    let many = json!({"principalId": "u", "policyDocument": {"Statement": vec![statement; 10_000]}}).to_string();
    let deep = format!(r#"{{"principalId":"u","policyDocument":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
    let context = r#"{"principalId":"u","policyDocument":{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}},"context":{"a":{}}}"#;
    for form in FORMS {
        for body in [large.as_str(), &many, &deep, context, "{\"principalId\":\"u\",\"policyDocument\":{\"Stat", ""] {
            let (envoy, worker) = (Envoy::new(), worker(&api(form, json!({}))));
            let host = envoy.request("GET /pets/{id}", "/test/pets/1", &[("Authorization", "t")]);
            let (mut stream, _) = send(&worker, &host);
            assert_eq!(shown(&outcome(stream.on_callout(&host, answer("200", &[], body)))).0, 500, "{form} {body:.60}");
        }
    }
}

/// Wildcards that would make a backtracking matcher try everything.
#[test]
fn wildcards_that_explode() {
    let pattern = format!("arn:aws:execute-api:us-east-1:123456789012:abc/{}b", "a*".repeat(230));
    let statements: Vec<_> = (0..100).map(|_| json!({"Effect": "Allow", "Action": "*", "Resource": pattern})).collect();
    let body = json!({"principalId": "u", "policyDocument": {"Statement": statements}}).to_string();
    let (envoy, worker) = (Envoy::new(), worker(&api("token", json!({}))));
    let host = envoy.request("GET /pets/{id}", &format!("/test/pets/{}", "a".repeat(1500)), &[("Authorization", "t")]);
    let (mut stream, _) = send(&worker, &host);
    assert_eq!(shown(&outcome(stream.on_callout(&host, answer("200", &[], &body)))).0, 403);
}

/// An answer that nobody has asked for does not let a request on.
#[test]
fn events_out_of_turn() {
    let (envoy, worker) = (Envoy::new(), worker(&api("token", json!({}))));
    let host = envoy.request("GET /pets/{id}", "/test/pets/1", &[("Authorization", "t")]);
    let good = || Answer::Response { headers: Headers::from_pairs(&[(":status", "200")]), body: Vec::new() };
    let mut stream = gateway::Filter::stream(&worker);
    assert!(outcome(stream.on_callout(&host, good())).is_some());
    assert!(outcome(stream.on_wake(&host)).is_some());
}
