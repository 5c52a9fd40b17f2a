//! What becomes of messages that came just before the end of their connection.

use gateway::{Callout, Connection, Host, NetworkFilter, Output};
use serde_json::json;
use websocket_routes::SocketConnection;

use crate::support::*;

const CLOSE: &[u8] = b"\x0f\xa1bye";

fn echo() -> Api {
    let routes = json!({
        "$default": {"integration": "p", "routeResponseSelectionExpression": "$default"},
        "$disconnect": {"integration": "f"},
    });
    api(routes, json!({"p": backend(), "f": function("gone")}))
}

fn of(messages: &[&str]) -> Vec<u8> {
    messages.iter().flat_map(|message| text(message)).collect()
}

/// What a call tells its integration: a message, or the code of the end.
fn told(call: &Callout) -> String {
    let body = String::from_utf8(call.body.clone()).unwrap();
    match call.cluster.as_str() {
        "functions" => event(call)["requestContext"]["disconnectStatusCode"].to_string(),
        _ => body,
    }
}

/// What is told once the connection is gone.
fn after_close(api: &Api, connection: &mut SocketConnection, host: &TestHost) -> Vec<String> {
    let own = connection.on_close(host);
    let of_worker = api.network.callouts(&context(0));
    assert!(own.is_none() || of_worker.is_empty(), "$disconnect comes last");
    assert!(api.network.callouts(&context(0)).is_empty());
    own.iter().chain(&of_worker).map(told).collect()
}

#[test]
fn a_close_frame_is_answered_after_the_messages_before_it() {
    let api = echo();
    let (mut connection, host, _) = open(&api);
    let output = connection.on_data(&host, &[of(&["a", "b", "c"]), frame(0x88, CLOSE), text("late")].concat(), false);
    let mut callout = output.callout;
    for message in ["a", "b", "c"] {
        assert_eq!(told(&callout.unwrap()), message);
        let output = connection.on_callout(&host, answer(200, &[], "answer"));
        let expected: &[(u8, Vec<u8>)] = if message == "c" { &[(0x88, CLOSE.to_vec())] } else { &[] };
        assert_eq!((frames(&output.write).as_slice(), output.close), (expected, message == "c"));
        callout = output.callout;
    }
    assert!(callout.is_none());
    assert_eq!(after_close(&api, &mut connection, &host), ["4001"]);
}

#[test]
fn nothing_is_written_between_the_clients_close_frame_and_its_answer() {
    let api = echo();
    let (mut connection, host, id) = open(&api);
    connection.on_data(&host, &[text("a"), text(&"x".repeat(30_000)), frame(0x88, b"")].concat(), false);
    assert!(connection.wants_data());
    assert_eq!(connection.on_data(&host, &[frame(0x89, b"?"), text("late")].concat(), false), Output::default());
    let gone = http_request("GET", &format!("/prod/@connections/{id}"), &[]);
    let mut stream = gateway::Filter::stream(&api.http);
    gateway::Stream::on_request_headers(&mut stream, &gone, true);
    let (_, message) = gone.posted.borrow_mut().pop().unwrap();
    assert_eq!(api.network.on_message(&host, &message), None);
    // Errors are not, either.
    let output = connection.on_callout(&host, gateway::Answer::Failed);
    assert_eq!((output.write.as_slice(), output.callout.is_some()), (&b""[..], true));
    assert_eq!(connection.on_callout(&host, gateway::Answer::Failed).write, [0x88, 0]);
}

#[test]
fn a_close_frame_does_not_wait_for_ever() {
    let api = echo();
    let (mut connection, host, _) = open(&api);
    connection.on_data(&host, &[of(&["a", "b", "c"]), frame(0x88, CLOSE)].concat(), false);
    assert_eq!(connection.due().unwrap().0, NOW_MILLIS + 5000);
    host.pass_millis(5000);
    let output = connection.on_due(&host);
    assert_eq!((frames(&output.write), output.close), (vec![(0x88, CLOSE.to_vec())], true));
    // The first one's call ends with the connection.
    assert_eq!(after_close(&api, &mut connection, &host), ["b", "c", "4001"]);
}

#[test]
fn whoever_ends_the_connection() {
    let end = |bytes: &[u8], end: bool| {
        let api = echo();
        let (mut connection, host, _) = open(&api);
        let output = connection.on_data(&host, &[&of(&["a", "b"]), bytes].concat(), end);
        // A call that is made now would end with the connection.
        assert_eq!((output.callout, output.close), (None, true));
        after_close(&api, &mut connection, &host)
    };
    assert_eq!(end(b"", true), ["a", "b", "1006"]);
    assert_eq!(end(&frame(0x88, CLOSE), true), ["a", "b", "4001"]);
    assert_eq!(end(&frame(0x82, b"x"), false), ["a", "b", "1003"]);
    assert_eq!(end(&frame(0xc1, b"x"), false), ["a", "b", "1002"]);

    let api = echo();
    let (mut lost, host, _) = open(&api);
    assert!(lost.on_data(&host, &of(&["a", "b", "c"]), false).callout.is_some());
    assert_eq!(after_close(&api, &mut lost, &host), ["b", "c", "1006"]);

    let (mut old, host, _) = open(&api);
    old.on_data(&host, &of(&["a", "b"]), false);
    host.pass_millis(7_200_000);
    assert_eq!(close_code(&old.on_due(&host)), Some(1001));
    assert_eq!(after_close(&api, &mut old, &host), ["b", "1001"]);
}

#[test]
fn a_client_that_sent_too_much_has_been_heard_before_that() {
    let api = echo();
    let (mut connection, host, _) = open(&api);
    let output = connection.on_data(&host, &[of(&["a", "b", "c"]), frame(0x81, &[b'x'; 32_769])].concat(), false);
    assert_eq!((close_code(&output), output.callout.map(|call| told(&call))), (Some(1009), Some("a".to_owned())));
    let output = connection.on_callout(&host, answer(200, &[], "answer"));
    assert_eq!((output.write.as_slice(), output.callout.map(|call| told(&call))), (&b""[..], Some("b".to_owned())));
    host.pass_millis(2000);
    assert!(connection.on_due(&host).close);
    assert_eq!(after_close(&api, &mut connection, &host), ["c", "1009"]);
}

#[test]
fn who_is_cut_off_has_no_more_messages() {
    let api = echo();
    let (mut connection, host, _) = open(&api);
    connection.on_data(&host, &text("under way").repeat(9), false);
    while connection.due().unwrap().0 > NOW_MILLIS + 2000 {
        connection.on_data(&host, &text(&"x".repeat(30_000)).repeat(10), false);
    }
    assert_eq!(after_close(&api, &mut connection, &host), ["1008"]);
}

#[test]
fn a_worker_keeps_a_bounded_number_of_last_calls() {
    let api = echo();
    let host = context(7);
    for number in 1..=200 {
        let (mut connection, _, _) = open(&api);
        connection.on_data(&host, &text("waits").repeat(9), false);
        // Those that are too many are lost, but not what the end is told to.
        assert_eq!(connection.on_close(&host).is_some(), number > 113);
    }
    let reminders = host.posted.borrow().iter().filter(|(to, _)| to.context == 0).count();
    assert_eq!((reminders, host.address().map(|address| address.worker)), (1, Some(42)));
    assert_eq!(api.network.callouts(&context(0)).len(), 113 * 9);
    assert!(host.logs.borrow().iter().any(|line| line.contains("are lost")));
}
