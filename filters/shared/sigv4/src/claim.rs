//! What a request says about its signature, before anything of it is believed.

use crate::scope::TERMINATOR;
use crate::{Refusal, Request, Scope, Timestamp, authorization, presigned};

/// How far the clocks of client and gateway may be apart, in seconds.
const MAX_SKEW_SECONDS: u64 = 300;
/// The longest that a presigned URL may be good for, in seconds: a week.
pub(crate) const MAX_EXPIRES_SECONDS: u64 = 604_800;

/// Where a signature was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// In the header `Authorization`.
    Header,
    /// In the query string, good for this many seconds.
    Query { expires_seconds: u64 },
}

/// A signature and what it is said to be for.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    pub(crate) form: Form,
    /// Who is said to have signed.
    pub(crate) access_key_id: String,
    pub(crate) scope: Scope,
    pub(crate) terminator: String,
    /// Names joined by `;`, as they stand in the request.
    pub(crate) signed_headers: String,
    pub(crate) signature: String,
    pub(crate) time: Timestamp,
    pub(crate) session_token: Option<Vec<u8>>,
}

impl Claim {
    /// Reads the signature of a request: of the header where there is one, else of the query string.
    ///
    /// # Errors
    /// The request has none, or it lacks something.
    pub fn read(request: &Request<'_>) -> Result<Self, Refusal> {
        let claim = if request.values(b"authorization").next().is_some() {
            authorization::read(request)?
        } else if presigned::is_presigned(request) {
            presigned::read(request)?
        } else {
            return Err(Refusal::MissingAuthenticationToken);
        };
        if !claim.signs("host") {
            return Err(Refusal::HostNotSigned);
        }
        Ok(claim)
    }

    /// The access key that is said to have signed.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The day, region and service that it is said to be for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The token of temporary credentials.
    pub fn session_token(&self) -> Option<&[u8]> {
        self.session_token.as_deref()
    }

    /// Whether a header is on the list of signed ones. The list is in lower case.
    pub fn signs(&self, header: &str) -> bool {
        self.signed_headers.split(';').any(|name| name == header)
    }

    /// Whether every `x-amz-` header of the request is signed, so that none was added on the way.
    ///
    /// # Errors
    /// [`Refusal::HeadersNotSigned`]
    pub fn check_headers(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let mut names = request.headers.iter().map(|(name, _)| String::from_utf8_lossy(name).to_ascii_lowercase());
        match names.any(|name| name.starts_with("x-amz-") && !self.signs(&name)) {
            true => Err(Refusal::HeadersNotSigned),
            false => Ok(()),
        }
    }

    /// Whether the scope is that of this gateway, and of the day of the signature.
    ///
    /// # Errors
    /// [`Refusal::WrongScope`], with everything that is wrong in it.
    pub fn check_scope(&self, region: &str, service: &str) -> Result<(), Refusal> {
        let mut wrong = String::new();
        if self.scope.region != region {
            wrong.push_str("Credential should be scoped to a valid region. ");
        }
        if self.scope.service != service {
            wrong.push_str(&format!("Credential should be scoped to correct service: '{service}'. "));
        }
        if self.terminator != TERMINATOR {
            wrong.push_str(&format!("Credential should be scoped with a valid terminator: '{TERMINATOR}'. "));
        }
        let date = self.time.date();
        if self.scope.date != date {
            wrong.push_str(&format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != \
                 '{date}', from '{}'. ",
                self.scope.date, self.time
            ));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Refusal::WrongScope(wrong)) }
    }

    /// Whether the signature is good at `now`.
    ///
    /// # Errors
    /// [`Refusal::Expired`] or [`Refusal::NotYetCurrent`].
    pub fn check_time(&self, now: Timestamp) -> Result<(), Refusal> {
        let latest = now.plus(MAX_SKEW_SECONDS);
        if self.time > latest {
            return Err(Refusal::NotYetCurrent { signed: self.time, latest, now, skew_seconds: MAX_SKEW_SECONDS });
        }
        let validity_seconds = match self.form {
            Form::Header => MAX_SKEW_SECONDS,
            Form::Query { expires_seconds } => expires_seconds,
        };
        let earliest = now.minus(validity_seconds);
        if self.time < earliest {
            return Err(Refusal::Expired { signed: self.time, earliest, now, validity_seconds });
        }
        Ok(())
    }
}

/// Not the signature, and not the token.
impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claim")
            .field("form", &self.form)
            .field("access_key_id", &self.access_key_id)
            .field("scope", &self.scope)
            .field("signed_headers", &self.signed_headers)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

/// An access key id and a scope with its terminator, from `KEY/20150830/us-east-1/execute-api/aws4_request`.
///
/// # Errors
/// It has more or fewer than five parts.
pub(crate) fn read_credential(text: &str) -> Result<(String, Scope, String), Refusal> {
    let parts: Vec<&str> = text.split('/').collect();
    let [access_key_id, date, region, service, terminator] = parts.as_slice() else {
        return Err(Refusal::MalformedCredential(text.to_owned()));
    };
    let scope = Scope { date: (*date).to_owned(), region: (*region).to_owned(), service: (*service).to_owned() };
    Ok(((*access_key_id).to_owned(), scope, (*terminator).to_owned()))
}
