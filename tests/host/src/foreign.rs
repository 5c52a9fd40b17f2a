//! Foreign functions: what `proxy_call_foreign_function` can reach.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use crate::Status;

/// A foreign function: argument to result.
pub(crate) type ForeignFunction = Arc<dyn Fn(&[u8]) -> Result<Vec<u8>, Status> + Send + Sync>;

/// Foreign functions by name. `clear_route_cache` is always there.
#[derive(Default)]
pub(crate) struct ForeignFunctions {
    functions: Mutex<HashMap<String, ForeignFunction>>,
}

impl ForeignFunctions {
    pub(crate) fn register(&self, name: &str, function: ForeignFunction) {
        self.functions.lock().unwrap().insert(name.to_owned(), function);
    }

    pub(crate) fn get(&self, name: &[u8]) -> Option<ForeignFunction> {
        self.functions.lock().unwrap().get(&*String::from_utf8_lossy(name)).cloned()
    }
}
