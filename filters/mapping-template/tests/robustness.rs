//! Whatever a client or a backend sends: no panic, and nothing that breaks HTTP.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use gateway::{Answer, Headers, Property, Step, Stream};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{TestHost, filter, send};

const TEMPLATE: &str = "#set($r = $input.path('$'))#set($context.requestOverride.header.h = $input.body)#set($context.requestOverride.path.p = $input.params('q'))\
    #set($context.responseOverride.header[$input.params('q')] = $input.body)#set($context.responseOverride.status = $input.path('$.status'))\
    {\"r\": \"$util.escapeJavaScript($r)\", \"k\": $input.json('$..k'), \"all\": \"$context $input.params()\"#foreach($x in $r.items), $x#end}";

const ROUTES: [&str; 9] =
    ["mock", "proxy", "http", "function", "event", "event-1.0", "event-2.0", "http-api-proxy", "http-api-service"];

/// One route for each integration type, with mappings that read everything.
fn configuration() -> Value {
    let parameters = json!({
        "integration.request.path.p": "method.request.path.proxy",
        "integration.request.querystring.q": "method.request.multivaluequerystring.q",
        "integration.request.header.h": "method.request.header.h",
        "integration.request.header.b": "method.request.body.k",
        "integration.request.header.host": "method.request.querystring.q",
    });
    let mapping = json!({
        "requestParameters": parameters,
        "requestTemplates": {"application/json": TEMPLATE, "text/plain": "$input.body"},
        "integrationResponses": [
            {"statusCode": 200, "responseTemplates": {"application/json": TEMPLATE}, "responseParameters": {
                "method.response.header.h": "integration.response.header.h",
                "method.response.header.b": "integration.response.body",
            }},
            {"statusCode": 500, "selectionPattern": "5\\d{2}|.*error.*", "responseParameters": {
                "method.response.header.m": "integration.response.body.errorMessage.a[0]",
            }},
        ],
    });
    let endpoint = json!({"cluster": "c", "authority": "backend.example"});
    let parameters_of_answers = json!({"200": {
        "append:header.h": "${response.header.h} ${response.body.k}",
        "overwrite:statuscode": "$response.body.status",
        "remove:header.content-type": "",
    }});
    let integrations = [
        ("mock", json!({"mock": mapping})),
        ("proxy", json!({"httpProxy": {"path": "/{p}?x={p}", "requestParameters": parameters}})),
        ("http", json!({"http": {"endpoint": endpoint, "path": "/{p}?x={p}", "mapping": mapping}})),
        (
            "function",
            json!({"aws": {"endpoint": endpoint, "target": {"lambda": {"functionName": "f"}}, "httpMethod": "POST", "mapping": mapping}}),
        ),
        ("event", json!({"awsProxy": {"endpoint": endpoint, "function": {"functionName": "f"}}})),
        (
            "event-1.0",
            json!({"httpApiLambda": {"endpoint": endpoint, "function": {"functionName": "f"}, "payloadFormatVersion": "1.0", "responseParameters": parameters_of_answers}}),
        ),
        (
            "event-2.0",
            json!({"httpApiLambda": {"endpoint": endpoint, "function": {"functionName": "f"}, "payloadFormatVersion": "2.0", "responseParameters": parameters_of_answers}}),
        ),
        (
            "http-api-proxy",
            json!({"httpApiProxy": {"path": "/{proxy}?x={proxy}", "append": "behindStage", "requestParameters": {
            "overwrite:path": "/p/${request.path.proxy}/${request.querystring.q}",
            "append:querystring.q": "$request.querystring.q",
            "overwrite:querystring.h": "$request.header.h",
            "append:header.h": "${request.body.k}${request.body}",
            "overwrite:header.p": "$request.path",
            "remove:header.accept": "",
        }, "responseParameters": parameters_of_answers}}),
        ),
        (
            "http-api-service",
            json!({"httpApiService": {"endpoint": endpoint, "integrationSubtype": "SQS-SendMessage", "requestParameters": {
                "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q", "MessageBody": "${request.body.k} ${request.querystring.q} ${request.header.h}",
            }}}),
        ),
    ];
    let routes = integrations.into_iter().map(|(name, integration)| {
        let is_http_api = name == "event-1.0" || name == "event-2.0" || name.starts_with("http-api");
        let resource_id = if is_http_api { "POST /{proxy+}" } else { "x" };
        let method = json!({"resourceId": resource_id, "resourcePath": "/{proxy+}"});
        (name.to_owned(), json!({"method": method, "integration": integration}))
    });
    json!({
        "api": {"apiId": "a", "stage": "s", "basePath": "/s", "stageVariables": {"v": "1"}},
        "binaryMediaTypes": ["image/*"],
        "routes": routes.collect::<serde_json::Map<_, _>>(),
    })
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..most)
}

/// JSON, nearly JSON, and anything else.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from)
    ];
    let tree = leaf.prop_recursive(4, 24, 5, |inner| {
        let name = prop_oneof![
            "statusCode|headers|multiValueHeaders|body|isBase64Encoded|errorMessage|items|k|status",
            any::<String>()
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((name, inner), 0..5).prop_map(|members| members.into_iter().collect()),
        ]
    });
    prop_oneof![
        4 => tree.prop_map(|tree| tree.to_string().into_bytes()),
        1 => "[\\[\\]{}\",:a-z0-9\\\\ -]{0,60}".prop_map(String::into_bytes),
        1 => bytes(80),
    ]
}

/// A header line must end where we say, and a target be one word.
fn check_headers<'h>(headers: impl Iterator<Item = (&'h str, &'h [u8])>) {
    for (name, value) in headers {
        assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()), "{name:?}");
        assert!(value.iter().all(|byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f)), "{name}: {value:?}");
        if name == ":authority" {
            assert!(value.iter().all(u8::is_ascii_graphic), "{value:?}");
        }
        if name == ":path" {
            assert!(value.starts_with(b"/") && value.iter().all(|byte| !byte.is_ascii_whitespace()), "{value:?}");
        }
    }
}

fn check(step: &Step) {
    match step {
        Step::Respond(reply) => {
            assert!((200..600).contains(&reply.status), "{}", reply.status);
            check_headers(reply.headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref())));
        }
        Step::Callout(callout) => {
            check_headers(callout.headers.iter().map(|(name, value)| (name.as_ref(), value.as_slice())));
        }
        Step::Edit(edits) => {
            check_headers(edits.set.iter().chain(&edits.add).map(|(name, value)| (name.as_ref(), value.as_ref())));
            for (property, value) in &edits.properties {
                assert!(value.iter().all(u8::is_ascii_graphic), "{property:?}: {value:?}");
            }
        }
        Step::Continue | Step::Buffer | Step::Wait => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn anything(
        route in prop::sample::select(&ROUTES[..]),
        path in "[!-\"$->@-~]{0,30}",
        query in proptest::option::of("[!-\"$-~]{0,40}|q=%0d%0aa|q=[a-z%0-9]{0,9}&q=x|[q=&%]{0,9}"),
        // What Envoy lets through in a header.
        header in proptest::collection::vec(prop_oneof![32u8..=126, 128u8..=255], 0..20),
        content_type in prop_oneof![Just("application/json"), Just("text/plain"), Just("image/png"), Just("x/y")],
        body in payload(),
        authorizer in payload(),
        status in 0u16..1000,
        answer_type in prop_oneof![Just("application/json"), Just("image/png")],
        answer in payload(),
    ) {
        let filter = filter(&configuration());
        let target = match &query {
            Some(query) => format!("/s/{path}?{query}"),
            None => format!("/s/{path}"),
        };
        let mut host = TestHost::request("POST", &target, &[("content-type", content_type), ("accept", answer_type)], b"").on_route(route);
        host.request_headers.borrow_mut().push(("h".to_owned(), header.clone()));
        host.properties.borrow_mut().insert(Property::Authorizer, authorizer);
        host.request_body = body;
        let (mut stream, step) = send(&filter, &host);
        check(&step);
        if let (Step::Callout(callout), true) = (&step, route.starts_with("event")) {
            prop_assert!(serde_json::from_slice::<Value>(&callout.body).is_ok(), "{:?}", callout.body.escape_ascii().to_string());
        }
        if matches!(step, Step::Callout(_)) {
            let headers = Headers::from_pairs(&[
                (&b":status"[..], status.to_string().as_bytes()),
                (b"content-type", answer_type.as_bytes()),
                (b"h", &header),
                (b"x-apigw-upstream", b"1"),
            ]);
            let step = stream.on_callout(&host, Answer::Response { headers, body: answer });
            prop_assert!(matches!(step, Step::Respond(_)));
            check(&step);
        }
    }
}
