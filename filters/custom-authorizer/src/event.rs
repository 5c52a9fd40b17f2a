//! The events of REST APIs, and payload format 1.0 of HTTP APIs.
//!
//! Sources: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use gateway::event::{grouped, write_identity};
use gateway::json::Writer;
use gateway::percent_decode;

use crate::raw::Form;
use crate::request::{Request, Subject, text};
use crate::{event_v2, event_websocket};

/// Room for an event before it grows.
const USUAL_BYTES: usize = 4096;

/// The event that an authorizer of this form gets.
pub(crate) fn event(form: Form, subject: &Subject<'_>) -> String {
    let mut out = Writer::object(USUAL_BYTES);
    match form {
        Form::Token => token(subject, &mut out),
        Form::Request | Form::HttpV1 => request(form, subject, &mut out),
        Form::HttpV2 | Form::HttpV2Simple => event_v2::write(subject, &mut out),
        Form::WebSocket => event_websocket::write(subject.request, &mut out),
    }
    out.close('}');
    out.finish()
}

fn token(subject: &Subject<'_>, out: &mut Writer) {
    out.text("type", "TOKEN");
    out.text("authorizationToken", subject.identity.token());
    out.text("methodArn", &subject.request.method_arn);
}

fn request(form: Form, subject: &Subject<'_>, out: &mut Writer) {
    let Subject { request, identity } = subject;
    let (context, is_http) = (request.context, form == Form::HttpV1);
    if is_http {
        out.text("version", "1.0");
    }
    out.text("type", "REQUEST");
    out.text("methodArn", &request.method_arn);
    if is_http {
        let sources = identity.values().join(",");
        out.text("identitySource", &sources);
        out.text("authorizationToken", &sources);
    }
    out.text("resource", &context.get("resourcePath").unwrap_or_default());
    out.text("path", &path(request));
    out.text("httpMethod", &request.verb());
    let headers = grouped(request.visible_headers());
    let query = grouped(context.query().iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    last_values("headers", &headers, out);
    if !is_http {
        all_values("multiValueHeaders", &headers, out);
    }
    last_values("queryStringParameters", &query, out);
    if !is_http {
        all_values("multiValueQueryStringParameters", &query, out);
    }
    out.open("pathParameters", '{');
    for (name, value) in context.path_parameters().iter() {
        // What HTTP APIs show is decoded.
        let shown = if is_http { percent_decode(value, false) } else { text(value) };
        out.text(name, &shown);
    }
    out.close('}');
    out.open("stageVariables", '{');
    for (name, value) in &context.api().stage_variables {
        out.text(name, value);
    }
    out.close('}');
    request_context(request, out);
}

/// The path without the stage. A custom domain's base path stays.
fn path(request: &Request<'_>) -> String {
    match request.context.api().custom_domain_base_path() {
        None => text(request.context.resource_path_as_sent()),
        Some(_) => request.context.get("path").unwrap_or_default(),
    }
}

fn request_context(request: &Request<'_>, out: &mut Writer) {
    let context = request.context;
    let variable = |out: &mut Writer, name: &str| out.text(name, &context.get(name).unwrap_or_default());
    out.open("requestContext", '{');
    variable(out, "resourceId");
    variable(out, "resourcePath");
    if let Some(name) = context.get("operationName") {
        out.text("operationName", &name);
    }
    out.text("httpMethod", &request.verb());
    for name in ["extendedRequestId", "requestTime", "path", "accountId", "protocol", "stage", "domainPrefix"] {
        variable(out, name);
    }
    out.raw("requestTimeEpoch", &context.get("requestTimeEpoch").unwrap_or_else(|| "0".to_owned()));
    variable(out, "requestId");
    // No API key has been looked at yet, so it is what the client has sent.
    let key = request.headers.last("x-api-key").map(text).filter(|_| context.get("identity.apiKey").is_none());
    write_identity(context, out, |out| {
        if let Some(key) = key {
            out.text("apiKey", &key);
        }
    });
    variable(out, "domainName");
    variable(out, "apiId");
    out.close('}');
}

/// The last value of each name; an empty object where there is none.
pub(crate) fn last_values(name: &str, groups: &[(String, Vec<String>)], out: &mut Writer) {
    out.open(name, '{');
    for (name, values) in groups {
        out.text(name, values.last().map_or("", String::as_str));
    }
    out.close('}');
}

pub(crate) fn all_values(name: &str, groups: &[(String, Vec<String>)], out: &mut Writer) {
    match groups {
        [] => out.raw(name, "{}"),
        groups => out.multiple_values(name, groups),
    }
}
