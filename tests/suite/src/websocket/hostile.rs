//! Clients that mean harm, on a real Envoy: what they get, what they cost, and that everybody else is served.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use super::cases::{connect, expect, text};
use super::client::{Client, Received, frame};
use super::{Api, check, count};
use crate::client::{self, Request};
use crate::tally::Tally;

const AREA: &str = "websocket/hostile";
/// What Envoy may hold more than before, in KiB: buffers and heaps of its size keep what they have had once.
const MORE_KIB: u64 = 48 << 10;
/// How long a client waits for the system to take more bytes before it believes that nobody reads them.
const STUCK: Duration = Duration::from_secs(2);

type Case = fn(&Api) -> Result<(), String>;

/// Runs all cases. After each of them a new connection works, on either worker, and Envoy has not grown.
pub fn run(api: &Api, tally: &mut Tally) {
    let cases: [(&str, Case); 9] = [
        ("a million tiny frames", tiny_frames),
        ("fragments without end", endless_fragments),
        ("lengths that nobody has", lengths),
        ("JSON bombs", json_bombs),
        ("a client that does not read", slow_reader),
        ("an integration that does not answer", slow_integration),
        ("half a handshake, a thousand times", half_open),
        ("floods of headers", header_floods),
        ("ids that nobody has given out", forged_ids),
    ];
    for (name, case) in cases {
        count(tally, AREA, name, bounded(api, case), || api.log());
    }
}

fn bounded(api: &Api, case: Case) -> Result<(), String> {
    let before = api.memory_kib()?;
    case(api)?;
    for _ in 0..8 {
        let mut client = api.connect()?;
        client.text("still here?");
        expect(&mut client, &text("still here?"))?;
    }
    let after = api.memory_kib()?;
    check(after <= before + MORE_KIB, || format!("Envoy has grown from {before} to {after} KiB"))
}

/// Sends the same bytes again and again.
fn repeat(client: &mut Client, bytes: &[u8], times: usize) {
    const AT_ONCE: usize = 10_000;
    for _ in 0..times / AT_ONCE {
        client.send(&bytes.repeat(AT_ONCE));
    }
}

fn tiny_frames(api: &Api) -> Result<(), String> {
    let mut client = api.connect()?;
    // Pongs that nobody has asked for; a message whose fragments are empty.
    repeat(&mut client, &frame(0x8a, b""), 500_000);
    client.send(&frame(0x01, b"tiny"));
    repeat(&mut client, &frame(0x00, b""), 500_000);
    client.send(&frame(0x80, b"!"));
    expect(&mut client, &text("tiny!"))
}

fn endless_fragments(api: &Api) -> Result<(), String> {
    let mut client = api.connect()?;
    client.send(&frame(0x01, &[b'x'; 30_000]));
    for _ in 0..1000 {
        client.send(&frame(0x00, &[b'x'; 30_000]));
    }
    closed(&mut client, 1009)
}

fn lengths(api: &Api) -> Result<(), String> {
    for length in [10_000_000_u64, 1 << 40, u64::MAX >> 1, u64::MAX] {
        let mut client = api.connect()?;
        client.send(&[&[0x81, 0xff], &length.to_be_bytes()[..], &[0; 4], b"a few bytes"].concat());
        match client.next() {
            Received::Close(payload) if payload.starts_with(&[3, 0xea]) || payload.starts_with(&[3, 0xf1]) => {}
            other => return Err(format!("{length}: {other:?}")),
        }
    }
    Ok(())
}

/// Whatever their shape, they are answered: routed, or as messages that are no JSON.
fn json_bombs(api: &Api) -> Result<(), String> {
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let route = |rest: &str| format!(r#"{{"action": "checked", "kind": {rest}, "room": {rest}}}"#);
    for bomb in [
        "[".repeat(32_000),
        r#"{"a":"#.repeat(6000),
        deep(15_000),
        route(&deep(5000)),
        format!("[{}1]", "1,".repeat(15_000)),
        format!("{{{}\"action\": \"checked\"}}", r#""action": "ping", "#.repeat(1500)),
        format!(r#"{{"action": {}}}"#, "9".repeat(30_000)),
        route(&format!("1e{}", "9".repeat(10_000))),
        format!(r#"{{"action": "{}"}}"#, r"\ud83d\ude00".repeat(2600)),
    ] {
        let mut client = api.connect()?;
        client.text(&bomb);
        let start: String = bomb.chars().take(40).collect();
        match client.next() {
            Received::Text(_) => {}
            other => return Err(format!("{start}…: {other:?}")),
        }
        client.text("and now");
        expect(&mut client, &text("and now"))?;
    }
    Ok(())
}

fn closed(client: &mut Client, code: u16) -> Result<(), String> {
    match client.next() {
        Received::Close(payload) if payload.starts_with(&code.to_be_bytes()) => Ok(()),
        other => Err(format!("{other:?}, expected a close frame with {code}")),
    }
}

/// It is sent no more than a part; who pushes hears of it.
fn slow_reader(api: &Api) -> Result<(), String> {
    let (_client, id) = connect(api)?;
    let mut statuses = Vec::new();
    for _ in 0..200 {
        let mut request = Request::new("POST", &format!("/prod/@connections/{id}"));
        request.body = Some(vec![b'x'; 131_072]);
        statuses.push(client::send(api.address, &request).map_err(|error| error.to_string())?.status);
    }
    let taken = statuses.iter().take_while(|status| **status == 200).count();
    let refused = statuses.iter().skip(taken).all(|status| *status == 429);
    check((1..100).contains(&taken) && refused, || format!("{statuses:?}"))
}

/// The messages wait at the client: neither Envoy nor the gateway takes them.
fn slow_integration(api: &Api) -> Result<(), String> {
    let message = format!(r#"{{"action": "slow", "text": "{}"}}"#, "x".repeat(30_000));
    let messages = frame(0x81, message.as_bytes()).repeat(2000);
    let mut client = api.connect()?;
    let taken = client.send_while_taken(&messages, STUCK / 20);
    check(taken < messages.len() / 2, || format!("{taken} bytes were taken"))
}

fn half_open(api: &Api) -> Result<(), String> {
    let mut streams = Vec::new();
    for number in 0..1000 {
        let mut stream = TcpStream::connect(api.address).map_err(|error| error.to_string())?;
        let head: &[u8] = b"GET /prod HTTP/1.1\r\nHost: api.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
        let part = head.get(..number % head.len()).unwrap_or_default();
        stream.write_all(part).map_err(|error| error.to_string())?;
        streams.push(stream);
    }
    let mut client = api.connect()?;
    client.text("among them");
    expect(&mut client, &text("among them"))
}

fn header_floods(api: &Api) -> Result<(), String> {
    let large = "x".repeat(9000);
    let many: Vec<String> = (0..2000).map(|number| format!("x-{number}")).collect();
    for (name, headers) in [
        ("many", many.iter().map(|name| (name.as_str(), "1")).collect::<Vec<_>>()),
        ("large", (0..20).map(|_| ("x-large", large.as_str())).collect()),
        ("protocols", (0..2).map(|_| ("sec-websocket-protocol", large.as_str())).collect()),
    ] {
        match Client::connect(api.address, "/prod", &headers) {
            Err(answer) if answer.starts_with("HTTP/1.1 4") => {}
            Err(answer) => return Err(format!("{name}: {answer}")),
            Ok(_) => return Err(format!("{name}: connected")),
        }
    }
    Ok(())
}

/// Every id that differs from a real one by a character, and some of any shape.
fn forged_ids(api: &Api) -> Result<(), String> {
    let (mut client, id) = connect(api)?;
    let mut ids: Vec<String> = Vec::new();
    for place in 0..id.len() {
        for other in ["A", "Z", "9", "-"] {
            let mut forged = id.clone();
            forged.replace_range(place..=place, other);
            ids.push(forged);
        }
    }
    ids.extend(
        ["", "..", "%00", "%2F", "/", "AAAA", &"A".repeat(23), &"A".repeat(24), &"A".repeat(9000)].map(str::to_owned),
    );
    for forged in ids.iter().filter(|forged| **forged != id) {
        let mut request = Request::new("POST", &format!("/prod/@connections/{forged}"));
        request.body = Some(b"forged".to_vec());
        let status = client::send(api.address, &request).map_err(|error| error.to_string())?.status;
        check([400, 403, 410].contains(&status), || format!("{forged}: {status}"))?;
    }
    client.text("nothing came before");
    expect(&mut client, &text("nothing came before"))
}
