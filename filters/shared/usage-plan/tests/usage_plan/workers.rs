//! Several workers, one set of counters: never more than the limit, never noticeably less.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};

use gateway::{Cas, SharedDataError};
use proptest::prelude::*;
use usage_plan::{Counters, Denial, Plans, UnixMicros};

use crate::store::Store;
use crate::{START, get_pets, plans};

fn one_key(fields: &str) -> Plans {
    plans(&format!(
        r#"{{"apiKeys": [{{"id": "k1", "valueSha256": "secret"}}], "usagePlans": [{{"id": "u1", "keyIds": ["k1"],
             "apiStages": [{{"apiId": "api", "stage": "dev"}}], {fields}}}]}}"#
    ))
}

/// Counters in which, between a worker's reading and writing, other workers run as `script` says: so many whole
/// requests, each of them with the same chance of being interrupted, three deep. Ten interruptions are the most
/// between two requests of the test, so that nobody is kept from writing for ever.
struct Race<'a> {
    plans: &'a Plans,
    store: Store,
    script: RefCell<Box<dyn Iterator<Item = u8> + 'a>>,
    depth: Cell<u32>,
    interruptions: Cell<u32>,
    clock: Cell<u64>,
    passed: Cell<u64>,
    failed: Cell<u64>,
}

impl<'a> Race<'a> {
    fn new(plans: &'a Plans, script: &'a [u8]) -> Self {
        Self {
            plans,
            store: Store::default(),
            script: RefCell::new(Box::new(script.iter().copied().cycle())),
            depth: Cell::new(0),
            interruptions: Cell::new(0),
            clock: Cell::new(START),
            passed: Cell::new(0),
            failed: Cell::new(0),
        }
    }

    fn request(&self) {
        if self.depth.get() == 0 {
            self.interruptions.set(0);
        }
        match self.plans.admit(&get_pets("secret"), UnixMicros(self.clock.get()), self) {
            Ok(_) => self.passed.set(self.passed.get() + 1),
            Err(Denial::Throttled { .. } | Denial::QuotaExceeded { .. }) => {}
            Err(_) => self.failed.set(self.failed.get() + 1),
        }
    }
}

impl Counters for Race<'_> {
    fn load(&self, name: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        let found = self.store.load(name);
        if self.depth.get() < 3 {
            self.depth.set(self.depth.get() + 1);
            let others = self.script.borrow_mut().next().unwrap_or(0) % 4;
            for _ in 0..others {
                if self.interruptions.get() == 10 {
                    break;
                }
                self.interruptions.set(self.interruptions.get() + 1);
                self.clock.set(self.clock.get() + 50);
                self.request();
            }
            self.depth.set(self.depth.get() - 1);
        }
        found
    }

    fn store(&self, name: &str, value: &[u8], expected: Cas) -> Result<(), SharedDataError> {
        self.store.store(name, value, expected)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn interrupted_workers_keep_to_the_rate(
        script in prop::collection::vec(any::<u8>(), 1..200), rate in 1..4000u32, burst in 1..50u32,
    ) {
        let plans = one_key(&format!(r#""throttle": {{"rateLimit": {rate}, "burstLimit": {burst}}}"#));
        let race = Race::new(&plans, &script);
        for _ in 0..2000 {
            race.clock.set(race.clock.get() + 100);
            race.request();
            let seconds = (race.clock.get() - START) as f64 / 1e6;
            prop_assert!(race.passed.get() as f64 <= f64::from(burst) + f64::from(rate) * seconds);
        }
        // No token is lost but the last ones, as long as the bucket cannot fill up while everybody waits: less than a
        // millisecond passes from one decision to the next, and that is four tokens at most.
        if burst >= 5 {
            let seconds = (race.clock.get() - START) as f64 / 1e6;
            let due = f64::from(burst) + f64::from(rate) * seconds;
            prop_assert!(race.passed.get() as f64 >= due * 0.99 - 4.0, "{} of {due}", race.passed.get());
        }
        prop_assert_eq!(race.failed.get(), 0);
    }

    #[test]
    fn interrupted_workers_use_the_quota_exactly(
        script in prop::collection::vec(any::<u8>(), 1..50), limit in 1..100u64,
    ) {
        let plans = one_key(&format!(r#""quota": {{"limit": {limit}, "period": "MONTH"}}"#));
        let race = Race::new(&plans, &script);
        for _ in 0..limit * 2 {
            race.request();
        }
        prop_assert_eq!((race.passed.get(), race.failed.get()), (limit, 0));
    }
}

#[test]
fn the_first_requests_of_two_workers_both_count() {
    for fields in [r#""throttle": {"rateLimit": 0.001, "burstLimit": 2}"#, r#""quota": {"limit": 2, "period": "DAY"}"#]
    {
        let plans = one_key(fields);
        // The second worker runs between the first one's finding nothing and its creating the counter.
        let race = Race::new(&plans, &[1, 0, 0, 0, 0, 0, 0, 0]);
        for _ in 0..5 {
            race.request();
        }
        assert_eq!((race.passed.get(), race.failed.get()), (2, 0), "{fields}");
    }
}

#[test]
fn threads_keep_to_rate_and_quota() {
    const THREADS: usize = 4;
    const REQUESTS: usize = 20_000;
    const STEP_MICROS: u64 = 10;
    let (rate, burst, limit) = (30_000.0, 100.0, 15_000);
    let throttle = format!(r#""throttle": {{"rateLimit": {rate}, "burstLimit": {burst}}}"#);
    let quota = format!(r#""quota": {{"limit": {limit}, "period": "DAY"}}"#);
    let run = |plans: &Plans| {
        let (store, clock, passed) = (Store::default(), AtomicU64::new(START), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..REQUESTS {
                        let now = clock.fetch_add(STEP_MICROS, Ordering::SeqCst);
                        let admitted = plans.admit(&get_pets("secret"), UnixMicros(now), &store).is_ok();
                        passed.fetch_add(u64::from(admitted), Ordering::SeqCst);
                    }
                });
            }
        });
        passed.into_inner()
    };
    let seconds = (THREADS * REQUESTS) as f64 * STEP_MICROS as f64 / 1e6;
    let due = burst + rate * seconds;
    let passed = run(&one_key(&throttle)) as f64;
    assert!((due * 0.99..=due).contains(&passed), "{passed} of {due}");
    assert_eq!(run(&one_key(&quota)), limit);
    assert_eq!(run(&one_key(&format!("{throttle}, {quota}"))), limit);
}
