//! What a decision costs with 10 and with 100,000 keys in 50 plans, and what it costs to read that many.

#![allow(missing_docs, clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use gateway::{Cas, SharedDataError};
use usage_plan::{
    Call, Counters, KeyDigest, Period, Plans, RawApiKeys, RawApiStage, RawPlans, RawQuota, RawThrottle, RawUsagePlan,
    UnixMicros,
};

const PLANS: usize = 50;
/// Keys in one string of the configuration.
const PACK: usize = 1000;
/// Keys that call. More of them measure how far the counters are from the processor, not the look-up.
const CALLERS: usize = 10;

fn value(key: usize) -> String {
    format!("{key:0>40}")
}

fn raw(keys: usize) -> RawPlans {
    let ids: Vec<String> = (0..keys).map(|key| format!("{key:0>10}")).collect();
    let digests = ids.iter().enumerate().map(|(key, id)| (id.as_str(), KeyDigest::of(value(key).as_bytes())));
    let digests: Vec<_> = digests.collect();
    let throttle = RawThrottle { rate_limit: 1e9, burst_limit: 1e9 };
    let plan = |plan: usize| RawUsagePlan {
        id: format!("plan{plan}"),
        api_stages: vec![RawApiStage { api_id: "api".into(), stage: "dev".into(), ..RawApiStage::default() }],
        throttle: Some(throttle),
        quota: Some(RawQuota { limit: u64::MAX / 2, offset: 0, period: Period::Month }),
        key_ids: ids
            .iter()
            .skip(plan)
            .step_by(PLANS)
            .collect::<Vec<_>>()
            .chunks(PACK)
            .map(|ids| ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" "))
            .collect(),
        ..RawUsagePlan::default()
    };
    RawPlans {
        api_keys: digests.chunks(PACK).map(|keys| RawApiKeys::pack(keys.iter().copied())).collect(),
        usage_plans: (0..PLANS).map(plan).collect(),
        ..RawPlans::default()
    }
}

/// One worker's view of shared data.
#[derive(Default)]
struct Memory(RefCell<HashMap<String, (Vec<u8>, Cas)>>);

impl Counters for Memory {
    fn load(&self, name: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        Ok(self.0.borrow().get(name).cloned())
    }
    fn store(&self, name: &str, value: &[u8], expected: Cas) -> Result<(), SharedDataError> {
        self.0.borrow_mut().insert(name.to_owned(), (value.to_vec(), expected));
        Ok(())
    }
}

fn benches(c: &mut Criterion) {
    for keys in [10, 100_000] {
        let json = serde_json::to_vec(&raw(keys)).unwrap();
        println!("{keys} keys: {} bytes of JSON", json.len());
        let plans = Plans::from_raw(&serde_json::from_slice(&json).unwrap()).unwrap();
        let values: Vec<String> = (0..CALLERS).map(|caller| value(caller * (keys / CALLERS))).collect();
        let memory = Memory::default();
        let mut next = 0;
        let mut now = 1_727_181_296_000_000;
        c.bench_function(&format!("admit/{keys} keys"), |b| {
            b.iter(|| {
                next = (next + 1) % CALLERS;
                now += 10;
                let call = Call {
                    api_id: "api",
                    stage: "dev",
                    resource_path: "/pets",
                    method: "GET",
                    request_method: "GET",
                    api_key_required: true,
                    key: Some(values[next].as_bytes()),
                };
                black_box(plans.admit(&call, UnixMicros(now), &memory)).unwrap();
            });
        });
        c.bench_function(&format!("unknown key/{keys} keys"), |b| {
            b.iter(|| {
                next += 1;
                let key = value(keys + next);
                let call = Call {
                    api_id: "api",
                    stage: "dev",
                    resource_path: "/pets",
                    method: "GET",
                    request_method: "GET",
                    api_key_required: true,
                    key: Some(key.as_bytes()),
                };
                black_box(plans.admit(&call, UnixMicros(now), &memory)).unwrap_err();
            });
        });
        let mut group = c.benchmark_group("configure");
        group.sample_size(10);
        group.bench_function(format!("{keys} keys"), |b| {
            b.iter(|| Plans::from_raw(&serde_json::from_slice(&json).unwrap()).unwrap());
        });
        group.finish();
    }
}

criterion_group!(admit, benches);
criterion_main!(admit);
