//! What comes to a WebSocket API, before anybody is asked about it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::rc::Rc;

use gateway::{Body, Filter, Property, Step, Stream};
use gateway_responses::GatewayResponses;
use serde_json::json;
use test_host::TestHost;

fn filter() -> Rc<GatewayResponses> {
    let configuration = json!({"api": {"apiId": "abc123", "stage": "prod"}, "webSocketApi": {}});
    Rc::new(GatewayResponses::configure(serde_json::from_value(configuration).unwrap()).unwrap())
}

/// The names of the route of handshakes: of the only API in a gateway, and of one of several.
const ROUTES: [&str; 2] = ["$connect", "abc123/prod $connect"];

/// What becomes of a request, and what is known of its connection.
fn begun(route: &str, method: &str, headers: &[(&str, &str)]) -> (Step, Option<String>) {
    let filter = filter();
    let host = TestHost::request(method, "/prod", headers, b"").on_route(route);
    let step = filter.stream().on_request_headers(&host, true);
    (step, host.property_text(Property::WebSocket))
}

/// Spec: a plain GET is 403 `{"message":"Forbidden"}`; authorizers and API keys come after that.
#[test]
fn what_is_no_upgrade_is_forbidden() {
    for (method, headers) in [
        ("GET", &[][..]),
        ("POST", &[("x-api-key", "key")]),
        ("GET", &[("upgrade", "h2c")]),
        ("GET", &[("sec-websocket-version", "13"), ("connection", "upgrade")]),
    ] {
        for route in ROUTES {
            let (step, connection) = begun(route, method, headers);
            let Step::Respond(reply) = step else { panic!("{method} {headers:?} goes on") };
            assert_eq!((reply.status, reply.body.as_slice()), (403, &br#"{"message":"Forbidden"}"#[..]));
            assert_eq!(reply.header("x-amzn-errortype"), Some(&b"ForbiddenException"[..]));
            assert_eq!(connection, None);
        }
    }
}

#[test]
fn handshakes_get_an_id() {
    // Over HTTP/2 there is no `Connection` and no key.
    for headers in [&[("upgrade", "websocket")][..], &[("upgrade", "WebSocket"), ("connection", "Upgrade")]] {
        for route in ROUTES {
            let (step, connection) = begun(route, "GET", headers);
            assert!(matches!(step, Step::Continue), "{step:?}");
            assert!(connection.is_some_and(|known| known.contains("connectionId")));
        }
    }
}

#[test]
fn a_connection_may_send_as_much_as_it_likes() {
    for route in ROUTES {
        let mut stream = filter().stream();
        let host = TestHost::request("GET", "/prod", &[("upgrade", "websocket")], b"").on_route(route);
        stream.on_request_headers(&host, false);
        for _ in 0..200 {
            let step = stream.on_request_body(&host, Body { bytes: 100_000, end_of_stream: false });
            assert!(matches!(step, Step::Continue), "{step:?}");
        }
    }
}
