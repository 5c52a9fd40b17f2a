//! Signed calls to AWS services. The signatures were computed apart from this project, with Python's `hmac`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use gateway::{Callout, Filter, Step};
use mapping_template::MappingTemplate;
use serde_json::{Value, json};
use support::{TestHost, integration, send};

fn endpoint(service: &str, session_token: Option<&str>) -> Value {
    let mut signing = json!({
        "accessKeyId": "AKIDEXAMPLE",
        "secretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "region": "eu-west-1",
        "service": service,
    });
    if let Some(token) = session_token {
        signing["sessionToken"] = json!(token);
    }
    json!({"cluster": "backend", "authority": "backend.example:9324", "signing": signing})
}

/// The call for `POST /dev/pets/x` at 2024-09-24 12:34:56.
fn call(configuration: Value) -> Callout {
    let host = TestHost::request("POST", "/dev/pets/x", &[("content-type", "application/json")], b"{}").on_route("r");
    match send(&integration(configuration), &host).1 {
        Step::Callout(callout) => *callout,
        other => panic!("no call but {other:?}"),
    }
}

fn header<'c>(callout: &'c Callout, name: &str) -> Option<&'c str> {
    let mut values = callout.headers.iter().filter(|(other, _)| other == name);
    let value = values.next().map(|(_, value)| std::str::from_utf8(value).unwrap());
    assert!(values.next().is_none(), "{name} stands there twice");
    value
}

#[test]
fn a_path_of_a_service() {
    let callout = call(json!({"aws": {
        "endpoint": endpoint("sqs", Some("IQoJEXAMPLETOKEN")),
        "target": {"path": "123456789012/my queue"},
        "httpMethod": "POST",
        "mapping": {"requestParameters": {
            "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'",
            "integration.request.header.X-Amz-Date": "'19700101T000000Z'",
            "integration.request.header.X-Other": "'other'",
            "integration.request.querystring.a": "'b c'",
        }, "requestTemplates": {"application/json": "Action=SendMessage&MessageBody=1"}},
    }}));
    assert_eq!(header(&callout, ":path"), Some("/123456789012/my%20queue?a=b%20c"));
    assert_eq!(header(&callout, "x-amz-date"), Some("20240924T123456Z"));
    assert_eq!(header(&callout, "x-amz-security-token"), Some("IQoJEXAMPLETOKEN"));
    assert_eq!(header(&callout, "x-amz-content-sha256"), None);
    assert_eq!(
        header(&callout, "authorization"),
        Some(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240924/eu-west-1/sqs/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=b9e93610cabe507137ba7286302d37c5a4a046b1472dbc511050f936958cd3f7"
        )
    );
}

#[test]
fn an_action_of_a_service() {
    let callout = call(json!({"aws": {
        "endpoint": endpoint("dynamodb", None),
        "target": {"action": {"service": "dynamodb", "action": "PutItem"}},
        "httpMethod": "POST",
    }}));
    let expected = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240924/eu-west-1/dynamodb/aws4_request, \
                    SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=846fac38807170de85a151123484199dc5432d109f4db00e108eda17959792e5";
    assert_eq!(header(&callout, ":path"), Some("/?Action=PutItem"));
    assert_eq!(header(&callout, "authorization"), Some(expected));
}

/// S3 encodes the path once and wants the hash of the body in a header.
#[test]
fn an_object() {
    let callout = call(json!({"aws": {
        "endpoint": endpoint("s3", None),
        "target": {"path": "bucket/a%20b/../c"},
        "httpMethod": "PUT",
    }}));
    let expected = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240924/eu-west-1/s3/aws4_request, \
                    SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, Signature=1687c64e12736bd419e94aa09a26fb98b53e0c0d98ec8a8bd022f4d7b18afb9f";
    assert_eq!(header(&callout, ":path"), Some("/bucket/a%20b/../c"));
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    assert_eq!(header(&callout, "x-amz-content-sha256"), Some(hash));
    assert_eq!(header(&callout, "authorization"), Some(expected));
}

#[test]
fn a_function() {
    let callout = call(json!({"aws": {
        "endpoint": endpoint("lambda", None),
        "target": {"lambda": {"functionName": "orders", "qualifier": "$LATEST"}},
        "httpMethod": "POST",
    }}));
    let expected = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240924/eu-west-1/lambda/aws4_request, \
                    SignedHeaders=content-type;host;x-amz-date, Signature=5034615a505f5f24ac9227f9bda8cc6e48480bb7925d7d008e31226ae05569f9";
    assert_eq!(header(&callout, ":path"), Some("/2015-03-31/functions/orders/invocations?Qualifier=%24LATEST"));
    assert_eq!(header(&callout, "authorization"), Some(expected));
}

#[test]
fn credentials_that_are_none_are_refused_without_being_shown() {
    for (field, value) in [("accessKeyId", ""), ("secretAccessKey", ""), ("region", ""), ("sessionToken", "a\r\nb")] {
        let mut endpoint = endpoint("sqs", None);
        endpoint["signing"][field] = json!(value);
        let configuration = json!({"api": {"apiId": "a", "stage": "s"}, "routes": {"r": {"integration": {"aws": {
            "endpoint": endpoint, "target": {"path": "x"},
        }}}}});
        let raw = gateway::parse(configuration.to_string().as_bytes()).unwrap();
        let error = MappingTemplate::configure(raw).unwrap_err().to_string();
        assert!(error.starts_with("routes.GET") || error.contains("endpoint.signing."), "{error}");
        assert!(!error.contains("wJalr"), "{error}");
    }
}
