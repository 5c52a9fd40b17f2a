//! Arrays, which Velocity lets templates use as lists of a fixed size.

use std::rc::Rc;

use super::sort::sorted;
use super::{CallError, Called, element, elements, new_array, new_list, object, some, taken, void};
use crate::budget::Walk;
use crate::render::Renderer;
use crate::value::{Array, Cursor, Object, ObjectKind, Value, contains, position};

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
            stored(array, &value)?;
            renderer.adopt(target, &value);
            element(index(n).and_then(|n| array.set(n, value)), n)
        }
        ("contains", [wanted]) => some(contains(&items(), wanted, Walk::new(&renderer.budget))?),
        ("containsAll", [wanted]) => {
            let Some(wanted) = elements(renderer, wanted)? else { return Ok(None) };
            let items = items();
            for wanted in &wanted {
                if !contains(&items, wanted, Walk::new(&renderer.budget))? {
                    return some(false);
                }
            }
            some(true)
        }
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
        ("toArray", _) => to_array(renderer, items(), arguments),
        ("sort", [Value::Null]) => {
            for (place, value) in sorted(renderer, items())?.into_iter().enumerate() {
                array.set(place, value);
            }
            void()
        }
        // What would change the size throws, and what would not has its result.
        ("add", [_] | [Value::Int(_), _]) | ("remove", [Value::Int(_)]) => fixed(),
        ("addAll", [more] | [Value::Int(_), more]) => {
            let Some(more) = elements(renderer, more)? else { return Ok(None) };
            let place = if let [Value::Int(n), _] = &*arguments { index(*n) } else { Some(0) };
            if more.is_empty() && place.is_some_and(|place| place <= array.len()) { some(false) } else { fixed() }
        }
        ("remove", [wanted]) => {
            if contains(&items(), wanted, Walk::new(&renderer.budget))? {
                fixed()
            } else {
                some(false)
            }
        }
        ("removeAll", [others]) => keep(renderer, &items(), others, false),
        ("retainAll", [others]) => keep(renderer, &items(), others, true),
        ("clear", []) if array.len() == 0 => void(),
        ("clear", []) => fixed(),
        _ => object(renderer, target, name, arguments),
    }
}

/// Fails where the array cannot have the value.
fn stored(array: &Array, value: &Value) -> Result<(), CallError> {
    if array.takes(value) { Ok(()) } else { Err(format!("an array of texts takes no {}", value.class()).into()) }
}

fn fixed() -> Called {
    Err("an array cannot grow or shrink".into())
}

/// Removing what is in a collection, or keeping only that, works where nothing is to remove.
fn keep(renderer: &Renderer<'_, '_>, items: &[Value], others: &Value, common: bool) -> Called {
    let Some(others) = elements(renderer, others)? else { return Ok(None) };
    for item in items {
        if contains(&others, item, Walk::new(&renderer.budget))? != common {
            return fixed();
        }
    }
    some(false)
}

/// `toArray()` of any collection, or `toArray(array)`, which fills the array if it is long enough.
pub(super) fn to_array(renderer: &mut Renderer<'_, '_>, items: Vec<Value>, arguments: &mut [Value]) -> Called {
    let given = match arguments {
        [] => return new_array(renderer, items),
        [Value::Null] => return Err("an argument is null".into()),
        [Value::Object(Object(ObjectKind::Array(array)))] => array.clone(),
        // Velocity puts what is no array into one.
        values => Array::new(values.iter_mut().map(|value| std::mem::replace(value, Value::Null)).collect()),
    };
    items.iter().try_for_each(|item| stored(&given, item))?;
    if given.len() < items.len() {
        return new_array(renderer, items);
    }
    renderer.allocate(given.len().saturating_mul(size_of::<Value>()))?;
    let filled = Value::object(ObjectKind::Array(given.clone()));
    let end = items.len();
    for (place, item) in items.into_iter().enumerate() {
        renderer.adopt(&filled, &item);
        given.set(place, item);
    }
    given.set(end, Value::Null);
    Ok(Some(filled))
}
