//! URLs of discovery documents and key sets.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use gateway::Callout;

/// How long a discovery document or a key set may take.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
pub(crate) const FETCH_TIMEOUT: Duration = Duration::from_millis(1500);

/// An absolute URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// `host`, or `host:port` where the port is another than the scheme's, in lower case.
    authority: String,
    /// `host:port`.
    host_and_port: String,
    /// Path and query.
    target: String,
}

impl Url {
    /// Reads a URL. `None` when it is not absolute, has a user or a fragment, or is not `https` where that must be.
    pub(crate) fn parse(text: &str, allow_http: bool) -> Option<Self> {
        let (port, rest) = match text.strip_prefix("https://") {
            Some(rest) => ("443", rest),
            None if allow_http => ("80", text.strip_prefix("http://")?),
            None => return None,
        };
        if rest.bytes().any(|byte| !byte.is_ascii_graphic() || matches!(byte, b'#' | b'@' | b'\\')) {
            return None;
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(end)?;
        let authority = authority.to_ascii_lowercase();
        let has_port =
            authority.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let host_and_port = if has_port { authority.clone() } else { format!("{authority}:{port}") };
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        (!authority.is_empty()).then_some(Self { authority, host_and_port, target })
    }

    /// The cluster that serves this URL.
    pub(crate) fn cluster<'c>(&self, clusters: &'c BTreeMap<String, String>) -> Option<&'c str> {
        clusters.get(&self.host_and_port).map(String::as_str)
    }

    /// Where it is: `host:port`.
    pub(crate) fn host_and_port(&self) -> &str {
        &self.host_and_port
    }

    /// The request for it.
    pub(crate) fn get(&self, cluster: &str) -> Callout {
        let header = |name: &'static str, value: &str| (Cow::Borrowed(name), value.as_bytes().to_vec());
        Callout {
            cluster: cluster.to_owned(),
            connections: None,
            headers: vec![
                header(":method", "GET"),
                header(":path", &self.target),
                header(":authority", &self.authority),
                header("accept", "application/json"),
            ],
            body: Vec::new(),
            timeout: FETCH_TIMEOUT,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn parts() {
        for (text, authority, host_and_port, target) in [
            ("https://a.example/x?y=1", "a.example", "a.example:443", "/x?y=1"),
            ("https://A.example", "a.example", "a.example:443", "/"),
            ("https://a.example:8443/", "a.example:8443", "a.example:8443", "/"),
            ("https://[::1]:1/", "[::1]:1", "[::1]:1", "/"),
            ("http://a.example?x", "a.example", "a.example:80", "/?x"),
        ] {
            let url = Url::parse(text, true).unwrap();
            let found = (url.authority.as_str(), url.host_and_port.as_str(), url.target.as_str());
            assert_eq!(found, (authority, host_and_port, target));
        }
        for text in ["ftp://a", "https://", "https:///x", "a.example", "https://u@a/", "https://a/ b", "https://a/#b"] {
            assert_eq!(Url::parse(text, true), None, "{text}");
        }
        assert_eq!(Url::parse("http://a.example/", false), None);
    }
}
