//! One statement, compiled.

use std::borrow::Cow;

use crate::action::Action;
use crate::condition::Condition;
use crate::error::{PolicyError, Reason};
use crate::limits::{MAX_AUTHORIZER_RESOURCE_CHARS, MAX_VALUE_BYTES, MAX_VALUES, MAX_VARIABLES};
use crate::policy::Kind;
use crate::principal::Principal;
use crate::raw::{Effect, OneOrMany, RawPrincipal, RawStatement};
use crate::request::Request;
use crate::resource::{ArnPattern, names_no_call};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub(crate) sid: Option<Box<str>>,
    pub(crate) effect: Effect,
    /// `None` where the policy is about whoever it is attached to.
    principals: Option<Listed<Principal>>,
    actions: Listed<Action>,
    resources: Listed<ArnPattern>,
    conditions: Box<[Condition]>,
    /// It has a resource that is written like the ARN of a request, and is none.
    pub(crate) idle: bool,
}

/// An element, or its `Not` form.
#[derive(Clone, Debug, PartialEq)]
struct Listed<T> {
    entries: Box<[T]>,
    not: bool,
}

impl<T> Listed<T> {
    fn matches(&self, lists: impl FnMut(&T) -> bool) -> bool {
        self.entries.iter().any(lists) != self.not
    }
}

/// How much of what a policy may have is left.
pub(crate) struct Budget {
    values: usize,
    variables: usize,
}

impl Budget {
    pub(crate) fn full() -> Self {
        Self { values: MAX_VALUES, variables: MAX_VARIABLES }
    }

    pub(crate) fn value(&mut self, text: &str) -> Result<(), Reason> {
        if text.len() > MAX_VALUE_BYTES {
            return Err(Reason::TooLong(MAX_VALUE_BYTES));
        }
        self.values = self.values.checked_sub(1).ok_or(Reason::TooMany("values", MAX_VALUES))?;
        Ok(())
    }

    pub(crate) fn variables(&mut self, count: usize) -> Result<(), Reason> {
        let left = self.variables.checked_sub(count);
        self.variables = left.ok_or(Reason::TooMany("policy variables", MAX_VARIABLES))?;
        Ok(())
    }
}

impl Statement {
    pub(crate) fn new(
        raw: &RawStatement,
        kind: Kind<'_>,
        variables: bool,
        budget: &mut Budget,
    ) -> Result<Self, PolicyError> {
        let principals = principals(raw, kind)?;
        let actions = either(("Action", &raw.action), ("NotAction", &raw.not_action), |text, _| {
            budget.value(text)?;
            Action::new(text)
        })?;
        let mut idle = false;
        let resources = either(("Resource", &raw.resource), ("NotResource", &raw.not_resource), |text, not| {
            budget.value(text)?;
            let full = in_full(text, kind)?;
            let pattern = ArnPattern::resource(&full, variables)?;
            idle |= pattern == ArnPattern::Nothing || names_no_call(&full);
            budget.variables(pattern.variables())?;
            // Where matching nothing lets more requests through, a mistake must not pass for a pattern.
            let widens = not == (raw.effect == Effect::Allow);
            match pattern {
                ArnPattern::Nothing if widens => Err(Reason::Resource(text.to_owned())),
                pattern => Ok(pattern),
            }
        })?;
        let mut conditions = Vec::new();
        for (operator, keys) in raw.condition.iter().flat_map(|operators| &operators.0) {
            for (key, values) in &keys.0 {
                let condition = Condition::new(operator, key, &values.0, variables, budget);
                conditions.push(condition.map_err(|error| error.below("Condition"))?);
            }
            if keys.0.is_empty() {
                // Nothing to compare, but a name that means nothing is a mistake all the same.
                Condition::check_operator(operator).map_err(|reason| reason.at(format!("Condition.{operator}")))?;
            }
        }
        let sid = raw.sid.as_deref().filter(|sid| !sid.is_empty()).map(Into::into);
        Ok(Self { sid, effect: raw.effect, principals, actions, resources, conditions: conditions.into(), idle })
    }

    pub(crate) fn matches(&self, request: &Request<'_>) -> bool {
        let about = |principals: &Listed<Principal>| match principals.not {
            false => principals.entries.iter().any(|principal| principal.matches(request.caller, self.effect)),
            true => !principals.entries.iter().any(|principal| principal.lists(request.caller)),
        };
        self.principals.as_ref().is_none_or(about)
            && self.actions.matches(|action| action.matches(request.action))
            && self.resources.matches(|resource| resource.matches(request.resource, request.keys))
            && self.conditions.iter().all(|condition| condition.holds(request.keys))
    }
}

fn principals(raw: &RawStatement, kind: Kind<'_>) -> Result<Option<Listed<Principal>>, PolicyError> {
    let list = |raw: &RawPrincipal, not: bool| {
        let name = if not { "NotPrincipal" } else { "Principal" };
        let entries = Principal::list(raw).map_err(|error| error.below(name))?;
        Ok(Some(Listed { entries: entries.into(), not }))
    };
    match (kind, &raw.principal, &raw.not_principal) {
        (Kind::Resource(_), None, None) => Err(Reason::PrincipalMissing.at("")),
        (Kind::Resource(_), Some(_), Some(_)) => Err(Reason::ExactlyOne("Principal", "NotPrincipal").at("")),
        (Kind::Resource(_), None, Some(_)) if raw.effect == Effect::Allow => {
            Err(Reason::NotPrincipalAllow.at("NotPrincipal"))
        }
        (Kind::Resource(_), Some(principal), None) => list(principal, false),
        (Kind::Resource(_), None, Some(principal)) => list(principal, true),
        (_, None, None) => Ok(None),
        (_, Some(_), _) => Err(Reason::PrincipalForbidden.at("Principal")),
        (_, None, Some(_)) => Err(Reason::PrincipalForbidden.at("NotPrincipal")),
    }
}

/// A resource, where it may be abbreviated in full: `execute-api:/prod/*`.
fn in_full<'t>(text: &'t str, kind: Kind<'_>) -> Result<Cow<'t, str>, Reason> {
    let abbreviated = text.strip_prefix("execute-api:").filter(|rest| rest.starts_with('/') || *rest == "*");
    match (kind, abbreviated) {
        (Kind::Authorizer, _) if text.chars().count() > MAX_AUTHORIZER_RESOURCE_CHARS => {
            Err(Reason::TooLong(MAX_AUTHORIZER_RESOURCE_CHARS))
        }
        (Kind::Resource(api), Some(rest)) => Ok(Cow::Owned(format!("{}{rest}", api.arn()))),
        _ => Ok(Cow::Borrowed(text)),
    }
}

/// One element of the two that exclude each other.
fn either<T>(
    (name, entries): (&'static str, &Option<OneOrMany<String>>),
    (not_name, not_entries): (&'static str, &Option<OneOrMany<String>>),
    mut compile: impl FnMut(&str, bool) -> Result<T, Reason>,
) -> Result<Listed<T>, PolicyError> {
    let (name, entries, not) = match (entries, not_entries) {
        (Some(entries), None) => (name, entries, false),
        (None, Some(entries)) => (not_name, entries, true),
        _ => return Err(Reason::ExactlyOne(name, not_name).at("")),
    };
    if entries.0.is_empty() {
        return Err(Reason::Empty.at(name));
    }
    let compiled = entries
        .0
        .iter()
        .enumerate()
        .map(|(index, text)| compile(text, not).map_err(|reason| reason.at(format!("{name}[{index}]"))));
    Ok(Listed { entries: compiled.collect::<Result<_, _>>()?, not })
}
