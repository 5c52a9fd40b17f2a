//! Calls under way: of several requests that need the same answer, one asks and the others wait for it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::answer::Outcome;
use crate::cache::Key;

/// The calls under way on this worker, one for each request that makes one at most.
#[derive(Debug, Default)]
pub(crate) struct Flights(RefCell<BTreeMap<Key, Rc<Flight>>>);

/// A call under way.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    outcome: RefCell<Option<Outcome>>,
    abandoned: Cell<bool>,
}

/// What a waiting request finds.
pub(crate) enum News {
    /// Nothing yet.
    None,
    Outcome(Outcome),
    /// The request that asked is gone: somebody else has to.
    Abandoned,
}

impl Flights {
    /// The call under way for a key.
    pub(crate) fn join(&self, key: &Key) -> Option<Rc<Flight>> {
        self.0.try_borrow().ok()?.get(key).map(Rc::clone)
    }

    /// A new call for a key.
    pub(crate) fn depart(&self, key: Key) -> Rc<Flight> {
        let flight = Rc::new(Flight::default());
        if let Ok(mut flights) = self.0.try_borrow_mut() {
            flights.insert(key, Rc::clone(&flight));
        }
        flight
    }

    /// The call has come to an end.
    pub(crate) fn land(&self, key: &Key, flight: &Rc<Flight>, outcome: Option<Outcome>) {
        match outcome {
            Some(outcome) => {
                flight.outcome.replace(Some(outcome));
            }
            None => flight.abandoned.set(true),
        }
        if let Ok(mut flights) = self.0.try_borrow_mut()
            && flights.get(key).is_some_and(|other| Rc::ptr_eq(other, flight))
        {
            flights.remove(key);
        }
    }
}

impl Flight {
    pub(crate) fn news(&self) -> News {
        match (self.outcome.borrow().as_ref(), self.abandoned.get()) {
            (Some(outcome), _) => News::Outcome(outcome.clone()),
            (None, true) => News::Abandoned,
            (None, false) => News::None,
        }
    }
}
