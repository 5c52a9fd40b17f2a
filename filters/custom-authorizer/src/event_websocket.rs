//! The event of WebSocket APIs: a handshake, before there is a connection.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html>

use gateway::event::{IDENTITY, grouped};
use gateway::json::Writer;

use crate::event::{all_values, last_values};
use crate::request::Request;

/// Writes the event's members.
pub(crate) fn write(request: &Request<'_>, out: &mut Writer) {
    let context = request.context;
    out.text("type", "REQUEST");
    out.text("methodArn", &request.method_arn);
    let mut headers = request.visible_headers();
    // Those of the handshake itself, which no other event shows.
    for (name, value) in [("Connection", "upgrade"), ("content-length", "0"), ("Upgrade", "websocket")] {
        headers.push((name.to_owned(), value.to_owned()));
    }
    let headers = grouped(headers);
    let query = grouped(context.query().iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    last_values("headers", &headers, out);
    all_values("multiValueHeaders", &headers, out);
    last_values("queryStringParameters", &query, out);
    all_values("multiValueQueryStringParameters", &query, out);
    out.open("stageVariables", '{');
    for (name, value) in &context.api().stage_variables {
        out.text(name, value);
    }
    out.close('}');
    request_context(request, out);
}

fn request_context(request: &Request<'_>, out: &mut Writer) {
    let context = request.context;
    let variable = |out: &mut Writer, name: &str| out.text(name, &context.get(name).unwrap_or_default());
    let number = |out: &mut Writer, name: &str| out.raw(name, &context.get(name).unwrap_or_else(|| "0".to_owned()));
    out.open("requestContext", '{');
    out.text("routeKey", "$connect");
    out.text("eventType", "CONNECT");
    variable(out, "extendedRequestId");
    variable(out, "requestTime");
    out.text("messageDirection", "IN");
    variable(out, "stage");
    number(out, "connectedAt");
    number(out, "requestTimeEpoch");
    out.open("identity", '{');
    // What is not known is left out, unlike in the events of REST APIs.
    for name in IDENTITY {
        if let Some(value) = context.get(&format!("identity.{name}")) {
            out.text(name, &value);
        }
    }
    out.close('}');
    for name in ["requestId", "domainName", "connectionId", "apiId"] {
        variable(out, name);
    }
    out.close('}');
}
