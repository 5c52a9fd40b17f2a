//! `java.util.LinkedHashMap`

use std::rc::Rc;

use super::{CallError, Called, object, some, taken, void};
use crate::budget::Walk;
use crate::render::Renderer;
use crate::value::{Map, Object, ObjectKind, Value, View, ViewKind, contains, equals};

/// `map.name(arguments)`; `target` is the map, or the loop that has it.
#[inline(never)]
pub(super) fn call(
    renderer: &mut Renderer<'_, '_>,
    target: &Value,
    map: &Map,
    name: &str,
    arguments: &mut [Value],
) -> Called {
    if let ("get", [key]) = (name, &*arguments) {
        return find(renderer, map, key);
    }
    map.prepare(&renderer.budget)?;
    match (name, &*arguments) {
        ("put", [_, _]) => {
            let (key, value) = (taken(arguments, 0), taken(arguments, 1));
            put(renderer, target, map, key, value)
        }
        ("size", []) => some(Value::size(map.len())),
        ("isEmpty", []) => some(map.is_empty()),
        ("containsKey", [key]) => {
            searched(renderer, map, key)?;
            some(map.contains(key))
        }
        ("getOrDefault", [key, default]) => {
            searched(renderer, map, key)?;
            Ok(Some(map.find(key).unwrap_or_else(|| default.clone())))
        }
        ("keySet", []) => view(map, ViewKind::Keys),
        ("values", []) => view(map, ViewKind::Values),
        ("entrySet", []) => view(map, ViewKind::Entries),
        ("remove", [key]) => {
            searched(renderer, map, key)?;
            moved(renderer, map)?;
            Ok(Some(map.remove(key).unwrap_or(Value::Null)))
        }
        ("remove", [key, value]) => {
            moved(renderer, map)?;
            let same = match map.find(key) {
                Some(found) => equals(&found, value, Walk::new(&renderer.budget))?,
                None => false,
            };
            if same {
                map.remove(key);
            }
            some(same)
        }
        ("putAll", [other]) => {
            if let Value::Map(other) = other {
                other.prepare(&renderer.budget)?;
            }
            let Some(other) = entries(other) else { return Ok(None) };
            for (key, value) in other {
                put(renderer, target, map, key, value)?;
            }
            void()
        }
        ("putIfAbsent", [key, _]) => {
            searched(renderer, map, key)?;
            match map.find(key) {
                None | Some(Value::Null) => {
                    let (key, value) = (taken(arguments, 0), taken(arguments, 1));
                    put(renderer, target, map, key, value)
                }
                found => Ok(found),
            }
        }
        ("replace", [key, _]) => {
            searched(renderer, map, key)?;
            if !map.contains(key) {
                return Ok(Some(Value::Null));
            }
            let (key, value) = (taken(arguments, 0), taken(arguments, 1));
            put(renderer, target, map, key, value)
        }
        ("replace", [key, old, _]) => {
            searched(renderer, map, key)?;
            let same = match map.find(key) {
                Some(found) => equals(&found, old, Walk::new(&renderer.budget))?,
                None => false,
            };
            if same {
                let (key, value) = (taken(arguments, 0), taken(arguments, 2));
                put(renderer, target, map, key, value)?;
            }
            some(same)
        }
        ("containsValue", [value]) => {
            let values: Vec<Value> = map.entries().into_iter().map(|(_, value)| value).collect();
            some(contains(&values, value, Walk::new(&renderer.budget))?)
        }
        ("clear", []) => {
            map.clear();
            void()
        }
        ("clone", []) => {
            renderer.allocate(map.len().saturating_mul(size_of::<(Value, Value)>()))?;
            some(map.copy())
        }
        _ => object(renderer, target, name, arguments),
    }
}

/// `map.get(key)`
pub(super) fn find(renderer: &Renderer<'_, '_>, map: &Map, key: &Value) -> Called {
    if let Value::String(text) = key {
        return Ok(map.member(text, &renderer.budget)?);
    }
    map.prepare(&renderer.budget)?;
    searched(renderer, map, key)?;
    Ok(map.find(key))
}

fn put(renderer: &mut Renderer<'_, '_>, target: &Value, map: &Map, key: Value, value: Value) -> Called {
    searched(renderer, map, &key)?;
    renderer.allocate(size_of::<(Value, Value)>())?;
    renderer.adopt(target, &key);
    renderer.adopt(target, &value);
    Ok(Some(map.put(key, value).unwrap_or(Value::Null)))
}

fn view(map: &Map, kind: ViewKind) -> Called {
    some(Value::object(ObjectKind::View(Rc::new(View { map: map.clone(), kind }))))
}

/// Takes what looking for a key costs: only strings have an index.
fn searched(renderer: &Renderer<'_, '_>, map: &Map, key: &Value) -> Result<(), CallError> {
    if let Value::String(_) = key {
        return Ok(());
    }
    Ok(renderer.spend(u64::try_from(map.len() / 4).unwrap_or(u64::MAX))?)
}

/// Takes what removing an entry costs.
fn moved(renderer: &Renderer<'_, '_>, map: &Map) -> Result<(), CallError> {
    Ok(renderer.spend(u64::try_from(map.len() / 4).unwrap_or(u64::MAX))?)
}

fn entries(value: &Value) -> Option<Vec<(Value, Value)>> {
    match value {
        Value::Map(map) => Some(map.entries()),
        Value::Object(Object(ObjectKind::Loop(scope))) => Some(scope.storage.entries()),
        _ => None,
    }
}
