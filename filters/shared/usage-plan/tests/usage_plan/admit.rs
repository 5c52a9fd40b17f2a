//! Which requests pass, in which order the levels are asked, and what a refusal costs.

use std::cell::Cell;

use gateway::{Cas, SharedDataError, UnixMillis};
use usage_plan::{Call, CounterError, Counters, Denial, Identity, Level, Limit, Period, UnixMicros, log};

use crate::store::Store;
use crate::{START, get_pets, plans};

/// One key in one plan, with `fields` added to the plan and `rest` to the configuration.
fn one_key(fields: &str, rest: &str) -> usage_plan::Plans {
    plans(&format!(
        r#"{{"apiKeys": [{{"id": "k1", "valueSha256": "secret-key-number-one"}},
                         {{"id": "k2", "valueSha256": "secret-key-number-two"}},
                         {{"id": "off", "valueSha256": "disabled-key", "enabled": false}},
                         {{"id": "lost", "valueSha256": "key-without-plan"}}],
             "usagePlans": [{{"id": "u1", "keyIds": ["k1 k2", "off"] {fields}}}] {rest}}}"#
    ))
}

const DEV: &str = r#", "apiStages": [{"apiId": "api", "stage": "dev"}, {"apiId": "api", "stage": "prod"}]"#;
const K1: Identity = Identity { api_key_id: "k1", usage_plan_id: "u1" };

/// Both stages, a token a second in a bucket of `burst`, and `quota` requests a day.
fn limited(burst: u32, quota: u32) -> String {
    format!(
        r#"{DEV}, "throttle": {{"rateLimit": 1, "burstLimit": {burst}}}, "quota": {{"limit": {quota}, "period": "DAY"}}"#
    )
}

fn limit(rate: f64, burst: f64) -> Limit {
    Limit::new(rate, burst).unwrap()
}

/// `P` for a request that passes at that second, `T` for throttled, `Q` for quota exceeded.
fn run(plans: &usage_plan::Plans, store: &Store, call: Call, seconds: &[f64]) -> String {
    let letter = |second: &f64| match plans.admit(&call, UnixMicros(START + (second * 1e6) as u64), store) {
        Ok(_) => 'P',
        Err(Denial::Throttled { .. }) => 'T',
        Err(Denial::QuotaExceeded { .. }) => 'Q',
        Err(other) => panic!("{other:?}"),
    };
    seconds.iter().map(letter).collect()
}

#[test]
fn a_key_is_known_enabled_and_in_a_plan_of_the_stage() {
    let plans = one_key(DEV, "");
    let store = Store::default();
    let admit = |call: Call<'static>| plans.admit(&call, UnixMillis(START / 1000), &store);
    let call = get_pets("secret-key-number-one");
    assert_eq!(admit(call), Ok(Some(K1)));
    assert_eq!(admit(Call { key: None, ..call }), Err(Denial::MissingKey));
    assert_eq!(admit(Call { key: Some(b""), ..call }), Err(Denial::MissingKey));
    for unknown in ["nope", "Secret-Key-Number-One", "secret-key-number-one ", "k1"] {
        assert_eq!(admit(Call { key: Some(unknown.as_bytes()), ..call }), Err(Denial::UnknownKey), "{unknown}");
    }
    assert_eq!(admit(Call { key: Some(b"\xff\xfe\0"), ..call }), Err(Denial::UnknownKey));
    assert_eq!(admit(Call { key: Some(&[b'a'; 10_000]), ..call }), Err(Denial::UnknownKey));
    assert_eq!(admit(get_pets("disabled-key")), Err(Denial::Disabled { api_key_id: "off" }));
    assert_eq!(admit(get_pets("key-without-plan")), Err(Denial::NoPlan { api_key_id: "lost" }));
    assert_eq!(admit(Call { stage: "test", ..call }), Err(Denial::NoPlan { api_key_id: "k1" }));
    assert_eq!(admit(Call { api_id: "other", ..call }), Err(Denial::NoPlan { api_key_id: "k1" }));
    assert!(store.names().is_empty(), "nothing to count without limits");
}

#[test]
fn a_method_without_key_ignores_one_and_its_plan() {
    let plans = one_key(&format!(r#"{DEV}, "quota": {{"limit": 1, "period": "DAY"}}"#), "");
    let store = Store::default();
    for key in [None, Some(&b"secret-key-number-one"[..]), Some(b"nope"), Some(b"disabled-key")] {
        let call = Call { api_key_required: false, key, ..get_pets("") };
        for _ in 0..3 {
            assert_eq!(plans.admit(&call, UnixMicros(START), &store), Ok(None));
        }
    }
    assert!(store.names().is_empty());
}

#[test]
fn the_example_of_the_documentation() {
    let plans = one_key(&format!(r#"{DEV}, "throttle": {{"rateLimit": 1, "burstLimit": 2}}"#), "");
    let call = get_pets("secret-key-number-one");
    assert_eq!(run(&plans, &Store::default(), call, &[0.0, 0.0, 0.0, 0.5, 1.0, 2.0]), "PPTTPP");
}

#[test]
fn a_plan_counts_each_key_over_all_stages() {
    let plans = one_key(&format!(r#"{DEV}, "throttle": {{"rateLimit": 1, "burstLimit": 2}}"#), "");
    let store = Store::default();
    let call = get_pets("secret-key-number-one");
    assert_eq!(run(&plans, &store, call, &[0.0]), "P");
    assert_eq!(run(&plans, &store, Call { stage: "prod", resource_path: "/", ..call }, &[0.0, 0.0]), "PT");
    assert_eq!(run(&plans, &store, get_pets("secret-key-number-two"), &[0.0, 0.0, 0.0]), "PPT");
    assert_eq!(store.names(), ["usage-plan/2/plan/u1/k1", "usage-plan/2/plan/u1/k2"]);
}

#[test]
fn a_method_of_the_plan_has_its_own_bucket_instead() {
    let plans = one_key(
        r#", "throttle": {"rateLimit": 1, "burstLimit": 1}, "apiStages": [{"apiId": "api", "stage": "dev", "throttle":
            {"/pets/GET": {"rateLimit": 1, "burstLimit": 3}, "/all/ANY": {"rateLimit": 1, "burstLimit": 2},
             "//GET": {"rateLimit": 0, "burstLimit": 9}}}]"#,
        "",
    );
    let store = Store::default();
    let call = get_pets("secret-key-number-one");
    assert_eq!(run(&plans, &store, call, &[0.0; 4]), "PPPT");
    let post = Call { method: "POST", request_method: "POST", ..call };
    assert_eq!(run(&plans, &store, post, &[0.0; 2]), "PT", "the plan's own bucket is untouched by GET");
    let any = Call { resource_path: "/all", method: "ANY", ..call };
    assert_eq!(run(&plans, &store, any, &[0.0; 1]), "P");
    assert_eq!(run(&plans, &store, Call { request_method: "PUT", ..any }, &[0.0; 2]), "PT");
    assert_eq!(run(&plans, &store, Call { resource_path: "/", ..call }, &[0.0; 1]), "T", "a rate of 0");
    assert_eq!(
        plans.admit(&call, UnixMicros(START), &store),
        Err(Denial::Throttled { level: Level::PlanMethod, limit: limit(1.0, 3.0), identity: Some(K1) })
    );
    let key2 = get_pets("secret-key-number-two");
    assert_eq!(run(&plans, &store, key2, &[0.0; 4]), "PPPT", "each key has its own");
}

#[test]
fn the_stage_throttles_each_method_for_all_callers() {
    let plans = one_key(
        DEV,
        r#", "stages": [{"apiId": "api", "stage": "dev", "methodSettings": {
            "*/*": {"throttlingRateLimit": 1, "throttlingBurstLimit": 2},
            "/pets/POST": {"throttlingBurstLimit": 1}, "~1closed/GET": {"throttlingRateLimit": 0}}}]"#,
    );
    let store = Store::default();
    let (k1, k2) = (get_pets("secret-key-number-one"), get_pets("secret-key-number-two"));
    let open = Call { api_key_required: false, key: None, ..k1 };
    assert_eq!(run(&plans, &store, k1, &[0.0]), "P");
    assert_eq!(run(&plans, &store, open, &[0.0]), "P");
    assert_eq!(run(&plans, &store, k2, &[0.0]), "T");
    assert_eq!(run(&plans, &store, Call { resource_path: "/cats", ..k2 }, &[0.0; 3]), "PPT");
    let post = Call { method: "POST", request_method: "POST", ..open };
    assert_eq!(run(&plans, &store, post, &[0.0, 0.0, 1.0]), "PTP", "its own burst, the rate of */*");
    assert_eq!(run(&plans, &store, Call { resource_path: "/closed", ..open }, &[0.0]), "T");
    assert_eq!(run(&plans, &store, Call { stage: "prod", ..k1 }, &[0.0; 5]), "PPPPP", "another stage");
    assert_eq!(
        plans.admit(&open, UnixMicros(START), &store),
        Err(Denial::Throttled { level: Level::StageMethod, limit: limit(1.0, 2.0), identity: None })
    );
    assert_eq!(
        store.names(),
        ["GET", "POST"].map(|verb| format!("usage-plan/2/stage/api/dev/pets/{verb}")).into_iter().fold(
            vec!["usage-plan/2/stage/api/dev/cats/GET".to_owned()],
            |mut names, name| {
                names.push(name);
                names
            }
        )
    );
}

#[test]
fn all_requests_share_the_account() {
    let plans = one_key(DEV, r#", "account": {"rateLimit": 0.5, "burstLimit": 2}"#);
    let store = Store::default();
    let open = Call { api_id: "other", api_key_required: false, key: None, ..get_pets("") };
    assert_eq!(run(&plans, &store, get_pets("secret-key-number-one"), &[0.0]), "P");
    assert_eq!(run(&plans, &store, open, &[0.0, 0.0, 1.9, 2.0]), "PTTP");
    assert!(plans.admit(&get_pets("nope"), UnixMicros(START + 4_000_000), &store).is_err());
    assert_eq!(run(&plans, &store, open, &[4.0]), "P", "an unknown key takes no token");
}

#[test]
fn plan_before_stage_before_account_before_quota_and_no_refund() {
    let plans = one_key(
        &limited(4, 1),
        r#", "stages": [{"apiId": "api", "stage": "dev", "methodSettings":
             {"*/*": {"throttlingRateLimit": 1, "throttlingBurstLimit": 3}}}],
           "account": {"rateLimit": 1, "burstLimit": 2}"#,
    );
    let store = Store::default();
    let call = get_pets("secret-key-number-one");
    let admit = || plans.admit(&call, UnixMicros(START), &store);
    let throttled = |level, burst| Err(Denial::Throttled { level, limit: limit(1.0, burst), identity: Some(K1) });
    assert_eq!(admit(), Ok(Some(K1)));
    assert_eq!(admit(), Err(Denial::QuotaExceeded { limit: 1, period: Period::Day, identity: K1 }));
    assert_eq!(admit(), throttled(Level::Account, 2.0));
    assert_eq!(admit(), throttled(Level::StageMethod, 3.0));
    assert_eq!(admit(), throttled(Level::Plan, 4.0));
    let checks = plans.checks(&call).unwrap();
    let levels: Vec<Level> = checks.throttles.iter().map(|check| check.level).collect();
    assert_eq!(levels, [Level::Plan, Level::StageMethod, Level::Account]);
    assert_eq!(checks.throttles[0].counter, "usage-plan/2/plan/u1/k1");
    assert_eq!(checks.quota.unwrap().limit, 1);
}

#[test]
fn refused_requests_cost_no_quota() {
    let plans = one_key(&limited(1, 3), "");
    let store = Store::default();
    let call = get_pets("secret-key-number-one");
    assert_eq!(run(&plans, &store, call, &[0.0, 0.0, 0.0, 1.0, 1.1, 1.2, 2.0, 3.0, 4.0]), "PTTPTTPQQ");
    let midnight = (24.0 * 3600.0) - (12.0 * 3600.0 + 34.0 * 60.0 + 56.0);
    assert_eq!(run(&plans, &store, call, &[midnight - 0.5, midnight]), "QT", "the token is spent, the quota is new");
    assert_eq!(run(&plans, &store, call, &[midnight + 1.0, midnight + 2.0, midnight + 3.0]), "PPP");
    assert_eq!(run(&plans, &store, call, &[midnight + 4.0]), "Q");
}

#[test]
fn a_request_that_the_stage_throttles_costs_no_quota() {
    let plans = one_key(
        &limited(9, 3),
        r#", "stages": [{"apiId": "api", "stage": "dev", "methodSettings":
             {"*/*": {"throttlingRateLimit": 1, "throttlingBurstLimit": 1}}}]"#,
    );
    let store = Store::default();
    let call = get_pets("secret-key-number-one");
    assert_eq!(run(&plans, &store, call, &[0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 3.0]), "PTTPTPQ");
    // A stage without such a throttle counts on in the same value, bucket and quota at once.
    let prod = Call { stage: "prod", ..call };
    assert_eq!(run(&plans, &store, prod, &[3.0]), "Q");
    let midnight = 12.0 * 3600.0;
    assert_eq!(run(&plans, &store, prod, &[midnight; 4]), "PPPQ");
    assert_eq!(run(&plans, &store, call, &[midnight]), "Q");
    let names = ["usage-plan/2/plan/u1/k1", "usage-plan/2/stage/api/dev/pets/GET"];
    assert_eq!(store.names(), names);
}

#[test]
fn a_used_up_quota_takes_tokens() {
    let plans = one_key(&limited(2, 0), "");
    let store = Store::default();
    assert_eq!(run(&plans, &store, get_pets("secret-key-number-one"), &[0.0, 0.0, 0.0, 1.0]), "QQTQ");
}

#[test]
fn a_plan_may_get_a_quota_or_a_throttle_later() {
    let store = Store::default();
    let call = get_pets("secret-key-number-one");
    let (throttle, quota) =
        (r#""throttle": {"rateLimit": 1, "burstLimit": 2}"#, r#""quota": {"limit": 2, "period": "DAY"}"#);
    assert_eq!(run(&one_key(&format!("{DEV}, {throttle}"), ""), &store, call, &[0.0]), "P");
    assert_eq!(run(&one_key(&format!("{DEV}, {throttle}, {quota}"), ""), &store, call, &[0.0, 0.0]), "PT");
    assert_eq!(run(&one_key(&format!("{DEV}, {quota}"), ""), &store, call, &[0.0, 0.0]), "PQ");
    assert_eq!(run(&one_key(&format!("{DEV}, {throttle}"), ""), &store, call, &[0.0, 1.0]), "TP");
}

#[test]
fn a_new_configuration_finds_the_counts() {
    let store = Store::default();
    let call = get_pets("secret-key-number-one");
    let of = |limit| one_key(&format!(r#"{DEV}, "quota": {{"limit": {limit}, "period": "WEEK"}}"#), "");
    assert_eq!(run(&of(2), &store, call, &[0.0; 3]), "PPQ");
    assert_eq!(run(&of(3), &store, call, &[0.0; 2]), "PQ");
    assert_eq!(run(&of(1), &store, call, &[0.0; 1]), "Q");
}

#[test]
fn what_is_no_counter_counts_as_none() {
    let plans = one_key(&limited(2, 2), "");
    for garbage in [&b""[..], b"x", &[0xff; 7], &[0xff; 23], &[0xff; 25], &[0xff; 100]] {
        let store = Store::default();
        store.put("usage-plan/2/plan/u1/k1", garbage);
        assert_eq!(run(&plans, &store, get_pets("secret-key-number-one"), &[0.0, 0.0, 0.0]), "PPT", "{garbage:?}");
    }
}

/// Shared data that fails in one way.
struct Broken {
    on_load: Option<SharedDataError>,
    on_store: SharedDataError,
    loads: Cell<usize>,
}

impl Counters for Broken {
    fn load(&self, _: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        self.loads.set(self.loads.get() + 1);
        self.on_load.map_or(Ok(None), Err)
    }
    fn store(&self, _: &str, _: &[u8], _: Cas) -> Result<(), SharedDataError> {
        Err(self.on_store)
    }
}

#[test]
fn what_cannot_be_counted_is_refused() {
    use SharedDataError::{Changed, Unavailable};
    let throttled = one_key(&format!(r#"{DEV}, "throttle": {{"rateLimit": 1, "burstLimit": 2}}"#), "");
    let counted = one_key(&format!(r#"{DEV}, "quota": {{"limit": 2, "period": "DAY"}}"#), "");
    for (on_load, on_store, error) in [
        (Some(Unavailable), Changed, CounterError::Unavailable),
        (None, Unavailable, CounterError::Unavailable),
        (None, Changed, CounterError::Contended),
    ] {
        for plans in [&throttled, &counted] {
            let broken = Broken { on_load, on_store, loads: Cell::new(0) };
            let admitted = plans.admit(&get_pets("secret-key-number-one"), UnixMicros(START), &broken);
            assert_eq!(admitted, Err(Denial::CheckFailed { error, identity: Some(K1) }));
            assert!(broken.loads.get() <= 64);
        }
    }
}

#[test]
fn log_lines_say_why_and_never_the_key() {
    let plans = one_key(
        r#", "quota": {"limit": 500, "period": "DAY"},
            "apiStages": [{"apiId": "a1b2c3d4e5", "stage": "dev"}]"#,
        "",
    );
    let call = Call { api_id: "a1b2c3d4e5", ..get_pets("secret-key-number-one") };
    let identity = Identity { api_key_id: "abc1F0yrv6", usage_plan_id: "u1" };
    assert_eq!(
        log::key_not_required(&call),
        "API Key authorized because method 'GET /pets' does not require API Key. Request will not contribute to \
         throttle or quota limits"
    );
    assert_eq!(
        log::succeeded(&identity, &call),
        "Usage Plan check succeeded for API Key ****F0yrv6 and API Stage a1b2c3d4e5/dev"
    );
    let (level, limit) = (Level::Plan, limit(5.0, 10.0));
    let throttled = Denial::Throttled { level, limit, identity: Some(identity) };
    assert_eq!(
        log::denied(&throttled, &call, "x7k2p9"),
        "API Key ****F0yrv6 exceeded throttle limit for API Stage a1b2c3d4e5/dev: Key throttle limit exceeded for \
         Usage Plan ID u1, RestApi a1b2c3d4e5, Stage dev, Resource x7k2p9, HttpMethod GET. Limit: 5.00 Burst: 10"
    );
    let exceeded = Denial::QuotaExceeded { limit: 500, period: Period::Day, identity };
    assert_eq!(
        log::denied(&exceeded, &call, "x7k2p9"),
        "API Key ****F0yrv6 exceeded throttle limit for API Stage a1b2c3d4e5/dev: Key quota exhausted for Usage Plan \
         ID u1. Limit: 500 Period: DAY"
    );
    let error = CounterError::Unavailable;
    let others = [
        Denial::Throttled { level: Level::StageMethod, limit, identity: None },
        Denial::Throttled { level: Level::Account, limit, identity: None },
        Denial::CheckFailed { error, identity: None },
        Denial::NoPlan { api_key_id: "lost" },
        Denial::Disabled { api_key_id: "off" },
        Denial::MissingKey,
        plans.checks(&Call { key: Some(b"guessed-key"), ..call }).unwrap_err(),
    ];
    for denial in others {
        let line = log::denied(&denial, &call, "x7k2p9");
        assert!(!line.contains("secret-key") && !line.contains("guessed"), "{line}");
        assert!(!format!("{denial:?} {plans:?}").contains("secret-key"));
    }
    assert_eq!(log::masked("k1"), "k1");
}
