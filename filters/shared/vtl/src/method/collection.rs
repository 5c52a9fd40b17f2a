//! The views of a map: its keys, values and entries.

use std::rc::Rc;

use super::array::to_array;
use super::{Called, elements, object, some, void};
use crate::budget::Walk;
use crate::render::Renderer;
use crate::value::{Cursor, ObjectKind, Value, View, ViewKind, contains, position, view_contains};

/// `view.name(arguments)`: what a Java set, or the collection of values, has.
#[inline(never)]
pub(super) fn call_view(
    renderer: &mut Renderer<'_, '_>,
    target: &Value,
    view: &Rc<View>,
    name: &str,
    arguments: &mut [Value],
) -> Called {
    match (name, &*arguments) {
        ("size", []) => some(Value::size(view.map.len())),
        ("isEmpty", []) => some(view.map.is_empty()),
        ("contains", [wanted]) => some(view_contains(view, wanted, Walk::new(&renderer.budget))?),
        ("containsAll", [wanted]) => {
            let Some(wanted) = elements(renderer, wanted)? else { return Ok(None) };
            for wanted in &wanted {
                if !view_contains(view, wanted, Walk::new(&renderer.budget))? {
                    return some(false);
                }
            }
            some(true)
        }
        ("remove", [wanted]) => {
            renderer.spend(u64::try_from(view.map.len() / 4).unwrap_or(u64::MAX))?;
            let key = match view.kind {
                ViewKind::Keys => view.map.contains(wanted).then(|| wanted.clone()),
                ViewKind::Values | ViewKind::Entries => {
                    let place = position(&view.to_vec(), wanted, Walk::new(&renderer.budget))?;
                    place.and_then(|place| view.map.entry(place)).map(|(key, _)| key)
                }
            };
            let removed = key.and_then(|key| view.map.remove(&key));
            some(removed.is_some())
        }
        ("clear", []) => {
            view.map.clear();
            void()
        }
        ("iterator", []) => some(Value::object(ObjectKind::Cursor(Rc::new(Cursor::view(&view.map, view.kind))))),
        ("toArray", _) => to_array(renderer, view.to_vec(), arguments),
        ("removeAll", [others]) => keep(renderer, view, others, false),
        ("retainAll", [others]) => keep(renderer, view, others, true),
        ("addAll", [more]) if elements(renderer, more)?.is_none_or(|more| more.is_empty()) => {
            Ok(elements(renderer, more)?.map(|_| Value::Bool(false)))
        }
        ("add" | "addAll", [_]) => Err("the keys and values of a map cannot be added to".into()),
        _ => object(renderer, target, name, arguments),
    }
}

/// Removes the entries whose element is in a collection, or keeps only these.
fn keep(renderer: &Renderer<'_, '_>, view: &View, others: &Value, common: bool) -> Called {
    let Some(others) = elements(renderer, others)? else { return Ok(None) };
    let mut removed = false;
    for (key, value) in view.map.entries() {
        let element = view.element((key.clone(), value));
        if contains(&others, &element, Walk::new(&renderer.budget))? != common {
            renderer.spend(u64::try_from(view.map.len() / 4).unwrap_or(u64::MAX))?;
            view.map.remove(&key);
            removed = true;
        }
    }
    some(removed)
}
