//! The routing facts of an emulator's unit tests.

use apigw::api::{HttpMethod, ResourceTree};
use apigw::openapi::{self, Definition, Options};
use apigw::routes::{RequestPath, find, order};
use serde_json::{Value, json};

use super::{Area, data, document, json_lines};

#[test]
fn routing_facts() {
    let Some(folder) = data() else { return };
    let mut area = Area::new("localstack-apigateway/unit-routing");
    for case in json_lines(folder.join("localstack-apigateway/unit.jsonl")) {
        if case["area"] == "routing" {
            area.result(case["id"].as_str().unwrap(), run(&case));
        }
    }
    area.finish();
}

/// The routes of a case as a definition.
fn tree(given: &Value) -> Result<ResourceTree, String> {
    let mut paths = json!({});
    for path in given["resources_without_method"].as_array().unwrap() {
        paths[path.as_str().unwrap()] = json!({});
    }
    for route in given["routes"].as_array().unwrap() {
        let verb = match route[0].as_str().unwrap() {
            "ANY" => "x-amazon-apigateway-any-method".to_owned(),
            verb => verb.to_lowercase(),
        };
        paths[route[1].as_str().unwrap()][verb] = json!({"responses": {}});
    }
    let text = json!({"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": paths}).to_string();
    let (sources, id) = document("case", text.into_bytes());
    let (definition, diagnostics) = openapi::read(sources.document(id).unwrap(), &Options::default());
    match definition {
        Some(Definition::Rest(api)) if diagnostics.items().is_empty() => Ok(api.resources),
        _ => Err(format!("{:?}", diagnostics.items())),
    }
}

fn run(case: &Value) -> Result<(), String> {
    let (given, expect) = (&case["given"], &case["expect"]);
    let routes = order(&tree(given)?);
    let verb = HttpMethod::parse(given["method"].as_str().unwrap()).unwrap();
    let found = find(&routes, verb, &RequestPath::parse(given["path"].as_str().unwrap()));
    let Some((route, parameters)) = found else {
        let refused = expect["gateway_error"]["type"] == "MISSING_AUTHENTICATION_TOKEN";
        return if refused { Ok(()) } else { Err("no route".to_owned()) };
    };
    let parameters: Value = parameters.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
    let equal = expect["resource"] == *route.key.resource_path
        && (expect["method"].is_null() || expect["method"] == route.key.http_method.as_str())
        && (expect["path_parameters"].is_null() || expect["path_parameters"] == parameters);
    if equal { Ok(()) } else { Err(format!("found {} {parameters}, expected {expect}", route.key)) }
}
