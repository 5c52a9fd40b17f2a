//! Slow backends, and clients that send or read at their own pace.

use gateway::{Connection, NetworkFilter, Output};
use serde_json::json;
use websocket_routes::SocketConnection;

use crate::support::*;

fn echo() -> Api {
    let route = json!({"integration": "p", "routeResponseSelectionExpression": "$default"});
    api(json!({"$default": route}), json!({"p": backend()}))
}

fn push(connection: &mut SocketConnection, host: &TestHost, id: &str, body: &[u8]) -> (u16, Output) {
    let api = echo();
    let request =
        TestHost { request_body: body.to_vec(), ..http_request("POST", &format!("/prod/@connections/{id}"), &[]) };
    let mut stream = gateway::Filter::stream(&api.http);
    gateway::Stream::on_request_headers(&mut stream, &request, false);
    let body = gateway::Body { bytes: body.len(), end_of_stream: true };
    gateway::Stream::on_request_body(&mut stream, &request, body);
    let (_, message) = request.posted.borrow_mut().pop().unwrap();
    assert_eq!(api.network.on_message(host, &message), host.address.map(|address| address.context));
    let output = connection.on_message(host, &message);
    let (_, answer) = host.posted.borrow_mut().pop().unwrap();
    (u16::from_be_bytes([answer[0], answer[1]]), output)
}

#[test]
fn a_few_messages_wait_and_the_rest_stays_in_envoy() {
    let (mut connection, host, _) = open(&echo());
    let mut taken = 0;
    while connection.wants_data() {
        connection.on_data(&host, &text(&taken.to_string()), false);
        taken += 1;
    }
    assert_eq!(taken, 9);
    // What was taken all the same is not lost.
    assert_eq!(connection.on_data(&host, &[text("9"), text("10")].concat(), false), Output::default());
    for n in 0..=10 {
        let output = connection.on_callout(&host, answer(200, &[], &n.to_string()));
        assert_eq!(texts(&output), [n.to_string()]);
        assert_eq!(output.callout.is_some(), n < 10);
    }
    assert!(connection.wants_data());
}

#[test]
fn who_sends_too_far_ahead_is_cut_off() {
    let (mut connection, host, _) = open(&echo());
    connection.on_data(&host, &text("under way").repeat(9), false);
    let piece = text(&"x".repeat(30_000)).repeat(10);
    let mut taken = 0;
    let output = loop {
        let output = connection.on_data(&host, &piece, false);
        taken += piece.len();
        if close_code(&output).is_some() {
            break output;
        }
        assert!(taken < 6 << 20);
    };
    assert_eq!(close_code(&output), Some(1008));
    assert!(taken > 4 << 20);
}

#[test]
fn pushes_to_a_client_that_does_not_read_are_refused() {
    let (mut connection, host, id) = open(&echo());
    let body = vec![b'x'; 100_000];
    let mut pings = Vec::new();
    let mut pushed = 0;
    loop {
        let (status, output) = push(&mut connection, &host, &id, &body);
        pings.extend(frames(&output.write).into_iter().filter(|(first, _)| *first == 0x89));
        if status == 429 {
            break;
        }
        assert_eq!(status, 200);
        pushed += 1;
    }
    assert!((10..=12).contains(&pushed), "{pushed}");
    // Made up pongs are no proof of reading; the pong to the first ping alone is not enough.
    connection.on_data(&host, &frame(0x8a, &7u64.to_be_bytes()), false);
    assert_eq!(push(&mut connection, &host, &id, &body).0, 429);
    let last = &pings.last().unwrap().1;
    connection.on_data(&host, &frame(0x8a, last), false);
    assert_eq!(push(&mut connection, &host, &id, &body).0, 200);
}

#[test]
fn a_client_that_asks_and_never_reads_is_closed() {
    let (mut connection, host, _) = open(&echo());
    let message = "x".repeat(30_000);
    let mut calls = 0;
    let mut output = connection.on_data(&host, &text(&message), false);
    while output.callout.is_some() {
        calls += 1;
        let mut next = connection.on_callout(&host, answer(200, &[], &message));
        if next.callout.is_none() && connection.wants_data() {
            next = connection.on_data(&host, &text(&message), false);
        }
        output = next;
        assert!(calls < 1000);
    }
    assert!((130..160).contains(&calls), "{calls}");
    assert_eq!(connection.due().unwrap().0, NOW_MILLIS + 30_000);
    // Pings are answered once there is room, the last one only.
    assert_eq!(connection.on_data(&host, &frame(0x89, b"?"), false).write, b"");
    host.pass_millis(30_000);
    assert_eq!(close_code(&connection.on_due(&host)), Some(1008));
}

#[test]
fn an_answer_that_is_too_large_ends_the_connection() {
    let (mut connection, host, _) = open(&echo());
    connection.on_data(&host, &text("x"), false);
    let output = connection.on_callout(&host, answer(200, &[], &"x".repeat(131_073)));
    assert_eq!(close_code(&output), Some(1009));
}

#[test]
fn a_client_that_sent_too_much_is_heard_out_for_a_moment() {
    let (mut connection, host, _) = open(&echo());
    let output = connection.on_data(&host, &frame(0x81, &[b'x'; 40_000])[..1000], false);
    assert_eq!((close_code(&output), output.close), (Some(1009), false));
    assert!(connection.wants_data());
    assert_eq!(connection.on_data(&host, &[b'x'; 100_000], false), Output::default());
    assert_eq!(connection.due().unwrap().0, NOW_MILLIS + 2000);
    assert!(connection.on_due(&host).close);
    let (mut gone, host, _) = open(&echo());
    gone.on_data(&host, &frame(0x81, &[b'x'; 40_000]), false);
    assert!(gone.on_data(&host, b"", true).close);
}

#[test]
fn a_head_that_does_not_end_is_refused() {
    let mut connection = echo().network.connection();
    let host = context(7);
    assert_eq!(connection.due(), None);
    assert!(!connection.on_data(&host, b"GET /prod HTTP/1.1\r\n", false).close);
    assert_eq!(connection.due().unwrap().0, NOW_MILLIS + 10_000);
    assert!(connection.on_data(&host, &[b'x'; 100_000], false).close);
    let mut slow = echo().network.connection();
    slow.on_data(&host, b"GET", false);
    host.pass_millis(10_000);
    assert!(slow.on_due(&host).close);
}
