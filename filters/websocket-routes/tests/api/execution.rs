use gateway::{GatewayError, NetworkFilter, Property};
use serde_json::json;

use crate::support::*;

fn logged(level: &str) -> Api {
    api_with(json!({
        "api": {"apiId": "abc123", "stage": "prod"},
        "routeSelectionExpression": "$request.body.action",
        "executionLog": {"cluster": "access-log", "logger": "/0", "loggingLevel": level, "secrets": ["X-Tenant"]},
        "routes": {
            "$connect": {"integration": "f", "loggingLevel": level, "dataTraceEnabled": true},
            "send": {"integration": "f", "loggingLevel": level, "dataTraceEnabled": true},
            "silent": {"integration": "f"},
        },
        "integrations": {"f": function("f")},
    }))
}

/// The lines that go to the logger now, without the ids in front.
fn lines(api: &Api) -> Vec<String> {
    let callouts = api.network.callouts(&context(0));
    let text: Vec<u8> = callouts.iter().flat_map(|callout| callout.body.clone()).collect();
    let text = String::from_utf8(text).unwrap();
    text.lines().map(|line| line.split_once(") ").unwrap().1.to_owned()).collect()
}

fn messages(api: &Api, secret: &str) -> Vec<String> {
    let host = handshake("/prod", &[("x-tenant", secret)]);
    let (mut stream, step) = begin(api, &host);
    callout(step);
    let id = accepted(gateway::Stream::on_callout(&mut stream, &host, result(json!({"statusCode": 200}))));
    let (mut connection, at, _) = connect(api, &id);
    lines(api);
    for (message, answer) in [
        (format!(r#"{{"action": "send", "of": "{secret}"}}"#), Some(result(json!({"statusCode": 200})))),
        (r#"{"action": "silent"}"#.to_owned(), Some(thrown())),
        (r#"{"action": "send"}"#.to_owned(), Some(thrown())),
        (r#"{"action": "other"}"#.to_owned(), None),
    ] {
        gateway::Connection::on_data(&mut connection, &at, &text(&message), false);
        if let Some(answer) = answer {
            gateway::Connection::on_callout(&mut connection, &at, answer);
        }
    }
    lines(api)
}

#[test]
fn errors_alone() {
    let lines = messages(&logged("ERROR"), "acme-inc");
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[0].starts_with("Extended Request Id: ") && lines[2].starts_with("Extended Request Id: "));
    assert!(lines[1].starts_with("Execution failed due to configuration error: "), "{lines:?}");
    assert_eq!(lines[3], "Execution failed: Forbidden");
}

#[test]
fn the_whole_course() {
    let lines = messages(&logged("INFO"), "acme-inc");
    let shown = lines.join("\n");
    // The function's event has the message, with its quotes escaped, and the handshake's secret in it.
    assert!(!shown.contains("acme-inc") && shown.contains(r#"\"of\": \"**********\""#), "{shown}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("Starting execution for request: ")).count(), 3);
    assert_eq!(lines.iter().filter(|line| *line == "WebSocket Request Route: [send]").count(), 2);
    assert!(!shown.contains("silent"), "{shown}");
}

#[test]
fn a_handshake_that_an_authorizer_refuses() {
    let api = logged("ERROR");
    let host = handshake("/prod", &[]).with_attribute("response.code", 401_u64.to_le_bytes());
    let error = GatewayError::new(gateway::ResponseType::Unauthorized);
    gateway::Host::set_property(&host, Property::Error, &error.to_property());
    // It never came here.
    gateway::Stream::on_log(&mut gateway::Filter::stream(&api.http), &host);
    let lines = lines(&api);
    assert_eq!(lines.get(1).map(String::as_str), Some("Execution failed: Unauthorized"), "{lines:?}");
}
