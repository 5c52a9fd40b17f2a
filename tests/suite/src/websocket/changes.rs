//! What becomes of open connections when the API changes.

use std::time::{Duration, Instant};

use serde_json::json;

use super::client::{Client, Received};
use super::connect::{functions, integration, settings, template};
use super::{check, count, start};
use crate::backend::Function;
use crate::client::{self, Request};
use crate::tally::Tally;

const AREA: &str = "websocket/changes";
/// How long a change may take on a busy machine.
pub const CHANGE_TIMEOUT: Duration = Duration::from_secs(30);

type Case = fn() -> Result<(), String>;

/// Runs all cases.
pub fn run(tally: &mut Tally) {
    let cases: [(&str, Case); 3] = [
        ("an open connection follows the API", follows),
        ("many connections at once, and their end", many),
        ("the gateway's own end", end),
    ];
    for (name, case) in cases {
        count(tally, AREA, name, case(), String::new);
    }
}

fn api(answer: &str) -> String {
    template(&json!({}), &json!({})).replace("$context.connectionId ", &format!("$context.connectionId {answer} "))
}

fn ask(client: &mut Client) -> Result<String, String> {
    client.text(r#"{"action": "who"}"#);
    match client.next() {
        Received::Text(text) => String::from_utf8(text).map_err(|error| error.to_string()),
        other => Err(format!("{other:?}")),
    }
}

/// Connections stay open while the API changes; their messages take the new one's ways, and pushes reach them.
fn follows() -> Result<(), String> {
    let functions = functions(&[]);
    let gateway = start(&api("first"), &settings(&functions));
    let mut clients = (0..8).map(|_| Client::connect(gateway.address, "/prod", &[])).collect::<Result<Vec<_>, _>>()?;
    let mut ids = Vec::new();
    for client in &mut clients {
        let known = ask(client)?;
        check(known.contains(" first "), || known.clone())?;
        ids.push(known.split(' ').next().unwrap_or_default().to_owned());
    }
    for change in ["second", "third"] {
        let from = gateway.log().len();
        std::fs::write(&gateway.definition, api(change)).map_err(|error| error.to_string())?;
        gateway
            .wait_for_log(from, &["the change is live"], CHANGE_TIMEOUT)
            .map_err(|log| format!("the change does not go live: {log}"))?;
        for (client, id) in clients.iter_mut().zip(&ids) {
            // Each worker takes a change on its own.
            let deadline = Instant::now() + CHANGE_TIMEOUT;
            while !ask(client)?.contains(&format!(" {change} ")) {
                check(Instant::now() < deadline, || format!("an open connection does not see the {change} API"))?;
            }
            let mut request = Request::new("POST", &format!("/prod/@connections/{id}"));
            request.body = Some(change.as_bytes().to_vec());
            let status = client::send(gateway.address, &request).map_err(|error| error.to_string())?.status;
            check(status == 200, || format!("a push to an open connection: {status}"))?;
            check(client.next() == Received::Text(change.as_bytes().to_vec()), || "no push".to_owned())?;
        }
        ask(&mut Client::connect(gateway.address, "/prod", &[])?)?;
    }
    Ok(())
}

/// Some hundred connections are opened, used and dropped; nothing stays behind that would keep others out.
fn many() -> Result<(), String> {
    let functions = functions(&[]);
    let gateway = start(&api("first"), &settings(&functions));
    for _ in 0..3 {
        let mut clients =
            (0..200).map(|_| Client::connect(gateway.address, "/prod", &[])).collect::<Result<Vec<_>, _>>()?;
        for client in &mut clients {
            ask(client)?;
        }
        clients.iter_mut().for_each(Client::drop_connection);
    }
    ask(&mut Client::connect(gateway.address, "/prod", &[])?).map(drop)
}

/// A gateway that ends says so to its clients, and to the API.
fn end() -> Result<(), String> {
    const CONNECTIONS: usize = 200;
    let more = json!({"DisconnectRoute": {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {"ApiId": {"Ref": "Api"}, "RouteKey": "$disconnect", "Target": {"Fn::Sub": "integrations/${Left}"}},
    }, "Left": integration("left")});
    let functions = functions(&[("left", Function::LambdaProxyEchoEvent)]);
    let gateway = start(&template(&json!({}), &more), &settings(&functions));
    let mut clients =
        (0..CONNECTIONS).map(|_| Client::connect(gateway.address, "/prod", &[])).collect::<Result<Vec<_>, _>>()?;
    for client in &mut clients {
        ask(client)?;
    }
    drop(gateway);
    for client in &mut clients {
        let received = client.next();
        check(received == Received::Close(b"\x03\xe9Going away".to_vec()), || format!("{received:?}"))?;
    }
    let told = functions.take_received();
    check(told.len() == CONNECTIONS, || format!("$disconnect was called {} times of {CONNECTIONS}", told.len()))
}
