//! Searches a document, as Jayway 2.4.0 does.
//!
//! A value that a token cannot be applied to ends the search with "not found" while all tokens before it name one
//! value each, and is passed over after the first token that names many.

mod compare;
mod condition;
mod context;
mod function;
mod list;
mod numeric;
mod scan;

pub(crate) use context::Context;

use crate::error::NoResult;
use crate::found::{Found, Node};
use crate::json::{Json, Object};
use crate::limits::MAX_RESULTS;
use crate::path::{Path, Slice, Step, Token};

impl Path {
    /// What `document` has at this path.
    pub(crate) fn evaluate<'d>(&self, context: &Context<'d>, document: &'d Json<'d>) -> Result<Found<'d>, NoResult> {
        if self.plain {
            return self
                .plain(context, document)?
                .map(|value| Found::One(Node::Value(value)))
                .ok_or(NoResult::NotFound);
        }
        let mut evaluation = Evaluation::new(context, &self.steps, false);
        match evaluation.run(0, document) {
            Ok(()) => evaluation.finish(self.definite),
            Err(NoResult::Failed) => self.evaluate_turned(context, document),
            Err(reason) => Err(reason),
        }
    }

    /// Whether `item` has something at this path, for a filter's `[?(@.name)]`; names that are missing after a
    /// wildcard or the like count as missing here. A list is there even when it is empty.
    pub(crate) fn exists<'d>(&self, context: &Context<'d>, item: &'d Json<'d>) -> Result<bool, NoResult> {
        if self.plain {
            return self.plain(context, item).map(|value| value.is_some());
        }
        let mut evaluation = Evaluation::new(context, &self.steps, true);
        match evaluation.run(0, item).and_then(|()| evaluation.finish(self.definite)) {
            Ok(_) => Ok(true),
            Err(NoResult::NotFound) => Ok(false),
            Err(reason) => Err(reason),
        }
    }
}

impl Path {
    /// What a path of names and indexes alone leads to.
    fn plain<'d>(&self, context: &Context<'d>, document: &'d Json<'d>) -> Result<Option<&'d Json<'d>>, NoResult> {
        context.steps(self.steps.len())?;
        Ok(self.steps.iter().try_fold(document, |model, step| match (&step.token, model) {
            (Token::Property(name), Json::Object(object)) => object.get(name),
            (Token::Index(index), Json::Array(elements)) => element(elements, *index),
            _ => None,
        }))
    }
}

/// One search.
struct Evaluation<'c, 'p, 'd> {
    context: &'c Context<'d>,
    steps: &'p [Step],
    /// Names must be there even after tokens that name many values.
    names_required: bool,
    results: Vec<Node<'d>>,
}

impl<'c, 'p, 'd> Evaluation<'c, 'p, 'd> {
    fn new(context: &'c Context<'d>, steps: &'p [Step], names_required: bool) -> Self {
        Self { context, steps, names_required, results: Vec::new() }
    }

    fn finish(mut self, definite: bool) -> Result<Found<'d>, NoResult> {
        if definite {
            // More than one when functions follow one another; the last is the path's.
            self.results.pop().map(Found::One).ok_or(NoResult::NotFound)
        } else {
            Ok(Found::Many(self.results))
        }
    }

    fn found(&mut self, node: Node<'d>) -> Result<(), NoResult> {
        if self.results.len() >= MAX_RESULTS {
            return Err(NoResult::TooMuch);
        }
        self.results.push(node);
        Ok(())
    }

    /// Applies the tokens from `at` on to `model`.
    fn run(&mut self, mut at: usize, mut model: &'d Json<'d>) -> Result<(), NoResult> {
        loop {
            let Some(step) = self.steps.get(at) else { return self.found(Node::Value(model)) };
            let next = at.saturating_add(1);
            self.context.step()?;
            model = match &step.token {
                Token::Property(name) => match model {
                    Json::Object(object) => match object.get(name) {
                        Some(value) => value,
                        None => return self.missing_name(step, next),
                    },
                    _ => return wrong_kind(step),
                },
                Token::Index(index) => match model {
                    Json::Array(elements) => match element(elements, *index) {
                        Some(value) => value,
                        None => return Ok(()),
                    },
                    _ => return wrong_kind(step),
                },
                _ => return self.context.deeper(|| self.branch(step, next, model)),
            };
            at = next;
        }
    }

    /// Tokens that name many values, or compute one.
    fn branch(&mut self, step: &'p Step, next: usize, model: &'d Json<'d>) -> Result<(), NoResult> {
        match (&step.token, model) {
            (Token::Properties(names), Json::Object(object)) if next == self.steps.len() => self.members(names, object),
            (Token::Properties(names), Json::Object(object)) => self.each_member(step, names, object, next),
            (Token::Indexes(indexes), Json::Array(elements)) => {
                self.each(indexes.iter().filter_map(|index| element(elements, *index)), next)
            }
            (Token::Slice(slice), Json::Array(elements)) => self.each(slice.of(elements), next),
            (Token::Properties(_) | Token::Indexes(_) | Token::Slice(_), _) => wrong_kind(step),
            (Token::Wildcard, Json::Object(object)) => self.each(object.values(), next),
            (Token::Wildcard, Json::Array(elements)) => self.each_quietly(elements, next),
            (Token::Wildcard, _) => Ok(()),
            (Token::Filter(condition), Json::Array(elements)) => {
                for element in elements {
                    if self.context.accepts(condition, element)? {
                        self.run(next, element)?;
                    }
                }
                Ok(())
            }
            (Token::Filter(condition), Json::Object(_)) => {
                if self.context.accepts(condition, model)? {
                    self.run(next, model)
                } else {
                    Ok(())
                }
            }
            (Token::Filter(_), _) if step.upstream_definite => Err(NoResult::Invalid),
            (Token::Filter(_), _) => Ok(()),
            (Token::Scan, _) => self.scan(next, model),
            (Token::Function(call), _) => {
                let result = self.context.call(call, &Node::Value(model))?;
                self.after_function(next, result)
            }
            // `run` follows these itself.
            (Token::Property(_) | Token::Index(_), _) => self.run(next.saturating_sub(1), model),
        }
    }

    fn each(&mut self, values: impl Iterator<Item = &'d Json<'d>>, next: usize) -> Result<(), NoResult> {
        for value in values {
            self.run(next, value)?;
        }
        Ok(())
    }

    /// A wildcard on an array passes over elements in which something is not found.
    fn each_quietly(&mut self, elements: &'d [Json<'d>], next: usize) -> Result<(), NoResult> {
        for element in elements {
            match self.run(next, element) {
                Err(NoResult::NotFound) if !self.names_required => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Several names at the end of a path: an object of those that are there.
    fn members(&mut self, names: &[String], object: &'d Object<'d>) -> Result<(), NoResult> {
        let mut members: Vec<(&'d str, &'d Json<'d>)> = Vec::with_capacity(names.len());
        for name in names {
            self.context.step()?;
            match object.entry(name) {
                Some(member) if members.iter().any(|(earlier, _)| *earlier == member.0) => {}
                Some(member) => members.push(member),
                None if self.names_required => return Err(NoResult::NotFound),
                None => {}
            }
        }
        self.found(Node::Members(members))
    }

    /// Several names within a path: one after the other.
    fn each_member(
        &mut self,
        step: &Step,
        names: &[String],
        object: &'d Object<'d>,
        next: usize,
    ) -> Result<(), NoResult> {
        for name in names {
            match object.get(name) {
                Some(value) => self.run(next, value)?,
                None if self.names_required => return self.missing_name(step, next),
                None => {}
            }
        }
        Ok(())
    }

    fn missing_name(&self, step: &Step, next: usize) -> Result<(), NoResult> {
        let last = next == self.steps.len();
        if self.names_required || (!last && step.upstream_definite) { Err(NoResult::NotFound) } else { Ok(()) }
    }
}

/// A value that the token cannot be applied to.
fn wrong_kind(step: &Step) -> Result<(), NoResult> {
    if step.upstream_definite { Err(NoResult::NotFound) } else { Ok(()) }
}

/// The element at `index`, from the end when it is negative.
fn element<T>(elements: &[T], index: i32) -> Option<&T> {
    match usize::try_from(index) {
        Ok(index) => elements.get(index),
        Err(_) => {
            let behind = usize::try_from(index.unsigned_abs()).ok()?;
            elements.get(elements.len().checked_sub(behind)?)
        }
    }
}

impl Slice {
    /// The elements between the bounds.
    fn of<T>(self, elements: &[T]) -> impl Iterator<Item = &T> {
        let (from, to) = self.bounds(elements.len());
        let behind = |bound: i64| elements.len().saturating_sub(usize::try_from(bound.saturating_neg()).unwrap_or(0));
        let ahead = |bound: i64| usize::try_from(bound).unwrap_or(0);
        // From a negative bound the slice begins behind the end, and may go on from the beginning.
        let last = if from < 0 { elements.get(behind(from)..behind(to)) } else { None };
        let first = elements.get(ahead(from)..ahead(to));
        last.unwrap_or_default().iter().chain(first.unwrap_or_default())
    }

    /// From where up to where, in an array of `len` elements; what is negative counts from the end.
    fn bounds(self, len: usize) -> (i64, i64) {
        let len = i64::try_from(len).unwrap_or(i64::MAX);
        let from_end = |bound: i32| if bound < 0 { len.saturating_add(bound.into()).max(0) } else { bound.into() };
        match self {
            Slice::From(from) => (from_end(from), len),
            Slice::To(to) => (0, from_end(to).min(len)),
            Slice::Between(from, to) if from >= to => (0, 0),
            Slice::Between(from, to) => (i64::from(from).max(len.saturating_neg()), len.min(to.into())),
        }
    }
}
