//! Two Envoys that serve one API: a call of `@connections` reaches a connection through either.

use serde_json::{Value, json};

use super::changes::CHANGE_TIMEOUT;
use super::client::{Client, Received};
use super::connect::{functions, sign_request, template, with_signer};
use super::{check, count};
use crate::client::{self, Request, Response};
use crate::gateway::Gateway;
use crate::tally::Tally;

const AREA: &str = "websocket/fleet";

/// Runs all cases.
pub fn run(tally: &mut Tally) {
    count(tally, AREA, "calls reach connections on the other Envoy", calls(), String::new);
}

struct Fleet {
    nodes: Vec<Gateway>,
    settings: Value,
}

impl Fleet {
    /// Two Envoys that know of each other. Which port each has is known when it listens.
    fn start(settings: Value) -> Result<Self, String> {
        let definition = template(&json!({}), &json!({}));
        let mut fleet = Self { nodes: Vec::new(), settings };
        for number in 1..=2 {
            // The other one is not there yet.
            let settings = fleet.settings_with(&json!({"1": "http://127.0.0.1:9", "2": "http://127.0.0.1:9"}));
            let options = ["--concurrency", "2", "--node", &number.to_string()].map(str::to_owned);
            fleet.nodes.push(Gateway::start(&definition, &settings, &options)?);
        }
        let url = |node: &Gateway| format!("http://{}", node.address);
        let addresses = json!({"1": url(&fleet.nodes[0]), "2": url(&fleet.nodes[1])});
        for node in &fleet.nodes {
            let from = node.log().len();
            std::fs::write(&node.settings, fleet.settings_with(&addresses)).map_err(|error| error.to_string())?;
            node.wait_for_log(from, &["the change is live"], CHANGE_TIMEOUT)?;
        }
        Ok(fleet)
    }

    fn settings_with(&self, nodes: &Value) -> String {
        let mut settings = self.settings.clone();
        settings["fleet"] = json!({"nodes": nodes});
        settings.to_string()
    }
}

fn call(node: &Gateway, method: &str, id: &str, body: &[u8], signed: bool) -> Result<Response, String> {
    let mut request = Request::new(method, &format!("/prod/@connections/{id}"));
    request.body = (method == "POST").then(|| body.to_vec());
    if signed {
        sign_request(&mut request, node.address);
    }
    client::send(node.address, &request).map_err(|error| error.to_string())
}

fn calls() -> Result<(), String> {
    let functions = functions(&[]);
    let any = "arn:aws:execute-api:*:*:websocket/prod/*/@connections/*";
    let mut settings = with_signer(&functions, "execute-api:ManageConnections", any);
    settings.as_object_mut().expect("settings").remove("connections");
    let mut fleet = Fleet::start(settings)?;
    let mut clients = Vec::new();
    for node in &fleet.nodes {
        let mut client = Client::connect(node.address, "/prod", &[])?;
        client.text(r#"{"action": "who"}"#);
        let Received::Text(who) = client.next() else { return Err("no frame".to_owned()) };
        let who = String::from_utf8_lossy(&who).into_owned();
        clients.push((client, who.split(' ').next().unwrap_or_default().to_owned()));
    }
    for number in 0..50 {
        for (node, gateway) in fleet.nodes.iter().enumerate() {
            for (client, id) in &mut clients {
                let text = format!("{number} through {node}");
                let answer = call(gateway, "POST", id, text.as_bytes(), true)?;
                check(answer.status == 200 && answer.body.is_empty(), || {
                    format!("{} {}", answer.status, answer.text())
                })?;
                check(client.next() == Received::Text(text.into_bytes()), || "no push".to_owned())?;
            }
        }
    }
    let (first, id) = &mut clients[0];
    let id = id.clone();
    let told = call(&fleet.nodes[1], "GET", &id, b"", true)?;
    let told: Value = serde_json::from_slice(&told.body).map_err(|error| error.to_string())?;
    check(told["identity"]["sourceIp"] == "127.0.0.1", || told.to_string())?;
    let unsigned = call(&fleet.nodes[1], "POST", &id, b"x", false)?;
    check(unsigned.status == 403, || format!("unsigned: {}", unsigned.status))?;
    let large = call(&fleet.nodes[1], "POST", &id, &vec![b'x'; 131_073], true)?;
    check(large.status == 413, || format!("too large: {}", large.status))?;
    let closed = call(&fleet.nodes[1], "DELETE", &id, b"", true)?;
    check(closed.status == 204, || format!("{} {}", closed.status, closed.text()))?;
    let received = first.next();
    check(received == Received::Close(b"\x03\xe8Connection Closed Normally".to_vec()), || format!("{received:?}"))?;
    let gone = call(&fleet.nodes[1], "POST", &id, b"late", true)?;
    check(gone.status == 410 && gone.text() == "{}", || format!("{} {}", gone.status, gone.text()))?;
    // A node that nobody has configured, and one that is no more.
    let strange = call(&fleet.nodes[0], "POST", "AAkAAAAAAAAAAAAAAAAAAAAB", b"x", true)?;
    check(strange.status == 410, || format!("a node that does not exist: {}", strange.status))?;
    let (_, lost) = &clients[1];
    fleet.nodes.truncate(1);
    let lost = call(&fleet.nodes[0], "POST", lost, b"x", true)?;
    check(lost.status == 410, || format!("a node that is gone: {}", lost.status))
}
