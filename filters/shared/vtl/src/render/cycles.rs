//! Collections that a template puts into themselves.
//!
//! `$list.add($list)` makes a value that reference counting never frees, and a filter lives for months. So every
//! collection that takes another one is remembered, and after the rendering those that can be reached from themselves
//! are emptied.

use std::collections::HashMap;

use crate::value::{Array, List, Map, Object, ObjectKind, Value};

/// Collections that took others during a rendering.
#[derive(Default)]
pub(crate) struct Adoptions {
    parents: Vec<Value>,
}

/// A walk has entered a collection, or has left it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Open,
    Done,
}

impl Adoptions {
    /// `parent` takes `child`.
    pub(crate) fn note(&mut self, parent: &Value, child: &Value) {
        if matches!(child, Value::List(_) | Value::Map(_) | Value::Object(_)) {
            // The same parent often takes many, one after the other.
            let again = self.parents.last().is_some_and(|last| address(last) == address(parent));
            if !again {
                self.parents.push(parent.clone());
            }
        }
    }

    /// Empties what holds itself.
    pub(crate) fn dissolve_cycles(self) {
        let shared = |value: &Value| match value {
            Value::List(list) => list.owners() > 1,
            Value::Map(map) => map.owners() > 1,
            Value::Object(Object(ObjectKind::Array(array))) => array.owners() > 1,
            _ => true,
        };
        if !self.parents.iter().any(shared) {
            return;
        }
        let mut marks: HashMap<usize, Mark> = HashMap::new();
        let mut cyclic = Vec::new();
        for parent in &self.parents {
            walk(parent, &mut marks, &mut cyclic);
        }
        for value in &cyclic {
            match value {
                Value::List(list) => List::dissolve(list),
                Value::Map(map) => Map::dissolve(map),
                Value::Object(Object(ObjectKind::Array(array))) => Array::dissolve(array),
                Value::Object(Object(ObjectKind::Loop(scope))) => scope.storage.dissolve(),
                _ => {}
            }
        }
    }
}

/// Visits all that `root` holds, and collects what it comes back to on the way down.
fn walk(root: &Value, marks: &mut HashMap<usize, Mark>, cyclic: &mut Vec<Value>) {
    enum Task {
        Enter(Value),
        Leave(usize),
    }
    let mut tasks = vec![Task::Enter(root.clone())];
    while let Some(task) = tasks.pop() {
        let value = match task {
            Task::Leave(address) => {
                marks.insert(address, Mark::Done);
                continue;
            }
            Task::Enter(value) => value,
        };
        let Some(at) = address(&value) else {
            tasks.extend(children(&value).into_iter().map(Task::Enter));
            continue;
        };
        match marks.get(&at) {
            Some(Mark::Open) => cyclic.push(value),
            Some(Mark::Done) => {}
            None => {
                marks.insert(at, Mark::Open);
                tasks.push(Task::Leave(at));
                tasks.extend(children(&value).into_iter().map(Task::Enter));
            }
        }
    }
}

/// Identity of a collection that can be changed.
fn address(value: &Value) -> Option<usize> {
    match value {
        Value::List(list) => Some(list.address()),
        Value::Map(map) => Some(map.address()),
        Value::Object(Object(ObjectKind::Array(array))) => Some(array.address()),
        Value::Object(Object(ObjectKind::Loop(scope))) => Some(scope.storage.address()),
        _ => None,
    }
}

fn children(value: &Value) -> Vec<Value> {
    let nested = |value: &Value| matches!(value, Value::List(_) | Value::Map(_) | Value::Object(_));
    match value {
        Value::List(list) => list.read(|items| items.iter().filter(|item| nested(item)).cloned().collect()),
        Value::Map(map) => entries(map),
        Value::Object(Object(kind)) => match kind {
            ObjectKind::Array(array) => array.read(|items| items.iter().filter(|item| nested(item)).cloned().collect()),
            ObjectKind::View(view) => vec![Value::Map(view.map.clone())],
            ObjectKind::Entry(entry) => vec![Value::Map(entry.map.clone()), entry.key.clone(), entry.value()],
            ObjectKind::Loop(scope) => {
                let mut values = entries(&scope.storage);
                values.extend(scope.replaced.clone());
                values.extend(scope.parent.clone().map(|parent| Value::object(ObjectKind::Loop(parent))));
                values
            }
            ObjectKind::Cursor(cursor) => cursor.source().into_iter().collect(),
            ObjectKind::Block(_) | ObjectKind::Host(_) => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn entries(map: &Map) -> Vec<Value> {
    let nested = |value: &Value| matches!(value, Value::List(_) | Value::Map(_) | Value::Object(_));
    map.read(|entries| {
        let members = entries.iter().flat_map(|(key, value)| [key, value]);
        members.filter(|value| nested(value)).cloned().collect()
    })
}
