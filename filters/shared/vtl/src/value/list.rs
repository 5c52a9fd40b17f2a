//! Lists.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::Value;
use super::objects::release;

/// What a list prints as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// `[a, b]`: a list of the template's own.
    Vtl,
    /// `["a","b"]`: an array of a JSON document.
    Json,
}

/// `java.util.ArrayList`: shared, so that a clone is the same list.
#[derive(Debug, Clone)]
pub struct List(Rc<ListCell>);

#[derive(Debug)]
struct ListCell {
    kind: ListKind,
    items: RefCell<Vec<Value>>,
    /// Counts insertions and removals. A loop over the list fails when they happen meanwhile.
    changes: Cell<u32>,
}

impl Drop for ListCell {
    fn drop(&mut self) {
        release(std::mem::take(self.items.get_mut()).into_iter());
    }
}

impl List {
    /// A list of these values.
    pub fn new(kind: ListKind, items: Vec<Value>) -> Self {
        Self(Rc::new(ListCell { kind, items: RefCell::new(items), changes: Cell::new(0) }))
    }

    /// How it prints.
    pub fn kind(&self) -> ListKind {
        self.0.kind
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.read(<[Value]>::len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at `index`.
    pub fn get(&self, index: usize) -> Option<Value> {
        self.read(|items| items.get(index).cloned())
    }

    /// Appends a value.
    pub fn push(&self, value: Value) {
        self.change(|items| items.push(value));
    }

    /// The values, as they are now.
    pub fn to_vec(&self) -> Vec<Value> {
        self.read(<[Value]>::to_vec)
    }

    /// Whether both are the same list, not only equal.
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }

    pub(crate) fn owners(&self) -> usize {
        Rc::strong_count(&self.0)
    }

    pub(crate) fn changes(&self) -> u32 {
        self.0.changes.get()
    }

    /// Looks at the values. `look` must not come back to this list to change it.
    pub(crate) fn read<R: Default>(&self, look: impl FnOnce(&[Value]) -> R) -> R {
        self.0.items.try_borrow().map(|items| look(&items)).unwrap_or_default()
    }

    /// Changes the values so that indices change.
    pub(crate) fn change<R: Default>(&self, change: impl FnOnce(&mut Vec<Value>) -> R) -> R {
        self.0.changes.set(self.changes().wrapping_add(1));
        self.0.items.try_borrow_mut().map(|mut items| change(&mut items)).unwrap_or_default()
    }

    /// Replaces a value, which a loop over the list does not mind. Gives the old one, if the index exists.
    pub(crate) fn set(&self, index: usize, value: Value) -> Option<Value> {
        let mut items = self.0.items.try_borrow_mut().ok()?;
        items.get_mut(index).map(|slot| std::mem::replace(slot, value))
    }

    /// Takes everything out, without counting as a change.
    pub(crate) fn dissolve(&self) {
        let items = self.0.items.try_borrow_mut().map(|mut items| std::mem::take(&mut *items));
        drop(items);
    }
}
