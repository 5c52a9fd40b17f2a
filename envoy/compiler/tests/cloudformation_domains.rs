//! Custom domains of templates: what is mounted where, and what is refused.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use apigw::check::{Checked, Input, Options, check};
use apigw::diagnostics::{Colour, Severity};
use apigw::settings::DomainName;

/// A REST API with a stage, and an HTTP API at its default stage.
const APIS: &str = "  Pets: {Type: AWS::ApiGateway::RestApi, Properties: {Name: pets}}
  Get: {Type: AWS::ApiGateway::Method, Properties: {RestApiId: !Ref Pets, ResourceId: !GetAtt Pets.RootResourceId, HttpMethod: GET, AuthorizationType: NONE, Integration: {Type: MOCK, RequestTemplates: {application/json: '{\"statusCode\": 200}'}, IntegrationResponses: [{StatusCode: 200}]}, MethodResponses: [{StatusCode: 200}]}}
  Deployment: {Type: AWS::ApiGateway::Deployment, Properties: {RestApiId: !Ref Pets}}
  Prod: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Pets, DeploymentId: !Ref Deployment, StageName: prod}}
  Shop: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: shop, ProtocolType: HTTP, Target: \"http://backend.example/\"}}
  Default: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Shop, StageName: $default}}
";
const DOMAIN: &str = "  Domain: {Type: AWS::ApiGateway::DomainName, Properties: {DomainName: API.example.com, RegionalCertificateArn: arn:c}}\n";

fn read_with(resources: &str, settings: &str) -> Checked {
    let template = format!("Transform: AWS::Serverless-2016-10-31\nResources:\n{resources}");
    let input = |name: &str, text: &str| Input { name: name.to_owned(), content: Ok(text.as_bytes().to_vec()) };
    check(vec![input("template.yaml", &template)], Some(input("settings.yaml", settings)), &Options::default())
}

fn read(resources: &str) -> Checked {
    read_with(&format!("{APIS}{DOMAIN}{resources}"), "{}")
}

fn messages(checked: &Checked, severity: Severity) -> Vec<&str> {
    let items = checked.diagnostics.items().iter();
    items.filter(|item| item.severity == severity).map(|item| item.message.as_str()).collect()
}

#[track_caller]
fn domains(checked: &Checked) -> &[DomainName] {
    assert!(!checked.has_errors(), "{}", checked.report().render(Colour::Never));
    &checked.settings.domain_names
}

/// Path, API and stage of each mapping.
#[track_caller]
fn mappings(checked: &Checked) -> Vec<(&str, &str, &str)> {
    let [domain] = domains(checked) else { panic!("{} domains", checked.settings.domain_names.len()) };
    domain
        .mappings
        .iter()
        .map(|mapping| {
            let stage = mapping.stage.as_ref().map_or("", |stage| stage.as_str());
            (mapping.base_path.as_str(), mapping.api_id.as_str(), stage)
        })
        .collect()
}

#[track_caller]
fn refuses(checked: &Checked, place: &str, expected: &str) {
    let report = checked.report().render(Colour::Never);
    let found = report.lines().any(|line| line.starts_with(place) && line.contains("error") && line.contains(expected));
    assert!(found, "{report}");
}

fn mapping(properties: &str) -> String {
    format!("  Mapping: {{Type: AWS::ApiGateway::BasePathMapping, Properties: {{{properties}}}}}\n")
}

#[test]
fn mappings_of_several_apis() {
    let checked = read(&format!(
        "{}{}{}",
        mapping("DomainName: !Ref Domain, RestApiId: !Ref Pets, Stage: !Ref Prod, BasePath: (none)"),
        "  Any: {Type: AWS::ApiGateway::BasePathMapping, Properties: {DomainName: api.example.com, RestApiId: !Ref Pets, BasePath: any}}\n",
        "  V2: {Type: AWS::ApiGatewayV2::ApiMapping, Properties: {DomainName: !Ref Domain, ApiId: !Ref Shop, Stage: !Ref Default, ApiMappingKey: shop/v2}}\n",
    ));
    assert_eq!(mappings(&checked), [("", "Pets", "prod"), ("/any", "Pets", ""), ("/shop/v2", "Shop", "$default")]);
    assert_eq!(*domains(&checked)[0].domain_name, "api.example.com");
    assert_eq!(messages(&checked, Severity::Warning).len(), 1, "of the certificate");
}

#[test]
fn domains_of_sam() {
    let sam = |domain: &str| {
        read_with(
            &format!(
                "  Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: Prod, Domain: {{CertificateArn: a, {domain}}}, DefinitionBody: {{openapi: 3.0.1, info: {{title: a, version: '1'}}, paths: {{/: {{get: {{responses: {{}}, x-amazon-apigateway-integration: {{type: mock}}}}}}}}}}}}}}\n"
            ),
            "{apiId: pets}",
        )
    };
    assert_eq!(mappings(&sam("DomainName: a.example")), [("", "pets", "Prod")]);
    let both = [("/onea", "pets", "Prod"), ("/two", "pets", "Prod")];
    assert_eq!(mappings(&sam("DomainName: a.example, BasePath: [/one-a, two]")), both);
    let as_written = sam("DomainName: a.example, BasePath: one-a, NormalizeBasePath: false");
    assert_eq!(mappings(&as_written), [("/one-a", "pets", "Prod")]);
    let dns = sam("DomainName: a.example, Route53: {HostedZoneId: z}");
    assert!(messages(&dns, Severity::Warning).iter().any(|text| text.starts_with("no DNS record")));
    refuses(&sam("DomainName: a.example, BasePaths: [a]"), "template.yaml:3:", "unknown field `BasePaths`");
    let http = "  Api: {Type: AWS::Serverless::HttpApi, Properties: {Domain: {CertificateArn: a, DomainName: a.example, BasePath: [/v1/a-b/]}, DefinitionBody: {openapi: 3.0.1, info: {title: a, version: '1'}, paths: {/: {get: {x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: \"http://b.example/\", payloadFormatVersion: '1.0'}}}}}}}\n";
    assert_eq!(mappings(&read_with(http, "{apiId: pets}")), [("/v1/a-b", "pets", "$default")]);
}

#[test]
fn the_stage_that_sam_makes_has_a_name() {
    let body = "DefinitionBody: {openapi: 3.0.1, info: {title: a, version: '1'}, paths: {/: {get: {responses: {}, x-amazon-apigateway-integration: {type: mock}}}}}";
    let checked = read_with(
        &format!(
            "{DOMAIN}  Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: live, {body}}}}}\n{}",
            mapping("DomainName: !Ref Domain, RestApiId: !Ref Api, Stage: !Ref ApiliveStage")
        ),
        "{}",
    );
    assert_eq!(mappings(&checked), [("", "Api", "live")]);
}

#[test]
fn the_settings_go_first() {
    let settings = "{domainNames: [{domainName: api.example.com, basePathMappings: [{basePath: a, restApiId: Shop, stage: $default}]}]}";
    let with = |path: &str| {
        let one = mapping(&format!("DomainName: !Ref Domain, RestApiId: !Ref Pets, Stage: prod, BasePath: {path}"));
        read_with(&format!("{APIS}{DOMAIN}{one}"), settings)
    };
    assert_eq!(mappings(&with("a")), [("/a", "Shop", "$default")]);
    assert_eq!(mappings(&with("b")), [("/a", "Shop", "$default"), ("/b", "Pets", "prod")]);
    // A domain of another stack.
    let one = mapping("DomainName: api.example.com, RestApiId: !Ref Pets, Stage: prod, BasePath: b");
    assert_eq!(mappings(&read_with(&format!("{APIS}{one}"), settings)).len(), 2);
}

#[test]
fn what_leads_nowhere_is_refused() {
    let place = "template.yaml:10:";
    let of = |properties: &str| read(&mapping(properties));
    refuses(
        &of("DomainName: other.example.com, RestApiId: !Ref Pets, Stage: prod"),
        place,
        "there is no custom domain `other.example.com`",
    );
    refuses(
        &of("DomainName: !Ref Nothing, RestApiId: !Ref Pets"),
        place,
        "there is no parameter or resource `Nothing`",
    );
    refuses(&of("DomainName: !Ref Domain, RestApiId: stranger, Stage: prod"), place, "there is no API `stranger`");
    refuses(
        &of("DomainName: !Ref Domain, RestApiId: !Ref Pets, Stage: dev"),
        place,
        "has no stage `dev`, it has `prod`",
    );
    refuses(&of("DomainName: !Ref Domain, Stage: prod"), place, "the field `RestApiId` is missing");
    refuses(&of("DomainName: !Ref Domain, RestApiId: !Ref Pets, BasePath: 'a b'"), place, "found `a b`");
    refuses(
        &of("DomainName: !Ref Domain, RestApiId: !Ref Pets, BasePath: a/b"),
        place,
        "AWS::ApiGatewayV2::ApiMapping",
    );
    let mut twice = mapping("DomainName: !Ref Domain, RestApiId: !Ref Pets, Stage: prod, BasePath: v1");
    twice += &mapping("DomainName: !Ref Domain, RestApiId: !Ref Pets, Stage: prod, BasePath: /v1/")
        .replace("Mapping:", "Again:");
    refuses(&read(&twice), "template.yaml:11:", "there is another mapping of `/v1` on `api.example.com`");
    refuses(&read(&DOMAIN.replace("Domain:", "Other:")), place, "this domain is there already");
    refuses(
        &read(
            "  Rule: {Type: AWS::ApiGatewayV2::RoutingRule, Properties: {DomainNameArn: !Ref Domain, Priority: 1}}\n",
        ),
        place,
        "routing rules are not supported",
    );
    let private = "  Private: {Type: AWS::ApiGateway::DomainNameV2, Properties: {DomainName: p.example.com, CertificateArn: a}}\n";
    refuses(&read(private), place, "private custom domain is not enforced");
}

#[test]
fn a_stage_that_is_not_run_is_told() {
    let dev = "  Dev: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Pets, DeploymentId: !Ref Deployment, StageName: dev}}\n";
    let pets = APIS.lines().take(4).collect::<Vec<_>>().join("\n");
    let one = mapping("DomainName: !Ref Domain, RestApiId: !Ref Pets, Stage: !Ref Dev");
    let checked = read_with(&format!("{pets}\n{DOMAIN}{dev}{one}"), "{stage: {stageName: prod}}");
    assert_eq!(mappings(&checked), []);
    assert!(messages(&checked, Severity::Warning).contains(&"the stage `dev` is not run: this mapping has no effect"));
}

#[test]
fn a_domain_with_mutual_tls_is_never_open() {
    let domain = |store: &str| {
        let guarded = format!("RegionalCertificateArn: arn:c, MutualTlsAuthentication: {store}");
        let domain = DOMAIN.replace("RegionalCertificateArn: arn:c", &guarded);
        let one = mapping("DomainName: !Ref Domain, RestApiId: !Ref Pets, Stage: prod");
        format!("{APIS}{domain}{one}")
    };
    let tls = "tls: {certificateChain: l.pem, privateKey: l.key}";
    let store = "{TruststoreUri: s3://bucket/store.pem, TruststoreVersion: '1'}";
    let place = "template.yaml:9:";
    refuses(&read_with(&domain(store), "{}"), place, "mutual TLS needs TLS");
    refuses(&read_with(&domain(store), &format!("{{{tls}}}")), place, "name it as `truststores` of the settings");
    refuses(&read_with(&domain("{}"), &format!("{{{tls}}}")), place, "the field `TruststoreUri` is missing");
    refuses(
        &read_with(&domain("{TruststoreUri: ''}"), &format!("{{{tls}}}")),
        place,
        "expected the URI of a truststore",
    );
    for key in ["s3://bucket/store.pem", "api.example.com"] {
        let checked = read_with(&domain(store), &format!("{{{tls}, truststores: {{{key}: store.pem}}}}"));
        assert_eq!(domains(&checked)[0].truststore.as_ref().unwrap().as_str(), "store.pem");
    }
    // A domain of the settings stays guarded by what the template says.
    let settings = format!("{{{tls}, domainNames: [{{domainName: api.example.com}}]}}");
    refuses(&read_with(&domain(store), &settings), place, "name it as `truststores` of the settings");
}

#[test]
fn files_of_certificates() {
    let one = mapping("DomainName: !Ref Domain, RestApiId: !Ref Pets, Stage: prod");
    let with = |settings: &str| read_with(&format!("{APIS}{DOMAIN}{one}"), &format!("{{{settings}}}"));
    let tls = "tls: {certificateChain: l.pem, privateKey: l.key}";
    for key in ["arn:c", "api.example.com"] {
        let files = format!("certificates: {{\"{key}\": {{certificateChain: a.pem, privateKey: a.key}}}}");
        let checked = with(&format!("{tls}, {files}"));
        assert_eq!(domains(&checked)[0].certificate.as_ref().unwrap().certificate_chain.as_str(), "a.pem");
        refuses(&with(&files), "settings.yaml:1:", "certificates of domains need TLS");
    }
    let told = |checked: &Checked, text: &str| {
        assert!(messages(checked, Severity::Warning).iter().any(|found| found.contains(text)));
    };
    told(&with(tls), "`api.example.com` shows the listener's certificate");
    told(&with(""), "`api.example.com` is served without TLS");
}

#[test]
fn an_api_without_its_own_endpoint_needs_a_mapping() {
    let apis = APIS.replace("Name: pets", "Name: pets, DisableExecuteApiEndpoint: true");
    let one = mapping("DomainName: !Ref Domain, RestApiId: !Ref Pets, Stage: prod");
    refuses(
        &read_with(&format!("{apis}{DOMAIN}"), "{}"),
        "template.yaml:3:",
        "the execute-api endpoint is switched off",
    );
    assert_eq!(mappings(&read_with(&format!("{apis}{DOMAIN}{one}"), "{}")), [("", "Pets", "prod")]);
}

#[test]
fn all_stages_of_an_api_are_served() {
    let dev = "  Dev: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Pets, DeploymentId: !Ref Deployment, StageName: dev}}\n";
    let names = |settings: &str| {
        let checked = read_with(&format!("{APIS}{dev}"), settings);
        assert!(!checked.has_errors(), "{}", checked.report().render(Colour::Never));
        let further = checked.further.iter().map(|stage| stage.stage_name.clone());
        std::iter::once(checked.stage_name.clone()).chain(further).collect::<Vec<_>>()
    };
    // The API of that place goes first, as with one stage each.
    assert_eq!(names("{}"), ["prod", "dev", "$default"]);
    assert_eq!(names("{stage: {stageName: dev}}"), ["dev", "dev"]);
}
