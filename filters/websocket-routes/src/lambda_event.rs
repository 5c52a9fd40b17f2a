//! The events that functions get: CONNECT, MESSAGE and DISCONNECT.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html>,
//! and recorded events.

use gateway::Property;
use gateway::event::{IDENTITY, SOMETIMES_IN_IDENTITY, grouped};
use gateway::json::Writer;
use mapping_template::parts::Request;
use serde_json::Value;

use crate::event::{Event, Kind};

/// Writes the event of `request`, which was read from `event`.
pub fn lambda_event(event: &Event<'_>, request: &Request<'_>) -> String {
    let mut out = Writer::object(request.body.len().saturating_mul(2).saturating_add(2048));
    match event.facts.kind {
        Kind::Connect => write_request(request, &mut out),
        Kind::Disconnect(_) => write_disconnect_headers(event, &mut out),
        Kind::Message(_) => {}
    }
    let variables = &request.context.api().stage_variables;
    if !variables.is_empty() {
        out.strings("stageVariables", variables.iter().map(|(name, value)| (name.as_str(), value.clone())));
    }
    write_context(event, request, &mut out);
    if let Kind::Message(_) = event.facts.kind {
        out.text("body", &String::from_utf8_lossy(&request.body));
    }
    out.raw("isBase64Encoded", "false");
    out.close('}');
    out.finish()
}

fn write_request(request: &Request<'_>, out: &mut Writer) {
    let headers = grouped(request.visible_headers());
    out.single_values("headers", &headers);
    out.multiple_values("multiValueHeaders", &headers);
    let query = grouped(request.query().iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    if !query.is_empty() {
        out.single_values("queryStringParameters", &query);
        out.multiple_values("multiValueQueryStringParameters", &query);
    }
}

/// The headers that the service makes up for the end of a connection.
fn write_disconnect_headers(event: &Event<'_>, out: &mut Writer) {
    let header = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
    let headers = [
        header("Host", &event.session.domain_name),
        header("x-api-key", ""),
        header("X-Forwarded-For", ""),
        header("x-restapi", ""),
    ];
    out.single_values("headers", &headers);
    out.multiple_values("multiValueHeaders", &headers);
}

fn write_context(event: &Event<'_>, request: &Request<'_>, out: &mut Writer) {
    let (facts, session, api) = (event.facts, event.session, request.context.api());
    out.open("requestContext", '{');
    out.text("routeKey", &facts.route_key);
    if let Kind::Message(id) = &facts.kind {
        out.text("messageId", id);
    }
    write_authorizer(event, request, out);
    if let Kind::Disconnect(end) = &facts.kind {
        out.raw("disconnectStatusCode", &end.status().to_string());
    }
    out.text("eventType", facts.event_type());
    out.text("extendedRequestId", &facts.request_id);
    out.text("requestTime", &facts.time.request_time());
    out.text("messageDirection", "IN");
    if let Kind::Disconnect(end) = &facts.kind {
        out.text("disconnectReason", &end.reason());
    }
    out.text("stage", &api.stage);
    out.raw("connectedAt", &session.connected_at.0.to_string());
    out.raw("requestTimeEpoch", &facts.time.0.to_string());
    out.open("identity", '{');
    // What is not known is left out, unlike in the events of REST APIs.
    for name in IDENTITY.into_iter().chain(SOMETIMES_IN_IDENTITY) {
        if let Some(value) = request.context.get(&format!("identity.{name}")) {
            out.text(name, &value);
        }
    }
    out.close('}');
    out.text("requestId", &facts.request_id);
    out.text("domainName", &session.domain_name);
    out.text("connectionId", &session.connection_id);
    out.text("apiId", &api.api_id);
    out.close('}');
}

/// What the authorizer has said, as text; how long it took is a number, and told the `$connect` route only.
fn write_authorizer(event: &Event<'_>, request: &Request<'_>, out: &mut Writer) {
    const LATENCY: &str = "integrationLatency";
    let Some(Value::Object(members)) = request.object(Property::Authorizer) else { return };
    out.open("authorizer", '{');
    for (name, value) in &members {
        match value {
            Value::Number(latency) if name == LATENCY && event.facts.kind == Kind::Connect => {
                out.raw(LATENCY, &latency.to_string());
            }
            _ if name == LATENCY => {}
            Value::Null => {}
            Value::String(text) => out.text(name, text),
            other => out.text(name, &other.to_string()),
        }
    }
    out.close('}');
}
