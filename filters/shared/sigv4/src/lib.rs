//! Signature Version 4: verifies the requests of clients, and signs the requests to AWS services.
//!
//! A file for each stage, in the order in which a request passes them:
//!
//! | stage | file |
//! | --- | --- |
//! | what a request says about its signature | `claim`, read by `authorization` (header) or `presigned` (query) |
//! | canonical request | `canonical`, with `path`, `query` and `headers` |
//! | string to sign | `string_to_sign` |
//! | signing key | `key`, kept for a day by `key_cache` |
//! | comparison | `comparison` |
//!
//! `verify` and `sign` run through them. A refusal has the text that the service answers; see [`Refusal`].
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

mod authorization;
mod canonical;
mod claim;
mod comparison;
mod hash;
mod key;
mod key_cache;
mod presigned;
mod refusal;
mod request;
mod scope;
mod sign;
mod string_to_sign;
mod timestamp;
mod verify;

pub use canonical::PathStyle;
pub use claim::Claim;
pub use hash::PayloadHash;
pub use key::SigningKey;
pub use key_cache::{KeyCache, MAX_KEYS};
pub use refusal::{Refusal, RefusalKind};
pub use request::Request;
pub use scope::Scope;
pub use sign::{Credentials, Signer};
pub use timestamp::Timestamp;
