//! A filter that a module leaves out.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::rc::Rc;

use gateway::{ConfigError, Filter};

/// What stands for filter `F`: it has the name, and refuses every configuration.
pub struct Absent<F> {
    never: Infallible,
    filter: PhantomData<F>,
}

impl<F: Filter> Filter for Absent<F> {
    const NAME: &'static str = F::NAME;
    type Raw = F::Raw;
    type Stream = F::Stream;

    fn configure(_raw: F::Raw) -> Result<Self, ConfigError> {
        Err(ConfigError::new("", "the filter is not in this module, apigw.wasm has it"))
    }

    fn stream(self: &Rc<Self>) -> F::Stream {
        match self.never {}
    }
}
