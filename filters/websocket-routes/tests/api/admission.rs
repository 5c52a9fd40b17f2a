//! What a message must pass before its integration: the route's limit, and its model.

use gateway::{Connection, Host, Property};
use serde_json::{Value, json};

use crate::support::*;

fn with(route: Value, more: Value) -> Api {
    let mut raw = json!({
        "api": {"apiId": "abc123", "stage": "prod"},
        "routeSelectionExpression": "$request.body.action",
        "connectionsAuthorization": "NONE",
        "routes": {"join": route, "$default": {}},
        "integrations": {"b": backend()},
    });
    raw.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    api_with(raw)
}

fn checked() -> Api {
    let room = json!({"type": "object", "required": ["room"], "properties": {"room": {"type": "string"}}});
    let models = json!({"models": {"Room": room, "Any": {"type": "object"}}});
    let route = json!({
        "integration": "b",
        "modelSelectionExpression": "$request.body.kind",
        "requestModels": {"room": "Room", "$default": "Any"},
    });
    with(route, models)
}

#[test]
fn messages_fit_the_model_that_the_expression_names() {
    let api = checked();
    for (message, fits) in [
        (r#"{"action":"join","kind":"room","room":"a"}"#, true),
        (r#"{"action":"join","kind":"room"}"#, false),
        (r#"{"action":"join","kind":"room","room":1}"#, false),
        (r#"{"action":"join","kind":"other"}"#, true),
        (r#"{"action":"join"}"#, true),
    ] {
        let (mut connection, host, id) = open(&api);
        let output = connection.on_data(&host, &text(message), false);
        assert_eq!(output.callout.is_some(), fits, "{message}");
        if !fits {
            let frame = texts(&output).remove(0);
            let begins = format!(r#"{{"message": "Bad request body", "connectionId":"{id}", "messageId":""#);
            assert!(frame.starts_with(&begins) && frame.contains(r#"", "requestId":""#), "{frame}");
            assert!(!output.close);
        }
    }
}

#[test]
fn without_a_model_for_it_nothing_fits() {
    let route =
        json!({"integration": "b", "modelSelectionExpression": "$request.body.kind", "requestModels": {"a": "A"}});
    let api = with(route, json!({"models": {"A": {"type": "object"}}}));
    for message in [r#"{"action":"join","kind":"b"}"#, r#"{"action":"join"}"#] {
        let (mut connection, host, _) = open(&api);
        let output = connection.on_data(&host, &text(message), false);
        assert!(output.callout.is_none() && texts(&output)[0].contains("Bad request body"), "{message}");
    }
}

#[test]
fn what_is_no_json_fits_no_model() {
    let raw = json!({
        "api": {"apiId": "abc123", "stage": "prod"},
        "routeSelectionExpression": "$request.body.action",
        "routes": {"$default": {
            "integration": "b", "modelSelectionExpression": "\\$default", "requestModels": {"$default": "Any"},
        }},
        "integrations": {"b": backend()},
        "models": {"Any": {}},
    });
    let api = api_with(raw);
    for (message, fits) in [("hello", false), ("", false), ("[1]", true), ("\"x\"", true)] {
        let (mut connection, host, _) = open(&api);
        let output = connection.on_data(&host, &text(message), false);
        assert_eq!(output.callout.is_some(), fits, "{message}");
    }
}

#[test]
fn a_routes_limit_is_shared_by_its_clients_and_refills() {
    let api = with(json!({"integration": "b", "throttle": {"rateLimit": 1.0, "burstLimit": 2.0}}), json!({}));
    let message = text(r#"{"action":"join"}"#);
    let (mut one, host, _) = open(&api);
    let (mut other, _, _) = open(&api);
    assert!(one.on_data(&host, &message, false).callout.is_some());
    assert!(other.on_data(&host, &message, false).callout.is_some());
    let (mut third, at, _) = open(&api);
    let output = third.on_data(&at, &message, false);
    assert!(texts(&output)[0].starts_with(r#"{"message": "Too Many Requests", "#) && !output.close);
    // Other routes are not concerned.
    assert!(!texts(&third.on_data(&at, &text("x"), false))[0].contains("Too Many"));
    at.pass_millis(1000);
    assert!(third.on_data(&at, &message, false).callout.is_some());
}

#[test]
fn the_accounts_limit_is_for_handshakes_and_messages() {
    let account = json!({"accountThrottle": {"rateLimit": 0.001, "burstLimit": 2.0}});
    let api = with(json!({"integration": "b"}), account);
    let (mut connection, host, _) = open(&api);
    let message = text(r#"{"action":"join"}"#);
    assert!(connection.on_data(&host, &message, false).callout.is_some());
    let refused = reply(begin(&api, &handshake("/prod", &[])).1);
    assert_eq!(refused.status, 429);
    assert!(refused.body.starts_with(br#"{"message": "Too Many Requests", "connectionId":""#));
}

#[test]
fn a_handshake_has_the_ids_that_it_was_given() {
    let id = websocket::ConnectionId { node: 0, worker: 42, serial: 99 }.to_string();
    let host = handshake("/prod", &[]);
    host.set_property(Property::Request, b"R1kmxG_mtjMFbRw= R1kmxG_mtjMFbRw=");
    let known = format!(r#"{{"connectionId":"{id}","connectedAt":1705751697419}}"#);
    host.set_property(Property::WebSocket, known.as_bytes());
    let api = with(json!({}), json!({}));
    let (stream, step) = begin(&api, &host);
    assert_eq!(accepted(step), id);
    let (_, _, output) = connect(&api, &id);
    assert!(output.write.starts_with(b"HTTP/1.1 101 "));
    drop(stream);
}
