//! Whether the integration got what was recorded: `integration_request`, and as much of `integration_effect` as the
//! request itself shows.

use serde_json::{Value, json};

use super::differ::Recording;
use super::text;
use crate::backend::{self, Received};
use crate::base64;

/// What is different, one line each.
pub fn differences(case: &Value, received: &[Received]) -> Vec<String> {
    let expect = &case["expect"];
    let mut found = Vec::new();
    if let Some(expected) = expect.get("integration_request") {
        match received {
            [request] => of_request(case, expected, request, &mut found),
            _ => found.push(format!("the integration got {} requests, expected one", received.len())),
        }
    }
    let effect = &expect["integration_effect"];
    if effect.is_null() {
        return found;
    }
    let [request] = received else {
        found.push(format!("the integration got {} requests, expected one", received.len()));
        return found;
    };
    let recording = Recording::default();
    let message = backend::sqs_message(request).unwrap_or_default();
    for (name, expected) in effect.as_object().into_iter().flatten() {
        let same = match name.as_str() {
            // A message that the recording's other requests have sent is not there.
            "sqs-messages" => expected
                .as_array()
                .is_some_and(|all| all.iter().any(|one| recording.value(&one["Body"], &message["Body"]))),
            "sqs-message-body" => recording.value(expected, &message["Body"]),
            "sqs-message-attributes" => recording.value(expected, &message["MessageAttributes"]),
            "result-scan" => {
                let call: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                expected["Items"].as_array().is_some_and(|items| items.contains(&call["Item"]))
            }
            _ => false,
        };
        if !same {
            let body = String::from_utf8_lossy(&request.body);
            found.push(format!("the service got {body}, expected {name} {expected}"));
        }
    }
    found
}

fn of_request(case: &Value, expected: &Value, request: &Received, found: &mut Vec<String>) {
    let recording = Recording::default();
    let resources = case["given"]["api"]["resources"].as_object();
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        let actual = request.header(name).unwrap_or_default();
        // Ids of resources are the service's own; here they are derived from the path.
        let is_id = resources.is_some_and(|resources| resources.values().any(|resource| resource["id"] == *value));
        let same = if is_id { actual.len() == 6 } else { recording.value(value, &json!(actual)) };
        if !same {
            found.push(format!("header {name} of the integration's request is `{actual}`, expected {value}"));
        }
    }
    let body = &expected["body"];
    let bytes = match (body["text"].as_str(), body["base64"].as_str()) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(encoded)) => base64::decode(encoded),
        (None, None) => return,
    };
    if request.body != bytes {
        let actual = String::from_utf8_lossy(&request.body);
        found.push(format!("the integration got the body `{actual:.300}`, expected {body}; {}", text(&case["id"])));
    }
}
