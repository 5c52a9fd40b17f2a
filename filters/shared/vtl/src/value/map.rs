//! Maps that keep the order of insertion.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use jsonpath::json::Style;

use super::equality::equals;
use super::objects::release_entries;
use super::{Text, Value};
use crate::budget::{Budget, Walk};
use crate::document::{Document, Kind, Place, TooLong};
use crate::error::Limit;

/// How a map prints and finds its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapKind {
    /// `{a=1, b=2}`
    Plain,
    /// Prints nothing: the parts of `$context`, as recorded on API Gateway.
    Context,
    /// Finds a key in any case, if not in its own: header names.
    Headers,
}

/// `java.util.LinkedHashMap`: shared, so that a clone is the same map.
#[derive(Debug, Clone)]
pub struct Map(Rc<MapCell>);

#[derive(Debug)]
struct MapCell {
    kind: MapKind,
    table: RefCell<Table>,
    /// Counts insertions and removals. A loop over the map fails when they happen meanwhile.
    changes: Cell<u32>,
}

#[derive(Debug, Default)]
struct Table {
    entries: Vec<(Value, Value)>,
    /// Places of the string keys, once there are many.
    index: Option<HashMap<Text, usize>>,
    /// An object of a document that nobody has looked into, but for single values; then there are no entries.
    source: Option<(Rc<Document>, Place)>,
}

/// Maps up to this size are searched from the front. It is faster, and most are smaller.
const MAX_UNINDEXED: usize = 16;

impl Drop for MapCell {
    fn drop(&mut self) {
        release_entries(&mut self.table.get_mut().entries);
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new(MapKind::Plain)
    }
}

impl Map {
    /// An empty map.
    pub fn new(kind: MapKind) -> Self {
        Self::with(kind, Table::default())
    }

    /// A map of these entries, whose keys differ.
    pub(crate) fn with_entries(kind: MapKind, entries: Vec<(Value, Value)>) -> Self {
        let mut table = Table { entries, ..Table::default() };
        table.reindex();
        Self::with(kind, table)
    }

    /// An object of a document.
    pub(crate) fn lazy(document: &Rc<Document>, place: Place) -> Self {
        Self::with(MapKind::Plain, Table { source: Some((Rc::clone(document), place)), ..Table::default() })
    }

    fn with(kind: MapKind, table: Table) -> Self {
        Self(Rc::new(MapCell { kind, table: RefCell::new(table), changes: Cell::new(0) }))
    }

    /// How it prints.
    pub fn kind(&self) -> MapKind {
        self.0.kind
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.read(|entries| entries.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a string key.
    pub fn get(&self, key: &str) -> Option<Value> {
        let mut found = Value::Null;
        if let Some(is_there) = self.scalar_at(std::iter::once(key), &mut found) {
            return is_there.then_some(found);
        }
        self.look(|table| {
            let place = table.find_text(key, self.0.kind)?;
            table.entries.get(place).map(|(_, value)| value.clone())
        })
    }

    /// Prints what names lead to, or nothing where there is nothing. `false` where that takes more than copying a
    /// text, and nothing was done.
    pub(crate) fn print_at<'k>(&self, names: impl Iterator<Item = &'k str>, out: &mut String) -> bool {
        self.locate(names, |document, place| document.print(place, out).then_some(())).is_some()
    }

    /// The value of a string key; what has to be made for it is paid for.
    pub(crate) fn member(&self, key: &str, budget: &Budget) -> Result<Option<Value>, Limit> {
        let mut found = Value::Null;
        if let Some(is_there) = self.scalar_at(std::iter::once(key), &mut found) {
            return Ok(is_there.then_some(found));
        }
        self.prepare(budget)?;
        Ok(self.get(key))
    }

    /// Walks an untouched object by names, and gives what `take` makes of the value there, if anything. `Some(None)`
    /// where there is no such value.
    ///
    /// The maps on the way are not made, as nobody gets to see them.
    fn locate<'k, R>(
        &self,
        names: impl Iterator<Item = &'k str>,
        take: impl FnOnce(&Rc<Document>, Place) -> Option<R>,
    ) -> Option<Option<R>> {
        let table = self.0.table.try_borrow().ok()?;
        let (document, place) = table.source.as_ref()?;
        let mut place = *place;
        for name in names {
            if document.len(place) > MAX_UNINDEXED {
                return None;
            }
            match document.kind(place) {
                Kind::Object => match document.member(place, name) {
                    Some(member) => place = member,
                    None => return Some(None),
                },
                // What properties other values have is not known here.
                Kind::Null => return Some(None),
                _ => return None,
            }
        }
        take(document, place).map(Some)
    }

    /// The scalar that names lead to in an untouched object, written to `out`, which is null: whether there is one. `None`
    /// where the entries must be asked, because a map or a list has to be the same one each time.
    pub(crate) fn scalar_at<'k>(&self, names: impl Iterator<Item = &'k str>, out: &mut Value) -> Option<bool> {
        let found = self.locate(names, |document, place| match document.kind(place) {
            Kind::Array | Kind::Object => None,
            _ => {
                document.value_into(place, out);
                Some(())
            }
        });
        found.map(|found| found.is_some())
    }

    /// Sets the value of a string key.
    pub fn insert(&self, key: &str, value: impl Into<Value>) {
        self.put(Value::from(key), value.into());
    }

    /// The entries, as they are now.
    pub fn entries(&self) -> Vec<(Value, Value)> {
        self.read(|entries| entries.to_vec())
    }

    /// Whether both are the same map, not only equal.
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Whether it is an object of a document that nobody has looked into, so that there are no values in it.
    pub(crate) fn is_untouched(&self) -> bool {
        self.0.table.try_borrow().is_ok_and(|table| table.source.is_some())
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
        let Ok(table) = self.0.table.try_borrow() else { return Ok(()) };
        match &table.source {
            Some((document, place)) => {
                budget.allocate(document.len(*place).saturating_mul(size_of::<(Value, Value)>()))
            }
            None => Ok(()),
        }
    }

    /// Writes an untouched object of a document as JSON. `None` for another map.
    pub(crate) fn write_source(&self, style: Style, out: &mut String) -> Option<Result<(), TooLong>> {
        let table = self.0.table.try_borrow().ok()?;
        table.source.as_ref().map(|(document, place)| document.write(*place, style, out))
    }

    /// Looks at the entries. `look` must not come back to this map to change it.
    pub(crate) fn read<R: Default>(&self, look: impl FnOnce(&[(Value, Value)]) -> R) -> R {
        self.look(|table| look(&table.entries))
    }

    fn look<R: Default>(&self, look: impl FnOnce(&Table) -> R) -> R {
        match self.0.table.try_borrow() {
            Ok(table) if table.source.is_none() => look(&table),
            Ok(table) => {
                drop(table);
                self.change(|table| look(table))
            }
            Err(_) => R::default(),
        }
    }

    fn change<R: Default>(&self, change: impl FnOnce(&mut Table) -> R) -> R {
        self.0.table.try_borrow_mut().map(|mut table| change(table.own())).unwrap_or_default()
    }

    fn changed(&self) {
        self.0.changes.set(self.changes().wrapping_add(1));
    }

    /// The value of any key.
    pub(crate) fn find(&self, key: &Value) -> Option<Value> {
        if let Value::String(text) = key {
            return self.get(text);
        }
        self.look(|table| {
            let place = table.find(key, self.0.kind)?;
            table.entries.get(place).map(|(_, value)| value.clone())
        })
    }

    pub(crate) fn contains(&self, key: &Value) -> bool {
        self.look(|table| table.find(key, self.0.kind).is_some())
    }

    pub(crate) fn entry(&self, place: usize) -> Option<(Value, Value)> {
        self.read(|entries| entries.get(place).cloned())
    }

    /// Sets a value, and gives the one before.
    pub(crate) fn put(&self, key: Value, value: Value) -> Option<Value> {
        let (old, added) = self.change(|table| {
            let place = table.find(&key, self.0.kind);
            if let Some((_, old)) = place.and_then(|place| table.entries.get_mut(place)) {
                return (Some(std::mem::replace(old, value)), false);
            }
            table.push(key, value);
            (None, true)
        });
        if added {
            self.changed();
        }
        old
    }

    /// Removes an entry, and gives its value.
    pub(crate) fn remove(&self, key: &Value) -> Option<Value> {
        let removed = self.change(|table| {
            let place = table.find(key, self.0.kind).filter(|place| *place < table.entries.len())?;
            let removed = table.entries.remove(place);
            table.reindex();
            Some(removed)
        });
        if removed.is_some() {
            self.changed();
        }
        removed.map(|(_, value)| value)
    }

    pub(crate) fn clear(&self) {
        self.changed();
        self.dissolve();
    }

    /// Takes everything out, without counting as a change.
    pub(crate) fn dissolve(&self) {
        let table = self.change(std::mem::take);
        drop(table);
    }

    /// A new map with the same entries.
    pub(crate) fn copy(&self) -> Self {
        Self::with_entries(self.kind(), self.entries())
    }
}

impl Table {
    /// This table, with the entries of the document in it.
    fn own(&mut self) -> &mut Self {
        if let Some((document, place)) = self.source.take() {
            self.entries = document.entries(place);
            self.reindex();
        }
        self
    }

    fn find(&self, key: &Value, kind: MapKind) -> Option<usize> {
        if let Value::String(text) = key {
            return self.find_text(text, kind);
        }
        // Other keys are few, and the caller pays for the search. What is nested too deeply is not found.
        let budget = Budget::default();
        self.entries.iter().position(|(k, _)| equals(k, key, Walk::new(&budget)).unwrap_or(false))
    }

    fn find_text(&self, key: &str, kind: MapKind) -> Option<usize> {
        let exact = match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.entries.iter().position(|(k, _)| k.as_str() == Some(key)),
        };
        if exact.is_none() && kind == MapKind::Headers {
            return self.entries.iter().position(|(k, _)| k.as_str().is_some_and(|k| k.eq_ignore_ascii_case(key)));
        }
        exact
    }

    fn push(&mut self, key: Value, value: Value) {
        let place = self.entries.len();
        if let (Some(index), Value::String(text)) = (&mut self.index, &key) {
            index.insert(text.clone(), place);
        }
        self.entries.push((key, value));
        if self.index.is_none() && self.entries.len() > MAX_UNINDEXED {
            self.reindex();
        }
    }

    fn reindex(&mut self) {
        self.index = (self.entries.len() > MAX_UNINDEXED).then(|| {
            let texts = self.entries.iter().enumerate().filter_map(|(place, (key, _))| match key {
                Value::String(text) => Some((text.clone(), place)),
                _ => None,
            });
            texts.collect()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_place_through_the_index() {
        let map = Map::default();
        for n in 0..40 {
            map.insert(&format!("k{n}"), n);
        }
        map.insert("k5", 500);
        assert!(map.remove(&"k0".into()).is_some());
        map.put(Value::Int(7), "seven".into());
        assert_eq!(map.len(), 40);
        assert_eq!(map.get("k5").map(|v| v.to_string()), Some("500".into()));
        assert_eq!(map.get("k39").map(|v| v.to_string()), Some("39".into()));
        assert_eq!(map.find(&Value::Int(7)).map(|v| v.to_string()), Some("seven".into()));
        assert!(map.find(&Value::Long(7)).is_none(), "an Integer is not a Long");
        assert!(map.get("k0").is_none());
        assert_eq!(map.entry(0).map(|(k, _)| k.to_string()), Some("k1".into()));
    }

    #[test]
    fn header_names_are_found_in_any_case() {
        let map = Map::new(MapKind::Headers);
        map.insert("Content-Type", "a");
        assert!(map.get("content-type").is_some());
        assert!(Map::default().get("content-type").is_none());
    }
}
