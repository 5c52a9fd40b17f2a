//! What all workers of one Envoy share.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use gateway::{Cas, SharedDataError};

/// Shared data: values with their versions.
#[derive(Debug, Default)]
pub struct SharedData {
    values: RefCell<BTreeMap<String, (Vec<u8>, Cas)>>,
    /// The last version that was issued.
    version: Cell<u32>,
}

impl SharedData {
    pub(crate) fn get(&self, key: &str) -> Option<(Vec<u8>, Cas)> {
        self.values.borrow().get(key).cloned()
    }

    /// As in Envoy, a version is compared only where there is a value.
    pub(crate) fn set(&self, key: &str, value: &[u8], expected: Option<Cas>) -> Result<(), SharedDataError> {
        let mut values = self.values.borrow_mut();
        if let (Some((_, found)), Some(expected)) = (values.get(key), expected)
            && *found != expected
        {
            return Err(SharedDataError::Changed);
        }
        self.version.set(self.version.get() + 1);
        let version = Cas::new(self.version.get()).ok_or(SharedDataError::Unavailable)?;
        values.insert(key.to_owned(), (value.to_vec(), version));
        Ok(())
    }
}
