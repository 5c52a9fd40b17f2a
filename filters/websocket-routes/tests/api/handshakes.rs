use gateway::{Answer, Filter, Host, Property, Stream};
use serde_json::json;

use crate::support::*;

fn connect_api() -> Api {
    api(json!({"$connect": {"integration": "f"}, "$default": {}}), json!({"f": function("connect")}))
}

/// The reply when the function's call is answered so.
fn refused(answer: Answer) -> (u16, String) {
    let host = handshake("/prod", &[]);
    let (mut stream, step) = begin(&connect_api(), &host);
    callout(step);
    let reply = reply(stream.on_callout(&host, answer));
    assert!(reply.header("x-amz-apigw-id").is_some());
    (reply.status, String::from_utf8(reply.body).unwrap())
}

#[test]
fn without_a_route_or_integration_a_handshake_is_accepted() {
    for routes in [json!({}), json!({"$connect": {}})] {
        accepted(begin(&api(routes, json!({})), &handshake("/prod", &[])).1);
    }
}

#[test]
fn a_template_may_have_a_static_key() {
    // AWS's guides write a MOCK of `$connect` and `$disconnect` so: there is no message that a key could come from.
    let mock = |status: u16| {
        json!({"m": {"mock": {
            "templateSelectionExpression": "200",
            "requestTemplates": {"200": format!("{{\"statusCode\": {status}}}")},
            "integrationResponses": [{"integrationResponseKey": "$default"}],
        }}})
    };
    let routes = json!({"$connect": {"integration": "m"}});
    accepted(begin(&api(routes.clone(), mock(200)), &handshake("/prod", &[])).1);
    assert_eq!(reply(begin(&api(routes, mock(403)), &handshake("/prod", &[])).1).status, 403);
}

#[test]
fn the_integrations_status_is_the_clients() {
    for status in [300, 301, 401, 403, 501, 502] {
        let answer = result(json!({"statusCode": status, "body": "no", "headers": {"X-Why": "because"}}));
        assert_eq!(refused(answer), (status, "no".to_owned()));
    }
    for status in [200, 204, 299] {
        let host = handshake("/prod", &[]);
        let (mut stream, _) = begin(&connect_api(), &host);
        accepted(stream.on_callout(&host, result(json!({"statusCode": status}))));
    }
}

#[test]
fn integrations_that_fail() {
    let body = |text: String| text[..text.find(", ").unwrap()].to_owned();
    let check = |answer, status, message: &str| {
        let (found, text) = refused(answer);
        assert_eq!((found, body(text)), (status, format!("{{\"message\": \"{message}\"")));
    };
    check(thrown(), 502, "Internal server error");
    check(result(json!("text")), 500, "Internal server error");
    check(result(json!({"body": "x"})), 500, "Internal server error");
    check(result(json!({"statusCode": "200"})), 500, "Internal server error");
    check(Answer::Failed, 500, "Internal server error");
    let made_up = Answer::Response { headers: gateway::Headers::from_pairs(&[(":status", "504")]), body: Vec::new() };
    check(made_up, 504, "Endpoint request timed out");
}

#[test]
fn the_refusals_text_is_the_services() {
    let host = handshake("/prod", &[("sec-websocket-version", "13")]);
    let api = api(json!({"$connect": {"requiredParameters": ["route.request.querystring.token"]}}), json!({}));
    let reply = reply(begin(&api, &host).1);
    let body = String::from_utf8(reply.body.clone()).unwrap();
    let rest =
        body.strip_prefix(r#"{"message": "Missing required request parameters: [token]", "connectionId":""#).unwrap();
    let (id, rest) = rest.split_at(24);
    assert!(rest.starts_with(r#"", "requestId":""#), "{body}");
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{id}");
    assert_eq!((reply.status, reply.header("content-type")), (400, Some(&b"application/json"[..])));
    accepted(begin(&api, &handshake("/prod?token=t", &[])).1);
}

#[test]
fn required_headers() {
    let check = |name: &str, headers: &[(&str, &str)], status: Option<u16>| {
        let name = format!("route.request.header.{name}");
        let api = api(json!({"$connect": {"requiredParameters": [name]}}), json!({}));
        let host = handshake("/prod", headers).with_attribute("destination.port", 443_u64.to_le_bytes());
        match (begin(&api, &host).1, status) {
            (step, Some(status)) => assert_eq!(reply(step).status, status, "{name}"),
            (step, None) => drop(accepted(step)),
        }
    };
    check("Host", &[(":authority", "api.example")], None);
    check("X-Forwarded-For", &[], None);
    check("X-Forwarded-Port", &[], None);
    check("Authorization", &[("authorization", "AWS4-HMAC-SHA256 Credential=…")], None);
    check("Authorization", &[], Some(400));
    check("X-Room", &[("x-room", "lobby")], None);
    check("X-Room", &[("x-room", "")], Some(400));
    check("X-Room", &[], Some(400));
}

#[test]
fn subprotocols_come_from_the_integration() {
    let api = connect_api();
    let host = handshake("/prod", &[("sec-websocket-protocol", "a, b")]);
    let (mut stream, step) = begin(&api, &host);
    assert_eq!(event(&callout(step))["headers"]["Sec-WebSocket-Protocol"], "a, b");
    let answer = result(json!({"statusCode": 200, "headers": {"SEC-WebSocket-Protocol": "b"}}));
    let id = accepted(stream.on_callout(&host, answer));
    let (_, _, output) = connect(&api, &id);
    let head = String::from_utf8(output.write).unwrap();
    assert!(head.contains("\r\nsec-websocket-protocol: b\r\n"), "{head}");
    assert!(head.contains("\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
}

/// What an HTTP_PROXY backend is sent for a handshake with these headers.
fn proxied(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    let api = api(json!({"$connect": {"integration": "p"}}), json!({"p": backend()}));
    let sent = callout(begin(&api, &handshake("/prod", headers)).1).headers;
    sent.into_iter().map(|(name, value)| (name.to_string(), String::from_utf8(value).unwrap())).collect()
}

#[test]
fn http_proxy_gets_the_clients_headers() {
    let own = [("accept", "text/html"), ("content-type", "text/plain"), ("x-custom", "1"), ("x-custom", "2")];
    let sent = proxied(&own);
    let all = |name: &str| {
        sent.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(all("user-agent"), ["test"]);
    assert_eq!(all("accept"), ["text/html"]);
    assert_eq!(all("content-type"), ["text/plain"]);
    assert_eq!(all("x-custom"), ["1", "2"]);
    assert_eq!(all("sec-websocket-key"), [""; 0]);
    assert_eq!(all("x-amzn-apigateway-api-id"), ["abc123"]);
    // What the client does not say is the gateway's.
    let sent = proxied(&[]);
    assert!(sent.contains(&("accept".to_owned(), "application/json".to_owned())), "{sent:?}");
}

#[test]
fn what_is_no_handshake_is_forbidden() {
    let api = api(json!({"$default": {}}), json!({}));
    for (host, status) in [
        (http_request("GET", "/prod", &[]), 403),
        (handshake("/prod/x", &[]).on_route("other"), 403),
        (handshake("/prod", &[]).on_route(""), 403),
        (http_request("GET", "/prod", &[("upgrade", "websocket")]), 400),
    ] {
        let reply = reply(begin(&api, &host).1);
        assert_eq!(reply.status, status);
        if status == 403 {
            assert_eq!(reply.body, br#"{"message":"Forbidden"}"#);
            assert_eq!(reply.header("x-amzn-errortype"), Some(&b"ForbiddenException"[..]));
        }
    }
}

#[test]
fn an_id_opens_one_connection_once_and_only_while_its_request_lives() {
    let api = api(json!({}), json!({}));
    let (stream, step) = begin(&api, &handshake("/prod", &[]));
    let id = accepted(step);
    assert!(connect(&api, &id).2.write.starts_with(b"HTTP/1.1 101"));
    let again = connect(&api, &id).2;
    assert!(again.close && again.write.starts_with(b"HTTP/1.1 403"));
    drop(stream);
    let (stream, step) = begin(&api, &handshake("/prod", &[]));
    let id = accepted(step);
    drop(stream);
    assert!(connect(&api, &id).2.close);
    assert!(connect(&api, "AAAAAAAAAAAAAAAAAAAAAAAA").2.close);
    assert!(connect(&api, "").2.close);
}

#[test]
fn the_connect_event() {
    let host = handshake("/prod?a=1&a=2", &[("x-custom", "value")]);
    host.set_property(Property::Authorizer, r#"{"principalId":"user","n":1,"integrationLatency":12}"#.as_bytes());
    let event = event(&callout(begin(&connect_api(), &host).1));
    assert_eq!(event["headers"]["Host"], "api.example");
    assert_eq!(event["headers"]["x-custom"], "value");
    assert_eq!(event["headers"]["Upgrade"], json!(null));
    assert_eq!(event["queryStringParameters"], json!({"a": "2"}));
    assert_eq!(event["multiValueQueryStringParameters"], json!({"a": ["1", "2"]}));
    assert_eq!(event["body"], json!(null));
    let context = &event["requestContext"];
    assert_eq!(context["authorizer"], json!({"principalId": "user", "n": "1", "integrationLatency": 12}));
    assert_eq!(context["identity"], json!({"sourceIp": "203.0.113.7", "userAgent": "test"}));
    assert_eq!(context["connectedAt"], NOW_MILLIS);
    assert_eq!(context["requestTime"], "24/Sep/2024:12:34:56 +0000");
    assert_eq!(context["requestId"], context["extendedRequestId"]);
    let id = context["requestId"].as_str().unwrap();
    assert!(id.len() == 16 && id.ends_with('='), "{id}");
}

#[test]
fn configurations_that_are_wrong_are_refused() {
    let base = json!({"api": {"apiId": "a", "stage": "s"}, "routeSelectionExpression": "$request.body.a"});
    let check = |name: &str, value: serde_json::Value, expected: &str| {
        let mut raw = base.clone();
        raw[name] = value;
        let raw = gateway::parse(raw.to_string().as_bytes());
        let error = raw.and_then(websocket_routes::WebSocketRoutes::configure).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check(
        "routeSelectionExpression",
        json!("$context.stage"),
        "routeSelectionExpression: `context.stage` cannot be used",
    );
    check("routes", json!({"$other": {}}), "routes.$other: only `$connect`, `$disconnect` and `$default` begin");
    check("routes", json!({"a": {"integration": "x"}}), "routes.a.integration: `x` is no integration");
    check(
        "routes",
        json!({"a": {"requiredParameters": ["route.request.header.x"]}}),
        "routes.a.requiredParameters: only",
    );
    check(
        "routes",
        json!({"a": {"routeResponseSelectionExpression": "x"}}),
        "routes.a.routeResponseSelectionExpression",
    );
    check(
        "integrations",
        json!({"i": {"mock": {"integrationResponses": [{"integrationResponseKey": "x"}]}}}),
        "integrations.i.mock.integrationResponses[0].integrationResponseKey: `x` is no key",
    );
    check("limits", json!({"idleTimeoutMillis": 0}), "limits: 0 milliseconds");
    check("other", json!(1), "other: unknown field");
}
