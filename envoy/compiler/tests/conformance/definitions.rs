//! Every definition of the collection loads to the operations that its index lists.

use std::collections::{BTreeMap, BTreeSet};

use apigw::api::Integration;
use apigw::diagnostics::Severity;
use apigw::openapi::{self, Definition, Options};
use serde_json::Value;

use super::{Area, data, document, json};

#[test]
fn definitions_load_to_their_operations() {
    let Some(folder) = data() else { return };
    let folder = folder.join("openapi");
    let mut area = Area::new("openapi/definitions");
    for entry in json(folder.join("index.json")).as_array().unwrap() {
        let file = entry["file"].as_str().unwrap();
        let bytes = std::fs::read(folder.join("files").join(file)).unwrap();
        let (sources, id) = document(file, bytes);
        let (definition, diagnostics) = openapi::read(sources.document(id).unwrap(), &Options::default());
        let kind = entry["kind"].as_str().unwrap();
        if kind != "openapi" {
            let found = match definition {
                Some(Definition::Sam(_)) => "sam",
                Some(Definition::CloudFormation(_)) => "cloudformation",
                other => panic!("{file}: found {other:?}"),
            };
            assert_eq!(found, kind, "{file}");
            area.not_run(&format!("{kind} templates are not supported yet"));
            continue;
        }
        // Templates' functions in a plain document are the one thing in the collection that cannot be read.
        let errors = diagnostics.items().iter().filter(|item| item.severity == Severity::Error);
        let errors: Vec<_> = errors.filter(|item| !item.message.contains("the CloudFormation function")).collect();
        let facts = &entry["documents"][0]["facts"];
        let outcome = match definition {
            _ if !errors.is_empty() => Err(format!("{errors:?}")),
            // A mapping that is a function, or no string, is left out with a message (in an HTTP API without one); else
            // all must be there.
            Some(definition) => {
                let complete = diagnostics.items().is_empty() && matches!(definition, Definition::Rest(_));
                compare(&facts["operations"], &operations(&definition), complete)
            }
            None => Err("no definition".to_owned()),
        };
        area.result(file, outcome);
    }
    area.finish();
}

/// Integrations by `(path, verb)`.
fn operations(definition: &Definition) -> BTreeMap<(String, String), Option<&Integration>> {
    match definition {
        Definition::Rest(api) => {
            let methods = api.methods();
            methods
                .map(|(resource, method)| {
                    ((resource.path.clone(), method.http_method.to_string()), method.integration.as_ref())
                })
                .collect()
        }
        Definition::Http(api) => {
            let routes = api.routes.iter();
            routes
                .map(|route| ((route.path.clone(), route.http_method.to_string()), route.integration.as_ref()))
                .collect()
        }
        Definition::Sam(_) | Definition::CloudFormation(_) => BTreeMap::new(),
    }
}

fn compare(
    expected: &Value,
    found: &BTreeMap<(String, String), Option<&Integration>>,
    complete: bool,
) -> Result<(), String> {
    let expected = expected.as_array().unwrap();
    let key = |operation: &Value| {
        (operation["path"].as_str().unwrap().to_owned(), operation["method"].as_str().unwrap().to_owned())
    };
    let keys: BTreeSet<_> = expected.iter().map(key).collect();
    let found_keys: BTreeSet<_> = found.keys().cloned().collect();
    if keys != found_keys {
        return Err(format!("operations are {found_keys:?}, expected {keys:?}"));
    }
    for operation in expected {
        let kind = &operation["integration_type"];
        // Null: the integration is not inline.
        if kind.is_null() {
            continue;
        }
        let key = key(operation);
        let integration = found[&key].ok_or(format!("{key:?} has no integration"))?;
        let facts = facts(integration);
        for (name, value) in operation.as_object().unwrap() {
            let expected = match (name.as_str(), value) {
                ("path" | "method" | "security" | "request_validator" | "integration_credentials", _) => continue,
                ("passthrough", Value::String(text)) => text.to_uppercase().into(),
                ("response_patterns", Value::Object(map)) => {
                    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    map.iter().map(|(pattern, status)| (pattern.clone(), Value::String(text(status)))).collect()
                }
                // Import does not keep it.
                ("integration_http_method", _) if kind == "MOCK" => continue,
                (_, value) => value.clone(),
            };
            let Some(found) = facts.get(name.as_str()) else {
                return Err(format!("{key:?} has an unknown fact {name}"));
            };
            let map = name == "request_parameters" || name == "request_templates";
            if *found != expected && (complete || !map || !subset(found, &expected)) {
                return Err(format!("{key:?} {name} is {found}, expected {expected}"));
            }
        }
    }
    Ok(())
}

fn subset(found: &Value, expected: &Value) -> bool {
    found.as_array().unwrap().iter().all(|item| expected.as_array().unwrap().contains(item))
}

fn facts(integration: &Integration) -> BTreeMap<&'static str, Value> {
    let text = |text: &Option<apigw::source::Spanned<String>>| text.as_ref().map(|text| text.value.clone());
    let sorted = |names: Vec<&String>| {
        let mut names: Vec<String> = names.into_iter().cloned().collect();
        names.sort();
        Value::from(names)
    };
    let patterns = integration.responses.iter().map(|response| {
        let pattern = response.selection_pattern.as_ref().map_or("default", |pattern| pattern.as_str());
        (pattern.to_owned(), Value::String(response.status_code.value.clone()))
    });
    let connection = integration.connection_type.map(|kind| match *kind {
        apigw::api::ConnectionType::Internet => "INTERNET",
        apigw::api::ConnectionType::VpcLink => "VPC_LINK",
    });
    BTreeMap::from([
        ("integration_type", integration.kind.as_str().into()),
        ("integration_http_method", text(&integration.http_method).into()),
        ("passthrough", integration.passthrough_behavior.as_str().into()),
        ("content_handling", integration.content_handling.map(|handling| handling.as_str()).into()),
        ("response_patterns", patterns.collect()),
        ("payload_format", text(&integration.payload_format_version).into()),
        ("subtype", text(&integration.subtype).into()),
        ("connection_type", connection.into()),
        ("request_templates", sorted(integration.request_templates.keys().collect())),
        ("request_parameters", sorted(integration.request_parameters.keys().collect())),
    ])
}
