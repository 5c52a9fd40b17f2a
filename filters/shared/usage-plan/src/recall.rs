//! What this worker has written last, so that it can change it again without reading it.
//!
//! Reading a shared value takes Envoy several times as long as writing one, because it has to ask the VM for memory. A
//! worker that remembers a value and its version can write the next value at once: if another worker was there in
//! between, the version does not fit, and the value is read as ever.
//!
//! Envoy does not tell the version that a write has got, but it counts versions up over all values. So a worker that
//! knows the last one knows the next, until somebody else writes. A guess is never above the true version of the
//! write, and versions of a value only grow: if the value has the guessed version, nobody has written it since. Where
//! guesses fail, because several workers write, they stop for a while.

use std::cell::RefCell;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use gateway::{Cas, SharedDataError};

use crate::Counters;

/// Most values that a worker remembers: the counters of the callers that are busy now. The table starts over when it is
/// full.
const MAX_VALUES: usize = 1024;

/// The longest value that is remembered, in bytes. With [`MAX_VALUES`] it bounds the memory to some 400 kB.
const MAX_VALUE_BYTES: usize = 384;

/// How many values are written without a guess after one has failed. Where every guess fails, a lost write and the
/// reading that follows each pause add two per cent.
const WRITES_WITHOUT_GUESS: u32 = 128;

/// The values that this worker has written last.
#[derive(Debug, Default)]
pub struct Recall(RefCell<State>);

#[derive(Debug, Default)]
struct State {
    /// The version that Envoy has given last, as far as this worker can know.
    latest: Option<Cas>,
    /// How many writes there are before the next guess.
    pause: u32,
    values: HashMap<String, (Vec<u8>, Cas), RandomState>,
}

/// Counters of which a worker remembers what it wrote.
pub struct Recalled<'a, C: ?Sized> {
    recall: &'a Recall,
    counters: &'a C,
}

impl Recall {
    /// The same counters, with this memory.
    pub fn of<'a, C: Counters + ?Sized>(&'a self, counters: &'a C) -> Recalled<'a, C> {
        Recalled { recall: self, counters }
    }

    fn value(&self, name: &str) -> Option<(Vec<u8>, Cas)> {
        self.0.try_borrow().ok()?.values.get(name).cloned()
    }

    /// A value was written.
    fn written(&self, name: &str, value: &[u8], counters: &(impl Counters + ?Sized)) {
        let Ok(mut state) = self.0.try_borrow_mut() else { return };
        if let Some(latest) = state.latest {
            let version = latest.checked_add(1).unwrap_or(Cas::MIN);
            state.latest = Some(version);
            state.remember(name, value.to_vec(), version);
        } else if state.pause > 0 {
            state.pause = state.pause.saturating_sub(1);
        } else if let Ok(Some((value, version))) = counters.load(name) {
            state.latest = Some(version);
            state.remember(name, value, version);
        }
    }

    /// A value was not written.
    fn failed(&self) {
        let Ok(mut state) = self.0.try_borrow_mut() else { return };
        if state.latest.is_some() {
            *state = State { latest: None, pause: WRITES_WITHOUT_GUESS, values: HashMap::default() };
        }
    }
}

impl State {
    fn remember(&mut self, name: &str, value: Vec<u8>, version: Cas) {
        if value.len() > MAX_VALUE_BYTES {
            self.values.remove(name);
        } else if let Some(known) = self.values.get_mut(name) {
            *known = (value, version);
        } else {
            if self.values.len() >= MAX_VALUES {
                self.values.clear();
            }
            self.values.insert(name.to_owned(), (value, version));
        }
    }
}

impl<C: Counters + ?Sized> Counters for Recalled<'_, C> {
    fn recall(&self, name: &str) -> Option<(Vec<u8>, Cas)> {
        self.recall.value(name)
    }

    fn load(&self, name: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        self.counters.load(name)
    }

    fn store(&self, name: &str, value: &[u8], expected: Cas) -> Result<(), SharedDataError> {
        let stored = self.counters.store(name, value, expected);
        match stored {
            Ok(()) => self.recall.written(name, value, self.counters),
            Err(_) => self.recall.failed(),
        }
        stored
    }
}
