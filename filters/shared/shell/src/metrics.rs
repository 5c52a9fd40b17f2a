//! Statistics whose names filters make up from their configuration. Envoy knows them by numbers, which are asked for once.

use std::cell::RefCell;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::abi::{self, Kind};

/// Most names that are remembered; beyond them all are asked for again. A metric of an API has about ten for each of its
/// routes with metrics of their own.
const MAX_NAMES: usize = 16_384;

thread_local! {
    static KNOWN: RefCell<HashMap<String, u32, RandomState>> = RefCell::new(HashMap::default());
}

/// Adds to a counter.
pub fn add(counter: &str, amount: u64) {
    if let Some(id) = id(Kind::Counter, counter) {
        let _ = abi::increment(id, amount);
    }
}

/// Notes a value in a histogram.
pub fn record(histogram: &str, value: u64) {
    if let Some(id) = id(Kind::Histogram, histogram) {
        let _ = abi::record(id, value);
    }
}

fn id(kind: Kind, name: &str) -> Option<u32> {
    KNOWN.with(|known| {
        let mut known = known.try_borrow_mut().ok()?;
        if let Some(id) = known.get(name) {
            return Some(*id);
        }
        let id = abi::define_metric(kind, name).ok()?;
        if known.len() >= MAX_NAMES {
            known.clear();
        }
        known.insert(name.to_owned(), id);
        Some(id)
    })
}
