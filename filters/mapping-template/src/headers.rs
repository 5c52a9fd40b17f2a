//! Which headers pass, in both directions.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>

pub use gateway::clean_value;
pub use gateway::client::{UNREADABLE, UPSTREAM_MARKER, is_internal, is_readable, is_signature, spelled};

/// Client headers that an HTTP_PROXY backend does not get, beside [`UNREADABLE`]. `Host` is replaced.
const NOT_PROXIED: [&str; 2] = ["content-encoding", "via"];
/// Destinations that make any integration fail.
const ILLEGAL: [&str; 4] = ["content-length", "transfer-encoding", "x-amzn-trace-id", "x-amzn-apigateway-api-id"];
/// Destinations that make an AWS or AWS_PROXY integration fail, beside [`ILLEGAL`].
const ILLEGAL_FOR_AWS: [&str; 5] = ["authorization", "connection", "expect", "proxy-authenticate", "te"];
/// Destinations that are left out without a word.
const DROPPED: [&str; 3] = ["expect", "proxy-authenticate", "te"];

/// Mapped response headers of non-proxy integrations that are sent as `x-amzn-Remapped-…`.
const REMAPPED: [&str; 14] = [
    "authorization",
    "connection",
    "content-length",
    "content-md5",
    "date",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "trailer",
    "upgrade",
    "user-agent",
    "www-authenticate",
];
/// Response headers of an HTTP_PROXY backend, or in a function's result, that are sent as `x-amzn-Remapped-…`.
const REMAPPED_FROM_PROXY: [&str; 9] = [
    "authorization",
    "connection",
    "content-md5",
    "date",
    "max-forwards",
    "server",
    "user-agent",
    "www-authenticate",
    "x-amzn-requestid",
];
/// Response headers of an HTTP_PROXY backend, or in a function's result, that are dropped.
const DROPPED_FROM_PROXY: [&str; 8] =
    ["expect", "host", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade", "via"];

/// The kinds of integration as far as headers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `HTTP`, and `MOCK`, which has no backend.
    Http,
    /// `HTTP_PROXY`
    HttpProxy,
    /// `AWS`
    Aws,
    /// `AWS_PROXY`
    AwsProxy,
}

/// Whether mapping to this request header makes every request fail.
pub fn is_illegal_destination(name: &str, kind: Kind) -> bool {
    let for_aws = matches!(kind, Kind::Aws | Kind::AwsProxy);
    ILLEGAL.contains(&name) || (for_aws && ILLEGAL_FOR_AWS.contains(&name))
}

/// Whether a mapped request header is left out.
pub fn is_dropped_destination(name: &str, kind: Kind) -> bool {
    let also = match kind {
        Kind::Http | Kind::HttpProxy => "via",
        Kind::Aws | Kind::AwsProxy => "referer",
    };
    DROPPED.contains(&name) || name == also
}

/// The client headers that an HTTP_PROXY backend does not get and that Envoy's route can remove by itself, with
/// `request_headers_to_remove`. A mapping's destinations are not among them: removal on the route would take the
/// mapped value away, so the filter removes the client's own value there.
pub fn removable_by_route<'m>(mapped: impl Iterator<Item = &'m str> + Clone) -> Vec<&'static str> {
    let is_mapped = |name: &str| mapped.clone().any(|mapped| mapped.eq_ignore_ascii_case(name));
    proxied_without().filter(|name| *name != "content-length" && !is_mapped(name)).collect()
}

/// Every client header that an HTTP_PROXY backend does not get.
pub fn proxied_without() -> impl Iterator<Item = &'static str> {
    UNREADABLE.into_iter().chain(NOT_PROXIED)
}

/// What becomes of a response header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is sent as it is.
    Passed,
    /// It is sent as `x-amzn-Remapped-…`.
    Remapped,
    /// It is not sent.
    Dropped,
}

/// What becomes of a mapped response header of a non-proxy integration.
pub fn mapped_response_header(name: &str) -> Fate {
    match name {
        "transfer-encoding" => Fate::Dropped,
        _ if is_internal(name) => Fate::Dropped,
        _ if REMAPPED.contains(&name) => Fate::Remapped,
        _ => Fate::Passed,
    }
}

/// What becomes of a response header of an HTTP_PROXY backend. `content-encoding` is up to what the client accepts:
/// [`is_accepted_coding`].
pub fn proxied_response_header(name: &str) -> Fate {
    match name {
        "content-length" => Fate::Remapped,
        _ if is_internal(name) || DROPPED_FROM_PROXY.contains(&name) => Fate::Dropped,
        _ if REMAPPED_FROM_PROXY.contains(&name) => Fate::Remapped,
        _ => Fate::Passed,
    }
}

/// What becomes of a response header of a Lambda function behind AWS_PROXY. Its length is that of the body.
pub fn function_response_header(name: &str) -> Fate {
    match name {
        "content-length" => Fate::Dropped,
        _ => proxied_response_header(name),
    }
}

/// Whether the client's `Accept-Encoding` names every coding of a `Content-Encoding`.
///
/// The service was seen to drop the header. A client that has asked for a compressed body has to know that it got one,
/// so it is dropped only where it says something else.
pub fn is_accepted_coding(content_encoding: &[u8], accept_encoding: &[u8]) -> bool {
    let list = |header: &[u8]| String::from_utf8_lossy(header).to_ascii_lowercase();
    let (codings, accepted) = (list(content_encoding), list(accept_encoding));
    let accepts = |coding: &str| {
        accepted
            .split(',')
            .map(|entry| entry.split(';').next().unwrap_or_default().trim())
            .any(|name| name == coding || name == "*")
    };
    codings.split(',').all(|coding| accepts(coding.trim()))
}

/// The name under which a remapped header is sent.
pub fn remapped(name: &str) -> String {
    format!("x-amzn-remapped-{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_route_leaves_mapped_headers_alone() {
        let all = removable_by_route(std::iter::empty());
        assert!(all.contains(&"via") && all.contains(&"server") && !all.contains(&"content-length"));
        assert!(!removable_by_route(["Server"].into_iter()).contains(&"server"));
    }

    #[test]
    fn codings() {
        assert!(is_accepted_coding(b"gzip", b"gzip, deflate"));
        assert!(is_accepted_coding(b"BR", b"gzip;q=1, br;q=0.5"));
        assert!(is_accepted_coding(b"gzip", b"*"));
        assert!(!is_accepted_coding(b"gzip, br", b"gzip"));
        assert!(!is_accepted_coding(b"deflate", b""));
    }

    #[test]
    fn destinations() {
        assert!(is_illegal_destination("content-length", Kind::HttpProxy));
        assert!(!is_illegal_destination("authorization", Kind::Http));
        assert!(is_illegal_destination("authorization", Kind::AwsProxy));
        assert!(is_dropped_destination("via", Kind::Http) && !is_dropped_destination("via", Kind::Aws));
    }
}
