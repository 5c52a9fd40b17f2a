//! Asking: the Lambda Invoke API, or any HTTP service.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::borrow::Cow;
use std::time::Duration;

use gateway::{Api, Callout, ConfigError, Host, split_target};
use sigv4::{Credentials, Request, Signer, Timestamp};

use crate::raw::{RawEndpoint, RawFunction, RawSigning, RawTarget};

/// How an authorizer is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// The Lambda Invoke API.
    Invoke,
    /// The event goes in, the document comes out.
    Http,
}

/// Where an authorizer is called.
#[derive(Debug)]
pub(crate) struct Endpoint {
    cluster: String,
    authority: String,
    path: String,
    protocol: Protocol,
    timeout: Duration,
    user_agent: String,
    signer: Option<Signer>,
}

impl Endpoint {
    pub(crate) fn from_raw(
        api: &Api,
        raw: RawEndpoint,
        target: RawTarget,
        default_timeout_millis: u32,
    ) -> Result<Self, ConfigError> {
        let wrong = |field: &str, message: &str| Err(ConfigError::new(format!("endpoint.{field}"), message));
        let is_visible = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if raw.cluster.is_empty() {
            return wrong("cluster", "names no cluster");
        }
        if !is_visible(&raw.authority) || raw.authority.contains(['/', '?', '#', '@', '\\']) {
            return wrong("authority", "is no host with an optional port");
        }
        let timeout_millis = raw.timeout_in_millis.unwrap_or(default_timeout_millis);
        if timeout_millis == 0 {
            return wrong("timeoutInMillis", "is 0");
        }
        let (protocol, path) = match target {
            RawTarget::Function(function) => (Protocol::Invoke, invocation(&function)?),
            RawTarget::Http(path) if path.starts_with('/') && is_visible(&path) => (Protocol::Http, path),
            RawTarget::Http(_) => return Err(ConfigError::new("target.http", "is no path")),
        };
        Ok(Self {
            cluster: raw.cluster,
            authority: raw.authority,
            path,
            protocol,
            timeout: Duration::from_millis(u64::from(timeout_millis)),
            user_agent: format!("AmazonAPIGateway_{}", api.api_id),
            signer: raw.signing.map(signer).transpose().map_err(|error| error.below("endpoint.signing"))?,
        })
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The call with an event; `None` when it cannot be signed.
    pub(crate) fn call(&self, host: &dyn Host, event: String) -> Option<Callout> {
        let body = event.into_bytes();
        let mut headers: Vec<(Cow<'static, str>, Vec<u8>)> = vec![
            (":method".into(), b"POST".to_vec()),
            (":path".into(), self.path.clone().into_bytes()),
            (":authority".into(), self.authority.clone().into_bytes()),
            ("content-type".into(), b"application/json".to_vec()),
            ("user-agent".into(), self.user_agent.clone().into_bytes()),
        ];
        if self.protocol == Protocol::Invoke {
            headers.push(("x-amz-invocation-type".into(), b"RequestResponse".to_vec()));
            headers.push(("x-amz-log-type".into(), b"None".to_vec()));
        }
        if let Some(signer) = &self.signer {
            let (path, query) = split_target(self.path.as_bytes());
            let is_signed = |name: &str| name == "content-type" || name.starts_with("x-amz-");
            let signed = headers.iter().filter(|(name, _)| is_signed(name));
            let signed = signed.map(|(name, value)| (name.as_bytes(), value.as_slice()));
            let request = Request {
                method: b"POST",
                path,
                query: query.unwrap_or_default(),
                headers: std::iter::once((&b"host"[..], self.authority.as_bytes())).chain(signed).collect(),
            };
            let added = signer.sign(&request, &body, Timestamp::from_seconds(host.now().seconds()))?;
            headers.extend(added.into_iter().map(|(name, value)| (Cow::Borrowed(name), value.into_bytes())));
        }
        Some(Callout { cluster: self.cluster.clone(), headers, body, timeout: self.timeout })
    }
}

fn signer(raw: RawSigning) -> Result<Signer, ConfigError> {
    let is_visible = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_visible(&raw.access_key_id) || !raw.session_token.as_deref().is_none_or(is_visible) {
        return Err(ConfigError::new("accessKeyId", "the key id or the session token is empty, or has blanks in it"));
    }
    if raw.secret_access_key.is_empty() || raw.region.is_empty() {
        return Err(ConfigError::new("secretAccessKey", "the secret access key or the region is empty"));
    }
    let credentials = Credentials {
        access_key_id: raw.access_key_id,
        secret_access_key: raw.secret_access_key,
        session_token: raw.session_token,
    };
    Ok(Signer::new(credentials, raw.region, "lambda"))
}

/// Path and query of an invocation.
fn invocation(function: &RawFunction) -> Result<String, ConfigError> {
    if function.function_name.is_empty() {
        return Err(ConfigError::new("target.function.functionName", "is empty"));
    }
    let mut path = format!("/2015-03-31/functions/{}/invocations", encoded(&function.function_name));
    if let Some(qualifier) = &function.qualifier {
        path.push_str("?Qualifier=");
        path.push_str(&encoded(qualifier));
    }
    Ok(path)
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn invocations() {
        let path = |name: &str, qualifier: Option<&str>| {
            let function = RawFunction { function_name: name.to_owned(), qualifier: qualifier.map(str::to_owned) };
            invocation(&function).unwrap()
        };
        assert_eq!(path("orders-fn", None), "/2015-03-31/functions/orders-fn/invocations");
        assert_eq!(path("f", Some("live")), "/2015-03-31/functions/f/invocations?Qualifier=live");
        assert_eq!(path("arn:aws:x/y", None), "/2015-03-31/functions/arn%3Aaws%3Ax%2Fy/invocations");
    }
}
