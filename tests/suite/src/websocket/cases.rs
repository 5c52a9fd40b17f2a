//! What connections do on a real Envoy that a core alone cannot show: writes at any time, workers, back-pressure.

use std::time::Duration;

use serde_json::Value;

use super::client::{Client, Received, frame};
use super::{Api, check, count};
use crate::backend;
use crate::client::{self, Request};
use crate::tally::Tally;

const AREA: &str = "websocket/connections";

type Case = fn(&Api) -> Result<(), String>;

/// Runs all cases.
pub fn run(api: &Api, tally: &mut Tally) {
    let cases: [(&str, Case); 11] = [
        ("a handshake", handshake),
        ("pushes arrive in order, whichever worker they come in on", pushes),
        ("calls of @connections", management),
        ("fifty messages in one segment", pipelined),
        ("frames byte by byte", byte_by_byte),
        ("a frame before the handshake's answer", early_frame),
        ("ends are told to $disconnect", ends),
        ("messages before a close frame", last_words),
        ("messages of a client that is gone", cut_off),
        ("what breaks the rules ends with a close frame", broken),
        ("what is no handshake is forbidden", forbidden),
    ];
    for (name, case) in cases {
        api.backend.take_received();
        count(tally, AREA, name, case(api), || api.log());
    }
}

/// Looks at what comes next.
pub fn expect(client: &mut Client, expected: &Received) -> Result<(), String> {
    let received = client.next();
    check(received == *expected, || format!("received {received:?}, expected {expected:?}"))
}

/// A text message.
pub fn text(text: &str) -> Received {
    Received::Text(text.as_bytes().to_vec())
}

/// A connection with its id.
pub fn connect(api: &Api) -> Result<(Client, String), String> {
    let mut client = api.connect()?;
    client.text(r#"{"action": "ping"}"#);
    let Received::Text(pong) = client.next() else { return Err("no pong".to_owned()) };
    let pong: Value = serde_json::from_slice(&pong).map_err(|error| error.to_string())?;
    Ok((client, pong["pong"].as_str().unwrap_or_default().to_owned()))
}

fn call(api: &Api, method: &str, id: &str, body: &[u8]) -> Result<client::Response, String> {
    let mut request = Request::new(method, &format!("/prod/@connections/{id}"));
    request.body = (method == "POST").then(|| body.to_vec());
    client::send(api.address, &request).map_err(|error| error.to_string())
}

fn handshake(api: &Api) -> Result<(), String> {
    let client = Client::connect(api.address, "/prod?room=1", &[("x-apigw-connection-id", "made up")])?;
    let head = client.head.to_ascii_lowercase();
    check(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), || head.clone())?;
    check(!head.contains("sec-websocket-extensions"), || head.clone())?;
    let received = api.backend.take_received();
    let connect = received.first().ok_or("the backend was not called")?;
    check(connect.path() == "/connect" && connect.header("connection-id").is_some_and(|id| id.len() == 24), || {
        format!("{connect:?}")
    })
}

fn pushes(api: &Api) -> Result<(), String> {
    const PUSHES: usize = 1000;
    // More than there are workers, so that some are on the worker of a call and others are not.
    let mut clients = (0..4).map(|_| connect(api)).collect::<Result<Vec<_>, _>>()?;
    for number in 0..PUSHES {
        // Each call is a connection of its own, on either worker.
        for (_, id) in &clients {
            let answer = call(api, "POST", id, number.to_string().as_bytes())?;
            check(answer.status == 200 && answer.body.is_empty(), || format!("{} {:?}", answer.status, answer.body))?;
        }
    }
    for (client, _) in &mut clients {
        for number in 0..PUSHES {
            expect(client, &text(&number.to_string()))?;
        }
    }
    Ok(())
}

fn management(api: &Api) -> Result<(), String> {
    let (mut client, id) = connect(api)?;
    let large = "x".repeat(131_072);
    let status = |method: &str, id: &str, body: &[u8]| call(api, method, id, body).map(|answer| answer.status);
    check(status("POST", &id, large.as_bytes())? == 200, || "a large push".to_owned())?;
    loop {
        match client.next() {
            Received::Ping(payload) => client.send(&frame(0x8a, &payload)),
            received => break check(received == text(&large), || "the large push is not the same".to_owned())?,
        }
    }
    check(status("POST", &id, &vec![b'x'; 131_073])? == 413, || "a push that is too large".to_owned())?;
    let told = call(api, "GET", &id, b"")?;
    let told: Value = serde_json::from_slice(&told.body).map_err(|error| error.to_string())?;
    check(told["identity"]["sourceIp"] == "127.0.0.1" && told["connectedAt"].is_string(), || told.to_string())?;
    check(status("GET", "abc", b"")? == 400, || "an id that is none".to_owned())?;
    check(status("GET", "R1kmxc2VNjMCFIA=", b"")? == 410, || "an id of the service".to_owned())?;
    check(status("GET", "AAAAAAAAAAAAAAAAAAAAAAAA", b"")? == 410, || "an id of no worker".to_owned())?;
    check(status("DELETE", &id, b"")? == 204, || "the connection is not closed".to_owned())?;
    loop {
        match client.next() {
            Received::Ping(_) => {}
            received => {
                break check(received == Received::Close(b"\x03\xe8Connection Closed Normally".to_vec()), || {
                    format!("{received:?}")
                })?;
            }
        }
    }
    expect(&mut client, &Received::End)?;
    check(status("POST", &id, b"late")? == 410, || "a connection that is closed".to_owned())
}

fn pipelined(api: &Api) -> Result<(), String> {
    let mut client = api.connect()?;
    let bytes: Vec<u8> = (0..50).flat_map(|number| frame(0x81, format!("message {number}").as_bytes())).collect();
    client.send(&bytes);
    (0..50).try_for_each(|number| expect(&mut client, &text(&format!("message {number}"))))
}

fn byte_by_byte(api: &Api) -> Result<(), String> {
    let mut client = api.connect()?;
    let bytes = [frame(0x01, "caf".as_bytes()), frame(0x89, b"?"), frame(0x80, "é".as_bytes())].concat();
    for byte in bytes {
        client.send(&[byte]);
        std::thread::sleep(Duration::from_millis(1));
    }
    expect(&mut client, &Received::Pong(b"?".to_vec()))?;
    expect(&mut client, &text("café"))
}

fn early_frame(api: &Api) -> Result<(), String> {
    // Sent with the head, so it is there before the handshake is answered.
    let mut client = Client::connect_with(api.address, &frame(0x81, b"early"))?;
    expect(&mut client, &text("early"))
}

fn ends(api: &Api) -> Result<(), String> {
    let mut clean = api.connect()?;
    clean.send(&frame(0x88, b"\x0f\xa1bye"));
    expect(&mut clean, &Received::Close(b"\x0f\xa1bye".to_vec()))?;
    expect(&mut clean, &Received::End)?;
    let mut abrupt = api.connect()?;
    abrupt.drop_connection();
    let mut told = 0;
    for _ in 0..100 {
        let of_disconnect = |received: &backend::Received| received.path() == "/disconnect";
        told += api.backend.take_received().into_iter().filter(of_disconnect).count();
        if told >= 2 {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(format!("$disconnect was called {told} times"))
}

/// What the backend is told of a connection, apart from its handshake, until `$disconnect`.
fn told(api: &Api, id: &str) -> Result<Vec<String>, String> {
    let mut told = Vec::new();
    for _ in 0..300 {
        for received in api.backend.take_received() {
            match received.path() {
                "/disconnect" if received.header("connection-id").as_deref() == Some(id) => {
                    told.push("the end".to_owned())
                }
                // Of another case.
                "/connect" | "/disconnect" => {}
                _ => told.push(String::from_utf8_lossy(&received.body).into_owned()),
            }
        }
        if told.iter().any(|text| text == "the end") {
            return Ok(told);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(format!("$disconnect was not called: {told:?}"))
}

fn last_words(api: &Api) -> Result<(), String> {
    let (mut client, id) = connect(api)?;
    let messages = ["a", "b", "c"].map(|message| frame(0x81, message.as_bytes())).concat();
    client.send(&[messages, frame(0x88, b"\x0f\xa1bye")].concat());
    // The first answers may be on their way before the close frame has come.
    loop {
        match client.next() {
            Received::Text(_) => {}
            received => break check(received == Received::Close(b"\x0f\xa1bye".to_vec()), || format!("{received:?}"))?,
        }
    }
    let told = told(api, &id)?;
    check(told == ["a", "b", "c", "the end"], || format!("{told:?}"))
}

/// They do not wait for each other any more, so they may come in any order.
fn cut_off(api: &Api) -> Result<(), String> {
    let (mut client, id) = connect(api)?;
    // It keeps the others waiting.
    client.text(r#"{"action": "slow"}"#);
    client.send(&["a", "b", "c"].map(|message| frame(0x81, message.as_bytes())).concat());
    std::thread::sleep(Duration::from_millis(50));
    client.drop_connection();
    let mut told = told(api, &id)?;
    for _ in 0..100 {
        if told.len() >= 4 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
        told.extend(
            api.backend.take_received().iter().map(|received| String::from_utf8_lossy(&received.body).into_owned()),
        );
    }
    told.sort_unstable();
    check(told == ["a", "b", "c", "the end"], || format!("{told:?}"))
}

fn broken(api: &Api) -> Result<(), String> {
    for (name, bytes, code) in [
        ("binary", frame(0x82, b"x"), 1003),
        ("a large frame", frame(0x81, &[b'x'; 40_000]), 1009),
        ("10 MB", frame(0x81, &vec![b'x'; 10_000_000]), 1009),
        ("no UTF-8", frame(0x81, b"\xff"), 1007),
        ("binary within a text", [frame(0x01, b"x"), frame(0x82, b"x")].concat(), 1002),
        ("no mask", vec![0x81, 0x01, b'x'], 1002),
        ("reserved bits", frame(0xc1, b"x"), 1002),
        ("no frames", b"GET / HTTP/1.1\r\n\r\n".to_vec(), 1002),
    ] {
        let mut client = api.connect()?;
        client.send(&bytes);
        let received = client.next();
        let closed = matches!(&received, Received::Close(payload) if payload.starts_with(&u16::to_be_bytes(code)));
        check(closed, || format!("{name}: {received:?}"))?;
    }
    Ok(())
}

fn forbidden(api: &Api) -> Result<(), String> {
    for target in ["/prod", "/prod/", "/", "/prod/x", "/other"] {
        let answer = client::send(api.address, &Request::new("GET", target)).map_err(|error| error.to_string())?;
        let as_expected = answer.status == 403 && answer.body == br#"{"message":"Forbidden"}"#;
        check(as_expected, || format!("{target}: {} {:?}", answer.status, answer.body))?;
    }
    match Client::connect(api.address, "/prod/x", &[]) {
        Err(answer) => check(answer.starts_with("HTTP/1.1 403 "), || answer.clone()),
        Ok(_) => Err("a connection on a path that is not the stage's".to_owned()),
    }
}
