//! Events, complete to the last field.

use gateway::Property;
use serde_json::json;

use crate::support::{Envoy, api, event, send, worker};

const HEADERS: [(&str, &str); 7] = [
    ("accept", "*/*"),
    ("headerauth1", "a"),
    ("headerauth1", "headerValue1"),
    ("cookie", "cookie1=a; cookie2=b"),
    ("user-agent", "curl/8"),
    ("connection", "keep-alive"),
    ("x-apigw-method", "GET"),
];

#[test]
fn token() {
    let host = Envoy::new().request("GET /pets/{id}", "/test/pets/42?x=1", &[("Authorization", "Bearer abc.def.ghi")]);
    let expected = json!({
        "type": "TOKEN",
        "authorizationToken": "Bearer abc.def.ghi",
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/pets/42",
    });
    assert_eq!(event(send(&worker(&api("token", json!({}))), &host).1), expected);
}

fn identity() -> serde_json::Value {
    json!({
        "cognitoIdentityPoolId": null, "accountId": null, "cognitoIdentityId": null, "caller": null,
        "sourceIp": "203.0.113.7", "principalOrgId": null, "accessKey": null, "cognitoAuthenticationType": null,
        "cognitoAuthenticationProvider": null, "userArn": null, "userAgent": "curl/8", "user": null,
    })
}

fn request_context() -> serde_json::Value {
    json!({
        "resourceId": "res1", "resourcePath": "/pets/{id}", "httpMethod": "GET",
        "extendedRequestId": "x", "requestTime": "24/Sep/2024:12:34:56 +0000", "path": "/test/pets/42",
        "accountId": "123456789012", "protocol": "HTTP/1.1", "stage": "test", "domainPrefix": "abc",
        "requestTimeEpoch": 1_727_181_296_123_u64, "requestId": "r", "identity": identity(),
        "domainName": "abc.example", "apiId": "abc",
    })
}

#[test]
fn request() {
    let sources = json!({"identitySource": ["method.request.header.HeaderAuth1"]});
    let host = Envoy::new().request("GET /pets/{id}", "/test/pets/42?q=1&q=2&e", &HEADERS);
    host.properties.borrow_mut().insert(Property::Request, b"r x".to_vec());
    let found = event(send(&worker(&api("request", sources)), &host).1);
    let expected = json!({
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/pets/42",
        "resource": "/pets/{id}", "path": "/pets/42", "httpMethod": "GET",
        "headers": {"Accept": "*/*", "headerauth1": "headerValue1", "Cookie": "cookie1=a; cookie2=b",
            "User-Agent": "curl/8", "Host": "abc.example", "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Port": "443"},
        "multiValueHeaders": {"Accept": ["*/*"], "headerauth1": ["a", "headerValue1"],
            "Cookie": ["cookie1=a; cookie2=b"], "User-Agent": ["curl/8"], "Host": ["abc.example"],
            "X-Forwarded-For": ["203.0.113.7"], "X-Forwarded-Port": ["443"]},
        "queryStringParameters": {"q": "2", "e": ""},
        "multiValueQueryStringParameters": {"q": ["1", "2"], "e": [""]},
        "pathParameters": {"id": "42"},
        "stageVariables": {"s": "v"},
        "requestContext": request_context(),
    });
    assert_eq!(found, expected);
}

#[test]
fn empty_maps_and_an_api_key() {
    let host = Envoy::new().request("POST /pets", "/test/pets", &[("Authorization", "t"), ("x-api-key", "k")]);
    let found = event(send(&worker(&api("request", json!({}))), &host).1);
    for name in ["queryStringParameters", "multiValueQueryStringParameters", "pathParameters"] {
        assert_eq!(found[name], json!({}), "{name}");
    }
    assert_eq!(found["requestContext"]["identity"]["apiKey"], "k");
    assert_eq!(found["methodArn"], "arn:aws:execute-api:us-east-1:123456789012:abc/test/POST/pets");
    let root = Envoy::new().request("GET /", "/test", &[("Authorization", "t")]);
    let found = event(send(&worker(&api("request", json!({}))), &root).1);
    assert_eq!(found["methodArn"], "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/");
    assert_eq!(found["path"], "/");
}

#[test]
fn payload_format_1() {
    let sources = json!({"identitySource": ["$request.header.HeaderAuth1", "$request.querystring.q"]});
    let host = Envoy::new().request("GET /pets/{id}", "/test/pets/42?q=123", &HEADERS);
    host.properties.borrow_mut().insert(Property::Request, b"r x".to_vec());
    let found = event(send(&worker(&api("httpV1", sources)), &host).1);
    let expected = json!({
        "version": "1.0", "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/pets/42",
        "identitySource": "headerValue1,123", "authorizationToken": "headerValue1,123",
        "resource": "/pets/{id}", "path": "/pets/42", "httpMethod": "GET",
        "headers": {"Accept": "*/*", "headerauth1": "headerValue1", "Cookie": "cookie1=a; cookie2=b",
            "User-Agent": "curl/8", "Host": "abc.example", "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Port": "443"},
        "queryStringParameters": {"q": "123"}, "pathParameters": {"id": "42"}, "stageVariables": {"s": "v"},
        "requestContext": request_context(),
    });
    assert_eq!(found, expected);
}

#[test]
fn payload_format_2() {
    let sources = json!({"identitySource": ["$request.header.HeaderAuth1", "$request.querystring.p2"]});
    let host = Envoy::new().request("GET /pets/{id}", "/test/pets/42?p1=v1&p1=v2&p2=v", &HEADERS);
    host.properties.borrow_mut().insert(Property::Request, b"r x".to_vec());
    for form in ["httpV2", "httpV2Simple"] {
        let found = event(send(&worker(&api(form, sources.clone())), &host).1);
        let expected = json!({
            "version": "2.0", "type": "REQUEST",
            "routeArn": "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/pets/42",
            "identitySource": ["headerValue1", "v"], "routeKey": "GET /pets/{id}",
            "rawPath": "/test/pets/42", "rawQueryString": "p1=v1&p1=v2&p2=v", "cookies": ["cookie1=a", "cookie2=b"],
            "headers": {"accept": "*/*", "headerauth1": "a,headerValue1", "user-agent": "curl/8",
                "host": "abc.example", "x-forwarded-for": "203.0.113.7", "x-forwarded-port": "443"},
            "queryStringParameters": {"p1": "v1,v2", "p2": "v"},
            "requestContext": {
                "accountId": "123456789012", "apiId": "abc", "domainName": "abc.example", "domainPrefix": "abc",
                "http": {"method": "GET", "path": "/test/pets/42", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "curl/8"},
                "requestId": "r", "routeKey": "GET /pets/{id}", "stage": "test",
                "time": "24/Sep/2024:12:34:56 +0000", "timeEpoch": 1_727_181_296_123_u64,
            },
            "pathParameters": {"id": "42"}, "stageVariables": {"s": "v"},
        });
        assert_eq!(found, expected);
    }
    let bare = Envoy::new().request("POST /pets", "/test/pets", &[]);
    let nobody = api("httpV2", json!({"identitySource": []}));
    let found = event(send(&worker(&nobody), &bare).1);
    assert_eq!(found["identitySource"], json!(null));
    for name in ["cookies", "queryStringParameters", "pathParameters"] {
        assert_eq!(found.get(name), None, "{name}");
    }
}

/// What Envoy tells of a client's certificate, and how events show it.
#[test]
fn a_client_with_a_certificate() {
    let told = json!({
        "pem": "-----BEGIN%20CERTIFICATE-----%0AMII%2B%0A-----END%20CERTIFICATE-----%0A",
        "subject": "CN=client,C=US", "issuer": "CN=My CA,C=US", "serial": "01",
        "notBefore": "May 28 12:30:02 2019 GMT", "notAfter": "Aug  5 09:36:04 2021 GMT",
    });
    let shown = json!({
        "clientCertPem": "-----BEGIN CERTIFICATE-----\nMII+\n-----END CERTIFICATE-----\n",
        "subjectDN": "C=US,CN=client", "issuerDN": "C=US,CN=My CA", "serialNumber": "1",
        "validity": {"notBefore": "May 28 12:30:02 2019 GMT", "notAfter": "Aug  5 09:36:04 2021 GMT"},
    });
    let certificate = "filter_state.apigw.peer_certificate";
    let context_of = |form: &str, mutual_tls: bool, told: &serde_json::Value| {
        let mut configuration = api(form, json!({}));
        configuration["api"]["mutualTls"] = json!(mutual_tls);
        let host = Envoy::new().request("POST /pets", "/test/pets", &[("authorization", "x")]);
        let host = host.with_attribute(certificate, told.to_string());
        event(send(&worker(&configuration), &host).1)["requestContext"].clone()
    };
    for form in ["request", "httpV1"] {
        assert_eq!(context_of(form, true, &told)["identity"]["clientCert"], shown, "{form}");
    }
    assert_eq!(context_of("httpV2", true, &told)["authentication"], json!({"clientCert": shown}));
    // An API that is not for clients with certificates looks for none, and other clients have shown none.
    for (mutual_tls, told) in [(false, &told), (true, &json!({"pem": null})), (true, &json!("?"))] {
        assert_eq!(context_of("request", mutual_tls, told)["identity"].get("clientCert"), None);
        assert_eq!(context_of("httpV2", mutual_tls, told).get("authentication"), None);
    }
}
