//! Every definition of the collection loads to the operations that its index lists.

use std::collections::{BTreeMap, BTreeSet};

use apigw::api::{Authorization, Authorizer, HttpApi, Integration, RestApi};
use apigw::check::{self, Input, check};
use apigw::diagnostics::Severity;
use apigw::openapi::{self, Definition, Options};
use apigw::source::Spanned;
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
        let kind = entry["kind"].as_str().unwrap();
        if kind != "openapi" {
            match template(file, bytes, &entry["documents"]) {
                Ok(outcome) => area.result(file, outcome),
                Err(reason) => area.not_run(reason),
            }
            continue;
        }
        let (sources, id) = document(file, bytes);
        let (definition, diagnostics) = openapi::read(sources.document(id).unwrap(), &Options::default());
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

/// A template has the operations of its documents, as long as there is one API.
fn template(file: &str, bytes: Vec<u8>, documents: &Value) -> Result<Result<(), String>, &'static str> {
    let input = Input { name: file.to_owned(), content: Ok(bytes) };
    let checked = check(vec![input], None, &check::Options::default());
    let definitions = definitions_of(&checked);
    let documents = documents.as_array().unwrap();
    let (definition, document) = match (definitions.as_slice(), documents.as_slice()) {
        ([Definition::Rest(_) | Definition::Http(_)], [document]) => (definitions[0], document),
        ([], _) => return Err("WebSocket APIs, and documents elsewhere"),
        _ => return Err("templates of several APIs, or of SAM events alone"),
    };
    let found = operations(definition);
    let missing = document["facts"]["operations"].as_array().unwrap().iter().filter(|operation| {
        // SAM writes the default route as a path, too.
        let path = operation["path"].as_str().unwrap().replace("/$default", "$default");
        let key = (path, operation["method"].as_str().unwrap().to_owned());
        let kind = found.get(&key).map(|found| found.map(|integration| integration.kind.as_str()));
        !matches!((kind, operation["integration_type"].as_str()), (Some(Some(found)), Some(expected)) if found == expected)
            && !matches!((kind, operation["integration_type"].as_str()), (Some(_), None))
    });
    let missing: Vec<_> = missing.collect();
    Ok(if missing.is_empty() { Ok(()) } else { Err(format!("missing or of another type: {missing:?}")) })
}

/// What the SAM translator makes of a template, and what is made of it here, have the same methods.
#[test]
fn sam_templates_are_what_the_translator_makes_of_them() {
    let Some(folder) = data() else { return };
    let folder = folder.join("openapi/files");
    let mut area = Area::new("openapi/sam");
    let mut names: Vec<String> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    for name in names.iter().filter(|name| name.contains("__input__")) {
        let translated = name.replace("__input__", "__output__").replace(".yaml", ".json");
        let (ours, theirs) = (methods(&folder.join(name)), methods(&folder.join(&translated)));
        if ours.is_empty() && theirs.is_empty() {
            area.not_run("WebSocket APIs, and definitions elsewhere");
            continue;
        }
        area.result(name, if ours == theirs { Ok(()) } else { Err(format!("{ours:#?}\ninstead of\n{theirs:#?}")) });
    }
    area.finish();
}

/// The definitions of all APIs.
fn definitions_of(checked: &check::Checked) -> Vec<&Definition> {
    checked.definitions.iter().chain(checked.further.iter().flat_map(definitions_of)).collect()
}

/// What each API of a template says of its methods or routes.
fn methods(path: &std::path::Path) -> BTreeSet<Vec<String>> {
    let options = check::Options { stage: Some("Prod".to_owned()), ..check::Options::default() };
    let checked = check(vec![Input::from_file(path)], None, &options);
    let describe = |definition: &Definition| {
        let mut lines = match definition {
            Definition::Rest(api) => describe_rest_api(api),
            Definition::Http(api) => describe_http_api(api),
            _ => return None,
        };
        lines.sort();
        Some(lines)
    };
    definitions_of(&checked).into_iter().filter_map(describe).collect()
}

fn describe_rest_api(api: &RestApi) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (resource, method) in api.methods() {
        let integration = method.integration.as_ref().unwrap();
        lines.push(format!(
            "{} {} {} key={} {} {:?} {:?}",
            method.http_method,
            resource.path,
            describe_authorization(&method.authorization),
            method.api_key_required.is_some(),
            integration.kind.as_str(),
            integration.uri.as_deref(),
            integration.credentials.as_deref(),
        ));
    }
    lines.extend(api.authorizers.iter().map(describe_authorizer));
    lines.push(format!(
        "policy {:?}",
        api.policy.as_ref().map(|policy| policy.value["Statement"].to_string().replace(['[', ']'], ""))
    ));
    lines.push(format!("binary {:?}", api.binary_media_types.iter().map(|kind| &**kind).collect::<BTreeSet<_>>()));
    lines
}

fn describe_http_api(api: &HttpApi) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for route in &api.routes {
        let integration = route.integration.as_ref().unwrap();
        lines.push(format!(
            "{route} {} {} {:?} {:?}",
            describe_authorization(&route.authorization),
            integration.kind.as_str(),
            integration.uri.as_deref(),
            integration.payload_format_version.as_deref(),
        ));
    }
    lines.extend(api.authorizers.iter().map(describe_authorizer));
    let origins = api.cors.as_ref().map(|cors| cors.allow_origins.iter().map(|origin| &**origin).collect::<Vec<_>>());
    lines.push(format!("cors {origins:?}"));
    lines
}

fn describe_authorization(authorization: &Authorization) -> String {
    let texts = |scopes: &[Spanned<String>]| scopes.iter().map(|scope| scope.value.clone()).collect::<Vec<_>>();
    match authorization {
        Authorization::None => "NONE".to_owned(),
        Authorization::AwsIam(_) => "AWS_IAM".to_owned(),
        Authorization::Custom(name) => format!("CUSTOM {}", **name),
        Authorization::CognitoUserPools { authorizer, scopes } => {
            format!("COGNITO {} {:?}", **authorizer, texts(scopes))
        }
        Authorization::Jwt { authorizer, scopes } => format!("JWT {} {:?}", **authorizer, texts(scopes)),
    }
}

fn describe_authorizer((name, authorizer): (&String, &Authorizer)) -> String {
    format!(
        "{name} {} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        authorizer.kind.as_str(),
        authorizer.identity_source.iter().map(|source| &**source).collect::<BTreeSet<_>>(),
        authorizer.authorizer_uri.as_deref(),
        authorizer.authorizer_credentials.as_deref(),
        authorizer.identity_validation_expression.as_deref(),
        authorizer.result_ttl_seconds.map(|ttl| *ttl),
        authorizer.provider_arns.iter().map(|arn| &**arn).collect::<Vec<_>>(),
        authorizer.payload_format_version.as_deref(),
        authorizer.enable_simple_responses.map(|flag| *flag),
        authorizer
            .jwt
            .as_ref()
            .map(|jwt| (jwt.issuer.as_deref(), jwt.audience.iter().map(|a| &**a).collect::<Vec<_>>())),
    )
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
        Definition::WebSocket(_) | Definition::Template(_) => BTreeMap::new(),
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
