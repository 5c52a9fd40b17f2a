//! Autobahn's cases, from the conformance folder, against the example's `$default` route, which echoes.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use super::Api;
use super::client::{Client, Received, frame};
use crate::paths;
use crate::tally::{Outcome, Tally};

const AREA: &str = "websocket/autobahn";
/// API Gateway's limit of a frame.
const MAX_FRAME_BYTES: usize = 32_768;

/// Runs all cases.
pub fn run(api: &Api, tally: &mut Tally) {
    let Some(folder) = paths::conformance("websocket") else { return };
    let text = fs::read_to_string(folder.join("autobahn-cases.jsonl")).expect("the cases");
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).expect("JSON");
        let outcome = match api.connect() {
            Ok(client) => Run { client, seen: Vec::new(), closed: None, ended: false }.case(&case),
            Err(answer) => Outcome::Failed(answer),
        };
        tally.add(AREA, case["id"].as_str().unwrap_or_default(), outcome);
    }
}

struct Run {
    client: Client,
    seen: Vec<(&'static str, Vec<u8>)>,
    /// Payload of the close frame.
    closed: Option<Vec<u8>>,
    ended: bool,
}

impl Run {
    fn case(mut self, case: &Value) -> Outcome {
        let actions = case["send"].as_array().expect("actions");
        let mut piecemeal = Vec::new();
        for action in actions {
            self.act(action, &mut piecemeal);
        }
        let outcomes = case["expect"]["outcomes"].as_object().expect("outcomes");
        let wanted: Vec<Vec<_>> = outcomes.values().map(events).collect();
        let close = &case["expect"]["close"];
        // By the tester: as soon as an outcome is there, else when the endpoint has closed.
        let by_tester = close["closed_by"] == "tester";
        let client_closes = actions.iter().any(|action| action["opcode"] == 8);
        while self.closed.is_none() && !self.ended {
            if by_tester && !client_closes && wanted.iter().any(|events| *events == self.events()) {
                self.client.send(&frame(0x88, &1000u16.to_be_bytes()));
                break;
            }
            if !self.read(Duration::from_secs(3)) {
                break;
            }
        }
        while self.closed.is_none() && !self.ended && self.read(Duration::from_secs(3)) {}
        self.judge(actions, &wanted, close)
    }

    fn judge(&self, actions: &[Value], wanted: &[Vec<(String, Vec<u8>)>], close: &Value) -> Outcome {
        let code =
            self.closed.as_ref().and_then(|payload| Some(u16::from_be_bytes([*payload.first()?, *payload.get(1)?])));
        let any = |is: &dyn Fn(&Value) -> bool| actions.iter().any(is);
        let refused_by_design = match code {
            Some(1003) => any(&|action| action["opcode"] == 2 || action["binary"] == true),
            Some(1009) => {
                any(&|action| action.get("payload").is_some_and(|payload| bytes(payload).len() > MAX_FRAME_BYTES))
            }
            _ => false,
        };
        // An integration that answers nothing sends nothing.
        let empty = wanted.iter().any(|events| events.iter().any(|(name, text)| name == "message" && text.is_empty()));
        if refused_by_design || (empty && self.seen.is_empty()) {
            return Outcome::KnownDifference;
        }
        if !wanted.iter().any(|events| *events == self.events()) {
            return Outcome::Failed(format!("received {:?}, close {code:?}", self.events()));
        }
        let codes = close["close_code"].as_array().expect("codes");
        match code {
            Some(code) if !codes.contains(&json!(code)) => {
                Outcome::Failed(format!("closed with {code}, not {codes:?}"))
            }
            None if close["require_clean"] == true && self.closed.is_none() => {
                Outcome::Failed("no close frame came".to_owned())
            }
            _ => Outcome::Passed,
        }
    }

    fn events(&self) -> Vec<(String, Vec<u8>)> {
        self.seen.iter().map(|(name, content)| ((*name).to_owned(), content.clone())).collect()
    }

    fn act(&mut self, action: &Value, piecemeal: &mut Vec<u8>) {
        let number = |name: &str| u8::try_from(action[name].as_u64().unwrap_or_default()).expect("a byte");
        match action["action"].as_str().expect("an action") {
            "frame" => {
                let fin = if action["fin"] == true { 0x80 } else { 0 };
                let bytes = frame(fin | number("rsv") << 4 | number("opcode"), &bytes(&action["payload"]));
                let size =
                    action["tcp_chop"].as_u64().map_or(bytes.len(), |size| usize::try_from(size).expect("a size"));
                for piece in bytes.chunks(size) {
                    self.client.send(piece);
                }
            }
            "message" => {
                let payload = bytes(&action["payload"]);
                let size = action["fragment_size"]
                    .as_u64()
                    .map_or(payload.len().max(1), |size| usize::try_from(size).expect("a size"));
                let parts: Vec<_> = if payload.is_empty() { vec![&[][..]] } else { payload.chunks(size).collect() };
                for (at, part) in parts.iter().enumerate() {
                    let opcode = if at > 0 { 0 } else { 1 + u8::from(action["binary"] == true) };
                    let fin = if at + 1 == parts.len() { 0x80 } else { 0 };
                    self.client.send(&frame(fin | opcode, part));
                }
            }
            // One frame in pieces, masked with zeros.
            "begin-frame" => self.client.send(&[0x01, 0x80 | number("length"), 0, 0, 0, 0]),
            "frame-data" => {
                *piecemeal = bytes(&action["payload"]);
                self.client.send(piecemeal);
            }
            "end-message" => self.client.send(&frame(0x80, b"")),
            "wait" => {
                while self.read(Duration::from_millis(300)) {}
                if let Some(tag) = action["tag"].as_str().filter(|_| self.closed.is_none() && !self.ended) {
                    self.seen.push(("timeout", tag.as_bytes().to_vec()));
                }
            }
            "begin-message" | "drop-after" | "close-after" => {}
            other => panic!("no such action: {other}"),
        }
    }

    /// Reads one thing; `false` when nothing more comes.
    fn read(&mut self, time: Duration) -> bool {
        if self.closed.is_some() || self.ended {
            return false;
        }
        match self.client.next_within(time) {
            Received::Text(text) => self.seen.push(("message", text)),
            Received::Pong(payload) => self.seen.push(("pong", payload)),
            // The gateway's own, after much data; it needs no answer for so little.
            Received::Ping(_) => {}
            Received::Close(payload) => self.closed = Some(payload),
            Received::End => self.ended = true,
            Received::Nothing => return false,
        }
        true
    }
}

fn events(outcome: &Value) -> Vec<(String, Vec<u8>)> {
    let event = |event: &Value| {
        let content = match event.get("payload") {
            Some(payload) => bytes(payload),
            None => event["tag"].as_str().unwrap_or_default().as_bytes().to_vec(),
        };
        (event["event"].as_str().expect("a name").to_owned(), content)
    };
    outcome.as_array().expect("events").iter().map(event).collect()
}

fn bytes(payload: &Value) -> Vec<u8> {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
    };
    match payload {
        Value::Object(of) if of.contains_key("text") => of["text"].as_str().expect("text").as_bytes().to_vec(),
        Value::Object(of) if of.contains_key("hex") => hex(of["hex"].as_str().expect("hex")),
        Value::Object(of) => {
            let count = usize::try_from(of["count"].as_u64().expect("a count")).expect("a count");
            hex(of["repeat_hex"].as_str().expect("hex")).repeat(count)
        }
        other => panic!("no payload: {other}"),
    }
}
