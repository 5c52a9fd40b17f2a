//! `..`: the rest of the path on every value, from the outside in.

use super::Evaluation;
use crate::error::NoResult;
use crate::json::Json;
use crate::path::Token;

impl<'d> Evaluation<'_, '_, 'd> {
    /// Applies the token at `at`, and what follows it, to `model` and all that is in it.
    pub(super) fn scan(&mut self, at: usize, model: &'d Json<'d>) -> Result<(), NoResult> {
        self.context.deeper(|| self.walk(at, model))
    }

    fn walk(&mut self, at: usize, model: &'d Json<'d>) -> Result<(), NoResult> {
        self.context.step()?;
        match model {
            Json::Object(object) => {
                if self.concerns(at, model)? {
                    self.run(at, model)?;
                }
                for value in object.values() {
                    if matches!(value, Json::Object(_) | Json::Array(_)) {
                        self.scan(at, value)?;
                    }
                }
            }
            Json::Array(elements) => {
                if self.concerns(at, model)? {
                    self.array(at, model, elements)?;
                }
                for value in elements {
                    if matches!(value, Json::Object(_) | Json::Array(_)) {
                        self.scan(at, value)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// On an array, Jayway 2.4.0 applies the token only when it is the path's last one; else it goes on with every
    /// element: `$..[1].name` gives the names of all.
    fn array(&mut self, at: usize, model: &'d Json<'d>, elements: &'d [Json<'d>]) -> Result<(), NoResult> {
        let next = at.saturating_add(1);
        if next == self.steps.len() {
            return self.run(at, model);
        }
        for element in elements {
            self.run(next, element)?;
        }
        Ok(())
    }

    /// Whether the token at `at` can be applied to `model`.
    fn concerns(&self, at: usize, model: &'d Json<'d>) -> Result<bool, NoResult> {
        let Some(step) = self.steps.get(at) else { return Ok(false) };
        Ok(match (&step.token, model) {
            (Token::Property(name), Json::Object(object)) => object.get(name).is_some(),
            (Token::Properties(names), Json::Object(object)) => {
                let last = at.saturating_add(1) == self.steps.len();
                !last || names.iter().all(|name| object.get(name).is_some())
            }
            (Token::Index(_) | Token::Indexes(_) | Token::Slice(_), Json::Array(_)) => true,
            (Token::Wildcard, _) => true,
            (Token::Filter(condition), _) => self.context.accepts(condition, model)?,
            _ => false,
        })
    }
}
