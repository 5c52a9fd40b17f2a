//! Lists.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use jsonpath::json::Style;

use super::Value;
use super::objects::release;
use crate::budget::Budget;
use crate::document::{Document, Place, TooLong};
use crate::error::Limit;

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
    items: RefCell<Items>,
    /// Counts insertions and removals. A loop over the list fails when they happen meanwhile.
    changes: Cell<u32>,
}

#[derive(Debug)]
struct Items {
    own: Vec<Value>,
    /// An array of a document that nobody has looked into; then `own` is empty.
    source: Option<(Rc<Document>, Place)>,
}

impl Items {
    fn own(&mut self) -> &mut Vec<Value> {
        if let Some((document, place)) = self.source.take() {
            self.own = document.items(place);
        }
        &mut self.own
    }
}

impl Drop for ListCell {
    fn drop(&mut self) {
        release(&mut self.items.get_mut().own);
    }
}

impl List {
    /// A list of these values.
    pub fn new(kind: ListKind, items: Vec<Value>) -> Self {
        Self::with(kind, Items { own: items, source: None })
    }

    /// An array of a document.
    pub(crate) fn lazy(document: &Rc<Document>, place: Place) -> Self {
        Self::with(ListKind::Json, Items { own: Vec::new(), source: Some((Rc::clone(document), place)) })
    }

    fn with(kind: ListKind, items: Items) -> Self {
        Self(Rc::new(ListCell { kind, items: RefCell::new(items), changes: Cell::new(0) }))
    }

    /// How it prints.
    pub fn kind(&self) -> ListKind {
        self.0.kind
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        let Ok(items) = self.0.items.try_borrow() else { return 0 };
        match &items.source {
            Some((document, place)) => document.len(*place),
            None => items.own.len(),
        }
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

    /// Whether it is an array of a document that nobody has looked into, so that there are no values in it.
    pub(crate) fn is_untouched(&self) -> bool {
        self.0.items.try_borrow().is_ok_and(|items| items.source.is_some())
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

    /// Pays for the values of a document, which the next look makes.
    pub(crate) fn prepare(&self, budget: &Budget) -> Result<(), Limit> {
        let Ok(mut items) = self.0.items.try_borrow_mut() else { return Ok(()) };
        if let Some((document, place)) = &items.source {
            budget.allocate(document.len(*place).saturating_mul(size_of::<Value>()))?;
            items.own();
        }
        Ok(())
    }

    /// Writes an untouched array of a document. `None` for another list.
    pub(crate) fn write_source(&self, style: Style, out: &mut String) -> Option<Result<(), TooLong>> {
        let items = self.0.items.try_borrow().ok()?;
        items.source.as_ref().map(|(document, place)| document.write(*place, style, out))
    }

    /// Looks at the values. `look` must not come back to this list to change it.
    pub(crate) fn read<R: Default>(&self, look: impl FnOnce(&[Value]) -> R) -> R {
        match self.0.items.try_borrow() {
            Ok(items) if items.source.is_none() => look(&items.own),
            Ok(items) => {
                drop(items);
                self.own(|items| look(items))
            }
            Err(_) => R::default(),
        }
    }

    /// Changes the values so that indices change.
    pub(crate) fn change<R: Default>(&self, change: impl FnOnce(&mut Vec<Value>) -> R) -> R {
        self.0.changes.set(self.changes().wrapping_add(1));
        self.own(change)
    }

    fn own<R: Default>(&self, change: impl FnOnce(&mut Vec<Value>) -> R) -> R {
        self.0.items.try_borrow_mut().map(|mut items| change(items.own())).unwrap_or_default()
    }

    /// Replaces a value, which a loop over the list does not mind. Gives the old one, if the index exists.
    pub(crate) fn set(&self, index: usize, value: Value) -> Option<Value> {
        self.own(|items| items.get_mut(index).map(|slot| std::mem::replace(slot, value)))
    }

    /// Takes everything out, without counting as a change.
    pub(crate) fn dissolve(&self) {
        let items = self.own(std::mem::take);
        drop(items);
    }
}
