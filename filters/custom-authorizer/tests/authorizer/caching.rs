//! Answers that are kept, and calls that are shared.

use std::rc::Rc;

use custom_authorizer::CustomAuthorizer;
use gateway::{Filter, Property, Step, Stream, flush};
use serde_json::json;

use crate::support::{Envoy, TestHost, answer, api, ask, called, outcome, policy, result, send, shown, worker};

const ALL: &str = "arn:aws:execute-api:us-east-1:123456789012:abc/test/*";
const ONE: &str = "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/pets/1";

/// Sends a request; the function, if it is asked, answers with `resource` allowed. Gives the status and whether it
/// was asked.
fn request(envoy: &Envoy, worker: &Rc<CustomAuthorizer>, route: &str, target: &str, token: &str) -> (u16, bool) {
    let host = envoy.request(route, target, &[("Authorization", token)]);
    let (mut stream, step) = send(worker, &host);
    match step {
        Step::Callout(_) => (shown(&outcome(stream.on_callout(&host, result(policy("Allow", ONE))))).0, true),
        step => (shown(&outcome(step)).0, false),
    }
}

/// The worked example of the specification: the policy is kept, not the verdict.
#[test]
fn the_policy_is_evaluated_for_each_method() {
    let (envoy, worker) = (Envoy::new(), worker(&api("token", json!({}))));
    assert_eq!(request(&envoy, &worker, "GET /pets/{id}", "/test/pets/1", "T"), (0, true));
    assert_eq!(request(&envoy, &worker, "GET /pets/{id}", "/test/pets/1", "T"), (0, false));
    envoy.wait(10);
    assert_eq!(request(&envoy, &worker, "GET /pets/{id}", "/test/pets/2", "T"), (403, false));
    assert_eq!(request(&envoy, &worker, "POST /pets", "/test/pets", "T"), (403, false));
    assert_eq!(request(&envoy, &worker, "GET /pets/{id}", "/test/pets/1", "U"), (0, true));
    envoy.wait(289);
    assert_eq!(request(&envoy, &worker, "GET /pets/{id}", "/test/pets/2", "T"), (403, false));
    envoy.wait(1);
    assert_eq!(request(&envoy, &worker, "GET /pets/{id}", "/test/pets/1", "T"), (0, true));
}

#[test]
fn workers_share_answers() {
    let envoy = Envoy::new();
    let (first, second) = (worker(&api("token", json!({}))), worker(&api("token", json!({}))));
    assert_eq!(request(&envoy, &first, "GET /pets/{id}", "/test/pets/1", "T"), (0, true));
    envoy.wait(200);
    assert_eq!(request(&envoy, &second, "GET /pets/{id}", "/test/pets/1", "T"), (0, false));
    // The second worker's copy is no younger for that.
    envoy.wait(100);
    assert_eq!(request(&envoy, &second, "GET /pets/{id}", "/test/pets/1", "T"), (0, true));
    // Another function is another authorizer.
    let other = worker(&api("token", json!({"target": {"function": {"functionName": "other"}}})));
    assert_eq!(request(&envoy, &other, "GET /pets/{id}", "/test/pets/1", "T"), (0, true));
}

#[test]
fn a_flush_empties_all_workers() {
    let envoy = Envoy::new();
    let workers = [worker(&api("token", json!({}))), worker(&api("token", json!({})))];
    let asks = |worker| request(&envoy, worker, "GET /pets/{id}", "/test/pets/1", "T") == (0, true);
    let host = envoy.request("GET /", "/", &[]);
    assert_eq!([asks(&workers[0]), asks(&workers[1])], [true, false]);
    for stage in ["dev", "test"] {
        flush::flush(&host, &flush::authorizers_of("abc", stage)).unwrap();
        for worker in &workers {
            assert!(worker.on_tick(&host).is_none());
        }
        let emptied = stage == "test";
        // The first one asks for both.
        assert_eq!([asks(&workers[0]), asks(&workers[1])], [emptied, false], "{stage}");
    }
    // A worker that starts later does not find the old answers either.
    let later = worker(&api("token", json!({})));
    later.start(&host).unwrap();
    assert!(!asks(&later));
    flush::flush(&host, &flush::authorizers_of("abc", "test")).unwrap();
    later.start(&host).unwrap();
    assert!(asks(&later));
}

#[test]
fn when_nobody_can_tell_of_flushes_answers_are_not_kept() {
    let envoy = Envoy::new();
    let worker = worker(&api("token", json!({})));
    worker.start(&TestHost { shared: None, ..TestHost::request("GET", "/", &[], b"") }).unwrap();
    for _ in 0..2 {
        assert_eq!(request(&envoy, &worker, "GET /pets/{id}", "/test/pets/1", "T"), (0, true));
    }
}

#[test]
fn what_is_not_kept() {
    let envoy = Envoy::new();
    let uncached = worker(&api("token", json!({"authorizerResultTtlInSeconds": 0})));
    for _ in 0..2 {
        assert_eq!(request(&envoy, &uncached, "GET /pets/{id}", "/test/pets/1", "T"), (0, true));
    }
    let nobody = worker(&api("request", json!({"identitySource": []})));
    for _ in 0..2 {
        assert_eq!(request(&envoy, &nobody, "GET /pets/{id}", "/test/pets/1", "T"), (0, true));
    }
    let worker = worker(&api("token", json!({})));
    let unauthorized = json!({"errorMessage": "Unauthorized", "errorType": "E"});
    for (bad, status) in [
        (result(unauthorized), 401),
        (answer("200", &[("x-amz-function-error", "Unhandled")], "{}"), 500),
        (answer("500", &[], ""), 500),
        (result(json!({})), 500),
    ] {
        let host = envoy.request("GET /pets/{id}", "/test/pets/1", &[("Authorization", "T")]);
        assert_eq!(shown(&ask(&worker, &host, bad)).0, status);
    }
    assert_eq!(request(&envoy, &worker, "GET /pets/{id}", "/test/pets/1", "T"), (0, true));
}

#[test]
fn denials_and_simple_answers_are_kept() {
    let envoy = Envoy::new();
    for (form, document) in [("token", policy("Deny", ALL)), ("httpV2Simple", json!({"isAuthorized": false}))] {
        let worker = worker(&api(form, json!({})));
        let host = envoy.request("GET /pets/{id}", "/test/pets/1", &[("Authorization", "T")]);
        assert_eq!(shown(&ask(&worker, &host, result(document))).0, 403);
        assert_eq!(request(&envoy, &worker, "POST /pets", "/test/pets", "T"), (403, false));
    }
}

/// Each source counts, and so does where one ends and the next begins.
#[test]
fn the_key_is_all_identity_sources() {
    let envoy = Envoy::new();
    let sources = ["method.request.header.a", "method.request.querystring.b", "context.httpMethod"];
    let worker = worker(&api("request", json!({"identitySource": sources})));
    let asked = |route: &str, target: &str, headers: &[(&str, &str)]| {
        let host = envoy.request(route, target, headers);
        let (mut stream, step) = send(&worker, &host);
        match step {
            Step::Callout(_) => {
                stream.on_callout(&host, result(policy("Allow", ALL)));
                true
            }
            _ => false,
        }
    };
    assert!(asked("GET /pets/{id}", "/test/pets/1?b=2", &[("a", "1")]));
    assert!(!asked("GET /pets/{id}", "/test/pets/9?b=2&c=3", &[("a", "1"), ("x", "y")]));
    assert!(asked("GET /pets/{id}", "/test/pets/1?b=1", &[("a", "12")]));
    assert!(asked("GET /pets/{id}", "/test/pets/1?b=12", &[("a", "1")]));
    assert!(asked("GET /pets/{id}", "/test/pets/1?b=2", &[("a", "11")]));
    assert!(asked("POST /pets", "/test/pets?b=2", &[("a", "1")]));
    // A second value in front of the known one is no hit.
    assert!(asked("GET /pets/{id}", "/test/pets/1?b=2", &[("a", "evil"), ("a", "1")]));
}

#[test]
fn misses_at_the_same_time_make_one_call() {
    let (envoy, worker) = (Envoy::new(), worker(&api("token", json!({}))));
    let host = |id: u32| envoy.request("GET /pets/{id}", &format!("/test/pets/{id}"), &[("Authorization", "T")]);
    let (first_host, second_host, third_host) = (host(1), host(1), host(2));
    let (mut first, step) = send(&worker, &first_host);
    called(step);
    let (mut second, step) = send(&worker, &second_host);
    assert!(matches!(step, Step::Wait));
    let (mut third, step) = send(&worker, &third_host);
    assert!(matches!(step, Step::Wait));
    // Another caller does not wait.
    let other = envoy.request("GET /pets/{id}", "/test/pets/1", &[("Authorization", "U")]);
    called(send(&worker, &other).1);
    assert!(matches!(second.on_wake(&second_host), Step::Wait));
    assert!(outcome(first.on_callout(&first_host, result(policy("Allow", ONE)))).is_none());
    assert!(outcome(second.on_wake(&second_host)).is_none());
    assert_eq!(shown(&outcome(third.on_wake(&third_host))).0, 403);
    assert!(second_host.property_text(Property::Authorizer).is_some());
}

/// A failure is not kept, but it is the answer to all who have waited for it.
#[test]
fn a_failure_answers_all_who_wait() {
    let (envoy, worker) = (Envoy::new(), worker(&api("token", json!({}))));
    let host = || envoy.request("GET /pets/{id}", "/test/pets/1", &[("Authorization", "T")]);
    let (first_host, second_host) = (host(), host());
    let (mut first, _) = send(&worker, &first_host);
    let (mut second, _) = send(&worker, &second_host);
    assert_eq!(shown(&outcome(first.on_callout(&first_host, answer("200", &[], "{")))).0, 500);
    assert_eq!(shown(&outcome(second.on_wake(&second_host))).0, 500);
    called(send(&worker, &host()).1);
}

#[test]
fn a_client_that_leaves_does_not_hold_the_others() {
    let (envoy, worker) = (Envoy::new(), worker(&api("token", json!({}))));
    let host = || envoy.request("GET /pets/{id}", "/test/pets/1", &[("Authorization", "T")]);
    let (first_host, second_host, third_host) = (host(), host(), host());
    let (first, _) = send(&worker, &first_host);
    let (mut second, _) = send(&worker, &second_host);
    let (mut third, _) = send(&worker, &third_host);
    drop(first);
    called(second.on_wake(&second_host));
    assert!(matches!(third.on_wake(&third_host), Step::Wait));
    assert!(outcome(second.on_callout(&second_host, result(policy("Allow", ALL)))).is_none());
    assert!(outcome(third.on_wake(&third_host)).is_none());
}

#[test]
fn waiting_comes_to_an_end() {
    let (envoy, worker) = (Envoy::new(), worker(&api("token", json!({}))));
    let host = || envoy.request("GET /pets/{id}", "/test/pets/1", &[("Authorization", "T")]);
    let (first_host, second_host) = (host(), host());
    let (_first, _) = send(&worker, &first_host);
    let (mut second, _) = send(&worker, &second_host);
    envoy.wait(30);
    assert!(matches!(second.on_wake(&second_host), Step::Wait));
    envoy.wait(1);
    assert_eq!(shown(&outcome(second.on_wake(&second_host))).0, 500);
}
