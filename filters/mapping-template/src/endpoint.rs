//! Where backends are called, and the call itself.

use std::borrow::Cow;
use std::time::Duration;

use gateway::{Callout, ConfigError, Host};

use crate::failure::Failure;
use crate::headers;
use crate::http_proxy::no_authority;
use crate::raw::RawEndpoint;
use crate::signing::Signing;

/// Shortest timeout, in milliseconds, as the service has it.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
const MIN_TIMEOUT_MILLIS: u32 = 50;

/// An endpoint, checked.
#[derive(Debug)]
pub struct Endpoint {
    cluster: String,
    authority: String,
    path_prefix: String,
    timeout: Duration,
    signing: Option<Signing>,
}

/// A request to a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackendRequest {
    /// The verb.
    pub method: String,
    /// Path and query.
    pub target: Vec<u8>,
    /// Lower-case names, without pseudo headers; a `host` replaces the endpoint's own.
    pub headers: Vec<(Cow<'static, str>, Vec<u8>)>,
    /// Body; empty for none.
    pub body: Vec<u8>,
}

impl BackendRequest {
    /// Sets a header, replacing all values of the same name.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Vec<u8>>) {
        let name = name.into();
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.into()));
    }
}

impl Endpoint {
    /// Checks an endpoint.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn from_raw(raw: RawEndpoint) -> Result<Self, ConfigError> {
        if raw.cluster.is_empty() {
            return Err(ConfigError::new("cluster", "names no cluster"));
        }
        if !headers::is_authority(raw.authority.as_bytes()) {
            return Err(ConfigError::new("authority", format!("`{}` is no authority", raw.authority)));
        }
        if raw.timeout_in_millis < MIN_TIMEOUT_MILLIS {
            let message = format!("{} is too short, expected at least {MIN_TIMEOUT_MILLIS}", raw.timeout_in_millis);
            return Err(ConfigError::new("timeoutInMillis", message));
        }
        let signing = raw.signing.map(Signing::from_raw).transpose().map_err(|error| error.below("signing"))?;
        Ok(Self {
            cluster: raw.cluster,
            authority: raw.authority,
            path_prefix: raw.path_prefix,
            timeout: Duration::from_millis(u64::from(raw.timeout_in_millis)),
            signing,
        })
    }

    /// The call that sends `request`, signed where the endpoint has credentials.
    ///
    /// # Errors
    /// The mapped `Host` is none.
    pub fn callout(&self, host: &dyn Host, mut request: BackendRequest) -> Result<Callout, Failure> {
        let mut authority = self.authority.clone().into_bytes();
        if let Some(at) = request.headers.iter().position(|(name, _)| name == "host") {
            authority = request.headers.remove(at).1;
            if !headers::is_authority(&authority) {
                return Err(no_authority());
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
        Ok(Callout { cluster: self.cluster.clone(), headers, body: request.body, timeout: self.timeout })
    }
}
