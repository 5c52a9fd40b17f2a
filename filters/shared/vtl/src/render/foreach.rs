//! `#foreach`

use std::cell::Cell;
use std::rc::Rc;

use super::{Cause, Rendered, Renderer};
use crate::ast::{Expr, Foreach, Iterated, LoopBody};
use crate::limits::MAX_FOREACH_ITERATIONS;
use crate::value::{Cursor, LoopScope, Map, Number, Object, ObjectKind, Printer as _, Value};

impl Renderer<'_, '_> {
    #[inline(never)]
    pub(super) fn foreach(&mut self, node: &Foreach, out: &mut String) -> Rendered<()> {
        let over = match &node.over {
            Iterated::Expr(over) => over,
            Iterated::Nothing => return Ok(()),
            Iterated::Missing => {
                self.at = node.at;
                return Err(self.failed("#foreach takes a variable, `in` and a list"));
            }
        };
        let Some(cursor) = self.cursor(over)? else { return Ok(()) };
        let slots = self.program.loop_slots;
        let owner = std::ptr::from_ref(node).addr();
        let saved = self.read(node.variable);
        let saved_count = slots.count.map(|slot| self.read(slot));
        let saved_has_next = slots.has_next.map(|slot| self.read(slot));
        let scope = slots.foreach.map(|slot| {
            let (parent, replaced) = match self.read(slot) {
                Value::Object(Object(ObjectKind::Loop(parent))) => (Some(parent), None),
                Value::Null => (None, None),
                other => (None, Some(other)),
            };
            let (index, has_next) = (Cell::new(-1), Cell::new(false));
            let scope = Rc::new(LoopScope { owner, index, has_next, parent, replaced, storage: Map::default() });
            self.put(slot, Value::object(ObjectKind::Loop(Rc::clone(&scope))));
            scope
        });

        let mut active = true;
        let mut result = Ok(());
        for round in 0..MAX_FOREACH_ITERATIONS {
            if !cursor.has_next() {
                break;
            }
            let count = i32::try_from(round).unwrap_or(i32::MAX).saturating_add(1);
            if let Some(slot) = slots.count {
                self.put(slot, Value::Int(count));
            }
            let mut value = Value::Null;
            if cursor.advance_into(&mut value).is_err() {
                self.at = node.at;
                result = Err(self.failed("the collection was changed while #foreach went over it"));
                break;
            }
            let has_next = cursor.has_next();
            if let Some(slot) = slots.has_next {
                self.put(slot, Value::Bool(has_next));
            }
            let is_null = matches!(value, Value::Null);
            self.put(node.variable, value);
            if let Some(scope) = &scope {
                scope.index.set(scope.index.get().saturating_add(1));
                scope.has_next.set(has_next);
            }
            if is_null {
                self.hidden.push((node.variable, active));
            }
            result = self.body(&node.body, out);
            if is_null {
                active = self.hidden.pop().is_some_and(|(_, active)| active);
            }
            if result.is_err() {
                break;
            }
        }

        self.restore(node.variable, saved);
        if let (Some(slot), Some(saved)) = (slots.count, saved_count) {
            self.restore(slot, saved);
        }
        if let (Some(slot), Some(saved)) = (slots.has_next, saved_has_next) {
            self.restore(slot, saved);
        }
        if result.as_ref().is_err_and(|signal| matches!(*signal.0, Cause::Fault(_))) {
            return result;
        }
        if let Some(slot) = slots.foreach {
            self.at = node.at;
            self.leave_scope(slot)?;
        }
        match result {
            Err(signal) => match *signal.0 {
                Cause::Break(None) => Ok(()),
                Cause::Break(Some(other)) if other == owner => Ok(()),
                _ => Err(signal),
            },
            Ok(()) => Ok(()),
        }
    }

    fn body(&mut self, body: &LoopBody, out: &mut String) -> Rendered<()> {
        self.spend(1)?;
        match body {
            LoopBody::Block(nodes) => self.nodes(nodes, out),
            LoopBody::Argument(Some(reference)) => self.print_reference(reference, out),
            LoopBody::Argument(None) => Ok(()),
        }
    }

    /// `$foreach` becomes what it was. What the template put there instead stays.
    fn leave_scope(&mut self, slot: usize) -> Rendered<()> {
        let scope = match self.read(slot) {
            Value::Object(Object(ObjectKind::Loop(scope))) => scope,
            // Velocity fails on its own loop variable of that name.
            Value::Null => return Err(self.failed("$foreach is the loop itself, and cannot be its variable")),
            _ => return Ok(()),
        };
        let before = match (&scope.parent, &scope.replaced) {
            (Some(parent), _) => Value::object(ObjectKind::Loop(Rc::clone(parent))),
            (None, Some(replaced)) => replaced.clone(),
            (None, None) => Value::Null,
        };
        self.restore(slot, before);
        Ok(())
    }

    /// What a loop goes through; `None` for a value that cannot be iterated.
    fn cursor(&mut self, over: &Expr) -> Rendered<Option<Rc<Cursor>>> {
        // A range need not become a list first.
        if let Expr::Range(bounds) = over {
            return Ok(self.range(&bounds.0, &bounds.1)?.map(|(first, last)| Rc::new(Cursor::range(first, last))));
        }
        let value = self.evaluated(over)?;
        let prepared = match &value {
            Value::List(list) => list.prepare(&self.budget),
            Value::Map(map) => map.prepare(&self.budget),
            Value::Object(Object(ObjectKind::View(view))) => view.map.prepare(&self.budget),
            _ => Ok(()),
        };
        prepared.map_err(|limit| self.limit(limit))?;
        Ok(Cursor::over(&value))
    }

    /// The bounds of `[a..b]`, if both are numbers.
    pub(super) fn range(&mut self, first: &Expr, last: &Expr) -> Rendered<Option<(i32, i32)>> {
        let (first, last) = (self.evaluated(first)?, self.evaluated(last)?);
        match (Number::of(&first), Number::of(&last)) {
            (Some(first), Some(last)) => {
                let first = first.to_i32().map_err(|error| self.number_fault(error))?;
                let last = last.to_i32().map_err(|error| self.number_fault(error))?;
                Ok(Some((first, last)))
            }
            _ => Ok(None),
        }
    }
}
