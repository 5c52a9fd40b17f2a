//! Payload format 2.0 of HTTP APIs.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use gateway::event::{grouped, write_authentication};
use gateway::json::{Writer, quote};
use gateway::{percent_decode, route_name};

use crate::request::{Request, Subject, text};

/// Writes the members of the event. Empty lists and maps are left out.
pub(crate) fn write(subject: &Subject<'_>, out: &mut Writer) {
    let Subject { request, identity } = subject;
    let context = request.context;
    out.text("version", "2.0");
    out.text("type", "REQUEST");
    out.text("routeArn", &request.method_arn);
    match identity.values() {
        [] => out.raw("identitySource", "null"),
        values => out.raw("identitySource", &list(values)),
    }
    let route_key = text(&route_name(request.host));
    out.text("routeKey", &route_key);
    let path = percent_decode(context.get("path").unwrap_or_default().as_bytes(), false);
    out.text("rawPath", &path);
    let target = request.headers.first(":path").unwrap_or_default();
    out.text("rawQueryString", &text(gateway::split_target(target).1.unwrap_or_default()));
    let cookies: Vec<String> = request.headers.all("cookie").map(text).collect();
    let cookies: Vec<&str> =
        cookies.iter().flat_map(|line| line.split(';')).map(str::trim).filter(|c| !c.is_empty()).collect();
    if !cookies.is_empty() {
        out.raw("cookies", &list(&cookies));
    }
    let headers = request.visible_headers().into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    joined("headers", headers.filter(|(name, _)| name != "cookie"), out);
    joined("queryStringParameters", context.query().iter().map(|(n, v)| (n.to_owned(), v.to_owned())), out);
    request_context(request, &route_key, &path, out);
    let path_parameters = context.path_parameters();
    let decoded = path_parameters.iter().map(|(name, value)| (name.to_owned(), percent_decode(value, false)));
    joined("pathParameters", decoded, out);
    let variables = context.api().stage_variables.iter();
    joined("stageVariables", variables.map(|(name, value)| (name.clone(), value.clone())), out);
}

fn request_context(request: &Request<'_>, route_key: &str, path: &str, out: &mut Writer) {
    let context = request.context;
    let variable = |out: &mut Writer, name: &str, shown: &str| out.text(shown, &context.get(name).unwrap_or_default());
    out.open("requestContext", '{');
    variable(out, "accountId", "accountId");
    variable(out, "apiId", "apiId");
    write_authentication(context, out);
    variable(out, "domainName", "domainName");
    variable(out, "domainPrefix", "domainPrefix");
    out.open("http", '{');
    out.text("method", &request.verb());
    out.text("path", path);
    variable(out, "protocol", "protocol");
    variable(out, "identity.sourceIp", "sourceIp");
    variable(out, "identity.userAgent", "userAgent");
    out.close('}');
    variable(out, "requestId", "requestId");
    out.text("routeKey", route_key);
    variable(out, "stage", "stage");
    variable(out, "requestTime", "time");
    out.raw("timeEpoch", &context.get("requestTimeEpoch").unwrap_or_else(|| "0".to_owned()));
    out.close('}');
}

/// An object whose values of one name are joined by commas; left out when it is empty.
fn joined(name: &str, pairs: impl Iterator<Item = (String, String)>, out: &mut Writer) {
    let groups = grouped(pairs);
    if groups.is_empty() {
        return;
    }
    out.open(name, '{');
    for (name, values) in &groups {
        out.text(name, &values.join(","));
    }
    out.close('}');
}

fn list<T: AsRef<str>>(values: &[T]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| quote(value.as_ref())).collect();
    format!("[{}]", quoted.join(","))
}
