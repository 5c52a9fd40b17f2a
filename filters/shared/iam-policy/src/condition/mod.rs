//! The `Condition` element.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

mod date;
mod ip;
mod operator;
mod value;

use crate::error::{PolicyError, Reason};
use crate::raw::Scalar;
use crate::request::Keys;
use crate::statement::Budget;
use operator::{Operator, Set, Test};
use value::Value;

/// One key under one operator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    operator: Operator,
    /// In lower case.
    key: Box<str>,
    values: Box<[Value]>,
}

impl Condition {
    pub(crate) fn check_operator(name: &str) -> Result<(), Reason> {
        Operator::parse(name).map(|_| ()).ok_or_else(|| Reason::Operator(name.to_owned()))
    }

    pub(crate) fn new(
        name: &str,
        key: &str,
        values: &[Scalar],
        variables: bool,
        budget: &mut Budget,
    ) -> Result<Self, PolicyError> {
        let operator = Operator::parse(name).ok_or_else(|| Reason::Operator(name.to_owned()).at(name))?;
        let mut compiled = Vec::with_capacity(values.len());
        for (index, Scalar(text)) in values.iter().enumerate() {
            let value = budget.value(text).and_then(|()| {
                let value = Value::new(text, operator.test, variables)?;
                budget.variables(value.variables())?;
                Ok(value)
            });
            compiled.push(value.map_err(|reason| reason.at(format!("{name}.{key}[{index}]")))?);
        }
        Ok(Self { operator, key: key.to_ascii_lowercase().into(), values: compiled.into() })
    }

    pub(crate) fn holds(&self, keys: &dyn Keys) -> bool {
        let Operator { set, test, negated, if_exists } = self.operator;
        let present = keys.values(&self.key);
        if test == Test::Null {
            return self.values.contains(&Value::Absent(present.is_none()));
        }
        let Some(values) = present else {
            return if_exists || set.without_values(negated);
        };
        let mut fitting = values.iter().map(|value| self.values.iter().any(|v| v.fits(value, keys)) != negated);
        match set {
            _ if values.is_empty() => set.without_values(negated),
            Set::All => fitting.all(|fits| fits),
            Set::Any => fitting.any(|fits| fits),
            // The key has one value as a rule. Of several, one is enough to be among the listed ones, and one listed
            // is enough not to be apart from all of them.
            Set::One if negated => fitting.all(|fits| fits),
            Set::One => fitting.any(|fits| fits),
        }
    }
}
