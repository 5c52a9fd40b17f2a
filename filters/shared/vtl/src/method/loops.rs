//! `$foreach`: what a loop tells about itself, and what the template puts into it.

use std::rc::Rc;

use super::{Called, map};
use crate::render::Renderer;
use crate::value::{LoopScope, ObjectKind, Value};

/// Longest chain of loops that is searched: deeper ones are made by setting `$foreach`, which nobody does.
const MAX_LOOPS: usize = 256;

/// What `$foreach` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoopProperty {
    HasNext,
    Index,
    Count,
    First,
    Last,
    Parent,
    Topmost,
    Replaced,
}

impl LoopProperty {
    /// The property of this name, whose first letter may be a large one.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "hasNext" | "HasNext" => Self::HasNext,
            "index" | "Index" => Self::Index,
            "count" | "Count" => Self::Count,
            "first" | "First" => Self::First,
            "last" | "Last" => Self::Last,
            "parent" | "Parent" => Self::Parent,
            "topmost" | "Topmost" => Self::Topmost,
            "replaced" | "Replaced" => Self::Replaced,
            _ => return None,
        })
    }

    /// The property that a getter gives.
    pub(super) fn of_getter(name: &str) -> Option<Self> {
        Some(match name {
            "hasNext" | "getHasNext" => Self::HasNext,
            "isFirst" | "getFirst" => Self::First,
            "isLast" | "getLast" => Self::Last,
            "getIndex" => Self::Index,
            "getCount" => Self::Count,
            "getParent" => Self::Parent,
            "getTopmost" => Self::Topmost,
            "getReplaced" => Self::Replaced,
            _ => return None,
        })
    }

    /// Its value; `None` where there is none.
    pub(crate) fn of(self, scope: &Rc<LoopScope>) -> Option<Value> {
        let index = scope.index.get();
        let value = |scope: Rc<LoopScope>| Value::object(ObjectKind::Loop(scope));
        Some(match self {
            Self::Index => Value::Int(index),
            Self::Count => Value::Int(index.saturating_add(1)),
            Self::HasNext => Value::Bool(scope.has_next.get()),
            Self::First => Value::Bool(index < 1),
            Self::Last => Value::Bool(!scope.has_next.get()),
            Self::Parent => value(scope.parent.clone()?),
            Self::Topmost => value(loops(scope).last()?),
            Self::Replaced => loops(scope).find_map(|scope| scope.replaced.clone())?,
        })
    }
}

/// The loop and those around it.
fn loops(scope: &Rc<LoopScope>) -> impl Iterator<Item = Rc<LoopScope>> {
    std::iter::successors(Some(Rc::clone(scope)), |scope| scope.parent.clone()).take(MAX_LOOPS)
}

/// What the template put into `$foreach`, or into that of a loop around.
pub(super) fn stored(scope: &Rc<LoopScope>, key: &Value) -> Option<Value> {
    loops(scope).find_map(|scope| scope.storage.find(key))
}

#[inline(never)]
pub(super) fn call_loop(
    renderer: &mut Renderer<'_, '_>,
    target: &Value,
    scope: &Rc<LoopScope>,
    name: &str,
    arguments: &mut [Value],
) -> Called {
    if let Some(property) = LoopProperty::of_getter(name) {
        return if arguments.is_empty() { Ok(property.of(scope)) } else { Ok(None) };
    }
    match (name, &*arguments) {
        ("get", [key]) => Ok(stored(scope, key)),
        _ => map::call(renderer, target, &scope.storage, name, arguments),
    }
}
