//! Access logs and metrics: a line and a count for each event.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use super::changes::CHANGE_TIMEOUT;
use super::client::{Client, Received};
use super::{ECHO, check, count, start};
use crate::backend::{Backend, Behaviour, Function};
use crate::client::{self, Request};
use crate::gateway::Gateway;
use crate::tally::Tally;

const AREA: &str = "websocket/journal";

/// The format of the lines.
const FORMAT: &str = concat!(
    r#"{"key":"$context.routeKey","event":"$context.eventType","status":"$context.status","id":"$context.requestId","#,
    r#""connection":"$context.connectionId","message":"$context.messageId","error":"$context.error.message","#,
    r#""invalid":"$context.error.validationErrorString","integration":"$context.integration.status","#,
    r#""latency":"$context.integrationLatency","stage":"$context.stage","ip":"$context.identity.sourceIp","#,
    r#""left":"$context.disconnectStatusCode"}"#
);

/// Runs all cases.
pub fn run(tally: &mut Tally) {
    let [backend, slow, absent] =
        [Behaviour::HttpEchoBody, Behaviour::Silent, Behaviour::Refused].map(|behaviour| Backend::start(&behaviour));
    let functions =
        Backend::start(&Behaviour::Lambda(BTreeMap::from([("echo".to_owned(), Function::LambdaProxyEchoEvent)])));
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => panic!("{error}"),
    };
    let log = folder.path().join("access.log");
    let settings = json!({
        "apiId": "journal000",
        "connections": {"authorization": "NONE"},
        "endpoints": {
            "hosts": {
                "backend.example:80": backend.url(),
                "slow.example:80": slow.url(),
                "absent.example:80": absent.url(),
            },
            "functions": {"*": functions.url()},
            "accessLogs": {"*": log},
        },
        "stage": {
            "accessLogSettings": {"format": FORMAT},
            "routeSettings": {
                "ping": {"detailedMetricsEnabled": true},
                "limited": {"throttlingRateLimit": 0.001, "throttlingBurstLimit": 2},
            },
        },
    });
    let gateway = start(ECHO, &settings);
    count(tally, AREA, "a line for each event", lines(&gateway, &log), || gateway.log());
    count(tally, AREA, "a count for each event", counts(&gateway), || gateway.log());
    count(tally, AREA, "ten thousand lines", many(&gateway, &log), || gateway.log());
}

/// Lines in the file, once there are `count` of them that `is_wanted` wants.
fn read(log: &Path, count: usize, is_wanted: impl Fn(&Value) -> bool) -> Result<Vec<Value>, String> {
    let deadline = Instant::now() + CHANGE_TIMEOUT;
    loop {
        let text = fs::read_to_string(log).unwrap_or_default();
        let whole = text.lines().filter(|_| text.ends_with('\n'));
        let lines =
            whole.map(serde_json::from_str).collect::<Result<Vec<Value>, _>>().map_err(|error| error.to_string())?;
        let lines: Vec<Value> = lines.into_iter().filter(&is_wanted).collect();
        if lines.len() >= count {
            return Ok(lines);
        }
        if Instant::now() > deadline {
            return Err(format!("{} of {count} lines: {text}", lines.len()));
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

fn tell(client: &mut Client, message: &str) -> Result<(), String> {
    client.text(message);
    match client.next() {
        Received::Text(_) => Ok(()),
        other => Err(format!("{message}: {other:?}")),
    }
}

fn lines(gateway: &Gateway, log: &Path) -> Result<(), String> {
    let mut client = Client::connect(gateway.address, "/prod", &[])?;
    for message in [
        r#"{"action": "ping"}"#,
        r#"{"action": "limited"}"#,
        r#"{"action": "limited"}"#,
        r#"{"action": "limited"}"#,
        r#"{"action": "checked", "kind": "room"}"#,
        r#"{"action": "function"}"#,
        r#"{"action": "slow"}"#,
        r#"{"action": "absent"}"#,
        r#"{"action": "nothing"}"#,
        "no json",
    ] {
        tell(&mut client, message)?;
    }
    client.send(&super::client::frame(0x88, &4000_u16.to_be_bytes()));
    // key, event, status, integration status, error
    let expected = [
        ("$connect", "CONNECT", "200", "200", "-"),
        ("ping", "MESSAGE", "200", "-", "-"),
        ("limited", "MESSAGE", "200", "-", "-"),
        ("limited", "MESSAGE", "200", "-", "-"),
        ("limited", "MESSAGE", "429", "-", "Too Many Requests"),
        ("checked", "MESSAGE", "400", "-", "Bad request body"),
        ("function", "MESSAGE", "200", "200", "-"),
        ("slow", "MESSAGE", "504", "-", "Endpoint request timed out"),
        ("absent", "MESSAGE", "500", "-", "Internal server error"),
        ("nothing", "MESSAGE", "500", "-", "Internal server error"),
        ("$default", "MESSAGE", "200", "200", "-"),
        ("$disconnect", "DISCONNECT", "200", "-", "-"),
    ];
    let lines = read(log, expected.len(), |_| true)?;
    let member = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    for (line, (key, event, status, integration, error)) in lines.iter().zip(expected) {
        let found = ["key", "event", "status", "integration", "error"].map(|name| member(line, name));
        check(found == [key, event, status, integration, error], || format!("{line}, expected {key} {status}"))?;
        check(member(line, "stage") == "prod" && member(line, "ip") == "127.0.0.1", || line.to_string())?;
        check((member(line, "message") == "-") == (event != "MESSAGE"), || line.to_string())?;
        let called = integration != "-" || ["slow", "absent"].contains(&key);
        check((member(line, "latency") != "-") == called, || format!("latency: {line}"))?;
        check((member(line, "invalid") != "-") == (status == "400"), || format!("validation: {line}"))?;
        check((member(line, "left") == "4000") == (event == "DISCONNECT"), || line.to_string())?;
    }
    let distinct =
        |name: &str| lines.iter().map(|line| member(line, name)).collect::<std::collections::BTreeSet<_>>().len();
    let (ids, connections) = (distinct("id"), distinct("connection"));
    check((ids, connections) == (lines.len(), 1), || format!("{ids} ids of requests, {connections} of connections"))
}

/// What the events above have counted; Envoy takes a few seconds over histograms.
fn counts(gateway: &Gateway) -> Result<(), String> {
    let deadline = Instant::now() + CHANGE_TIMEOUT;
    loop {
        match counted(gateway) {
            Err(_) if Instant::now() < deadline => std::thread::sleep(std::time::Duration::from_millis(200)),
            result => return result,
        }
    }
}

fn counted(gateway: &Gateway) -> Result<(), String> {
    let admin = gateway.admin().ok_or("no admin interface")?;
    let page =
        client::send(admin, &Request::new("GET", "/stats/prometheus")).map_err(|error| error.to_string())?.text();
    let page: Vec<&str> = page.lines().filter(|line| line.starts_with("envoy_apigw_")).collect();
    let value = |name: &str, route: &str| {
        let found = page.iter().find_map(|line| {
            let (labels, value) = line.strip_prefix(name)?.strip_prefix('{')?.split_once("} ")?;
            let mut labels: Vec<&str> = labels.split(',').collect();
            labels.sort_unstable();
            let expected = ["ApiId=\"journal000\"", route, "Stage=\"prod\""];
            labels.into_iter().eq(expected.into_iter().filter(|label| !label.is_empty())).then_some(value)
        });
        found.and_then(|text| text.parse::<u64>().ok())
    };
    let route = "Route=\"ping\"";
    for (name, route, expected) in [
        ("envoy_apigw_ConnectCount", "", 1),
        // Nine there and nine back, and those of the route that has its own.
        ("envoy_apigw_MessageCount", "", 18),
        ("envoy_apigw_MessageCount", route, 2),
        ("envoy_apigw_ClientError", "", 2),
        ("envoy_apigw_ExecutionError", "", 3),
        // $connect, the function, `slow`, `absent`, `$default`.
        ("envoy_apigw_IntegrationLatency_count", "", 5),
    ] {
        let found = value(name, route);
        check(found == Some(expected), || {
            format!("{name}{{{route}}}: {found:?}, expected {expected}\n{}", page.join("\n"))
        })?;
    }
    Ok(())
}

/// More lines at once than wait for the next second.
fn many(gateway: &Gateway, log: &Path) -> Result<(), String> {
    const CLIENTS: usize = 10;
    const MESSAGES: usize = 1000;
    let mut clients =
        (0..CLIENTS).map(|_| Client::connect(gateway.address, "/prod", &[])).collect::<Result<Vec<_>, _>>()?;
    for _ in 0..MESSAGES {
        clients.iter_mut().for_each(|client| client.text(r#"{"action": "ping"}"#));
        for client in &mut clients {
            check(matches!(client.next(), Received::Text(_)), || "no answer".to_owned())?;
        }
    }
    // One was there before.
    let lines = read(log, CLIENTS * MESSAGES + 1, |line| line["key"] == "ping")?;
    check(lines.len() == CLIENTS * MESSAGES + 1, || format!("{} lines", lines.len()))
}
