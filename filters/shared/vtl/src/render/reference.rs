//! References: their value, their output, and setting them.

use std::rc::Rc;

use super::{Rendered, Renderer};
use crate::ast::{Expr, Reference, ReferenceKind, Set, Step, StepKind, Target};
use crate::method;
use crate::value::{Object, ObjectKind, Printer, Text, Value, print};

impl Renderer<'_, '_> {
    /// What a reference gives: the empty string where there is no value, null only for what is no reference at all.
    pub(super) fn execute(&mut self, reference: &Reference) -> Rendered<Value> {
        if reference.kind == ReferenceKind::Runt {
            return Ok(Value::Null);
        }
        let mut path = reference.path.iter();
        let mut value = match self.by_names(reference) {
            Some(value) => {
                path = [].iter();
                value
            }
            None => self.read(reference.root),
        };
        for step in path {
            if let Value::Null = value {
                break;
            }
            value = self.step(&value, step)?;
        }
        if let Value::Null = value {
            value = Value::empty();
        }
        if self.trace.is_some() {
            self.observe(reference.at, &reference.literal, &value);
        }
        Ok(value)
    }

    /// One property, method or index further; null where there is none.
    fn step(&mut self, target: &Value, step: &Step) -> Rendered<Value> {
        self.spend(1)?;
        self.at = step.at;
        match &step.kind {
            StepKind::Property(name) => self.property(target, name),
            StepKind::Method(name, expressions) => {
                let result = if expressions.is_empty() {
                    method::call(self, target, name, &mut Vec::new())
                } else {
                    let mut arguments = self.arguments(expressions)?;
                    self.at = step.at;
                    let result = method::call(self, target, name, &mut arguments);
                    arguments.clear();
                    self.spare.push(arguments);
                    result
                };
                match result {
                    Ok(value) => Ok(value.unwrap_or(Value::Null)),
                    Err(error) => Err(error.into_signal(self, name)),
                }
            }
            StepKind::Index(index) => {
                let index = self.value(index)?;
                self.at = step.at;
                let index = self.counted_from_end(target, index)?;
                let result = method::get(self, target, &index);
                result.map(|value| value.unwrap_or(Value::Null)).map_err(|error| error.into_signal(self, "get"))
            }
        }
    }

    fn arguments(&mut self, expressions: &[Expr]) -> Rendered<Vec<Value>> {
        let mut arguments = self.spare.pop().unwrap_or_default();
        self.nested(|r| {
            for expression in expressions {
                let argument = r.value(expression)?;
                arguments.push(argument);
            }
            Ok(())
        })?;
        Ok(arguments)
    }

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
    pub(super) fn print_reference(&mut self, reference: &Reference, out: &mut String) -> Rendered<()> {
        self.at = reference.at;
        match reference.kind {
            ReferenceKind::Runt => {
                let name = self.program.names.get(reference.root).cloned();
                return self.write(name.as_deref().unwrap_or(""), out);
            }
            ReferenceKind::Escaped => {
                // The reference is evaluated all the same, as in Velocity.
                self.execute(reference)?;
                out.push_str(&reference.escapes);
                return self.write(&reference.literal, out);
            }
            ReferenceKind::Value | ReferenceKind::Quiet | ReferenceKind::Void => {}
        }
        if self.print_by_names(reference, out) {
            return self.check(out);
        }
        let value = self.execute(reference)?;
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

    /// The value of `$variable.name.name`, if it is a scalar in a document, or a property that needs no copy of the
    /// variable.
    fn by_names(&mut self, reference: &Reference) -> Option<Value> {
        let names = reference.names;
        if names == 0 || names != reference.path.len() || !self.hidden.is_empty() {
            return None;
        }
        let found = match self.slots.get(reference.root)? {
            Value::Map(map) => map.scalar_at(reference.leading_names())?.unwrap_or(Value::Null),
            variable @ Value::Object(Object(ObjectKind::Loop(_))) if names == 1 => {
                let name = reference.leading_names().next()?;
                method::property(variable, name, &self.budget).ok()?.unwrap_or(Value::Null)
            }
            _ => return None,
        };
        Some(found)
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

    pub(super) fn set(&mut self, set: &Set) -> Rendered<()> {
        self.at = set.at;
        let value = self.value(&set.value)?;
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
                    target = self.step(&target, step)?;
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
        let index = self.value(index)?;
        let index = self.counted_from_end(target, index)?;
        let result = match target {
            Value::Map(_) | Value::Object(Object(ObjectKind::Loop(_))) => {
                method::call(self, target, "put", &mut vec![index, value])
            }
            Value::List(_) | Value::Object(Object(ObjectKind::Array(_))) => {
                method::call(self, target, "set", &mut vec![index, value])
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
