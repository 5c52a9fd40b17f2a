//! Backends of every kind behind the connections that the gateway keeps: what a client gets, and that nobody gets the
//! answer to another one's message.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::changes::CHANGE_TIMEOUT;
use super::client::{Client, Received, frame};
use super::connect::template;
use super::{check, count};
use crate::client::{self, Request};
use crate::gateway::Gateway;
use crate::tally::Tally;

const AREA: &str = "websocket/upstreams";
/// Twice the time that the route `slow` gives its backend.
const LATE: Duration = Duration::from_millis(1000);

/// A backend that does what messages say: their `do` is the answer, byte for byte, and what happens then.
struct Scripted {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    /// Requests as they came.
    received: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (counted, requests) = (Arc::clone(&connections), Arc::clone(&received));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::Relaxed);
                let requests = Arc::clone(&requests);
                std::thread::spawn(move || serve(stream, &requests));
            }
        });
        Self { address, connections, received }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    fn requests(&self) -> usize {
        self.received.lock().expect("no panic").len()
    }

    fn last(&self) -> String {
        self.received.lock().expect("no panic").last().cloned().unwrap_or_default()
    }
}

/// One connection, until it has to end.
fn serve(mut stream: TcpStream, requests: &Mutex<Vec<String>>) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        let body = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let whole = end + 4 + length.map_or(0, |length| length.parse().expect("a length"));
                if bytes.len() >= whole {
                    let request: Vec<u8> = bytes.drain(..whole).collect();
                    requests.lock().expect("no panic").push(String::from_utf8_lossy(&request).into_owned());
                    break request[end + 4..].to_vec();
                }
            }
            let mut more = [0; 65_536];
            let count = stream.read(&mut more).ok().filter(|count| *count > 0)?;
            bytes.extend_from_slice(&more[..count]);
        };
        let script: Value = serde_json::from_slice(&body).ok()?;
        for step in script["do"].as_array()? {
            match step {
                Value::String(text) => stream.write_all(text.as_bytes()).ok()?,
                Value::Number(millis) => std::thread::sleep(Duration::from_millis(millis.as_u64()?)),
                Value::Array(repeated) => {
                    let text = repeated.first()?.as_str()?.repeat(usize::try_from(repeated.get(1)?.as_u64()?).ok()?);
                    stream.write_all(text.as_bytes()).ok()?;
                }
                _ => return None,
            }
        }
    }
}

/// The API in front of it: `script` waits 29 seconds, `slow` half a second, and `header` sends a part of the message as a
/// header.
struct Api {
    gateway: Gateway,
    backend: Scripted,
    other: Scripted,
}

impl Api {
    fn start() -> Self {
        let (backend, other) = (Scripted::start(), Scripted::start());
        let route = |key: &str, integration: &str| {
            json!({"Type": "AWS::ApiGatewayV2::Route", "Properties": {
                "ApiId": {"Ref": "Api"}, "RouteKey": key, "RouteResponseSelectionExpression": "$default",
                "Target": {"Fn::Sub": format!("integrations/${{{integration}}}")},
            }})
        };
        let integration = |more: &Value| {
            let mut properties = json!({
                "ApiId": {"Ref": "Api"}, "IntegrationType": "HTTP_PROXY", "IntegrationMethod": "POST",
                "IntegrationUri": "http://backend.example/script",
            });
            properties.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
            json!({"Type": "AWS::ApiGatewayV2::Integration", "Properties": properties})
        };
        let header = json!({"RequestParameters": {"integration.request.header.x-said": "route.request.body.said"}});
        let resources = json!({
            "ScriptRoute": route("script", "Script"), "Script": integration(&json!({})),
            "SlowRoute": route("slow", "Slow"), "Slow": integration(&json!({"TimeoutInMillis": 500})),
            "HeaderRoute": route("header", "Header"), "Header": integration(&header),
        });
        let settings = json!({
            "apiId": "websocket", "connections": {"authorization": "NONE"},
            "endpoints": {"hosts": {
                "backend.example:80": format!("http://{}", backend.address),
                "other.example:80": format!("http://{}", other.address),
            }},
        });
        // Connections are kept by worker.
        let one_worker = ["--concurrency".to_owned(), "1".to_owned()];
        let gateway = Gateway::start(&template(&json!({}), &resources), &settings.to_string(), &one_worker)
            .unwrap_or_else(|report| panic!("{report}"));
        Self { gateway, backend, other }
    }

    fn connect(&self) -> Result<Client, String> {
        Client::connect(self.gateway.address, "/prod", &[])
    }
}

/// What a scripted answer is to the client.
enum Expected<'a> {
    Text(&'a str),
    Failure,
    TimedOut,
}

fn ask(client: &mut Client, action: &str, script: &Value) {
    client.text(&json!({"action": action, "do": script}).to_string());
}

/// What comes next but pings, which count what the client has read.
fn answered(client: &mut Client) -> Received {
    loop {
        match client.next() {
            Received::Ping(count) => client.send(&frame(0x8a, &count)),
            other => return other,
        }
    }
}

fn expect(client: &mut Client, expected: &Expected<'_>) -> Result<(), String> {
    let received = answered(client);
    let Received::Text(text) = &received else { return Err(format!("{received:?}")) };
    let text = String::from_utf8_lossy(text);
    let error = |message: &str| text.starts_with(&format!("{{\"message\": \"{message}\", \"connectionId\":\""));
    let holds = match expected {
        Expected::Text(expected) => text == *expected,
        Expected::Failure => error("Internal server error"),
        Expected::TimedOut => error("Endpoint request timed out"),
    };
    check(holds, || format!("{} bytes: {}", text.len(), text.chars().take(200).collect::<String>()))
}

fn answer(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

type Case = fn(&Api) -> Result<(), String>;

/// Runs all cases, one behind the other on the same worker.
pub fn run(tally: &mut Tally) {
    let cases: [(&str, Case); 10] = [
        ("answers in all framings", framings),
        ("answers that are none", broken),
        ("connections are kept", kept),
        ("a connection that its backend ends", ended),
        ("an answer that nobody has asked for", unasked),
        ("a backend that is too slow", slow),
        ("a client that does not wait for the answer", gone),
        ("large answers", large),
        ("a header that would be two", smuggled),
        ("another backend, while messages come and go", moved),
    ];
    let api = Api::start();
    for (name, case) in cases {
        count(tally, AREA, name, case(&api), || api.gateway.log());
    }
}

fn framings(api: &Api) -> Result<(), String> {
    let mut client = api.connect()?;
    for (script, expected) in [
        (json!([answer("whole")]), "whole"),
        (json!(["HTTP/1.1 200 OK\r\nContent-", 20, "Length: 2\r\n\r", 20, "\nh", 20, "i"]), "hi"),
        (
            json!(["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", 20, "3\r\n ho\r\n0\r\n\r\n"]),
            "hi ho",
        ),
        (json!([format!("HTTP/1.1 100 Continue\r\n\r\n{}", answer("behind"))]), "behind"),
        (json!(["HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nby", null]), "by"),
        (json!(["HTTP/1.0 200 OK\r\n\r\nto the ", 20, "end", null]), "to the end"),
        (json!(["HTTP/1.1 200 OK\r\n\r\nand another", null]), "and another"),
        (json!([answer("whole again")]), "whole again"),
    ] {
        ask(&mut client, "script", &script);
        expect(&mut client, &Expected::Text(expected)).map_err(|why| format!("{script}: {why}"))?;
    }
    Ok(())
}

/// An error each, on a connection that goes on.
fn broken(api: &Api) -> Result<(), String> {
    let mut client = api.connect()?;
    for script in [
        json!([null]),
        json!(["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhalf", null]),
        json!(["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", null]),
        json!(["HTTP/1.1 200", null]),
        json!(["SSH-2.0-OpenSSH_9.2p1\r\n\r\n"]),
        json!(["HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\nConnection: upgrade\r\n\r\n"]),
        json!(["HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhi"]),
        json!(["HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhi"]),
        json!(["HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhi"]),
        json!(["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi"]),
        json!(["HTTP/1.1 200 OK\r\n", ["X-A: 1\r\n", 200], "\r\n"]),
        json!(["HTTP/1.1 200 OK\r\nX-A: ", ["a", 100_000], "\r\n\r\n"]),
    ] {
        ask(&mut client, "script", &script);
        expect(&mut client, &Expected::Failure).map_err(|why| format!("{script}: {why}"))?;
        ask(&mut client, "script", &json!([answer("and now")]));
        expect(&mut client, &Expected::Text("and now")).map_err(|why| format!("after {script}: {why}"))?;
    }
    Ok(())
}

/// Each worker has its own, so one client's messages take at most one.
fn kept(api: &Api) -> Result<(), String> {
    let mut client = api.connect()?;
    let before = api.backend.connections();
    for number in 0..200 {
        ask(&mut client, "script", &json!([answer(&number.to_string())]));
        expect(&mut client, &Expected::Text(&number.to_string()))?;
    }
    let more = api.backend.connections() - before;
    check(more <= 1, || format!("{more} connections for one message after the other"))?;
    let mut clients = (0..20).map(|_| api.connect()).collect::<Result<Vec<_>, _>>()?;
    let before = api.backend.connections();
    for round in 0..10 {
        for (number, client) in clients.iter_mut().enumerate() {
            ask(client, "script", &json!([20, answer(&format!("{round} {number}"))]));
        }
        for (number, client) in clients.iter_mut().enumerate() {
            expect(client, &Expected::Text(&format!("{round} {number}")))?;
        }
    }
    let calls = statistic(api, "cluster.http.127.0.0.1_[0-9]*.upstream_cx_http1_total")?;
    check(calls == 0, || format!("{calls} connections of Envoy's HTTP client"))?;
    let opened = statistic(api, "tcp.upstream-connections.downstream_cx_total")?;
    check(opened > 0, || "the gateway keeps no connections".to_owned())?;
    let more = api.backend.connections() - before;
    check((10..=20).contains(&more), || format!("{more} connections for twenty messages at a time"))
}

/// The sum of Envoy's statistics of that name, a regular expression.
fn statistic(api: &Api, name: &str) -> Result<u64, String> {
    let admin = api.gateway.admin().ok_or("no admin interface")?;
    let request = Request::new("GET", &format!("/stats?filter=^{name}$"));
    let page = client::send(admin, &request).map_err(|error| error.to_string())?.text();
    let values: Vec<u64> = page.lines().filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
    check(!values.is_empty(), || format!("no statistic {name}"))?;
    Ok(values.iter().sum())
}

/// It is not used any more once Envoy has seen its end.
fn ended(api: &Api) -> Result<(), String> {
    let mut client = api.connect()?;
    for _ in 0..5 {
        ask(&mut client, "script", &json!([answer("and off"), null]));
        expect(&mut client, &Expected::Text("and off"))?;
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Neither behind an answer nor on an idle connection does it become the answer to the next message.
fn unasked(api: &Api) -> Result<(), String> {
    let mut client = api.connect()?;
    let twice = format!("{}{}", answer("asked"), answer("not asked"));
    for script in [json!([twice]), json!([answer("asked"), 50, answer("not asked")])] {
        ask(&mut client, "script", &script);
        expect(&mut client, &Expected::Text("asked"))?;
        std::thread::sleep(Duration::from_millis(100));
        ask(&mut client, "script", &json!([answer("next")]));
        expect(&mut client, &Expected::Text("next")).map_err(|why| format!("{script}: {why}"))?;
    }
    Ok(())
}

/// Its late answer is nobody's.
fn slow(api: &Api) -> Result<(), String> {
    let mut client = api.connect()?;
    let late = u64::try_from(LATE.as_millis()).expect("a second");
    for script in [json!([late, answer("late")]), json!(["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nla", late, "te"])]
    {
        ask(&mut client, "slow", &script);
        expect(&mut client, &Expected::TimedOut).map_err(|why| format!("{script}: {why}"))?;
        ask(&mut client, "slow", &json!([answer("next")]));
        expect(&mut client, &Expected::Text("next")).map_err(|why| format!("after {script}: {why}"))?;
    }
    std::thread::sleep(LATE);
    ask(&mut client, "slow", &json!([answer("last")]));
    expect(&mut client, &Expected::Text("last"))
}

/// Its answer comes when it is gone, and goes to nobody else.
fn gone(api: &Api) -> Result<(), String> {
    let mut other = api.connect()?;
    for _ in 0..20 {
        let mut client = api.connect()?;
        ask(&mut client, "script", &json!([30, answer("for nobody")]));
        std::thread::sleep(Duration::from_millis(10));
        client.drop_connection();
        ask(&mut other, "script", &json!([answer("for the other")]));
        expect(&mut other, &Expected::Text("for the other"))?;
    }
    std::thread::sleep(Duration::from_millis(100));
    for _ in 0..20 {
        ask(&mut other, "script", &json!([answer("for the other")]));
        expect(&mut other, &Expected::Text("for the other"))?;
    }
    Ok(())
}

/// What a frame can hold arrives whole; more ends the connection, as the service does.
fn large(api: &Api) -> Result<(), String> {
    let mut client = api.connect()?;
    let of = |length: usize| json!([format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"), ["x", length]]);
    for length in [65_535, 65_536, 131_072] {
        ask(&mut client, "script", &of(length));
        expect(&mut client, &Expected::Text(&"x".repeat(length)))?;
    }
    ask(&mut client, "script", &of(131_073));
    match answered(&mut client) {
        Received::Close(payload) if payload.starts_with(&1009_u16.to_be_bytes()) => {}
        other => return Err(format!("a byte too many: {other:?}")),
    }
    // What no integration may answer, and what the gateway does not even hold.
    for length in [20 << 20, 40 << 20] {
        let mut client = api.connect()?;
        ask(&mut client, "script", &of(length));
        expect(&mut client, &Expected::Failure)?;
    }
    Ok(())
}

/// Nobody notices; and the other way round.
fn moved(api: &Api) -> Result<(), String> {
    let definition = std::fs::read_to_string(&api.gateway.definition).map_err(|error| error.to_string())?;
    let elsewhere = definition.replace("//backend.example/", "//other.example/");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let client = scope.spawn(|| -> Result<usize, String> {
            let mut client = api.connect()?;
            let mut sent = 0;
            while !stop.load(Ordering::Relaxed) {
                sent += 1;
                ask(&mut client, "script", &json!([1, answer(&sent.to_string())]));
                expect(&mut client, &Expected::Text(&sent.to_string()))?;
            }
            Ok(sent)
        });
        let changed = || -> Result<(), String> {
            for (text, backend) in [(&elsewhere, &api.other), (&definition, &api.backend), (&elsewhere, &api.other)] {
                let (from, before) = (api.gateway.log().len(), backend.requests());
                std::fs::write(&api.gateway.definition, text).map_err(|error| error.to_string())?;
                api.gateway.wait_for_log(from, &["the change is live"], CHANGE_TIMEOUT)?;
                std::thread::sleep(Duration::from_millis(200));
                check(backend.requests() > before, || "the new backend gets no messages".to_owned())?;
            }
            Ok(())
        };
        let changed = changed();
        stop.store(true, Ordering::Relaxed);
        let sent = client.join().map_err(|_| "the client panicked".to_owned())??;
        check(sent > 10, || format!("{sent} messages"))?;
        changed
    })
}

/// A line end in a value does not begin another header.
fn smuggled(api: &Api) -> Result<(), String> {
    let mut client = api.connect()?;
    let said = |said: &str| json!({"action": "header", "said": said, "do": [answer("taken")]}).to_string();
    client.text(&said("plain"));
    expect(&mut client, &Expected::Text("taken"))?;
    check(api.backend.last().contains("\r\nx-said: plain\r\n"), || api.backend.last())?;
    for hostile in ["a\r\nx-more: b", "a\nx-more: b", "a\rx-more: b", "a\u{0}b", " a ", "ä"] {
        let before = api.backend.requests();
        client.text(&said(hostile));
        let received = answered(&mut client);
        check(matches!(received, Received::Text(_)), || format!("{hostile:?}: {received:?}"))?;
        let heads: Vec<String> = api.backend.received.lock().expect("no panic")[before..]
            .iter()
            .map(|request| request.split("\r\n\r\n").next().unwrap_or_default().to_owned())
            .collect();
        let is_whole = |head: &String| !head.lines().any(|line| line.starts_with("x-more"));
        check(heads.iter().all(is_whole), || format!("{hostile:?}: {heads:?}"))?;
    }
    Ok(())
}
