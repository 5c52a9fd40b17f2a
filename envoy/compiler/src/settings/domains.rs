//! Custom domains, as `get-domain-name` and `get-base-path-mappings` (or `get-api-mappings`) print them.
//!
//! ```yaml
//! domainNames:
//!   - domainName: api.example.com
//!     basePathMappings:
//!       - {basePath: pets, restApiId: a1b2c3d4e5, stage: prod}
//!       - {basePath: (none), restApiId: f6g7h8i9j0, stage: prod}
//! ```
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html>

use std::collections::BTreeSet;

use super::certificates::Certificate;
use super::tls::{SecurityPolicy, read_security_policy};
use crate::read::Reader;
use crate::source::{Node, Spanned};

/// Longest base path. [API Gateway quotas]
const MAX_BASE_PATH: usize = 300;
/// What an empty base path is printed as.
const NONE: &str = "(none)";

/// A custom domain.
#[derive(Clone, Debug)]
pub struct DomainName {
    /// The host name, in lower case.
    pub domain_name: Spanned<String>,
    /// What is reached below it.
    pub mappings: Vec<Mapping>,
    /// ARN of its certificate.
    pub certificate_arn: Option<Spanned<String>>,
    /// Files of its certificate, once they are found; absent: the listener's own is shown.
    pub certificate: Option<Certificate>,
    /// The authorities of the certificates that clients must show: a PEM file, or what `truststores` has one for;
    /// absent: clients need none.
    pub truststore: Option<Spanned<String>>,
    /// The least version of TLS; absent: the listener's.
    pub security_policy: Option<Spanned<SecurityPolicy>>,
}

/// A base path of a custom domain, and the stage behind it.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// `/pets/v1`, or empty: all paths that no other mapping has.
    pub base_path: String,
    /// The API.
    pub api_id: Spanned<String>,
    /// Its stage; absent: the stage's name stands in the path behind the base path, of every stage.
    pub stage: Option<Spanned<String>>,
}

impl Mapping {
    /// The path before the resources of a stage that it leads to; `None`: it leads to another API or stage.
    pub fn path_of(&self, api_id: &str, stage: &str) -> Option<String> {
        if *self.api_id != api_id {
            return None;
        }
        match &self.stage {
            Some(own) => (**own == stage).then(|| self.base_path.clone()),
            None => Some(format!("{}/{stage}", self.base_path)),
        }
    }
}

/// Reads `domainNames`.
pub fn read<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Vec<DomainName> {
    let mut names = BTreeSet::new();
    let domains = reader.list(node).iter().filter_map(|item| read_domain(reader, item)).collect::<Vec<_>>();
    for domain in &domains {
        if !names.insert(domain.domain_name.as_str()) {
            reader.error(domain.domain_name.span, "this domain is there already");
        }
    }
    domains
}

/// The name of a custom domain: a host name, or `*.` and one for all names below it.
pub fn read_domain_name(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<String>> {
    match node.as_str().and_then(|text| text.strip_prefix("*.")) {
        Some(parent) => Some(read_host(reader, &Node::string(node.span, parent))?.map(|parent| format!("*.{parent}"))),
        None => read_host(reader, node),
    }
}

/// A host name: letters, digits, `-` and dots.
pub fn read_host(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<String>> {
    let name = reader.filled(node)?;
    let label = |label: &str| {
        let fits = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        fits && !label.is_empty() && label.len() <= 63
    };
    if name.len() > 253 || !name.split('.').all(label) {
        reader.error(name.span, format!("found `{}`, expected a host name as `api.example.com`", *name));
        return None;
    }
    Some(name.map(|name| name.to_ascii_lowercase()))
}

fn read_domain<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<DomainName> {
    let mut fields = reader.fields(node)?;
    fields.ignore(&[
        "certificateName",
        "certificateUploadDate",
        "distributionDomainName",
        "distributionHostedZoneId",
        "domainNameArn",
        "domainNameId",
        "domainNameStatus",
        "endpointAccessMode",
        "endpointConfiguration",
        "ownershipVerificationCertificateArn",
        "regionalCertificateName",
        "regionalDomainName",
        "regionalHostedZoneId",
        "tags",
    ]);
    let name = fields.required(reader, "domainName").and_then(|node| read_domain_name(reader, node));
    let mut arn = fields.take("certificateArn").or(fields.take("regionalCertificateArn"));
    let mut policy = fields.take("securityPolicy");
    // Of HTTP APIs' domains, the first one says it.
    if let Some(node) = fields.take("domainNameConfigurations").and_then(|node| reader.list(node).first()) {
        arn = arn.or(node.get("certificateArn"));
        policy = policy.or(node.get("securityPolicy"));
    }
    let certificate_arn = arn.and_then(|node| reader.filled(node));
    let security_policy = policy.and_then(|node| read_security_policy(reader, node));
    let truststore = fields.take("mutualTlsAuthentication").and_then(|node| read_truststore(reader, node));
    let mut mappings = Vec::new();
    for (field, needs_stage) in [("basePathMappings", false), ("apiMappings", true)] {
        let items = fields.take(field).map(|node| reader.list(node)).unwrap_or_default();
        mappings.extend(items.iter().filter_map(|item| read_mapping(reader, item, needs_stage)));
    }
    fields.finish(reader);
    Some(DomainName { domain_name: name?, mappings, certificate_arn, certificate: None, truststore, security_policy })
}

/// `mutualTlsAuthentication`: where the authorities of client certificates are.
fn read_truststore<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Spanned<String>> {
    let mut fields = reader.fields(node)?;
    fields.ignore(&["truststoreVersion", "truststoreWarnings"]);
    let uri = fields.required(reader, "truststoreUri").and_then(|node| reader.text(node));
    fields.finish(reader);
    if let Some(uri) = uri.as_ref().filter(|uri| uri.is_empty()) {
        reader.error(uri.span, "expected the place of a truststore: without one, all clients would come in");
    }
    uri
}

/// A mapping. Those of REST APIs may leave the stage to the path.
fn read_mapping<'d>(reader: &mut Reader<'d>, node: &'d Node, needs_stage: bool) -> Option<Mapping> {
    let mut fields = reader.fields(node)?;
    fields.ignore(&["apiMappingId"]);
    let path = fields.take("basePath").or(fields.take("apiMappingKey")).and_then(|node| reader.text(node));
    let api = fields.take("restApiId").or(fields.take("apiId"));
    if api.is_none() {
        reader.error(node.span, "the field `restApiId` is missing");
    }
    let api_id = api.and_then(|node| reader.filled(node));
    let stage = if needs_stage { fields.required(reader, "stage") } else { fields.take("stage") };
    let stage = stage.and_then(|node| reader.filled(node));
    fields.finish(reader);
    let base_path = path.map(|path| base_path(reader, &path)).unwrap_or_default();
    Some(Mapping { base_path, api_id: api_id?, stage })
}

/// A base path, `/pets/v1`; empty where it says that there is none.
pub fn base_path(reader: &mut Reader<'_>, path: &Spanned<String>) -> String {
    let trimmed = path.trim_matches('/');
    if trimmed.is_empty() || **path == NONE {
        return String::new();
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"$-_.+!*'()/".contains(&byte);
    if path.len() > MAX_BASE_PATH || !path.bytes().all(fits) || trimmed.split('/').any(str::is_empty) {
        let text = format!("found `{}`, expected letters, digits and `$-_.+!*'()/`, at most {MAX_BASE_PATH}", **path);
        reader.error(path.span, text);
    }
    format!("/{trimmed}")
}
