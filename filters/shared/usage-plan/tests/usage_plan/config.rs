//! What `Plans::from_raw` refuses, and how it says so.

use usage_plan::{KeyDigest, Plans, RawApiKeys, RawPlans};

use crate::raw;

fn problems(json: &str) -> Vec<String> {
    Plans::from_raw(&raw(json)).unwrap_err().iter().map(ToString::to_string).collect()
}

fn check(json: &str, expected: &str) {
    assert_eq!(problems(json), [expected], "{json}");
}

#[test]
fn numbers_that_are_no_limits() {
    check(
        r#"{"usagePlans": [{"id": "u1", "throttle": {"rateLimit": -1, "burstLimit": 1}}]}"#,
        "usagePlans[0].throttle.rateLimit: -1 is not a limit, expected a number of at least 0",
    );
    check(
        r#"{"usagePlans": [{"id": "u1", "apiStages": [{"apiId": "a", "stage": "s", "throttle":
            {"/pets/GET": {"rateLimit": 1, "burstLimit": -0.5}}}]}]}"#,
        "usagePlans[0].apiStages[0].throttle[\"/pets/GET\"].burstLimit: -0.5 is not a limit, expected a number of at \
         least 0",
    );
    check(
        r#"{"stages": [{"apiId": "a", "stage": "s", "methodSettings": {"*/*": {"throttlingRateLimit": -1}}}]}"#,
        "stages[0].methodSettings[\"*/*\"].throttlingRateLimit: -1 is not a limit, expected a number of at least 0",
    );
    check(
        r#"{"account": {"rateLimit": 1, "burstLimit": -1}}"#,
        "account.burstLimit: -1 is not a limit, expected a number of at least 0",
    );
}

#[test]
fn offsets_in_range() {
    for (period, max) in [("DAY", 0), ("WEEK", 6), ("MONTH", 27)] {
        let quota = |offset| {
            format!(
                r#"{{"usagePlans": [{{"id": "u1", "createdDate": 1727181296,
                     "quota": {{"limit": 9, "offset": {offset}, "period": "{period}"}}}}]}}"#
            )
        };
        assert!(Plans::from_raw(&raw(&quota(max))).is_ok());
        let expected =
            format!("usagePlans[0].quota.offset: {} is out of range, expected at most {max} with {period}", max + 1);
        check(&quota(max + 1), &expected);
    }
}

#[test]
fn an_offset_without_first_period_is_a_warning() {
    let plans = Plans::from_raw(&raw(
        r#"{"usagePlans": [{"id": "u1", "quota": {"limit": 9, "offset": 3, "period": "WEEK"}}]}"#,
    ));
    let expected =
        "usagePlans[0].quota.offset is ignored: usage plan `u1` has no createdDate, so no period is its first";
    assert_eq!(plans.unwrap().warnings(), [expected]);
}

#[test]
fn keys_that_plans_name_exist() {
    check(
        r#"{"apiKeys": [{"id": "k1", "valueSha256": "one"}], "usagePlans": [{"id": "u1"}, {"id": "u2", "keyIds": ["k1", "k1 k2"]}]}"#,
        "usagePlans[1].keyIds[1]: there is no API key `k2`",
    );
}

#[test]
fn nothing_occurs_twice() {
    check(
        r#"{"apiKeys": [{"id": "k1", "valueSha256": "one"}, {"id": "k2", "valueSha256": "one"}]}"#,
        "apiKeys: the keys `k1` and `k2` have the same value",
    );
    check(
        r#"{"apiKeys": [{"id": "k1", "valueSha256": "one"}, {"id": "k1", "valueSha256": "two"}]}"#,
        "apiKeys: the id `k1` occurs twice",
    );
    check(r#"{"usagePlans": [{"id": "u1"}, {"id": "u1"}]}"#, "usagePlans[1].id: the id `u1` occurs twice");
    check(
        r#"{"usagePlans": [{"id": "u1", "apiStages": [{"apiId": "a", "stage": "s"}, {"apiId": "a", "stage": "s"}]}]}"#,
        "usagePlans[0].apiStages[1]: the stage a/s occurs twice",
    );
    check(
        r#"{"stages": [{"apiId": "a", "stage": "s"}, {"apiId": "a", "stage": "t"}, {"apiId": "a", "stage": "s"}]}"#,
        "stages[2]: the stage a/s occurs twice",
    );
    check(
        r#"{"stages": [{"apiId": "a", "stage": "s", "methodSettings":
            {"/pets/GET": {"throttlingRateLimit": 1}, "~1pets/GET": {"throttlingRateLimit": 2}}}]}"#,
        "stages[0].methodSettings[\"~1pets/GET\"]: the method has another entry, spelt differently",
    );
}

#[test]
fn one_plan_for_a_key_and_a_stage() {
    let json = |second: &str| {
        format!(
            r#"{{"apiKeys": [{{"id": "k1", "valueSha256": "one"}}, {{"id": "k2", "valueSha256": "two"}}], "usagePlans": [
                {{"id": "u1", "keyIds": ["k1"], "apiStages": [{{"apiId": "a", "stage": "s"}}]}},
                {{"id": "u2", "keyIds": ["k2"], "apiStages": [{{"apiId": "a", "stage": "s"}}]}},
                {{"id": "u3", "keyIds": ["k1"], "apiStages": [{{"apiId": "a", "stage": "{second}"}}]}}]}}"#
        )
    };
    assert!(Plans::from_raw(&raw(&json("t"))).is_ok());
    check(&json("s"), "usagePlans[2].keyIds: the key `k1` is in usage plan `u1`, too, for stage a/s");
}

#[test]
fn names_and_methods_that_cannot_be() {
    check(r#"{"usagePlans": [{"id": ""}]}"#, "usagePlans[0].id: is empty");
    check(r#"{"usagePlans": [{"id": "u/1"}]}"#, "usagePlans[0].id: `u/1` contains '/'");
    check(r#"{"apiKeys": [{"id": "k 1", "valueSha256": "one"}]}"#, "apiKeys[0].id: `k 1` contains ' '");
    check(r#"{"stages": [{"apiId": "a/b", "stage": "s"}]}"#, "stages[0].apiId: `a/b` contains '/'");
    let no_method = "is not a method, expected a resource path and a verb such as `/pets/{petId}/GET`";
    check(
        r#"{"usagePlans": [{"id": "u1", "apiStages": [{"apiId": "a", "stage": "s", "throttle":
            {"GET /pets": {"rateLimit": 1, "burstLimit": 1}}}]}]}"#,
        &format!("usagePlans[0].apiStages[0].throttle[\"GET /pets\"]: {no_method}"),
    );
    check(
        r#"{"stages": [{"apiId": "a", "stage": "s", "methodSettings": {"/pets": {}}}]}"#,
        &format!("stages[0].methodSettings[\"/pets\"]: {no_method}"),
    );
}

#[test]
fn a_packed_key_is_not_repeated_when_it_is_wrong() {
    let raw = RawPlans { api_keys: vec![RawApiKeys::Packed("k1:my-secret-key".into())], ..RawPlans::default() };
    let problems = Plans::from_raw(&raw).unwrap_err();
    assert_eq!(problems[0].to_string(), "apiKeys[0]: a key is not of the form `id:digest`");
}

#[test]
fn everything_is_reported_but_not_endlessly() {
    let keys: Vec<String> = (0..1000).map(|i| format!("k{i}")).collect();
    let same = KeyDigest::of(b"one value for all");
    let api_keys = vec![RawApiKeys::pack(keys.iter().map(|id| (id.as_str(), same)))];
    assert_eq!(Plans::from_raw(&RawPlans { api_keys, ..RawPlans::default() }).unwrap_err().len(), 100);
    let two = r#"{"account": {"rateLimit": -1, "burstLimit": -1}, "usagePlans": [{"id": "u1", "keyIds": ["k1"]}]}"#;
    assert_eq!(problems(two).len(), 3);
}
