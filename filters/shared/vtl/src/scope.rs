//! What a template sees when it is rendered.

use crate::host::Host;
use crate::value::{ObjectKind, Value};

/// The variables of one rendering.
#[derive(Default)]
pub struct Scope<'a> {
    pub(crate) variables: Vec<(&'a str, Value)>,
    pub(crate) hosts: Vec<&'a dyn Host>,
    pub(crate) trace: Option<&'a mut dyn FnMut(Trace<'_>)>,
}

impl<'a> Scope<'a> {
    /// A scope without variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a variable, named without `$`.
    pub fn set(&mut self, name: &'a str, value: impl Into<Value>) -> &mut Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Sets a variable to an object of the caller's.
    pub fn host(&mut self, name: &'a str, host: &'a dyn Host) -> &mut Self {
        let place = self.hosts.len();
        self.hosts.push(host);
        self.set(name, Value::object(ObjectKind::Host(place)))
    }

    /// Calls `observer` with the value of each reference, for people who look for a mistake in their template.
    pub fn trace(&mut self, observer: &'a mut dyn FnMut(Trace<'_>)) -> &mut Self {
        self.trace = Some(observer);
        self
    }
}

/// What a reference gave.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'t> {
    /// Line of the reference in the template, from 1.
    pub line: u32,
    /// Column in the line, in characters from 1.
    pub column: u32,
    /// The reference, as typed.
    pub reference: &'t str,
    /// Its value; the empty string where it has none.
    pub value: &'t Value,
}
