//! A policy, compiled, and its evaluation: an explicit deny over an allow over neither.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

use std::collections::BTreeSet;
use std::fmt;

use crate::arn::ExecuteApi;
use crate::error::{PolicyError, Reason};
use crate::limits::{MAX_RESOURCE_POLICY_CHARS, MAX_STATEMENTS};
use crate::raw::{Effect, RawPolicy};
use crate::request::Request;
use crate::statement::{Budget, Statement};

/// Where a policy comes from, and so what may stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Attached to a caller of `AWS_IAM` methods.
    Identity,
    /// Returned by a Lambda authorizer.
    Authorizer,
    /// Attached to an API: names principals, and abbreviates the resources of this API.
    Resource(ExecuteApi<'a>),
}

/// A compiled policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    statements: Box<[Statement]>,
}

/// What policies say about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<'p> {
    /// This statement allows it, and none denies it.
    Allow(StatementId<'p>),
    /// This statement denies it.
    Deny(StatementId<'p>),
    /// No statement is about it.
    Neither,
}

/// Which statement it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementId<'p> {
    /// Number of the policy among those evaluated together, from 0.
    pub policy: usize,
    /// Number of the statement in its policy, from 0.
    pub index: usize,
    /// Its name.
    pub sid: Option<&'p str>,
}

impl fmt::Display for StatementId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Statement[{}]", self.index)?;
        if self.policy > 0 {
            write!(f, " of policy {}", self.policy)?;
        }
        match self.sid {
            Some(sid) => write!(f, " ({})", sid.escape_debug()),
            None => Ok(()),
        }
    }
}

impl Policy {
    /// Reads and compiles the JSON text of a policy.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(json: &str, kind: Kind<'_>) -> Result<Self, PolicyError> {
        let raw = serde_json::from_str(json).map_err(|error| Reason::Grammar(error.to_string()).at(""))?;
        Self::compile(&raw, kind)
    }

    /// Compiles a policy.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn compile(raw: &RawPolicy, kind: Kind<'_>) -> Result<Self, PolicyError> {
        let variables = match raw.version.as_deref() {
            None | Some("2008-10-17") => false,
            Some("2012-10-17") => true,
            Some(other) => return Err(Reason::Version(other.to_owned()).at("Version")),
        };
        if raw.statement.0.len() > MAX_STATEMENTS {
            return Err(Reason::TooMany("statements", MAX_STATEMENTS).at("Statement"));
        }
        if matches!(kind, Kind::Resource(_)) {
            let text = serde_json::to_string(raw).map_err(|error| Reason::Grammar(error.to_string()).at(""))?;
            if text.chars().count() > MAX_RESOURCE_POLICY_CHARS {
                return Err(Reason::TooLong(MAX_RESOURCE_POLICY_CHARS).at(""));
            }
        }
        let mut budget = Budget::full();
        let mut sids = BTreeSet::new();
        let mut statements = Vec::with_capacity(raw.statement.0.len());
        for (index, raw) in raw.statement.0.iter().enumerate() {
            let path = || format!("Statement[{index}]");
            let statement = Statement::new(raw, kind, variables, &mut budget).map_err(|error| error.below(&path()))?;
            if let Some(sid) = raw.sid.as_deref().filter(|sid| !sid.is_empty() && !sids.insert(*sid)) {
                return Err(Reason::SidTwice(sid.to_owned()).at("Sid").below(&path()));
            }
            statements.push(statement);
        }
        Ok(Self { statements: statements.into() })
    }

    /// What this policy says about a request.
    pub fn evaluate(&self, request: &Request<'_>) -> Decision<'_> {
        evaluate([self], request)
    }

    /// Statements with a resource that no request has, for a warning. Where too few segments would let more requests
    /// through, the policy is refused; the ARN of an API or a stage is taken, as the service takes it.
    pub fn idle_statements(&self) -> impl Iterator<Item = StatementId<'_>> {
        let idle = self.statements.iter().enumerate().filter(|(_, statement)| statement.idle);
        idle.map(|(index, statement)| StatementId { policy: 0, index, sid: statement.sid.as_deref() })
    }
}

/// What several policies of one caller say together about a request.
pub fn evaluate<'p>(policies: impl IntoIterator<Item = &'p Policy>, request: &Request<'_>) -> Decision<'p> {
    let mut decision = Decision::Neither;
    for (policy, statements) in policies.into_iter().enumerate() {
        for (index, statement) in statements.statements.iter().enumerate() {
            let settled = statement.effect == Effect::Allow && decision != Decision::Neither;
            if settled || !statement.matches(request) {
                continue;
            }
            let id = StatementId { policy, index, sid: statement.sid.as_deref() };
            match statement.effect {
                Effect::Deny => return Decision::Deny(id),
                Effect::Allow => decision = Decision::Allow(id),
            }
        }
    }
    decision
}
