//! MOCK integrations, from the client's request to its answer.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use serde_json::json;
use support::{TestHost, integration, reply};

fn get(target: &str) -> TestHost {
    TestHost::request("GET", target, &[], b"").on_route("r")
}

#[test]
fn a_static_answer() {
    let filter = integration(json!({"mock": {
        "requestTemplates": {"application/json": "{\"statusCode\": 200}"},
        "integrationResponses": [
            {"statusCode": 500, "selectionPattern": "5\\d{2}"},
            {
                "statusCode": 201,
                "responseParameters": {
                    "method.response.header.X-Stage": "context.stage",
                    "method.response.header.X-Variable": "stageVariables.stageVar",
                    "method.response.header.X-Missing": "context.authorizer.principalId",
                    "method.response.header.Server": "'mock'",
                },
                "responseTemplates": {"application/xml": "<ok/>", "application/json": "{\"ok\": true}"},
            },
        ],
    }}));
    let answer = reply(&filter, &get("/dev/pets/1"));
    assert_eq!(answer.status, 201);
    assert_eq!(answer.body, b"{\"ok\": true}");
    assert_eq!(answer.header("content-type"), Some(&b"application/json"[..]));
    assert_eq!(answer.header("x-stage"), Some(&b"dev"[..]));
    assert_eq!(answer.header("x-variable"), Some(&b"stageValue"[..]));
    assert_eq!(answer.header("x-missing"), None);
    assert_eq!(answer.header("x-amzn-remapped-server"), Some(&b"mock"[..]));
    assert_eq!(answer.error, None);

    let xml = TestHost::request("GET", "/dev/pets/1", &[("Accept", "application/xml;q=1, */*")], b"").on_route("r");
    let answer = reply(&filter, &xml);
    assert_eq!((answer.body.as_slice(), answer.header("content-type")), (&b"<ok/>"[..], Some(&b"application/xml"[..])));
}

#[test]
fn no_template_no_body() {
    let filter = integration(json!({"mock": {
        "requestTemplates": {"application/json": "{statusCode: 200}"},
        "integrationResponses": [{"statusCode": 200}],
    }}));
    let answer = reply(&filter, &get("/dev/pets/1"));
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-type"), Some(&b"application/json"[..]));
}

#[test]
fn what_cannot_work_is_500() {
    let cases = [
        json!({"requestTemplates": {"application/json": "no status"}, "integrationResponses": [{"statusCode": 200}]}),
        json!({"integrationResponses": [{"statusCode": 200}]}),
        json!({"requestTemplates": {"application/json": "{\"statusCode\": 404}"}, "integrationResponses": [{"statusCode": 200, "selectionPattern": "200"}]}),
        json!({"requestTemplates": {"application/json": "{\"statusCode\": 200}"}, "integrationResponses": [{"statusCode": 200, "undeclared": true}]}),
        json!({"requestTemplates": {"application/json": "{\"statusCode\": 200}"}}),
    ];
    for mock in cases {
        let answer = reply(&integration(json!({"mock": mock})), &get("/dev/pets/1"));
        assert_eq!(answer.status, 500, "{mock}");
        assert_eq!(answer.error.unwrap().response_type, Some(gateway::ResponseType::ApiConfigurationError), "{mock}");
    }
}

#[test]
fn the_body_passes_where_there_is_no_template() {
    let filter = integration(json!({"mock": {"integrationResponses": [{"statusCode": 200}]}}));
    let host = TestHost::request("POST", "/dev/pets/1", &[], b"{\"statusCode\": 200}").on_route("r");
    assert_eq!(reply(&filter, &host).status, 200);
}

#[test]
fn media_types_without_template() {
    let status = |behavior: &str, templates: serde_json::Value| {
        let filter = integration(json!({"mock": {
            "requestTemplates": templates,
            "passthroughBehavior": behavior,
            "integrationResponses": [{"statusCode": 200}],
        }}));
        let headers = [("Content-Type", "text/plain; charset=utf-8")];
        reply(&filter, &TestHost::request("POST", "/dev/pets/1", &headers, b"{statusCode: 200}").on_route("r")).status
    };
    let json_only = json!({"application/json": "{\"statusCode\": 200}"});
    assert_eq!(status("WHEN_NO_MATCH", json_only.clone()), 200);
    assert_eq!(status("WHEN_NO_TEMPLATES", json_only.clone()), 415);
    assert_eq!(status("WHEN_NO_TEMPLATES", json!({})), 200);
    assert_eq!(status("NEVER", json!({})), 415);
    assert_eq!(status("NEVER", json!({"$default": "{statusCode: 200}"})), 200);
    assert_eq!(status("NEVER", json!({"text/plain": ""})), 200);
}

#[test]
fn a_route_without_entry_passes() {
    let filter = integration(json!({"mock": {}}));
    let host = TestHost::request("GET", "/dev/other", &[], b"").on_route("another");
    assert!(matches!(support::send(&filter, &host).1, gateway::Step::Continue));
}
