//! `Domain` of SAM's APIs: a custom domain, and the API's mappings on it.
//!
//! Sources: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-domainconfiguration.html>,
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-httpapi-httpapidomainconfiguration.html>

use super::copy;
use crate::cloudformation::Resource;
use crate::read::Reader;
use crate::source::{Key, Map, Node, Span, Spanned, Value};

/// What an API's `Domain` becomes.
pub(super) struct Owner<'a> {
    /// Logical id of the API.
    pub id: &'a str,
    /// Whether it is a REST API, whose base paths are made of letters and digits unless it is said otherwise.
    pub is_rest: bool,
}

impl Owner<'_> {
    /// The domain and its mappings. `stage` is the name of the API's stage.
    pub(super) fn resources<'t>(
        &self,
        reader: &mut Reader<'t>,
        node: &'t Node,
        stage: Option<&Node>,
    ) -> Vec<(String, Resource)> {
        let span = node.span;
        let Some(mut fields) = reader.fields(node) else { return Vec::new() };
        fields.ignore(&["IpAddressType", "AccessAssociation"]);
        let mut domain = Map::default();
        copy(&mut fields, &mut domain, &["MutualTlsAuthentication", "OwnershipVerificationCertificateArn"]);
        if self.is_rest {
            copy(&mut fields, &mut domain, &["EndpointAccessMode", "Policy"]);
        }
        copy(&mut fields, &mut domain, &["SecurityPolicy", "CertificateArn"]);
        if domain.get("CertificateArn").is_none() {
            reader.error(span, "the field `CertificateArn` is missing");
        }
        let endpoints = [("REGIONAL", false), ("EDGE", false), ("PRIVATE", true)];
        let endpoints = if self.is_rest { &endpoints[..] } else { &endpoints[..1] };
        let is_private =
            fields.take("EndpointConfiguration").and_then(|node| reader.choice(node, endpoints)).is_some_and(|it| *it);
        if let Some(route53) = fields.take("Route53") {
            let text = "no DNS record is made here: let the name of the domain lead to this gateway";
            reader.warning(route53.span, text);
        }
        let normalize = if self.is_rest {
            fields.take("NormalizeBasePath").and_then(|node| reader.boolean(node)).is_none_or(|flag| *flag)
        } else {
            false
        };
        let paths = match fields.take("BasePath") {
            None => Vec::new(),
            Some(node) if node.as_list().is_some() => reader.texts(node),
            Some(node) => reader.text(node).into_iter().collect(),
        };
        let name = fields.required(reader, "DomainName").cloned();
        fields.finish(reader);
        let Some(name) = name else { return Vec::new() };
        domain.set(Key::new("DomainName", name.span), name.clone());
        let paths = match paths.as_slice() {
            [] => vec![Spanned { value: String::new(), span }],
            _ => paths,
        };
        let [of_domain, of_mapping, names_domain, names_api, names_path] = match (self.is_rest, is_private) {
            (true, false) => [
                "AWS::ApiGateway::DomainName",
                "AWS::ApiGateway::BasePathMapping",
                "DomainName",
                "RestApiId",
                "BasePath",
            ],
            (true, true) => [
                "AWS::ApiGateway::DomainNameV2",
                "AWS::ApiGateway::BasePathMappingV2",
                "DomainNameArn",
                "RestApiId",
                "BasePath",
            ],
            (false, _) => [
                "AWS::ApiGatewayV2::DomainName",
                "AWS::ApiGatewayV2::ApiMapping",
                "DomainName",
                "ApiId",
                "ApiMappingKey",
            ],
        };
        let mut made = vec![(format!("{}.Domain", self.id), resource(span, of_domain, domain))];
        for (place, path) in paths.iter().enumerate() {
            let mut mapping = Map::default();
            mapping.set(Key::new(names_domain, name.span), name.clone());
            mapping.set(Key::new(names_api, span), Node::string(span, self.id));
            let text: String = path.chars().filter(|letter| !normalize || letter.is_alphanumeric()).collect();
            mapping.set(Key::new(names_path, path.span), Node::string(path.span, &text));
            if let Some(stage) = stage {
                mapping.set(Key::new("Stage", stage.span), stage.clone());
            }
            made.push((format!("{}.Mapping{place}", self.id), resource(path.span, of_mapping, mapping)));
        }
        made
    }
}

fn resource(span: Span, kind: &str, properties: Map) -> Resource {
    let kind = Spanned { value: kind.to_owned(), span };
    Resource { span, kind, arn: None, properties: Node::new(span, Value::Map(properties)) }
}
