//! What a message's route makes of it: models, limits, mappings, and integrations that are slow, absent or functions.

use serde_json::{Value, json};

use super::cases::{connect, expect, text};
use super::client::Received;
use super::{Api, check, count};
use crate::tally::Tally;

const AREA: &str = "websocket/integrations";

type Case = fn(&Api) -> Result<(), String>;

/// Runs all cases.
pub fn run(api: &Api, tally: &mut Tally) {
    let cases: [(&str, Case); 8] = [
        ("a message that does not fit its model", models),
        ("a route that is called too often", limits),
        ("a slow integration", slow),
        ("an integration that nobody answers for", absent),
        ("a route without an integration", nothing),
        ("a one-way route", one_way),
        ("mappings and templates", mapped),
        ("a function's event", function),
    ];
    for (name, case) in cases {
        api.backend.take_received();
        api.functions.take_received();
        count(tally, AREA, name, case(api), || api.log());
    }
}

/// The message of an error frame, which names the connection.
fn error(received: Received, id: &str) -> Result<String, String> {
    let Received::Text(frame) = received else { return Err(format!("received {received:?}")) };
    let frame = String::from_utf8(frame).map_err(|error| error.to_string())?;
    let parsed: Value = serde_json::from_str(&frame).map_err(|error| error.to_string())?;
    check(parsed["connectionId"] == id && parsed["requestId"].is_string(), || frame.clone())?;
    Ok(parsed["message"].as_str().unwrap_or_default().to_owned())
}

fn fails(api: &Api, message: &str, expected: &str) -> Result<(), String> {
    let (mut client, id) = connect(api)?;
    client.text(message);
    let found = error(client.next(), &id)?;
    check(found == expected, || format!("`{found}`, expected `{expected}`"))?;
    // An error never ends a connection.
    client.text(r#"{"action": "ping"}"#);
    expect(&mut client, &text(&json!({"pong": id}).to_string().replace(':', ": ")))
}

fn models(api: &Api) -> Result<(), String> {
    for invalid in [r#"{"action": "checked", "kind": "room"}"#, r#"{"action": "checked", "kind": "room", "room": 1}"#] {
        fails(api, invalid, "Bad request body")?;
    }
    let (mut client, id) = connect(api)?;
    for valid in [r#"{"action": "checked", "kind": "room", "room": "a"}"#, r#"{"action": "checked", "kind": "other"}"#]
    {
        client.text(valid);
        expect(&mut client, &text(&format!("{{\"pong\": \"{id}\"}}")))?;
    }
    client.text(r#"{"action": "checked", "kind": "room"}"#);
    let Received::Text(frame) = client.next() else { return Err("no frame".to_owned()) };
    let frame = String::from_utf8_lossy(&frame).into_owned();
    let begins = format!("{{\"message\": \"Bad request body\", \"connectionId\":\"{id}\", \"messageId\":\"");
    check(frame.starts_with(&begins) && frame.contains("\", \"requestId\":\""), || frame.clone())
}

fn limits(api: &Api) -> Result<(), String> {
    let (mut client, id) = connect(api)?;
    let (mut other, _) = connect(api)?;
    for client in [&mut client, &mut other] {
        client.text(r#"{"action": "limited"}"#);
        check(matches!(client.next(), Received::Text(_)), || "no answer within the burst".to_owned())?;
    }
    client.text(r#"{"action": "limited"}"#);
    let found = error(client.next(), &id)?;
    check(found == "Too Many Requests", || found.clone())
}

fn slow(api: &Api) -> Result<(), String> {
    fails(api, r#"{"action": "slow"}"#, "Endpoint request timed out")
}

fn absent(api: &Api) -> Result<(), String> {
    fails(api, r#"{"action": "absent"}"#, "Internal server error")
}

fn nothing(api: &Api) -> Result<(), String> {
    fails(api, r#"{"action": "nothing"}"#, "Internal server error")
}

fn one_way(api: &Api) -> Result<(), String> {
    let (mut client, id) = connect(api)?;
    client.text(r#"{"action": "one-way"}"#);
    client.text(r#"{"action": "ping"}"#);
    expect(&mut client, &text(&format!("{{\"pong\": \"{id}\"}}")))
}

fn mapped(api: &Api) -> Result<(), String> {
    let (mut client, id) = connect(api)?;
    api.backend.take_received();
    client.text(r#"{"action": "mapped", "kind": "shout", "room": "a", "text": "hi"}"#);
    expect(&mut client, &text(r#"{"heard": "hi"}"#))?;
    let received = api.backend.take_received();
    let call = received.first().ok_or("the backend was not called")?;
    let body = String::from_utf8_lossy(&call.body).into_owned();
    check(call.method == "POST" && call.target == "/rooms/a", || format!("{} {}", call.method, call.target))?;
    check(body == format!(r#"{{"said": "hi", "by": "{id}"}}"#), || body.clone())?;
    client.text(r#"{"action": "mapped", "kind": "whisper", "room": "a"}"#);
    expect(&mut client, &text(r#"{"heard": "nothing"}"#))
}

fn function(api: &Api) -> Result<(), String> {
    let (mut client, id) = connect(api)?;
    let message = r#"{"action": "function", "text": "é"}"#;
    client.text(message);
    let Received::Text(event) = client.next() else { return Err("no frame".to_owned()) };
    let event: Value = serde_json::from_slice(&event).map_err(|error| error.to_string())?;
    let context = &event["requestContext"];
    check(event["body"] == message && event["isBase64Encoded"] == false, || event.to_string())?;
    for (name, expected) in [
        ("routeKey", "function"),
        ("eventType", "MESSAGE"),
        ("connectionId", id.as_str()),
        ("stage", "prod"),
        ("apiId", "websocket"),
        ("domainName", "api.example"),
    ] {
        check(context[name] == expected, || format!("{name} is {}", context[name]))?;
    }
    check(event["stageVariables"]["backend"] == "backend.example", || event.to_string())
}
