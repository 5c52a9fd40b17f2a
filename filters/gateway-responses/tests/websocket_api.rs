//! What comes to a WebSocket API, before anybody is asked about it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::rc::Rc;

use gateway::{Filter, Property, Step, Stream};
use gateway_responses::GatewayResponses;
use serde_json::json;
use test_host::TestHost;

/// What becomes of a request on the route of handshakes, and what is known of its connection.
fn begun(method: &str, headers: &[(&str, &str)]) -> (Step, Option<String>) {
    let configuration = json!({"api": {"apiId": "abc123", "stage": "prod"}, "webSocketApi": {}});
    let filter = Rc::new(GatewayResponses::configure(serde_json::from_value(configuration).unwrap()).unwrap());
    let host = TestHost::request(method, "/prod", headers, b"").on_route("$connect");
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
        let (step, connection) = begun(method, headers);
        let Step::Respond(reply) = step else { panic!("{method} {headers:?} goes on") };
        assert_eq!((reply.status, reply.body.as_slice()), (403, &br#"{"message":"Forbidden"}"#[..]));
        assert_eq!(reply.header("x-amzn-errortype"), Some(&b"ForbiddenException"[..]));
        assert_eq!(connection, None);
    }
}

#[test]
fn handshakes_get_an_id() {
    // Over HTTP/2 there is no `Connection` and no key.
    for headers in [&[("upgrade", "websocket")][..], &[("upgrade", "WebSocket"), ("connection", "Upgrade")]] {
        let (step, connection) = begun("GET", headers);
        assert!(matches!(step, Step::Continue), "{step:?}");
        assert!(connection.is_some_and(|known| known.contains("connectionId")));
    }
}
