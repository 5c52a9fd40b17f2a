//! Objects that a template sees but the engine does not know: `$input`, `$util`, and a caller's own.

use crate::budget::Budget;
use crate::error::Limit;
use crate::value::Value;

/// An object behind a variable.
///
/// Values with a structure of their own, such as `$context`, are better given as a [`Map`](crate::Map): then all of
/// Java's map methods work, and what the template changes can be read afterwards through a clone of the map.
pub trait Host {
    /// `$name.property`. `None` where there is none; the template then gets the empty string.
    ///
    /// # Errors
    /// [`Thrown`] ends the rendering.
    fn property(&self, property: &str, budget: &Budget) -> Result<Option<Value>, Thrown> {
        let _ = (property, budget);
        Ok(None)
    }

    /// `$name.method(…)`. `None` where there is no method of this name for these arguments.
    ///
    /// Work that grows with its arguments, or values that it makes, are taken from the `budget`.
    ///
    /// # Errors
    /// [`Thrown`] ends the rendering.
    fn call(&self, method: &str, arguments: &[Value], budget: &Budget) -> Result<Option<Value>, Thrown> {
        let _ = (method, arguments, budget);
        Ok(None)
    }
}

/// A method failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thrown {
    /// An exception, with its reason for the log.
    Exception(String),
    /// A bound was reached.
    Limit(Limit),
}

impl From<Limit> for Thrown {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

impl From<&str> for Thrown {
    fn from(reason: &str) -> Self {
        Self::Exception(reason.to_owned())
    }
}

impl From<String> for Thrown {
    fn from(reason: String) -> Self {
        Self::Exception(reason)
    }
}
