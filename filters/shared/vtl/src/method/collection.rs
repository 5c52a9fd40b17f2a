//! Arrays, and the views of a map.

use std::rc::Rc;

use super::{Called, element, elements, new_array, new_list, object, some, taken, void};
use crate::budget::Walk;
use crate::render::Renderer;
use crate::value::{Array, Cursor, ObjectKind, Value, View, ViewKind, contains, position, view_contains};

/// `array.name(arguments)`: what a Java list of fixed size has.
#[inline(never)]
pub(super) fn call_array(
    renderer: &mut Renderer<'_, '_>,
    target: &Value,
    array: &Array,
    name: &str,
    arguments: &mut [Value],
) -> Called {
    let items = || array.read(<[Value]>::to_vec);
    let index = |n: i32| usize::try_from(n).ok();
    match (name, &*arguments) {
        ("size", []) => some(Value::size(array.len())),
        ("isEmpty", []) => some(array.len() == 0),
        ("get", [Value::Int(n)]) => element(index(*n).and_then(|n| array.get(n)), *n),
        ("set", [Value::Int(n), _]) => {
            let n = *n;
            let value = taken(arguments, 1);
            renderer.adopt(target, &value);
            element(index(n).and_then(|n| array.set(n, value)), n)
        }
        ("contains", [wanted]) => some(contains(&items(), wanted, Walk::new(&renderer.budget))?),
        ("indexOf", [wanted]) => {
            let found = position(&items(), wanted, Walk::new(&renderer.budget))?;
            some(found.map_or(Value::Int(-1), Value::size))
        }
        ("lastIndexOf", [wanted]) => {
            let mut items = items();
            items.reverse();
            let last = items.len().saturating_sub(1);
            let found = position(&items, wanted, Walk::new(&renderer.budget))?;
            some(found.map_or(Value::Int(-1), |n| Value::size(last.saturating_sub(n))))
        }
        ("subList", [Value::Int(from), Value::Int(to)]) => {
            let range = index(*from).zip(index(*to));
            match range.and_then(|(from, to)| array.read(|items| items.get(from..to).map(<[Value]>::to_vec))) {
                Some(items) => new_list(renderer, items),
                None => Err(format!("from {from} to {to} in an array of {}", array.len()).into()),
            }
        }
        ("iterator" | "listIterator", []) => some(Value::object(ObjectKind::Cursor(Rc::new(Cursor::array(array))))),
        ("toArray", []) => new_array(renderer, items()),
        ("add" | "remove" | "addAll", [_]) | ("clear", []) => Err("an array cannot grow or shrink".into()),
        _ => object(renderer, target, name, arguments),
    }
}

/// `view.name(arguments)`: what a Java set, or the collection of values, has.
#[inline(never)]
pub(super) fn call_view(
    renderer: &mut Renderer<'_, '_>,
    target: &Value,
    view: &Rc<View>,
    name: &str,
    arguments: &[Value],
) -> Called {
    match (name, arguments) {
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
        ("toArray", []) => new_array(renderer, view.to_vec()),
        ("addAll", [more]) if elements(renderer, more)?.is_none_or(|more| more.is_empty()) => {
            Ok(elements(renderer, more)?.map(|_| Value::Bool(false)))
        }
        ("add" | "addAll", [_]) => Err("the keys and values of a map cannot be added to".into()),
        _ => object(renderer, target, name, arguments),
    }
}
