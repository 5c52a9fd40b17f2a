//! Codec and connection manager: what Envoy does to a message before the first filter and behind the last.

use host::{HeaderMap, LocalReply, MapKind};

use super::config::{AppendAction, Configuration, HeaderMutation};
use super::exchange::Answered;
use super::format::{Scope, format};
use suite::client::{Request, Response};

/// Headers that end at a connection, or that only Envoy may set.
const NOT_FOR_FILTERS: [&str; 22] = [
    "connection",
    "expect",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "x-envoy-decorator-operation",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-external-address",
    "x-envoy-force-trace",
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-internal",
    "x-envoy-ip-tags",
    "x-envoy-max-retries",
    "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes",
    "x-envoy-retry-grpc-on",
    "x-envoy-retry-on",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-ms",
    "x-forwarded-proto",
];
/// Size of the parts in which a body comes.
const FRAME_BYTES: usize = 64 * 1024;

/// A request as the first filter gets it.
pub struct Received {
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub frames: Vec<Vec<u8>>,
    /// Address of the client, as far as proxies in front are trusted.
    pub source: String,
}

/// Takes a request from the wire.
///
/// # Errors
/// `Ok`: Envoy's own answer, which no filter sees. `Err`: only a codec knows.
pub fn receive(request: &Request, configuration: &Configuration) -> Result<Received, Result<LocalReply, String>> {
    let target = String::from_utf8(request.target.clone()).map_err(|_| Err("the target is not text".to_owned()))?;
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if !target.starts_with('/')
        || target.bytes().any(|byte| !byte.is_ascii_graphic())
        || target.contains('#')
        || !request.method.chars().all(token)
    {
        return Err(Err("what a codec makes of such a request line is not known here".to_owned()));
    }
    let mut headers = HeaderMap::new(MapKind::Request);
    let values = |name: &str| {
        let of_name = request.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let hosts = values("host");
    headers.add(":authority", if hosts.is_empty() { b"127.0.0.1:8080".to_vec() } else { hosts.join(&b","[..]) });
    headers.add(":path", &target);
    headers.add(":method", &request.method);
    headers.add(":scheme", "http");
    let connection = String::from_utf8_lossy(&values("connection").join(&b","[..])).to_ascii_lowercase();
    let named: Vec<&str> = connection.split(',').map(str::trim).collect();
    for (name, value) in &request.headers {
        let lower = name.to_ascii_lowercase();
        let te = lower == "te" && value != b"trailers";
        if lower == "host" || te || named.contains(&lower.as_str()) || NOT_FOR_FILTERS.contains(&lower.as_str()) {
            continue;
        }
        headers.add(&lower, value.trim_ascii());
    }
    if let Some(body) = request.body.as_ref().filter(|_| !request.chunked) {
        headers.set("content-length", body.len().to_string());
    }
    let forwarded = String::from_utf8_lossy(&values("x-forwarded-for").join(&b","[..])).into_owned();
    let hops: Vec<&str> = forwarded.rsplit(',').map(str::trim).filter(|hop| !hop.is_empty()).collect();
    let trusted = configuration.trusted_hops.checked_sub(1).and_then(|hop| hops.get(hop));
    let source = trusted.map_or(crate::CLIENT, |address| *address).to_owned();
    let proto = values("x-forwarded-proto").into_iter().next().filter(|_| configuration.trusted_hops > 0);
    headers.add("x-forwarded-proto", proto.unwrap_or_else(|| b"http".to_vec()));
    headers.add("x-envoy-external-address", "127.0.0.1");
    for mutation in &configuration.early {
        apply(mutation, &mut headers).map_err(Err)?;
    }
    let frames = request.body.iter().flat_map(|body| body.chunks(FRAME_BYTES)).map(<[u8]>::to_vec);
    let mut frames: Vec<Vec<u8>> = frames.collect();
    if request.chunked && frames.is_empty() {
        frames.push(Vec::new());
    }
    Ok(Received { headers, frames, source })
}

fn apply(mutation: &HeaderMutation, headers: &mut HeaderMap) -> Result<(), String> {
    match mutation {
        HeaderMutation::Remove(name) => headers.remove(name),
        HeaderMutation::Append(added) => {
            let value = format(&added.header.value, &Scope { request: headers, property: &|_| None }, "")?;
            if added.append_action == AppendAction::OverwriteIfExistsOrAdd {
                headers.remove(&added.header.key);
            }
            headers.add(&added.header.key, value);
        }
    }
    Ok(())
}

/// The answer to a request on the wire.
///
/// # Errors
/// It has no status.
pub fn answer(answered: Answered, request: &Request) -> Result<Response, String> {
    let Answered { mut headers, body } = answered;
    let status = headers.text(":status").and_then(|status| status.parse().ok());
    let status: u16 = status.ok_or("the response has no status")?;
    for name in [":status", "connection", "keep-alive", "transfer-encoding", "proxy-connection"] {
        headers.remove(name);
    }
    if !headers.contains("date") {
        headers.add("date", "Mon, 01 Jan 2024 00:00:00 GMT");
    }
    let head = request.method == "HEAD";
    let bodyless = head || matches!(status, 204 | 304);
    if status == 204 {
        headers.remove("content-length");
    } else if !headers.contains("content-length") && !bodyless {
        match body.is_empty() {
            true => headers.add("content-length", "0"),
            false => headers.add("transfer-encoding", "chunked"),
        }
    }
    let body = if bodyless { Vec::new() } else { body };
    let closes = request.headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("connection") && String::from_utf8_lossy(value).to_ascii_lowercase().contains("close")
    });
    if closes {
        headers.add("connection", "close");
    }
    let headers = headers.iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
    Ok(Response { status, headers, body })
}

/// An answer that no filter sees.
pub fn without_filters(reply: &LocalReply) -> Response {
    let headers = reply.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Response { status: reply.status, headers, body: reply.body.clone() }
}
