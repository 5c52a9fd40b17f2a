//! The event of an AWS_PROXY integration, payload format 1.0.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format>

use gateway::{Property, json};
use serde_json::Value;

use crate::content::base64_encode;
use crate::request::Request;

/// The members of `requestContext.identity` that are always there, in the service's order.
pub(crate) const IDENTITY: [&str; 12] = [
    "cognitoIdentityPoolId",
    "accountId",
    "cognitoIdentityId",
    "caller",
    "sourceIp",
    "principalOrgId",
    "accessKey",
    "cognitoAuthenticationType",
    "cognitoAuthenticationProvider",
    "userArn",
    "userAgent",
    "user",
];
/// The members that are there only for methods that require an API key.
pub(crate) const IDENTITY_OF_KEY: [&str; 2] = ["apiKey", "apiKeyId"];

/// Writes the event of a request; `binary` says that its body is bytes.
pub(crate) fn event(request: &Request<'_>, binary: bool) -> String {
    let context = &request.context;
    let api = context.api();
    let mut out = Writer(String::with_capacity(request.body.len().saturating_mul(2).saturating_add(3072)));
    out.open("", '{');
    out.text("resource", &context.get("resourcePath").unwrap_or_default());
    out.text("path", &path(request));
    out.text("httpMethod", &String::from_utf8_lossy(request.method()));
    let headers = grouped(request.visible_headers());
    out.single_values("headers", &headers);
    out.multiple_values("multiValueHeaders", &headers);
    let query = grouped(request.query.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    out.single_values("queryStringParameters", &query);
    out.multiple_values("multiValueQueryStringParameters", &query);
    let path_parameters = request.path_parameters.iter();
    let path_parameters = path_parameters.map(|(name, value)| (name, String::from_utf8_lossy(value).into_owned()));
    out.strings("pathParameters", path_parameters);
    out.strings("stageVariables", api.stage_variables.iter().map(|(name, value)| (name.as_str(), value.clone())));
    write_request_context(request, &mut out);
    if request.body.is_empty() {
        out.raw("body", "null");
    } else if binary {
        out.raw("body", "");
        out.0.push('"');
        out.0.push_str(&base64_encode(&request.body));
        out.0.push('"');
    } else {
        out.text("body", &String::from_utf8_lossy(&request.body));
    }
    out.raw("isBase64Encoded", if binary && !request.body.is_empty() { "true" } else { "false" });
    out.close('}');
    out.0
}

/// The path without the stage. A base path other than the stage's is a custom domain's, and stays.
fn path(request: &Request<'_>) -> String {
    let api = request.context.api();
    let of_stage = api.base_path.strip_prefix('/').is_none_or(|base| base == api.stage);
    if of_stage {
        return String::from_utf8_lossy(request.context.resource_path_as_sent()).into_owned();
    }
    request.context.get("path").unwrap_or_default()
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
    out.open("identity", '{');
    for name in IDENTITY {
        match context.get(&format!("identity.{name}")) {
            Some(value) => out.text(name, &value),
            None => out.raw(name, "null"),
        }
    }
    for name in IDENTITY_OF_KEY {
        if let Some(value) = context.get(&format!("identity.{name}")) {
            out.text(name, &value);
        }
    }
    if let Some(certificate) =
        request.object(Property::Identity).and_then(|identity| identity.get("clientCert").cloned())
    {
        out.raw("clientCert", &certificate.to_string());
    }
    out.close('}');
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

/// Names in the order of their first value, each with its values.
fn grouped(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<(String, Vec<String>)> {
    let mut groups: indexmap::IndexMap<String, Vec<String>> = indexmap::IndexMap::new();
    for (name, value) in pairs {
        groups.entry(name).or_default().push(value);
    }
    groups.into_iter().collect()
}

/// Writes JSON, one member after the other.
struct Writer(String);

impl Writer {
    /// The comma before a member that is not the first.
    fn separate(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with(['{', '[']) {
            self.0.push(',');
        }
    }

    fn name(&mut self, name: &str) {
        self.separate();
        self.0.push('"');
        json::escape_into(&mut self.0, name);
        self.0.push_str("\":");
    }

    /// Opens an object or list; `name` is empty at the top and inside a list.
    fn open(&mut self, name: &str, bracket: char) {
        if !name.is_empty() {
            self.name(name);
        }
        self.0.push(bracket);
    }

    fn close(&mut self, bracket: char) {
        self.0.push(bracket);
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.push('"');
        json::escape_into(&mut self.0, value);
        self.0.push('"');
    }

    /// A member whose value is JSON already.
    fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.0.push_str(json);
    }

    /// An object of strings; `null` when it is empty.
    fn strings<'n>(&mut self, name: &str, members: impl Iterator<Item = (&'n str, String)>) {
        let mut members = members.peekable();
        if members.peek().is_none() {
            return self.raw(name, "null");
        }
        self.open(name, '{');
        for (name, value) in members {
            self.text(name, &value);
        }
        self.close('}');
    }

    /// The last value of each name.
    fn single_values(&mut self, name: &str, groups: &[(String, Vec<String>)]) {
        let last =
            |(name, values): &'_ (String, Vec<String>)| (name.clone(), values.last().cloned().unwrap_or_default());
        let members: Vec<(String, String)> = groups.iter().map(last).collect();
        self.strings(name, members.iter().map(|(name, value)| (name.as_str(), value.clone())));
    }

    /// All values of each name.
    fn multiple_values(&mut self, name: &str, groups: &[(String, Vec<String>)]) {
        if groups.is_empty() {
            return self.raw(name, "null");
        }
        self.open(name, '{');
        for (name, values) in groups {
            self.open(name, '[');
            for value in values {
                self.separate();
                self.0.push('"');
                json::escape_into(&mut self.0, value);
                self.0.push('"');
            }
            self.close(']');
        }
        self.close('}');
    }
}
