//! The stage, as `aws apigateway get-stage` prints it.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_Stage.html>

use indexmap::IndexMap;

use super::method_settings::{self, MethodKey, MethodSettings};
use super::route_settings::{self, RouteSettings};
use crate::api::HttpMethod;
use crate::read::Reader;
use crate::source::{Node, Span, Spanned};

/// Longest name of a stage.
pub const MAX_STAGE_NAME: usize = 128;

/// Most variables of a stage, longest name and longest value of one. [API Gateway quotas]
const MAX_VARIABLES: usize = 100;
const MAX_VARIABLE_NAME: usize = 64;
const MAX_VARIABLE_VALUE: usize = 512;

/// Longest format of the access log, in bytes.
const MAX_FORMAT_BYTES: usize = 3 * 1024;

/// A stage.
#[derive(Clone, Debug, Default)]
pub struct Stage {
    /// Its name.
    pub stage_name: Option<Spanned<String>>,
    /// The deployment that it runs.
    pub deployment_id: Option<Spanned<String>>,
    /// Its variables.
    pub variables: IndexMap<String, Spanned<String>>,
    /// Settings of its methods; each key once.
    pub method_settings: Vec<(MethodKey, MethodSettings)>,
    /// Settings of an HTTP or WebSocket API's routes by their keys.
    pub route_settings: IndexMap<String, RouteSettings>,
    /// Settings of routes that have none of their own.
    pub default_route_settings: Option<RouteSettings>,
    /// A part of the traffic goes to another deployment.
    pub canary: Option<Canary>,
    /// Whether it has a response cache.
    pub cache_cluster_enabled: Option<Spanned<bool>>,
    /// Size of the cache, in GB.
    pub cache_cluster_size: Option<Spanned<String>>,
    /// The access log.
    pub access_log_settings: Option<AccessLogSettings>,
    /// Whether requests are traced.
    pub tracing_enabled: Option<Spanned<bool>>,
    /// Certificate with which backends are called.
    pub client_certificate_id: Option<Spanned<String>>,
    /// Web ACL in front of it.
    pub web_acl_arn: Option<Spanned<String>>,
}

/// `canarySettings`.
#[derive(Clone, Debug)]
pub struct Canary {
    /// Where they stand.
    pub span: Span,
    /// Part of the traffic, 0 to 100.
    pub percent_traffic: Option<Spanned<f64>>,
    /// Deployment that gets it; with the stage's own, the two share a cache.
    pub deployment_id: Option<Spanned<String>>,
    /// File with the definition that it runs, relative to the settings; absent: the stage's own.
    pub definition: Option<Spanned<String>>,
    /// Variables that differ there.
    pub stage_variable_overrides: IndexMap<String, Spanned<String>>,
    /// Whether it shares the stage's cache.
    pub use_stage_cache: Option<Spanned<bool>>,
}

/// `accessLogSettings`.
#[derive(Clone, Debug)]
pub struct AccessLogSettings {
    /// Where they stand.
    pub span: Span,
    /// Where the log goes.
    pub destination_arn: Option<Spanned<String>>,
    /// A line of it, with `$context` variables.
    pub format: Option<Spanned<String>>,
}

impl Stage {
    /// Whether responses of a method are cached: with a cache, those of GET, unless its settings say otherwise. Other
    /// verbs take settings of their own.
    pub fn caches(&self, resource_path: &str, http_method: HttpMethod) -> bool {
        if !self.cache_cluster_enabled.is_some_and(|on| *on) {
            return false;
        }
        if http_method == HttpMethod::Get {
            return self
                .of_method(resource_path, http_method, |settings| settings.caching_enabled)
                .is_none_or(|on| *on);
        }
        let own = self.method_settings.iter().find(|(key, _)| {
            matches!(key, MethodKey::Method { resource_path: path, http_method: verb }
                if path == resource_path && *verb == http_method)
        });
        own.and_then(|(_, settings)| settings.caching_enabled).is_some_and(|on| *on)
    }

    /// Whether the stage and its canary keep their responses in one cache.
    pub fn shares_cache(&self) -> bool {
        let Some(canary) = &self.canary else { return false };
        let id = |id: &Option<Spanned<String>>| id.as_ref().map(|id| id.value.clone());
        let same = canary.deployment_id.is_some() && id(&canary.deployment_id) == id(&self.deployment_id);
        same || canary.use_stage_cache.is_some_and(|shares| *shares)
    }

    /// What the stage sets for a method: in the method's own entry, else for all.
    pub fn of_method<T>(
        &self,
        resource_path: &str,
        http_method: HttpMethod,
        setting: impl Fn(&MethodSettings) -> Option<T>,
    ) -> Option<T> {
        let is_own = |key: &MethodKey| {
            matches!(key, MethodKey::Method { resource_path: path, http_method: verb }
                if path == resource_path && *verb == http_method)
        };
        let entry = |fits: &dyn Fn(&MethodKey) -> bool| {
            self.method_settings.iter().find(|(key, _)| fits(key)).and_then(|(_, settings)| setting(settings))
        };
        entry(&is_own).or_else(|| entry(&|key| *key == MethodKey::All))
    }
}

impl Stage {
    /// What the stage sets for a route of an HTTP or WebSocket API: in the route's own entry, else for all.
    pub fn of_route<T>(&self, route_key: &str, setting: impl Fn(&RouteSettings) -> Option<T>) -> Option<T> {
        let own = self.route_settings.get(route_key).and_then(&setting);
        own.or_else(|| self.default_route_settings.as_ref().and_then(setting))
    }
}

/// The stage of an HTTP API that is served at the root.
pub const DEFAULT_HTTP_STAGE: &str = "$default";

/// Whether it is a name for a stage: letters, digits, `_` and `-`, or an HTTP API's `$default`.
pub fn is_stage_name(name: &str) -> bool {
    if name == DEFAULT_HTTP_STAGE {
        return true;
    }
    let fits = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    !name.is_empty() && name.len() <= MAX_STAGE_NAME && fits
}

/// Reads a stage.
pub fn read<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Stage> {
    let mut fields = reader.fields(node)?;
    fields.ignore(&[
        "description",
        "createdDate",
        "lastUpdatedDate",
        "documentationVersion",
        "tags",
        "cacheClusterStatus",
    ]);
    let stage_name = fields.take("stageName").and_then(|node| reader.text(node));
    if let Some(name) = stage_name.as_ref().filter(|name| !is_stage_name(name)) {
        let text =
            format!("found `{}`, expected letters, digits, `_` and `-`, at most {MAX_STAGE_NAME} characters", **name);
        reader.error(name.span, text);
    }
    let deployment_id = fields.take("deploymentId").and_then(|node| reader.filled(node));
    let variables = fields.take("variables").map(|node| read_variables(reader, node));
    let method_settings = fields.take("methodSettings").map(|node| method_settings::read(reader, node));
    let route_settings = fields
        .take("routeSettings")
        .map(|node| reader.map_of(node, |reader, entry| route_settings::read(reader, &entry.value)));
    let default_route_settings =
        fields.take("defaultRouteSettings").and_then(|node| route_settings::read(reader, node));
    let canary = fields.take("canarySettings").and_then(|node| read_canary(reader, node));
    let cache_cluster_enabled = fields.take("cacheClusterEnabled").and_then(|node| reader.boolean(node));
    let cache_cluster_size = fields.take("cacheClusterSize").and_then(|node| read_size(reader, node));
    let access_log_settings = fields.take("accessLogSettings").and_then(|node| read_access_log(reader, node));
    let tracing_enabled = fields.take("tracingEnabled").and_then(|node| reader.boolean(node));
    let client_certificate_id = fields.take("clientCertificateId").and_then(|node| reader.filled(node));
    let web_acl_arn = fields.take("webAclArn").and_then(|node| reader.filled(node));
    fields.finish(reader);
    Some(Stage {
        stage_name,
        deployment_id,
        variables: variables.unwrap_or_default(),
        method_settings: method_settings.unwrap_or_default(),
        route_settings: route_settings.unwrap_or_default(),
        default_route_settings,
        canary,
        cache_cluster_enabled,
        cache_cluster_size,
        access_log_settings,
        tracing_enabled,
        client_certificate_id,
        web_acl_arn,
    })
}

fn read_variables<'d>(reader: &mut Reader<'d>, node: &'d Node) -> IndexMap<String, Spanned<String>> {
    let variables = reader.map_of(node, |reader, entry| {
        let name = &entry.key.text;
        let fits = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if name.is_empty() || name.len() > MAX_VARIABLE_NAME || !fits {
            let text = format!("a variable's name has letters, digits and `_`, at most {MAX_VARIABLE_NAME}");
            reader.error(entry.key.span, text);
        }
        let value = reader.text(&entry.value)?;
        let fits = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#&=,".contains(&byte));
        if value.len() > MAX_VARIABLE_VALUE || !fits {
            let text = format!(
                "a variable's value has letters, digits and `-._~:/?#&=,`, at most {MAX_VARIABLE_VALUE} characters"
            );
            reader.error(value.span, text);
        }
        Some(value)
    });
    if variables.len() > MAX_VARIABLES {
        let text = format!("{} variables, at most {MAX_VARIABLES} are accepted", variables.len());
        reader.error(node.span, text);
    }
    variables
}

fn read_canary<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Canary> {
    let mut fields = reader.fields(node)?;
    let percent_traffic = fields.take("percentTraffic").and_then(|node| reader.amount(node));
    if let Some(percent) = percent_traffic.filter(|percent| **percent > 100.0) {
        reader.error(percent.span, format!("found {}, expected 0 to 100", *percent));
    }
    let deployment_id = fields.take("deploymentId").and_then(|node| reader.filled(node));
    let definition = fields.take("definition").and_then(|node| reader.filled(node));
    let overrides = fields.take("stageVariableOverrides").map(|node| read_variables(reader, node));
    let use_stage_cache = fields.take("useStageCache").and_then(|node| reader.boolean(node));
    fields.finish(reader);
    Some(Canary {
        span: node.span,
        percent_traffic,
        deployment_id,
        definition,
        stage_variable_overrides: overrides.unwrap_or_default(),
        use_stage_cache,
    })
}

fn read_size(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<String>> {
    let sizes = ["0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"];
    reader.choice(node, &sizes.map(|size| (size, size))).map(|size| size.map(str::to_owned))
}

fn read_access_log<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<AccessLogSettings> {
    let mut fields = reader.fields(node)?;
    let destination_arn = fields.take("destinationArn").and_then(|node| reader.filled(node));
    let format = fields.take("format").and_then(|node| reader.filled(node));
    fields.finish(reader);
    if let Some(format) = &format {
        if format.len() > MAX_FORMAT_BYTES {
            reader.error(format.span, format!("the format has {} bytes, at most {MAX_FORMAT_BYTES}", format.len()));
        }
        if format.trim_end().contains(['\n', '\r']) {
            reader.error(format.span, "the format is one line");
        }
        if !format.contains("$context.requestId") && !format.contains("$context.extendedRequestId") {
            reader.error(format.span, "the format must have `$context.requestId` or `$context.extendedRequestId`");
        }
    }
    Some(AccessLogSettings { span: node.span, destination_arn, format })
}
