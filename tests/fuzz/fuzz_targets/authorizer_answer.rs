//! Whatever an authorizer answers, its policy included, the request goes on or gets one well-formed refusal, and a
//! further denial never lets it on. The first byte says what kind of authorizer it is, the rest is the answer's body.

#![no_main]

#[path = "../../../filters/custom-authorizer/tests/authorizer/support.rs"]
#[allow(dead_code)]
mod support;

use std::cell::OnceCell;
use std::rc::Rc;

use custom_authorizer::CustomAuthorizer;
use gateway::{Property, Step, Stream as _};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use support::{Envoy, answer, api, send, worker};

const FORMS: [&str; 5] = ["token", "request", "httpV1", "httpV2", "httpV2Simple"];

thread_local! {
    static WORKERS: OnceCell<Vec<Rc<CustomAuthorizer>>> = const { OnceCell::new() };
}

/// Whether the request goes on.
fn goes_on(form: usize, body: &str) -> bool {
    let worker = WORKERS.with(|workers| {
        let uncached = json!({"authorizerResultTtlInSeconds": 0});
        let all = workers.get_or_init(|| FORMS.iter().map(|form| worker(&api(form, uncached.clone()))).collect());
        Rc::clone(&all[form])
    });
    let envoy = Envoy::new();
    let host = envoy.request("GET /pets/{id}", "/test/pets/42?a=b", &[("Authorization", "Bearer t")]);
    let (mut stream, step) = send(&worker, &host);
    assert!(matches!(step, Step::Callout(_)));
    match stream.on_callout(&host, answer("200", &[], body)) {
        Step::Continue => {
            let said = host.properties.borrow().get(&Property::Authorizer).cloned().unwrap_or_default();
            assert!(serde_json::from_slice::<Value>(&said).is_ok_and(|said| said.is_object()), "{said:?}");
            true
        }
        Step::Respond(reply) => {
            assert!(matches!(reply.status, 401 | 403 | 500));
            assert!(serde_json::from_slice::<Value>(&reply.body).is_ok());
            false
        }
        other => panic!("{other:?}"),
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((form, body)) = input.split_first() else { return };
    let Ok(body) = std::str::from_utf8(body) else { return };
    let form = usize::from(*form) % FORMS.len();
    if !goes_on(form, body) || form == 4 {
        return;
    }
    // What was allowed, and a statement that denies everything.
    let Ok(mut document) = serde_json::from_str::<Value>(body) else { panic!("allowed, and no JSON") };
    let statements = &mut document["policyDocument"]["Statement"];
    let mut all = statements.as_array().cloned().unwrap_or_else(|| vec![statements.clone()]);
    all.push(json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
    *statements = Value::Array(all);
    assert!(!goes_on(form, &document.to_string()));
});
