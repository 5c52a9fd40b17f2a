use gateway::{Answer, Connection};
use serde_json::{Value, json};

use crate::support::*;

fn chat() -> Api {
    let two_way =
        |integration: &str| json!({"integration": integration, "routeResponseSelectionExpression": "$default"});
    api(
        json!({
            "join": two_way("f"), "quiet": {"integration": "f"}, "empty": {}, "proxy": two_way("p"), "http": two_way("h"),
            "ping": two_way("m"), "never": two_way("n"), "$disconnect": {"integration": "f"},
        }),
        json!({
            "f": function("chat"),
            "p": backend(),
            "m": {"mock": {
                "requestTemplates": {"application/json": "{\"statusCode\":200}"},
                "integrationResponses": [{"integrationResponseKey": "$default", "responseTemplates": {"$default": "{\"pong\":\"$context.requestTimeEpoch\"}"}}],
            }},
            "n": {"mock": {"passthroughBehavior": "NEVER"}},
            "h": {"http": {
                "endpoint": {"cluster": "backend", "authority": "b.example"}, "path": "/rooms/{room}", "httpMethod": "PUT",
                "mapping": {
                    "requestParameters": {
                        "integration.request.path.room": "route.request.body.room",
                        "integration.request.header.connectionId": "context.connectionId",
                    },
                    "templateSelectionExpression": "${request.body.kind}",
                    "requestTemplates": {"short": "{\"r\":\"$input.path('$.room')\"}", "$default": "{\"k\":\"$context.routeKey\"}"},
                    "integrationResponses": [
                        {"integrationResponseKey": "/2\\d\\d/", "templateSelectionExpression": "\\$default", "responseTemplates": {"$default": "{\"ok\":true,\"data\":$input.json('$')}"}},
                        {"integrationResponseKey": "/4\\d\\d/", "templateSelectionExpression": "${integration.response.statuscode}", "responseTemplates": {"404": "{\"ok\":false,\"code\":\"missing\"}", "$default": "{\"ok\":false}"}},
                        {"integrationResponseKey": "$default"},
                    ],
                },
            }},
        }),
    )
}

/// What the client gets for a message that is answered by `answer`.
fn answered(message: &str, given: Answer) -> Vec<String> {
    let (mut connection, host, _) = open(&chat());
    let output = connection.on_data(&host, &text(message), false);
    assert!(output.callout.is_some() && output.write.is_empty(), "{output:?}");
    let output = connection.on_callout(&host, given);
    assert!(!output.close);
    texts(&output)
}

fn message_of(error: &str) -> Value {
    serde_json::from_str::<Value>(error).unwrap()["message"].clone()
}

#[test]
fn the_message_event() {
    let (mut connection, host, id) = open(&chat());
    let output = connection.on_data(&host, &text(r#"{"action":"join"}"#), false);
    let callout = output.callout.unwrap();
    let header = |name: &str| callout.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_slice());
    assert_eq!(header(":path"), Some(&b"/2015-03-31/functions/chat/invocations"[..]));
    let event = event(&callout);
    assert_eq!(event["body"], r#"{"action":"join"}"#);
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!((&event["headers"], &event["stageVariables"]), (&json!(null), &json!(null)));
    let context = &event["requestContext"];
    assert_eq!(context["routeKey"], "join");
    assert_eq!(context["eventType"], "MESSAGE");
    assert_eq!(context["connectionId"], id.as_str());
    assert_eq!(context["messageId"].as_str().unwrap().len(), 16);
    assert_eq!(context["domainName"], "api.example");
}

#[test]
fn two_way_and_one_way_routes() {
    let join = r#"{"action":"join"}"#;
    assert_eq!(answered(join, result(json!({"statusCode": 200, "body": "hi"}))), ["hi"]);
    assert_eq!(answered(join, result(json!({"statusCode": 500, "body": "hi"}))), ["hi"]);
    assert_eq!(answered(join, result(json!({"statusCode": 200, "body": "aGk=", "isBase64Encoded": true}))), ["hi"]);
    assert_eq!(answered(join, result(json!({"statusCode": 200}))), Vec::<String>::new());
    let quiet = r#"{"action":"quiet"}"#;
    for status in [200, 301, 501] {
        assert!(answered(quiet, result(json!({"statusCode": status, "body": "hi"}))).is_empty());
    }
}

#[test]
fn failures_are_told_on_every_route() {
    for action in ["join", "quiet"] {
        let message = json!({"action": action}).to_string();
        for failed in [
            thrown(),
            result(json!({})),
            result(json!([])),
            result(json!({"statusCode": 200, "body": 1})),
            Answer::Failed,
            answer(403, &[], ""),
        ] {
            let texts = answered(&message, failed);
            assert_eq!(message_of(&texts[0]), "Internal server error");
            assert!(texts[0].starts_with(r#"{"message": "Internal server error", "connectionId":""#), "{}", texts[0]);
        }
    }
}

/// Spec: results of one-way routes are discarded, whatever their integration responses are.
#[test]
fn one_way_routes_need_no_integration_responses() {
    let mock =
        |status: &str| json!({"mock": {"requestTemplates": {"$default": format!("{{\"statusCode\": {status}}}")}}});
    let endpoint = json!({"cluster": "backend", "authority": "b.example"});
    let no_base64 = json!({"integrationResponseKey": "$default", "contentHandlingStrategy": "CONVERT_TO_BINARY"});
    let api = api(
        json!({
            "mock": {"integration": "mock"}, "no-status": {"integration": "no-status"},
            "http": {"integration": "http"}, "coded": {"integration": "coded"},
            "two-way": {"integration": "http", "routeResponseSelectionExpression": "$default"},
            "$disconnect": {"integration": "mock"},
        }),
        json!({
            "mock": mock("200"), "no-status": mock("\"none\""),
            "http": {"http": {"endpoint": endpoint, "path": "/"}},
            "coded": {"http": {"endpoint": endpoint, "path": "/", "mapping": {"integrationResponses": [no_base64]}}},
        }),
    );
    let (mut connection, host, _) = open(&api);
    let mut told = |action: &str, given: Option<Answer>| {
        let mut output = connection.on_data(&host, &text(&json!({"action": action}).to_string()), false);
        if let Some(given) = given {
            assert!(output.callout.is_some() && output.write.is_empty(), "{output:?}");
            output = connection.on_callout(&host, given);
        }
        texts(&output).iter().map(|error| message_of(error)).collect::<Vec<_>>()
    };
    let quiet: [Value; 0] = [];
    assert_eq!(told("mock", None), quiet);
    for action in ["http", "coded"] {
        assert_eq!(told(action, Some(answer(200, &[], "not base64"))), quiet, "{action}");
        assert_eq!(told(action, Some(answer(500, &[], ""))), quiet, "{action}");
    }
    // What fails is the call, or there is nobody to answer.
    assert_eq!(told("http", Some(Answer::Failed)), ["Internal server error"]);
    assert_eq!(told("no-status", None), ["Internal server error"]);
    assert_eq!(told("two-way", Some(answer(200, &[], ""))), ["Internal server error"]);
    host.logs.borrow_mut().clear();
    assert!(connection.on_close(&host).is_none());
    assert!(host.logs.borrow().is_empty(), "{:?}", host.logs.borrow());
}

#[test]
fn messages_without_a_route_or_integration() {
    let (mut connection, host, _) = open(&chat());
    for (message, error) in [
        (r#"{"action":"nope"}"#, "Forbidden"),
        ("not json", "Forbidden"),
        (r#"{"action":"$disconnect"}"#, "Forbidden"),
        (r#"{"action":"empty"}"#, "Internal server error"),
        (r#"{"action":"never"}"#, "Unsupported Media Type"),
    ] {
        let output = connection.on_data(&host, &text(message), false);
        assert_eq!(message_of(&texts(&output)[0]), error, "{message}");
        assert!(!output.close);
    }
}

#[test]
fn http_proxy_passes_the_message_and_the_answer() {
    let (mut connection, host, _) = open(&chat());
    let message = r#"{"action":"proxy"}"#;
    let callout = connection.on_data(&host, &text(message), false).callout.unwrap();
    assert_eq!((callout.cluster.as_str(), callout.body.as_slice()), ("backend", message.as_bytes()));
    let output = connection.on_callout(&host, answer(500, &[("content-type", "text/plain")], "caf\u{e9}"));
    assert_eq!(texts(&output), ["caf\u{e9}"]);
}

#[test]
fn http_proxy_may_take_bytes() {
    let mut proxy = backend();
    proxy["httpProxy"]["mapping"] = json!({"contentHandlingStrategy": "CONVERT_TO_BINARY"});
    let routes = json!({"$connect": {"integration": "p"}, "$default": {"integration": "p"}});
    let api = api(routes, json!({"p": proxy}));
    let at_handshake = handshake("/prod", &[]);
    let (mut stream, step) = begin(&api, &at_handshake);
    assert!(callout(step).body.is_empty());
    let id = accepted(gateway::Stream::on_callout(&mut stream, &at_handshake, answer(200, &[], "")));
    let (mut connection, host, _) = connect(&api, &id);
    assert_eq!(connection.on_data(&host, &text("/wBhw6k="), false).callout.unwrap().body, b"\xff\0a\xc3\xa9");
    connection.on_callout(&host, answer(200, &[], ""));
    let output = connection.on_data(&host, &text("abc"), false);
    assert_eq!(message_of(&texts(&output)[0]), "Internal server error");
}

#[test]
fn templates_and_parameters() {
    let (mut connection, host, id) = open(&chat());
    let sent = |connection: &mut dyn Connection, message: Value| {
        let callout = connection.on_data(&host, &text(&message.to_string()), false).callout.unwrap();
        let header = |name: &str| {
            callout.headers.iter().find(|(n, _)| n == name).map(|(_, value)| String::from_utf8(value.clone()).unwrap())
        };
        assert_eq!((header(":method").as_deref(), header("connectionid")), (Some("PUT"), Some(id.clone())));
        (header(":path").unwrap(), String::from_utf8(callout.body).unwrap())
    };
    let short = sent(&mut connection, json!({"action": "http", "kind": "short", "room": "a b"}));
    assert_eq!(short, ("/rooms/a%20b".to_owned(), r#"{"r":"a b"}"#.to_owned()));
    assert_eq!(texts(&connection.on_callout(&host, answer(200, &[], "{\"a\":1}"))), [r#"{"ok":true,"data":{"a":1}}"#]);
    assert_eq!(sent(&mut connection, json!({"action": "http", "room": "r"})).1, r#"{"k":"http"}"#);
    assert_eq!(
        texts(&connection.on_callout(&host, answer(404, &[], "{\"e\":1}"))),
        [r#"{"ok":false,"code":"missing"}"#]
    );
    sent(&mut connection, json!({"action": "http", "room": "r"}));
    assert_eq!(texts(&connection.on_callout(&host, answer(409, &[], ""))), [r#"{"ok":false}"#]);
    sent(&mut connection, json!({"action": "http", "room": "r"}));
    assert_eq!(texts(&connection.on_callout(&host, answer(500, &[], "as it is"))), ["as it is"]);
}

#[test]
fn a_message_that_is_no_json_has_nothing_for_a_path() {
    let mut proxy = backend();
    proxy["httpProxy"]["mapping"] = json!({"requestParameters": {
        "integration.request.header.room": "route.request.body.room",
        "integration.request.header.all": "route.request.body",
        "integration.request.header.id": "context.connectionId",
    }});
    let (mut connection, host, id) = open(&api(json!({"$default": {"integration": "p"}}), json!({"p": proxy})));
    for (message, room) in
        [(r#"{"room":"a"}"#, Some("a")), (r#"{"room":"a""#, None), ("[", None), ("\"'", None), ("text", None)]
    {
        let callout = connection.on_data(&host, &text(message), false).callout.unwrap();
        let header = |name: &str| {
            let found = callout.headers.iter().find(|(other, _)| other == name);
            found.map(|(_, value)| std::str::from_utf8(value).unwrap())
        };
        assert_eq!((header("room"), header("all"), header("id")), (room, Some(message), Some(id.as_str())));
        assert_eq!(callout.body, message.as_bytes());
        connection.on_callout(&host, answer(200, &[], ""));
    }
}

#[test]
fn mock_answers_by_itself() {
    let (mut connection, host, _) = open(&chat());
    let output = connection.on_data(&host, &text(r#"{"action":"ping"}"#), false);
    assert_eq!(texts(&output), [format!("{{\"pong\":\"{NOW_MILLIS}\"}}")]);
}

#[test]
fn messages_are_handled_in_order() {
    let (mut connection, host, _) = open(&chat());
    let messages: Vec<_> = (0..3).map(|n| json!({"action": "proxy", "n": n}).to_string()).collect();
    let bytes: Vec<u8> = messages.iter().flat_map(|message| text(message)).collect();
    let mut callout = connection.on_data(&host, &bytes, false).callout;
    for message in &messages {
        assert_eq!(callout.unwrap().body, message.as_bytes());
        let output = connection.on_callout(&host, answer(200, &[], message));
        assert_eq!(texts(&output), [message.as_str()]);
        callout = output.callout;
    }
    assert!(callout.is_none());
}

#[test]
fn control_frames() {
    let (mut connection, host, _) = open(&chat());
    let output = connection.on_data(&host, &frame(0x89, b"hi"), false);
    assert_eq!(frames(&output.write), [(0x8a, b"hi".to_vec())]);
    assert_eq!(connection.on_data(&host, &frame(0x8a, b"hi"), false).write, b"");
    let output = connection.on_data(&host, &frame(0x88, b"\x0f\xa1bye"), false);
    assert_eq!((close_code(&output), frames(&output.write)[0].1.as_slice()), (Some(4001), &b"\x0f\xa1bye"[..]));
    assert_eq!(connection.on_data(&host, &text("late"), false), gateway::Output::default());
}

#[test]
fn what_breaks_the_rules_ends_the_connection() {
    for (bytes, code) in [
        (frame(0x82, b"x"), 1003),
        (frame(0x81, b"\xff"), 1007),
        (frame(0x81, &[b'x'; 32_769]), 1009),
        (frame(0xc1, b"x"), 1002),
        (vec![0x81, 0x01, b'x'], 1002),
    ] {
        let (mut connection, host, _) = open(&chat());
        let output = connection.on_data(&host, &bytes, false);
        assert_eq!((close_code(&output), output.close), (Some(code), code != 1009));
        let event = event(&connection.on_close(&host).unwrap());
        assert_eq!(event["requestContext"]["disconnectStatusCode"], code);
    }
}

#[test]
fn ends_and_their_events() {
    let check = |bytes: Option<Vec<u8>>, code: u16, reason: &str| {
        let (mut connection, host, id) = open(&chat());
        if let Some(bytes) = bytes {
            connection.on_data(&host, &bytes, false);
        }
        let event = event(&connection.on_close(&host).unwrap());
        let headers = json!({"Host": "api.example", "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""});
        assert_eq!(event["headers"], headers);
        let context = &event["requestContext"];
        assert_eq!((&context["disconnectStatusCode"], &context["disconnectReason"]), (&json!(code), &json!(reason)));
        assert_eq!((&context["eventType"], &context["routeKey"]), (&json!("DISCONNECT"), &json!("$disconnect")));
        assert_eq!(context["connectionId"], id.as_str());
        assert!(connection.on_close(&host).is_none());
    };
    check(None, 1006, "Connection Closed Abnormally");
    check(Some(frame(0x88, b"")), 1005, "Client-side close frame status not set");
    check(Some(frame(0x88, b"\x03\xe9")), 1001, "");
    check(Some(frame(0x88, b"\x0f\xa0done")), 4000, "done");
}

#[test]
fn idle_and_old_connections_go_away() {
    let (mut connection, host, _) = open(&chat());
    assert_eq!(connection.due().unwrap().0, NOW_MILLIS + 600_000);
    host.pass_millis(500_000);
    connection.on_data(&host, &frame(0x89, b""), false);
    assert_eq!(connection.due().unwrap().0, NOW_MILLIS + 1_100_000);
    host.pass_millis(6_600_000);
    connection.on_data(&host, &frame(0x89, b""), false);
    assert_eq!(connection.due().unwrap().0, NOW_MILLIS + 7_200_000);
    host.pass_millis(200_000);
    let output = connection.on_due(&host);
    assert_eq!(close_code(&output), Some(1001));
    assert_eq!(connection.due(), None);
}

#[test]
fn an_open_connection_follows_changes_of_the_api() {
    let (mut connection, host, _) = open(&chat());
    let _new = api(json!({"$default": {"integration": "p"}}), json!({"p": backend()}));
    assert!(connection.on_data(&host, &text("anything"), false).callout.is_some());
}
