//! The `iam-authorizer` filter: signed requests (`AWS_IAM`), the policies of their callers, and resource policies.
//!
//! It stands behind the other authorizers, since a resource policy counts after a user pool's token, and before
//! `api-key`. A signed request is verified as it came, so nothing before it may change the method, the path, the
//! authority or a signed header. It holds the body, because the signature covers it.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>

mod caller;
mod config;
mod decision;
mod filter;
mod keys;
mod principal;
mod raw;

pub use config::IamAuthorizer;
pub use principal::{Principal, PrincipalKind};
pub use raw::{AuthorizationType, RawConfig, RawCredential, RawIamRoute, RawTarget};
