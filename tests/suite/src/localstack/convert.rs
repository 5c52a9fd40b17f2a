//! An API as the service's own calls describe it, as an OpenAPI document.

use std::path::Path;

use serde_json::{Map, Value, json};

/// The definition of `given.api`.
///
/// # Errors
/// Why there is none.
pub fn definition(api: &Value) -> Result<Value, String> {
    if let Some(openapi) = api.get("openapi") {
        return match openapi {
            Value::Object(_) => Ok(openapi.clone()),
            _ => Err("the imported document is not given as an object".to_owned()),
        };
    }
    let mut paths = Map::new();
    for (path, resource) in api["resources"].as_object().into_iter().flatten() {
        let mut item = Map::new();
        for (verb, method) in resource["methods"].as_object().into_iter().flatten() {
            let name = match verb.as_str() {
                "ANY" => "x-amazon-apigateway-any-method".to_owned(),
                verb => verb.to_ascii_lowercase(),
            };
            item.insert(name, operation(path, method, api)?);
        }
        paths.insert(path.clone(), Value::Object(item));
    }
    let mut schemas = Map::new();
    for (name, model) in api["models"].as_object().into_iter().flatten() {
        let schema = model["schema"].as_str().unwrap_or("{}");
        schemas.insert(name.clone(), serde_json::from_str(schema).map_err(|error| format!("model {name}: {error}"))?);
    }
    let mut validators = Map::new();
    for (id, validator) in api["requestValidators"].as_object().into_iter().flatten() {
        let flag = |name: &str| validator[name].as_bool().unwrap_or_default();
        let both = json!({
            "validateRequestBody": flag("validateRequestBody"),
            "validateRequestParameters": flag("validateRequestParameters"),
        });
        validators.insert(id.clone(), both);
    }
    let mut document = json!({
        "openapi": "3.0.1",
        "info": {"title": "api1", "version": "1"},
        "paths": paths,
        "components": {
            "securitySchemes": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}},
            "schemas": schemas,
        },
    });
    if !validators.is_empty() {
        document["x-amazon-apigateway-request-validators"] = Value::Object(validators);
    }
    for (member, extension) in [
        ("binaryMediaTypes", "x-amazon-apigateway-binary-media-types"),
        ("apiKeySource", "x-amazon-apigateway-api-key-source"),
        ("gatewayResponses", "x-amazon-apigateway-gateway-responses"),
    ] {
        if let Some(value) = api.get(member) {
            document[extension] = value.clone();
            if let Some(responses) = document[extension].as_object_mut().filter(|_| member == "gatewayResponses") {
                // The definition has the type as the entry's name only.
                responses.values_mut().filter_map(Value::as_object_mut).for_each(|response| {
                    response.remove("responseType");
                });
            }
        }
    }
    Ok(document)
}

fn operation(path: &str, method: &Value, api: &Value) -> Result<Value, String> {
    let authorization = method["authorizationType"].as_str().unwrap_or("NONE");
    if !authorization.eq_ignore_ascii_case("NONE") {
        return Err(format!("authorization of type {authorization} is not supported yet"));
    }
    let mut responses = Map::new();
    for (status, response) in method["methodResponses"].as_object().into_iter().flatten() {
        let names = response["responseParameters"].as_object().into_iter().flatten();
        let headers: Map<String, Value> = names
            .filter_map(|(name, _)| name.strip_prefix("method.response.header."))
            .map(|name| (name.to_owned(), json!({"schema": {"type": "string"}})))
            .collect();
        responses.insert(status.clone(), json!({"description": status, "headers": headers}));
    }
    if responses.is_empty() {
        responses.insert("200".to_owned(), json!({"description": "200"}));
    }
    let mut parameters = Vec::new();
    for (name, required) in method["requestParameters"].as_object().into_iter().flatten() {
        let Some((place, name)) = name.strip_prefix("method.request.").and_then(|name| name.split_once('.')) else {
            continue;
        };
        let place = if place == "querystring" { "query" } else { place };
        let required = place == "path" || required.as_bool().unwrap_or_default();
        parameters.push(json!({"name": name, "in": place, "required": required, "schema": {"type": "string"}}));
    }
    for segment in path.split('/').filter_map(|segment| segment.strip_prefix('{')) {
        let name = segment.trim_end_matches(['+', '}']);
        if !parameters.iter().any(|parameter| parameter["name"] == name && parameter["in"] == "path") {
            parameters.push(json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
        }
    }
    let mut operation = json!({
        "responses": responses,
        "parameters": parameters,
        "x-amazon-apigateway-integration": integration(&method["integration"]),
    });
    if method["apiKeyRequired"] == true {
        operation["security"] = json!([{"api_key": []}]);
    }
    if let Some(id) = method
        .get("requestValidatorId")
        .filter(|id| api["requestValidators"].get(id.as_str().unwrap_or_default()).is_some())
    {
        operation["x-amazon-apigateway-request-validator"] = id.clone();
    }
    let models = method["requestModels"].as_object().into_iter().flatten();
    let content: Map<String, Value> = models
        .map(|(media_type, model)| {
            let reference = format!("#/components/schemas/{}", model.as_str().unwrap_or_default());
            (media_type.clone(), json!({"schema": {"$ref": reference}}))
        })
        .collect();
    if !content.is_empty() {
        operation["requestBody"] = json!({"content": content, "required": true});
    }
    Ok(operation)
}

fn integration(given: &Value) -> Value {
    let mut integration = Map::new();
    for (member, extension) in [
        ("integrationHttpMethod", "httpMethod"),
        ("uri", "uri"),
        ("requestParameters", "requestParameters"),
        ("requestTemplates", "requestTemplates"),
        ("timeoutInMillis", "timeoutInMillis"),
        ("connectionType", "connectionType"),
        ("connectionId", "connectionId"),
    ] {
        if let Some(value) = given.get(member) {
            integration.insert(extension.to_owned(), value.clone());
        }
    }
    for member in ["credentials", "contentHandling"] {
        if let Some(value) = given.get(member).filter(|value| value.as_str().is_some_and(|text| !text.is_empty())) {
            integration.insert(member.to_owned(), value.clone());
        }
    }
    let lower = |name: &str| given[name].as_str().map(|text| json!(text.to_ascii_lowercase()));
    integration.insert("type".to_owned(), lower("type").unwrap_or_default());
    if let Some(behaviour) = lower("passthroughBehavior") {
        integration.insert("passthroughBehavior".to_owned(), behaviour);
    }
    let mut responses = Map::new();
    for (status, response) in given["integrationResponses"].as_object().into_iter().flatten() {
        let mut entry = json!({"statusCode": status});
        for member in ["responseParameters", "responseTemplates"] {
            if let Some(value) = response.get(member) {
                entry[member] = without_nulls(value);
            }
        }
        if let Some(handling) = response["contentHandling"].as_str().filter(|handling| !handling.is_empty()) {
            entry["contentHandling"] = json!(handling);
        }
        let pattern = response["selectionPattern"].as_str().filter(|pattern| !pattern.is_empty());
        responses.insert(pattern.unwrap_or("default").to_owned(), entry);
    }
    integration.insert("responses".to_owned(), Value::Object(responses));
    Value::Object(integration)
}

fn without_nulls(value: &Value) -> Value {
    let members = value.as_object().into_iter().flatten();
    members
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect::<Map<_, _>>()
        .into()
}

/// What the canary deployment of `given.stage` holds.
///
/// # Errors
/// Why it cannot be converted.
pub fn canary(given: &Value) -> Result<Option<Value>, String> {
    let deployed = &given["stage"]["canarySettings"]["deployment_resources"];
    let Some(deployed) = deployed.as_object() else { return Ok(None) };
    let mut resources = Map::new();
    for (path, of_path) in deployed {
        let mut methods = Map::new();
        for (verb, parts) in of_path.as_object().into_iter().flatten() {
            let mut method = parts["method"].clone();
            method["methodResponses"] = parts["methodResponses"].clone();
            method["integration"] = parts["integration"].clone();
            method["integration"]["integrationResponses"] = parts["integrationResponses"].clone();
            methods.insert(verb.clone(), method);
        }
        resources.insert(path.clone(), json!({"methods": methods}));
    }
    definition(&json!({"resources": resources})).map(Some)
}

/// The settings: stage, keys and plans of `given`, and where backends really are.
pub fn settings(given: &Value, endpoints: Value, canary_definition: Option<&Path>) -> Value {
    let mut stage = given["stage"].clone();
    if let Some(canary) = stage.get_mut("canarySettings").and_then(Value::as_object_mut) {
        canary.remove("deployment_resources");
        if let Some(path) = canary_definition {
            canary.insert("definition".to_owned(), json!(path));
        }
    }
    let members =
        |value: &Value| -> Vec<Value> { value.as_object().into_iter().flatten().map(|(_, v)| v.clone()).collect() };
    let mut plans = members(&given["usagePlans"]);
    for plan in &mut plans {
        let id = plan["id"].clone();
        let keys = given["usagePlanKeys"].as_array().into_iter().flatten();
        let keys: Vec<Value> = keys.filter(|key| key["usagePlanId"] == id).map(|key| key["keyId"].clone()).collect();
        plan["keyIds"] = json!(keys);
        if let Some(plan) = plan.as_object_mut() {
            plan.remove("tags");
        }
    }
    json!({
        "apiId": "api1",
        "protocolType": "REST",
        "accountId": "111111111111",
        "region": "us-east-1",
        "stage": stage,
        "apiKeys": members(&given["apiKeys"]),
        "usagePlans": plans,
        "endpoints": endpoints,
    })
}
