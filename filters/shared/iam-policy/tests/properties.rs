//! What holds for every policy: a further `Deny` never lets more through, the order of statements does not matter,
//! and no document takes an evaluation down.
#![allow(clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use iam_policy::{Caller, Decision, KeyMap, Kind, Policy, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

fn statement(effect: &'static str) -> impl Strategy<Value = Value> {
    let resource = prop_oneof![
        Just("*"),
        Just("arn:aws:execute-api:*:*:*"),
        Just("arn:aws:execute-api:us-east-1:1:abc/prod/GET/*"),
        Just("arn:aws:execute-api:us-east-1:1:abc/*/a?"),
        Just("arn:aws:execute-api:us-east-1:1:abc/prod/${aws:Method, 'GET'}/*"),
    ];
    let operator = prop_oneof![
        Just("StringEquals"),
        Just("StringNotEquals"),
        Just("StringLikeIfExists"),
        Just("ForAllValues:StringLike"),
        Just("ForAnyValue:StringNotEquals"),
    ];
    let condition = proptest::option::of((operator, prop_oneof![Just("k"), Just("absent")], "[ab*]{0,2}"));
    (resource, condition, any::<bool>(), any::<bool>()).prop_map(move |(resource, condition, not, not_action)| {
        let mut statement = json!({"Effect": effect});
        statement[if not { "NotResource" } else { "Resource" }] = json!([resource]);
        statement[if not_action { "NotAction" } else { "Action" }] =
            json!(if not_action { "execute-api:InvalidateCache" } else { "execute-api:Inv*" });
        if let Some((operator, key, value)) = condition {
            statement["Condition"] = json!({operator: {key: value}});
        }
        statement
    })
}

fn statements() -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(prop_oneof![statement("Allow"), statement("Deny")], 0..6)
}

fn outcome(statements: &[Value], resource: &str, keys: &KeyMap) -> &'static str {
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let policy = match Policy::parse(&text, Kind::Identity) {
        Ok(policy) => policy,
        Err(error) => panic!("{error}: {text}"),
    };
    let request = Request { action: "execute-api:Invoke", resource, caller: Caller::Anonymous, keys };
    match policy.evaluate(&request) {
        Decision::Allow(_) => "allow",
        Decision::Deny(_) => "deny",
        Decision::Neither => "neither",
    }
}

fn request() -> impl Strategy<Value = (String, KeyMap)> {
    let resource = prop_oneof![Just("prod/GET/a1"), Just("prod/POST/a1"), Just("dev/GET/b")];
    let values = proptest::option::of(proptest::collection::vec("[ab]{0,2}", 0..3));
    (resource, values).prop_map(|(path, values)| {
        let keys = KeyMap::default();
        let keys = if let Some(values) = values { keys.with("k", values) } else { keys };
        (format!("arn:aws:execute-api:us-east-1:1:abc/{path}"), keys)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_deny_never_allows_more(statements in statements(), deny in statement("Deny"), (resource, keys) in request()) {
        let before = outcome(&statements, &resource, &keys);
        let mut more = statements.clone();
        more.push(deny);
        let after = outcome(&more, &resource, &keys);
        prop_assert!(after == before || after == "deny", "{before} became {after}");
    }

    #[test]
    fn an_allow_never_lifts_a_deny(statements in statements(), allow in statement("Allow"), (resource, keys) in request()) {
        let before = outcome(&statements, &resource, &keys);
        let mut more = statements.clone();
        more.push(allow);
        let after = outcome(&more, &resource, &keys);
        prop_assert!(after == before || (before, after) == ("neither", "allow"), "{before} became {after}");
    }

    #[test]
    fn order_does_not_matter(
        (statements, shuffled) in statements().prop_flat_map(|s| (Just(s.clone()), Just(s).prop_shuffle())),
        (resource, keys) in request(),
    ) {
        prop_assert_eq!(outcome(&statements, &resource, &keys), outcome(&shuffled, &resource, &keys));
    }

    #[test]
    fn no_text_panics(text in any::<String>(), resource in any::<String>(), value in any::<String>()) {
        let _ = Policy::parse(&text, Kind::Authorizer);
        for operator in ["StringLike", "ArnLike", "DateEquals", "NumericEquals", "IpAddress", "BinaryEquals", "Bool"] {
            let text = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*",
                "Resource": &resource, "Condition": {operator: {"k": &text}}}});
            if let Ok(policy) = Policy::parse(&text.to_string(), Kind::Authorizer) {
                let keys = KeyMap::default().with("k", [value.clone()]);
                let _ = policy.evaluate(&Request { action: &value, resource: &value, caller: Caller::Anonymous, keys: &keys });
            }
        }
    }
}
