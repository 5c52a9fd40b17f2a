//! Condition operators, row by row of the IAM user guide's pages on them.
#![allow(clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use iam_policy::{Caller, Decision, KeyMap, Kind, Policy, Request};
use serde_json::{Value, json};

fn keys() -> KeyMap {
    KeyMap::default()
        .with("k", ["abc"])
        .with("n", ["10"])
        .with("aws:CurrentTime", ["2026-06-01T12:00:00Z"])
        .with("aws:EpochTime", ["1780315200"])
        .with("aws:SourceIp", ["192.0.2.9"])
        .with("aws:SecureTransport", ["true"])
        .with("aws:username", ["alice"])
        .with("arn", ["arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"])
        .with("tags", ["red", "blue"])
        .with("empty", Vec::<String>::new())
        .with("bytes", ["AB"])
}

#[track_caller]
fn check(operator: &str, key: &str, values: Value, expected: bool) {
    let text = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {key: values}}}});
    let policy = match Policy::parse(&text.to_string(), Kind::Identity) {
        Ok(policy) => policy,
        Err(error) => panic!("{error}"),
    };
    let keys = keys();
    let request = Request { action: "execute-api:Invoke", resource: "arn", caller: Caller::Anonymous, keys: &keys };
    let holds = policy.evaluate(&request) != Decision::Neither;
    assert_eq!(holds, expected, "{operator} {key} {values}");
}

#[test]
fn strings() {
    check("StringEquals", "k", json!("abc"), true);
    check("StringEquals", "K", json!("abc"), true);
    check("StringEquals", "k", json!("ABC"), false);
    check("StringEquals", "k", json!("a*"), false);
    check("StringEquals", "k", json!(["x", "abc"]), true);
    check("StringEquals", "k", json!([]), false);
    check("StringNotEquals", "k", json!(["x", "abc"]), false);
    check("StringNotEquals", "k", json!(["x", "y"]), true);
    check("StringEqualsIgnoreCase", "k", json!("aBC"), true);
    check("StringNotEqualsIgnoreCase", "k", json!("aBC"), false);
    check("StringLike", "k", json!("a?*"), true);
    check("StringNotLike", "k", json!("a?*"), false);
    check("StringEquals", "n", json!(10), true);
    check("StringEquals", "aws:SecureTransport", json!(true), true);
}

#[test]
fn missing_keys() {
    for positive in ["StringEquals", "StringLike", "NumericEquals", "DateLessThan", "IpAddress", "ArnLike", "Bool"] {
        let value = match positive {
            "IpAddress" => json!("192.0.2.0/24"),
            "NumericEquals" | "DateLessThan" => json!("2026"),
            _ => json!("true"),
        };
        check(positive, "missing", value.clone(), false);
        check(&format!("{positive}IfExists"), "missing", value, true);
    }
    check("StringNotEquals", "missing", json!("x"), true);
    check("StringNotEqualsIfExists", "missing", json!("x"), true);
    check("NotIpAddress", "missing", json!("192.0.2.0/24"), true);
    check("NumericNotEquals", "missing", json!(1), true);
    check("ArnNotLike", "missing", json!("*"), true);
    check("Null", "missing", json!("true"), true);
    check("Null", "missing", json!(false), false);
    check("Null", "k", json!(true), false);
    check("Null", "k", json!("false"), true);
}

#[test]
fn sets() {
    check("ForAllValues:StringEquals", "tags", json!(["red", "blue", "green"]), true);
    check("ForAllValues:StringEquals", "tags", json!(["red"]), false);
    check("ForAnyValue:StringEquals", "tags", json!(["red"]), true);
    check("ForAnyValue:StringEquals", "tags", json!(["green"]), false);
    check("ForAllValues:StringNotEquals", "tags", json!(["red"]), false);
    check("ForAllValues:StringNotEquals", "tags", json!(["green"]), true);
    check("ForAnyValue:StringNotEquals", "tags", json!(["red"]), true);
    check("ForAnyValue:StringNotEquals", "tags", json!(["red", "blue"]), false);
    for key in ["missing", "empty"] {
        check("ForAllValues:StringEquals", key, json!("x"), true);
        check("ForAnyValue:StringEquals", key, json!("x"), false);
        check("ForAllValues:StringNotEquals", key, json!("x"), true);
        check("ForAnyValue:StringNotEquals", key, json!("x"), false);
    }
    check("ForAllValues:StringLikeIfExists", "tags", json!(["r*", "b*"]), true);
    check("ForAnyValue:StringLikeIfExists", "missing", json!("x"), true);
}

#[test]
fn numbers_and_dates() {
    check("NumericEquals", "n", json!("10.0"), true);
    check("NumericNotEquals", "n", json!(10), false);
    check("NumericLessThan", "n", json!(10), false);
    check("NumericLessThanEquals", "n", json!(10), true);
    check("NumericGreaterThan", "n", json!(9.5), true);
    check("NumericGreaterThanEquals", "n", json!([11, 10]), true);
    check("NumericEquals", "k", json!(1), false);
    check("DateLessThan", "aws:CurrentTime", json!("2027-01-01T00:00:00Z"), true);
    check("DateGreaterThan", "aws:CurrentTime", json!("2027"), false);
    check("DateEquals", "aws:CurrentTime", json!("2026-06-01T14:00:00+02:00"), true);
    check("DateNotEquals", "aws:CurrentTime", json!("2026-06-01T14:00:00+02:00"), false);
    check("DateEquals", "aws:CurrentTime", json!(1_780_315_200), true);
    check("DateGreaterThanEquals", "aws:EpochTime", json!("2026-06-01T12:00Z"), true);
    check("DateLessThanEquals", "aws:EpochTime", json!("2026-06"), false);
}

#[test]
fn other_types() {
    check("Bool", "aws:SecureTransport", json!("TRUE"), true);
    check("Bool", "aws:SecureTransport", json!(false), false);
    check("BinaryEquals", "bytes", json!("QUI="), true);
    check("BinaryEquals", "bytes", json!("QUJD"), false);
    check("IpAddress", "aws:SourceIp", json!(["198.51.100.7", "192.0.2.0/24"]), true);
    check("NotIpAddress", "aws:SourceIp", json!(["198.51.100.7", "192.0.2.0/24"]), false);
    check("IpAddress", "k", json!("0.0.0.0/0"), false);
    let pattern = "arn:aws:someservice:*:111122223333:finance/*";
    check("StringLike", "arn", json!(pattern), true);
    check("ArnLike", "arn", json!(pattern), false);
    check("ArnEquals", "arn", json!("arn:aws:*:us-east-?:999999999999:store/*"), true);
    check("ArnNotEquals", "arn", json!("arn:aws:*:us-east-?:999999999999:store/*"), false);
    check("ArnNotLike", "arn", json!(pattern), true);
}

#[test]
fn variables() {
    check("StringEquals", "aws:username", json!("${aws:username}"), true);
    check("StringLike", "k", json!("${missing}*"), false);
    check("StringNotLike", "k", json!("${missing}*"), true);
    check("StringLike", "k", json!("${missing, 'ab'}*"), true);
    check("StringEquals", "k", json!("${tags}"), false);
    check("Bool", "aws:SecureTransport", json!("${aws:SecureTransport}"), true);
}

#[test]
fn all_keys_and_operators_have_to_hold() {
    let policy = |condition: Value| {
        let text = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}});
        let policy = match Policy::parse(&text.to_string(), Kind::Identity) {
            Ok(policy) => policy,
            Err(error) => panic!("{error}"),
        };
        let keys = keys();
        let request = Request { action: "a:b", resource: "arn", caller: Caller::Anonymous, keys: &keys };
        policy.evaluate(&request) != Decision::Neither
    };
    assert!(policy(json!({})));
    assert!(policy(json!({"StringEquals": {"k": "abc", "n": "10"}, "NumericEquals": {"n": 10}})));
    assert!(!policy(json!({"StringEquals": {"k": "abc", "n": "11"}})));
    assert!(!policy(json!({"StringEquals": {"k": "abc"}, "NumericEquals": {"n": 11}})));
}
