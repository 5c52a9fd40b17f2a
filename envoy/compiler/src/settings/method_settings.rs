//! Method settings of a stage, and the forms in which they name a method.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSetting.html>

use crate::api::HttpMethod;
use crate::read::{Fields, Reader};
use crate::source::{Node, Span, Spanned};

/// Which methods settings are for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MethodKey {
    /// `*/*`: every method, where its own entry does not say otherwise.
    All,
    /// One method.
    Method {
        /// The resource's path, `/pets/{id}`.
        resource_path: String,
        /// The verb, or `ANY`.
        http_method: HttpMethod,
    },
}

impl MethodKey {
    /// Reads a key in any of the forms met: `*/*`, `~1pets~1{id}/GET`, `/pets/{id}/GET`, `/~1pets~1{id}/GET`,
    /// `pets/{id}/GET`; the root's methods are `~1/GET`.
    pub fn parse(text: &str) -> Option<Self> {
        let (path, verb) = text.rsplit_once('/')?;
        Self::from_pair(path, verb)
    }

    /// Reads CloudFormation's pair of `ResourcePath` and `HttpMethod`.
    pub fn from_pair(path: &str, verb: &str) -> Option<Self> {
        if verb == "*" {
            return matches!(path, "*" | "/*" | "/~1*" | "~1*").then_some(Self::All);
        }
        let http_method = HttpMethod::parse(verb)?;
        let path = path.replace("~1", "/");
        let path = format!("/{}", path.trim_start_matches('/'));
        let fits = path == "/" || !path.ends_with('/');
        (fits && !path.contains('*')).then_some(Self::Method { resource_path: path, http_method })
    }
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggingLevel {
    /// Nothing.
    Off,
    /// Failures.
    Error,
    /// Everything.
    Info,
}

/// What happens to a client that may not invalidate cache entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnauthorizedCacheControl {
    /// `FAIL_WITH_403`
    FailWith403,
    /// `SUCCEED_WITH_RESPONSE_HEADER`
    SucceedWithResponseHeader,
    /// `SUCCEED_WITHOUT_RESPONSE_HEADER`
    SucceedWithoutResponseHeader,
}

/// Settings of one method or of all; what is absent comes from `*/*`, then from the defaults.
#[derive(Clone, Debug)]
pub struct MethodSettings {
    /// Where they stand.
    pub span: Span,
    /// Tokens a second for all callers together; finite, zero or more.
    pub throttling_rate_limit: Option<Spanned<f64>>,
    /// Size of the bucket; finite, zero or more.
    pub throttling_burst_limit: Option<Spanned<f64>>,
    /// How much is logged.
    pub logging_level: Option<Spanned<LoggingLevel>>,
    /// Whether bodies and headers are logged.
    pub data_trace_enabled: Option<Spanned<bool>>,
    /// Whether there are metrics for each method.
    pub metrics_enabled: Option<Spanned<bool>>,
    /// Whether answers are cached.
    pub caching_enabled: Option<Spanned<bool>>,
    /// Seconds for which they are, 0 to 3600.
    pub cache_ttl_in_seconds: Option<Spanned<u32>>,
    /// No visible effect.
    pub cache_data_encrypted: Option<Spanned<bool>>,
    /// Whether invalidating cache entries takes a permission.
    pub require_authorization_for_cache_control: Option<Spanned<bool>>,
    /// What happens to a client without it.
    pub unauthorized_cache_control_header_strategy: Option<Spanned<UnauthorizedCacheControl>>,
}

/// Levels of the execution log by name.
pub(super) const LEVELS: [(&str, LoggingLevel); 3] =
    [("OFF", LoggingLevel::Off), ("ERROR", LoggingLevel::Error), ("INFO", LoggingLevel::Info)];

const STRATEGIES: [(&str, UnauthorizedCacheControl); 3] = [
    ("FAIL_WITH_403", UnauthorizedCacheControl::FailWith403),
    ("SUCCEED_WITH_RESPONSE_HEADER", UnauthorizedCacheControl::SucceedWithResponseHeader),
    ("SUCCEED_WITHOUT_RESPONSE_HEADER", UnauthorizedCacheControl::SucceedWithoutResponseHeader),
];

/// Reads `methodSettings`: a map by method, or CloudFormation's list.
pub fn read<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Vec<(MethodKey, MethodSettings)> {
    let mut found: Vec<(MethodKey, MethodSettings)> = Vec::new();
    let mut add = |reader: &mut Reader<'d>, key: Option<MethodKey>, shown: &str, settings: MethodSettings| match key {
        None => {
            let text = format!("`{shown}` names no method, expected `*/*` or `~1path/VERB` as `~1pets~1{{id}}/GET`");
            reader.error(settings.span, text);
        }
        Some(key) if found.iter().any(|(other, _)| *other == key) => {
            reader.error(settings.span, "there are settings for this method already");
        }
        Some(key) => found.push((key, settings)),
    };
    if let Some(items) = node.as_list() {
        for item in items {
            let Some(mut fields) = reader.fields(item) else { continue };
            let path = fields.required(reader, "ResourcePath").and_then(|node| reader.text(node));
            let verb = fields.required(reader, "HttpMethod").and_then(|node| reader.text(node));
            let settings = read_settings(reader, fields, item.span, &CLOUDFORMATION_NAMES);
            if let (Some(path), Some(verb)) = (path, verb) {
                add(reader, MethodKey::from_pair(&path, &verb), &format!("{}/{}", *path, *verb), settings);
            }
        }
        return found;
    }
    for entry in reader.map(node).map(|map| map.entries()).unwrap_or_default() {
        let Some(fields) = reader.fields(&entry.value) else { continue };
        let settings = read_settings(reader, fields, entry.key.span, &NAMES);
        add(reader, MethodKey::parse(&entry.key.text), &entry.key.text, settings);
    }
    found
}

/// Names of the fields, in the order in which [`read_settings`] takes them.
const NAMES: [&str; 10] = [
    "throttlingRateLimit",
    "throttlingBurstLimit",
    "loggingLevel",
    "dataTraceEnabled",
    "metricsEnabled",
    "cachingEnabled",
    "cacheTtlInSeconds",
    "cacheDataEncrypted",
    "requireAuthorizationForCacheControl",
    "unauthorizedCacheControlHeaderStrategy",
];

const CLOUDFORMATION_NAMES: [&str; 10] = [
    "ThrottlingRateLimit",
    "ThrottlingBurstLimit",
    "LoggingLevel",
    "DataTraceEnabled",
    "MetricsEnabled",
    "CachingEnabled",
    "CacheTtlInSeconds",
    "CacheDataEncrypted",
    "RequireAuthorizationForCacheControl",
    "UnauthorizedCacheControlHeaderStrategy",
];

fn read_settings<'d>(
    reader: &mut Reader<'d>,
    mut fields: Fields<'d>,
    span: Span,
    names: &[&'static str; 10],
) -> MethodSettings {
    let [rate, burst, level, trace, metrics, caching, ttl, encrypted, authorization, strategy] =
        names.map(|name| fields.take(name));
    fields.finish(reader);
    let ttl = ttl.and_then(|node| reader.integer(node, 0..=3600));
    MethodSettings {
        span,
        throttling_rate_limit: rate.and_then(|node| reader.amount(node)),
        throttling_burst_limit: burst.and_then(|node| reader.amount(node)),
        logging_level: level.and_then(|node| reader.choice(node, &LEVELS)),
        data_trace_enabled: trace.and_then(|node| reader.boolean(node)),
        metrics_enabled: metrics.and_then(|node| reader.boolean(node)),
        caching_enabled: caching.and_then(|node| reader.boolean(node)),
        cache_ttl_in_seconds: ttl.map(|ttl| ttl.map(|ttl| u32::try_from(ttl).unwrap_or(0))),
        cache_data_encrypted: encrypted.and_then(|node| reader.boolean(node)),
        require_authorization_for_cache_control: authorization.and_then(|node| reader.boolean(node)),
        unauthorized_cache_control_header_strategy: strategy.and_then(|node| reader.choice(node, &STRATEGIES)),
    }
}
