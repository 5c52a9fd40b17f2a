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
    /// PEM file with the authorities of the certificates that clients must show; absent: they need none.
    pub truststore: Option<Spanned<String>>,
}

/// A base path of a custom domain, and the stage behind it.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// `/pets/v1`, or empty: all paths that no other mapping has.
    pub base_path: String,
    /// The API.
    pub api_id: Spanned<String>,
    /// Its stage.
    pub stage: Spanned<String>,
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

/// A host name: letters, digits, `-` and dots.
pub fn read_host<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Spanned<String>> {
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
        "certificateArn",
        "certificateName",
        "certificateUploadDate",
        "distributionDomainName",
        "distributionHostedZoneId",
        "domainNameArn",
        "domainNameConfigurations",
        "domainNameId",
        "domainNameStatus",
        "endpointConfiguration",
        "regionalCertificateArn",
        "regionalCertificateName",
        "regionalDomainName",
        "regionalHostedZoneId",
        "securityPolicy",
        "tags",
    ]);
    let name = fields.required(reader, "domainName").and_then(|node| read_host(reader, node));
    let truststore = fields.take("mutualTlsAuthentication").and_then(|node| read_truststore(reader, node));
    let mut mappings = Vec::new();
    for field in ["basePathMappings", "apiMappings"] {
        let items = fields.take(field).map(|node| reader.list(node)).unwrap_or_default();
        mappings.extend(items.iter().filter_map(|item| read_mapping(reader, item)));
    }
    fields.finish(reader);
    let mut paths = BTreeSet::new();
    for mapping in &mappings {
        if !paths.insert(mapping.base_path.as_str()) {
            reader.error(mapping.api_id.span, format!("there is another mapping of `{}`", mapping.base_path));
        }
    }
    Some(DomainName { domain_name: name?, mappings, truststore })
}

/// `mutualTlsAuthentication`: where the authorities of client certificates are.
fn read_truststore<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Spanned<String>> {
    let mut fields = reader.fields(node)?;
    fields.ignore(&["truststoreVersion", "truststoreWarnings"]);
    let uri = fields.required(reader, "truststoreUri").and_then(|node| reader.filled(node));
    fields.finish(reader);
    let uri = uri?;
    if uri.contains("://") {
        reader.error(uri.span, format!("found `{}`, expected a PEM file: fetch it", *uri));
        return None;
    }
    Some(uri)
}

fn read_mapping<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Mapping> {
    let mut fields = reader.fields(node)?;
    fields.ignore(&["apiMappingId"]);
    let path = fields.take("basePath").or(fields.take("apiMappingKey")).and_then(|node| reader.text(node));
    let api = fields.take("restApiId").or(fields.take("apiId"));
    if api.is_none() {
        reader.error(node.span, "the field `restApiId` is missing");
    }
    let api_id = api.and_then(|node| reader.filled(node));
    let stage = fields.required(reader, "stage").and_then(|node| reader.filled(node));
    fields.finish(reader);
    let mut base_path = String::new();
    if let Some(path) = path.filter(|path| !path.is_empty() && **path != NONE) {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"$-_.+!*'()/".contains(&byte);
        let trimmed = path.trim_matches('/');
        if path.len() > MAX_BASE_PATH || !path.bytes().all(fits) || trimmed.split('/').any(str::is_empty) {
            let text =
                format!("found `{}`, expected letters, digits and `$-_.+!*'()/`, at most {MAX_BASE_PATH}", *path);
            reader.error(path.span, text);
        }
        base_path = format!("/{trimmed}");
    }
    Some(Mapping { base_path, api_id: api_id?, stage: stage? })
}
