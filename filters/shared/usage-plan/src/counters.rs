//! Counters that all workers share, changed by compare-and-set.

use std::fmt;

use gateway::{Cas, Host, SharedDataError};

/// The version that a counter which does not exist is written with. Envoy counts versions up from 1 over all values, so
/// an existing counter has this one for as long as one in four billion writes lasts; a worker would have to create
/// the same counter in that very moment for its first count to be lost.
const NEVER_ISSUED: Cas = Cas::MAX;

/// How often a counter is read again when another worker was faster. An attempt takes one to three microseconds. Even
/// if nine of ten fail, which takes dozens of workers that do nothing else, one request in a thousand is refused.
const MAX_ATTEMPTS: usize = 64;

/// Values that all workers of this Envoy share. Every [`Host`] is one, by its shared data.
pub trait Counters {
    /// A value and its version as this worker has left them, where that is remembered. They may be out of date: all that
    /// can be done with them is to [`store`](Self::store) the next value.
    fn recall(&self, _name: &str) -> Option<(Vec<u8>, Cas)> {
        None
    }

    /// A value and its version, or `None` if there is none.
    ///
    /// # Errors
    /// [`SharedDataError::Unavailable`] when it cannot be told.
    fn load(&self, name: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError>;

    /// Replaces a value that still has the version `expected`. A value that does not exist is created whatever
    /// `expected` is, as Envoy's `proxy_set_shared_data` does.
    ///
    /// # Errors
    /// [`SharedDataError::Changed`] when the value exists in another version; nothing is written then.
    fn store(&self, name: &str, value: &[u8], expected: Cas) -> Result<(), SharedDataError>;
}

impl<H: Host + ?Sized> Counters for H {
    fn load(&self, name: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        self.shared_data(name)
    }

    fn store(&self, name: &str, value: &[u8], expected: Cas) -> Result<(), SharedDataError> {
        self.set_shared_data(name, value, Some(expected))
    }
}

/// Why a counter could not be changed. The request is refused then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterError {
    /// Other workers were faster, every time.
    Contended,
    /// The host did not give or take the value.
    Unavailable,
}

impl fmt::Display for CounterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Contended => "other workers changed the counter again and again",
            Self::Unavailable => "the counter could not be read or written",
        })
    }
}

impl std::error::Error for CounterError {}

/// Changes the counter `name`: `change` sees what is there and returns its answer, with the new value if there is one.
/// It is called again when another worker was faster.
pub(crate) fn update<T>(
    counters: &(impl Counters + ?Sized),
    name: &str,
    mut change: impl FnMut(Option<&[u8]>) -> (T, Option<Vec<u8>>),
) -> Result<T, CounterError> {
    // Without a new value nothing would show whether the old one was still true.
    if let Some((value, version)) = counters.recall(name)
        && let (answer, Some(new)) = change(Some(&value))
        && counters.store(name, &new, version).is_ok()
    {
        return Ok(answer);
    }
    for _ in 0..MAX_ATTEMPTS {
        let found = counters.load(name).map_err(|_| CounterError::Unavailable)?;
        let (value, version) = match &found {
            Some((value, version)) => (Some(value.as_slice()), *version),
            None => (None, NEVER_ISSUED),
        };
        let (answer, new) = change(value);
        let Some(new) = new else { return Ok(answer) };
        match counters.store(name, &new, version) {
            Ok(()) => return Ok(answer),
            Err(SharedDataError::Changed) => {}
            Err(SharedDataError::Unavailable) => return Err(CounterError::Unavailable),
        }
    }
    Err(CounterError::Contended)
}
