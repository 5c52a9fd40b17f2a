//! Facts that LocalStack's unit tests assert about single steps, run through the whole filter.
//!
//! The facts are in `localstack-apigateway/unit.jsonl` of `$CONFORMANCE_DIR`; without that folder the other tests of this
//! package stand alone.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use gateway::{Callout, Property, Query, Reply, Step, Stream, split_target};
use mapping_template::{MappingStream, expand_stage_variables};
use serde_json::{Map, Value, json};
use support::{TestHost, answer, filter, send};
use test_host::edit;

type Check = Result<(), String>;

#[test]
fn localstack_unit_facts() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("CONFORMANCE_DIR").map_or_else(|| root.join("../shared/conformance"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("localstack-apigateway/unit.jsonl")) else {
        println!("conformance localstack-apigateway: no such folder, nothing run");
        return;
    };
    let known: HashMap<String, String> = serde_json::from_str(include_str!("known-differences.json")).unwrap();
    // Passed, failed, known.
    let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    let mut problems = Vec::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (id, area) = (case["id"].as_str().unwrap(), case["area"].as_str().unwrap());
        let Some(check) = check_of(area) else { continue };
        let counts = counts.entry(area.to_owned()).or_default();
        match (check(&case["given"], &case["expect"]), known.contains_key(id)) {
            (Ok(()), false) => counts[0] += 1,
            (Err(_), true) => counts[2] += 1,
            (Ok(()), true) => {
                counts[1] += 1;
                problems.push(format!("{id}: listed as a known difference, but passes"));
            }
            (Err(reason), false) => {
                counts[1] += 1;
                problems.push(format!("{id}: {reason}"));
            }
        }
    }
    for (area, [passed, failed, known]) in &counts {
        println!(
            "conformance localstack-apigateway-unit/{area}: {passed} passed, {failed} failed, {known} known differences, 0 not run"
        );
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn check_of(area: &str) -> Option<fn(&Value, &Value) -> Check> {
    Some(match area {
        "mock-status-code" => mock_status_code,
        "uri-interpolation" => uri_interpolation,
        "request-parameter-mapping" => request_parameter_mapping,
        "response-parameter-mapping" => response_parameter_mapping,
        "select-integration-response" => select_integration_response,
        "integration-request" => integration_request,
        "integration-response" => integration_response,
        "request-content-handling" => request_content_handling,
        "response-content-handling" => response_content_handling,
        "method-response" => method_response,
        _ => return None,
    })
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, actual: T, expected: T) -> Check {
    if actual == expected { Ok(()) } else { Err(format!("{what} is {actual:?}, expected {expected:?}")) }
}

/// What the filter did: a call, an answer, or changes.
fn run(integration: Value, given: &Value, host: TestHost) -> (MappingStream, Step, TestHost) {
    let context = &given["context"];
    let resource_path = match given["request"]["path_parameters"].as_object().and_then(|names| names.keys().next()) {
        Some(name) => format!("/{}/{{{name}}}", given["request"]["path"].as_str().unwrap().split('/').nth(1).unwrap()),
        None => "/".to_owned(),
    };
    let filter = filter(&json!({
        "api": {
            "apiId": context["apiId"].as_str().unwrap_or("api1"),
            "stage": "dev",
            "stageVariables": given.get("stageVariables").cloned().unwrap_or_else(|| json!({})),
        },
        "binaryMediaTypes": given.get("binaryMediaTypes").filter(|types| types.is_array()).cloned().unwrap_or_else(|| json!([])),
        "routes": {"r": {
            "method": {"resourceId": context["resourceId"].as_str().unwrap_or("res1"), "resourcePath": resource_path},
            "integration": integration,
        }},
    }));
    if let Some(identity) = context.get("identity") {
        let identity = serde_json::to_vec(identity).unwrap();
        host.properties.borrow_mut().insert(Property::Identity, identity);
    }
    let (stream, step) = send(&filter, &host);
    (stream, step, host)
}

fn request(given: &Value) -> TestHost {
    let request = &given["request"];
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let target = match text("query") {
        "" => text("path").to_owned(),
        query => format!("{}?{query}", text("path")),
    };
    let headers: Vec<(&str, &str)> = request["headers"]
        .as_array()
        .map(|pairs| pairs.iter().map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap())).collect())
        .unwrap_or_default();
    TestHost::request(text("method"), &target, &headers, text("body").as_bytes()).on_route("r")
}

/// An HTTP integration: what the definition says of it in our configuration's words.
fn http(definition: &Value) -> Value {
    let uri = definition["uri"].as_str().unwrap_or("https://example.com");
    let (authority, path) = {
        let rest = uri.strip_prefix("https://").unwrap();
        rest.split_at(rest.find('/').unwrap_or(rest.len()))
    };
    let mut mapping = Map::new();
    for name in ["requestParameters", "requestTemplates", "passthroughBehavior", "contentHandling"] {
        if let Some(value) = definition.get(name).filter(|value| !value.is_null()) {
            mapping.insert(name.to_owned(), value.clone());
        }
    }
    let responses = match definition["integrationResponses"].as_object() {
        Some(responses) => responses.values().map(response).collect(),
        None => vec![json!({"statusCode": 200})],
    };
    mapping.insert("integrationResponses".to_owned(), Value::Array(responses));
    json!({"http": {
        "endpoint": {"cluster": "backend", "authority": authority},
        "path": path,
        "httpMethod": definition.get("httpMethod").cloned().unwrap_or_else(|| json!("POST")),
        "mapping": mapping,
    }})
}

fn response(definition: &Value) -> Value {
    let mut response = definition.as_object().unwrap().clone();
    let status: u16 = response["statusCode"].as_str().unwrap().parse().unwrap();
    response.insert("statusCode".to_owned(), json!(status));
    Value::Object(response)
}

fn gateway_error(step: &Step, expected: &Value) -> Check {
    let Step::Respond(reply) = step else { return Err(format!("no error but {step:?}")) };
    same("status", u64::from(reply.status), expected["status"].as_u64().unwrap())?;
    let error = reply.error.as_ref().ok_or("an answer that is no gateway response")?;
    same("message", error.message.as_deref(), expected["message"].as_str())?;
    match expected["type"].as_str() {
        Some(name) => same("type", error.response_type.map(gateway::ResponseType::name), Some(name)),
        None => Ok(()),
    }
}

fn called(step: Step) -> Result<Callout, String> {
    match step {
        Step::Callout(callout) => Ok(*callout),
        other => Err(format!("no call but {other:?}")),
    }
}

fn header_values(callout: &Callout, name: &str) -> Vec<String> {
    let of_name = callout.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
    of_name.map(|(_, value)| String::from_utf8(value.clone()).unwrap()).collect()
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().map(|value| value.as_str().unwrap().to_owned()).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

fn query_of(callout: &Callout) -> BTreeMap<String, Vec<String>> {
    let target = header_values(callout, ":path").remove(0);
    let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in Query::of_target(target.as_bytes()).iter() {
        query.entry(name.to_owned()).or_default().push(value.to_owned());
    }
    query
}

fn query_in(expected: &Value) -> BTreeMap<String, Vec<String>> {
    expected.as_object().unwrap().iter().map(|(name, value)| (name.clone(), strings(value))).collect()
}

fn mock_status_code(given: &Value, expect: &Value) -> Check {
    let rendered = given["rendered_request_template"].as_str().unwrap();
    let status = expect["status_code"].as_i64();
    // The text arrives as the request body, which is read where there is no template.
    let host = TestHost::request("POST", "/", &[], rendered.as_bytes()).on_route("r");
    let pattern = status.map_or_else(|| ".*".to_owned(), |status| status.to_string());
    let mock = json!({"mock": {"integrationResponses": [{"statusCode": 222, "selectionPattern": pattern}]}});
    let (_, step, _) = run(mock, given, host);
    match (status, &step) {
        (Some(_), Step::Respond(reply)) => same("status", reply.status, 222),
        _ => gateway_error(&step, &expect["gateway_error"]),
    }
}

fn uri_interpolation(given: &Value, expect: &Value) -> Check {
    let uri = given["uri"].as_str().unwrap();
    let variables: BTreeMap<String, String> =
        given.get("stageVariables").map(|v| serde_json::from_value(v.clone()).unwrap()).unwrap_or_default();
    let expanded = expand_stage_variables(uri, &variables);
    let expected = expect["uri"].as_str().unwrap();
    let Some(parameters) = given["path_parameters"].as_object() else {
        return same("uri", expanded.as_str(), expected);
    };
    let mappings: Map<String, Value> = parameters
        .iter()
        .map(|(name, value)| {
            (format!("integration.request.path.{name}"), json!(format!("'{}'", value.as_str().unwrap())))
        })
        .collect();
    let host = TestHost::request("GET", "/", &[], b"").on_route("r");
    let (_, step, _) = run(http(&json!({"uri": expanded, "requestParameters": mappings})), &json!({}), host);
    let callout = called(step)?;
    let actual = format!("https://{}{}", header_values(&callout, ":authority")[0], header_values(&callout, ":path")[0]);
    same("uri", actual.as_str(), expected)
}

fn request_parameter_mapping(given: &Value, expect: &Value) -> Check {
    let mappings = given["requestParameters"].as_object().unwrap();
    let names = |location: &str| -> Vec<String> {
        let prefix = format!("integration.request.{location}.");
        mappings.keys().filter_map(|key| key.strip_prefix(&prefix)).map(str::to_owned).collect()
    };
    let path: String = names("path").iter().map(|name| format!("/{{{name}}}")).collect();
    let definition = json!({"uri": format!("https://h{path}"), "requestParameters": mappings});
    let (_, step, _) = run(http(&definition), given, request(given));
    if let Some(error) = expect.get("gateway_error") {
        return gateway_error(&step, error);
    }
    let callout = called(step)?;
    let mapped = &expect["mapped"];
    for name in names("header") {
        let expected = mapped["header"].get(&name).map(strings).unwrap_or_default();
        same(&name, header_values(&callout, &name), expected)?;
    }
    same("query", query_of(&callout), query_in(&mapped["querystring"]))?;
    let expected: String = names("path")
        .iter()
        .map(|name| format!("/{}", mapped["path"][name].as_str().map_or_else(|| format!("{{{name}}}"), str::to_owned)))
        .collect();
    let target = header_values(&callout, ":path").remove(0);
    let path = split_target(target.as_bytes()).0;
    same("path", String::from_utf8_lossy(path).trim_end_matches('/').to_owned(), expected)
}

fn integration_request(given: &Value, expect: &Value) -> Check {
    let (_, step, _) = run(http(&given["integration"]), given, request(given));
    if let Some(error) = expect.get("gateway_error") {
        return gateway_error(&step, error);
    }
    let callout = called(step)?;
    if let Some(body) = expect["body"].as_str() {
        same("body", String::from_utf8_lossy(&callout.body).as_ref(), body)?;
    }
    for (name, value) in expect["headers"].as_object().into_iter().flatten() {
        same(name, header_values(&callout, name), strings(value))?;
    }
    if let Some(method) = expect["http_method"].as_str() {
        same("method", header_values(&callout, ":method")[0].as_str(), method)?;
    }
    if let Some(query) = expect.get("query") {
        same("query", query_of(&callout), query_in(query))?;
    }
    if let Some(uri) = expect["uri"].as_str() {
        let target = header_values(&callout, ":path").remove(0);
        let path = String::from_utf8_lossy(split_target(target.as_bytes()).0).into_owned();
        same(
            "uri",
            format!("https://{}{}", header_values(&callout, ":authority")[0], path.trim_end_matches('/')),
            uri.to_owned(),
        )?;
    }
    Ok(())
}

/// Runs an integration on a backend's answer.
fn answered(integration: Value, given: &Value, host: TestHost) -> Result<Reply, String> {
    let backend = &given["integration_response"];
    let headers: Vec<(&str, &str)> = backend["headers"]
        .as_array()
        .map(|pairs| pairs.iter().map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap())).collect())
        .unwrap_or_default();
    let status = u16::try_from(backend["status"].as_u64().unwrap_or(200)).unwrap();
    let body = backend["body"].as_str().unwrap_or_default();
    let (mut stream, step, host) = run(integration, given, host);
    called(step)?;
    match stream.on_callout(&host, answer(status, &headers, body.as_bytes())) {
        Step::Respond(reply) => Ok(*reply),
        other => Err(format!("no answer but {other:?}")),
    }
}

fn get() -> TestHost {
    TestHost::request("GET", "/", &[], b"").on_route("r")
}

fn response_parameter_mapping(given: &Value, expect: &Value) -> Check {
    let responses = json!({"200": {"statusCode": "200", "responseParameters": given["responseParameters"]}});
    let reply = answered(http(&json!({"integrationResponses": responses})), given, get())?;
    if let Some(error) = expect.get("gateway_error") {
        return gateway_error(&Step::Respond(Box::new(reply)), error);
    }
    for destination in given["responseParameters"].as_object().unwrap().keys() {
        let name = destination.strip_prefix("method.response.header.").unwrap();
        let actual = reply.header(name).map(|value| String::from_utf8_lossy(value).into_owned());
        same(name, actual.as_deref(), expect["mapped"]["header"][name].as_str())?;
    }
    Ok(())
}

fn select_integration_response(given: &Value, expect: &Value) -> Check {
    let subject = given["selection_value"].as_str().unwrap();
    let reply = if let Ok(status) = subject.parse::<u16>() {
        let definition = json!({"integrationResponses": given["integrationResponses"]});
        answered(http(&definition), &json!({"integration_response": {"status": status}}), get())?
    } else {
        let responses: Vec<Value> = given["integrationResponses"].as_object().unwrap().values().map(response).collect();
        let function = json!({"aws": {
            "endpoint": {"cluster": "lambda", "authority": "h"},
            "target": {"lambda": {"functionName": "f"}},
            "httpMethod": "POST",
            "mapping": {"integrationResponses": responses},
        }});
        let body = json!({"errorMessage": subject}).to_string();
        answered(function, &json!({"integration_response": {"status": 200, "body": body}}), get())?
    };
    match expect.get("gateway_error") {
        Some(error) => gateway_error(&Step::Respond(Box::new(reply)), error),
        None => same("status", reply.status.to_string().as_str(), expect["statusCode"].as_str().unwrap()),
    }
}

fn integration_response(given: &Value, expect: &Value) -> Check {
    let reply = answered(http(&given["integration"]), given, get())?;
    if let Some(status) = expect["status"].as_u64() {
        same("status", u64::from(reply.status), status)?;
    }
    for (name, value) in expect["headers"].as_object().into_iter().flatten() {
        same(name, reply.header(name).map(String::from_utf8_lossy).as_deref(), value.as_str())?;
    }
    match expect["body"]["text"].as_str() {
        Some(text) => same("body", String::from_utf8_lossy(&reply.body).as_ref(), text),
        None => Ok(()),
    }
}

fn request_content_handling(given: &Value, expect: &Value) -> Check {
    let body = base64(&given["body_base64"]);
    let mut host = TestHost::request("POST", "/", &[], b"").on_route("r");
    host.request_body = body;
    if let Some(media_type) = given["content_type"].as_str() {
        host.request_headers.borrow_mut().push(("content-type".to_owned(), media_type.as_bytes().to_vec()));
    }
    let (_, step, _) = run(http(&json!({"contentHandling": given["contentHandling"]})), given, host);
    if let Some(error) = expect.get("gateway_error") {
        return gateway_error(&step, error);
    }
    same("body", called(step)?.body, base64(&expect["body_base64"]))
}

fn response_content_handling(given: &Value, expect: &Value) -> Check {
    let host = get();
    if let Some(accept) = given["client_accept"].as_str() {
        host.request_headers.borrow_mut().push(("accept".to_owned(), accept.as_bytes().to_vec()));
    }
    let mut default = json!({"statusCode": "200"});
    if let Some(handling) = given["contentHandling"].as_str() {
        default["contentHandling"] = json!(handling);
    }
    let (mut stream, step, host) = run(http(&json!({"integrationResponses": {"200": default}})), given, host);
    called(step)?;
    let headers: Vec<_> =
        given["integration_response_content_type"].as_str().map(|value| ("content-type", value)).into_iter().collect();
    let step = stream.on_callout(&host, answer(200, &headers, &base64(&given["body_base64"])));
    match (expect.get("gateway_error"), step) {
        (Some(error), step) => gateway_error(&step, error),
        (None, Step::Respond(reply)) => same("body", reply.body, base64(&expect["body_base64"])),
        (None, other) => Err(format!("no answer but {other:?}")),
    }
}

fn method_response(given: &Value, expect: &Value) -> Check {
    let headers = given["headers"].as_object().unwrap();
    let mut answered_headers: Vec<(String, Vec<u8>)> = Vec::new();
    let mut status = given["status"].as_u64().unwrap();
    let mut body = given["body"].as_str().unwrap().to_owned();
    if given["integration_type"] == "HTTP_PROXY" {
        let (mut stream, _, host) = run(json!({"httpProxy": {"path": "/"}}), &json!({}), get());
        host.attributes.borrow_mut().insert("response.code_details".to_owned(), b"via_upstream".to_vec());
        for (name, value) in headers {
            let value = value.as_str().unwrap().as_bytes().to_vec();
            answered_headers.push((name.to_ascii_lowercase(), value));
        }
        *host.response_headers.borrow_mut() = answered_headers.clone();
        if let Step::Edit(edits) = stream.on_response_headers(&host, false) {
            edit(&mut answered_headers, &edits);
        }
    } else {
        let parameters: Map<String, Value> = headers
            .iter()
            .map(|(name, value)| {
                (format!("method.response.header.{name}"), json!(format!("'{}'", value.as_str().unwrap())))
            })
            .collect();
        let responses = json!({"200": {"statusCode": status.to_string(), "responseParameters": parameters}});
        let backend = json!({"integration_response": {"status": status, "body": body}});
        let reply = answered(http(&json!({"integrationResponses": responses})), &backend, get())?;
        status = u64::from(reply.status);
        body = String::from_utf8(reply.body.clone()).unwrap();
        answered_headers.extend(reply.headers.iter().map(|(name, value)| (name.to_string(), value.to_vec())));
    }
    let value_of = |name: &str| {
        let found = answered_headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    // Envoy itself says whether the connection stays.
    for (name, value) in expect["headers"].as_object().into_iter().flatten().filter(|(name, _)| *name != "Connection") {
        same(name, value_of(name).as_deref(), value.as_str())?;
    }
    for name in expect["headers_absent"].as_array().into_iter().flatten() {
        same(name.as_str().unwrap(), value_of(name.as_str().unwrap()), None)?;
    }
    if let Some(expected) = expect["status"].as_u64() {
        same("status", status, expected)?;
    }
    match expect["body"]["text"].as_str() {
        Some(text) => same("body", body.as_str(), text),
        None => Ok(()),
    }
}

/// Decodes strictly; the facts are well-formed.
fn base64(text: &Value) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    for group in text.as_str().unwrap().as_bytes().chunks(4) {
        let digits: Vec<u32> = group
            .iter()
            .filter(|byte| **byte != b'=')
            .map(|byte| u32::try_from(ALPHABET.find(char::from(*byte)).unwrap()).unwrap())
            .collect();
        let bits = digits.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - digits.len()));
        out.extend(bits.to_be_bytes()[1..digits.len()].iter());
    }
    out
}
