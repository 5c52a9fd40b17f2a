//! Arrays, views of maps, entries, iterators, blocks and loops.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::{List, Map, Object, ObjectKind, Value};
use crate::ast::Node;

/// A Java array, as `split` and `toArray` give it.
#[derive(Debug, Clone)]
pub(crate) struct Array(Rc<ArrayCell>);

#[derive(Debug)]
struct ArrayCell {
    items: RefCell<Vec<Value>>,
    /// A `String[]`, which takes nothing else.
    of_texts: bool,
}

impl Drop for ArrayCell {
    fn drop(&mut self) {
        release(self.items.get_mut());
    }
}

impl Array {
    /// `Object[]`
    pub(crate) fn new(items: Vec<Value>) -> Self {
        Self(Rc::new(ArrayCell { items: RefCell::new(items), of_texts: false }))
    }

    /// `String[]`
    pub(crate) fn of_texts(items: Vec<Value>) -> Self {
        Self(Rc::new(ArrayCell { items: RefCell::new(items), of_texts: true }))
    }

    /// Whether the value is of a class that it can have.
    pub(crate) fn takes(&self, value: &Value) -> bool {
        !self.0.of_texts || matches!(value, Value::String(_) | Value::Null)
    }

    pub(crate) fn len(&self) -> usize {
        self.read(<[Value]>::len)
    }

    pub(crate) fn get(&self, index: usize) -> Option<Value> {
        self.read(|items| items.get(index).cloned())
    }

    pub(crate) fn set(&self, index: usize, value: Value) -> Option<Value> {
        let mut items = self.0.items.try_borrow_mut().ok()?;
        items.get_mut(index).map(|slot| std::mem::replace(slot, value))
    }

    pub(crate) fn read<R: Default>(&self, look: impl FnOnce(&[Value]) -> R) -> R {
        self.0.items.try_borrow().map(|items| look(&items)).unwrap_or_default()
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }

    pub(crate) fn owners(&self) -> usize {
        Rc::strong_count(&self.0)
    }

    pub(crate) fn dissolve(&self) {
        let items = self.0.items.try_borrow_mut().map(|mut items| std::mem::take(&mut *items));
        drop(items);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ViewKind {
    Keys,
    Values,
    Entries,
}

/// `keySet()`, `values()` or `entrySet()`: what the map has now, not a copy.
#[derive(Debug)]
pub(crate) struct View {
    pub map: Map,
    pub kind: ViewKind,
}

impl View {
    /// The element for an entry of the map.
    pub(crate) fn element(&self, (key, value): (Value, Value)) -> Value {
        match self.kind {
            ViewKind::Keys => key,
            ViewKind::Values => value,
            ViewKind::Entries => Value::object(ObjectKind::Entry(Rc::new(Entry {
                map: self.map.clone(),
                key,
                last: RefCell::new(value),
            }))),
        }
    }

    pub(crate) fn to_vec(&self) -> Vec<Value> {
        self.map.entries().into_iter().map(|entry| self.element(entry)).collect()
    }
}

/// `Map.Entry`
#[derive(Debug)]
pub(crate) struct Entry {
    pub map: Map,
    pub key: Value,
    /// The value, for an entry that is no longer in the map.
    last: RefCell<Value>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let last = std::mem::replace(self.last.get_mut(), Value::Null);
        if is_nested(&last) {
            release_all(std::iter::once(last));
        }
    }
}

impl Entry {
    pub(crate) fn value(&self) -> Value {
        match self.map.find(&self.key) {
            Some(value) => value,
            None => self.last.try_borrow().map(|last| last.clone()).unwrap_or(Value::Null),
        }
    }

    pub(crate) fn set(&self, value: Value) -> Value {
        let old = self.value();
        if self.map.contains(&self.key) {
            self.map.put(self.key.clone(), value.clone());
        }
        let replaced = self.last.try_borrow_mut().map(|mut last| std::mem::replace(&mut *last, value));
        drop(replaced);
        old
    }
}

/// A walk over a collection: a `#foreach`, or `iterator()`.
#[derive(Debug)]
pub(crate) struct Cursor {
    source: Source,
    /// What the source had counted when the walk began, or after its own last change.
    changes: Cell<u32>,
    next: Cell<usize>,
    /// The element before `next` has been given, and not removed.
    given: Cell<bool>,
}

#[derive(Debug)]
enum Source {
    List(List),
    /// Java looks for the next entry when it gives one, so that a map may grow during its last round.
    View {
        view: View,
        more: Cell<bool>,
    },
    Array(Array),
    /// Steps from a first number, up or down.
    Range {
        first: i32,
        down: bool,
        len: usize,
    },
}

/// A collection was changed while it was iterated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConcurrentModification;

impl Cursor {
    pub(crate) fn list(list: &List) -> Self {
        Self::new(Source::List(list.clone()))
    }

    pub(crate) fn view(map: &Map, kind: ViewKind) -> Self {
        let view = View { map: map.clone(), kind };
        Self::new(Source::View { view, more: Cell::new(!map.is_empty()) })
    }

    pub(crate) fn array(array: &Array) -> Self {
        Self::new(Source::Array(array.clone()))
    }

    /// From `first` to `last`, both included.
    pub(crate) fn range(first: i32, last: i32) -> Self {
        Self::new(Source::Range { first, down: first >= last, len: range_len(first, last) })
    }

    fn new(source: Source) -> Self {
        Self { changes: Cell::new(source.changes()), source, next: Cell::new(0), given: Cell::new(false) }
    }

    /// The cursor that `#foreach` makes of a value; `None` where it iterates nothing.
    pub(crate) fn over(value: &Value) -> Option<Rc<Self>> {
        Some(match value {
            Value::List(list) => Rc::new(Self::list(list)),
            Value::Map(map) => Rc::new(Self::view(map, ViewKind::Values)),
            Value::Object(Object(kind)) => match kind {
                ObjectKind::Array(array) => Rc::new(Self::array(array)),
                ObjectKind::View(view) => Rc::new(Self::view(&view.map, view.kind)),
                ObjectKind::Loop(scope) => Rc::new(Self::view(&scope.storage, ViewKind::Values)),
                ObjectKind::Cursor(cursor) => Rc::clone(cursor),
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The collection that is walked.
    pub(crate) fn source(&self) -> Option<Value> {
        match &self.source {
            Source::List(list) => Some(Value::List(list.clone())),
            Source::View { view, .. } => Some(Value::Map(view.map.clone())),
            Source::Array(array) => Some(Value::object(ObjectKind::Array(array.clone()))),
            Source::Range { .. } => None,
        }
    }

    pub(crate) fn has_next(&self) -> bool {
        let next = self.next.get();
        match &self.source {
            // Java compares for inequality: a list that shrank has a next element, too.
            Source::List(list) => next != list.len(),
            Source::View { more, .. } => more.get(),
            Source::Array(array) => next < array.len(),
            Source::Range { len, .. } => next < *len,
        }
    }

    /// The next element, null at the end, written to `out`, which is null.
    pub(crate) fn advance_into(&self, out: &mut Value) -> Result<(), ConcurrentModification> {
        if let Source::List(list) = &self.source
            && list.changes() == self.changes.get()
        {
            let place = self.next.get();
            self.next.set(place.saturating_add(1));
            self.given.set(true);
            list.read(|items| items.get(place).into_iter().for_each(|item| out.fill_from(item)));
            return Ok(());
        }
        out.fill(self.advance()?.unwrap_or(Value::Null));
        Ok(())
    }

    /// The next element, `None` at the end.
    pub(crate) fn advance(&self) -> Result<Option<Value>, ConcurrentModification> {
        let place = self.next.get();
        self.next.set(place.saturating_add(1));
        self.given.set(true);
        self.check()?;
        Ok(match &self.source {
            Source::List(list) => list.get(place),
            Source::View { view, more } => {
                more.set(place.saturating_add(1) < view.map.len());
                view.map.entry(place).map(|entry| view.element(entry))
            }
            Source::Array(array) => array.get(place),
            Source::Range { first, down, len } => (place < *len).then(|| Value::Int(step(*first, *down, place))),
        })
    }

    /// Takes the element that was given last out of the collection. False where there is none, or none that goes.
    pub(crate) fn remove(&self) -> Result<bool, ConcurrentModification> {
        let Some(place) = self.next.get().checked_sub(1).filter(|_| self.given.get()) else { return Ok(false) };
        self.check()?;
        let removed = match &self.source {
            Source::List(list) => list.change(|items| (place < items.len()).then(|| items.remove(place))),
            Source::View { view, .. } => view.map.entry(place).and_then(|(key, _)| view.map.remove(&key)),
            Source::Array(_) | Source::Range { .. } => None,
        };
        self.changes.set(self.source.changes());
        self.next.set(place);
        self.given.set(false);
        Ok(removed.is_some())
    }

    fn check(&self) -> Result<(), ConcurrentModification> {
        if self.source.changes() == self.changes.get() { Ok(()) } else { Err(ConcurrentModification) }
    }

    /// How many elements a removal moves at most.
    pub(crate) fn len(&self) -> usize {
        match &self.source {
            Source::List(list) => list.len(),
            Source::View { view, .. } => view.map.len(),
            Source::Array(_) | Source::Range { .. } => 0,
        }
    }
}

impl Source {
    fn changes(&self) -> u32 {
        match self {
            Self::List(list) => list.changes(),
            Self::View { view, .. } => view.map.changes(),
            Self::Array(_) | Self::Range { .. } => 0,
        }
    }
}

/// Number of integers from `first` to `last`.
pub(crate) fn range_len(first: i32, last: i32) -> usize {
    usize::try_from(first.abs_diff(last)).unwrap_or(usize::MAX).saturating_add(1)
}

fn step(first: i32, down: bool, place: usize) -> i32 {
    let distance = i32::try_from(place).unwrap_or(i32::MAX);
    if down { first.saturating_sub(distance) } else { first.saturating_add(distance) }
}

/// What `#define` puts into its variable: rendered each time it is printed.
#[derive(Debug)]
pub(crate) struct Block {
    pub body: Rc<Vec<Node>>,
    /// How many renderings of it are under way.
    pub depth: Cell<u32>,
}

/// `$foreach`
#[derive(Debug)]
pub(crate) struct LoopScope {
    /// Which `#foreach` it belongs to.
    pub owner: usize,
    pub index: Cell<i32>,
    pub has_next: Cell<bool>,
    pub parent: Option<Rc<LoopScope>>,
    /// What `$foreach` was before, if not a loop.
    pub replaced: Option<Value>,
    /// Properties that the template sets.
    pub storage: Map,
}

impl Drop for LoopScope {
    fn drop(&mut self) {
        // Loops can be chained by a template that sets `$foreach`, too.
        let parent = self.parent.take().map(|parent| Value::object(ObjectKind::Loop(parent)));
        if parent.is_some() || self.replaced.is_some() {
            release_all([parent, self.replaced.take()].into_iter().flatten());
        }
    }
}

/// Values under destruction. A template can nest values a million levels deep, and dropping the outermost would drop
/// the next one inside of itself, and so on until the stack ends.
#[derive(Default)]
struct Releasing {
    active: bool,
    pending: Vec<Value>,
}

thread_local! {
    static RELEASING: RefCell<Releasing> = RefCell::default();
}

/// Whether dropping a value can drop others.
fn is_nested(value: &Value) -> bool {
    match value {
        Value::Map(map) => !map.is_untouched(),
        Value::List(list) => !list.is_untouched(),
        Value::Object(_) => true,
        _ => false,
    }
}

/// Drops the values of a list one after the other.
pub(super) fn release(values: &mut Vec<Value>) {
    if values.iter().any(is_nested) {
        release_all(std::mem::take(values).into_iter().filter(is_nested));
    }
}

/// Drops the keys and values of a map one after the other.
pub(super) fn release_entries(entries: &mut Vec<(Value, Value)>) {
    if entries.iter().any(|(key, value)| is_nested(key) || is_nested(value)) {
        let values = std::mem::take(entries).into_iter().flat_map(|(key, value)| [key, value]);
        release_all(values.filter(is_nested));
    }
}

fn release_all(values: impl Iterator<Item = Value>) {
    let _ = RELEASING.try_with(|releasing| {
        if let Ok(mut releasing) = releasing.try_borrow_mut() {
            releasing.pending.extend(values);
            if releasing.active {
                return;
            }
            releasing.active = true;
        }
        loop {
            // The borrow ends before the drop, which may come back here.
            let next = releasing.try_borrow_mut().ok().and_then(|mut releasing| releasing.pending.pop());
            if next.is_none() {
                break;
            }
        }
        if let Ok(mut releasing) = releasing.try_borrow_mut() {
            releasing.active = false;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ListKind;

    #[test]
    fn a_million_levels_are_dropped_without_recursion() {
        let mut value = Value::Null;
        for n in 0..1_000_000 {
            value = if n % 2 == 0 {
                Value::List(List::new(ListKind::Vtl, vec![value]))
            } else {
                let map = Map::default();
                map.insert("k", value);
                Value::array(vec![Value::Map(map)])
            };
        }
        drop(value);
    }

    #[test]
    fn ranges_count_down_too() {
        let cursor = Cursor::range(2, -1);
        let mut seen = Vec::new();
        while let Ok(Some(value)) = cursor.advance() {
            seen.push(value.to_string());
        }
        assert_eq!(seen, ["2", "1", "0", "-1"]);
        assert_eq!(range_len(i32::MIN, i32::MAX), 1 << 32);
    }
}
