//! What one evaluation shares with those inside it: the document, the limits, what paths from the root gave.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::error::NoResult;
use crate::filter::Condition;
use crate::found::Found;
use crate::json::Json;
use crate::limits::{MAX_RECURSION, MAX_STEPS};
use crate::path::Path;

/// Shared by all that evaluating one path on one document takes.
pub(crate) struct Context<'d> {
    /// The document; `$` in filters and arguments.
    pub(super) root: &'d Json<'d>,
    steps: Cell<u64>,
    depth: Cell<usize>,
    root_operands: RefCell<Vec<Option<Cached<'d>>>>,
}

type Cached<'d> = Result<Rc<Found<'d>>, NoResult>;

impl<'d> Context<'d> {
    /// For a path whose filters compare with `root_operands` paths from the root.
    pub(crate) fn new(root: &'d Json<'d>, root_operands: usize) -> Self {
        let cache = RefCell::new(vec![None; root_operands]);
        Self { root, steps: Cell::new(0), depth: Cell::new(0), root_operands: cache }
    }

    /// Counts a step.
    pub(super) fn step(&self) -> Result<(), NoResult> {
        self.steps(1)
    }

    /// Counts what costs as much as `count` steps.
    pub(super) fn steps(&self, count: usize) -> Result<(), NoResult> {
        let steps = self.steps.get().saturating_add(count as u64);
        self.steps.set(steps);
        if steps > MAX_STEPS { Err(NoResult::TooMuch) } else { Ok(()) }
    }

    /// Recurses.
    pub(super) fn deeper<T>(&self, inner: impl FnOnce() -> Result<T, NoResult>) -> Result<T, NoResult> {
        let depth = self.depth.get();
        if depth >= MAX_RECURSION {
            return Err(NoResult::TooMuch);
        }
        self.depth.set(depth.saturating_add(1));
        let result = inner();
        self.depth.set(depth);
        result
    }

    /// What a path from the root gives; evaluated once.
    pub(super) fn root_operand(&self, path: &Path, cache: usize) -> Cached<'d> {
        let cached = self.root_operands.borrow().get(cache).cloned().flatten();
        if let Some(cached) = cached {
            return cached;
        }
        let result = self.deeper(|| path.evaluate(self, self.root)).map(Rc::new);
        if let Ok(mut operands) = self.root_operands.try_borrow_mut()
            && let Some(slot) = operands.get_mut(cache)
        {
            *slot = Some(result.clone());
        }
        result
    }

    /// Whether `item` meets a filter. What cannot be compared is not met.
    pub(super) fn accepts(&self, condition: &Condition, item: &'d Json<'d>) -> Result<bool, NoResult> {
        self.step()?;
        match self.deeper(|| self.holds(condition, item)) {
            Err(NoResult::Invalid | NoResult::NotFound) => Ok(false),
            other => other,
        }
    }
}
