//! One authorizer, compiled.

use std::time::Duration;

use gateway::{Api, ConfigError, Seen};
use sha2::{Digest, Sha256};

use crate::cache::Key;
use crate::function::Respondent;
use crate::identity::{Identity, Sources, ValidationExpression};
use crate::raw::{DEFAULT_RESULT_TTL_SECONDS, Form, RawAuthorizer, RawTarget};

/// Longest time for which an answer may be kept, in seconds.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_Authorizer.html>
const MAX_TTL_SECONDS: u32 = 3600;
/// How long REST APIs wait for a function. Not documented; as emulators do.
const REST_TIMEOUT_MILLIS: u32 = 30_000;
/// How long HTTP APIs wait for a function.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>
const HTTP_TIMEOUT_MILLIS: u32 = 10_000;

/// An authorizer.
#[derive(Debug)]
pub(crate) struct Authorizer {
    /// Its name, for logs.
    pub(crate) name: String,
    pub(crate) form: Form,
    pub(crate) sources: Sources,
    pub(crate) validation: Option<ValidationExpression>,
    /// How long an answer is kept; 0 for not at all.
    pub(crate) ttl_millis: u64,
    pub(crate) respondent: Respondent,
    /// Begins every cache key: the API, the stage, and all that this authorizer is. A changed one starts afresh.
    digest: [u8; 32],
    /// The keys of the callers that were here last.
    keys: Seen<Key>,
}

impl Authorizer {
    pub(crate) fn from_raw(api: &Api, name: &str, raw: RawAuthorizer) -> Result<Self, ConfigError> {
        let written = serde_json::to_string(&raw).map_err(|error| ConfigError::new("", error.to_string()))?;
        let mut digest = Sha256::new();
        for part in [&api.api_id, &api.stage, name, &written] {
            update(&mut digest, part.as_bytes());
        }
        let form = raw.form;
        let sources = Sources::parse(&raw.identity_source, form)?;
        let validation = match (raw.identity_validation_expression, form) {
            (None, _) => None,
            (Some(expression), Form::Token) => Some(
                ValidationExpression::parse(&expression)
                    .map_err(|reason| ConfigError::new("identityValidationExpression", reason))?,
            ),
            (Some(_), _) => {
                return Err(ConfigError::new("identityValidationExpression", "is for authorizers of type TOKEN only"));
            }
        };
        let is_kept = !sources.is_empty() && form != Form::WebSocket;
        let default_ttl = if is_kept { DEFAULT_RESULT_TTL_SECONDS } else { 0 };
        let ttl = raw.authorizer_result_ttl_in_seconds.unwrap_or(default_ttl);
        if ttl > MAX_TTL_SECONDS {
            let message = format!("{ttl} is too long, expected at most {MAX_TTL_SECONDS}");
            return Err(ConfigError::new("authorizerResultTtlInSeconds", message));
        }
        if ttl > 0 && sources.is_empty() {
            let message = "answers cannot be kept without an identity source, expected one, or 0 seconds";
            return Err(ConfigError::new("authorizerResultTtlInSeconds", message));
        }
        if ttl > 0 && form == Form::WebSocket {
            let message = "a WebSocket API asks at each handshake, expected 0 seconds";
            return Err(ConfigError::new("authorizerResultTtlInSeconds", message));
        }
        let default_timeout = match (form, &raw.target) {
            (Form::Token | Form::Request | Form::WebSocket, RawTarget::Function(_)) => REST_TIMEOUT_MILLIS,
            _ => HTTP_TIMEOUT_MILLIS,
        };
        let respondent = Respondent::from_raw(api, raw.endpoint, raw.target, default_timeout)?;
        Ok(Self {
            name: name.to_owned(),
            form,
            sources,
            validation,
            ttl_millis: u64::from(ttl).saturating_mul(1000),
            respondent,
            digest: digest.finalize().into(),
            keys: Seen::default(),
        })
    }

    /// Under which the answer for a caller is kept. The token itself is kept nowhere.
    ///
    /// `flushes`: how often the answers were emptied; those from before are not found any more.
    pub(crate) fn key(&self, identity: &Identity, flushes: u64) -> Key {
        let flushes = flushes.to_le_bytes();
        self.keys.get_or_make(std::iter::once(flushes.as_slice()).chain(identity.parts()), || {
            let mut digest = Sha256::new();
            digest.update(self.digest);
            digest.update(flushes);
            for value in identity.parts() {
                update(&mut digest, value);
            }
            Key(digest.finalize().into())
        })
    }

    /// How long a request waits for another one's call before it gives up.
    pub(crate) fn patience(&self) -> Duration {
        const FOR_THE_ANSWER_TO_BE_READ: Duration = Duration::from_secs(1);
        self.respondent.timeout().saturating_add(FOR_THE_ANSWER_TO_BE_READ)
    }
}

/// Adds a part so that no two lists of parts look the same.
fn update(digest: &mut Sha256, part: &[u8]) {
    digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
    digest.update(part);
}
