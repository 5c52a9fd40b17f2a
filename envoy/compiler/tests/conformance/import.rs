//! What API Gateway made of imported documents, against the model.

use apigw::api::{Authorization, AuthorizerType, Integration, IntegrationType, Method, MethodResponse, RestApi};
use apigw::diagnostics::Severity;
use apigw::openapi::{self, BasePath, Definition, Options, ProtocolType};
use apigw::source::Spanned;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::{Area, data, document, json_lines};

#[test]
fn imports_give_what_was_recorded() {
    let Some(folder) = data() else { return };
    let mut area = Area::new("openapi/import");
    for case in json_lines(folder.join("openapi/import-cases.jsonl")) {
        let id = case["id"].as_str().unwrap();
        match import(&case["given"]) {
            Err(reason) => area.result(id, Err(reason)),
            Ok(api) => {
                for (name, expected) in case["expect"].as_object().unwrap() {
                    // A response that was asked for and is not there; counted with its method.
                    if expected.get("Error").is_some() {
                        area.not_run("the recording asked for something that does not exist");
                        continue;
                    }
                    let Some(found) = found(&api, name) else {
                        area.not_run("this part of the control plane's answer is not in the model");
                        continue;
                    };
                    let outcome =
                        equal(expected, &found).map_err(|at| format!("{at}\n  found {found}\n  expected {expected}"));
                    area.result(&format!("{id} {name}"), outcome);
                }
            }
        }
    }
    area.finish();
}

fn import(given: &Value) -> Result<RestApi, String> {
    let base_path =
        given["parameters"]["basepath"].as_str().map_or(BasePath::Ignore, |name| BasePath::parse(name).unwrap());
    // All of them were imported as REST APIs, whatever is in them.
    let options = Options { protocol_type: Some(ProtocolType::Rest), base_path };
    let (sources, id) = document("case", given["document"].to_string().into_bytes());
    let (definition, diagnostics) = openapi::read(sources.document(id).unwrap(), &options);
    let errors: Vec<_> = diagnostics.items().iter().filter(|item| item.severity == Severity::Error).collect();
    match definition {
        Some(Definition::Rest(api)) if errors.is_empty() => Ok(api),
        _ => Err(format!("{errors:?}")),
    }
}

/// The model's counterpart of a recorded answer.
fn found(api: &RestApi, name: &str) -> Option<Value> {
    match name {
        "resources" => return Some(resources(api)),
        "get-models" => return Some(models(api)),
        "get-authorizers" => return Some(authorizers(api)),
        "request-validators" => return Some(validators(api)),
        "import-api" | "import_tf_rest_api" | "import-swagger" => return Some(rest_api(api)),
        _ => {}
    }
    let (what, rest) = ["method-response-", "integration-response-", "method-", "integration-"]
        .into_iter()
        .find_map(|prefix| Some((prefix, name.strip_prefix(prefix)?)))?;
    let (path, verb) = rest.rsplit_once('-')?;
    let path = if path == "root" { "/".to_owned() } else { format!("/{path}") };
    let resource = api.resources.find(&path)?;
    let verb = apigw::api::HttpMethod::parse(&verb.to_uppercase())?;
    let method = resource.methods.get(&verb)?;
    Some(match what {
        "method-" => method_json(method),
        "method-response-" => method_response("200", method.responses.get("200")?),
        "integration-" => integration(method.integration.as_ref()?),
        _ => integration_responses(method.integration.as_ref()?).get("200")?.clone(),
    })
}

fn rest_api(api: &RestApi) -> Value {
    without_nulls(json!({
        "apiKeySource": match api.api_key_source {
            Some(source) if *source == apigw::api::ApiKeySource::Authorizer => "AUTHORIZER",
            _ => "HEADER",
        },
        "description": api.description,
        "disableExecuteApiEndpoint": api.disable_execute_api_endpoint.is_some_and(|flag| *flag),
        "name": api.name,
        "version": api.version,
    }))
}

fn resources(api: &RestApi) -> Value {
    let mut items: Vec<Value> = api
        .resources
        .iter()
        .map(|resource| {
            let methods: Map<String, Value> =
                resource.methods.keys().map(|verb| (verb.to_string(), json!({}))).collect();
            without_nulls(json!({
                "path": resource.path,
                "pathPart": resource.part.as_ref().map(ToString::to_string),
                "resourceMethods": Some(methods).filter(|methods| !methods.is_empty()),
            }))
        })
        .collect();
    items.sort_by_key(|item| item["path"].as_str().unwrap().to_owned());
    json!({"items": items})
}

fn models(api: &RestApi) -> Value {
    let mut items: Vec<Value> = api
        .models
        .iter()
        .map(|(name, model)| {
            without_nulls(json!({
                "contentType": "application/json",
                "name": name,
                "description": model.description,
                "schema": model.schema,
            }))
        })
        .collect();
    items.sort_by_key(|item| item["name"].as_str().unwrap().to_owned());
    json!({"items": items})
}

fn authorizers(api: &RestApi) -> Value {
    let items = api.authorizers.iter().map(|(name, authorizer)| {
        assert_eq!(*authorizer.kind, AuthorizerType::CognitoUserPools);
        let source: Vec<&str> = authorizer.identity_source.iter().map(|source| source.as_str()).collect();
        let arns: Vec<&str> = authorizer.provider_arns.iter().map(|arn| arn.as_str()).collect();
        json!({
            "name": name,
            "type": authorizer.kind.as_str(),
            "authType": authorizer.auth_type,
            "identitySource": source.join(","),
            "providerARNs": arns,
        })
    });
    items.collect()
}

fn validators(api: &RestApi) -> Value {
    let items = api.request_validators.iter().map(|(name, validator)| {
        json!({
            "name": name,
            "validateRequestBody": validator.validate_request_body,
            "validateRequestParameters": validator.validate_request_parameters,
        })
    });
    json!({"items": items.collect::<Vec<_>>()})
}

fn method_json(method: &Method) -> Value {
    let (kind, scopes) = match &method.authorization {
        Authorization::None => ("NONE", Vec::new()),
        Authorization::AwsIam(_) => ("AWS_IAM", Vec::new()),
        Authorization::Custom(_) => ("CUSTOM", Vec::new()),
        Authorization::CognitoUserPools { scopes, .. } => {
            ("COGNITO_USER_POOLS", scopes.iter().map(|s| s.as_str()).collect())
        }
        Authorization::Jwt { scopes, .. } => ("JWT", scopes.iter().map(|s| s.as_str()).collect()),
    };
    let responses =
        method.responses.iter().map(|(status, response)| (status.clone(), method_response(status, response)));
    let parameters = method.request_parameters.iter().map(|(name, required)| (name.clone(), **required));
    without_nulls(json!({
        "apiKeyRequired": method.api_key_required.is_some(),
        "authorizationType": kind,
        "authorizationScopes": some(scopes),
        "httpMethod": method.http_method.as_str(),
        "operationName": method.operation_name,
        "methodIntegration": method.integration.as_ref().map(integration),
        "methodResponses": some_map(responses.collect()),
        "requestParameters": some_map(parameters.map(|(name, required)| (name, required.into())).collect()),
        "requestModels": some_map(method.request_models.iter().map(|(t, m)| (t.clone(), m.value.clone().into())).collect()),
    }))
}

fn method_response(status: &str, response: &MethodResponse) -> Value {
    let parameters = response.response_parameters.iter().map(|(name, required)| (name.clone(), (*required).into()));
    let models = response.response_models.iter().map(|(t, m)| (t.clone(), m.value.clone().into()));
    without_nulls(json!({
        "statusCode": status,
        "responseParameters": some_map(parameters.collect()),
        "responseModels": some_map(models.collect()),
    }))
}

fn integration(integration: &Integration) -> Value {
    let http = matches!(*integration.kind, IntegrationType::Http | IntegrationType::HttpProxy);
    let keys: Vec<&str> = integration.cache_key_parameters.iter().map(|key| key.as_str()).collect();
    without_nulls(json!({
        "type": integration.kind.as_str(),
        "httpMethod": integration.http_method.as_ref().map(|verb| verb.as_str()),
        "uri": integration.uri.as_ref().map(|uri| uri.as_str()),
        "connectionType": http.then_some("INTERNET"),
        "contentHandling": integration.content_handling.map(|handling| handling.as_str()),
        "passthroughBehavior": integration.passthrough_behavior.as_str(),
        "timeoutInMillis": integration.timeout_in_millis.map_or(29000, |timeout| *timeout),
        "cacheKeyParameters": keys,
        "requestParameters": texts(&integration.request_parameters),
        "requestTemplates": templates(&integration.request_templates),
        "integrationResponses": some_map(integration_responses(integration)),
    }))
}

fn integration_responses(integration: &Integration) -> Map<String, Value> {
    let responses = integration.responses.iter().map(|response| {
        let value = json!({
            "statusCode": response.status_code.value,
            "selectionPattern": response.selection_pattern.as_ref().map(|pattern| pattern.as_str()),
            "responseParameters": texts(&response.response_parameters),
            "responseTemplates": templates(&response.response_templates),
        });
        (response.status_code.value.clone(), without_nulls(value))
    });
    responses.collect()
}

fn texts(map: &IndexMap<String, Spanned<String>>) -> Option<Map<String, Value>> {
    some_map(map.iter().map(|(name, text)| (name.clone(), text.value.clone().into())).collect())
}

/// The recordings hold a template that is JSON as its value.
fn templates(map: &IndexMap<String, Spanned<String>>) -> Option<Map<String, Value>> {
    let value = |text: &str| match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => value,
        _ => Value::from(text),
    };
    some_map(map.iter().map(|(name, text)| (name.clone(), value(text))).collect())
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

fn some_map(map: Map<String, Value>) -> Option<Map<String, Value>> {
    Some(map).filter(|map| !map.is_empty())
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => map.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => other,
    }
}

/// Members that the control plane makes up.
const GENERATED: [&str; 9] = [
    "id",
    "parentId",
    "authorizerId",
    "cacheNamespace",
    "createdDate",
    "endpointConfiguration",
    "rootResourceId",
    "requestValidatorId",
    "apiStatus",
];

/// Whether `found` is what was recorded, generated members and placeholders (`<id:1>`) aside; else where it is not.
fn equal(expected: &Value, found: &Value) -> Result<(), String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let names = expected.keys().filter(|name| !GENERATED.contains(&name.as_str()));
            for name in names {
                let value = found.get(name).ok_or(format!("{name} is missing"))?;
                equal(&expected[name], value).map_err(|at| format!("{name}.{at}"))?;
            }
            match found.keys().find(|name| !expected.contains_key(*name)) {
                Some(name) => Err(format!("{name} is too many")),
                None => Ok(()),
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let mut found: Vec<&Value> = found.iter().collect();
            for item in expected {
                let at = found.iter().position(|other| equal(item, other).is_ok()).ok_or(format!("no {item}"))?;
                found.remove(at);
            }
            Ok(())
        }
        (Value::String(expected), Value::String(found)) if expected != found => text_equal(expected, found),
        (expected, found) if expected == found => Ok(()),
        _ => Err(format!("is {found}, expected {expected}")),
    }
}

/// Texts with placeholders for parts of theirs; a model's reference is recorded as the URL of the model.
fn text_equal(expected: &str, found: &str) -> Result<(), String> {
    if let Some(name) = expected.strip_prefix("<model-base-url>/") {
        let name = name.rsplit('/').next();
        return if found.rsplit('/').next() == name { Ok(()) } else { Err(format!("is {found}, expected {expected}")) };
    }
    let mut rest = found;
    let mut parts = expected.split('<');
    let first = parts.next().unwrap_or_default();
    let mut matches = rest.strip_prefix(first).inspect(|after| rest = after).is_some();
    for part in parts {
        let Some((_, literal)) = part.split_once('>') else { return Err(format!("is {found}, expected {expected}")) };
        let at = if literal.is_empty() { Some(rest.len()) } else { rest.find(literal) };
        match at {
            Some(at) => rest = &rest[at + literal.len()..],
            None => matches = false,
        }
    }
    if matches && rest.is_empty() { Ok(()) } else { Err(format!("is {found}, expected {expected}")) }
}
