//! Templates: their functions, conditions and parameters, and what becomes of their resources.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use apigw::api::{Authorization, RestApi};
use apigw::check::{Checked, Input, Options, check};
use apigw::diagnostics::{Colour, Severity};
use apigw::openapi::Definition;

fn read(template: &str, settings: &str) -> Checked {
    let input = |name: &str, text: &str| Input { name: name.to_owned(), content: Ok(text.as_bytes().to_vec()) };
    check(vec![input("template.yaml", template)], Some(input("settings.yaml", settings)), &Options::default())
}

fn rest_api(checked: &Checked) -> &RestApi {
    match checked.definitions.as_slice() {
        [Definition::Rest(api)] => api,
        other => panic!("{} definitions\n{}", other.len(), checked.report().render(Colour::Never)),
    }
}

fn errors(checked: &Checked) -> Vec<&str> {
    let items = checked.diagnostics.items().iter();
    items.filter(|item| item.severity == Severity::Error).map(|item| item.message.as_str()).collect()
}

/// The title of an API whose name is `value`.
fn evaluated(value: &str, sections: &str, settings: &str) -> Result<String, Vec<String>> {
    let template = format!(
        "{sections}\nResources:\n  Queue: {{Type: AWS::SQS::Queue, Properties: {{QueueName: jobs}}}}\n  \
         Fn: {{Type: AWS::Lambda::Function}}\n  \
         Api:\n    Type: AWS::ApiGateway::RestApi\n    Properties:\n      Name: {value}\n"
    );
    let checked = read(&template, settings);
    let errors = errors(&checked);
    // An API without methods is an error of its own kind; it is not what is asked here.
    let errors: Vec<String> = errors.into_iter().map(str::to_owned).collect();
    if errors.is_empty() { Ok(rest_api(&checked).name.clone().unwrap()) } else { Err(errors) }
}

#[track_caller]
fn gives(value: &str, sections: &str, expected: &str) {
    assert_eq!(evaluated(value, sections, "accountId: \"111122223333\"\nregion: eu-west-1\n").as_deref(), Ok(expected));
}

#[track_caller]
fn refuses(value: &str, sections: &str, expected: &str) {
    let errors = evaluated(value, sections, "apiId: a\n").expect_err(value);
    assert!(errors.iter().any(|error| error.contains(expected)), "{errors:?}");
}

#[test]
fn functions() {
    gives("!Sub \"${AWS::Region}/${!x}/${Queue.Arn}\"", "", "eu-west-1/${x}/arn:aws:sqs:eu-west-1:111122223333:jobs");
    gives("!Sub [\"${a}-${b}\", {a: 1, b: !Ref Fn}]", "", "1-Fn");
    gives("{Fn::Join: [\"-\", [a, !Ref \"AWS::AccountId\", c]]}", "", "a-111122223333-c");
    gives("!Select [1, !Split [\",\", \"a,b,c\"]]", "", "b");
    gives("!GetAtt Fn.Arn", "", "arn:aws:lambda:eu-west-1:111122223333:function:Fn");
    gives("{\"Fn::GetAtt\": [Fn, Arn]}", "", "arn:aws:lambda:eu-west-1:111122223333:function:Fn");
    gives("!Ref Queue", "", "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs");
    gives("{Fn::Base64: \"ab\"}", "", "YWI=");
    gives("!FindInMap [M, !Ref \"AWS::Region\", name]", "Mappings: {M: {eu-west-1: {name: x}}}", "x");
    gives("!FindInMap [M, nowhere, name, {DefaultValue: y}]", "Mappings: {M: {eu-west-1: {name: x}}}", "y");
    gives("!Join [\"+\", !Ref L]", "Parameters: {L: {Type: CommaDelimitedList, Default: \"a, b\"}}", "a+b");
}

#[test]
fn conditions() {
    let sections = "Parameters: {Stage: {Type: String, Default: dev}}\nConditions:\n  Prod: !Equals [!Ref Stage, prod]\n  \
                    Dev: !Not [!Condition Prod]\n  Both: !And [!Condition Prod, !Condition Dev]\n  \
                    One: !Or [!Condition Prod, !Condition Dev]\n";
    gives("!If [Prod, a, b]", sections, "b");
    gives("!If [Dev, a, b]", sections, "a");
    gives("!If [Both, a, b]", sections, "b");
    gives("!If [One, a, b]", sections, "a");
    refuses("!If [Nowhere, a, b]", sections, "there is no condition `Nowhere`");
}

#[test]
fn conditions_that_nothing_uses_are_right_as_well() {
    let refuses = |condition: &str, expected: &str| refuses("a", &format!("Conditions:\n{condition}"), expected);
    refuses("  Circle: !Not [!Condition Circle]\n", "the condition `Circle` depends on itself");
    refuses("  A: !Not [!Condition B]\n  B: !Not [!Condition A]\n", "the condition `A` depends on itself");
    refuses("  A: !Equals [!Ref Nowhere, a]\n", "there is no parameter or resource `Nowhere`");
    refuses("  A: !Condition Nowhere\n", "there is no condition `Nowhere`");
    refuses("  A: !Equals [a]\n", "`Fn::Equals` takes a list of two values");
    refuses("  A: text\n", "found a string, expected `Fn::And`");
    let chain: String = (0..20_000).map(|place| format!("  C{place}: !Not [!Condition C{}]\n", place + 1)).collect();
    refuses(&format!("{chain}  C20000: !Equals [a, a]\n"), "more than 256 levels deep");
}

#[test]
fn names_that_lead_to_each_other() {
    let of = |resources: &str| {
        format!("Resources:\n  T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: !Ref U}}}}\n{resources}")
    };
    let circle = of("  U: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub \"${T.TopicName}\"}}\n");
    let chain: String = (0..20_000)
        .map(|place| {
            format!(
                "  U{place}: {{Type: AWS::SQS::Queue, Properties: {{QueueName: !GetAtt U{}.QueueName}}}}\n",
                place + 1
            )
        })
        .collect();
    for (template, expected) in [
        (circle, "the name of `T` depends on itself"),
        (
            of(&format!("  U: {{Type: AWS::SQS::Queue, Properties: {{QueueName: !Ref U0}}}}\n{chain}")),
            "more than 256 levels deep",
        ),
        (of("  U: {Type: AWS::SQS::Queue, DependsOn: [T, V]}\n"), "there is no resource `V`"),
        (of("  U: {Type: !Ref T}\n"), "expected the name of a type"),
    ] {
        let template = format!("{template}  Api: {{Type: AWS::ApiGateway::RestApi, Properties: {{Name: !Ref T}}}}\n");
        let input = Input { name: "template.yaml".to_owned(), content: Ok(template.into_bytes()) };
        let checked = check(vec![input], None, &Options::default());
        let found = errors(&checked);
        assert!(found.iter().any(|error| error.contains(expected)), "{found:?}");
    }
}

#[test]
fn functions_that_cannot_be_evaluated() {
    refuses("!Ref Nowhere", "", "there is no parameter or resource `Nowhere`");
    refuses("!GetAtt Queue.Nothing", "", "`Queue.Nothing` is only known once a `AWS::SQS::Queue` is deployed");
    refuses("!Sub \"${Open\"", "", "has no `}`");
    refuses("!ImportValue other", "", "give it in the settings, `imports`");
    refuses("!Select [3, [a]]", "", "expected a number below 1");
    refuses("{Fn::Cidr: [a, 1, 2]}", "", "the function `Fn::Cidr` is not supported here");
    refuses("!Nonsense x", "", "there is no function `Fn::Nonsense`");
    refuses("{Fn::Transform: {Name: Mine}}", "", "only `AWS::Include` is supported");
}

#[test]
fn parameters_come_from_the_settings() {
    let sections = "Parameters: {Name: {Type: String, Default: a, AllowedValues: [a, b]}}";
    assert_eq!(evaluated("!Ref Name", sections, "parameters: {Name: b}").as_deref(), Ok("b"));
    assert_eq!(evaluated("!ImportValue o", sections, "imports: {o: x}").as_deref(), Ok("x"));
    let errors = evaluated("!Ref Name", sections, "parameters: {Name: c}").expect_err("not allowed");
    assert!(errors[0].contains("found `c`, expected `a` or `b`"), "{errors:?}");
    let errors = evaluated("!Ref Name", sections, "parameters: {Nmae: b}").expect_err("unknown");
    assert!(errors[0].contains("the template has no parameter `Nmae`, expected `Name`"), "{errors:?}");
}

const RESOURCES: &str = r#"
Resources:
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: pets}}
  Pets: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: pets}}
  Pet: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !Ref Pets, PathPart: "{id}"}}
  GetPet:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Pet
      HttpMethod: GET
      AuthorizationType: NONE
      ApiKeyRequired: true
      RequestParameters: {method.request.querystring.page: true}
      MethodResponses: [{StatusCode: 200, ResponseParameters: {method.response.header.X-Kind: true}}]
      Integration:
        Type: MOCK
        RequestTemplates: {application/json: '{"statusCode": 200}'}
        IntegrationResponses:
          - {StatusCode: 200, ResponseParameters: {method.response.header.X-Kind: "'pet'"}}
          - {StatusCode: 404, SelectionPattern: "4\\d\\d"}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      StageName: live
      Variables: {table: pets}
      MethodSettings: [{ResourcePath: /*, HttpMethod: "*", ThrottlingRateLimit: 5, ThrottlingBurstLimit: 2}]
  Key: {Type: AWS::ApiGateway::ApiKey, Properties: {Enabled: true, Value: 0123456789abcdefghij}}
  Plan:
    Type: AWS::ApiGateway::UsagePlan
    Properties:
      ApiStages: [{ApiId: !Ref Api, Stage: !Ref Stage}]
      Quota: {Limit: 10, Period: DAY}
  PlanKey: {Type: AWS::ApiGateway::UsagePlanKey, Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan}}
"#;

#[test]
fn resources_become_an_api_with_a_stage_and_a_plan() {
    let checked = read(RESOURCES, "accountId: \"111122223333\"\n");
    let api = rest_api(&checked);
    let methods: Vec<_> = api.methods().collect();
    let [(resource, method)] = methods.as_slice() else { panic!("{} methods", methods.len()) };
    assert_eq!((resource.path.as_str(), method.http_method.as_str()), ("/pets/{id}", "GET"));
    assert!(matches!(method.authorization, Authorization::None));
    assert!(method.api_key_required.is_some());
    assert!(*method.request_parameters["method.request.querystring.page"]);
    let integration = method.integration.as_ref().unwrap();
    let patterns: Vec<_> =
        integration.responses.iter().map(|r| r.selection_pattern.as_ref().map(|p| p.value.as_str())).collect();
    assert_eq!(patterns, [None, Some("4\\d\\d")]);
    assert!(method.responses["200"].response_parameters.contains_key("method.response.header.X-Kind"));

    assert_eq!(checked.stage_name, "live");
    assert_eq!(checked.settings.stage.variables["table"].value, "pets");
    assert_eq!(checked.settings.stage.method_settings.len(), 1);
    assert_eq!(checked.settings.api_keys[0].id.value, "Key");
    assert!(checked.settings.api_keys[0].enabled);
    let plan = &checked.settings.usage_plans[0];
    assert_eq!((plan.api_stages[0].api_id.value.as_str(), plan.api_stages[0].stage.value.as_str()), ("Api", "live"));
    assert_eq!(plan.key_ids[0].value, "Key");
}

#[test]
fn the_settings_file_stands_before_the_template() {
    let settings =
        "apiId: a1b2c3\nstage: {variables: {table: cats}}\napiKeys: [{id: Key, value: zzzzzzzzzzzzzzzzzzzz}]\n";
    let checked = read(RESOURCES, settings);
    assert_eq!(checked.stage_name, "live");
    assert_eq!(checked.settings.stage.variables["table"].value, "cats");
    assert_eq!(checked.settings.api_keys[0].value.value, "zzzzzzzzzzzzzzzzzzzz");
    assert_eq!(checked.settings.usage_plans[0].api_stages[0].api_id.value, "a1b2c3");
}

/// What would leave a method open is an error.
#[test]
fn authorization_that_cannot_be_translated_is_refused() {
    for (properties, expected) in [
        ("AuthorizationType: CUSTOM", "needs an `AuthorizerId`"),
        ("AuthorizationType: CUSTOM, AuthorizerId: !Ref Nowhere", "there is no parameter or resource `Nowhere`"),
        ("AuthorizationType: CUSTOM, AuthorizerId: !Ref Pets", "there is no authorizer `Pets` of this API"),
        ("AuthorizationType: SOMETHING", "expected `AWS_IAM`, `COGNITO_USER_POOLS`, `CUSTOM` or `NONE`"),
        ("AuthorizationType: NONE, AuthorizerId: !Ref Pets", "an authorizer has no effect"),
        ("AuthorizerId: !Ref Pets", "an `AuthorizerId` needs an `AuthorizationType`"),
    ] {
        let method = format!(
            "  Open: {{Type: AWS::ApiGateway::Method, Properties: {{RestApiId: !Ref Api, ResourceId: !Ref Pets, \
             HttpMethod: POST, {properties}, Integration: {{Type: MOCK}}}}}}\n"
        );
        let checked = read(&format!("{RESOURCES}{method}"), "");
        let errors = errors(&checked);
        assert!(errors.iter().any(|error| error.contains(expected)), "{properties}: {errors:?}");
    }
}

#[test]
fn the_models_that_every_api_has_need_no_resource() {
    let method = |model: &str| {
        format!(
            "{RESOURCES}  All: {{Type: AWS::ApiGateway::RequestValidator, Properties: {{RestApiId: !Ref Api, \
             ValidateRequestBody: true}}}}\n  Add: {{Type: AWS::ApiGateway::Method, Properties: {{RestApiId: !Ref Api, \
             ResourceId: !Ref Pets, HttpMethod: POST, AuthorizationType: NONE, RequestValidatorId: !Ref All, \
             RequestModels: {{application/json: {model}}}, Integration: {{Type: MOCK, RequestTemplates: \
             {{application/json: '{{\"statusCode\": 200}}'}}, IntegrationResponses: [{{StatusCode: 200}}]}}, \
             MethodResponses: [{{StatusCode: 200}}]}}}}\n"
        )
    };
    for (model, fits, others) in [
        ("Empty", &["{}", r#"{"message":1}"#, ""][..], &["[1]", "1", "null"][..]),
        ("Error", &["{}", r#"{"message":"a"}"#], &["[]", r#"{"message":1}"#]),
    ] {
        let checked = read(&method(model), "region: eu-west-1\n");
        assert_eq!(errors(&checked), [""; 0], "{model}");
        let schemas = apigw::models::schemas(rest_api(&checked), "a", true);
        let models = request_validator::Models::compile("a", &schemas, apigw::models::used(rest_api(&checked)));
        let models = models.unwrap();
        let is_valid = |body: &str| {
            let body = request_validator::Body::read(body.as_bytes()).unwrap();
            models.get(model).unwrap().check(&body) == request_validator::Verdict::Valid
        };
        fits.iter().for_each(|body| assert!(is_valid(body), "{model}: {body}"));
        others.iter().for_each(|body| assert!(!is_valid(body), "{model}: {body}"));
    }
    let own = "  Own: {Type: AWS::ApiGateway::Model, Properties: {RestApiId: !Ref Api, Name: Empty, Schema: {type: array}}}\n";
    let checked = read(&format!("{}{own}", method("Empty")), "region: eu-west-1\n");
    assert_eq!(apigw::models::schemas(rest_api(&checked), "a", true)["Empty"]["type"], "array");
    let checked = read(&method("Emtpy"), "region: eu-west-1\n");
    assert_eq!(errors(&checked), ["there is no model `Emtpy` of this API in the template"]);
}

#[test]
fn parameters_with_many_values_are_declared() {
    let declared = |checked: &Checked| -> Vec<String> {
        assert_eq!(errors(checked), [""; 0]);
        let (_, method) =
            rest_api(checked).methods().find(|(_, method)| method.http_method.as_str() != "POST").unwrap();
        method.request_parameters.iter().map(|(name, required)| format!("{name} {}", **required)).collect()
    };
    let single = "RequestParameters: {method.request.querystring.page: true}";
    let several = "RequestParameters: {method.request.multivaluequerystring.tag: true, \
                   method.request.multivalueheader.X-Kind: false, method.request.querystring.page: true, \
                   method.request.multivaluequerystring.page: false, method.request.header.A: false, \
                   method.request.multivalueheader.A: \"true\"}";
    assert_eq!(
        declared(&read(&RESOURCES.replace(single, several), "region: eu-west-1\n")),
        [
            "method.request.path.id true",
            "method.request.querystring.tag true",
            "method.request.header.X-Kind false",
            "method.request.querystring.page true",
            "method.request.header.A true",
        ]
    );
    let event = "Path: /health, Method: any, RequestParameters: [method.request.multivalueheader.A, \
                 {method.request.multivaluequerystring.tag: {Required: true}}]";
    let sam = SAM.replace("Path: /health, Method: any", event).replace("      Cors:", "      Name:");
    let sam = sam.replace("Name: {AllowOrigin: \"'https://example.com'\", MaxAge: 600}", "Name: pets");
    assert_eq!(
        declared(&read(&sam, "endpoints: {functions: {\"*\": \"http://127.0.0.1:9000\"}}\nregion: eu-west-1\n")),
        ["method.request.header.A false", "method.request.querystring.tag true"]
    );
    let wrong = RESOURCES.replace("method.request.querystring.page", "method.request.multivaluepath.page");
    let expected = "`method.request.multivaluepath.page` is no request parameter, expected \
                    `method.request.{header,multivalueheader,multivaluequerystring,path,querystring}.NAME`";
    assert!(errors(&read(&wrong, "region: eu-west-1\n")).contains(&expected));
}

#[test]
fn a_private_api_without_a_policy_is_no_open_one() {
    let expected = "a private API needs a resource policy: API Gateway answers every call 403 without one";
    let policy = "Policy: {Version: 2012-10-17, Statement: [{Effect: Allow, Principal: \"*\", Action: \"execute-api:Invoke\", \
                  Resource: \"execute-api:/*\"}]}";
    let settings = "endpoints: {functions: {\"*\": \"http://127.0.0.1:9000\"}}\nregion: eu-west-1\n";
    let api = "  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: pets";
    assert!(RESOURCES.contains(api));
    for (template, at, configuration) in [
        (RESOURCES, api, "EndpointConfiguration: {Types: [PRIVATE]}"),
        (SAM, "      StageName: v1", "EndpointConfiguration: {Type: PRIVATE}"),
        (SAM, "      StageName: v1", "EndpointConfiguration: PRIVATE"),
    ] {
        let separator = if template == SAM { "\n      " } else { ", " };
        let with = |more: &str| read(&template.replace(at, &format!("{at}{separator}{more}")), settings);
        assert_eq!(errors(&with(configuration)), [expected], "{configuration}");
        let other = configuration.replace("PRIVATE", "REGIONAL");
        assert_eq!(errors(&with(&other)), [""; 0], "{other}");
        assert_eq!(errors(&with(&format!("{configuration}{separator}{policy}"))), [""; 0], "{configuration}");
    }
}

#[test]
fn parts_of_an_api_elsewhere_are_not_lost() {
    let method = "  Stray: {Type: AWS::ApiGateway::Method, Properties: {RestApiId: abc123, HttpMethod: GET}}\n";
    let checked = read(&format!("{RESOURCES}{method}"), "");
    assert!(errors(&checked).contains(&"the API `abc123` is not in this template"));
}

#[test]
fn the_value_of_a_key_is_asked_for() {
    let template = RESOURCES.replace(", Value: 0123456789abcdefghij", "");
    let checked = read(&template, "");
    assert!(errors(&checked).iter().any(|error| error.contains("the value of this key is made up at deployment")));
}

const SAM: &str = r#"
Transform: AWS::Serverless-2016-10-31
Globals:
  Api: {Auth: {ApiKeyRequired: true}}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      Cors: {AllowOrigin: "'https://example.com'", MaxAge: 600}
      Models: {Pet: {type: object, required: [name]}}
      GatewayResponses: {THROTTLED: {StatusCode: 429, ResponseParameters: {Headers: {Retry-After: "'1'"}}}}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: pets
      Events:
        Add:
          Type: Api
          Properties:
            RestApiId: !Ref Api
            Path: /pets
            Method: POST
            RequestModel: {Model: Pet, Required: true, ValidateBody: true}
        Health: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /health, Method: any, Auth: {ApiKeyRequired: false}}}
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Nowhere.Arn}}
"#;

#[test]
fn events_of_functions_become_methods() {
    let checked = read(SAM, "");
    let api = rest_api(&checked);
    let mut methods: Vec<String> = api
        .methods()
        .map(|(resource, method)| {
            let model = method.request_models.get("application/json").map(|model| model.value.as_str());
            format!("{} {} key={} {model:?}", method.http_method, resource.path, method.api_key_required.is_some())
        })
        .collect();
    methods.sort();
    let expected = [
        "ANY /health key=false None",
        // SAM's default: `AddApiKeyRequiredToCorsPreflight`.
        "OPTIONS /health key=true None",
        "OPTIONS /pets key=true None",
        "POST /pets key=true Some(\"pet\")",
    ];
    assert_eq!(methods, expected);
    let find = |verb: &str| {
        api.methods()
            .find(|(resource, method)| resource.path == "/pets" && method.http_method.as_str() == verb)
            .unwrap()
    };
    let (_, add) = find("POST");
    let uri = add.integration.as_ref().unwrap().uri.as_ref().unwrap();
    assert!(uri.ends_with("function:pets/invocations"), "{}", **uri);
    let validator = &api.request_validators[add.request_validator.as_ref().unwrap().as_str()];
    assert!(validator.validate_request_body && !validator.validate_request_parameters);
    let (_, preflight) = find("OPTIONS");
    let headers = &preflight.integration.as_ref().unwrap().responses[0].response_parameters;
    assert_eq!(headers["method.response.header.Access-Control-Allow-Methods"].value, "'OPTIONS,POST'");
    assert_eq!(headers["method.response.header.Access-Control-Max-Age"].value, "'600'");
    assert_eq!(
        api.gateway_responses["THROTTLED"].response_parameters["gatewayresponse.header.Retry-After"].value,
        "'1'"
    );
    assert_eq!(checked.stage_name, "v1");
}

/// What a SAM API with this body and `Auth`, and one event for `GET /a`, demands of its methods: `VERB key authorizer`.
fn demands(of_api: &str, event: &str) -> Vec<String> {
    let body = "DefinitionBody: {swagger: '2.0', info: {title: t}, paths: {/a: {get: &a {security: [{api_key: []}], \
                x-amazon-apigateway-integration: {type: mock, requestTemplates: {application/json: '{\"statusCode\": 200}'}, \
                responses: {default: {statusCode: 200}}}}, options: *a}}, securityDefinitions: {api_key: {type: apiKey, \
                name: x-api-key, in: header}}}";
    let template = format!(
        "Resources:\n  Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: s, {of_api}, {body}}}}}\n  \
         Guard: {{Type: AWS::Serverless::Function, Properties: {{Events: {{E: {{Type: Api, Properties: {{\
         RestApiId: !Ref Api, Path: /a, Method: GET, {event}}}}}}}}}}}\n"
    );
    let settings = "apiId: a\naccountId: \"111122223333\"\nendpoints: {functions: {'*': \"http://127.0.0.1:9000\"}}\n";
    let checked = read(&template, settings);
    assert_eq!(errors(&checked), Vec::<&str>::new(), "{template}");
    let mut found: Vec<String> = rest_api(&checked)
        .methods()
        .map(|(_, method)| {
            let key = method.api_key_required.is_some();
            format!("{} {key} {:?}", method.http_method, method.authorization)
        })
        .collect();
    found.sort();
    found
}

/// Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-apifunctionauth.html>
#[test]
fn an_event_overrides_what_the_body_says() {
    let auth = "Auth: {Authorizers: {Guard: {FunctionArn: !GetAtt Guard.Arn}}}";
    let of = |event: &str| demands(auth, event).remove(0);
    let own = of("Auth: {Authorizer: Guard}");
    assert_eq!(own, "GET true None", "without OverrideApiAuth the body stands");
    let guarded = of("Auth: {Authorizer: Guard, OverrideApiAuth: true}");
    assert!(guarded.starts_with("GET false ") && guarded.contains("Guard"), "{guarded}");
    let both = of("Auth: {Authorizer: AWS_IAM, ApiKeyRequired: true, OverrideApiAuth: true}");
    assert!(both.starts_with("GET true AwsIam"), "{both}");
    let open = demands(
        "Auth: {DefaultAuthorizer: Guard, Authorizers: {Guard: {FunctionArn: !GetAtt Guard.Arn}}}",
        "Auth: {Authorizer: NONE, OverrideApiAuth: true}",
    );
    assert_eq!(open[0], "GET false None");
    assert!(open[1].contains("Guard"), "{open:?}");
}

#[test]
fn preflights_of_a_body_need_the_key_as_well() {
    let event = "Auth: {}";
    assert!(demands("Auth: {ApiKeyRequired: true}", event).iter().all(|method| method.contains(" true ")));
}

#[test]
fn an_override_for_no_method_is_an_error() {
    let template = "Resources:\n  Api: {Type: AWS::Serverless::Api, Properties: {StageName: s, DefinitionBody: {openapi: 3.0.1, \
                    info: {title: t}, paths: {}}}}\n  F: {Type: AWS::Serverless::Function, Properties: {Events: {E: {Type: Api, \
                    Properties: {RestApiId: !Ref Api, Path: /a, Method: any, Auth: {Authorizer: AWS_IAM, OverrideApiAuth: true}}}}}}\n";
    let checked = read(template, "apiId: a\n");
    let errors = errors(&checked);
    let expected = "the API's body has no x-amazon-apigateway-any-method /a";
    assert!(errors.iter().any(|error| error.contains(expected)), "{errors:?}");
}

/// What tells entries of a cache apart, and the origin of preflights, which is anyone where none is given.
#[test]
fn cached_parameters_and_cors_without_an_origin() {
    let template = "Resources:\n  Api: {Type: AWS::Serverless::Api, Properties: {StageName: s, Cors: {MaxAge: \"'5'\"}}}\n  \
                    F: {Type: AWS::Serverless::Function, Properties: {FunctionName: f, Events: {E: {Type: Api, Properties: {\
                    RestApiId: !Ref Api, Path: /a, Method: get, RequestParameters: [\
                    {method.request.querystring.kind: {Required: true, Caching: true}}, \
                    {method.request.header.X-A: {Caching: false}}]}}}}}\n";
    let checked = read(
        template,
        "apiId: a\naccountId: \"111122223333\"\nendpoints: {functions: {f: \"http://127.0.0.1:9000\"}}\n",
    );
    assert_eq!(errors(&checked), Vec::<&str>::new());
    let api = rest_api(&checked);
    for (_, method) in api.methods() {
        let integration = method.integration.as_ref().unwrap();
        if method.http_method.as_str() == "GET" {
            let keys: Vec<&str> = integration.cache_key_parameters.iter().map(|key| key.as_str()).collect();
            assert_eq!(keys, ["method.request.querystring.kind"]);
        } else {
            let headers = &integration.responses[0].response_parameters;
            assert_eq!(headers["method.response.header.Access-Control-Allow-Origin"].value, "'*'");
        }
    }
}

/// Whatever an export or a copy has left in its body.
#[test]
fn the_resource_says_what_kind_of_api_it_is() {
    let integration = "x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: \"http://127.0.0.1:9000/\", \
                       payloadFormatVersion: '1.0', passthroughBehavior: when_no_match}";
    let body = format!("{{openapi: 3.0.1, info: {{title: t}}, paths: {{/a: {{get: {{{integration}}}}}}}}}");
    for (kind, properties, is_rest) in [
        ("AWS::Serverless::Api", format!("StageName: s, DefinitionBody: {body}"), true),
        ("AWS::ApiGateway::RestApi", format!("Body: {body}"), true),
        ("AWS::ApiGatewayV2::Api", format!("Body: {body}"), false),
        ("AWS::Serverless::HttpApi", format!("DefinitionBody: {body}"), false),
    ] {
        let checked =
            read(&format!("Resources:\n  Api: {{Type: {kind}, Properties: {{{properties}}}}}\n"), "apiId: a\n");
        let found = matches!(checked.definitions.as_slice(), [apigw::openapi::Definition::Rest(_)]);
        assert_eq!(found, is_rest, "{kind}");
    }
}

#[test]
fn a_definition_beside_the_template_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("api.yaml"),
        "openapi: 3.0.1\ninfo: {title: !Ref AWS::Region}\npaths:\n  /a:\n    get:\n      x-amazon-apigateway-integration: \
         {type: mock, requestTemplates: {application/json: '{\"statusCode\": 200}'}, responses: {default: {statusCode: 200}}}\n",
    )
    .unwrap();
    for body in [
        "DefinitionUri: api.yaml",
        "DefinitionBody: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: api.yaml}}}",
    ] {
        let template = folder.path().join("template.yaml");
        let text = format!("Resources:\n  Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: s, {body}}}}}\n");
        std::fs::write(&template, text).unwrap();
        let checked = check(vec![Input::from_file(&template)], None, &Options::default());
        assert_eq!(errors(&checked), Vec::<&str>::new(), "{body}");
        assert_eq!(rest_api(&checked).name.as_deref(), Some("us-east-1"));
        assert_eq!(checked.included, [folder.path().join("api.yaml")]);
    }
}

#[test]
fn events_of_state_machines_start_them() {
    let template = |event: &str| {
        format!(
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  Machine:\n    Type: AWS::Serverless::StateMachine\n    \
             Properties:\n      Name: orders\n      DefinitionUri: orders.asl.json\n      Events:\n        \
             Start: {{Type: Api, Properties: {{Path: /orders, Method: post{event}}}}}\n        \
             Timer: {{Type: Schedule, Properties: {{Schedule: rate(1 day)}}}}\n"
        )
    };
    let settings = "apiId: a\naccountId: \"111122223333\"\nregion: eu-west-1\nendpoints: {services: {states: {url: \"http://127.0.0.1:9000\"}}}\n";
    let checked = read(&template(""), settings);
    assert_eq!(errors(&checked), Vec::<&str>::new());
    let (resource, method) = rest_api(&checked).methods().next().unwrap();
    let integration = method.integration.as_ref().unwrap();
    assert_eq!((resource.path.as_str(), method.http_method.as_str()), ("/orders", "POST"));
    assert_eq!(integration.uri.as_ref().unwrap().value, "arn:aws:apigateway:eu-west-1:states:action/StartExecution");
    let template_of_requests = integration.request_templates.values().next().unwrap();
    assert!(template_of_requests.contains("arn:aws:states:eu-west-1:111122223333:stateMachine:orders"));
    let unescaped = read(&template(", UnescapeMappingTemplate: true"), settings);
    assert_eq!(errors(&unescaped), Vec::<&str>::new());
    let (_, method) = rest_api(&unescaped).methods().next().unwrap();
    let template_of_requests = method.integration.as_ref().unwrap().request_templates.values().next().unwrap();
    assert!(template_of_requests.contains(r#".replaceAll("\\'","'")"#));
    let guarded = read(&template(", Auth: {Authorizer: Nobody}"), settings);
    assert!(errors(&guarded).iter().any(|error| error.contains("the API has no authorizer `Nobody`")));
}

/// The last line of a template of a megabyte is still the one that is named.
#[test]
fn a_large_template() {
    let method = |number: usize| {
        format!(
            "  Resource{number}: {{Type: AWS::ApiGateway::Resource, Properties: {{RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: path{number}}}}}\n  \
             Method{number}: {{Type: AWS::ApiGateway::Method, Properties: {{RestApiId: !Ref Api, ResourceId: !Ref Resource{number}, HttpMethod: GET, AuthorizationType: NONE, Integration: {{Type: MOCK}}}}}}\n"
        )
    };
    let methods: String = (0..3300).map(method).collect();
    let template = format!(
        "Resources:\n  Api: {{Type: AWS::ApiGateway::RestApi, Properties: {{Name: large}}}}\n{methods}  Last: {{Type: AWS::ApiGateway::Methot}}\n"
    );
    assert!(template.len() > 1_000_000, "{}", template.len());
    let checked = read(&template, "");
    assert_eq!(rest_api(&checked).methods().count(), 3300);
    let found = checked.report().render(Colour::Never);
    assert!(
        found.contains(":6603:16: error: Resources.Last.Type: unknown type `AWS::ApiGateway::Methot`"),
        "{found:.500}"
    );
}

#[test]
fn canaries_of_stages_and_deployments() {
    let with = |resources: &str, settings: &str| {
        let template = format!(
            "Resources:\n  Api: {{Type: AWS::ApiGateway::RestApi, Properties: {{Name: a}}}}\n  \
             Old: {{Type: AWS::ApiGateway::Deployment, Properties: {{RestApiId: !Ref Api}}}}\n{resources}"
        );
        read(&template, settings)
    };
    let stage = "  Stage: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, DeploymentId: !Ref Old, StageName: prod";
    let canary = "  New: {Type: AWS::ApiGateway::Deployment, Properties: {RestApiId: !Ref Api, StageName: prod, DeploymentCanarySettings: {PercentTraffic: 10, StageVariableOverrides: {a: b}}}}\n";
    let told = "the canary runs the same definition as its stage";
    let warns = |checked: &Checked| checked.diagnostics.items().iter().any(|item| item.message.starts_with(told));
    for resources in [format!("{stage}}}}}\n{canary}"), canary.to_owned()] {
        let checked = with(&resources, "apiId: a\n");
        assert_eq!(errors(&checked), Vec::<&str>::new());
        assert!(warns(&checked) && checked.further.is_empty());
        let found = checked.settings.stage.canary.as_ref().unwrap();
        assert_eq!(found.percent_traffic.map(|part| part.value), Some(10.0));
        assert_eq!(found.stage_variable_overrides.get("a").unwrap().as_str(), "b");
        assert!(!checked.settings.stage.shares_cache());
    }
    let same = format!("{stage}, CanarySetting: {{DeploymentId: !Ref Old, PercentTraffic: 1}}}}}}\n");
    let checked = with(&same, "apiId: a\n");
    assert!(!warns(&checked) && checked.settings.stage.shares_cache());
    // The file that the settings name goes with what the template says.
    let checked = with(&format!("{stage}}}}}\n{canary}"), "stage: {canarySettings: {percentTraffic: 20}}\n");
    let found = checked.settings.stage.canary.as_ref().unwrap();
    assert_eq!((found.percent_traffic.map(|part| part.value), found.stage_variable_overrides.len()), (Some(20.0), 1));
    let both = format!("{}{canary}", same.replace("Old, PercentTraffic", "Api, PercentTraffic"));
    assert!(errors(&with(&both, "apiId: a\n")).contains(&"the stage has a canary already"));
    let nameless = canary.replace("StageName: prod, ", "");
    assert!(errors(&with(&nameless, "apiId: a\n"))[0].contains("the field `StageName` is missing"));
}

#[test]
fn a_policy_of_sam_stands_at_the_api_or_in_its_auth() {
    let with = |auth: &str| {
        let policy = "{Version: '2012-10-17', Statement: [{Effect: Deny, Principal: '*', Action: 'execute-api:Invoke', Resource: 'execute-api:/*'}]}";
        let body = "{openapi: 3.0.1, info: {title: a, version: '1'}, paths: {/: {get: {responses: {}, x-amazon-apigateway-integration: {type: mock}}}}}";
        let template = format!(
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: prod, Policy: {policy}, DefinitionBody: {body}{auth}}}}}\n"
        );
        read(&template, "apiId: a\n")
    };
    let checked = with("");
    assert_eq!(errors(&checked), Vec::<&str>::new());
    assert!(rest_api(&checked).policy.is_some());
    let both = with(", Auth: {ResourcePolicy: {CustomStatements: []}}");
    assert!(errors(&both).contains(&"there is a policy in `Auth` as well: give one of them"), "{:?}", errors(&both));
}
