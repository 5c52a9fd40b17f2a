//! Where calls go, and the call itself.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use gateway::{Callout, ConfigError, Host};

use crate::signing::Signing;
use crate::{BackendRequest, RawEndpoint};

/// An endpoint, checked.
#[derive(Debug)]
pub struct Endpoint {
    cluster: String,
    connections: Option<String>,
    authority: String,
    path_prefix: String,
    timeout: Duration,
    signing: Option<Signing>,
}

/// What a kind of caller does with timeouts, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeoutMillis {
    /// Of an endpoint that sets none.
    pub default: u32,
    /// The shortest that an endpoint may set.
    pub min: u32,
}

/// Why a call cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The request's own `host` is none.
    NoAuthority,
    /// No signature can be made.
    NotSigned,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAuthority => "the mapped Host is none",
            Self::NotSigned => "the call cannot be signed",
        })
    }
}

impl std::error::Error for CallError {}

impl Endpoint {
    /// Checks an endpoint.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn from_raw(raw: RawEndpoint, timeout: TimeoutMillis) -> Result<Self, ConfigError> {
        if raw.cluster.is_empty() {
            return Err(ConfigError::new("cluster", "names no cluster"));
        }
        if !is_authority(raw.authority.as_bytes()) {
            return Err(ConfigError::new("authority", format!("`{}` is no authority", raw.authority)));
        }
        let millis = raw.timeout_in_millis.unwrap_or(timeout.default);
        if millis < timeout.min {
            let message = format!("{millis} is too short, expected at least {}", timeout.min);
            return Err(ConfigError::new("timeoutInMillis", message));
        }
        let signing = raw.signing.map(Signing::from_raw).transpose().map_err(|error| error.below("signing"))?;
        Ok(Self {
            cluster: raw.cluster,
            connections: raw.connections,
            authority: raw.authority,
            path_prefix: raw.path_prefix,
            timeout: Duration::from_millis(u64::from(millis)),
            signing,
        })
    }

    /// How long a call may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The call that sends `request`, signed where the endpoint has credentials.
    ///
    /// # Errors
    /// The request's `host` is none, or the call cannot be signed.
    pub fn callout(&self, host: &dyn Host, mut request: BackendRequest) -> Result<Callout, CallError> {
        let mut authority = self.authority.clone().into_bytes();
        if let Some(at) = request.headers.iter().position(|(name, _)| name == "host") {
            authority = request.headers.remove(at).1;
            if !is_authority(&authority) {
                return Err(CallError::NoAuthority);
            }
        }
        let mut path = self.path_prefix.clone().into_bytes();
        path.append(&mut request.target);
        if let Some(signing) = &self.signing {
            signing.sign(host, &authority, &path, &mut request)?;
        }
        let mut headers: Vec<(Cow<'static, str>, Vec<u8>)> =
            Vec::with_capacity(request.headers.len().saturating_add(3));
        headers.push((":method".into(), request.method.into_bytes()));
        headers.push((":path".into(), path));
        headers.push((":authority".into(), authority));
        headers.extend(request.headers);
        Ok(Callout {
            cluster: self.cluster.clone(),
            connections: self.connections.clone(),
            headers,
            body: request.body,
            timeout: self.timeout,
        })
    }
}

/// Whether `value` can be a host with an optional port.
pub fn is_authority(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(|byte| byte.is_ascii_graphic() && !b"/?#@\\".contains(byte))
}
