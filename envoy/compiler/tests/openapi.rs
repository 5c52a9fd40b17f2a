//! Documents to the model: the rules of import, one by one.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use apigw::api::{Authorization, HttpMethod, Method, RestApi};
use apigw::check::{Input, Options as CheckOptions, check};
use apigw::diagnostics::Colour;
use apigw::openapi::{self, BasePath, Definition, Options, ProtocolType};
use apigw::source::{Role, Sources};
use proptest::prelude::*;

fn read(text: &str, options: &Options) -> (Option<Definition>, Vec<String>) {
    let mut sources = Sources::default();
    let (id, diagnostics) = sources.add("api.yaml", Role::Definition, text.as_bytes().to_vec());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let (definition, diagnostics) = openapi::read(sources.document(id).unwrap(), options);
    (definition, diagnostics.items().iter().map(|item| item.message.clone()).collect())
}

/// A REST API without any problem.
fn rest_with(text: &str, options: &Options) -> RestApi {
    match read(text, options) {
        (Some(Definition::Rest(api)), messages) if messages.is_empty() => api,
        other => panic!("{other:?}"),
    }
}

fn rest(text: &str) -> RestApi {
    rest_with(text, &Options::default())
}

fn method<'a>(api: &'a RestApi, path: &str, verb: HttpMethod) -> &'a Method {
    &api.resources.find(path).unwrap().methods[&verb]
}

fn paths(api: &RestApi) -> Vec<&str> {
    api.resources.iter().map(|resource| resource.path.as_str()).collect()
}

#[test]
fn missing_parents_are_created() {
    let api = rest(
        "openapi: 3.0.1\npaths:\n  /a/{b}/c: {get: {}}\n  /a/x:\n  /{proxy+}: {x-amazon-apigateway-any-method: {}}",
    );
    assert_eq!(paths(&api), ["/", "/a", "/a/{b}", "/a/{b}/c", "/a/x", "/{proxy+}"]);
    assert!(api.resources.find("/a").unwrap().methods.is_empty());
    assert!(api.resources.find("/{proxy+}").unwrap().methods.contains_key(&HttpMethod::Any));
}

#[test]
fn a_base_path_is_ignored_prepended_or_split() {
    let documents = [
        ("openapi: 3.0.1\nservers: [{url: 'https://h/base-url/part/'}]", "/base-url/part/test", "/part/test"),
        (
            "openapi: 3.0.1\nservers: [{url: 'https://h', variables: {basePath: {default: /base-var}}}]",
            "/base-var/test",
            "/test",
        ),
        ("openapi: 3.0.1\nservers: [{url: 'https://h/{v}/x', variables: {v: {default: v1}}}]", "/v1/x/test", "/x/test"),
        ("openapi: 3.0.1\nservers: [{url: '/only/path'}, {url: 'https://other/y'}]", "/only/path/test", "/path/test"),
        ("openapi: 3.0.1", "/test", "/test"),
        ("swagger: '2.0'\nbasePath: /base", "/base/test", "/test"),
    ];
    for (head, prepended, split) in documents {
        let text = format!("{head}\npaths: {{/test: {{get: {{}}}}}}");
        for (base_path, expected) in
            [(BasePath::Ignore, "/test"), (BasePath::Prepend, prepended), (BasePath::Split, split)]
        {
            let api = rest_with(&text, &Options { base_path, protocol_type: None });
            assert_eq!(paths(&api).last(), Some(&expected), "{head} {base_path:?}");
        }
    }
}

#[test]
fn path_variables_are_declared_and_parameters_merged() {
    let api = rest(
        "openapi: 3.0.1
paths:
  /a/{id}/{rest+}:
    parameters: [{name: q, in: query, schema: {}}, {$ref: '#/components/parameters/H'}]
    get: {parameters: [{name: q, in: query, required: true}]}
components: {parameters: {H: {name: X-H, in: header, required: true}}}",
    );
    let method = method(&api, "/a/{id}/{rest+}", HttpMethod::Get);
    let declared: Vec<_> =
        method.request_parameters.iter().map(|(name, required)| (name.as_str(), **required)).collect();
    assert_eq!(
        declared,
        [
            ("method.request.path.id", true),
            ("method.request.path.rest", true),
            ("method.request.querystring.q", true),
            ("method.request.header.X-H", true)
        ]
    );
}

#[test]
fn schemas_become_models() {
    let api = rest(
        "openapi: 3.0.1
paths:
  /a:
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}, text/plain: {schema: {type: string}}}}
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}, headers: {X-A: {}}}}
components: {schemas: {Pet: {type: object, properties: {parent: {$ref: '#/components/schemas/Pet'}}}}}",
    );
    let method = method(&api, "/a", HttpMethod::Post);
    assert_eq!(*method.request_models["application/json"], "Pet");
    let inline = &*method.request_models["text/plain"];
    assert!(api.models[inline].inline);
    assert_eq!(api.models[inline].schema.to_string(), r#"{"type":"string"}"#);
    assert!(!api.models["Pet"].inline);
    let response = &method.responses["200"];
    assert_eq!(*response.response_models["application/json"], "Pet");
    assert_eq!(response.response_parameters.get("method.response.header.X-A"), Some(&false));

    let api = rest(
        "swagger: '2.0'
consumes: [application/xml]
paths:
  /a:
    put: {parameters: [{name: b, in: body, schema: {$ref: '#/definitions/Pet'}}], produces: [text/csv], responses: {200: {schema: {$ref: '#/definitions/Pet'}}}}
definitions: {Pet: {type: object}}",
    );
    let method = self::method(&api, "/a", HttpMethod::Put);
    assert_eq!(*method.request_models["application/xml"], "Pet");
    assert_eq!(*method.responses["200"].response_models["text/csv"], "Pet");
}

/// Authorization and key of `GET /a` with this `security` at the operation, and `[{pool: [email]}]` at the document.
fn security(operation: &str) -> (String, bool) {
    let api = rest(&format!(
        "openapi: 3.0.1
security: [{{pool: [email]}}]
paths: {{/a: {{get: {{{operation}}}}}}}
components:
  securitySchemes:
    key: {{type: apiKey, name: x-api-key, in: header}}
    iam: {{type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: AWSSIGV4}}
    lambda: {{type: apiKey, name: Token, in: header, x-amazon-apigateway-authorizer: {{type: token, authorizerUri: u}}}}
    pool: {{type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authorizer: {{type: COGNITO_USER_POOLS, providerARNs: [p]}}}}"
    ));
    let method = method(&api, "/a", HttpMethod::Get);
    let shown = match &method.authorization {
        Authorization::None => "NONE".to_owned(),
        Authorization::AwsIam(_) => "AWS_IAM".to_owned(),
        Authorization::Custom(name) => format!("CUSTOM {}", **name),
        Authorization::CognitoUserPools { authorizer, scopes } => {
            let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
            format!("COGNITO_USER_POOLS {} [{}]", **authorizer, scopes.join(" "))
        }
        Authorization::Jwt { authorizer, scopes } => {
            let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
            format!("JWT {} [{}]", **authorizer, scopes.join(" "))
        }
    };
    (shown, method.api_key_required.is_some())
}

#[test]
fn security_becomes_authorization() {
    let cases = [
        ("", "COGNITO_USER_POOLS pool [email]", false),
        ("security: ~", "COGNITO_USER_POOLS pool [email]", false),
        ("security: []", "NONE", false),
        ("security: [{}]", "NONE", false),
        ("security: [{key: []}]", "NONE", true),
        ("security: [{iam: []}]", "AWS_IAM", false),
        ("security: [{lambda: [], key: []}]", "CUSTOM lambda", true),
        ("security: [{lambda: []}, {key: []}]", "CUSTOM lambda", true),
        ("security: [{}, {lambda: []}]", "CUSTOM lambda", false),
        ("security: [{pool: []}]", "COGNITO_USER_POOLS pool []", false),
        ("security: [{pool: [a]}, {pool: [b]}]", "COGNITO_USER_POOLS pool [a b]", false),
        ("x-amazon-apigateway-auth: {type: NONE}", "NONE", false),
        ("security: [{key: []}], x-amazon-apigateway-auth: {type: aws_iam}", "AWS_IAM", true),
    ];
    for (operation, expected, key) in cases {
        assert_eq!(security(operation), (expected.to_owned(), key), "{operation}");
    }
}

#[test]
fn the_header_of_a_scheme_is_the_identity_source() {
    let api = rest(
        "openapi: 3.0.1
paths: {}
components:
  securitySchemes:
    t: {type: apiKey, name: Token, in: header, x-amazon-apigateway-authorizer: {type: token, authorizerUri: u, identitySource: ''}}
    r: {type: apiKey, name: Unused, in: header, x-amazon-apigateway-authorizer: {type: request, authorizerUri: u, identitySource: 'method.request.header.A, context.b', authorizerResultTtlInSeconds: '60'}}",
    );
    let sources = |name: &str| -> Vec<String> {
        api.authorizers[name].identity_source.iter().map(|source| source.value.clone()).collect()
    };
    assert_eq!(sources("t"), ["method.request.header.Token"]);
    assert_eq!(sources("r"), ["method.request.header.A", "context.b"]);
    assert_eq!(api.authorizers["r"].result_ttl_seconds.map(|ttl| *ttl), Some(60));
}

#[test]
fn the_models_that_every_api_has_need_no_definition() {
    let api = rest(
        "swagger: '2.0'
x-amazon-apigateway-request-validators: {all: {validateRequestBody: true}}
x-amazon-apigateway-request-validator: all
paths:
  /a: {post: {parameters: [{in: body, name: body, schema: {$ref: '#/definitions/Empty'}}]}}
  /b: {post: {parameters: [{in: body, name: body, schema: {$ref: '#/definitions/Pet'}}]}}
definitions: {Pet: {type: object, properties: {error: {$ref: '#/definitions/Error'}}}}",
    );
    assert_eq!(*method(&api, "/a", HttpMethod::Post).request_models["application/json"], "Empty");
    let schemas = apigw::models::schemas(&api, "a", true);
    assert_eq!(schemas.keys().collect::<Vec<_>>(), ["Empty", "Error", "Pet"]);
    assert_eq!(schemas["Error"]["properties"]["message"]["type"], "string");
}

#[test]
fn the_validator_of_the_operation_comes_first() {
    let api = rest(
        "openapi: 3.0.1
x-amazon-apigateway-request-validators: {all: {validateRequestBody: true}, params: {validateRequestParameters: 'true'}}
x-amazon-apigateway-request-validator: params
paths: {/a: {get: {}, put: {x-amazon-apigateway-request-validator: all}}}",
    );
    let name = |verb| method(&api, "/a", verb).request_validator.as_ref().unwrap().value.clone();
    assert_eq!((name(HttpMethod::Get).as_str(), name(HttpMethod::Put).as_str()), ("params", "all"));
    assert!(api.request_validators["params"].validate_request_parameters);
}

#[test]
fn an_integration_is_read_with_its_defaults() {
    let api = rest(
        "openapi: 3.0.1
paths:
  /a:
    get:
      responses: {'200': {}, '404': {headers: {X: {}}}}
      x-amazon-apigateway-integration: {$ref: '#/components/x-amazon-apigateway-integrations/One'}
components:
  x-amazon-apigateway-integrations:
    One:
      type: MOCK
      httpMethod: post
      requestTemplates: {application/json: '', text/plain: ~}
      responses: {default: {statusCode: 200}, '4\\d{2}': {statusCode: '404', responseParameters: {method.response.header.X: \"'x'\"}}}",
    );
    let integration = method(&api, "/a", HttpMethod::Get).integration.as_ref().unwrap();
    assert!(integration.http_method.is_none());
    assert_eq!(integration.passthrough_behavior.as_str(), "WHEN_NO_MATCH");
    assert_eq!(integration.request_templates.len(), 2);
    assert!(integration.responses[0].selection_pattern.is_none());
    assert_eq!(*integration.responses[0].status_code, "200");
    assert_eq!(**integration.responses[1].selection_pattern.as_ref().unwrap(), r"4\d{2}");
}

#[test]
fn http_apis_are_told_apart() {
    let kinds = [
        ("openapi: 3.0.1\nx-amazon-apigateway-importexport-version: '1.0'\npaths: {}", true),
        ("openapi: 3.0.1\nx-amazon-apigateway-cors: {}\npaths: {}", true),
        ("openapi: 3.0.1\npaths: {$default: {}}", true),
        ("openapi: 3.0.1\npaths: {/a: {get: {x-amazon-apigateway-integration: {payloadFormatVersion: 2.0}}}}", true),
        (
            "openapi: 3.0.1\npaths: {}\ncomponents: {securitySchemes: {j: {x-amazon-apigateway-authorizer: {type: jwt}}}}",
            true,
        ),
        ("openapi: 3.0.1\npaths: {}", false),
        (
            "openapi: 3.0.1\nx-amazon-apigateway-importexport-version: '1.0'\npaths: {/a: {get: {x-amazon-apigateway-integration: {type: mock}}}}",
            false,
        ),
        (
            "openapi: 3.0.1\nx-amazon-apigateway-importexport-version: '1.0'\nx-amazon-apigateway-request-validators: {}\npaths: {}",
            false,
        ),
        (
            "openapi: 3.0.1\nx-amazon-apigateway-importexport-version: '1.0'\npaths: {/a: {get: {x-amazon-apigateway-integration: {type: aws_proxy}}}}",
            true,
        ),
        ("swagger: '2.0'\nx-amazon-apigateway-importexport-version: '1.0'\npaths: {}", false),
    ];
    for (text, http) in kinds {
        let found = read(text, &Options::default()).0;
        assert_eq!(matches!(found, Some(Definition::Http(_))), http, "{text}");
        let rest = Options { protocol_type: Some(ProtocolType::Rest), ..Options::default() };
        assert!(matches!(read(text, &rest).0, Some(Definition::Rest(_))));
        let http = Options { protocol_type: Some(ProtocolType::Http), ..Options::default() };
        assert!(matches!(read(text, &http).0, Some(Definition::Http(_))));
    }
}

#[test]
fn a_model_exists_only_without_errors() {
    let input = |text: &str| Input { name: "api.yaml".into(), content: Ok(text.as_bytes().to_vec()) };
    let open = "openapi: 3.0.1
paths: {/a: {get: {x-amazon-apigateway-integration: {type: mock}}}}";
    let checked = check(vec![input(open)], None, &CheckOptions::default());
    assert_eq!(checked.stage_name, "prod");
    let model = checked.into_model().unwrap();
    assert_eq!(model.apis[0].routes[0].key.to_string(), "GET /a");

    let policy = format!("{open}\nx-amazon-apigateway-policy: {{Version: '2012-10-18', Statement: []}}");
    assert!(check(vec![input(&policy)], None, &CheckOptions::default()).into_model().is_err());
    let stage = CheckOptions { stage: Some("a/b".into()), ..CheckOptions::default() };
    let refused = check(vec![input(open)], None, &stage).into_model().unwrap_err();
    assert!(refused.report().render(Colour::Never).starts_with("--stage:1:1: error: "));
}

const SEEDS: [&str; 5] = [
    include_str!("golden/clean/definition.yaml"),
    include_str!("golden/definition-security/definition.yaml"),
    include_str!("golden/definition-integrations/definition.yaml"),
    include_str!("golden/definition-fields/definition.yaml"),
    include_str!("golden/json-one-line/definition.json"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever is cut out of a definition or put into it: there is an answer, and it can be shown.
    #[test]
    fn damaged_definitions_get_an_answer(
        seed in prop::sample::select(SEEDS.to_vec()),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..40, "[{}\\[\\]:,&*!|>'\"#$ é\n\ta-c0-9-]{0,6}"), 1..4),
        settings in prop::sample::select(vec!["", "apiKeys: [", "stage: {variables: {backend: b}}"]),
    ) {
        let mut text: Vec<char> = seed.chars().collect();
        for (at, length, put) in cuts {
            let from = at.index(text.len() + 1);
            let to = (from + length).min(text.len());
            text.splice(from..to, put.chars());
        }
        let bytes = text.into_iter().collect::<String>().into_bytes();
        let input = |name: &str, bytes| Input { name: name.to_owned(), content: Ok(bytes) };
        let settings = input("settings.yaml", settings.as_bytes().to_vec());
        let checked = check(vec![input("api.yaml", bytes)], Some(settings), &CheckOptions::default());
        let text = checked.report().render(Colour::Never);
        prop_assert_eq!(checked.has_errors(), text.contains(" error: "));
    }
}
