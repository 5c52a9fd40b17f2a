//! HTTP_PROXY integrations: what the backend gets, and what the client gets back.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use gateway::{Property, Step, Stream};
use serde_json::{Value, json};
use support::{TestHost, integration, send};
use test_host::edit;

/// Lets a request through and gives the host as the router sees it.
fn proxied(configuration: Value, host: TestHost) -> TestHost {
    let filter = integration(json!({"httpProxy": configuration}));
    match send(&filter, &host).1 {
        Step::Edit(edits) => host.apply(&edits),
        Step::Respond(reply) => panic!("answered with {}", reply.status),
        other => panic!("{other:?}"),
    }
    host
}

fn refused(configuration: Value, host: &TestHost) -> u16 {
    let filter = integration(json!({"httpProxy": configuration}));
    support::reply(&filter, host).status
}

/// The request target that the backend sees: Envoy puts the query of `:path` behind the rewritten path.
fn target(host: &TestHost) -> String {
    let path = host.property_text(Property::UpstreamPath).unwrap();
    match host.header(":path").unwrap().split_once('?') {
        Some((_, query)) => format!("{path}?{query}"),
        None => path,
    }
}

#[test]
fn a_greedy_path() {
    let proxy = json!({
        "path": "/${stageVariables.stageVar}/{proxy}",
        "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
    });
    let host = proxied(proxy, TestHost::request("GET", "/dev/pets/a%2Fb/c?x=1&y", &[], b"").on_route("r"));
    assert_eq!(target(&host), "/stageValue/a%2Fb/c?x=1&y");
    // Nothing that routes match on has changed.
    assert_eq!(host.header(":path").unwrap(), "/dev/pets/a%2Fb/c?x=1&y");
}

#[test]
fn a_placeholder_without_mapping_stays() {
    let host = proxied(json!({"path": "/{proxy}"}), TestHost::request("GET", "/dev/pets/x", &[], b"").on_route("r"));
    assert_eq!(target(&host), "/{proxy}");
}

/// Recorded on the service: LocalStack snapshot test_http_proxy_integration_request_data_mappings.
#[test]
fn recorded_data_mappings() {
    let proxy = json!({
        "path": "/?testVar={pathVar}&testQs={qsVar}",
        "httpMethod": "POST",
        "requestParameters": {
            "integration.request.header.headerVar": "method.request.header.foobar",
            "integration.request.path.qsVar": "method.request.querystring.testVar",
            "integration.request.path.pathVar": "method.request.path.proxy",
            "integration.request.querystring.queryString": "method.request.querystring.testQueryString",
            "integration.request.querystring.testQs": "method.request.querystring.testQueryString",
            "integration.request.querystring.testEmptyQs": "method.request.header.emptyheader",
        },
    });
    let headers = [("foobar", "mapped-value"), ("headerVar", "request-value")];
    let request = TestHost::request("POST", "/dev/pets/foobar?testQueryString=foo&testVar=bar", &headers, b"{}");
    let host = proxied(proxy, request.on_route("r"));
    assert_eq!(target(&host), "/?testVar=foobar&testQs=bar&testQueryString=foo&testVar=bar&queryString=foo&testQs=foo");
    assert!(host.header(":path").unwrap().starts_with("/dev/pets/foobar?"), "the path part must not change");
    assert_eq!(host.header("headervar").as_deref(), Some("mapped-value"));
    assert_eq!(host.header("foobar").as_deref(), Some("mapped-value"));
}

#[test]
fn values_cannot_leave_their_place() {
    let proxy = json!({
        "path": "/{p}",
        "requestParameters": {
            "integration.request.path.p": "method.request.querystring.p",
            "integration.request.querystring.q": "method.request.querystring.p",
            "integration.request.header.h": "method.request.querystring.p",
        },
    });
    let request = TestHost::request("GET", "/dev/pets/x?p=a%3Fb%0D%0AX:%20y%26z", &[], b"").on_route("r");
    let host = proxied(proxy, request);
    assert_eq!(host.property_text(Property::UpstreamPath).unwrap(), "/a%3Fb%0D%0AX:%20y&z");
    assert_eq!(host.header(":path").unwrap(), "/dev/pets/x?p=a%3Fb%0D%0AX:%20y%26z&q=a%3Fb%0D%0AX%3A%20y%26z");
    assert_eq!(host.header("h").unwrap(), "a?b  X: y&z");
}

#[test]
fn the_verb_of_the_integration() {
    let method = |configured: Value, client: &str| {
        let request = TestHost::request(client, "/dev/pets/x", &[], b"").on_route("r");
        proxied(json!({"path": "/", "httpMethod": configured}), request).header(":method").unwrap()
    };
    assert_eq!(method(json!("POST"), "GET"), "POST");
    assert_eq!(method(json!("ANY"), "PATCH"), "PATCH");
    assert_eq!(method(json!(null), "PATCH"), "PATCH");
}

#[test]
fn headers_that_must_not_be_mapped() {
    for name in ["Content-Length", "Transfer-Encoding", "X-Amzn-Trace-Id", "X-Amzn-Apigateway-Api-Id"] {
        let proxy = json!({
            "path": "/",
            "requestParameters": {format!("integration.request.header.{name}"): format!("method.request.header.{name}")},
        });
        let host = TestHost::request("GET", "/dev/pets/x", &[], b"").on_route("r");
        assert_eq!(refused(proxy, &host), 500, "{name}");
    }
}

#[test]
fn host_and_hop_by_hop_headers() {
    let proxy = json!({
        "path": "/",
        "requestParameters": {
            "integration.request.header.Host": "'backend.example'",
            "integration.request.header.Via": "'x'",
            "integration.request.header.Server": "'mapped'",
            "integration.request.header.Max-Forwards": "method.request.header.absent",
            "integration.request.header.X-Own": "method.request.header.Server",
        },
    });
    let headers = [("Server", "client"), ("Max-Forwards", "3"), ("Via", "client")];
    let host = proxied(proxy, TestHost::request("GET", "/dev/pets/x", &headers, b"").on_route("r"));
    assert_eq!(host.property_text(Property::UpstreamHost).as_deref(), Some("backend.example"));
    assert_eq!(host.header(":authority").as_deref(), Some("api.example"));
    assert_eq!(host.header("via"), None);
    assert_eq!(host.header("server").as_deref(), Some("mapped"));
    assert_eq!(host.header("max-forwards"), None);
    assert_eq!(host.header("x-own"), None, "a mapping cannot read `Server`");
}

#[test]
fn mapping_the_body() {
    let proxy = json!({
        "path": "/",
        "requestParameters": {
            "integration.request.header.whole": "method.request.body",
            "integration.request.header.name": "method.request.body.pets[0].name",
            "integration.request.header.none": "method.request.body.pets[1].name",
        },
    });
    let body = b"{\"pets\": [{\"name\": \"Ada\"}]}";
    let host = proxied(proxy.clone(), TestHost::request("POST", "/dev/pets/x", &[], body).on_route("r"));
    assert_eq!(host.header("whole").unwrap().as_bytes(), body);
    assert_eq!(host.header("name").as_deref(), Some("Ada"));
    assert_eq!(host.header("none"), None);
    let broken = TestHost::request("POST", "/dev/pets/x", &[], b"\n{wrongjson").on_route("r");
    assert_eq!(refused(proxy, &broken), 400);
}

#[test]
fn the_backends_headers_are_renamed() {
    let filter = integration(json!({"httpProxy": {"path": "/"}}));
    let host = TestHost::request("GET", "/dev/pets/x", &[], b"").on_route("r");
    let (mut stream, _) = send(&filter, &host);
    let from_backend = [
        (":status", "200"),
        ("connection", "keep-alive"),
        ("content-length", "5"),
        ("date", "Mon"),
        ("server", "gunicorn"),
        ("x-amzn-requestid", "theirs"),
        ("via", "1.1 x"),
        ("content-encoding", "gzip"),
        ("x-apigw-upstream", "1"),
        ("content-type", "text/html"),
        ("x-amzn-trace-id", "Root=1"),
    ];
    for (name, value) in from_backend {
        host.response_headers.borrow_mut().push((name.to_owned(), value.as_bytes().to_vec()));
    }
    assert!(matches!(stream.on_response_headers(&host, false), Step::Continue), "not the upstream's answer");
    host.attributes.borrow_mut().insert("response.code_details".to_owned(), b"via_upstream".to_vec());
    let Step::Edit(edits) = stream.on_response_headers(&host, false) else { panic!() };
    let mut headers = host.response_headers.borrow_mut();
    edit(&mut headers, &edits);
    headers.sort();
    let headers: Vec<_> = headers.iter().map(|(n, v)| (n.as_str(), std::str::from_utf8(v).unwrap())).collect();
    assert_eq!(
        headers,
        [
            (":status", "200"),
            ("content-length", "5"),
            ("content-type", "text/html"),
            ("x-amzn-remapped-connection", "keep-alive"),
            ("x-amzn-remapped-content-length", "5"),
            ("x-amzn-remapped-date", "Mon"),
            ("x-amzn-remapped-server", "gunicorn"),
            ("x-amzn-remapped-x-amzn-requestid", "theirs"),
            ("x-amzn-trace-id", "Root=1"),
        ]
    );
}

#[test]
fn a_compressed_answer_stays_readable() {
    let kept = |accept: &str| {
        let filter = integration(json!({"httpProxy": {"path": "/"}}));
        let host = TestHost::request("GET", "/dev/pets/x", &[("accept-encoding", accept)], b"").on_route("r");
        let (mut stream, _) = send(&filter, &host);
        host.attributes.borrow_mut().insert("response.code_details".to_owned(), b"via_upstream".to_vec());
        host.response_headers.borrow_mut().push(("content-encoding".to_owned(), b"gzip".to_vec()));
        matches!(stream.on_response_headers(&host, false), Step::Continue)
    };
    assert!(kept("gzip, deflate"));
    assert!(!kept("br"));
}

#[test]
fn a_signature_for_the_gateway_goes_no_further() {
    let authorization = |value: &str| {
        let request = TestHost::request("GET", "/dev/pets/x", &[("authorization", value)], b"").on_route("r");
        proxied(
            json!({"path": "/", "requestParameters": {"integration.request.header.copy": "method.request.header.Authorization"}}),
            request,
        )
    };
    let kept = authorization("Bearer x");
    assert_eq!(
        (kept.header("authorization").as_deref(), kept.header("copy").as_deref()),
        (Some("Bearer x"), Some("Bearer x"))
    );
    let dropped = authorization("AWS4-HMAC-SHA256 Credential=x");
    assert_eq!((dropped.header("authorization"), dropped.header("copy")), (None, None));
}

#[test]
fn a_wrong_configuration_says_where() {
    let error = |integration: Value| {
        let text = json!({"api": {"apiId": "a", "stage": "s"}, "routes": {"GET /": {"integration": integration}}});
        let raw = gateway::parse(&serde_json::to_vec(&text).unwrap());
        let error = raw.and_then(<mapping_template::MappingTemplate as gateway::Filter>::configure).err().unwrap();
        error.to_string()
    };
    assert_eq!(
        error(json!({"httpProxy": {"path": "/", "requestParameters": {"integration.request.body": "'x'"}}})),
        "routes.GET /.integration.httpProxy.requestParameters.integration.request.body: is no destination, expected \
         `integration.request.{path|querystring|header}.NAME`"
    );
    assert!(error(json!({"httpProxy": {"path": "/", "httpMethod": "PO ST"}})).ends_with("`PO ST` is no HTTP method"));
    assert!(
        error(json!({"mock": {"integrationResponses": [{"statusCode": 99}]}}))
            .contains("integrationResponses[0].statusCode")
    );
    assert!(
        error(json!({"mock": {"integrationResponses": [{"statusCode": 200, "selectionPattern": "("}]}}))
            .contains("selectionPattern: `(`")
    );
    assert!(error(json!({"mock": {"requestTemplate": {}}})).contains("unknown field `requestTemplate`"));
}
