//! Several WebSocket APIs in one gateway, and a REST API beside them: paths, host names, a custom domain, and whose
//! connections a caller may manage.

use serde_json::json;

use super::changes::CHANGE_TIMEOUT;
use super::client::{Client, Received};
use super::{check, count, start};
use crate::client::{self, Request, Response};
use crate::gateway::Gateway;
use crate::tally::Tally;

const AREA: &str = "websocket/several";

/// Two WebSocket APIs with the same stage, whose answers tell the API, the stage and the connection's id.
const APIS: &str = include_str!("../../definitions/several.yaml");

const FIRST_HOST: &str = "first.execute-api.us-east-1.localhost";
const SECOND_HOST: &str = "second.execute-api.us-east-1.localhost";
const DOMAIN: &str = "talk.example";

/// Runs all cases.
pub fn run(tally: &mut Tally) {
    let gateway = start(
        APIS,
        &json!({
            "connections": {"authorization": "NONE"},
            "domainNames": [{
                "domainName": DOMAIN,
                "apiMappings": [{"apiId": "Second", "stage": "prod", "apiMappingKey": "chat/v1"}],
            }],
        }),
    );
    count(tally, AREA, "paths, host names and a custom domain", places(&gateway), || gateway.log());
    count(tally, AREA, "each manages its own connections", own_connections(&gateway), || gateway.log());
    count(tally, AREA, "connections stay while another API changes", changes(&gateway), || gateway.log());
}

fn connect(gateway: &Gateway, host: &str, target: &str) -> Result<Client, String> {
    Client::connect(gateway.address, target, &[("Host", host)])
}

/// Who a connection says it is: the API and stage; and its id.
fn who(client: &mut Client) -> Result<(String, String), String> {
    client.text(r#"{"kind": "who"}"#);
    match client.next() {
        Received::Text(text) => {
            let text = String::from_utf8(text).map_err(|error| error.to_string())?;
            let (api, id) = text.rsplit_once(' ').ok_or(text.as_str())?;
            Ok((api.to_owned(), id.to_owned()))
        }
        other => Err(format!("{other:?}")),
    }
}

fn send(gateway: &Gateway, method: &str, host: &str, target: &str) -> Result<Response, String> {
    let mut request = Request::new(method, target).header("Host", host);
    request.body = (method == "POST").then(|| b"pushed".to_vec());
    client::send(gateway.address, &request).map_err(|error| error.to_string())
}

fn places(gateway: &Gateway) -> Result<(), String> {
    for (host, target, expected) in [
        (FIRST_HOST, "/prod", "first prod"),
        (SECOND_HOST, "/prod", "second prod"),
        (SECOND_HOST, "/prod/", "second prod"),
        (DOMAIN, "/chat/v1", "second prod"),
        // Of those with one path the first.
        ("any.example", "/prod", "first prod"),
    ] {
        let (found, _) = who(&mut connect(gateway, host, target)?)?;
        check(found == expected, || format!("{host}{target}: `{found}`, expected `{expected}`"))?;
    }
    for (host, target) in [
        (FIRST_HOST, "/live"),
        (SECOND_HOST, "/chat/v1"),
        (DOMAIN, "/prod"),
        (DOMAIN, "/chat"),
        ("any.example", "/prod/x"),
        ("third.execute-api.us-east-1.localhost", "/prod"),
    ] {
        match connect(gateway, host, target) {
            Err(answer) if answer.starts_with("HTTP/1.1 403 ") => {}
            Err(answer) => return Err(format!("{host}{target}: {answer}")),
            Ok(_) => return Err(format!("{host}{target}: connected")),
        }
    }
    // The REST API does not mind them, nor they it.
    for (host, target, status, body) in [
        ("pets.execute-api.us-east-1.localhost", "/live", 200, "pets"),
        ("any.example", "/live", 200, "pets"),
        ("any.example", "/prod", 403, r#"{"message":"Forbidden"}"#),
        (DOMAIN, "/live", 403, r#"{"message":"Forbidden"}"#),
    ] {
        let answer = send(gateway, "GET", host, target)?;
        check((answer.status, answer.text().as_str()) == (status, body), || {
            format!("GET {host}{target}: {} {}", answer.status, answer.text())
        })?;
    }
    Ok(())
}

fn own_connections(gateway: &Gateway) -> Result<(), String> {
    let mut first = connect(gateway, FIRST_HOST, "/prod")?;
    let mut second = connect(gateway, DOMAIN, "/chat/v1")?;
    let ((_, first_id), (_, second_id)) = (who(&mut first)?, who(&mut second)?);
    for (method, host, path, id, status) in [
        ("POST", FIRST_HOST, "/prod", &first_id, 200),
        ("POST", FIRST_HOST, "/prod", &second_id, 410),
        ("GET", FIRST_HOST, "/prod", &second_id, 410),
        ("DELETE", FIRST_HOST, "/prod", &second_id, 410),
        ("POST", SECOND_HOST, "/prod", &first_id, 410),
        // A connection is known at every place of its API.
        ("POST", SECOND_HOST, "/prod", &second_id, 200),
        ("POST", DOMAIN, "/chat/v1", &second_id, 200),
    ] {
        // Both workers get some.
        for _ in 0..8 {
            let answer = send(gateway, method, host, &format!("{path}/@connections/{id}"))?;
            check(answer.status == status, || format!("{method} {host}{path} {id}: {}", answer.status))?;
        }
    }
    for (client, times) in [(&mut first, 8), (&mut second, 16)] {
        for _ in 0..times {
            let next = client.next();
            check(next == Received::Text(b"pushed".to_vec()), || format!("{next:?}"))?;
        }
        who(client)?;
    }
    let answer = send(gateway, "DELETE", SECOND_HOST, &format!("/prod/@connections/{second_id}"))?;
    check(answer.status == 204, || format!("DELETE: {}", answer.status))
}

fn changes(gateway: &Gateway) -> Result<(), String> {
    let mut first = connect(gateway, FIRST_HOST, "/prod")?;
    let mut second = connect(gateway, SECOND_HOST, "/prod")?;
    let from = gateway.log().len();
    let changed = APIS.replace("'second $context.stage", "'changed $context.stage");
    std::fs::write(&gateway.definition, changed).map_err(|error| error.to_string())?;
    gateway.wait_for_log(from, &["the change is live"], CHANGE_TIMEOUT)?;
    let mut fresh = connect(gateway, SECOND_HOST, "/prod")?;
    for (client, expected) in [(&mut first, "first prod"), (&mut second, "changed prod"), (&mut fresh, "changed prod")]
    {
        let deadline = std::time::Instant::now() + CHANGE_TIMEOUT;
        loop {
            let (found, _) = who(client)?;
            if found == expected {
                break;
            }
            // Each worker takes a change on its own.
            check(std::time::Instant::now() < deadline, || format!("`{found}`, expected `{expected}`"))?;
        }
    }
    Ok(())
}
