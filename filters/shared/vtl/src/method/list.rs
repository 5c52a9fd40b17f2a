//! `java.util.ArrayList`

use std::rc::Rc;

use super::array::to_array;
use super::sort::sorted;
use super::{CallError, Called, element, elements, is_collection, new_list, object, some, taken, void};
use crate::budget::Walk;
use crate::render::Renderer;
use crate::value::{Cursor, List, ListKind, ObjectKind, Value, contains, position};

/// `list.name(arguments)`; `target` is the list.
#[inline(never)]
pub(super) fn call(
    renderer: &mut Renderer<'_, '_>,
    target: &Value,
    list: &List,
    name: &str,
    arguments: &mut [Value],
) -> Called {
    match (name, &*arguments) {
        ("size", []) => some(Value::size(list.len())),
        ("isEmpty", []) => some(list.is_empty()),
        ("get", [Value::Int(n)]) => element(index(*n).and_then(|n| list.get(n)), *n),
        ("set", [Value::Int(n), _]) => {
            let n = *n;
            let value = taken(arguments, 1);
            renderer.adopt(target, &value);
            element(index(n).and_then(|n| list.set(n, value)), n)
        }
        ("add", [_]) => {
            let value = taken(arguments, 0);
            renderer.allocate(size_of::<Value>())?;
            renderer.adopt(target, &value);
            list.push(value);
            some(true)
        }
        ("add", [Value::Int(n), _]) => {
            let n = *n;
            let value = taken(arguments, 1);
            let place = insertion(list, n)?;
            moved(renderer, list)?;
            renderer.allocate(size_of::<Value>())?;
            renderer.adopt(target, &value);
            list.change(|items| items.insert(place.min(items.len()), value));
            void()
        }
        ("addAll", [more]) => {
            let place = list.len();
            add_all(renderer, target, list, place, more)
        }
        ("addAll", [Value::Int(n), more]) => {
            let place = if is_collection(more) { insertion(list, *n)? } else { return Ok(None) };
            add_all(renderer, target, list, place, more)
        }
        ("contains", [wanted]) => {
            let items = list.to_vec();
            some(contains(&items, wanted, Walk::new(&renderer.budget))?)
        }
        ("containsAll", [wanted]) => {
            let Some(wanted) = elements(renderer, wanted)? else { return Ok(None) };
            let items = list.to_vec();
            for wanted in &wanted {
                if !contains(&items, wanted, Walk::new(&renderer.budget))? {
                    return some(false);
                }
            }
            some(true)
        }
        ("indexOf", [wanted]) => {
            let found = position(&list.to_vec(), wanted, Walk::new(&renderer.budget))?;
            some(found.map_or(Value::Int(-1), Value::size))
        }
        ("lastIndexOf", [wanted]) => {
            let mut items = list.to_vec();
            items.reverse();
            let found = position(&items, wanted, Walk::new(&renderer.budget))?;
            let last = items.len().saturating_sub(1);
            some(found.map_or(Value::Int(-1), |n| Value::size(last.saturating_sub(n))))
        }
        ("remove", [Value::Int(n)]) => {
            moved(renderer, list)?;
            let place = index(*n).filter(|n| *n < list.len());
            let removed = place
                .and_then(|place| list.change(|items| Some(items.remove(place.min(items.len().saturating_sub(1))))));
            element(removed, *n)
        }
        ("remove", [wanted]) => {
            moved(renderer, list)?;
            match position(&list.to_vec(), wanted, Walk::new(&renderer.budget))? {
                Some(place) => {
                    let removed = list.change(|items| (place < items.len()).then(|| items.remove(place)));
                    some(removed.is_some())
                }
                None => some(false),
            }
        }
        ("removeAll", [others]) => keep(renderer, list, others, false),
        ("retainAll", [others]) => keep(renderer, list, others, true),
        ("clear", []) => {
            let items = list.change(std::mem::take);
            drop(items);
            void()
        }
        // A copy here; in Java what is changed in it changes the list.
        ("subList", [Value::Int(from), Value::Int(to)]) => {
            let range = index(*from).zip(index(*to));
            let items = range.and_then(|(from, to)| list.read(|items| items.get(from..to).map(<[Value]>::to_vec)));
            match items {
                Some(items) => new_list(renderer, items),
                None => Err(format!("from {from} to {to} in a list of {}", list.len()).into()),
            }
        }
        ("iterator" | "listIterator", []) => some(Value::object(ObjectKind::Cursor(Rc::new(Cursor::list(list))))),
        ("toArray", _) => to_array(renderer, list.to_vec(), arguments),
        ("sort", [Value::Null]) => {
            let values = sorted(renderer, list.to_vec())?;
            list.change(|items| *items = values);
            void()
        }
        ("clone", []) => {
            renderer.allocate(list.len().saturating_mul(size_of::<Value>()))?;
            some(List::new(list.kind(), list.to_vec()))
        }
        ("toJSONString", []) if list.kind() == ListKind::Json => Ok(Some(Value::String(renderer.text_of(target)?))),
        _ => object(renderer, target, name, arguments),
    }
}

fn index(n: i32) -> Option<usize> {
    usize::try_from(n).ok()
}

/// Where a value may be inserted.
fn insertion(list: &List, n: i32) -> Result<usize, CallError> {
    match index(n) {
        Some(place) if place <= list.len() => Ok(place),
        _ => Err(format!("index {n} is out of bounds").into()),
    }
}

/// Takes what moving the elements of a list costs.
fn moved(renderer: &Renderer<'_, '_>, list: &List) -> Result<(), CallError> {
    Ok(renderer.spend(u64::try_from(list.len() / 64).unwrap_or(u64::MAX))?)
}

fn add_all(renderer: &mut Renderer<'_, '_>, target: &Value, list: &List, place: usize, more: &Value) -> Called {
    let Some(more) = elements(renderer, more)? else { return Ok(None) };
    moved(renderer, list)?;
    renderer.allocate(more.len().saturating_mul(size_of::<Value>()))?;
    for value in &more {
        renderer.adopt(target, value);
    }
    let added = !more.is_empty();
    list.change(|items| {
        let tail = items.split_off(place.min(items.len()));
        items.extend(more);
        items.extend(tail);
    });
    some(added)
}

fn keep(renderer: &mut Renderer<'_, '_>, list: &List, others: &Value, common: bool) -> Called {
    let Some(others) = elements(renderer, others)? else { return Ok(None) };
    let before = list.to_vec();
    let mut kept = Vec::new();
    for value in &before {
        if contains(&others, value, Walk::new(&renderer.budget))? == common {
            kept.push(value.clone());
        }
    }
    let changed = kept.len() != before.len();
    if changed {
        list.change(|items| *items = kept);
    }
    some(changed)
}
