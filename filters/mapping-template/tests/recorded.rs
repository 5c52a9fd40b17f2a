//! Recorded requests of `localstack-apigateway/runtime.jsonl`, run on the filter with stand-in backends.
//!
//! Only what this filter decides is looked at: status, body, mapped headers, and what the backend received. The same
//! cases run through the whole gateway elsewhere.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod backends;
mod support;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use backends::{Received, answer_of};
use gateway::{Answer, Property, Step, Stream, split_target};
use serde_json::{Map, Value, json};
use support::{TestHost, filter, send};
use test_host::edit;

const AREAS: [&str; 14] = [
    "aws-proxy-event",
    "aws-proxy-response",
    "aws-service-integration",
    "binary",
    "header-remapping",
    "http-integration",
    "integration",
    "integration-failure",
    "integration-response",
    "mapping-template",
    "mock",
    "parameter-mapping",
    "response-headers",
    "stage-variables",
];
/// Headers that Envoy or the front of the gateway adds.
const NOT_OURS: [&str; 9] = [
    "connection",
    "content-length",
    "date",
    "via",
    "x-amz-apigw-id",
    // Depends on the recorded backend.
    "x-amzn-remapped-content-length",
    "x-amzn-requestid",
    "x-amzn-trace-id",
    "x-cache",
];
const TRACE: &str = "Root=1-66f2b1c0-5f84a1b2c3d4e5f601234567";

#[test]
fn recorded_cases() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("CONFORMANCE_DIR").map_or_else(|| root.join("../shared/conformance"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("localstack-apigateway/runtime.jsonl")) else {
        println!("conformance localstack-apigateway: no such folder, nothing run");
        return;
    };
    let known: HashMap<String, String> = serde_json::from_str(include_str!("known-differences.json")).unwrap();
    let mut counts: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut problems = Vec::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap();
        let Some(area) = AREAS.iter().find(|area| **area == case["area"]) else { continue };
        let counts = counts.entry(*area).or_default();
        let result = run(&case["given"], &case["expect"]);
        match (result, known.contains_key(id)) {
            (Ok(()), false) => counts[0] += 1,
            (Err(Problem::NotRun), _) => counts[3] += 1,
            (Err(Problem::Differs(_)), true) => counts[2] += 1,
            (Ok(()), true) => {
                counts[1] += 1;
                problems.push(format!("{id}: listed as a known difference, but passes"));
            }
            (Err(Problem::Differs(reason)), false) => {
                counts[1] += 1;
                problems.push(format!("{id}: {reason}"));
            }
        }
    }
    for (area, [passed, failed, known, not_run]) in &counts {
        println!(
            "conformance localstack-apigateway-core/{area}: {passed} passed, {failed} failed, {known} known differences, {not_run} not run"
        );
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

enum Problem {
    /// The case needs more than this filter.
    NotRun,
    Differs(String),
}

impl From<String> for Problem {
    fn from(reason: String) -> Self {
        Self::Differs(reason)
    }
}

fn run(given: &Value, expect: &Value) -> Result<(), Problem> {
    let request = &given["request"];
    let stage = given["stage"]["stageName"].as_str().unwrap();
    let resources = given["api"]["resources"].as_object().ok_or(Problem::NotRun)?;
    let path = request["path"].as_str().unwrap();
    let verb = request["method"].as_str().ok_or(Problem::NotRun)?;
    let (resource_path, resource, method) =
        find(resources, path.strip_prefix(&format!("/{stage}")).unwrap_or(path), verb).ok_or(Problem::NotRun)?;
    let integration = translated(&method["integration"]).ok_or(Problem::NotRun)?;
    let filter = filter(&json!({
        "api": {
            "apiId": "api1", "stage": stage, "basePath": format!("/{stage}"), "accountId": "111111111111",
            "deploymentId": "dep1",
            "stageVariables": given["stage"].get("variables").cloned().unwrap_or_else(|| json!({})),
        },
        "binaryMediaTypes": given["api"].get("binaryMediaTypes").cloned().unwrap_or_else(|| json!([])),
        "routes": {"r": {
            "method": {"resourceId": resource["id"], "resourcePath": resource_path},
            "integration": integration,
        }},
    }));
    let host = host_of(request);
    let (mut stream, step) = send(&filter, &host);
    let backend = given["backend"].as_object().and_then(|backends| backends.values().next());
    let mut received = None;
    let mut stub = |sent: Received| -> Result<Answer, Problem> {
        let answer =
            answer_of(backend.and_then(Value::as_str).unwrap_or_default(), given.get("integration_response"), &sent);
        received = Some(sent);
        answer.ok_or(Problem::NotRun)
    };
    let (status, headers, body) = match step {
        Step::Respond(reply) => own_answer(*reply),
        Step::Callout(callout) => {
            let headers: Vec<_> = callout.headers.iter().map(|(n, v)| (n.to_string(), v.clone())).collect();
            let answer = stub(Received { headers, body: callout.body })?;
            match stream.on_callout(&host, answer) {
                Step::Respond(reply) => own_answer(*reply),
                other => return Err(format!("no answer but {other:?}").into()),
            }
        }
        step => {
            if let Step::Edit(edits) = &step {
                host.apply(edits);
            }
            let answer = stub(proxied(&host))?;
            let Answer::Response { headers, body } = answer else { return Err(Problem::NotRun) };
            let mut headers: Vec<(String, Vec<u8>)> =
                headers.iter().map(|(n, v)| (String::from_utf8(n.to_vec()).unwrap(), v.to_vec())).collect();
            host.attributes.borrow_mut().insert("response.code_details".to_owned(), b"via_upstream".to_vec());
            *host.response_headers.borrow_mut() = headers.clone();
            if let Step::Edit(edits) = stream.on_response_headers(&host, false) {
                edit(&mut headers, &edits);
            }
            let status = headers.iter().find(|(name, _)| name == ":status").unwrap().1.clone();
            (String::from_utf8(status).unwrap().parse().unwrap(), headers, body)
        }
    };
    check_answer(expect, status, &headers, &body)?;
    check_received(&expect["integration_request"], received.as_ref())?;
    Ok(())
}

/// Status, headers, body.
type Answered = (u16, Vec<(String, Vec<u8>)>, Vec<u8>);

fn own_answer(reply: gateway::Reply) -> Answered {
    let headers = reply.headers.iter().map(|(n, v)| (n.to_string(), v.to_vec())).collect();
    (reply.status, headers, reply.body)
}

/// The request as the router sends it on for HTTP_PROXY.
fn proxied(host: &TestHost) -> Received {
    let removed = mapping_template::removable_by_route(std::iter::empty());
    let path = host.property_text(Property::UpstreamPath).unwrap_or_default();
    let target = host.header(":path").unwrap();
    let target = match split_target(target.as_bytes()).1 {
        Some(query) => format!("{path}?{}", String::from_utf8_lossy(query)),
        None => path,
    };
    let mut headers = host.request_headers.borrow().clone();
    headers.retain(|(name, _)| !removed.contains(&name.as_str()) && name != ":path" && name != ":authority");
    headers.push((":path".to_owned(), target.into_bytes()));
    headers.push((":authority".to_owned(), b"backend.example".to_vec()));
    let of_route = [
        ("x-amzn-apigateway-api-id", "api1"),
        ("x-amzn-trace-id", TRACE),
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-port", "443"),
    ];
    headers.extend(of_route.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())));
    Received { headers, body: host.request_body.clone() }
}

fn host_of(request: &Value) -> TestHost {
    let mut target = request["path"].as_str().unwrap().to_owned();
    if let Some(query) = request["query"].as_str().filter(|query| !query.is_empty()) {
        target = format!("{target}?{query}");
    }
    let mut headers: Vec<(String, String)> =
        vec![("accept".into(), "*/*".into()), ("accept-encoding".into(), "gzip, deflate".into())];
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        headers.push((name.to_ascii_lowercase(), value.as_str().unwrap().to_owned()));
    }
    // Envoy ends these at its own edge.
    headers.retain(|(name, _)| !matches!(name.as_str(), "connection" | "transfer-encoding" | "expect" | "upgrade"));
    headers.push(("x-forwarded-proto".into(), "https".into()));
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let mut host = TestHost::request(request["method"].as_str().unwrap(), &target, &headers, b"").on_route("r");
    host.request_body = match &request["body"] {
        Value::Object(body) => backends::base64(body["$base64"].as_str().unwrap()),
        body => body.as_str().unwrap_or_default().as_bytes().to_vec(),
    };
    if !host.request_body.is_empty() {
        let length = host.request_body.len().to_string().into_bytes();
        host.request_headers.borrow_mut().push(("content-length".to_owned(), length));
    }
    host.attributes.borrow_mut().insert("source.address".to_owned(), b"203.0.113.9:4711".to_vec());
    host.attributes.borrow_mut().insert("destination.port".to_owned(), 443u64.to_le_bytes().to_vec());
    host.attributes.borrow_mut().insert("request.time".to_owned(), 1_727_181_296_123_000_000i64.to_le_bytes().to_vec());
    host.properties.borrow_mut().insert(Property::TraceId, TRACE.as_bytes().to_vec());
    host
}

/// The resource for a path, literal parts first, and its method for a verb.
fn find<'a>(resources: &'a Map<String, Value>, path: &str, verb: &str) -> Option<(&'a str, &'a Value, &'a Value)> {
    let segments = |path: &str| path.trim_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
    let sent = segments(path);
    let rank = |template: &str| -> Option<usize> {
        let parts = segments(template);
        let greedy = parts.last().is_some_and(|part| part.ends_with("+}"));
        if (greedy && sent.len() < parts.len()) || (!greedy && sent.len() != parts.len()) {
            return None;
        }
        let fits = parts.iter().zip(&sent).all(|(part, segment)| part.starts_with('{') || part == segment);
        fits.then(|| usize::from(greedy) * 100 + parts.iter().filter(|part| part.starts_with('{')).count())
    };
    let mut found: Vec<_> = resources.iter().filter_map(|(path, value)| Some((rank(path)?, path, value))).collect();
    found.sort_by_key(|(rank, ..)| *rank);
    found.into_iter().find_map(|(_, path, resource)| {
        let methods = resource["methods"].as_object()?;
        Some((path.as_str(), resource, methods.get(verb).or_else(|| methods.get("ANY"))?))
    })
}

/// An integration of the control plane in our configuration's words.
fn translated(integration: &Value) -> Option<Value> {
    let kind = integration["type"].as_str()?;
    let uri = integration["uri"].as_str().unwrap_or_default();
    let verb = integration.get("integrationHttpMethod").or_else(|| integration.get("httpMethod")).cloned();
    let parameters = integration.get("requestParameters").cloned().unwrap_or_else(|| json!({}));
    let endpoint = json!({"cluster": "backend", "authority": "backend.example"});
    let target = |uri: &str| -> Option<String> {
        let rest = uri.split_once("://")?.1;
        Some(rest.split_once('/').map_or_else(String::new, |(_, path)| format!("/{path}")))
    };
    let function = || {
        let arn = uri.split("/functions/").nth(1)?.strip_suffix("/invocations")?;
        Some(json!({"functionName": arn.rsplit(':').next()?}))
    };
    Some(match kind {
        "MOCK" => json!({"mock": mapping(integration)}),
        "HTTP_PROXY" => {
            json!({"httpProxy": {"path": target(uri)?, "httpMethod": verb, "requestParameters": parameters}})
        }
        "HTTP" => json!({"http": {
            "endpoint": endpoint, "path": target(uri)?, "httpMethod": verb, "mapping": mapping(integration),
        }}),
        "AWS_PROXY" => json!({"awsProxy": {
            "endpoint": endpoint, "function": function()?, "httpMethod": verb, "requestParameters": parameters,
        }}),
        "AWS" => {
            let (service, rest) = uri.split(':').nth(4).zip(uri.splitn(6, ':').nth(5))?;
            let target = match rest.split_once('/')? {
                _ if service == "lambda" => json!({"lambda": function()?}),
                ("action", action) => json!({"action": {"service": service, "action": action}}),
                (_, path) => json!({"path": path}),
            };
            json!({"aws": {"endpoint": endpoint, "target": target, "httpMethod": verb, "mapping": mapping(integration)}})
        }
        _ => return None,
    })
}

fn mapping(integration: &Value) -> Value {
    let mut mapping = Map::new();
    for name in ["requestParameters", "requestTemplates", "passthroughBehavior", "contentHandling"] {
        if let Some(value) = integration.get(name).filter(|value| !value.is_null()) {
            let value = match value.as_str() {
                Some(text) => json!(text.to_ascii_uppercase()),
                None => value.clone(),
            };
            mapping.insert(name.to_owned(), value);
        }
    }
    let responses = integration["integrationResponses"].as_object().into_iter().flatten().map(|(_, response)| {
        let mut response = response.as_object().unwrap().clone();
        response.retain(|_, value| !value.is_null());
        let status: u16 = response["statusCode"].as_str().unwrap().parse().unwrap();
        response.insert("statusCode".to_owned(), json!(status));
        Value::Object(response)
    });
    mapping.insert("integrationResponses".to_owned(), responses.collect());
    Value::Object(mapping)
}

fn check_answer(expect: &Value, status: u16, headers: &[(String, Vec<u8>)], body: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(body);
    if let Some(expected) = expect["status"].as_u64().filter(|expected| *expected != u64::from(status)) {
        return Err(format!("status {status}, expected {expected}; body {text}"));
    }
    let class = if status < 400 { "2xx-3xx" } else { "4xx-5xx" };
    if expect["status_class"].as_str().is_some_and(|expected| expected != class) {
        return Err(format!("status {status}; body {text}"));
    }
    let parsed = parsed(&text);
    match expect["body"].as_object().and_then(|body| body.iter().next()) {
        Some((form, Value::String(expected))) if form == "json" && *expected == text => {}
        Some((form, expected)) if form == "json" => backends::same(&parsed, expected, "body")?,
        Some((form, expected)) if form == "text" && *expected != *text => {
            return Err(format!("body {text:?}, expected {expected}"));
        }
        Some((form, expected)) if form == "base64" && backends::base64(expected.as_str().unwrap()) != body => {
            return Err(format!("body {text:?}, expected {expected}"));
        }
        _ => {}
    }
    let values = |name: &str| {
        let of_name = headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect::<Vec<_>>().join(", ")
    };
    let ours = |name: &str| !NOT_OURS.contains(&name.to_ascii_lowercase().as_str());
    for (name, expected) in expect["headers"].as_object().into_iter().flatten().filter(|(name, _)| ours(name)) {
        backends::same(&json!(values(name)), expected, name)?;
    }
    for name in expect["headers_present"].as_array().into_iter().flatten().filter_map(Value::as_str).filter(|n| ours(n))
    {
        if values(name).is_empty() && !name.to_ascii_lowercase().contains("-cf-") {
            return Err(format!("no header {name}"));
        }
    }
    for name in expect["headers_absent"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !values(name).is_empty() {
            return Err(format!("header {name}: {}", values(name)));
        }
    }
    for entry in expect["json_at"].as_array().into_iter().flatten() {
        let mut found = parsed.clone();
        for step in entry["path"].as_array().unwrap() {
            found = match (step.as_str(), step.as_u64()) {
                (Some(".fromjson"), _) => {
                    serde_json::from_str(found.as_str().unwrap_or_default()).unwrap_or(Value::Null)
                }
                (Some(name), _) => found[name].clone(),
                (None, index) => found[usize::try_from(index.unwrap()).unwrap()].clone(),
            };
        }
        backends::same(&found, &entry["value"], &format!("{}", entry["path"]))?;
    }
    Ok(())
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn check_received(expect: &Value, received: Option<&Received>) -> Result<(), String> {
    let Some(expected) = expect.as_object() else { return Ok(()) };
    let received = received.ok_or("the backend was not called")?;
    for (name, value) in expected.get("headers").and_then(Value::as_object).into_iter().flatten() {
        backends::same(&json!(received.header(name)), value, &format!("header {name} of the backend's request"))?;
    }
    if let Some(body) = expected.get("body") {
        let expected = match (body["text"].as_str(), body["base64"].as_str()) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(text)) => backends::base64(text),
            (None, None) => return Ok(()),
        };
        if received.body != expected {
            return Err(format!("the backend received {:?}", String::from_utf8_lossy(&received.body)));
        }
    }
    Ok(())
}
