//! HTTP APIs of templates: what their resources become, and what is refused.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use apigw::api::{Authorization, HttpApi, HttpRoute};
use apigw::check::{Checked, Input, Options, check};
use apigw::diagnostics::{Colour, Severity};
use apigw::openapi::Definition;

const SETTINGS: &str = "apiId: a\nendpoints: {functions: {\"*\": \"http://127.0.0.1:9000\"}}\n";

fn read(resources: &str) -> Checked {
    let template = format!("Transform: AWS::Serverless-2016-10-31\nResources:\n{resources}");
    let input = |name: &str, text: &str| Input { name: name.to_owned(), content: Ok(text.as_bytes().to_vec()) };
    check(vec![input("template.yaml", &template)], Some(input("settings.yaml", SETTINGS)), &Options::default())
}

fn errors(checked: &Checked) -> Vec<&str> {
    let items = checked.diagnostics.items().iter();
    items.filter(|item| item.severity == Severity::Error).map(|item| item.message.as_str()).collect()
}

#[track_caller]
fn http_api(checked: &Checked) -> &HttpApi {
    assert_eq!(errors(checked), Vec::<&str>::new());
    match checked.definitions.as_slice() {
        [Definition::Http(api)] => api,
        other => panic!("{} definitions\n{}", other.len(), checked.report().render(Colour::Never)),
    }
}

#[track_caller]
fn refuses(resources: &str, expected: &str) {
    let checked = read(resources);
    let errors = errors(&checked);
    assert!(errors.iter().any(|error| error.contains(expected)), "{errors:?}");
}

fn route<'a>(api: &'a HttpApi, key: &str) -> &'a HttpRoute {
    api.routes.iter().find(|route| route.to_string() == key).expect(key)
}

const API: &str = "  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: pets, ProtocolType: HTTP}}\n  \
                   Fn: {Type: AWS::Lambda::Function}\n  \
                   Back: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: HTTP_PROXY, IntegrationMethod: ANY, IntegrationUri: \"https://backend.example/\", PayloadFormatVersion: \"1.0\"}}\n";

fn with_route(properties: &str) -> String {
    format!(
        "{API}  Route: {{Type: AWS::ApiGatewayV2::Route, Properties: {{ApiId: !Ref Api, Target: !Sub \"integrations/${{Back}}\", {properties}}}}}\n"
    )
}

#[test]
fn a_quick_create_is_one_route() {
    let checked = read(
        "  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: a, ProtocolType: HTTP, Target: \"https://b.example/x\"}}\n",
    );
    let api = http_api(&checked);
    let integration = route(api, "$default").integration.as_ref().unwrap();
    assert_eq!(
        (integration.kind.as_str(), integration.uri.as_deref().unwrap().as_str()),
        ("HTTP_PROXY", "https://b.example/x")
    );
    assert_eq!(checked.stage_name, "$default");
    let function = "  Fn: {Type: AWS::Lambda::Function}\n  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: a, ProtocolType: HTTP, Target: !GetAtt Fn.Arn, RouteKey: GET /a}}\n";
    let checked = read(function);
    let integration = route(http_api(&checked), "GET /a").integration.as_ref().unwrap();
    assert_eq!(integration.payload_format_version.as_deref().map(String::as_str), Some("2.0"));
    refuses(
        "  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: a, ProtocolType: HTTP, RouteKey: GET /a}}\n",
        "this is for an API with a `Target`",
    );
}

#[test]
fn routes_integrations_and_what_they_map() {
    let template = with_route("RouteKey: \"ANY /pets/{id}\", OperationName: pets").replace(
        "PayloadFormatVersion: \"1.0\"",
        "PayloadFormatVersion: \"1.0\", RequestParameters: {\"append:header.a\": b}, TimeoutInMillis: 5000, \
         ResponseParameters: {\"404\": {ResponseParameters: [{Destination: \"overwrite:statuscode\", Source: \"200\"}]}}",
    );
    let checked = read(&template);
    let route = route(http_api(&checked), "ANY /pets/{id}");
    let integration = route.integration.as_ref().unwrap();
    assert_eq!(route.operation_name.as_deref(), Some("pets"));
    assert_eq!(integration.request_parameters["append:header.a"].value, "b");
    assert_eq!(integration.response_parameters["404"]["overwrite:statuscode"].value, "200");
    assert_eq!(integration.timeout_in_millis.map(|timeout| *timeout), Some(5000));
    refuses(&with_route("RouteKey: pets"), "expected a route key as `GET /pets/{petId}`");
    refuses(&with_route("RouteKey: GET /a, RequestModels: {a: b}"), "`RequestModels` is for routes of WebSocket APIs");
    refuses(&with_route("RouteKey: GET /a, Nonsense: 1"), "unknown field `Nonsense`");
    let twice = format!(
        "{}  Two: {{Type: AWS::ApiGatewayV2::Route, Properties: {{ApiId: !Ref Api, RouteKey: GET /a}}}}\n",
        with_route("RouteKey: GET /a")
    );
    refuses(&twice, "the route `GET /a` is there already");
    refuses(
        &with_route("RouteKey: GET /a").replace("integrations/${Back}", "integrations/${Fn}"),
        "expected `integrations/`",
    );
}

#[test]
fn no_route_becomes_open() {
    let signed = with_route("RouteKey: GET /a, AuthorizationType: AWS_IAM");
    let checked = read(&signed);
    assert!(matches!(route(http_api(&checked), "GET /a").authorization, Authorization::AwsIam(_)));
    refuses(
        &with_route("RouteKey: GET /a, AuthorizationType: CUSTOM"),
        "`AuthorizationType: CUSTOM` needs an `AuthorizerId`",
    );
    refuses(
        &with_route("RouteKey: GET /a, AuthorizationType: JWT, AuthorizerId: Nobody"),
        "there is no authorizer `Nobody` of this API",
    );
    refuses(&with_route("RouteKey: GET /a, AuthorizerId: Nobody"), "an `AuthorizerId` needs an `AuthorizationType`");
    refuses(&with_route("RouteKey: GET /a, AuthorizationType: MINE"), "found `MINE`, expected `AWS_IAM`");
    let stray = format!(
        "{}  Lost: {{Type: AWS::ApiGatewayV2::Route, Properties: {{ApiId: elsewhere, RouteKey: GET /b}}}}\n",
        with_route("RouteKey: GET /a")
    );
    refuses(&stray, "the API `elsewhere` is not in this template");
    let overrides = format!(
        "{}  Over: {{Type: AWS::ApiGatewayV2::ApiGatewayManagedOverrides, Properties: {{ApiId: !Ref Api, Route: {{AuthorizationType: AWS_IAM}}}}}}\n",
        with_route("RouteKey: GET /a")
    );
    refuses(&overrides, "overrides of what a quick create makes are not supported");
}

#[test]
fn authorizers() {
    let with = |authorizer: &str, kind: &str| {
        let route = with_route(&format!("RouteKey: GET /a, AuthorizationType: {kind}, AuthorizerId: !Ref Guard"));
        format!(
            "{route}  Guard: {{Type: AWS::ApiGatewayV2::Authorizer, Properties: {{ApiId: !Ref Api, Name: g, {authorizer}}}}}\n"
        )
    };
    let jwt = "AuthorizerType: JWT, IdentitySource: [\"$request.header.Authorization\"], JwtConfiguration: {Issuer: \"https://issuer.example\", Audience: [a]}";
    let checked = read(&with(jwt, "JWT, AuthorizationScopes: [read]"));
    let Authorization::Jwt { scopes, .. } = &route(http_api(&checked), "GET /a").authorization else { panic!() };
    assert_eq!(scopes[0].value, "read");
    let uri = "AuthorizerUri: !Sub \"arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations\"";
    let lambda =
        format!("AuthorizerType: REQUEST, {uri}, AuthorizerPayloadFormatVersion: 2.0, EnableSimpleResponses: true");
    let checked = read(&with(&lambda, "CUSTOM"));
    assert!(
        matches!(&route(http_api(&checked), "GET /a").authorization, Authorization::Custom(name) if **name == "Guard")
    );
    let without = |text: &str| with(&lambda.replace(text, ""), "CUSTOM");
    refuses(&without(", AuthorizerPayloadFormatVersion: 2.0"), "the field `authorizerPayloadFormatVersion` is missing");
    refuses(&with(&lambda.replace("2.0", "1.0"), "CUSTOM"), "simple responses take `authorizerPayloadFormatVersion");
    refuses(&with(&lambda.replace("2.0", "3.0"), "CUSTOM"), "found `3.0`, expected `1.0` or `2.0`");
    refuses(
        &with(&format!("{lambda}, IdentitySource: [method.request.header.A]"), "CUSTOM"),
        "expected `$request.header.NAME`",
    );
    refuses(&with(&format!("{lambda}, AuthorizerResultTtlInSeconds: 60"), "CUSTOM"), "needs an `identitySource`");
}

const SAM: &str = "  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n      Events:\n";

#[test]
fn events_without_an_api_make_one() {
    let checked = read(&format!(
        "{SAM}        A: {{Type: HttpApi}}\n        B: {{Type: HttpApi, Properties: {{Path: /b, Method: any, PayloadFormatVersion: \"1.0\", TimeoutInMillis: 1000}}}}\n"
    ));
    let api = http_api(&checked);
    assert!(route(api, "$default").integration.as_ref().unwrap().uri.as_ref().unwrap().contains("function:Fn/"));
    assert_eq!(
        route(api, "ANY /b").integration.as_ref().unwrap().payload_format_version.as_deref().map(String::as_str),
        Some("1.0")
    );
    refuses(
        &format!("{SAM}        A: {{Type: HttpApi}}\n        B: {{Type: HttpApi}}\n"),
        "the route `$default` is there already",
    );
    refuses(
        &format!("{SAM}        A: {{Type: HttpApi, Properties: {{Path: /a}}}}\n"),
        "an event has `Path` and `Method`, or none",
    );
    refuses(
        &format!("{SAM}        A: {{Type: HttpApi, Properties: {{ApiId: nowhere}}}}\n"),
        "the API `nowhere` of this event is not in the template",
    );
}

#[test]
fn what_sam_demands_of_callers() {
    let api = |auth: &str, event: &str| {
        format!(
            "{SAM}        A: {{Type: HttpApi, Properties: {{ApiId: !Ref Api, Path: /a, Method: get{event}}}}}\n  \
             Api:\n    Type: AWS::Serverless::HttpApi\n    Properties:\n      CorsConfiguration: true\n      Auth: {{{auth}}}\n      \
             DefinitionBody:\n        openapi: 3.0.1\n        info: {{title: a}}\n        paths: {{/body: {{get: {{x-amazon-apigateway-integration: {{type: http_proxy, httpMethod: GET, uri: \"https://b.example\", payloadFormatVersion: \"1.0\"}}}}}}}}\n"
        )
    };
    let jwt = "DefaultAuthorizer: J, Authorizers: {J: {AuthorizationScopes: [s], IdentitySource: \"$request.header.A\", JwtConfiguration: {Issuer: \"https://i.example\", audience: [a]}}}";
    let checked = read(&api(jwt, ""));
    let found = http_api(&checked);
    assert_eq!(found.cors.as_ref().unwrap().allow_origins[0].value, "*");
    for key in ["GET /a", "GET /body"] {
        assert!(
            matches!(&route(found, key).authorization, Authorization::Jwt { scopes, .. } if *scopes[0] == "s"),
            "{key}"
        );
    }
    let own = "security: [{Own: []}], x-amazon-apigateway-integration";
    let with_own = api(jwt, "").replacen("x-amazon-apigateway-integration", own, 1)
        + "        components: {securitySchemes: {Own: {type: oauth2, x-amazon-apigateway-authorizer: {type: jwt, identitySource: $request.header.A, jwtConfiguration: {issuer: \"https://o.example\", audience: [b]}}}}}\n";
    let checked = read(&with_own);
    assert!(matches!(
        &route(http_api(&checked), "GET /body").authorization,
        Authorization::Jwt { authorizer, .. } if **authorizer == "Own"
    ));
    let checked = read(&api(jwt, "").replace("Method: get", "Method: options"));
    assert!(matches!(route(http_api(&checked), "OPTIONS /a").authorization, Authorization::None));
    let checked = read(&api(jwt, ", Auth: {Authorizer: J}").replace("Method: get", "Method: options"));
    assert!(matches!(route(http_api(&checked), "OPTIONS /a").authorization, Authorization::Jwt { .. }));
    let of_body = api(jwt, ", PayloadFormatVersion: \"1.0\", TimeoutInMillis: 900").replace("Path: /a", "Path: /body");
    let checked = read(&of_body);
    let body = route(http_api(&checked), "GET /body").integration.as_ref().unwrap();
    assert_eq!((body.kind.as_str(), body.timeout_in_millis.map(|timeout| *timeout)), ("HTTP_PROXY", Some(900)));
    let checked = read(&api(jwt, ", Auth: {Authorizer: NONE}"));
    assert!(matches!(route(http_api(&checked), "GET /a").authorization, Authorization::None));
    assert!(matches!(route(http_api(&checked), "GET /body").authorization, Authorization::Jwt { .. }));
    let checked = read(&api("EnableIamAuthorizer: true, DefaultAuthorizer: AWS_IAM", ""));
    assert!(matches!(route(http_api(&checked), "GET /body").authorization, Authorization::AwsIam(_)));
    refuses(&api("DefaultAuthorizer: AWS_IAM", ""), "`AWS_IAM` needs `EnableIamAuthorizer: true`");
    refuses(&api("DefaultAuthorizer: Nobody", ""), "the API has no authorizer `Nobody`");
    refuses(&api(jwt, ", Auth: {Authorizer: Nobody}"), "the API has no authorizer `Nobody`");
    refuses(&api("Authorizers: {A: {IdentitySource: x}}", ""), "either a `FunctionArn` or a `JwtConfiguration`");
    refuses(&api("Authorizers: {A: {FunctionArn: !GetAtt Fn.Arn, Nonsense: x}}", ""), "unknown field `Nonsense`");
}
