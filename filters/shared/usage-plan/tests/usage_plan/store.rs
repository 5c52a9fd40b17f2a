//! Shared data with Envoy's semantics, in memory.

use std::collections::HashMap;
use std::sync::Mutex;

use gateway::{Cas, SharedDataError};
use usage_plan::Counters;

#[derive(Default)]
pub struct Store(Mutex<Data>);

#[derive(Default)]
struct Data {
    values: HashMap<String, (Vec<u8>, Cas)>,
    last_version: u32,
}

impl Store {
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.0.lock().unwrap().values.keys().cloned().collect();
        names.sort();
        names
    }

    pub fn put(&self, name: &str, value: &[u8]) {
        self.store(name, value, Cas::MAX).unwrap();
    }
}

impl Counters for Store {
    fn load(&self, name: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        Ok(self.0.lock().unwrap().values.get(name).cloned())
    }

    fn store(&self, name: &str, value: &[u8], expected: Cas) -> Result<(), SharedDataError> {
        let Data { values, last_version } = &mut *self.0.lock().unwrap();
        if values.get(name).is_some_and(|(_, version)| *version != expected) {
            return Err(SharedDataError::Changed);
        }
        *last_version += 1;
        values.insert(name.to_owned(), (value.to_vec(), Cas::new(*last_version).unwrap()));
        Ok(())
    }
}
