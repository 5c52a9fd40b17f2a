//! What the events of functions have in common.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format>

use crate::Context;
use crate::json::Writer;

/// The members of `requestContext.identity` that are always there, in the service's order.
pub const IDENTITY: [&str; 12] = [
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
/// The members that are there only for methods that require an API key, or behind a VPC endpoint.
pub const SOMETIMES_IN_IDENTITY: [&str; 4] = ["apiKey", "apiKeyId", "vpceId", "vpcId"];

/// Writes `requestContext.identity`; `add` adds members at its end.
pub fn write_identity(context: &Context<'_>, out: &mut Writer, add: impl FnOnce(&mut Writer)) {
    out.open("identity", '{');
    for name in IDENTITY {
        match context.get(&format!("identity.{name}")) {
            Some(value) => out.text(name, &value),
            None => out.raw(name, "null"),
        }
    }
    for name in SOMETIMES_IN_IDENTITY {
        if let Some(value) = context.get(&format!("identity.{name}")) {
            out.text(name, &value);
        }
    }
    write_client_certificate(context, out);
    add(out);
    out.close('}');
}

/// Writes the member `clientCert` for a client that has shown a certificate.
pub fn write_client_certificate(context: &Context<'_>, out: &mut Writer) {
    if let Some(certificate) = context.client_certificate() {
        out.raw("clientCert", &certificate.to_string());
    }
}

/// Writes `requestContext.authentication` of events in format 2.0, for a client that has shown a certificate.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
pub fn write_authentication(context: &Context<'_>, out: &mut Writer) {
    if context.client_certificate().is_some() {
        out.open("authentication", '{');
        write_client_certificate(context, out);
        out.close('}');
    }
}

/// Names in the order of their first value, each with its values.
pub fn grouped(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<(String, Vec<String>)> {
    let mut groups: indexmap::IndexMap<String, Vec<String>> = indexmap::IndexMap::new();
    for (name, value) in pairs {
        groups.entry(name).or_default().push(value);
    }
    groups.into_iter().collect()
}
