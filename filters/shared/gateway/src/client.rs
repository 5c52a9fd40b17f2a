//! The client's headers as an API sees them.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>

use std::borrow::Cow;

use crate::{Context, Headers, Host, Property};

/// Names that keep this spelling wherever an API shows header names; all others are shown in lower case, as Envoy hands
/// them over.
const SPELLINGS: [&str; 32] = [
    "Accept",
    "Accept-Charset",
    "Accept-Encoding",
    "Accept-Language",
    "Age",
    "Authorization",
    "Cache-Control",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Type",
    "Cookie",
    "Date",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "Origin",
    "Pragma",
    "Range",
    "Referer",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Version",
    "User-Agent",
    "Via",
    "Warn",
    "X-Amzn-Trace-Id",
    "X-Forwarded-For",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
];

/// Client headers that no mapping, template or event of a REST API can read.
pub const UNREADABLE: [&str; 12] = [
    "connection",
    "content-length",
    "content-md5",
    "expect",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];
/// Those of an HTTP API: what ends at the connection.
const UNREADABLE_IN_HTTP_APIS: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Headers that belong to this gateway's own machinery: never shown to a backend, never taken from one.
const INTERNAL: [&str; 2] = ["x-apigw-", "x-envoy-"];
/// The marker that a cluster's upstream filters put on every real answer, so that it can be told from one that Envoy
/// makes up.
pub const UPSTREAM_MARKER: &str = "x-apigw-upstream";

/// Whether a mapping may read this client header. Names are in lower case here and below.
pub fn is_readable(context: &Context<'_>, name: &str) -> bool {
    let unreadable: &[&str] = if context.is_of_http_api() { &UNREADABLE_IN_HTTP_APIS } else { &UNREADABLE };
    !name.starts_with(':') && !unreadable.contains(&name) && !is_internal(name)
}

/// The spelling of a lower-case name in events and templates.
pub fn spelled(name: &str) -> &str {
    SPELLINGS.iter().find(|spelling| spelling.eq_ignore_ascii_case(name)).copied().unwrap_or(name)
}

/// Whether a client asks for a response that no cache has kept: `Cache-Control: max-age=0`, anywhere in the list.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html>
pub fn asks_for_fresh(headers: &Headers) -> bool {
    let directives = headers.all("cache-control").flat_map(|value| value.split(|byte| *byte == b','));
    directives.map(<[u8]>::trim_ascii).any(|directive| directive.eq_ignore_ascii_case(b"max-age=0"))
}

/// Whether the name is one of the gateway's own.
pub fn is_internal(name: &str) -> bool {
    INTERNAL.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether an `Authorization` header is a signature for the gateway itself, which goes no further.
pub fn is_signature(authorization: &[u8]) -> bool {
    authorization.starts_with(b"AWS4-")
}

/// The values of a client header that mappings may read, in order; `name` in any case. Those that the gateway itself
/// writes are there as a backend will see them.
pub fn header_values<'h>(
    context: &Context<'_>,
    host: &dyn Host,
    headers: &'h Headers,
    name: &str,
) -> Vec<Cow<'h, [u8]>> {
    let name = name.to_ascii_lowercase();
    let as_sent = |name: &str| headers.all(name).map(Cow::Borrowed).collect();
    match name.as_str() {
        "host" => as_sent(":authority"),
        "x-forwarded-for" => vec![Cow::Owned(forwarded_for(context, headers))],
        "x-forwarded-port" => port(host).map(|port| Cow::Owned(port.into_bytes())).into_iter().collect(),
        "x-amzn-trace-id" => match host.property(Property::TraceId) {
            Some(trace_id) => vec![Cow::Owned(trace_id)],
            None => as_sent(&name),
        },
        "authorization" => headers.all(&name).filter(|value| !is_signature(value)).map(Cow::Borrowed).collect(),
        name if is_readable(context, name) => as_sent(name),
        _ => Vec::new(),
    }
}

/// The port that the client has called. Envoy's router adds the header `X-Forwarded-Port` only after the filters.
pub fn port(host: &dyn Host) -> Option<String> {
    let port = host.attribute(&["destination", "port"])?;
    Some(u64::from_le_bytes(port.try_into().ok()?).to_string())
}

/// The client's `X-Forwarded-For`, its own address appended. Envoy may have done so already, or does it later.
pub fn forwarded_for(context: &Context<'_>, headers: &Headers) -> Vec<u8> {
    let address = context.get("identity.sourceIp").unwrap_or_default().into_bytes();
    let values: Vec<_> = headers.all("x-forwarded-for").collect();
    let mut chain = values.join(&b", "[..]);
    let last = chain.rsplit(|byte| matches!(byte, b',' | b' ')).next().unwrap_or_default();
    if last != address.as_slice() && !address.is_empty() {
        if !chain.is_empty() {
            chain.extend_from_slice(b", ");
        }
        chain.extend(address);
    }
    chain
}
