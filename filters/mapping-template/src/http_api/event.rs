//! Events of HTTP APIs' Lambda integrations, payload formats 1.0 and 2.0.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use gateway::event::{grouped, write_authentication, write_client_certificate};
use gateway::json::Writer;
use gateway::{LAMBDA_CONTEXT, Property, media, percent_decode, split_target};
use serde_json::Value;

use crate::content::base64_encode;
use crate::request::Request;

/// Media types whose bodies are text; all others are base64, and so is a body without a type.
const TEXT: [&str; 3] = ["application/json", "application/xml", "application/javascript"];

/// Members of `requestContext.identity` in format 1.0, in order; what is unset is `null`.
const IDENTITY: [&str; 13] = [
    "accessKey",
    "accountId",
    "caller",
    "cognitoAmr",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "sourceIp",
    "user",
    "userAgent",
    "userArn",
];

/// Members of `requestContext.authorizer.iam` in format 2.0, and of `$context.identity` that they show. Identities of
/// Cognito do not sign requests here.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
const SIGNER: [(&str, &str); 7] = [
    ("accessKey", "accessKey"),
    ("accountId", "accountId"),
    ("callerId", "caller"),
    ("cognitoIdentity", "cognitoIdentity"),
    ("principalOrgId", "principalOrgId"),
    ("userArn", "userArn"),
    ("userId", "user"),
];

/// Writes the event in format 2.0.
pub(super) fn version_2(request: &Request<'_>) -> String {
    let context = &request.context;
    let api = context.api();
    let mut out = Writer::object(request.body.len().saturating_mul(2).saturating_add(2048));
    out.text("version", "2.0");
    let route_key = context.get("routeKey").unwrap_or_default();
    out.text("routeKey", &route_key);
    let path = context.get("path").unwrap_or_default();
    let path = percent_decode(path.as_bytes(), false);
    out.text("rawPath", &path);
    let target = request.headers.first(":path").unwrap_or_default();
    let query = split_target(target).1.unwrap_or_default();
    out.text("rawQueryString", &String::from_utf8_lossy(query));
    let cookies = cookies(request);
    if !cookies.is_empty() {
        out.raw("cookies", &Value::from(cookies).to_string());
    }
    let headers = request.visible_headers().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let headers = grouped(headers.filter(|(name, _)| name != "cookie"));
    joined_values(&mut out, "headers", &headers);
    let query = grouped(request.query().iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    if !query.is_empty() {
        joined_values(&mut out, "queryStringParameters", &query);
    }
    write_context_2(request, &route_key, &path, &mut out);
    let encoded = write_body(request, &mut out);
    let mut parameters = path_parameters(request).peekable();
    if parameters.peek().is_some() {
        out.strings("pathParameters", parameters);
    }
    out.raw("isBase64Encoded", if encoded { "true" } else { "false" });
    if !api.stage_variables.is_empty() {
        out.strings("stageVariables", api.stage_variables.iter().map(|(name, value)| (name.as_str(), value.clone())));
    }
    out.close('}');
    out.finish()
}

fn write_context_2(request: &Request<'_>, route_key: &str, path: &str, out: &mut Writer) {
    let context = &request.context;
    let variable = |name: &str| context.get(name).unwrap_or_default();
    out.open("requestContext", '{');
    out.text("accountId", &variable("accountId"));
    out.text("apiId", &variable("apiId"));
    write_authentication(context, out);
    write_authorizer_2(request, out);
    out.text("domainName", &variable("domainName"));
    out.text("domainPrefix", &variable("domainPrefix"));
    out.open("http", '{');
    out.text("method", &String::from_utf8_lossy(request.method()));
    out.text("path", path);
    out.text("protocol", "HTTP/1.1");
    out.text("sourceIp", &variable("identity.sourceIp"));
    out.text("userAgent", &variable("identity.userAgent"));
    out.close('}');
    out.text("requestId", &variable("requestId"));
    out.text("routeKey", route_key);
    out.text("stage", &variable("stage"));
    out.text("time", &variable("requestTime"));
    out.raw("timeEpoch", &context.get("requestTimeEpoch").unwrap_or_else(|| "0".to_owned()));
    out.close('}');
}

/// JWT claims stand under `jwt`, the context of a Lambda authorizer under `lambda`, who has signed under `iam`.
fn write_authorizer_2(request: &Request<'_>, out: &mut Writer) {
    let authorizer = request.object(Property::Authorizer).unwrap_or_default();
    let signer = request.context.identity();
    if let Some(context) = authorizer.get(LAMBDA_CONTEXT) {
        out.open("authorizer", '{');
        out.raw("lambda", &context.to_string());
        out.close('}');
    } else if let Some(claims) = authorizer.get("claims") {
        out.open("authorizer", '{');
        out.open("jwt", '{');
        out.raw("claims", &claims.to_string());
        out.raw("scopes", &authorizer.get("scopes").unwrap_or(&Value::Null).to_string());
        out.close('}');
        out.close('}');
    } else if signer.get("accessKey").is_some() {
        out.open("authorizer", '{');
        out.open("iam", '{');
        for (name, member) in SIGNER {
            out.raw(name, &signer.get(member).unwrap_or(&Value::Null).to_string());
        }
        out.close('}');
        out.close('}');
    }
}

/// Writes the event in format 1.0.
pub(super) fn version_1(request: &Request<'_>) -> String {
    let context = &request.context;
    let api = context.api();
    let variable = |name: &str| context.get(name).unwrap_or_default();
    let mut out = Writer::object(request.body.len().saturating_mul(2).saturating_add(3072));
    out.text("version", "1.0");
    out.text("resource", &variable("resourcePath"));
    out.text("path", &String::from_utf8_lossy(context.resource_path_as_sent()));
    out.text("httpMethod", &String::from_utf8_lossy(request.method()));
    let headers = grouped(request.visible_headers());
    out.single_values("headers", &headers);
    out.multiple_values("multiValueHeaders", &headers);
    let query = grouped(request.query().iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    out.single_values("queryStringParameters", &query);
    out.multiple_values("multiValueQueryStringParameters", &query);
    write_context_1(request, &mut out);
    out.strings("pathParameters", path_parameters(request));
    out.strings("stageVariables", api.stage_variables.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let encoded = if request.body.is_empty() {
        out.raw("body", "null");
        false
    } else {
        write_body(request, &mut out)
    };
    out.raw("isBase64Encoded", if encoded { "true" } else { "false" });
    out.close('}');
    out.finish()
}

fn write_context_1(request: &Request<'_>, out: &mut Writer) {
    let context = &request.context;
    let variable = |name: &str| context.get(name).unwrap_or_default();
    out.open("requestContext", '{');
    out.text("accountId", &variable("accountId"));
    out.text("apiId", &variable("apiId"));
    write_authorizer_1(request, out);
    out.text("domainName", &variable("domainName"));
    out.text("domainPrefix", &variable("domainPrefix"));
    out.text("extendedRequestId", &variable("extendedRequestId"));
    out.text("httpMethod", &String::from_utf8_lossy(request.method()));
    out.open("identity", '{');
    for name in IDENTITY {
        match context.get(&format!("identity.{name}")) {
            Some(value) => out.text(name, &value),
            None => out.raw(name, "null"),
        }
    }
    write_client_certificate(context, out);
    out.close('}');
    out.text("path", &variable("path"));
    out.text("protocol", "HTTP/1.1");
    out.text("requestId", &variable("requestId"));
    out.text("requestTime", &variable("requestTime"));
    out.raw("requestTimeEpoch", &context.get("requestTimeEpoch").unwrap_or_else(|| "0".to_owned()));
    out.text("resourceId", &variable("routeKey"));
    out.text("resourcePath", &variable("resourcePath"));
    out.text("stage", &variable("stage"));
    out.close('}');
}

/// JWT claims stand by themselves, the context of a Lambda authorizer as texts.
fn write_authorizer_1(request: &Request<'_>, out: &mut Writer) {
    let authorizer = request.object(Property::Authorizer).unwrap_or_default();
    out.open("authorizer", '{');
    match authorizer.get(LAMBDA_CONTEXT) {
        Some(context) => {
            if let Some(principal) = authorizer.get("principalId").and_then(Value::as_str) {
                out.text("principalId", principal);
            }
            for (name, value) in context.as_object().into_iter().flatten() {
                match value {
                    Value::String(text) => out.text(name, text),
                    Value::Null => out.raw(name, "null"),
                    other => out.text(name, &other.to_string()),
                }
            }
        }
        None => {
            for name in ["claims", "scopes"] {
                out.raw(name, &authorizer.get(name).unwrap_or(&Value::Null).to_string());
            }
        }
    }
    out.close('}');
}

/// The path parameters, decoded.
fn path_parameters<'r>(request: &'r Request<'_>) -> impl Iterator<Item = (&'r str, String)> {
    request.path_parameters().iter().map(|(name, value)| (name, percent_decode(value, false)))
}

/// Writes the body, if there is one; says whether it is base64.
fn write_body(request: &Request<'_>, out: &mut Writer) -> bool {
    if request.body.is_empty() {
        return false;
    }
    let is_text = request.headers.last("content-type").is_some_and(|header| {
        let media_type = media::first(header);
        media_type.starts_with("text/") || TEXT.contains(&media_type.as_str())
    });
    match std::str::from_utf8(&request.body) {
        Ok(text) if is_text => {
            out.text("body", text);
            false
        }
        _ => {
            out.text("body", &base64_encode(&request.body));
            true
        }
    }
}

/// Each cookie by itself.
fn cookies(request: &Request<'_>) -> Vec<String> {
    let mut cookies = Vec::new();
    for header in request.headers.all("cookie") {
        let header = String::from_utf8_lossy(header);
        cookies.extend(header.split(';').map(str::trim).filter(|cookie| !cookie.is_empty()).map(str::to_owned));
    }
    cookies
}

fn joined_values(out: &mut Writer, name: &str, groups: &[(String, Vec<String>)]) {
    out.strings(name, groups.iter().map(|(name, values)| (name.as_str(), values.join(","))));
}
