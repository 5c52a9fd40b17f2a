//! Lambda functions: AWS_PROXY and AWS.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeMap;

use gateway::{Answer, Callout, Context, Property, RawApi, Reply, ResponseType, Step, Stream};
use serde_json::{Value, json};
use support::{TestHost, answer, filter, integration, reply, send};

const TRACE: &str = "Root=1-66f2b1c0-5f84a1b2c3d4e5f601234567";

fn proxy() -> Value {
    json!({"awsProxy": {
        "endpoint": {"cluster": "lambda", "authority": "127.0.0.1:9001", "pathPrefix": "/x", "timeoutInMillis": 5000},
        "function": {"functionName": "orders", "qualifier": "live"},
        "httpMethod": "POST",
    }})
}

fn aws(mapping: Value) -> Value {
    json!({"aws": {
        "endpoint": {"cluster": "lambda", "authority": "127.0.0.1:9001"},
        "target": {"lambda": {"functionName": "orders"}},
        "httpMethod": "POST",
        "mapping": mapping,
    }})
}

fn call(step: Step) -> Callout {
    match step {
        Step::Callout(callout) => *callout,
        other => panic!("no call but {other:?}"),
    }
}

/// The client's answer to what the function gives.
fn after(configuration: Value, host: &TestHost, answer: Answer) -> Reply {
    let (mut stream, step) = send(&integration(configuration), host);
    call(step);
    match stream.on_callout(host, answer) {
        Step::Respond(reply) => *reply,
        other => panic!("no answer but {other:?}"),
    }
}

fn get(headers: &[(&str, &str)]) -> TestHost {
    TestHost::request("GET", "/dev/pets/x", headers, b"").on_route("r")
}

fn result(result: Value) -> Answer {
    answer(200, &[("content-type", "application/json")], result.to_string().as_bytes())
}

/// The example of the specification.
#[test]
fn the_event() {
    let filter = filter(&json!({
        "api": {
            "apiId": "a1b2c3d4e5", "stage": "dev", "basePath": "/dev", "accountId": "123456789012",
            "deploymentId": "dep123", "stageVariables": {"env": "dev"},
        },
        "routes": {"r": {
            "method": {
                "resourceId": "x7k2p9", "resourcePath": "/users/{userId}/{proxy+}", "operationName": "PutUserFile",
            },
            "integration": proxy(),
        }},
    }));
    let headers = [
        ("Accept", "*/*"),
        ("Content-Type", "application/json"),
        ("User-Agent", "curl/8.5.0"),
        ("x-tag", "one"),
        ("x-tag", "two"),
        ("x-forwarded-proto", "https"),
        ("content-length", "7"),
        ("te", "trailers"),
        ("x-apigw-method", "POST"),
        ("x-envoy-external-address", "1.2.3.4"),
    ];
    let host = TestHost::request("POST", "/dev/users/42/files/a.txt?q=a&q=b&z", &headers, br#"{"k":1}"#).on_route("r");
    host.attributes.borrow_mut().insert("source.address".to_owned(), b"203.0.113.9:4711".to_vec());
    host.attributes.borrow_mut().insert("destination.port".to_owned(), 443u64.to_le_bytes().to_vec());
    host.attributes.borrow_mut().insert("request.time".to_owned(), 1_727_181_296_123_000_000i64.to_le_bytes().to_vec());
    for (property, value) in [
        (Property::TraceId, TRACE),
        (Property::Request, "5d9b7c36-1f7a-4f19-9f7e-0b7f2f4cbb11 eXaMpLe1IAMFabc="),
        (
            Property::Authorizer,
            r#"{"principalId": "user|a", "tier": "gold", "n": 1, "ok": true, "no": null, "integrationLatency": 12}"#,
        ),
    ] {
        host.properties.borrow_mut().insert(property, value.as_bytes().to_vec());
    }
    let callout = call(send(&filter, &host).1);
    assert_eq!((callout.cluster.as_str(), callout.timeout.as_millis()), ("lambda", 5000));
    let sent: BTreeMap<&str, &str> =
        callout.headers.iter().map(|(n, v)| (n.as_ref(), std::str::from_utf8(v).unwrap())).collect();
    let expected = [
        (":authority", "127.0.0.1:9001"),
        (":method", "POST"),
        (":path", "/x/2015-03-31/functions/orders/invocations?Qualifier=live"),
        ("content-type", "application/json"),
        ("user-agent", "AmazonAPIGateway_a1b2c3d4e5"),
        ("x-amzn-trace-id", TRACE),
    ];
    assert_eq!(sent, expected.into_iter().collect());
    let event: Value = serde_json::from_slice(&callout.body).unwrap();
    let expected = json!({
        "resource": "/users/{userId}/{proxy+}",
        "path": "/users/42/files/a.txt",
        "httpMethod": "POST",
        "headers": {
            "Accept": "*/*", "Content-Type": "application/json", "Host": "api.example", "User-Agent": "curl/8.5.0",
            "X-Amzn-Trace-Id": TRACE, "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Port": "443",
            "X-Forwarded-Proto": "https", "x-tag": "two",
        },
        "multiValueHeaders": {
            "Accept": ["*/*"], "Content-Type": ["application/json"], "Host": ["api.example"],
            "User-Agent": ["curl/8.5.0"], "X-Amzn-Trace-Id": [TRACE], "X-Forwarded-For": ["203.0.113.9"],
            "X-Forwarded-Port": ["443"], "X-Forwarded-Proto": ["https"], "x-tag": ["one", "two"],
        },
        "queryStringParameters": {"q": "b", "z": ""},
        "multiValueQueryStringParameters": {"q": ["a", "b"], "z": [""]},
        "pathParameters": {"userId": "42", "proxy": "files/a.txt"},
        "stageVariables": {"env": "dev"},
        "requestContext": {
            "resourceId": "x7k2p9", "resourcePath": "/users/{userId}/{proxy+}", "operationName": "PutUserFile",
            "httpMethod": "POST", "extendedRequestId": "eXaMpLe1IAMFabc=", "requestTime": "24/Sep/2024:12:34:56 +0000",
            "path": "/dev/users/42/files/a.txt", "accountId": "123456789012", "protocol": "HTTP/1.1", "stage": "dev",
            "domainPrefix": "api", "requestTimeEpoch": 1_727_181_296_123u64,
            "requestId": "5d9b7c36-1f7a-4f19-9f7e-0b7f2f4cbb11",
            "identity": {
                "cognitoIdentityPoolId": null, "accountId": null, "cognitoIdentityId": null, "caller": null,
                "sourceIp": "203.0.113.9", "principalOrgId": null, "accessKey": null, "cognitoAuthenticationType": null,
                "cognitoAuthenticationProvider": null, "userArn": null, "userAgent": "curl/8.5.0", "user": null,
            },
            "domainName": "api.example", "deploymentId": "dep123", "apiId": "a1b2c3d4e5",
            "authorizer": {
                "principalId": "user|a", "tier": "gold", "n": "1", "ok": "true", "no": null, "integrationLatency": 12,
            },
        },
        "body": "{\"k\":1}",
        "isBase64Encoded": false,
    });
    assert_eq!(event, expected);
}

/// Where the events of both kinds of APIs have the client's certificate.
#[test]
fn a_client_with_a_certificate() {
    let http_api = |version: &str| {
        json!({"httpApiLambda": {
            "endpoint": {"cluster": "lambda", "authority": "127.0.0.1:9001"},
            "function": {"functionName": "orders"}, "payloadFormatVersion": version,
        }})
    };
    let told = json!({"pem": "PEM%0A", "subject": "CN=a,C=US", "issuer": "CN=b", "serial": "ff"});
    for (integration, at) in [
        (proxy(), "/requestContext/identity/clientCert"),
        (http_api("1.0"), "/requestContext/identity/clientCert"),
        (http_api("2.0"), "/requestContext/authentication/clientCert"),
    ] {
        let filter = filter(&json!({
            "api": {"apiId": "a", "stage": "dev", "mutualTls": true},
            "routes": {"r": {"method": {"resourceId": "r1", "resourcePath": "/x"}, "integration": integration}},
        }));
        let host = get(&[]).with_attribute("filter_state.apigw.peer_certificate", told.to_string());
        let event: Value = serde_json::from_slice(&call(send(&filter, &host).1).body).unwrap();
        let certificate = event.pointer(at).unwrap();
        assert_eq!(certificate["clientCertPem"], "PEM\n", "{at}");
        assert_eq!((&certificate["subjectDN"], &certificate["serialNumber"]), (&json!("C=US,CN=a"), &json!("255")));
    }
    // Mappings and access logs take single members.
    let api = RawApi { mutual_tls: true, ..RawApi::default() };
    let host = get(&[]).with_attribute("filter_state.apigw.peer_certificate", told.to_string());
    let context = Context::new(&api, None, &host);
    for (variable, value) in [
        ("identity.clientCert.subjectDN", Some("C=US,CN=a")),
        ("identity.clientCert.validity.notBefore", Some("")),
        ("identity.clientCert", None),
        ("identity.clientCert.nope", None),
    ] {
        assert_eq!(context.get(variable).as_deref(), value, "{variable}");
    }
}

#[test]
fn an_event_with_nothing_in_it() {
    let filter = filter(&json!({
        "api": {"apiId": "a", "stage": "s"},
        "routes": {"r": {"method": {"resourceId": "x", "resourcePath": "/"}, "integration": proxy()}},
    }));
    let event: Value =
        serde_json::from_slice(&call(send(&filter, &TestHost::request("GET", "/", &[], b"").on_route("r")).1).body)
            .unwrap();
    for member in
        ["queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body"]
    {
        assert_eq!(event[member], Value::Null, "{member}");
    }
    assert_eq!(event["requestContext"].get("authorizer"), None);
    assert_eq!(event["requestContext"]["identity"].get("apiKey"), None);
    assert_eq!(event["isBase64Encoded"], false);
}

#[test]
fn bytes_travel_as_base64() {
    let mut configuration = json!({
        "api": {"apiId": "a", "stage": "s"},
        "binaryMediaTypes": ["image/*"],
        "routes": {"r": {"method": {"resourceId": "x", "resourcePath": "/"}, "integration": proxy()}},
    });
    let event = |configuration: &Value| -> Value {
        let mut host = TestHost::request("POST", "/", &[("Content-Type", "image/png")], b"").on_route("r");
        host.request_body = vec![0xff, 0xfe];
        serde_json::from_slice(&call(send(&filter(configuration), &host).1).body).unwrap()
    };
    let sent = event(&configuration);
    assert_eq!((&sent["body"], &sent["isBase64Encoded"]), (&json!("//4="), &json!(true)));
    configuration["binaryMediaTypes"] = json!([]);
    let sent = event(&configuration);
    assert_eq!((&sent["body"], &sent["isBase64Encoded"]), (&json!("\u{fffd}\u{fffd}"), &json!(false)));
}

#[test]
fn what_a_function_may_answer() {
    let status = |value: Value| after(proxy(), &get(&[]), result(value)).status;
    assert_eq!(status(json!({})), 200);
    assert_eq!(status(json!({"statusCode": 201})), 201);
    assert_eq!(status(json!({"statusCode": "201"})), 201);
    assert_eq!(status(json!({"headers": null, "body": null, "multiValueHeaders": null})), 200);
    assert_eq!(status(json!({"headers": {"x": true, "y": "z", "none": null}})), 200);
    for malformed in [
        json!({"statusCode": "test"}),
        json!({"statusCode": 99}),
        json!({"statusCode": 600}),
        json!({"statusCode": 200.5}),
        json!({"statusCode": true}),
        json!({"statusCode": 101}),
        json!({"statusCode": ""}),
        json!({"wrongValue": "value"}),
        json!(null),
        json!("text"),
        json!(1),
        json!([]),
        json!({"headers": {"x": 1}}),
        json!({"headers": {"x": []}}),
        json!({"headers": []}),
        json!({"headers": {"not a name": "x"}}),
        json!({"multiValueHeaders": {"x": "y"}}),
        json!({"body": {"a": 1}}),
        json!({"body": 1}),
        json!({"isBase64Encoded": "yes"}),
        json!({"errorMessage": "no", "errorType": "Error"}),
    ] {
        let answer = after(proxy(), &get(&[]), result(malformed.clone()));
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (502, &br#"{"message": "Internal server error"}"#[..]),
            "{malformed}"
        );
    }
    assert_eq!(after(proxy(), &get(&[]), answer(200, &[], b"not json")).status, 502);
    assert_eq!(after(proxy(), &get(&[]), answer(200, &[], b"")).status, 502);
    let failed = answer(200, &[("X-Amz-Function-Error", "Unhandled")], b"{}");
    assert_eq!(after(proxy(), &get(&[]), failed).status, 502);
}

#[test]
fn headers_of_a_function() {
    let host = get(&[]);
    host.properties.borrow_mut().insert(Property::TraceId, TRACE.as_bytes().to_vec());
    let answered = after(
        proxy(),
        &host,
        result(json!({
            "headers": {"X-Tag": "solo", "Server": "s", "Via": "v", "Set-Cookie": "c=3", "x-apigw-upstream": "1", "split": "a\r\nb"},
            "multiValueHeaders": {"x-tag": ["multi", "value"], "Set-Cookie": ["a=1", "b=2"]},
            "body": "hello",
        })),
    );
    let headers: Vec<_> = answered.headers.iter().map(|(n, v)| (n.as_ref(), std::str::from_utf8(v).unwrap())).collect();
    assert_eq!(
        headers,
        [
            ("content-type", "application/json"),
            ("x-tag", "multi"),
            ("x-tag", "value"),
            ("x-tag", "solo"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("set-cookie", "c=3"),
            ("x-amzn-remapped-server", "s"),
            ("split", "a  b"),
            ("x-amzn-trace-id", TRACE),
        ]
    );
    assert_eq!(answered.body, b"hello");
    let html = after(proxy(), &get(&[]), result(json!({"headers": {"Content-Type": "text/html"}})));
    assert_eq!(html.header("content-type"), Some(&b"text/html"[..]));
    // A body where none may be would be read as the next response.
    assert_eq!(after(proxy(), &get(&[]), result(json!({"statusCode": 304, "body": "x"}))).body, b"");
}

#[test]
fn bytes_from_a_function() {
    let body = |accept: &str, text: &str| {
        let filter = filter(&json!({
            "api": {"apiId": "a", "stage": "s"},
            "binaryMediaTypes": ["image/png"],
            "routes": {"r": {"method": {"resourceId": "x", "resourcePath": "/"}, "integration": proxy()}},
        }));
        let host = get(&[("Accept", accept)]);
        let (mut stream, _) = send(&filter, &host);
        let Step::Respond(reply) = stream.on_callout(&host, result(json!({"isBase64Encoded": true, "body": text})))
        else {
            panic!()
        };
        (reply.status, reply.body)
    };
    assert_eq!(body("image/png", "//4="), (200, vec![0xff, 0xfe]));
    assert_eq!(body("*/*", "//4="), (200, b"//4=".to_vec()));
    assert_eq!(body("text/html, image/png", "//4="), (200, b"//4=".to_vec()));
    assert_eq!(body("image/png", "x").0, 500);
}

#[test]
fn when_lambda_refuses_or_is_not_there() {
    let outcome = |answer: Answer| {
        let reply = after(proxy(), &get(&[]), answer);
        (reply.status, reply.error.unwrap().response_type.unwrap())
    };
    let made_up = |status| answer(status, &[("content-length", "1"), ("content-type", "text/plain")], b"x");
    assert_eq!(outcome(made_up(504)), (504, ResponseType::IntegrationTimeout));
    assert_eq!(outcome(made_up(503)), (504, ResponseType::IntegrationFailure));
    assert_eq!(outcome(Answer::Failed), (504, ResponseType::IntegrationFailure));
    assert_eq!(outcome(answer(404, &[("server", "x")], b"{}")), (500, ResponseType::ApiConfigurationError));
    assert_eq!(outcome(answer(503, &[("x-apigw-upstream", "1")], b"{}")), (500, ResponseType::ApiConfigurationError));
    assert_eq!(outcome(answer(413, &[("server", "x")], b"{}")), (413, ResponseType::RequestTooLarge));
    let large = answer(200, &[("server", "x")], &vec![b' '; 7 << 20]);
    assert_eq!(outcome(large), (502, ResponseType::Default5xx));
}

#[test]
fn what_can_never_work() {
    let mut by_get = proxy();
    by_get["awsProxy"]["httpMethod"] = json!("GET");
    assert_eq!(reply(&integration(by_get), &get(&[])).status, 500);
    for name in ["Authorization", "Connection", "Expect", "Proxy-Authenticate", "TE", "Content-Length"] {
        let mut mapped = proxy();
        mapped["awsProxy"]["requestParameters"] = json!({format!("integration.request.header.{name}"): "'x'"});
        assert_eq!(reply(&integration(mapped), &get(&[])).status, 500, "{name}");
    }
    let mut large = TestHost::request("POST", "/dev/pets/x", &[], b"").on_route("r");
    large.request_body = vec![b'a'; 7 << 20];
    assert_eq!(reply(&integration(proxy()), &large).status, 413);
    large.request_body = vec![b'a'; 11 << 20];
    assert_eq!(reply(&integration(proxy()), &large).status, 413);
}

#[test]
fn a_custom_function_gets_the_body() {
    let sent = |headers: &[(&str, &str)], body: &[u8]| {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let host = TestHost::request(method, "/dev/pets/x?a=b", headers, body).on_route("r");
        let mapping = json!({"requestParameters": {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}});
        send(&integration(aws(mapping)), &host).1
    };
    let callout = call(sent(&[("x-own", "1")], br#"{"message": "hello"}"#));
    assert_eq!(callout.body, br#"{"message": "hello"}"#);
    let headers: BTreeMap<&str, &str> =
        callout.headers.iter().map(|(n, v)| (n.as_ref(), std::str::from_utf8(v).unwrap())).collect();
    let expected = [
        (":authority", "127.0.0.1:9001"),
        (":method", "POST"),
        (":path", "/2015-03-31/functions/orders/invocations"),
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("user-agent", "AmazonAPIGateway_api1"),
        ("x-amz-invocation-type", "Event"),
    ];
    assert_eq!(headers, expected.into_iter().collect());
    assert_eq!(call(sent(&[], b"")).body, b"{}");
    let Step::Respond(refused) = sent(&[], b"not json") else { panic!() };
    let error = refused.error.unwrap();
    assert_eq!((refused.status, error.response_type), (400, Some(ResponseType::Default4xx)));
    assert!(error.message.unwrap().starts_with("Could not parse request body into json: "));
}

#[test]
fn the_error_message_selects_the_response() {
    let mapping = json!({"integrationResponses": [
        {"statusCode": 200},
        {"statusCode": 405, "selectionPattern": ".*four hundred.*"},
        {"statusCode": 502, "selectionPattern": ".+"},
        {"statusCode": 504, "selectionPattern": "200"},
    ]});
    let status = |body: &str| {
        let answered = after(aws(mapping.clone()), &get(&[]), answer(200, &[("server", "x")], body.as_bytes()));
        (answered.status, String::from_utf8(answered.body).unwrap())
    };
    assert_eq!(status("\"Pass\""), (200, "\"Pass\"".to_owned()));
    assert_eq!(status(r#"{"errorMessage":"Raising four hundred"}"#).0, 405);
    assert_eq!(status(r#"{"errorMessage":"Raising five hundred"}"#).0, 502);
    assert_eq!(status(r#"{"errorMessage":"two\nlines"}"#).0, 200);
    // An asynchronous invocation is accepted with an empty body.
    assert_eq!(after(aws(mapping.clone()), &get(&[]), answer(202, &[("server", "x")], b"")).status, 200);
}

#[test]
fn members_of_an_error_message_can_be_mapped() {
    let mapping = json!({"integrationResponses": [{"statusCode": 200, "responseParameters": {
        "method.response.header.Location": "integration.response.body.errorMessage.url",
        "method.response.header.Whole": "integration.response.body.errorMessage",
    }}]});
    let body = json!({"errorMessage": "{\"url\": \"/there\"}"}).to_string();
    let answered = after(aws(mapping), &get(&[]), answer(200, &[("server", "x")], body.as_bytes()));
    assert_eq!(answered.header("location"), Some(&b"/there"[..]));
    assert_eq!(answered.header("whole"), Some(&br#"{"url":"/there"}"#[..]));
}
