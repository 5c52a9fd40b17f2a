//! Facts on lifecycle and events, from `websocket/api-facts.jsonl` of the folder of recorded cases; nothing runs without
//! it. Those on authorizers are the authorizers' own.

use gateway::{Answer, Connection, Stream};
use serde_json::{Value, json};

use crate::support::*;

fn facts(area: &str) -> Vec<Value> {
    let folder = std::env::var("CONFORMANCE_DIR")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/conformance").to_owned());
    let Ok(text) = std::fs::read_to_string(format!("{folder}/websocket/api-facts.jsonl")) else {
        println!("no recorded cases in {folder}");
        return Vec::new();
    };
    let facts = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    facts.filter(|fact| fact["area"] == area).collect()
}

/// What a function that is described so gives for `message`.
fn given(lambda: &Value, message: &str) -> Answer {
    if lambda["lambda_throws"] == true {
        return thrown();
    }
    let mut returned = lambda["lambda_returns"].clone();
    if returned["body"] == "<request body>" {
        returned["body"] = json!(message);
    }
    result(returned)
}

#[test]
fn lifecycle() {
    for fact in facts("lifecycle") {
        let (name, given_routes) = (&fact["id"], &fact["given"]["routes"]);
        let Some(described) = given_routes.as_object() else { continue };
        let mut routes = json!({});
        for (key, route) in described {
            let response = route["route_response"].as_str();
            routes[key] = json!({"integration": "f"});
            if let Some(response) = response {
                routes[key]["routeResponseSelectionExpression"] = json!(response);
            }
        }
        let api = api(routes, json!({"f": function("f")}));
        let query = fact["given"]["handshake_query"].as_str().unwrap_or_default();
        let host = handshake(&format!("/prod?{query}"), &[]);
        let (mut stream, mut step) = begin(&api, &host);
        if let Some(connect) = described.get("$connect") {
            step = stream.on_callout(&host, given(connect, ""));
        }
        let expected = &fact["expect"];
        if expected["handshake"].as_u64().is_some_and(|status| status != 101) {
            assert_eq!(json!(reply(step).status), expected["handshake"], "{name}");
            continue;
        }
        let id = accepted(step);
        let Some(message) = fact["given"]["client_sends"].as_str() else { continue };
        let (mut connection, at, _) = connect(&api, &id);
        let action = serde_json::from_str::<Value>(message).unwrap()["action"].clone();
        let route = action
            .as_str()
            .and_then(|action| described.get(action))
            .or_else(|| described.get("$default"))
            .unwrap_or(&Value::Null);
        assert!(connection.on_data(&at, &text(message), false).callout.is_some(), "{name}");
        let received = texts(&connection.on_callout(&at, given(route, message)));
        match expected.get("client_receives_json") {
            Some(wanted) => {
                let received: Value = serde_json::from_str(&received[0]).unwrap();
                assert_eq!(
                    (&received["message"], &received["connectionId"]),
                    (&wanted["message"], &json!(id)),
                    "{name}"
                );
                assert!(received["requestId"].is_string(), "{name}");
            }
            None => {
                let wanted: Vec<_> = expected["client_receives"].as_str().into_iter().collect();
                assert_eq!(received, wanted, "{name}");
            }
        }
    }
}

#[test]
fn quotas() {
    for fact in facts("quota") {
        let found = match fact["given"]["quota"].as_str().unwrap() {
            "connection duration" => {
                let raw: websocket_routes::RawLimits = serde_json::from_str("{}").unwrap();
                raw.connection_duration_millis / 1000
            }
            "frame size bytes" => websocket::MAX_FRAME_BYTES as u64,
            "message payload bytes" => websocket::MAX_MESSAGE_BYTES as u64,
            other => panic!("no such quota: {other}"),
        };
        assert_eq!(json!(found), fact["expect"]["value"], "{}", fact["id"]);
    }
}
