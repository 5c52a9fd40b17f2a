//! Facts that LocalStack's unit tests assert about request validation, run through the whole filter.
//!
//! The facts are in `localstack-apigateway/unit.jsonl` of `$CONFORMANCE_DIR`; without that folder the other tests stand
//! alone.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::PathBuf;
use std::rc::Rc;

use gateway::{Body, Filter, Step, Stream};
use request_validator::RequestValidator;
use serde_json::{Value, json};
use test_host::TestHost;

#[test]
fn localstack_unit_facts() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("CONFORMANCE_DIR").map_or_else(|| root.join("../shared/conformance"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("localstack-apigateway/unit.jsonl")) else {
        println!("conformance localstack-apigateway: no such folder, nothing run");
        return;
    };
    let facts = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let facts: Vec<Value> = facts.filter(|fact| fact["area"] == "request-validation").collect();
    assert!(!facts.is_empty());
    for fact in &facts {
        assert_eq!(refusal(&fact["given"]), expected(&fact["expect"]), "{}", fact["id"]);
    }
    let passed = facts.len();
    println!(
        "conformance localstack-apigateway-unit/request-validation: {passed} passed, 0 failed, 0 known differences, 0 not run"
    );
}

/// Type, status and message of the refusal; `None` where the request goes on.
fn expected(expect: &Value) -> Option<Value> {
    if expect["allowed"] == true { None } else { Some(expect["gateway_error"].clone()) }
}

fn refusal(given: &Value) -> Option<Value> {
    let configuration = json!({
        "api": {"apiId": "test-api", "stage": "dev"},
        "models": given["models"],
        "routes": {"r": {
            "resourcePath": "/{proxy+}",
            "validateRequestParameters": given["validator"]["validateRequestParameters"],
            "validateRequestBody": given["validator"]["validateRequestBody"],
            "requestParameters": given["requestParameters"],
            "requestModels": given["requestModels"],
        }},
    });
    let raw = gateway::parse(&serde_json::to_vec(&configuration).unwrap()).unwrap();
    let mut stream = Rc::new(RequestValidator::configure(raw).unwrap()).stream();
    let host = request(&given["request"]);
    let bytes = host.request_body.len();
    let mut step = stream.on_request_headers(&host, bytes == 0);
    if matches!(step, Step::Buffer) {
        step = stream.on_request_body(&host, Body { bytes, end_of_stream: true });
    }
    match step {
        Step::Continue => None,
        Step::Respond(reply) => {
            let error = reply.error.unwrap();
            Some(json!({"type": error.response_type, "status": reply.status, "message": error.message}))
        }
        other => panic!("{other:?}"),
    }
}

fn request(given: &Value) -> TestHost {
    let path = given["path_parameters"]["proxy"].as_str().unwrap_or_default();
    let target = format!("/{path}?{}", given["query"].as_str().unwrap());
    let headers = given["headers"].as_object().unwrap().iter();
    let headers: Vec<(&str, &str)> = headers.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    TestHost::request("POST", &target, &headers, given["body"].as_str().unwrap().as_bytes()).on_route("r")
}
