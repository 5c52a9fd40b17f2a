//! The filter against a host in memory. The cases on a real Envoy are in `tests/cases/iam*.yaml`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects, missing_docs)]

use gateway::{Body, Filter, GatewayError, Property, ResponseType, Step, Stream};
use iam_authorizer::IamAuthorizer;
use proptest::prelude::*;
use serde_json::{Value, json};
use sigv4::{Credentials, Request, Signer, Timestamp};
use std::rc::Rc;
use test_host::{NOW_MILLIS, TestHost};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn configuration() -> Value {
    json!({
        "api": {"apiId": "abc", "stage": "prod", "accountId": "123456789012", "region": "us-east-1", "basePath": "/prod"},
        "credentials": [{
            "accessKeyId": "AKIDALICE", "secretAccessKey": SECRET,
            "principalArn": "arn:aws:iam::123456789012:user/alice", "userId": "AIDAALICE", "tags": {"Team": "blue"},
            "policies": [{"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*:*:abc/prod/*/pets"},
                {"Effect": "Allow", "Action": "execute-api:Invoke",
                 "Resource": "arn:aws:execute-api:*:*:abc/prod/*/${aws:PrincipalTag/team}"},
                {"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*:*:abc/prod/*/denied"},
            ]}],
        }],
        "routes": {"signed": {"authorizationType": "AWS_IAM"}, "open": {"authorizationType": "NONE"}},
    })
}

fn filter(configuration: &Value) -> Rc<IamAuthorizer> {
    let raw = gateway::parse(configuration.to_string().as_bytes()).unwrap();
    Rc::new(IamAuthorizer::configure(raw).unwrap())
}

/// A request that alice has signed.
fn signed(method: &str, target: &str, body: &[u8]) -> TestHost {
    let host = TestHost::request(method, target, &[], body).on_route("signed");
    let credentials = Credentials {
        access_key_id: "AKIDALICE".to_owned(),
        secret_access_key: SECRET.to_owned(),
        session_token: None,
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request = Request {
        method: method.as_bytes(),
        path: path.as_bytes(),
        query: query.as_bytes(),
        headers: vec![(b"host", b"api.example")],
    };
    let headers = Signer::new(credentials, "us-east-1", "execute-api").sign(&request, body, now()).unwrap();
    for (name, value) in headers {
        host.request_headers.borrow_mut().push((name.to_owned(), value.into_bytes()));
    }
    host
}

fn now() -> Timestamp {
    Timestamp::from_seconds(NOW_MILLIS / 1000)
}

fn send(filter: &Rc<IamAuthorizer>, host: &TestHost) -> Result<(), GatewayError> {
    let mut stream = filter.stream();
    let bytes = host.request_body.len();
    let mut step = stream.on_request_headers(host, bytes == 0);
    if matches!(step, Step::Buffer) {
        step = stream.on_request_body(host, Body { bytes, end_of_stream: true });
    }
    match step {
        Step::Continue => Ok(()),
        Step::Respond(reply) => Err(reply.error.unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_has_signed() {
    let host = signed("POST", "/prod/pets", b"body");
    assert_eq!(send(&filter(&configuration()), &host), Ok(()));
    let identity: Value = serde_json::from_slice(&host.properties.borrow()[&Property::Identity]).unwrap();
    let expected = json!({
        "accessKey": "AKIDALICE", "accountId": "123456789012", "caller": "AIDAALICE", "user": "AIDAALICE",
        "userArn": "arn:aws:iam::123456789012:user/alice",
    });
    assert_eq!(identity, expected);
    assert_eq!(send(&filter(&configuration()), &signed("GET", "/prod/blue", b"")), Ok(()));
}

#[test]
fn a_route_that_is_not_configured_is_refused() {
    let host = signed("GET", "/prod/pets", b"").on_route("other");
    let error = send(&filter(&configuration()), &host).unwrap_err();
    assert_eq!(error.response_type, Some(ResponseType::AccessDenied));
}

#[test]
fn the_wording_since_2025() {
    let mut configuration = configuration();
    configuration["denyMessages"] = json!("current");
    let refused = |configuration: &Value, host: &TestHost| {
        let message = send(&filter(configuration), host).unwrap_err().message.unwrap().into_owned();
        message.split_once("GET/").unwrap().1.to_owned()
    };
    let (denied, other) = (signed("GET", "/prod/denied", b""), signed("GET", "/prod/other", b""));
    let open = TestHost::request("GET", "/prod/x", &[], b"").on_route("open");
    assert_eq!(refused(&configuration, &denied), "denied with an explicit deny in an identity-based policy");
    let implicit = "because no identity-based policy allows the execute-api:Invoke action";
    assert_eq!(refused(&configuration, &other), format!("other {implicit}"));
    assert_eq!(send(&filter(&configuration), &open), Ok(()));
    configuration["resourcePolicy"] = json!({"Statement": []});
    let implicit = "because no resource-based policy allows the execute-api:Invoke action";
    assert_eq!(refused(&configuration, &open), format!("x {implicit}"));
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "execute-api:/*"});
    configuration["resourcePolicy"] = json!({"Statement": deny});
    assert_eq!(refused(&configuration, &open), "x with an explicit deny in a resource-based policy");
}

/// A slash at the end reaches the same method of a REST API, so it does not get around a statement that denies it.
#[test]
fn a_slash_at_the_end_is_denied_as_well() {
    let mut configuration = configuration();
    let statement =
        |effect: &str, resource: &str| json!({"Principal": "*", "Action": "*", "Effect": effect, "Resource": resource});
    let allow = statement("Allow", "*");
    let refused = |configuration: &Value, host: TestHost| match send(&filter(configuration), &host) {
        Ok(()) => None,
        Err(error) => error.message.unwrap().split_once("GET/").map(|(_, end)| end.to_owned()),
    };
    let open = |target: &str| TestHost::request("GET", target, &[], b"").on_route("open");

    // The caller's own policy; what it allows, it allows as it stands there.
    let denied = "denied/ with an explicit deny";
    assert_eq!(refused(&configuration, signed("GET", "/prod/denied/", b"")).as_deref(), Some(denied));
    assert_eq!(refused(&configuration, signed("GET", "/prod/pets/", b"")).as_deref(), Some("pets/"));
    configuration["resourcePolicy"] = json!({"Statement": allow});
    assert_eq!(refused(&configuration, signed("GET", "/prod/denied/", b"")).as_deref(), Some(denied));
    assert_eq!(refused(&configuration, signed("GET", "/prod/pets/", b"")), None);

    // The resource policy, for signed callers and alone.
    configuration["resourcePolicy"] = json!({"Statement": [allow, statement("Deny", "execute-api:/prod/GET/pets")]});
    assert_eq!(
        refused(&configuration, signed("GET", "/prod/pets/", b"")).as_deref(),
        Some("pets/ with an explicit deny")
    );
    for target in ["/prod/pets", "/prod/pets/", "//prod//pets/", "/prod/pets//"] {
        let end = refused(&configuration, open(target)).unwrap();
        assert!(end.ends_with(" with an explicit deny"), "{target} {end}");
    }
    assert_eq!(refused(&configuration, open("/prod/pets/42/")), None);
    assert_eq!(refused(&configuration, open("/prod/")), None);
    configuration["resourcePolicy"] = json!({"Statement": [allow, statement("Deny", "execute-api:/prod/GET/")]});
    assert!(refused(&configuration, open("/prod")).is_some());
    assert!(refused(&configuration, open("/prod/")).is_some());
    assert_eq!(refused(&configuration, open("/prod/pets/")), None);
}

/// In an HTTP API it is another path.
#[test]
fn a_slash_at_the_end_is_another_path_of_an_http_api() {
    let mut configuration = configuration();
    let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let statements = configuration.pointer_mut("/credentials/0/policies/0/Statement").unwrap();
    statements.as_array_mut().unwrap().push(allow);
    configuration["routes"]["signed"]["method"] = json!({"resourceId": "$default", "resourcePath": "/$default"});
    let filter = filter(&configuration);
    assert!(send(&filter, &signed("GET", "/prod/denied", b"")).is_err());
    assert_eq!(send(&filter, &signed("GET", "/prod/denied/", b"")), Ok(()));
}

#[test]
fn the_arn_of_a_method_has_an_end() {
    let mut configuration = configuration();
    let allow = json!({"Principal": "*", "Effect": "Allow", "Action": "*", "Resource": "*"});
    configuration["resourcePolicy"] = json!({"Statement": allow});
    let statuses = |configuration: &Value, bytes: usize| {
        let start = "arn:aws:execute-api:us-east-1:123456789012:abc/prod/GET/";
        let target = format!("/prod/{}", "a".repeat(bytes - start.len()));
        let open = TestHost::request("GET", &target, &[], b"").on_route("open");
        let status = |host: &TestHost| send(&filter(configuration), host).map_err(|error| error.status);
        (status(&signed("GET", &target, b"")), status(&open))
    };
    assert_eq!(statuses(&configuration, 1600), (Ok(()), Ok(())));
    assert_eq!(statuses(&configuration, 1601), (Err(414), Ok(())));
    configuration["routes"]["signed"]["method"] = json!({"resourceId": "$default", "resourcePath": "/$default"});
    assert_eq!(statuses(&configuration, 1601), (Ok(()), Ok(())));
}

#[test]
fn headers_added_after_signing() {
    let mut configuration = configuration();
    let added = signed("GET", "/prod/pets", b"");
    added.request_headers.borrow_mut().push(("x-amz-meta".to_owned(), b"added".to_vec()));
    assert_eq!(send(&filter(&configuration), &added), Ok(()));
    configuration["strictSignedHeaders"] = json!(true);
    let error = send(&filter(&configuration), &added).unwrap_err();
    assert_eq!(error.error_type, Some("InvalidSignatureException"));
    assert_eq!(send(&filter(&configuration), &signed("GET", "/prod/pets", b"")), Ok(()));
}

#[test]
fn nothing_secret_is_said() {
    let mut configuration = configuration();
    configuration["echoCanonicalString"] = json!(false);
    let filter = filter(&configuration);
    let host = signed("GET", "/prod/pets?token=private", b"");
    host.request_headers.borrow_mut().iter_mut().find(|(name, _)| name == ":path").unwrap().1.push(b'x');
    let message = send(&filter, &host).unwrap_err().message.unwrap();
    assert!(message.ends_with("Consult the service documentation for details."), "{message}");
    let said = format!("{filter:?} {:?}", host.logs.borrow());
    for secret in [SECRET, "private", "Signature="] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn configurations_that_are_wrong() {
    let check = |pointer: &str, value: Value, start: &str| {
        let mut configuration = configuration();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        configuration.pointer_mut(parent).unwrap()[name] = value;
        let raw = gateway::parse(configuration.to_string().as_bytes());
        let error = raw.and_then(|raw| IamAuthorizer::configure(raw).map(|_| ())).unwrap_err().to_string();
        assert!(error.starts_with(start) && !error.contains(SECRET), "{error}");
    };
    check(
        "/credentials/0/principalArn",
        json!("arn:aws:iam::123456789012:role/x"),
        "credentials[0].principalArn: `arn",
    );
    check(
        "/credentials/0/roleArn",
        json!("arn:aws:iam::123456789012:role/x"),
        "credentials[0].roleArn: `arn:aws:iam::123456789012:role/x` is not the role of principalArn",
    );
    check("/credentials/0/secretAccessKey", json!(""), "credentials[0].secretAccessKey: is empty");
    check(
        "/credentials/0/policies",
        json!([{"Statement": [{"Effect": "Allow"}]}]),
        "credentials[0].policies[0].Statement[0]",
    );
    check("/resourcePolicy", json!({"Version": "2013", "Statement": []}), "resourcePolicy.Version: ");
    check("/routes/open", json!({"authorizationType": "CUSTOM"}), "routes.open.authorizationType: unknown variant");
}

proptest! {
    /// Whatever else is sent is refused.
    #[test]
    fn only_what_is_signed_is_let_on(
        target in "/[ -~]{0,40}",
        authorization in "(AWS4-HMAC-SHA256 Credential=AKIDALICE/20240924/us-east-1/execute-api/aws4_request, )?[ -~]{0,80}",
        date in "20240924T123456Z|[ -~]{0,20}",
    ) {
        let headers = [("authorization", authorization.as_str()), ("x-amz-date", date.as_str())];
        let host = TestHost::request("GET", &target, &headers, b"").on_route("signed");
        prop_assert!(send(&filter(&configuration()), &host).is_err());
    }
}
