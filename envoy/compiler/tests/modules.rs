//! Which module a gateway loads.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;

use apigw::check::{Input, Options, check};
use apigw::compile::{Modules, compile};
use serde_json::{Value, json};

const WHOLE: &str = "apigw.wasm";
const SMALL: &str = "apigw_small.wasm";

/// An API of one method, which answers by itself.
fn plain() -> Value {
    json!({
        "openapi": "3.0.1",
        "info": {"title": "hello", "version": "1"},
        "paths": {"/hello": {"get": {
            "responses": {"200": {"description": "ok"}},
            "x-amazon-apigateway-integration": {
                "type": "mock",
                "requestTemplates": {"application/json": "{\"statusCode\": 200}"},
                "responses": {"default": {"statusCode": "200"}},
            },
        }}},
    })
}

fn with_validator() -> Value {
    let mut definition = plain();
    definition["x-amazon-apigateway-request-validators"] = json!({"all": {"validateRequestParameters": true}});
    let method = &mut definition["paths"]["/hello"]["get"];
    method["x-amazon-apigateway-request-validator"] = json!("all");
    method["parameters"] = json!([{"name": "q", "in": "query", "required": true, "schema": {"type": "string"}}]);
    definition
}

/// The name of the module that a definition gets.
fn chosen(modules: &Modules, definition: &Value) -> String {
    let input = Input { name: "openapi.json".to_owned(), content: Ok(definition.to_string().into_bytes()) };
    let model = check(vec![input], None, &Options::default()).into_model().unwrap();
    let module = compile(&model, modules).unwrap().module;
    Path::new(&module).file_name().unwrap().to_str().unwrap().to_owned()
}

fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        std::fs::write(folder.path().join(file), b"").unwrap();
    }
    folder
}

#[test]
fn an_api_gets_the_smallest_module_that_has_its_filters() {
    let folder = folder(&[WHOLE, SMALL]);
    let modules = Modules::in_folder(folder.path()).unwrap();
    assert_eq!(chosen(&modules, &plain()), SMALL);
    assert_eq!(chosen(&modules, &with_validator()), WHOLE);
}

#[test]
fn a_folder_may_hold_the_whole_module_alone() {
    let folder = folder(&[WHOLE]);
    assert_eq!(chosen(&Modules::in_folder(folder.path()).unwrap(), &plain()), WHOLE);
}

#[test]
fn the_whole_module_has_to_be_there() {
    let folder = folder(&[SMALL]);
    let message = Modules::in_folder(folder.path()).unwrap_err();
    assert!(message.contains(WHOLE) && message.contains("--filters"), "{message}");
}

/// A change of the module of a running gateway costs a start; once back and forth would cost two.
#[test]
fn a_gateway_that_has_the_whole_module_keeps_it() {
    let folder = folder(&[WHOLE, SMALL]);
    let mut modules = Modules::in_folder(folder.path()).unwrap();
    let path = |name: &str| folder.path().canonicalize().unwrap().join(name).display().to_string();
    modules.stay_with(&path(SMALL));
    assert_eq!(chosen(&modules, &plain()), SMALL);
    modules.stay_with(&path(WHOLE));
    assert_eq!(chosen(&modules, &plain()), WHOLE);
}
