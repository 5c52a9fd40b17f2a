//! Workers that remember what they wrote: the same decisions, with less reading.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use gateway::{Cas, SharedDataError};
use proptest::prelude::*;
use usage_plan::{Counters, Denial, Plans, Recall, UnixMicros};

use crate::store::Store;
use crate::{START, get_pets, plans};

/// Two keys in a plan with a quota and a throttle that never refuses.
fn two_keys(limit: u64) -> Plans {
    plans(&format!(
        r#"{{"apiKeys": [{{"id": "k1", "valueSha256": "secret"}}, {{"id": "k2", "valueSha256": "other"}}],
             "usagePlans": [{{"id": "u1", "keyIds": ["k1", "k2"], "apiStages": [{{"apiId": "api", "stage": "dev"}}],
             "throttle": {{"rateLimit": 1000000, "burstLimit": 1000000}},
             "quota": {{"limit": {limit}, "period": "MONTH"}}}}]}}"#
    ))
}

/// Counters that count how often they are read.
#[derive(Default)]
struct Reads {
    store: Store,
    reads: Cell<u32>,
    writes: Cell<u32>,
}

impl Counters for Reads {
    fn load(&self, name: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        self.reads.set(self.reads.get() + 1);
        self.store.load(name)
    }

    fn store(&self, name: &str, value: &[u8], expected: Cas) -> Result<(), SharedDataError> {
        self.writes.set(self.writes.get() + 1);
        self.store.store(name, value, expected)
    }
}

#[test]
fn throttle_and_quota_of_a_plan_are_changed_together() {
    let (plans, counters) = (two_keys(1000), Reads::default());
    for request in 1..=10 {
        assert!(plans.admit(&get_pets("secret"), UnixMicros(START), &counters).is_ok());
        assert_eq!((counters.reads.get(), counters.writes.get()), (request, request));
    }
}

#[test]
fn a_worker_alone_reads_each_counter_once() {
    let (plans, recall, counters) = (two_keys(1000), Recall::default(), Reads::default());
    let request = |key| plans.admit(&get_pets(key), UnixMicros(START), &recall.of(&counters)).is_ok();
    assert!(request("secret") && request("other"));
    let first = counters.reads.get();
    assert!((0..100).all(|_| request("secret") && request("other")));
    assert_eq!(counters.reads.get(), first);
}

#[test]
fn a_refusal_is_never_remembered() {
    let (plans, store) = (two_keys(5), Store::default());
    let workers = [Recall::default(), Recall::default()];
    let request = |worker: &Recall, at| plans.admit(&get_pets("secret"), UnixMicros(at), &worker.of(&store));
    let [one, other] = &workers;
    assert!((0..5).all(|_| request(one, START).is_ok()));
    assert!(matches!(request(one, START), Err(Denial::QuotaExceeded { .. })));
    // The next month's first request comes to the other worker, and this one sees what it has left.
    let next_month = START + 32 * 86_400_000_000;
    assert!((0..4).all(|_| request(other, next_month).is_ok()));
    assert!(request(one, next_month).is_ok());
    assert!(matches!(request(one, next_month), Err(Denial::QuotaExceeded { .. })));
}

proptest! {
    #[test]
    fn workers_in_any_order_use_the_quota_exactly(
        order in prop::collection::vec((0..3usize, any::<bool>()), 1..600), limit in 1..200u64,
    ) {
        let (plans, store) = (two_keys(limit), Store::default());
        let workers = [Recall::default(), Recall::default(), Recall::default()];
        let mut sent = [0u64; 2];
        let mut passed = [0u64; 2];
        for (worker, first) in order {
            let (key, at) = if first { ("secret", 0) } else { ("other", 1) };
            sent[at] += 1;
            // Some worker changes something else, which counts versions up as well.
            if worker == 2 && first {
                store.put(&format!("unrelated {sent:?}"), b"");
            }
            let admitted = plans.admit(&get_pets(key), UnixMicros(START), &workers[worker].of(&store)).is_ok();
            passed[at] += u64::from(admitted);
        }
        prop_assert_eq!(passed, sent.map(|sent| sent.min(limit)));
    }
}

#[test]
fn threads_use_the_quota_exactly() {
    const THREADS: usize = 4;
    const REQUESTS: usize = 20_000;
    let (plans, store, passed) = (two_keys(50_000), Store::default(), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let recall = Recall::default();
                for _ in 0..REQUESTS {
                    let admitted = plans.admit(&get_pets("secret"), UnixMicros(START), &recall.of(&store)).is_ok();
                    passed.fetch_add(u64::from(admitted), Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(passed.into_inner(), 50_000);
}
