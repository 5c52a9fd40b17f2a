//! IAM policy documents as API Gateway meets them: policies that authorizers return, policies of the callers of
//! `AWS_IAM` methods, and resource policies of REST APIs.
//!
//! [`RawPolicy`] is the document as written, [`Policy`] the same compiled, [`Request`] what is asked of it. A policy
//! is compiled once; an evaluation takes time linear in the policy and in the request, whatever the wildcards.
//!
//! Nothing here knows requests, Envoy or files: keys of conditions come from the caller through [`Keys`].
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>

mod action;
mod arn;
mod combine;
mod condition;
mod error;
mod glob;
mod limits;
mod pattern;
mod policy;
mod principal;
mod raw;
mod request;
mod resource;
mod statement;

pub use arn::{ExecuteApi, mask_account};
pub use combine::{Verdict, cross_account, resource_policy_alone, same_account};
pub use error::{PolicyError, Reason};
pub use limits::{MAX_AUTHORIZER_RESOURCE_CHARS, MAX_RESOURCE_POLICY_CHARS, MAX_STATEMENTS};
pub use policy::{Decision, Kind, Policy, StatementId, evaluate};
pub use raw::{Effect, OneOrMany, Pairs, RawPolicy, RawPrincipal, RawStatement, Scalar};
pub use request::{Caller, KeyMap, Keys, NoKeys, Request};
