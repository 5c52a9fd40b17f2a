//! Whole policies: what is refused, and the worked examples of the developer guide.
#![allow(clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use iam_policy::{
    Caller, Decision, ExecuteApi, KeyMap, Kind, Policy, Request, Verdict, cross_account, resource_policy_alone,
    same_account,
};
use serde_json::{Value, json};

const ACCOUNT: &str = "123456789012";
const API: ExecuteApi<'static> =
    ExecuteApi { partition: "aws", region: "us-east-1", account_id: ACCOUNT, api_id: "abc" };

fn policy(policy: &Value, kind: Kind<'_>) -> Policy {
    match Policy::parse(&policy.to_string(), kind) {
        Ok(policy) => policy,
        Err(error) => panic!("{error}"),
    }
}

fn request<'a>(resource: &'a str, caller: Caller<'a>, keys: &'a KeyMap) -> Request<'a> {
    Request { action: "execute-api:Invoke", resource, caller, keys }
}

fn alice(same_account: bool) -> Caller<'static> {
    let arn = "arn:aws:iam::123456789012:user/alice";
    Caller::Iam { account_id: ACCOUNT, arn, role_arn: None, same_account }
}

/// What is wrong with a statement, changed from a good one.
#[track_caller]
fn refused(kind: Kind<'_>, change: Value, expected: &str) {
    let mut statement = json!({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"});
    for (key, value) in change.as_object().into_iter().flatten() {
        statement[key] = value.clone();
    }
    let statement: serde_json::Map<_, _> = statement
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, v)| !v.is_null())
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    let text = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    match Policy::parse(&text, kind) {
        Ok(_) => panic!("is accepted: {text}"),
        Err(error) => assert!(error.to_string().contains(expected), "{error}"),
    }
}

/// The developer guide writes the ARN of a WebSocket API's connections without what requests have behind it.
#[test]
fn connections_as_the_documentation_writes_them() {
    let arn = "arn:aws:execute-api:us-east-1:123456789012:abc/prod/POST/@connections";
    let (keys, call) = (KeyMap::default(), format!("{arn}/{{connectionId}}"));
    let decides = |statements: Value, expected: fn(&Decision<'_>) -> bool| {
        let policy = policy(&json!({"Version": "2012-10-17", "Statement": statements}), Kind::Identity);
        let request = Request { action: "execute-api:ManageConnections", ..request(&call, alice(true), &keys) };
        let decision = policy.evaluate(&request);
        assert!(expected(&decision), "{statements} {decision:?}");
    };
    let statement = |effect: &str, element: &str, arn: &str| json!({"Effect": effect, "Action": "*", element: arn});
    decides(json!(statement("Allow", "Resource", arn)), |decision| matches!(decision, Decision::Allow(_)));
    decides(json!([statement("Allow", "Resource", "*"), statement("Deny", "Resource", arn)]), |decision| {
        matches!(decision, Decision::Deny(_))
    });
    decides(json!(statement("Allow", "NotResource", arn)), |decision| *decision == Decision::Neither);
}

#[test]
fn what_is_no_policy() {
    use Kind::{Authorizer, Identity};
    refused(Identity, json!({"Effect": "allow"}), "unknown variant `allow`");
    refused(Identity, json!({"Action": null}), "Statement[0]: expected exactly one of `Action` and `NotAction`");
    refused(Identity, json!({"NotAction": "a:b"}), "exactly one of `Action` and `NotAction`");
    refused(Identity, json!({"NotResource": "*"}), "exactly one of `Resource` and `NotResource`");
    refused(Identity, json!({"Resource": []}), "Statement[0].Resource: has no entry");
    refused(Identity, json!({"Resource": 7}), "expected a string");
    refused(Identity, json!({"resource": "*"}), "unknown field `resource`");
    refused(Identity, json!({"Action": "Invoke"}), "Statement[0].Action[0]: `Invoke` is no action");
    refused(Identity, json!({"Resource": "arn:aws:*:*:*:*"}), "wildcard in place of the service");
    refused(Identity, json!({"Resource": "arn:aws:execute-api:${aws:x}:1:a/*"}), "before the fifth colon");
    refused(Identity, json!({"Resource": "arn:aws:execute-api:us-east-1:1:${aws"}), "no complete policy variable");
    refused(Identity, json!({"Effect": "Deny", "Resource": "prod/*/x"}), "is the ARN of no request");
    refused(Identity, json!({"Resource": null, "NotResource": "pets"}), "is the ARN of no request");
    refused(Identity, json!({"Principal": "*"}), "Statement[0].Principal: only a resource policy");
    refused(Authorizer, json!({"NotPrincipal": "*"}), "only a resource policy");
    let long = format!("arn:aws:execute-api:us-east-1:1:{}", "a".repeat(481));
    refused(Authorizer, json!({"Resource": long}), "longer than 512 characters");
    for (condition, expected) in [
        (json!({"StringEqual": {"k": "x"}}), "unknown condition operator `StringEqual`"),
        (json!({"StringEqual": {}}), "unknown condition operator `StringEqual`"),
        (json!({"ForEveryValue:StringEquals": {"k": "x"}}), "unknown condition operator"),
        (json!({"NullIfExists": {"k": "true"}}), "unknown condition operator"),
        (json!({"IpAddress": {"k": "192.0.2.0/33"}}), "Condition.IpAddress.k[0]: `192.0.2.0/33`, expected an IP"),
        (json!({"DateEquals": {"k": "soon"}}), "expected a date"),
        (json!({"NumericEquals": {"k": "many"}}), "expected a number"),
        (json!({"Bool": {"k": "yes"}}), "expected `true` or `false`"),
        (json!({"BinaryEquals": {"k": "!"}}), "expected base64"),
        (json!({"StringEquals": {"k": {"x": 1}}}), "expected a string, a number or a boolean"),
        (json!({"StringEquals": "x"}), "expected an object"),
    ] {
        refused(Identity, json!({"Condition": condition}), expected);
    }
    let resource = Kind::Resource(API);
    refused(resource, json!({}), "needs a `Principal`");
    refused(resource, json!({"Principal": "alice"}), "expected `*` or an object");
    refused(resource, json!({"Principal": {"AWS": "alice"}}), "Principal.AWS[0]: `alice` is no principal");
    refused(resource, json!({"Principal": {"AWS": "arn:aws:iam::123456789012:user/*"}}), "is no principal");
    refused(resource, json!({"Principal": {"People": "*"}}), "unknown field `People`");
    refused(resource, json!({"Principal": {}}), "has no entry");
    refused(resource, json!({"NotPrincipal": {"AWS": ACCOUNT}}), "lets everybody else in");
    refused(resource, json!({"Principal": "*", "Sid": "a".repeat(8192)}), "longer than 8192");
}

#[test]
fn what_is_no_document() {
    for (text, expected) in [
        ("", "EOF"),
        ("[]", "expected a policy, which is an object"),
        (r#"{"Statement": [[]]}"#, "expected a statement, which is an object"),
        ("{}", "missing field `Statement`"),
        (r#"{"Statement": [], "statement": []}"#, "unknown field `statement`"),
        (r#"{"Statement": [], "Statement": []}"#, "duplicate field `Statement`"),
        (r#"{"Version": "2012-10-18", "Statement": []}"#, "Version: version `2012-10-18`"),
        (
            r#"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a": "true", "a": "true"}}}]}"#,
            "duplicate field `a`",
        ),
        (
            r#"{"Statement": [{"Sid": "a", "Effect": "Deny", "Action": "*", "Resource": "*"}, {"Sid": "a", "Effect": "Deny", "Action": "*", "Resource": "*"}]}"#,
            "Statement[1].Sid: another",
        ),
    ] {
        match Policy::parse(text, Kind::Identity) {
            Ok(_) => panic!("is accepted: {text}"),
            Err(error) => assert!(error.to_string().contains(expected), "{error}"),
        }
    }
    let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let many = json!({"Statement": vec![statement; 1001]}).to_string();
    assert!(Policy::parse(&many, Kind::Identity).is_err_and(|error| error.to_string().contains("more than 1000")));
    let values = json!({"Statement": {"Effect": "Allow", "Action": vec!["a:b"; 10_001], "Resource": "*"}}).to_string();
    assert!(Policy::parse(&values, Kind::Identity).is_err_and(|error| error.to_string().contains("more than 10000")));
}

#[test]
fn empty_policies_are_valid_and_allow_nothing() {
    let nothing = policy(&json!({"Statement": []}), Kind::Identity);
    assert_eq!(nothing.evaluate(&request("arn", Caller::Anonymous, &KeyMap::default())), Decision::Neither);
}

#[test]
fn the_deciding_statement_is_named() {
    let policy = policy(
        &json!({"Statement": [
            {"Sid": "reads", "Effect": "Allow", "Action": "execute-api:invoke", "Resource": "arn:aws:execute-api:*:*:abc/prod/GET/*"},
            {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:execute-api:*:*:abc/*/GET/admin"},
        ]}),
        Kind::Identity,
    );
    let keys = KeyMap::default();
    let decide = |path: &str| {
        let arn = format!("arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/{path}");
        match policy.evaluate(&request(&arn, Caller::Anonymous, &keys)) {
            Decision::Allow(id) => format!("allow {id}"),
            Decision::Deny(id) => format!("deny {id}"),
            Decision::Neither => "neither".to_owned(),
        }
    };
    assert_eq!(decide("prod/GET/pets"), "allow Statement[0] (reads)");
    assert_eq!(decide("prod/GET/admin"), "deny Statement[1]");
    assert_eq!(decide("prod/POST/pets"), "neither");
}

#[test]
fn variables_need_the_newer_version() {
    let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:execute-api:us-east-1:123456789012:abc/prod/GET/users/${aws:username}/*"});
    let keys = KeyMap::default().with("aws:username", ["alice"]);
    let own = "arn:aws:execute-api:us-east-1:123456789012:abc/prod/GET/users/alice/orders";
    let text = "arn:aws:execute-api:us-east-1:123456789012:abc/prod/GET/users/${aws:username}/orders";
    let new = policy(&json!({"Version": "2012-10-17", "Statement": statement}), Kind::Identity);
    let old = policy(&json!({"Statement": statement}), Kind::Identity);
    assert_ne!(new.evaluate(&request(own, alice(true), &keys)), Decision::Neither);
    assert_eq!(new.evaluate(&request(own, Caller::Anonymous, &KeyMap::default())), Decision::Neither);
    assert_eq!(old.evaluate(&request(own, alice(true), &keys)), Decision::Neither);
    assert_ne!(old.evaluate(&request(text, alice(true), &keys)), Decision::Neither);
}

/// Policy P of the specification: open below `prod`, `admin` from two networks only.
#[test]
fn a_resource_policy() {
    let p = policy(
        &json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/prod/*"},
            {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/prod/*/admin*",
             "Condition": {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.7"]}}},
        ]}),
        Kind::Resource(API),
    );
    let alone = |path: &str, address: &str| {
        let arn = format!("arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/{path}");
        let keys = KeyMap::default().with("aws:SourceIp", [address]);
        resource_policy_alone(Some(&p.evaluate(&request(&arn, Caller::Anonymous, &keys))))
    };
    assert_eq!(alone("prod/GET/pets", "203.0.113.5"), Verdict::Allow);
    assert_eq!(alone("prod/GET/admin", "203.0.113.5"), Verdict::ExplicitDeny);
    assert_eq!(alone("prod/GET/admin", "198.51.100.7"), Verdict::Allow);
    assert_eq!(alone("beta/GET/pets", "203.0.113.5"), Verdict::ImplicitDeny);

    let pets = format!("arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/prod/GET/pets");
    let keys = KeyMap::default().with("aws:SourceIp", ["203.0.113.5"]);
    let resource = p.evaluate(&request(&pets, Caller::Anonymous, &keys));
    assert_eq!(same_account(&Decision::Neither, Some(&resource)), Verdict::Allow);
    assert_eq!(cross_account(&Decision::Neither, Some(&resource)), Verdict::ImplicitDeny);
}

#[test]
fn principals() {
    let of = |effect: &str, element: &str, principal: Value, caller: Caller<'_>| {
        let statement = json!({"Effect": effect, element: principal, "Action": "*", "Resource": "*"});
        let policy = policy(&json!({"Statement": statement}), Kind::Resource(API));
        policy.evaluate(&request("arn", caller, &KeyMap::default())) != Decision::Neither
    };
    let session = Caller::Iam {
        account_id: ACCOUNT,
        arn: "arn:aws:sts::123456789012:assumed-role/reader/s1",
        role_arn: Some("arn:aws:iam::123456789012:role/team/reader"),
        same_account: false,
    };
    for (principal, caller, expected) in [
        (json!("*"), Caller::Anonymous, true),
        (json!({"AWS": "*"}), Caller::Anonymous, true),
        (json!({"AWS": ACCOUNT}), Caller::Anonymous, false),
        (json!({"AWS": ACCOUNT}), alice(false), true),
        // Within the API's account the caller's own policies decide.
        (json!({"AWS": ACCOUNT}), alice(true), false),
        (json!({"AWS": "arn:aws:iam::123456789012:root"}), alice(false), true),
        (json!({"AWS": "210987654321"}), alice(false), false),
        (
            json!({"AWS": ["arn:aws:iam::123456789012:user/bob", "arn:aws:iam::123456789012:user/alice"]}),
            alice(true),
            true,
        ),
        (json!({"AWS": "arn:aws:iam::123456789012:user/Alice"}), alice(true), false),
        (json!({"AWS": "arn:aws:iam::123456789012:role/team/reader"}), session, true),
        // A session does not say its role's path.
        (json!({"AWS": "arn:aws:iam::123456789012:role/service-role/reader"}), session, true),
        (json!({"AWS": "arn:aws:iam::123456789012:role/reader"}), session, true),
        (json!({"AWS": "arn:aws:iam::123456789012:role/reader/writer"}), session, false),
        (json!({"AWS": "arn:aws:iam::210987654321:role/reader"}), session, false),
        (json!({"AWS": "arn:aws:sts::123456789012:assumed-role/reader/s1"}), session, true),
        (json!({"AWS": "arn:aws:sts::123456789012:assumed-role/reader/s2"}), session, false),
        (json!({"Service": "lambda.amazonaws.com", "Federated": "x", "CanonicalUser": "y"}), alice(true), false),
    ] {
        assert_eq!(of("Allow", "Principal", principal.clone(), caller), expected, "{principal} {caller:?}");
    }
    assert!(of("Deny", "Principal", json!({"AWS": ACCOUNT}), alice(true)));
    assert!(of("Deny", "NotPrincipal", json!({"AWS": "arn:aws:iam::123456789012:user/bob"}), alice(true)));
    assert!(of("Deny", "NotPrincipal", json!({"AWS": "arn:aws:iam::123456789012:user/bob"}), Caller::Anonymous));
    assert!(!of("Deny", "NotPrincipal", json!({"AWS": "arn:aws:iam::123456789012:user/alice"}), alice(true)));
    // The account beside the user, as the guide has it, exempts nobody else.
    let bob_and_account = json!({"AWS": ["arn:aws:iam::123456789012:user/bob", "arn:aws:iam::123456789012:root"]});
    assert!(of("Deny", "NotPrincipal", bob_and_account.clone(), alice(true)));
    assert!(of("Deny", "NotPrincipal", bob_and_account.clone(), session));
    let root =
        Caller::Iam { account_id: ACCOUNT, arn: "arn:aws:iam::123456789012:root", role_arn: None, same_account: true };
    assert!(!of("Deny", "NotPrincipal", bob_and_account, root));
}

#[test]
fn allow_through_one_endpoint_only() {
    let policy = policy(
        &json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
            {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*",
             "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}},
        ]}),
        Kind::Resource(API),
    );
    let arn = "arn:aws:execute-api:us-east-1:123456789012:abc/prod/GET/";
    let from = |keys: KeyMap| resource_policy_alone(Some(&policy.evaluate(&request(arn, Caller::Anonymous, &keys))));
    assert_eq!(from(KeyMap::default()), Verdict::ExplicitDeny);
    assert_eq!(from(KeyMap::default().with("aws:SourceVpce", ["vpce-1a2b3c4d"])), Verdict::Allow);
}

#[test]
fn a_raw_policy_is_written_as_it_was_read() {
    let text = r#"{"Version":"2012-10-17","Statement":{"Sid":"a","Principal":{"AWS":["1","2"]},"Effect":"Deny","NotAction":"a:b","Resource":["x","y"],"Condition":{"Bool":{"k":"true"},"StringLike":{"k":["a","1"]}}}}"#;
    let raw: iam_policy::RawPolicy = match serde_json::from_str(text) {
        Ok(raw) => raw,
        Err(error) => panic!("{error}"),
    };
    assert_eq!(serde_json::to_string(&raw).unwrap_or_default(), text);
}
