//! Signatures of calls.

use std::borrow::Cow;

use gateway::{ConfigError, Host, split_target};
use sigv4::{Credentials, Request, Signer, Timestamp};

use crate::{BackendRequest, CallError, RawSigning};

/// The signer of an endpoint.
#[derive(Debug)]
pub(crate) struct Signing(Signer);

impl Signing {
    pub(crate) fn from_raw(raw: RawSigning) -> Result<Self, ConfigError> {
        for (field, value) in [
            ("accessKeyId", &raw.access_key_id),
            ("secretAccessKey", &raw.secret_access_key),
            ("region", &raw.region),
            ("service", &raw.service),
        ] {
            if value.is_empty() {
                return Err(ConfigError::new(field, "is empty"));
            }
        }
        // These two go into a header.
        let is_visible = |text: &String| text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_visible(&raw.access_key_id) || !raw.session_token.as_ref().is_none_or(is_visible) {
            return Err(ConfigError::new("accessKeyId", "the key id or the session token has blanks in it"));
        }
        let credentials = Credentials {
            access_key_id: raw.access_key_id,
            secret_access_key: raw.secret_access_key,
            session_token: raw.session_token,
        };
        Ok(Self(Signer::new(credentials, raw.region, raw.service)))
    }

    /// Signs a request that goes to `path` (with the query) on `authority`. The signature covers the host, the content
    /// type and all `x-amz-` headers: what services ask for, and what nothing on the way changes.
    pub(crate) fn sign(
        &self,
        host: &dyn Host,
        authority: &[u8],
        target: &[u8],
        request: &mut BackendRequest,
    ) -> Result<(), CallError> {
        let is_signed = |name: &str| name == "content-type" || name.starts_with("x-amz-");
        let signed = request.headers.iter().filter(|(name, _)| is_signed(name));
        let headers = signed.map(|(name, value)| (name.as_bytes(), value.as_slice()));
        let (path, query) = split_target(target);
        let to_sign = Request {
            method: request.method.as_bytes(),
            path,
            query: query.unwrap_or_default(),
            headers: std::iter::once((&b"host"[..], authority)).chain(headers).collect(),
        };
        let added = self.0.sign(&to_sign, &request.body, Timestamp::from(host.now())).ok_or(CallError::NotSigned)?;
        for (name, value) in added {
            request.set(Cow::Borrowed(name), value.into_bytes());
        }
        Ok(())
    }
}
