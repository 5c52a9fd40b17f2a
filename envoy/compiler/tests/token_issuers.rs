//! Where the keys of token issuers come from, and how long they are kept.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use apigw::check::{Input, Options, check};
use apigw::compile::{Modules, compile};
use serde_json::{Value, json};

const ISSUER: &str = "https://issuer.example";
const POOL: &str = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_example";

/// An API with a JWT authorizer, or one with a user pool.
fn definition(of_http_api: bool) -> Value {
    let jwt = json!({
        "type": "oauth2",
        "x-amazon-apigateway-authorizer": {
            "type": "jwt",
            "identitySource": "$request.header.Authorization",
            "jwtConfiguration": {"issuer": ISSUER, "audience": ["client"]},
        },
    });
    let pool = json!({
        "type": "apiKey", "name": "Authorization", "in": "header",
        "x-amazon-apigateway-authtype": "cognito_user_pools",
        "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [POOL]},
    });
    let proxy = json!({"type": "http_proxy", "httpMethod": "GET", "uri": "http://backend.example/"});
    let mut definition = json!({
        "openapi": "3.0.1",
        "info": {"title": "tokens", "version": "1"},
        "components": {"securitySchemes": {"tokens": if of_http_api { jwt } else { pool }}},
        "paths": {"/": {"get": {"security": [{"tokens": []}], "responses": {}, "x-amazon-apigateway-integration": proxy}}},
    });
    if of_http_api {
        definition["paths"]["/"]["get"]["x-amazon-apigateway-integration"]["payloadFormatVersion"] = json!("1.0");
    }
    definition
}

/// The configuration of the filters.
fn compiled(definition: &Value, settings: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("apigw.wasm"), b"").unwrap();
    let input = |name: &str, text: String| Input { name: name.to_owned(), content: Ok(text.into_bytes()) };
    let settings = Some(input("settings.yaml", settings.to_owned()));
    let checked = check(vec![input("openapi.json", definition.to_string())], settings, &Options::default());
    let modules = Modules::in_folder(folder.path()).unwrap();
    let filters = compile(&checked.into_model().unwrap(), &modules).unwrap().filters;
    let texts = filters.iter().filter_map(|(_, filter)| filter.pointer("/config/configuration/value")?.as_str());
    texts.collect()
}

/// HTTP APIs keep keys for two hours, REST APIs for one.
#[test]
fn how_long_keys_are_kept() {
    let check = |of_http_api: bool, settings: &str, expected: u32| {
        let filters = compiled(&definition(of_http_api), settings);
        assert!(filters.contains(&format!("\"cacheSeconds\":{expected},")), "{filters}");
    };
    check(true, "{}", 7200);
    check(false, "{}", 3600);
    check(true, &format!("tokenIssuers: {{\"{ISSUER}\": {{cacheSeconds: 60}}}}"), 60);
}
