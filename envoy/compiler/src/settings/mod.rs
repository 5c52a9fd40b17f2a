//! The settings file: what a definition cannot say, in the shapes that the AWS CLI prints.
//!
//! ```yaml
//! apiId: a1b2c3d4e5
//! stage: {stageName: prod, variables: {backend: orders}, methodSettings: {"*/*": {throttlingRateLimit: 100}}}
//! apiKeys:
//!   - {id: k1, name: acme, value: 0123456789abcdefghij, enabled: true}
//! usagePlans:
//!   - {id: p1, apiStages: [{apiId: a1b2c3d4e5, stage: prod}], throttle: {rateLimit: 10, burstLimit: 20}, keyIds: [k1]}
//! ```
//!
//! The file is read once, into typed values; a field that nobody knows, a value out of range and a name that leads
//! nowhere are errors. Fields that `aws apigateway get-…` prints and that mean nothing here (dates, tags) are accepted.

mod certificates;
mod credentials;
mod domains;
mod endpoints;
mod fleet;
mod keys;
mod method_settings;
mod plans;
mod route_settings;
mod stage;
mod tls;
mod token_issuers;
mod validate;

pub use certificates::Certificate;
pub use credentials::{Credential, read_file as read_credentials};
pub use domains::{DomainName, Mapping, base_path, read_domain_name};
pub use endpoints::{Authority, BackendUrl, Endpoints, LogSink, ServiceEndpoint};
pub use fleet::Fleet;
pub use keys::{ApiKey, MAX_KEY_LENGTH, MIN_KEY_LENGTH};
pub use method_settings::{LoggingLevel, MethodKey, MethodSettings, UnauthorizedCacheControl};
pub use plans::{ApiStage, Period, Quota, Throttle, ThrottleKey, UsagePlan};
pub use route_settings::RouteSettings;
pub use stage::{AccessLogSettings, Canary, DEFAULT_HTTP_STAGE, MAX_STAGE_NAME, Stage, is_stage_name};
pub use tls::{SecurityPolicy, Tls, read_security_policy};
pub use token_issuers::{TokenIssuer, read_key_file};

use std::net::SocketAddr;

use gateway::RawVpcEndpoint;
use gateway::policy::DenyMessages;
use indexmap::IndexMap;

use crate::diagnostics::Diagnostics;
use crate::openapi::{BasePath, ProtocolType};
use crate::read::Reader;
use crate::source::{Document, Node, Spanned};

/// More proxies in a row than anybody has.
const MAX_TRUSTED_HOPS: i64 = 20;

/// Everything that the settings file says.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The API's id in `$context`, ARNs and usage plans.
    pub api_id: Option<Spanned<String>>,
    /// The account in `$context` and ARNs, 12 digits; absent: of the definition's first ARN.
    pub account_id: Option<Spanned<String>>,
    /// The region in ARNs; absent: of the definition's first ARN.
    pub region: Option<Spanned<String>>,
    /// Values of a template's parameters (SAM, CloudFormation).
    pub parameters: IndexMap<String, Node>,
    /// Values of other stacks' exports, for a template's `Fn::ImportValue`.
    pub imports: IndexMap<String, Spanned<String>>,
    /// What an OpenAPI document describes where both could be meant.
    pub protocol_type: Option<Spanned<ProtocolType>>,
    /// What becomes of a definition's base path; absent: it is ignored.
    pub import_base_path: Option<Spanned<BasePath>>,
    /// The stage.
    pub stage: Stage,
    /// The account-level limit, as `get-account` prints it; absent: none.
    pub throttle_settings: Option<Throttle>,
    /// API keys.
    pub api_keys: Vec<ApiKey>,
    /// Usage plans.
    pub usage_plans: Vec<UsagePlan>,
    /// Who may sign requests.
    pub credentials: Vec<Credential>,
    /// Wording of refusals by a policy.
    pub deny_messages: DenyMessages,
    /// Whether a wrong signature is answered without what should have been signed.
    pub hides_canonical_string: bool,
    /// Whether every `x-amz-` header of a signed request has to be signed.
    pub strict_signed_headers: bool,
    /// The VPC endpoint that all requests have come through; absent: they come from the internet.
    pub vpc_endpoint: Option<RawVpcEndpoint>,
    /// How many proxies before this one are trusted to say in `X-Forwarded-For` where a request comes from.
    pub xff_num_trusted_hops: u32,
    /// Which part of the requests a stage samples that traces, 0 to 1; absent: X-Ray's 5 %.
    pub sampling_rate: Option<Spanned<f64>>,
    /// Where backends really are.
    pub endpoints: Endpoints,
    /// What is known of token issuers, by issuer.
    pub token_issuers: IndexMap<String, TokenIssuer>,
    /// Who may call `@connections`; absent: callers that sign.
    pub connections: Option<Spanned<ConnectionsAuthorization>>,
    /// The Envoys that serve the same WebSocket API; absent: this one alone does.
    pub fleet: Option<Fleet>,
    /// Rate limit service for a fleet; absent: this Envoy counts by itself.
    pub rate_limit_service: Option<Spanned<Authority>>,
    /// What APIs' own host names end with, `{apiId}.execute-api.{region}.{domain}`; absent: `localhost`.
    pub domain: Option<Spanned<String>>,
    /// Custom domains.
    pub domain_names: Vec<DomainName>,
    /// Files of certificates, by ARN, custom domain, or id of a client certificate.
    pub certificates: IndexMap<String, Certificate>,
    /// PEM files with authorities of client certificates, by the URI of a truststore or custom domain.
    pub truststores: IndexMap<String, Spanned<String>>,
    /// TLS of the gateway's listener; absent: none.
    pub tls: Option<Tls>,
    /// Where the usage report is offered; absent: nowhere.
    pub usage_report: Option<UsageReport>,
    /// Where operators empty the stages' caches, an address of the loopback interface; absent: nowhere.
    ///
    /// ```yaml
    /// flushStageCache: {listen: "127.0.0.1:9903"}
    /// ```
    pub flush_stage_cache: Option<Spanned<SocketAddr>>,
}

/// Who may call `@connections`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionsAuthorization {
    /// Callers that sign with one of `credentials`.
    AwsIam,
    /// Everybody: for a private network.
    None,
}

/// The usage report: `GET /usageplans/{usagePlanId}/usage?startDate=…&endDate=…`, answered as API Gateway's `GetUsage`
/// does, on an address of its own that only this machine reaches. Not part of any API, so no definition can collide
/// with it or open it.
///
/// ```yaml
/// usageReport: {listen: "127.0.0.1:9902"}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct UsageReport {
    /// The address, always of the loopback interface.
    pub listen: Spanned<SocketAddr>,
}

impl Settings {
    /// Whether clients have to show certificates, of the gateway or of one of its custom domains.
    pub fn asks_for_certificates(&self) -> bool {
        let of_gateway = self.tls.as_ref().and_then(|tls| tls.truststore.as_ref());
        of_gateway.is_some() || self.domain_names.iter().any(|domain| domain.truststore.is_some())
    }
}

/// Reads a settings document.
pub fn read(document: &Document) -> (Settings, Diagnostics) {
    let mut reader = Reader::new(document);
    let mut key_ids = Vec::new();
    let settings = match document.root() {
        Some(root) if !root.is_null() => read_root(&mut reader, root, &mut key_ids).unwrap_or_default(),
        _ => Settings::default(),
    };
    validate::validate(&mut reader, &settings, &key_ids);
    (settings, reader.diagnostics)
}

fn read_root<'d>(reader: &mut Reader<'d>, root: &'d Node, ids: &mut Vec<Spanned<String>>) -> Option<Settings> {
    let mut fields = reader.fields(root)?;
    let api_id = fields.take("apiId").and_then(|node| word(reader, node, "letters, digits, `_` and `-`", 128));
    let account_id = fields.take("accountId").and_then(|node| read_account(reader, node));
    let region = fields.take("region").and_then(|node| word(reader, node, "a region as `us-east-1`", 32));
    let protocols = [("REST", ProtocolType::Rest), ("HTTP", ProtocolType::Http)];
    let protocol_type = fields.take("protocolType").and_then(|node| reader.choice(node, &protocols));
    let parameters = fields.take("parameters").map(|node| reader.map_of(node, |_, entry| Some(entry.value.clone())));
    let imports = fields.take("imports").map(|node| reader.map_of_texts(node));
    let modes = [("ignore", BasePath::Ignore), ("prepend", BasePath::Prepend), ("split", BasePath::Split)];
    let import_base_path = fields.take("importBasePath").and_then(|node| reader.choice(node, &modes));
    let stage = fields.take("stage").and_then(|node| stage::read(reader, node));
    let throttle_settings = fields.take("throttleSettings").and_then(|node| plans::read_throttle(reader, node));
    let api_keys = fields.take("apiKeys").map(|node| keys::read(reader, node, ids));
    let usage_plans = fields.take("usagePlans").map(|node| plans::read(reader, node));
    let credentials = fields.take("credentials").map(|node| credentials::read(reader, node));
    let wordings = [("classic", DenyMessages::Classic), ("current", DenyMessages::Current)];
    let deny_messages = fields.take("denyMessages").and_then(|node| reader.choice(node, &wordings));
    let echo_canonical_string = fields.take("echoCanonicalString").and_then(|node| reader.boolean(node));
    let strict_signed_headers = fields.take("strictSignedHeaders").and_then(|node| reader.boolean(node));
    let vpc_endpoint = fields.take("vpcEndpoint").and_then(|node| read_vpc_endpoint(reader, node));
    let hops = fields.take("xffNumTrustedHops").and_then(|node| reader.integer(node, 0..=MAX_TRUSTED_HOPS));
    let sampling_rate = fields.take("samplingRate").and_then(|node| reader.amount(node));
    if let Some(rate) = sampling_rate.filter(|rate| **rate > 1.0) {
        reader.error(rate.span, format!("found {}, expected 0 to 1", *rate));
    }
    let endpoints = fields.take("endpoints").and_then(|node| endpoints::read(reader, node));
    let token_issuers = fields.take("tokenIssuers").map(|node| token_issuers::read(reader, node));
    let connections = fields.take("connections").and_then(|node| read_connections(reader, node));
    let fleet = fields.take("fleet").and_then(|node| fleet::read(reader, node));
    let rate_limit_service = fields.take("rateLimitService").and_then(|node| endpoints::read_authority(reader, node));
    // Taken apart before: see `check::stages`.
    fields.ignore(&["apis", "stages"]);
    let domain = fields.take("domain").and_then(|node| domains::read_host(reader, node));
    let domain_names = fields.take("domainNames").map(|node| domains::read(reader, node));
    let certificates = fields.take("certificates").map(|node| certificates::read(reader, node));
    let truststores = fields.take("truststores").map(|node| reader.map_of_texts(node));
    let tls = fields.take("tls").and_then(|node| tls::read(reader, node));
    let usage_report = fields.take("usageReport").and_then(|node| read_own_listener(reader, node));
    let flush_stage_cache = fields.take("flushStageCache").and_then(|node| read_own_listener(reader, node));
    if let (Some(report), Some(flush)) = (usage_report, flush_stage_cache)
        && *report == *flush
    {
        reader.error(flush.span, "this is the address of the usage report");
    }
    fields.finish(reader);
    Some(Settings {
        api_id,
        account_id,
        region,
        parameters: parameters.unwrap_or_default(),
        imports: imports.unwrap_or_default(),
        protocol_type,
        import_base_path,
        stage: stage.unwrap_or_default(),
        throttle_settings,
        api_keys: api_keys.unwrap_or_default(),
        usage_plans: usage_plans.unwrap_or_default(),
        credentials: credentials.unwrap_or_default(),
        deny_messages: deny_messages.map_or_else(DenyMessages::default, |wording| *wording),
        hides_canonical_string: echo_canonical_string.is_some_and(|flag| !*flag),
        strict_signed_headers: strict_signed_headers.is_some_and(|flag| *flag),
        vpc_endpoint,
        xff_num_trusted_hops: hops.map_or(0, |hops| u32::try_from(*hops).unwrap_or(0)),
        sampling_rate,
        endpoints: endpoints.unwrap_or_default(),
        token_issuers: token_issuers.unwrap_or_default(),
        connections,
        fleet,
        rate_limit_service,
        domain,
        domain_names: domain_names.unwrap_or_default(),
        certificates: certificates.unwrap_or_default(),
        truststores: truststores.unwrap_or_default(),
        tls,
        usage_report: usage_report.map(|listen| UsageReport { listen }),
        flush_stage_cache,
    })
}

/// A word of letters, digits, `_` and `-`.
fn word(reader: &mut Reader<'_>, node: &Node, accepted: &str, max: usize) -> Option<Spanned<String>> {
    let text = reader.text(node)?;
    let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if text.is_empty() || text.len() > max || !fits {
        reader.error(node.span, format!("expected {accepted}, at most {max} characters"));
        return None;
    }
    Some(text)
}

fn read_account(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<String>> {
    let text = reader.text(node)?;
    if text.len() != 12 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        reader.error(node.span, "expected an account id, 12 digits in quotes");
        return None;
    }
    Some(text)
}

fn read_vpc_endpoint<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<RawVpcEndpoint> {
    let mut fields = reader.fields(node)?;
    let id = fields.required(reader, "vpcEndpointId").and_then(|node| reader.filled(node));
    let vpc_id = fields.take("vpcId").and_then(|node| reader.filled(node));
    fields.finish(reader);
    Some(RawVpcEndpoint { vpc_endpoint_id: id?.value, vpc_id: vpc_id.map(|id| id.value) })
}

fn read_connections<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Spanned<ConnectionsAuthorization>> {
    let mut fields = reader.fields(node)?;
    let words = [("AWS_IAM", ConnectionsAuthorization::AwsIam), ("NONE", ConnectionsAuthorization::None)];
    let found = fields.required(reader, "authorization").and_then(|node| reader.choice(node, &words));
    fields.finish(reader);
    found
}

/// Reads `{listen: ADDRESS}`, for what only this machine's operators reach.
fn read_own_listener<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Spanned<SocketAddr>> {
    let mut fields = reader.fields(node)?;
    let listen = fields.required(reader, "listen").and_then(|node| reader.text(node));
    fields.finish(reader);
    let listen = listen?;
    match listen.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Some(listen.map(|_| address)),
        _ => {
            let text = format!("found `{}`, expected an address of this machine alone, as `127.0.0.1:9902`", *listen);
            reader.error(listen.span, text);
            None
        }
    }
}
