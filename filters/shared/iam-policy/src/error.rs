//! Why a policy is refused.

use std::fmt;

/// What is wrong with a policy, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// Path of the element, such as `Statement[1].Resource[0]`; empty for the policy itself.
    pub path: String,
    /// What is wrong there.
    pub reason: Reason,
}

/// What is wrong with an element of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The text is no policy: no JSON, an unknown or missing element, an element twice, a wrong type.
    Grammar(String),
    /// `Version` is neither `2008-10-17` nor `2012-10-17`.
    Version(String),
    /// More of something than a policy may have.
    TooMany(&'static str, usize),
    /// More characters than allowed.
    TooLong(usize),
    /// Neither or both of an element and its `Not` form.
    ExactlyOne(&'static str, &'static str),
    /// A list without an entry.
    Empty,
    /// A `Sid` that another statement has too.
    SidTwice(String),
    /// A resource policy needs to say whom a statement is about.
    PrincipalMissing,
    /// Only resource policies name principals.
    PrincipalForbidden,
    /// `NotPrincipal` with `Allow` would let in everybody else, anonymous callers too.
    NotPrincipalAllow,
    /// A principal that is neither `*`, an account, nor the ARN of a user, role or session.
    Principal(String),
    /// An action that is neither `*` nor of the form `service:Action`.
    Action(String),
    /// A resource that no request can have, where matching nothing would let more requests through.
    Resource(String),
    /// A wildcard in the service part of an ARN.
    ServiceWildcard(String),
    /// A policy variable before the fifth colon of an ARN.
    VariableTooEarly(String),
    /// `${` that no `}` ends, or a default that is not quoted.
    Variable(String),
    /// An unknown condition operator.
    Operator(String),
    /// A condition value that is not of the operator's type.
    Value {
        /// The value as written.
        value: String,
        /// What the operator takes.
        expected: &'static str,
    },
}

impl PolicyError {
    pub(crate) fn new(path: impl Into<String>, reason: Reason) -> Self {
        Self { path: path.into(), reason }
    }

    /// The same error seen from a field above.
    #[must_use]
    pub fn below(mut self, parent: &str) -> Self {
        let separator = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{parent}{separator}{}", self.path);
        self
    }
}

impl Reason {
    pub(crate) fn at(self, path: impl Into<String>) -> PolicyError {
        PolicyError::new(path, self)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grammar(message) => f.write_str(message),
            Self::Version(version) => {
                write!(f, "version `{}`, expected `2008-10-17` or `2012-10-17`", version.escape_debug())
            }
            Self::TooMany(what, most) => write!(f, "more than {most} {what}"),
            Self::TooLong(most) => write!(f, "longer than {most} characters"),
            Self::ExactlyOne(one, other) => write!(f, "expected exactly one of `{one}` and `{other}`"),
            Self::Empty => f.write_str("has no entry"),
            Self::SidTwice(sid) => write!(f, "another statement has the Sid `{}` too", sid.escape_debug()),
            Self::PrincipalMissing => f.write_str("a statement of a resource policy needs a `Principal`"),
            Self::PrincipalForbidden => f.write_str("only a resource policy names principals"),
            Self::NotPrincipalAllow => f.write_str("`NotPrincipal` with `Allow` lets everybody else in"),
            Self::Principal(text) => write!(
                f,
                "`{}` is no principal, expected `*`, an account, or the ARN of a user, role or session",
                text.escape_debug()
            ),
            Self::Action(text) => {
                write!(f, "`{}` is no action, expected `*` or the form `execute-api:Invoke`", text.escape_debug())
            }
            Self::Resource(text) => write!(f, "`{}` is the ARN of no request", text.escape_debug()),
            Self::ServiceWildcard(text) => {
                write!(f, "`{}` has a wildcard in place of the service", text.escape_debug())
            }
            Self::VariableTooEarly(text) => {
                write!(f, "`{}` has a policy variable before the fifth colon", text.escape_debug())
            }
            Self::Variable(text) => {
                write!(f, "`{}` has no complete policy variable behind `${{`", text.escape_debug())
            }
            Self::Operator(name) => write!(f, "unknown condition operator `{}`", name.escape_debug()),
            Self::Value { value, expected } => write!(f, "`{}`, expected {expected}", value.escape_debug()),
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => self.reason.fmt(f),
            path => write!(f, "{path}: {}", self.reason),
        }
    }
}

impl std::error::Error for PolicyError {}
