//! Which requests are validated, and by which schemas.
//!
//! On import, API Gateway turns the references between a definition's schemas (`#/components/schemas/Pet`) into
//! references between models. So does this module, for the models that are needed to validate bodies.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-validation-sample-api-swagger.html>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::api::{Method, RequestValidator, RestApi};

/// Where definitions keep their schemas.
const PREFIXES: [&str; 2] = ["#/definitions/", "#/components/schemas/"];
/// What the address of a model begins with, before the id of its API.
const ADDRESS: &str = "https://apigateway.amazonaws.com/restapis/";

/// What the validator in force for a method looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validation {
    /// The body, for which the method declares models.
    pub body: bool,
    /// Parameters, some of which the method requires.
    pub parameters: bool,
}

/// What is validated of the requests of a method.
pub fn validation(api: &RestApi, method: &Method) -> Validation {
    let validator = method.request_validator.as_ref().and_then(|name| api.request_validators.get(&**name));
    let asks = |part: fn(&RequestValidator) -> bool| validator.is_some_and(part);
    Validation {
        body: asks(|validator| validator.validate_request_body) && !method.request_models.is_empty(),
        parameters: asks(|validator| validator.validate_request_parameters)
            && method.request_parameters.values().any(|required| **required),
    }
}

/// The names of the models that bodies are validated with, some more than once.
pub fn used(api: &RestApi) -> impl Iterator<Item = &str> {
    let validated = api.methods().map(|(_, method)| method).filter(|method| validation(api, method).body);
    validated.flat_map(|method| method.request_models.values().map(|model| model.as_str()))
}

/// The models that are used, and those that they refer to, with their references in API Gateway's form.
///
/// `api_id` is the API's id; `is_given` says whether the settings say so. Where they do not, an address names this API
/// whatever its id is: the definition may have been written for one that has gone.
pub fn schemas(api: &RestApi, api_id: &str, is_given: bool) -> BTreeMap<String, Value> {
    let find = |name: &str| api.models.get(name).map(|model| model.schema.clone()).or_else(|| built_in(name));
    with_addresses(find, used(api), api_id, is_given)
}

/// The schema of a model that every REST API has, unless it brings its own of that name.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html>
pub fn built_in(name: &str) -> Option<Value> {
    const DRAFT: &str = "http://json-schema.org/draft-04/schema#";
    match name {
        "Empty" => Some(json!({"$schema": DRAFT, "title": "Empty Schema", "type": "object"})),
        "Error" => Some(json!({
            "$schema": DRAFT,
            "title": "Error Schema",
            "type": "object",
            "properties": {"message": {"type": "string"}},
        })),
        _ => None,
    }
}

/// The same for the models of any API: `find` has their schemas by name.
pub fn with_addresses<'n>(
    find: impl Fn(&str) -> Option<Value>,
    used: impl Iterator<Item = &'n str>,
    api_id: &str,
    is_given: bool,
) -> BTreeMap<String, Value> {
    let mut schemas = BTreeMap::new();
    let mut wanted: Vec<String> = used.map(str::to_owned).collect();
    while let Some(name) = wanted.pop() {
        if schemas.contains_key(&name) {
            continue;
        }
        let Some(mut schema) = find(&name) else { continue };
        let own = schema.get("definitions").cloned();
        refer(&mut schema, &mut |reference| {
            let (target, rest) = target(reference, own.as_ref(), api_id, is_given)?;
            // One that there is no model for is found by whoever compiles the models.
            wanted.push(target.clone());
            let fragment = if rest.is_empty() { String::new() } else { format!("#/{rest}") };
            Some(format!("{ADDRESS}{api_id}/models/{target}{fragment}"))
        });
        schemas.insert(name, schema);
    }
    schemas
}

/// The model that a reference names, and the rest of its pointer.
fn target(reference: &str, own: Option<&Value>, api_id: &str, is_given: bool) -> Option<(String, String)> {
    if let Some(rest) = reference.strip_prefix(ADDRESS) {
        let (api, model) = rest.split_once("/models/")?;
        let (model, pointer) = model.split_once("#/").unwrap_or((model.trim_end_matches('#'), ""));
        return (!is_given || api == api_id).then(|| (model.to_owned(), pointer.to_owned()));
    }
    let (prefix, rest) = PREFIXES.iter().find_map(|prefix| Some((*prefix, reference.strip_prefix(prefix)?)))?;
    let (name, pointer) = rest.split_once('/').unwrap_or((rest, ""));
    // A schema that brings definitions of its own means those.
    let is_own = prefix == "#/definitions/" && own.is_some_and(|own| own.get(name).is_some());
    (!is_own).then(|| (name.to_owned(), pointer.to_owned()))
}

/// Replaces references. What is in `enum`, `default` or `example` is no schema and stays as it is.
fn refer(schema: &mut Value, replace: &mut impl FnMut(&str) -> Option<String>) {
    match schema {
        Value::Array(elements) => elements.iter_mut().for_each(|element| refer(element, replace)),
        Value::Object(members) => {
            for (keyword, value) in members {
                match (keyword.as_str(), &value) {
                    ("$ref", Value::String(reference)) => {
                        if let Some(replaced) = replace(reference) {
                            *value = Value::String(replaced);
                        }
                    }
                    ("enum" | "default" | "example" | "required", _) => {}
                    // A property can be called anything.
                    ("properties" | "patternProperties" | "definitions" | "dependencies", Value::Object(_)) => {
                        if let Some(named) = value.as_object_mut() {
                            named.values_mut().for_each(|schema| refer(schema, replace));
                        }
                    }
                    _ => refer(value, replace),
                }
            }
        }
        _ => {}
    }
}
