//! WebSocket APIs: a connection's id before anything is decided about it, and refusals in their own words.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html>

use gateway::{GatewayError, Host, Ids, Property, Reply, ResponseType, json, route_name};
use serde::{Deserialize, Serialize};
use websocket::{ConnectionId, event_id, is_upgrade};

/// Name of the Envoy route for handshakes, behind the stage's own prefix where a gateway has several.
const CONNECT: &[u8] = b"$connect";
/// What begins the refusal of a caller whose policies do not allow a handshake; an authorizer's refusals name nobody.
const NAMED_CALLER: &str = "User: ";

/// The API is a WebSocket API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawWebSocketApi {
    /// The number of this Envoy in its fleet, which connections' ids begin with.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub node: u16,
}

fn is_zero(node: &u16) -> bool {
    *node == 0
}

/// Whether a request is at the place of handshakes. One that does not want a connection is asked about nowhere.
pub(crate) fn is_connect_route(host: &dyn Host) -> bool {
    let name = route_name(host);
    name.rsplit(|byte| *byte == b' ').next() == Some(CONNECT)
}

/// A handshake under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handshake {
    connection_id: String,
}

impl Handshake {
    /// The handshake that a request is, and its ids, which are one; `None` for other requests. What others have to know
    /// of the connection is left for them.
    pub(crate) fn begin(api: RawWebSocketApi, host: &dyn Host) -> Option<(Self, Ids)> {
        if !is_connect_route(host) || !is_upgrade(host.request_header("upgrade").as_deref()) {
            return None;
        }
        let id = event_id([host.random(), host.random()]);
        let ids = Ids { request_id: id.clone(), extended_request_id: id };
        let worker = host.address().map(|address| address.worker).unwrap_or_default();
        let connection_id = ConnectionId { node: api.node, worker, serial: host.random() }.to_string();
        let known = format!(r#"{{"connectionId":"{connection_id}","connectedAt":{}}}"#, host.now().0);
        host.set_property(Property::WebSocket, known.as_bytes());
        Some((Self { connection_id }, ids))
    }

    /// The answer to a handshake that another filter or Envoy refuses.
    pub(crate) fn refusal(&self, error: &GatewayError, ids: &Ids) -> Reply {
        let Some((status, message)) = text(error) else { return Reply::from_error(error.clone()).with_ids(ids) };
        let (message, id) = (json::quote(message), json::quote(&ids.request_id));
        // The service's own spacing.
        let body =
            format!("{{\"message\": {message}, \"connectionId\":\"{}\", \"requestId\":{id}}}", self.connection_id);
        let mut reply = Reply { status, body: body.into_bytes(), ..Reply::default() };
        reply.set_header("content-type", &b"application/json"[..]);
        reply.set_header("x-amz-apigw-id", ids.extended_request_id.clone().into_bytes());
        reply
    }
}

/// The answer to a request that is no handshake.
pub(crate) fn refusal(error: &GatewayError, ids: &Ids) -> Reply {
    // A path that has no route cannot be upgraded; Envoy says so by itself.
    let no_route = error.status == 403 && error.response_type == Some(ResponseType::Default4xx);
    let error = if no_route { GatewayError::forbidden() } else { error.clone() };
    Reply::from_error(error).with_ids(ids)
}

/// Status and message of a refused handshake; `None` where the service's front layer answers, which knows of no
/// connections.
fn text(error: &GatewayError) -> Option<(u16, &str)> {
    use ResponseType::*;
    const INTERNAL: &str = "Internal server error";
    let own = error.message.as_deref().unwrap_or_default();
    Some(match error.response_type? {
        AccessDenied if own.starts_with(NAMED_CALLER) => (403, "Forbidden"),
        ApiConfigurationError | AuthorizerFailure | IntegrationFailure | Default5xx => (500, INTERNAL),
        AuthorizerConfigurationError => (500, ""),
        AccessDenied | BadRequestParameters | IntegrationTimeout | InvalidApiKey | QuotaExceeded | Throttled
        | Unauthorized => (error.status, own),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(error: GatewayError, status: u16, body: &str) {
        let ids = Ids { request_id: "r".to_owned(), extended_request_id: "r".to_owned() };
        let reply = Handshake { connection_id: "c".to_owned() }.refusal(&error, &ids);
        assert_eq!((reply.status, String::from_utf8(reply.body.clone()).unwrap().as_str()), (status, body));
        assert_eq!(reply.header("x-amz-apigw-id"), Some(&b"r"[..]));
    }

    /// The texts of the specification's table of handshakes.
    #[test]
    fn refusals() {
        let of = GatewayError::new;
        let own = |message: &str| format!(r#"{{"message": "{message}", "connectionId":"c", "requestId":"r"}}"#);
        check(of(ResponseType::Unauthorized), 401, &own("Unauthorized"));
        check(of(ResponseType::InvalidApiKey), 403, &own("Forbidden"));
        check(of(ResponseType::Throttled), 429, &own("Too Many Requests"));
        check(of(ResponseType::AuthorizerFailure), 500, &own("Internal server error"));
        check(of(ResponseType::AuthorizerConfigurationError), 500, &own(""));
        let denied = "User is not authorized to access this resource with an explicit deny";
        check(of(ResponseType::AccessDenied).with_message(denied), 403, &own(denied));
        let policy = "User: arn:aws:iam::123456789012:user/a is not authorized to perform: execute-api:Invoke";
        check(of(ResponseType::AccessDenied).with_message(policy), 403, &own("Forbidden"));
        let unsigned = r#"{"message":"Missing Authentication Token"}"#;
        check(of(ResponseType::MissingAuthenticationToken), 403, unsigned);
    }
}
