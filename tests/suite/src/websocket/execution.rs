//! Execution logs: what became of each event, in API Gateway's words and without the secrets.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::changes::CHANGE_TIMEOUT;
use super::client::{Client, Received, frame};
use super::{ECHO, check, count, start};
use crate::backend::{Backend, Behaviour};
use crate::gateway::Gateway;
use crate::tally::Tally;

const AREA: &str = "websocket/execution";

/// What a line begins with whose rest depends on the machine.
const ANY: &str = "…";

/// The stage's settings of the definition, and what stands in their place.
const UNLOGGED: &str = "RouteSettings: {limited: {ThrottlingRateLimit: 0.001, ThrottlingBurstLimit: 2}}";
const LOGGED: &str = "DefaultRouteSettings: {LoggingLevel: INFO}
      RouteSettings:
        $connect: {DataTraceEnabled: true}
        $default: {DataTraceEnabled: true}
        slow: {LoggingLevel: ERROR, DataTraceEnabled: true}
        one-way: {LoggingLevel: ERROR}
        limited: {LoggingLevel: \"OFF\"}";

/// Runs all cases.
pub fn run(tally: &mut Tally) {
    let [backend, slow] = [Behaviour::HttpEchoBody, Behaviour::Silent].map(|behaviour| Backend::start(&behaviour));
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => panic!("{error}"),
    };
    let log = folder.path().join("execution.log");
    let settings = json!({
        "apiId": "executed00",
        "connections": {"authorization": "NONE"},
        "endpoints": {
            "hosts": {"backend.example:80": backend.url(), "slow.example:80": slow.url(), "absent.example:80": slow.url()},
            "functions": {"*": backend.url()},
            "executionLogs": {"/aws/apigateway/executed00/prod": log},
        },
    });
    let gateway = start(&ECHO.replace(UNLOGGED, LOGGED), &settings);
    count(tally, AREA, "connect, messages and disconnect", events(&gateway, &log), || gateway.log());
}

fn events(gateway: &Gateway, log: &Path) -> Result<(), String> {
    let headers = [("Authorization", "Bearer secret-token-1"), ("User-Agent", "suite/1")];
    let mut client = Client::connect(gateway.address, "/prod?access_token=abcdefgh&room=a", &headers)?;
    let mut tell = |message: &str| {
        client.text(message);
        match client.next() {
            Received::Text(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
            other => Err(format!("{message}: {other:?}")),
        }
    };
    let pong: Value = serde_json::from_str(&tell(r#"{"action": "ping"}"#)?).map_err(|error| error.to_string())?;
    let connection = pong["pong"].as_str().unwrap_or_default().to_owned();
    tell(r#"{"action": "limited"}"#)?;
    tell(r#"{"token": "secret-token-1"}"#)?;
    tell(r#"{"action": "slow", "text": "not shown"}"#)?;
    tell(r#"{"action": "checked", "kind": "room"}"#)?;
    client.text(r#"{"action": "one-way"}"#);
    client.send(&frame(0x88, &4000_u16.to_be_bytes()));

    let expected = [
        "Extended Request Id: <id>",
        "Starting execution for request: <id>",
        "WebSocket Request Route: [$connect]",
        "Client [UserAgent: suite/1, SourceIp: 127.0.0.1] is connecting to WebSocket API [executed00].",
        "Method request query string: {access_token=**********, room=a}",
        "Method request headers: {…",
        "Endpoint request URI: http://backend.example/connect",
        "Endpoint request headers: {…",
        "Endpoint request body after transformations: ",
        "Sending request to http://backend.example/connect",
        "Received response. Status: 200, Integration latency: …",
        "Endpoint response headers: {…",
        "Endpoint response body before transformations: ",
        "Client [Connection Id: <connection>] connected to API [executed00] successfully.",
        "Extended Request Id: <id>",
        "Starting execution for request: <id>",
        "WebSocket Request Route: [ping]",
        "WebSocket API [executed00] received message from client [Connection Id: <connection>].",
        "Message from client [Connection Id: <connection>] sent to API [executed00] with response status code [200].",
        "Extended Request Id: <id>",
        "Starting execution for request: <id>",
        "WebSocket Request Route: [$default]",
        "WebSocket API [executed00] received message from client [Connection Id: <connection>].",
        r#"Method request body before transformations: {"token": "**********"}"#,
        "Endpoint request URI: http://backend.example/default",
        "Endpoint request headers: {…",
        r#"Endpoint request body after transformations: {"token": "**********"}"#,
        "Sending request to http://backend.example/default",
        "Received response. Status: 200, Integration latency: …",
        "Endpoint response headers: {…",
        r#"Endpoint response body before transformations: {"token": "**********"}"#,
        r#"Method response body after transformations: {"token": "**********"}"#,
        "Message from client [Connection Id: <connection>] sent to API [executed00] with response status code [200].",
        "Extended Request Id: <id>",
        "Execution failed due to a timeout error",
        "Extended Request Id: <id>",
        "Starting execution for request: <id>",
        "WebSocket Request Route: [checked]",
        "WebSocket API [executed00] received message from client [Connection Id: <connection>].",
        "Request body does not match model schema for content type application/json: …",
        "Extended Request Id: <id>",
        "Starting execution for request: <id>",
        "WebSocket Request Route: [$disconnect]",
        "Endpoint request URI: http://backend.example/disconnect",
        "Sending request to http://backend.example/disconnect",
        "Client [Connection Id: <connection>] disconnected from API [executed00]. Close reason: [4000: …",
    ];
    let lines = read(log, expected.len(), &connection)?;
    for (line, expected) in lines.iter().zip(expected) {
        let holds = match expected.strip_suffix(ANY) {
            Some(beginning) => line.starts_with(beginning),
            None => line == expected,
        };
        check(holds, || format!("`{line}`, expected `{expected}`\n{}", lines.join("\n")))?;
    }
    let secret = ["secret-token-1", "abcdefgh", "not shown"].into_iter().find(|secret| lines.concat().contains(secret));
    check(secret.is_none() && lines.len() == expected.len(), || format!("{secret:?} in\n{}", lines.join("\n")))
}

/// The lines of the file without their ids, once there are so many of them.
fn read(log: &Path, count: usize, connection: &str) -> Result<Vec<String>, String> {
    let deadline = Instant::now() + CHANGE_TIMEOUT;
    loop {
        let text = fs::read_to_string(log).unwrap_or_default();
        let without_id = |line: &str| {
            let (id, line) = line.strip_prefix('(')?.split_once(") ")?;
            Some(line.replace(id, "<id>").replace(connection, "<connection>"))
        };
        let lines: Vec<String> = text.lines().filter_map(without_id).collect();
        if lines.len() >= count && text.ends_with('\n') {
            return Ok(lines);
        }
        if Instant::now() > deadline {
            return Err(format!("{} of {count} lines:\n{text}", lines.len()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
