//! References: their value, their output, and setting them.

use std::rc::Rc;

use super::{Rendered, Renderer, Signal};
use crate::ast::{Expr, Offset, Reference, ReferenceKind, Set, Slot, Step, StepKind, Target};
use crate::method::{self, CallError, Called};
use crate::value::{Object, ObjectKind, Printer, Text, Value, print};

impl Renderer<'_, '_> {
    /// What a reference gives: the empty string where there is no value, null only for what is no reference at all.
    ///
    /// A value is several words, and copying one from frame to frame costs more than most steps: so it is written to
    /// `out`, where it is needed and null is. So do the functions below.
    pub(super) fn execute(&mut self, reference: &Reference, out: &mut Value) -> Rendered<()> {
        if reference.kind == ReferenceKind::Runt {
            return Ok(());
        }
        match reference.path.split_last() {
            None => self.copy_variable(reference.root, out),
            Some(_) if reference.names == reference.path.len() && self.by_names(reference, out) => {}
            Some((last, steps)) => self.walk(reference, steps, last, out)?,
        }
        if let Value::Null = out {
            out.fill(Value::String(self.empty.clone()));
        }
        if self.trace.is_some() {
            self.observe(reference.at, &reference.literal, out);
        }
        Ok(())
    }

    fn copy_variable(&self, slot: Slot, out: &mut Value) {
        if let Some(value) = self.variable(slot) {
            out.fill_from(value);
        }
    }

    /// Goes along a path, whose steps before the last are `steps`.
    fn walk(&mut self, reference: &Reference, steps: &[Step], last: &Step, out: &mut Value) -> Rendered<()> {
        let (mut even, mut odd) = (Value::Null, Value::Null);
        let mut rest = steps;
        if reference.names > 0 && reference.names <= steps.len() && self.by_names(reference, &mut even) {
            rest = steps.get(reference.names..).unwrap_or_default();
        } else {
            self.copy_variable(reference.root, &mut even);
        }
        let mut is_odd = false;
        for step in rest {
            let (target, next) = if is_odd { (&odd, &mut even) } else { (&even, &mut odd) };
            if let Value::Null = target {
                break;
            }
            *next = Value::Null;
            self.step(target, step, next)?;
            is_odd = !is_odd;
        }
        match if is_odd { &odd } else { &even } {
            Value::Null => Ok(()),
            target => self.step(target, last, out),
        }
    }

    /// One property, method or index further; null where there is none.
    fn step(&mut self, target: &Value, step: &Step, out: &mut Value) -> Rendered<()> {
        self.spend(1)?;
        self.at = step.at;
        match &step.kind {
            StepKind::Property(name) => {
                out.fill(self.property(target, name)?);
                Ok(())
            }
            StepKind::Method(name, expressions) => match **expressions {
                [] => {
                    let called = method::call(self, target, name, &mut []);
                    self.give(called, name, out)
                }
                [_] => self.call(target, step.at, name, expressions, &mut [Value::Null], out),
                [_, _] => self.call(target, step.at, name, expressions, &mut [Value::Null, Value::Null], out),
                _ => self.call(target, step.at, name, expressions, &mut vec![Value::Null; expressions.len()], out),
            },
            StepKind::Index(index) => self.index(target, step.at, index, out),
        }
    }

    /// `target[index]`
    #[inline(never)]
    fn index(&mut self, target: &Value, at: Offset, index: &Expr, out: &mut Value) -> Rendered<()> {
        let index = self.evaluated(index)?;
        self.at = at;
        let index = self.counted_from_end(target, index)?;
        let called = method::get(self, target, &index);
        self.give(called, "get", out)
    }

    /// Calls a method. `arguments` are as many as `expressions`, and null.
    #[inline(never)]
    fn call(
        &mut self,
        target: &Value,
        at: Offset,
        name: &str,
        expressions: &[Expr],
        arguments: &mut [Value],
        out: &mut Value,
    ) -> Rendered<()> {
        self.nested(|r| {
            for (expression, argument) in expressions.iter().zip(&mut *arguments) {
                r.value(expression, argument)?;
            }
            Ok(())
        })?;
        self.at = at;
        let called = method::call(self, target, name, arguments);
        self.give(called, name, out)
    }

    fn give(&self, called: Called, name: &str, out: &mut Value) -> Rendered<()> {
        match called {
            Ok(Some(value)) => out.fill(value),
            Ok(None) => {}
            Err(error) => return Err(self.raised(error, name)),
        }
        Ok(())
    }

    #[cold]
    fn raised(&self, error: CallError, method: &str) -> Signal {
        error.into_signal(self, method)
    }

    #[inline(never)]
    fn property(&self, target: &Value, name: &str) -> Rendered<Value> {
        if let Value::Object(Object(ObjectKind::Host(place))) = target {
            let Some(host) = self.hosts.get(*place) else { return Ok(Value::Null) };
            let result = host.property(name, &self.budget).map_err(|thrown| self.thrown(name, thrown))?;
            return Ok(result.unwrap_or(Value::Null));
        }
        match method::property(target, name, &self.budget) {
            Ok(value) => Ok(value.unwrap_or(Value::Null)),
            Err(limit) => Err(self.limit(limit)),
        }
    }

    /// A negative index counts from the end of anything that has a size.
    fn counted_from_end(&mut self, target: &Value, index: Value) -> Rendered<Value> {
        match index {
            Value::Int(n) if n < 0 => match method::size(target) {
                Some(size) => Ok(Value::Int(size.saturating_add(n))),
                None => {
                    Err(self.failed(format!("index {n} of a value of class {}, which has no size", target.class())))
                }
            },
            index => Ok(index),
        }
    }

    /// Prints a reference.
    #[inline(never)]
    pub(super) fn print_reference(&mut self, reference: &Reference, out: &mut String) -> Rendered<()> {
        self.at = reference.at;
        match reference.kind {
            ReferenceKind::Runt => {
                let name = self.program.names.get(reference.root).cloned();
                return self.write(name.as_deref().unwrap_or(""), out);
            }
            ReferenceKind::Escaped => {
                // The reference is evaluated all the same, as in Velocity.
                self.execute(reference, &mut Value::Null)?;
                out.push_str(&reference.escapes);
                return self.write(&reference.literal, out);
            }
            ReferenceKind::Value | ReferenceKind::Quiet | ReferenceKind::Void => {}
        }
        if self.print_by_names(reference, out) {
            return self.check(out);
        }
        let mut value = Value::Null;
        self.execute(reference, &mut value)?;
        if let Value::Object(Object(ObjectKind::Block(block))) = &value {
            if !self.render_block(block, out)? {
                out.push_str(&reference.escapes);
                out.push_str(&reference.prefix);
                if reference.kind != ReferenceKind::Quiet {
                    out.push_str(&reference.literal);
                }
            }
            return self.check(out);
        }
        if !reference.prefix.is_empty() {
            out.push_str(&reference.prefix);
        }
        self.at = reference.at;
        print(&value, out, 0, self)
    }

    /// The value of `$variable.name.name`, the names that the path begins with, if it is a scalar in a document, or a
    /// property that needs no copy of the variable. `false` for anything else.
    fn by_names(&self, reference: &Reference, out: &mut Value) -> bool {
        if !self.hidden.is_empty() {
            return false;
        }
        match self.slots.get(reference.root) {
            Some(Value::Map(map)) => map.scalar_at(reference.leading_names(), out).is_some(),
            Some(Value::Object(Object(ObjectKind::Loop(scope)))) if reference.names == 1 => match reference.of_loop {
                Some(property) => {
                    out.fill(property.of(scope).unwrap_or(Value::Null));
                    true
                }
                None => false,
            },
            _ => false,
        }
    }

    /// Prints `$variable.name.name`, if that is in a document as it prints. `false` for anything else.
    fn print_by_names(&self, reference: &Reference, out: &mut String) -> bool {
        let names = reference.names;
        if names == 0 || names != reference.path.len() || !self.hidden.is_empty() || self.trace.is_some() {
            return false;
        }
        match self.slots.get(reference.root) {
            Some(Value::Map(map)) if reference.prefix.is_empty() => map.print_at(reference.leading_names(), out),
            _ => false,
        }
    }

    #[inline(never)]
    pub(super) fn set(&mut self, set: &Set) -> Rendered<()> {
        self.at = set.at;
        let value = self.evaluated(&set.value)?;
        // What has no value at all, such as 1/0, leaves the variable as it is.
        if let Value::Null = value {
            return Ok(());
        }
        match &set.target {
            Target::Variable(slot) => {
                self.put(*slot, value);
                Ok(())
            }
            Target::Member { root, path, last } => {
                let mut target = self.read(*root);
                for step in path {
                    if let Value::Null = target {
                        return Ok(());
                    }
                    let mut next = Value::Null;
                    self.step(&target, step, &mut next)?;
                    target = next;
                }
                self.at = set.at;
                match &last.kind {
                    StepKind::Index(index) => self.set_index(&target, index, value),
                    // A method call to the left of `=` names a property, too.
                    StepKind::Property(name) | StepKind::Method(name, _) => {
                        self.set_property(&target, name, value);
                        Ok(())
                    }
                }
            }
        }
    }

    fn set_property(&mut self, target: &Value, name: &Rc<str>, value: Value) {
        match target {
            Value::Map(map) => {
                self.adopt(target, &value);
                map.put(Value::String(Text::from(Rc::clone(name))), value);
            }
            Value::Object(Object(ObjectKind::Loop(scope))) => {
                self.adopt(target, &value);
                scope.storage.put(Value::String(Text::from(Rc::clone(name))), value);
            }
            Value::Object(Object(ObjectKind::Entry(entry))) if &**name == "value" || &**name == "Value" => {
                self.adopt(&Value::Map(entry.map.clone()), &value);
                entry.set(value);
            }
            _ => {}
        }
    }

    /// `#set($list[0] = …)`, `#set($map['k'] = …)`
    fn set_index(&mut self, target: &Value, index: &Expr, value: Value) -> Rendered<()> {
        if let Value::Null = target {
            return Ok(());
        }
        let index = self.evaluated(index)?;
        let index = self.counted_from_end(target, index)?;
        let result = match target {
            Value::Map(_) | Value::Object(Object(ObjectKind::Loop(_))) => {
                method::call(self, target, "put", &mut [index, value])
            }
            Value::List(_) | Value::Object(Object(ObjectKind::Array(_))) => {
                method::call(self, target, "set", &mut [index, value])
            }
            _ => Ok(None),
        };
        result.map(|_| ()).map_err(|error| error.into_signal(self, "set"))
    }

    /// Remembers that a collection holds another one.
    pub(crate) fn adopt(&mut self, parent: &Value, child: &Value) {
        self.adoptions.note(parent, child);
    }

    pub(crate) fn pattern(&self, java: &str) -> Result<Rc<crate::text::pattern::Pattern>, String> {
        self.patterns.get(java)
    }

    pub(crate) fn call_host(
        &mut self,
        place: usize,
        name: &str,
        arguments: &[Value],
    ) -> Result<Option<Value>, crate::host::Thrown> {
        match self.hosts.get(place) {
            Some(host) => host.call(name, arguments, &self.budget),
            None => Ok(None),
        }
    }

    pub(crate) fn thrown_signal(&self, method: &str, thrown: crate::host::Thrown) -> super::Signal {
        self.thrown(method, thrown)
    }
}
