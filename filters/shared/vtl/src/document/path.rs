//! The paths that most templates use, searched in the document itself.
//!
//! Names, indexes, and one wildcard or simple filter on an array: `$.order.lines[0].sku`, `$['a']`, `$.lines[*].sku`,
//! `$.lines[?(@.price > 50)]`. Anything else is left to the `jsonpath` package, which these agree with, but which has
//! to read the payload into a tree of its own.

use super::filter::Filter;
use super::{Document, Kind, Place};
use crate::budget::Budget;
use crate::error::Limit;

/// A path of names, indexes and at most one wildcard or filter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SimplePath<'p> {
    steps: Vec<Step<'p>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step<'p> {
    Name(&'p str),
    /// From the end where negative.
    Index(i32),
    Wildcard,
    Filter(Filter<'p>),
}

impl Step<'_> {
    /// Whether it can name several values.
    fn is_many(&self) -> bool {
        matches!(self, Step::Wildcard | Step::Filter(_))
    }
}

/// What a path finds.
pub(crate) enum Found {
    Nothing,
    One(Place),
    /// A wildcard gives a list, perhaps empty.
    Many(Vec<Place>),
}

impl<'p> SimplePath<'p> {
    /// Reads a path; `None` where it is not one of these.
    pub(crate) fn parse(path: &'p str) -> Option<Self> {
        let mut rest = path.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let step;
            (step, rest) = next(rest)?;
            // Behind a wildcard only names: what others do there depends on more.
            if steps.iter().any(Step::is_many) && !matches!(step, Step::Name(_)) {
                return None;
            }
            steps.push(step);
        }
        Some(Self { steps })
    }

    /// Searches. `None` where this path has to be left to the other package after all.
    pub(crate) fn find(&self, document: &Document, budget: &Budget) -> Result<Option<Found>, Limit> {
        let mut place: Place = 0;
        if document.kind(place) == Kind::Null {
            return Ok(Some(Found::Nothing));
        }
        for (n, step) in self.steps.iter().enumerate() {
            let found = match step {
                Step::Name(name) => {
                    pay(document, place, budget)?;
                    document.member(place, name)
                }
                Step::Index(index) => {
                    pay(document, place, budget)?;
                    element(document, place, *index)
                }
                _ if document.kind(place) == Kind::Array => {
                    let rest = self.steps.get(n.saturating_add(1)..).unwrap_or_default();
                    return many(document, place, step, rest, budget);
                }
                _ => return Ok(None),
            };
            match found {
                Some(found) => place = found,
                // What a wildcard gives behind something that is missing is not decided here.
                None if self.steps.iter().any(Step::is_many) => return Ok(None),
                None => return Ok(Some(Found::Nothing)),
            }
        }
        Ok(Some(if document.kind(place) == Kind::Null { Found::Nothing } else { Found::One(place) }))
    }
}

/// Takes what going through the children of a value costs.
fn pay(document: &Document, place: Place, budget: &Budget) -> Result<(), Limit> {
    budget.spend(u64::try_from(document.len(place) / CHILDREN_PER_STEP).unwrap_or(u64::MAX))
}

/// Children that are worth a step.
const CHILDREN_PER_STEP: usize = 4;

/// What a wildcard or a filter on an array, and the names behind it, find.
fn many(
    document: &Document,
    array: Place,
    step: &Step<'_>,
    rest: &[Step<'_>],
    budget: &Budget,
) -> Result<Option<Found>, Limit> {
    let mut found = Vec::new();
    for element in document.elements(array) {
        budget.spend(1)?;
        let accepted = match step {
            Step::Filter(filter) => filter.accepts(document, element),
            _ => Some(true),
        };
        match accepted {
            Some(true) => found.extend(names(document, element, rest)),
            Some(false) => {}
            None => return Ok(None),
        }
    }
    Ok(Some(Found::Many(found)))
}

fn names(document: &Document, place: Place, steps: &[Step<'_>]) -> Option<Place> {
    steps.iter().try_fold(place, |place, step| match step {
        Step::Name(name) => document.member(place, name),
        _ => None,
    })
}

fn element(document: &Document, place: Place, index: i32) -> Option<Place> {
    if document.kind(place) != Kind::Array {
        return None;
    }
    let place_of = |n: i32| usize::try_from(n).ok().and_then(|n| document.elements(place).nth(n));
    if index >= 0 {
        return place_of(index);
    }
    let len = i32::try_from(document.len(place)).unwrap_or(i32::MAX);
    place_of(len.saturating_add(index))
}

/// The first step, and what follows it.
fn next(path: &str) -> Option<(Step<'_>, &str)> {
    if let Some(rest) = path.strip_prefix('.') {
        let len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let (name, rest) = rest.split_at_checked(len)?;
        let ends = rest.is_empty() || rest.starts_with(['.', '[']);
        return (len > 0 && ends).then_some((Step::Name(name), rest));
    }
    let inside = path.strip_prefix('[')?;
    if let Some(rest) = inside.strip_prefix("*]") {
        return Some((Step::Wildcard, rest));
    }
    if let Some(condition) = inside.strip_prefix("?(") {
        let (filter, rest) = Filter::parse(condition)?;
        return Some((Step::Filter(filter), rest.strip_prefix(")]")?));
    }
    if let Some(quote @ (b'\'' | b'"')) = inside.as_bytes().first() {
        let (name, rest) = inside.get(1..)?.split_once(char::from(*quote))?;
        let rest = rest.strip_prefix(']')?;
        let simple =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'\'' | b'"' | b','));
        return simple.then_some((Step::Name(name), rest));
    }
    let (number, rest) = inside.split_once(']')?;
    let digits = number.strip_prefix('-').unwrap_or(number);
    let simple = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if !simple {
        return None;
    }
    Some((Step::Index(number.parse().ok()?), rest))
}
