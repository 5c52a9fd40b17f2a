//! Autobahn's cases, from `websocket/autobahn-cases.jsonl` of the folder of recorded cases, against an endpoint that
//! echoes; nothing runs without that folder.

use serde_json::{Value, json};
use websocket::{End, Event, MAX_FRAME_BYTES, Reader, Violation};

use crate::frame;

fn bytes(payload: &Value) -> Vec<u8> {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    match payload {
        Value::Object(of) if of.contains_key("text") => of["text"].as_str().unwrap().as_bytes().to_vec(),
        Value::Object(of) if of.contains_key("hex") => hex(of["hex"].as_str().unwrap()),
        Value::Object(of) => hex(of["repeat_hex"].as_str().unwrap()).repeat(of["count"].as_u64().unwrap() as usize),
        other => panic!("no payload: {other}"),
    }
}

fn number(action: &Value, name: &str) -> u8 {
    action[name].as_u64().unwrap_or_default() as u8
}

/// An echo endpoint, and what a tester has seen of it.
#[derive(Default)]
struct Echo {
    reader: Reader,
    events: Vec<(&'static str, Vec<u8>)>,
    end: Option<End>,
}

impl Echo {
    fn feed(&mut self, mut input: &[u8]) {
        while self.end.is_none() {
            match self.reader.read(&mut input) {
                Ok(Some(Event::Text(text))) => self.events.push(("message", text.into_bytes())),
                Ok(Some(Event::Ping(payload))) => self.events.push(("pong", payload)),
                Ok(Some(Event::Pong(_))) => {}
                Ok(Some(Event::Close(code))) => self.end = Some(End::ByClient(code)),
                Ok(None) => return,
                Err(violation) => self.end = Some(End::Violation(violation)),
            }
        }
    }

    fn run(&mut self, actions: &[Value]) {
        // The frame under way of a message that is sent piece by piece; its mask is not changed by the cuts.
        let (mut piecemeal, mut sent) = (Vec::new(), 0);
        for action in actions {
            match action["action"].as_str().unwrap() {
                "frame" => {
                    let fin = if action["fin"] == true { 0x80 } else { 0 };
                    let first = fin | number(action, "rsv") << 4 | number(action, "opcode");
                    self.feed(&frame(first, &bytes(&action["payload"])));
                }
                "message" => {
                    let payload = bytes(&action["payload"]);
                    let size = action["fragment_size"].as_u64().map_or(payload.len().max(1), |size| size as usize);
                    let parts: Vec<_> = if payload.is_empty() { vec![&[][..]] } else { payload.chunks(size).collect() };
                    for (at, part) in parts.iter().enumerate() {
                        let opcode = if at > 0 { 0 } else { 1 + u8::from(action["binary"] == true) };
                        let fin = if at + 1 == parts.len() { 0x80 } else { 0 };
                        self.feed(&frame(fin | opcode, part));
                    }
                }
                "begin-frame" => {
                    // Masked with zeros.
                    self.feed(&[0x01, 0x80 | number(action, "length"), 0, 0, 0, 0]);
                    piecemeal.clear();
                    sent = 0;
                }
                "frame-data" => {
                    piecemeal.extend(bytes(&action["payload"]));
                    self.feed(&piecemeal[sent..]);
                    sent = piecemeal.len();
                }
                "end-message" => self.feed(&frame(0x80, b"")),
                "wait" if action["tag"].is_string() && self.end.is_none() => {
                    self.events.push(("timeout", action["tag"].as_str().unwrap().as_bytes().to_vec()));
                }
                "begin-message" | "wait" | "drop-after" | "close-after" => {}
                other => panic!("no such action: {other}"),
            }
        }
    }

    /// API Gateway itself refuses it: binary messages, and frames over its limit.
    fn is_refused_by_design(&self, actions: &[Value]) -> bool {
        let any = |is: &dyn Fn(&Value) -> bool| actions.iter().any(is);
        match self.end {
            Some(End::Violation(Violation::Binary)) => any(&|action| action["opcode"] == 2 || action["binary"] == true),
            Some(End::Violation(Violation::TooBig)) => {
                any(&|action| action.get("payload").is_some_and(|payload| bytes(payload).len() > MAX_FRAME_BYTES))
            }
            _ => false,
        }
    }
}

fn expected_event(event: &Value) -> (String, Vec<u8>) {
    let content = match event.get("payload") {
        Some(payload) => bytes(payload),
        None => event["tag"].as_str().unwrap_or_default().as_bytes().to_vec(),
    };
    (event["event"].as_str().unwrap().to_owned(), content)
}

#[test]
fn cases() {
    let folder = std::env::var("CONFORMANCE_DIR")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/conformance").to_owned());
    let Ok(text) = std::fs::read_to_string(format!("{folder}/websocket/autobahn-cases.jsonl")) else {
        println!("no recorded cases in {folder}");
        return;
    };
    let (mut passed, mut refused) = (0, 0);
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let actions = case["send"].as_array().unwrap();
        let mut echo = Echo::default();
        echo.run(actions);
        if echo.is_refused_by_design(actions) {
            refused += 1;
            continue;
        }
        let seen: Vec<_> = echo.events.iter().map(|(name, content)| ((*name).to_owned(), content.clone())).collect();
        let outcomes = case["expect"]["outcomes"].as_object().unwrap();
        let fits = |events: &Value| {
            let expected: Vec<_> = events.as_array().unwrap().iter().map(expected_event).collect();
            expected == seen
        };
        let name = outcomes.iter().find(|(_, events)| fits(events)).map(|(name, _)| name.as_str());
        assert!(name.is_some(), "{}: {:?} at {:?}", case["id"], echo.events, echo.end);
        let close = &case["expect"]["close"];
        if let Some(end @ End::Violation(_)) = &echo.end {
            // Where the tester closes, a wrong close frame of its own may be answered with 1002.
            let codes = close["close_code"].as_array().unwrap();
            assert!(codes.contains(&json!(end.status())), "{}: {end:?}, expected {codes:?}", case["id"]);
        } else {
            assert_eq!(close["closed_by"], "tester", "{}", case["id"]);
        }
        passed += 1;
    }
    println!("{passed} passed, {refused} refused as the service does");
    assert!(passed > 100);
}
