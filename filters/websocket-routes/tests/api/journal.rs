use gateway::{Address, GatewayError, NetworkFilter, Property, Stream};
use serde_json::json;

use crate::support::*;

fn logged(format: &str) -> Api {
    api_with(json!({
        "api": {"apiId": "abc123", "stage": "prod"},
        "routeSelectionExpression": "$request.body.action",
        "accessLog": {"format": format, "cluster": "access-log", "logger": "/0"},
        "routes": {
            "$connect": {"integration": "f"},
            "send": {"integration": "f", "detailedMetricsEnabled": true},
        },
        "integrations": {"f": function("f")},
    }))
}

/// The lines that go to the logger now.
fn lines(api: &Api) -> Vec<String> {
    let callouts = api.network.callouts(&context(0));
    assert!(callouts.iter().all(|callout| callout.cluster == "access-log"));
    callouts
        .iter()
        .flat_map(|callout| {
            String::from_utf8(callout.body.clone()).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

const STATUS: &str = "$context.routeKey $context.status $context.integration.status $context.error.message";

#[test]
fn a_handshake_and_messages() {
    let api = logged(STATUS);
    let host = handshake("/prod", &[]);
    let (mut stream, step) = begin(&api, &host);
    callout(step);
    let id = accepted(stream.on_callout(&host, result(json!({"statusCode": 204}))));
    let (mut connection, at, _) = connect(&api, &id);
    for (message, answer) in [
        (r#"{"action": "send"}"#, Some(result(json!({"statusCode": 201})))),
        (r#"{"action": "send"}"#, Some(result(json!({"statusCode": 500})))),
        (r#"{"action": "send"}"#, Some(thrown())),
        (r#"{"action": "send"}"#, Some(gateway::Answer::Failed)),
        (r#"{"action": "other"}"#, None),
    ] {
        gateway::Connection::on_data(&mut connection, &at, &text(message), false);
        if let Some(answer) = answer {
            gateway::Connection::on_callout(&mut connection, &at, answer);
        }
    }
    let expected = [
        "$connect 204 204 -",
        "send 201 201 -",
        "send 500 500 -",
        "send 502 - Internal server error",
        "send 500 - Internal server error",
        "- 403 - Forbidden",
    ];
    assert_eq!(lines(&api), expected);
    assert!(lines(&api).is_empty());
    let counted: Vec<(String, u64)> = at.counters.borrow().clone().into_iter().collect();
    let of = |name: &str| counted.iter().find(|(other, _)| other == name).map(|(_, count)| *count);
    let own = ";ApiId=abc123;Stage=prod;Route=send";
    // What comes in, and two errors that go out.
    assert_eq!(of(&format!("envoy_apigw_MessageCount{own}")), Some(6));
    assert_eq!(of(&format!("envoy_apigw_IntegrationError{own}")), Some(2));
    assert_eq!(of(&format!("envoy_apigw_ExecutionError{own}")), Some(1));
    assert_eq!(of("envoy_apigw_MessageCount;ApiId=abc123;Stage=prod"), Some(2));
    assert_eq!(of("envoy_apigw_ClientError;ApiId=abc123;Stage=prod"), Some(1));
    assert_eq!(host.counters.borrow().get("envoy_apigw_ConnectCount;ApiId=abc123;Stage=prod"), Some(&1));
}

#[test]
fn a_handshake_that_an_authorizer_refuses() {
    let api = logged("$context.eventType $context.status $context.error.messageString $context.identity.sourceIp");
    let host = handshake("/prod", &[]).with_attribute("response.code", 401_u64.to_le_bytes());
    let error = GatewayError::new(gateway::ResponseType::Unauthorized);
    gateway::Host::set_property(&host, Property::Error, &error.to_property());
    // It never came here.
    gateway::Filter::stream(&api.http).on_log(&host);
    assert_eq!(lines(&api), [r#"CONNECT 401 "Unauthorized" 203.0.113.7"#]);
    assert_eq!(host.counters.borrow().get("envoy_apigw_ClientError;ApiId=abc123;Stage=prod"), Some(&1));
    assert_eq!(host.counters.borrow().get("envoy_apigw_ConnectCount;ApiId=abc123;Stage=prod"), None);
}

/// A worker that has much to say does not wait for the next second, and its memory is bounded whatever happens.
#[test]
fn many_lines() {
    let api = logged(&"x".repeat(3000));
    let (mut connection, at, _) = {
        let host = handshake("/prod", &[]);
        let (mut stream, step) = begin(&api, &host);
        callout(step);
        let id = accepted(stream.on_callout(&host, result(json!({"statusCode": 200}))));
        connect(&api, &id)
    };
    for _ in 0..1000 {
        gateway::Connection::on_data(&mut connection, &at, &text("{}"), false);
    }
    let reminders = at.posted.borrow().iter().filter(|(to, _)| *to == Address { worker: 42, context: 0 }).count();
    assert_eq!(reminders, 1);
    assert!(at.logs.borrow().iter().any(|line| line.contains("is lost")));
    let bytes: usize = api.network.callouts(&context(0)).iter().map(|callout| callout.body.len()).sum();
    assert!((900_000..=1 << 20).contains(&bytes), "{bytes}");
}
