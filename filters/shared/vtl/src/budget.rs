//! What one rendering may still use.

use std::cell::Cell;
use std::fmt;

use crate::error::Limit;
use crate::limits::{MAX_ALLOCATED_BYTES, MAX_OUTPUT_BYTES, MAX_STEPS, MAX_VALUE_DEPTH};
use crate::value::Text;

/// Steps and memory left to a rendering. A [`Host`](crate::Host) takes from it what its work is worth.
pub struct Budget {
    steps: Cell<u64>,
    bytes: Cell<usize>,
    /// Where texts are put together, kept for the next one.
    buffer: Cell<String>,
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget").field("steps", &self.steps).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: Cell::new(MAX_STEPS), bytes: Cell::new(MAX_ALLOCATED_BYTES), buffer: Cell::default() }
    }
}

/// Bytes of text that are worth a step.
const BYTES_PER_STEP: usize = 128;

impl Budget {
    /// Takes steps. One is about what looking up a variable costs, some ten nanoseconds.
    ///
    /// # Errors
    /// [`Limit::Steps`] when none are left.
    pub fn spend(&self, steps: u64) -> Result<(), Limit> {
        let left = self.steps.get();
        match left.checked_sub(steps) {
            Some(left) => {
                self.steps.set(left);
                Ok(())
            }
            None => {
                self.steps.set(0);
                Err(Limit::Steps)
            }
        }
    }

    /// Takes the steps for going once through a text of this many bytes.
    ///
    /// # Errors
    /// [`Limit::Steps`] when none are left.
    pub fn read(&self, bytes: usize) -> Result<(), Limit> {
        self.spend(u64::try_from(bytes / BYTES_PER_STEP).unwrap_or(u64::MAX))
    }

    /// Takes the memory of a new text, and the steps for filling it.
    ///
    /// # Errors
    /// [`Limit::Output`] when it is longer than an output may be; else as [`allocate`](Self::allocate).
    pub fn text(&self, bytes: usize) -> Result<(), Limit> {
        if bytes > MAX_OUTPUT_BYTES {
            return Err(Limit::Output);
        }
        self.allocate(bytes)
    }

    /// An empty text to write into, for [`finish`](Self::finish).
    pub(crate) fn buffer(&self) -> String {
        self.buffer.take()
    }

    /// The text that was written.
    pub(crate) fn finish(&self, mut buffer: String) -> Result<Text, Limit> {
        self.text(buffer.len())?;
        let text = Text::from(buffer.as_str());
        buffer.clear();
        self.buffer.set(buffer);
        Ok(text)
    }

    /// Takes memory, and the steps for filling it.
    ///
    /// # Errors
    /// [`Limit::Memory`] or [`Limit::Steps`] when nothing is left.
    pub fn allocate(&self, bytes: usize) -> Result<(), Limit> {
        let left = self.bytes.get().checked_sub(bytes).ok_or(Limit::Memory)?;
        self.bytes.set(left);
        self.read(bytes)
    }
}

/// A walk into a value: how deep it is, and what it may still spend.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk<'b> {
    depth: u32,
    budget: &'b Budget,
}

impl<'b> Walk<'b> {
    pub(crate) fn new(budget: &'b Budget) -> Self {
        Self { depth: 0, budget }
    }

    /// One level deeper, for a step.
    pub(crate) fn deeper(self) -> Result<Self, Limit> {
        if self.depth >= MAX_VALUE_DEPTH {
            return Err(Limit::Depth);
        }
        self.budget.spend(1)?;
        Ok(Self { depth: self.depth.saturating_add(1), ..self })
    }

    pub(crate) fn budget(self) -> &'b Budget {
        self.budget
    }

    /// Goes through a text.
    pub(crate) fn read(self, bytes: usize) -> Result<(), Limit> {
        self.budget.read(bytes)
    }
}
