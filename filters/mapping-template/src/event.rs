//! The event of an AWS_PROXY integration, payload format 1.0.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format>

use gateway::Property;
use gateway::event::{grouped, write_identity};
use gateway::json::Writer;
use serde_json::Value;

use crate::content::base64_encode;
use crate::request::Request;

/// Writes the event of a request; `binary` says that its body is bytes.
pub(crate) fn event(request: &Request<'_>, binary: bool) -> String {
    let context = &request.context;
    let api = context.api();
    let mut out = Writer::object(request.body.len().saturating_mul(2).saturating_add(3072));
    out.text("resource", &context.get("resourcePath").unwrap_or_default());
    out.text("path", &path(request));
    out.text("httpMethod", &String::from_utf8_lossy(request.method()));
    let headers = grouped(request.visible_headers());
    out.single_values("headers", &headers);
    out.multiple_values("multiValueHeaders", &headers);
    let query = grouped(request.query().iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    out.single_values("queryStringParameters", &query);
    out.multiple_values("multiValueQueryStringParameters", &query);
    let path_parameters = request.path_parameters().iter();
    let path_parameters = path_parameters.map(|(name, value)| (name, String::from_utf8_lossy(value).into_owned()));
    out.strings("pathParameters", path_parameters);
    out.strings("stageVariables", api.stage_variables.iter().map(|(name, value)| (name.as_str(), value.clone())));
    write_request_context(request, &mut out);
    if request.body.is_empty() {
        out.raw("body", "null");
    } else if binary {
        out.text("body", &base64_encode(&request.body));
    } else {
        out.text("body", &String::from_utf8_lossy(&request.body));
    }
    out.raw("isBase64Encoded", if binary && !request.body.is_empty() { "true" } else { "false" });
    out.close('}');
    out.finish()
}

/// The path without the stage. A custom domain's base path stays.
fn path(request: &Request<'_>) -> String {
    let context = &request.context;
    match context.api().custom_domain_base_path() {
        None => String::from_utf8_lossy(context.resource_path_as_sent()).into_owned(),
        Some(_) => context.get("path").unwrap_or_default(),
    }
}

fn write_request_context(request: &Request<'_>, out: &mut Writer) {
    let context = &request.context;
    let variable = |out: &mut Writer, name: &str| out.text(name, &context.get(name).unwrap_or_default());
    out.open("requestContext", '{');
    variable(out, "resourceId");
    variable(out, "resourcePath");
    if let Some(name) = context.get("operationName") {
        out.text("operationName", &name);
    }
    out.text("httpMethod", &String::from_utf8_lossy(request.method()));
    for name in ["extendedRequestId", "requestTime", "path", "accountId", "protocol", "stage", "domainPrefix"] {
        variable(out, name);
    }
    out.raw("requestTimeEpoch", &context.get("requestTimeEpoch").unwrap_or_else(|| "0".to_owned()));
    variable(out, "requestId");
    write_identity(context, out, |_| {});
    for name in ["domainName", "deploymentId", "apiId"] {
        variable(out, name);
    }
    if let Some(Value::Object(members)) = request.object(Property::Authorizer) {
        write_authorizer(&members, out);
    }
    out.close('}');
}

/// `requestContext.authorizer`: what the authorizer has said, its values as text.
fn write_authorizer(members: &serde_json::Map<String, Value>, out: &mut Writer) {
    out.open("authorizer", '{');
    for (name, value) in members {
        match value {
            Value::Number(number) if name != "integrationLatency" => out.text(name, &number.to_string()),
            Value::Bool(value) => out.text(name, if *value { "true" } else { "false" }),
            other => out.raw(name, &other.to_string()),
        }
    }
    out.close('}');
}
