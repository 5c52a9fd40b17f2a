//! What templates see of a request, and what they decide.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use gateway::{Callout, Property, Step, Stream};
use serde_json::json;
use support::{TestHost, answer, filter, integration, reply, send};

/// The text that a response template of a MOCK integration gives.
fn rendered(template: &str, host: &TestHost) -> String {
    let filter = integration(json!({"mock": {
        "requestTemplates": {"$default": "{\"statusCode\": 200}"},
        "integrationResponses": [{"statusCode": 200, "responseTemplates": {"application/json": template}}],
    }}));
    String::from_utf8(reply(&filter, host).body).unwrap()
}

fn host() -> TestHost {
    let headers =
        [("X-Own", "one"), ("x-own", "two"), ("User-Agent", "curl"), ("TE", "trailers"), ("content-type", "a/b")];
    let host = TestHost::request("POST", "/dev/pets/a%20b?q=1&q=x+y", &headers, b"{}").on_route("r");
    host.attributes.borrow_mut().insert("source.address".to_owned(), b"203.0.113.9:4711".to_vec());
    host.attributes.borrow_mut().insert("request.time".to_owned(), 1_727_181_296_123_000_000i64.to_le_bytes().to_vec());
    let ids = b"5d9b7c36-1f7a-4f19-9f7e-0b7f2f4cbb11 eXaMpLe1IAMFabc=";
    host.properties.borrow_mut().insert(Property::Request, ids.to_vec());
    host
}

#[test]
fn parameters() {
    for (template, expected) in [
        ("$input.params('proxy')|$input.params('q')|$input.params('X-Own')|$input.params('none')", "a%20b|x y|two|"),
        ("$input.params().header.get('User-Agent')|$input.params().header.get('user-agent')", "curl|curl"),
        ("$input.params('TE')|$input.params('Connection')|$input.params('x-apigw-method')", "||"),
        ("$input.params().path|$input.params().querystring", "{proxy=a%20b}|{q=x y}"),
        ("$input.params('Host')", "api.example"),
    ] {
        assert_eq!(rendered(template, &host()), expected, "{template}");
    }
}

#[test]
fn context_and_stage_variables() {
    for (template, expected) in [
        ("$context.stage|$context.apiId|$context.httpMethod|$context.path", "dev|api1|POST|/dev/pets/a%20b"),
        ("$context.requestId|$context.extendedRequestId", "5d9b7c36-1f7a-4f19-9f7e-0b7f2f4cbb11|eXaMpLe1IAMFabc="),
        ("$context.identity.sourceIp|$context.identity.userAgent|$context.identity.user", "203.0.113.9|curl|"),
        ("$context.requestTime|$context.requestTimeEpoch", "24/Sep/2024:12:34:56 +0000|1727181296123"),
        ("$context.nope|$context.authorizer.principalId|$context.identity", "||"),
        ("$stageVariables.stageVar|${stageVariables['host']}|$stageVariables.none", "stageValue|h.example|"),
        (
            "#foreach($k in $context.identity.keySet())$k #end",
            "cognitoIdentityPoolId accountId cognitoIdentityId caller sourceIp principalOrgId accessKey cognitoAuthenticationType cognitoAuthenticationProvider userArn userAgent user ",
        ),
        (
            "#foreach($k in $context.keySet())$k #end",
            "resourceId resourcePath httpMethod extendedRequestId requestTime path protocol requestOverride stage domainPrefix requestTimeEpoch requestId identity domainName responseOverride apiId ",
        ),
    ] {
        assert_eq!(rendered(template, &host()), expected, "{template}");
    }
}

#[test]
fn what_an_authorizer_has_said() {
    let host = host();
    let authorizer = br#"{"principalId": "user|a", "n": 1, "yes": true, "no": null, "claims": {"sub": "s1"}}"#;
    host.properties.borrow_mut().insert(Property::Authorizer, authorizer.to_vec());
    let template = "$context.authorizer.principalId $context.authorizer.n $context.authorizer.yes $context.authorizer.no.\
                    $context.authorizer.claims.sub $context.authorizer.claims.";
    assert_eq!(rendered(template, &host), "user|a 1 true .s1 .");
}

#[test]
fn the_payload_of_a_mock_is_empty() {
    assert_eq!(rendered("$input.body $input.json('$') [$input.path('$.a')]", &host()), "{} {} []");
}

#[test]
fn a_failing_template_is_500() {
    for template in [
        "#if(true)",
        "#set($s = 'a')$s.substring(9)",
        "$",
        "#foreach($a in [1..1000])#foreach($b in [1..1000])#foreach($c in [1..1000])x#end#end#end",
    ] {
        let filter = integration(json!({"mock": {
            "requestTemplates": {"$default": "{\"statusCode\": 200}"},
            "integrationResponses": [{"statusCode": 200, "responseTemplates": {"application/json": template}}],
        }}));
        assert_eq!(reply(&filter, &host()).status, 500, "{template}");
    }
}

#[test]
fn broken_templates_are_named_at_the_start() {
    let filter = integration(json!({"mock": {
        "requestTemplates": {"application/json": "{\n#if(true)\n}"},
        "integrationResponses": [{"statusCode": 200, "responseTemplates": {"text/xml": "#set($x = )"}}],
    }}));
    let host = TestHost::default();
    gateway::Filter::start(&*filter, &host).unwrap();
    let logs = host.logs.borrow();
    assert_eq!(logs.len(), 2);
    assert!(logs[0].starts_with("routes.r: requestTemplates.application/json: line 2"), "{}", logs[0]);
    assert!(
        logs[1].starts_with("routes.r: integrationResponses (200).responseTemplates.text/xml: line 1"),
        "{}",
        logs[1]
    );
}

fn http(mapping: serde_json::Value) -> serde_json::Value {
    json!({"http": {
        "endpoint": {"cluster": "backend", "authority": "backend.example:8080"},
        "path": "/v1/{id}?fixed=1",
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

fn values<'c>(callout: &'c Callout, name: &str) -> Vec<&'c str> {
    let of_name = callout.headers.iter().filter(|(n, _)| n == name);
    of_name.map(|(_, value)| std::str::from_utf8(value).unwrap()).collect()
}

#[test]
fn both_ways_through_an_http_integration() {
    let filter = integration(http(json!({
        "requestParameters": {
            "integration.request.path.id": "method.request.path.proxy",
            "integration.request.header.x-mapped": "'mapped'",
            "integration.request.querystring.q": "method.request.querystring.q",
        },
        "requestTemplates": {"application/json": "#set($context.requestOverride.header.x-mapped = 'by template')#set($context.requestOverride.header['x-two'] = ['1', '2'])#set($context.requestOverride.querystring.q = 'a&b')#set($context.responseOverride.header.x-later = 'kept'){\"name\": \"$input.path('$.name')\"}"},
        "integrationResponses": [
            {"statusCode": 200, "responseTemplates": {"application/json": "#set($context.responseOverride.status = 202)<$input.path('$.ok')> $context.responseOverride.header.x-later $input.params('q')"}},
        ],
    })));
    let headers = [("content-type", "application/json; charset=utf-8"), ("x-client", "1"), ("te", "trailers")];
    let host = TestHost::request("POST", "/dev/pets/a%20b?q=1", &headers, br#"{"name": "Ada"}"#).on_route("r");
    let (mut stream, step) = send(&filter, &host);
    let callout = call(step);
    assert_eq!(callout.body, br#"{"name": "Ada"}"#);
    assert_eq!(values(&callout, ":path"), ["/v1/a%20b?fixed=1&q=a%26b"]);
    assert_eq!(values(&callout, ":authority"), ["backend.example:8080"]);
    assert_eq!(values(&callout, "x-mapped"), ["by template"]);
    assert_eq!(values(&callout, "x-two"), ["1", "2"]);
    assert_eq!(values(&callout, "content-type"), ["application/json; charset=utf-8"]);
    assert_eq!(values(&callout, "x-client"), [""; 0]);
    let Step::Respond(reply) =
        stream.on_callout(&host, answer(200, &[("server", "be"), ("x-own", "1")], br#"{"ok": true}"#))
    else {
        panic!()
    };
    assert_eq!((reply.status, String::from_utf8(reply.body.clone()).unwrap().as_str()), (202, "<true> kept 1"));
    assert_eq!(reply.header("x-later"), Some(&b"kept"[..]));
    assert_eq!(reply.header("server"), None, "a backend's headers are not copied");
}

#[test]
fn an_override_cannot_break_out() {
    let filter = integration(http(json!({
        "requestTemplates": {"application/json": "#set($h = $input.path('$.h'))#set($context.requestOverride.header[$h] = $h)#set($context.requestOverride.header.host = 'other.example')#set($context.requestOverride.header.x-apigw-method = 'GET')#set($context.requestOverride.header.ok = $h)#set($context.requestOverride.path.id = $h)x"},
    })));
    let host = TestHost::request("POST", "/dev/pets/x", &[], br#"{"h": "a: b\r\nx: y?#"}"#).on_route("r");
    let callout = call(send(&filter, &host).1);
    assert_eq!(values(&callout, "ok"), ["a: b  x: y?#"]);
    assert_eq!(values(&callout, ":path"), ["/v1/a:%20b%0D%0Ax:%20y%3F%23?fixed=1"]);
    assert_eq!(values(&callout, ":authority"), ["other.example"]);
    assert_eq!(values(&callout, "x-apigw-method"), [""; 0]);
    assert!(callout.headers.iter().all(|(name, _)| !name.contains(' ')));
}

#[test]
fn binary_payloads_and_templates() {
    let status = |content_type: &str, handling: serde_json::Value| {
        let filter = filter(&json!({
            "api": {"apiId": "a", "stage": "s"},
            "binaryMediaTypes": ["image/png"],
            "routes": {"r": {"method": {"resourceId": "x", "resourcePath": "/"}, "integration": http(json!({
                "requestTemplates": {"image/png": "$input.body", "application/json": "$input.body"},
                "contentHandling": handling,
            }))}},
        }));
        let host = TestHost::request("POST", "/", &[("content-type", content_type)], b"//4=").on_route("r");
        match send(&filter, &host).1 {
            Step::Callout(callout) => String::from_utf8(callout.body).unwrap(),
            Step::Respond(reply) => reply.status.to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(status("image/png", json!(null)), "500");
    assert_eq!(status("image/png", json!("CONVERT_TO_TEXT")), "Ly80PQ==");
    assert_eq!(status("application/json", json!("CONVERT_TO_BINARY")), "500");
    assert_eq!(status("application/json", json!(null)), "//4=");
}

#[test]
fn calling_an_aws_service() {
    let aws = |target: serde_json::Value, mapping: serde_json::Value| {
        integration(json!({"aws": {
            "endpoint": {"cluster": "sqs", "authority": "127.0.0.1:9324", "timeoutInMillis": 100},
            "target": target,
            "httpMethod": "POST",
            "mapping": mapping,
        }}))
    };
    let post = TestHost::request("POST", "/dev/pets/x", &[], b"{\"a\": 1}").on_route("r");
    let by_path = aws(
        json!({"path": "111111111111/{queue}"}),
        json!({
            "requestParameters": {
                "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'",
                "integration.request.path.queue": "'my queue'",
                "integration.request.header.Referer": "'dropped'",
            },
            "requestTemplates": {"application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"},
        }),
    );
    let callout = call(send(&by_path, &post).1);
    assert_eq!(values(&callout, ":path"), ["/111111111111/my%20queue"]);
    assert_eq!(values(&callout, "content-type"), ["application/x-www-form-urlencoded"]);
    assert_eq!(values(&callout, "referer"), [""; 0]);
    assert_eq!(values(&callout, "x-amzn-apigateway-api-id"), [""; 0]);
    assert_eq!(callout.body, b"Action=SendMessage&MessageBody=%7B%22a%22%3A+1%7D");
    let by_action = aws(
        json!({"action": {"service": "dynamodb", "action": "PutItem"}}),
        json!({"requestParameters": {"integration.request.querystring.Name": "'p 1'"}}),
    );
    let callout = call(send(&by_action, &post).1);
    assert_eq!(values(&callout, ":path"), ["/?Action=PutItem&Name=p%201"]);
    assert_eq!(values(&callout, "x-amz-target"), ["DynamoDB_20120810.PutItem"]);
    assert_eq!(values(&callout, "content-type"), ["application/x-amz-json-1.0"]);
    let illegal =
        aws(json!({"path": "/"}), json!({"requestParameters": {"integration.request.header.Authorization": "'x'"}}));
    assert_eq!(reply(&illegal, &post).status, 500);
}
