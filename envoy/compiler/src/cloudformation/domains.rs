//! Custom domains of a template and what is mounted on them, as the settings have them.
//!
//! Sources: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-domainname.html>,
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-domainname.html>

use super::{Environment, Resource, Template};
use crate::read::{Fields, Reader, one_of};
use crate::settings::{DomainName, Mapping, base_path, read_domain_name, read_security_policy};
use crate::source::{Node, Span, Spanned};

/// Types of domains.
const DOMAINS: [&str; 3] = ["AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName", PRIVATE_DOMAIN];
const PRIVATE_DOMAIN: &str = "AWS::ApiGateway::DomainNameV2";
/// Types of mappings, each with its properties for domain, API and path.
const MAPPINGS: [(&str, [&str; 3]); 3] = [
    ("AWS::ApiGateway::BasePathMapping", ["DomainName", "RestApiId", "BasePath"]),
    ("AWS::ApiGateway::BasePathMappingV2", ["DomainNameArn", "RestApiId", "BasePath"]),
    (API_MAPPING, ["DomainName", "ApiId", "ApiMappingKey"]),
];
const API_MAPPING: &str = "AWS::ApiGatewayV2::ApiMapping";
/// Types of APIs and of stages, each with the property that names the API.
const APIS: [&str; 2] = ["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"];
const STAGES: [(&str, &str); 3] = [
    ("AWS::ApiGateway::Stage", "RestApiId"),
    ("AWS::ApiGateway::Deployment", "RestApiId"),
    ("AWS::ApiGatewayV2::Stage", "ApiId"),
];

/// What a template says of custom domains.
#[derive(Clone, Debug, Default)]
pub struct Domains {
    /// The domains, without mappings.
    pub domains: Vec<TemplateDomain>,
    /// The mappings, of these domains or others.
    pub mappings: Vec<TemplateMapping>,
}

/// A domain of a template.
#[derive(Clone, Debug)]
pub struct TemplateDomain {
    /// The domain.
    pub domain: DomainName,
    /// Whether an API of SAM has it: several of them may have the same one.
    pub is_of_sam: bool,
    /// Where a policy of its own stands that says who reaches it.
    pub policy: Option<Span>,
}

/// A mapping of a template.
#[derive(Clone, Debug)]
pub struct TemplateMapping {
    /// The domain, in lower case.
    pub domain_name: Spanned<String>,
    /// What is mounted.
    pub mapping: Mapping,
    /// Whether the API is in the same template.
    pub is_of_template: bool,
}

/// Whether a resource says on its own whose API it is for: it may be another template's.
pub fn is_mapping(resource: &Resource) -> bool {
    MAPPINGS.iter().any(|(kind, _)| *kind == *resource.kind)
}

/// Reads the domains and mappings of a template.
pub fn read<'t>(reader: &mut Reader<'t>, template: &'t Template, environment: &Environment) -> Domains {
    let mut found = Domains::default();
    for (id, resource) in &template.resources {
        if DOMAINS.contains(&resource.kind.as_str()) {
            found.domains.extend(read_domain(reader, id, resource));
        } else if let Some((_, properties)) = MAPPINGS.iter().find(|(kind, _)| *kind == *resource.kind) {
            found.mappings.extend(read_mapping(reader, template, environment, resource, properties));
        } else if *resource.kind == "AWS::ApiGatewayV2::RoutingRule" {
            reader.error(resource.kind.span, "routing rules are not supported: give mappings of base paths");
        }
    }
    found
}

fn read_domain<'t>(reader: &mut Reader<'t>, id: &str, resource: &'t Resource) -> Option<TemplateDomain> {
    let mut fields = reader.fields(&resource.properties)?;
    fields.ignore(&["EndpointAccessMode", "OwnershipVerificationCertificateArn", "Tags"]);
    let domain_name = fields.required(reader, "DomainName").and_then(|node| read_domain_name(reader, node));
    let mut certificate = fields.take("RegionalCertificateArn").or(fields.take("CertificateArn"));
    let mut policy = fields.take("SecurityPolicy");
    if let Some(node) = fields.take("EndpointConfiguration")
        && let Some(mut endpoint) = reader.fields(node)
    {
        endpoint.ignore(&["IpAddressType", "Type", "Types"]);
        endpoint.finish(reader);
    }
    for node in fields.take("DomainNameConfigurations").map(|node| reader.list(node)).unwrap_or_default() {
        let Some(mut of_endpoint) = reader.fields(node) else { continue };
        of_endpoint.ignore(&[
            "CertificateName",
            "EndpointType",
            "IpAddressType",
            "OwnershipVerificationCertificateArn",
        ]);
        certificate = certificate.or(of_endpoint.take("CertificateArn"));
        policy = policy.or(of_endpoint.take("SecurityPolicy"));
        of_endpoint.finish(reader);
    }
    if let Some(node) = fields.take("RoutingMode").filter(|node| node.as_str() != Some("API_MAPPING_ONLY")) {
        reader.error(node.span, "routing rules are not supported, expected `API_MAPPING_ONLY`");
    }
    let certificate_arn = certificate.and_then(|node| reader.filled(node));
    let security_policy = policy.and_then(|node| read_security_policy(reader, node));
    let truststore = fields.take("MutualTlsAuthentication").and_then(|node| read_truststore(reader, node));
    let policy = fields.take("Policy").map(|node| node.span);
    let policy = policy.or((*resource.kind == PRIVATE_DOMAIN).then_some(resource.span));
    fields.finish(reader);
    Some(TemplateDomain {
        domain: DomainName {
            domain_name: domain_name?,
            mappings: Vec::new(),
            certificate_arn,
            certificate: None,
            truststore,
            security_policy,
        },
        // SAM's own resources have names that no resource of a template can have.
        is_of_sam: id.contains('.'),
        policy,
    })
}

/// `MutualTlsAuthentication`. Whatever it says, the domain is not open.
fn read_truststore<'t>(reader: &mut Reader<'t>, node: &'t Node) -> Option<Spanned<String>> {
    let mut fields: Fields<'t> = reader.fields(node)?;
    fields.ignore(&["TruststoreVersion"]);
    let uri = fields.required(reader, "TruststoreUri").and_then(|node| reader.text(node));
    fields.finish(reader);
    if let Some(uri) = uri.as_ref().filter(|uri| !uri.starts_with("s3://")) {
        reader.error(uri.span, format!("found `{}`, expected the URI of a truststore, `s3://BUCKET/KEY`", **uri));
    }
    uri
}

fn read_mapping<'t>(
    reader: &mut Reader<'t>,
    template: &'t Template,
    environment: &Environment,
    resource: &'t Resource,
    [domain, api, path]: &[&'static str; 3],
) -> Option<TemplateMapping> {
    let mut fields = reader.fields(&resource.properties)?;
    let domain = fields.required(reader, domain)?;
    // A private domain's ARN ends with its name and its id.
    let text = domain.as_str().and_then(|text| text.rsplit_once("/domainnames/"));
    let name = text.map(|(_, name)| Node::string(domain.span, name.split('+').next().unwrap_or(name)));
    let domain_name = read_domain_name(reader, name.as_ref().unwrap_or(domain));
    let api = fields.required(reader, api).and_then(|node| reader.filled(node));
    let path = fields.take(path).and_then(|node| reader.text(node)).map(|path| base_path(reader, &path));
    let is_api_mapping = *resource.kind == API_MAPPING;
    let stage = if is_api_mapping { fields.required(reader, "Stage") } else { fields.take("Stage") };
    let stage = stage.and_then(|node| reader.filled(node));
    fields.finish(reader);
    let mut api_id = api?;
    let base_path = path.unwrap_or_default();
    if !is_api_mapping && base_path.matches('/').count() > 1 {
        let text = "a base path of several segments is for `AWS::ApiGatewayV2::ApiMapping`";
        reader.error(resource.span, text);
    }
    let is_of_template = template.resources.get(&*api_id).is_some_and(|found| APIS.contains(&found.kind.as_str()));
    if is_of_template {
        check_stage(reader, template, &api_id, stage.as_ref());
        if let Some(id) = &environment.api_id {
            api_id.value.clone_from(id);
        }
    }
    let mapping = Mapping { base_path, api_id, stage };
    Some(TemplateMapping { domain_name: domain_name?, mapping, is_of_template })
}

/// An API that has stages in the template has the one that a mapping names.
fn check_stage(reader: &mut Reader<'_>, template: &Template, api: &str, stage: Option<&Spanned<String>>) {
    let of_api = STAGES.iter().flat_map(|(kind, property)| {
        let of_kind = template.of_type(kind).map(|(_, resource)| resource);
        of_kind.filter(|resource| resource.text(property).is_some_and(|id| *id == api))
    });
    let names: Vec<String> = of_api.filter_map(|stage| stage.text("StageName")).map(|name| name.value).collect();
    let Some(stage) = stage.filter(|stage| !names.is_empty() && !names.contains(stage)) else { return };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    reader.error(stage.span, format!("the API `{api}` has no stage `{}`, it has {}", **stage, one_of(&names)));
}
