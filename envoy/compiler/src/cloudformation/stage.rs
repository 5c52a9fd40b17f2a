//! Stage, keys and usage plans of a template, in the shapes of the settings file.

use super::rest_api::rename;
use super::{Environment, Resource, Template, stage_v2};
use crate::read::{Fields, Reader};
use crate::source::{Key, Map, Node, Span, Spanned, Value};

/// What a stage is called in a template: properties of `AWS::ApiGateway::Stage`.
const STAGE: [(&str, &str); 8] = [
    ("StageName", "stageName"),
    ("DeploymentId", "deploymentId"),
    ("Variables", "variables"),
    ("MethodSettings", "methodSettings"),
    ("TracingEnabled", "tracingEnabled"),
    ("CacheClusterEnabled", "cacheClusterEnabled"),
    ("CacheClusterSize", "cacheClusterSize"),
    ("ClientCertificateId", "clientCertificateId"),
];

const CANARY: [(&str, &str); 4] = [
    ("DeploymentId", "deploymentId"),
    ("PercentTraffic", "percentTraffic"),
    ("StageVariableOverrides", "stageVariableOverrides"),
    ("UseStageCache", "useStageCache"),
];

const ACCESS_LOG: [(&str, &str); 2] = [("DestinationArn", "destinationArn"), ("Format", "format")];

/// What a template says of an API beside its definition.
pub struct ApiSettings {
    /// Stage, keys and plans, in the shapes of the settings file.
    pub settings: Node,
    /// Names of the stages where there are several, and none is chosen.
    pub stages: Vec<String>,
}

/// The settings of an API of the template. The environment chooses among several stages.
pub fn settings<'t>(
    reader: &mut Reader<'t>,
    template: &'t Template,
    api: Spanned<&str>,
    environment: &Environment,
) -> ApiSettings {
    let span = api.span;
    let wanted = environment.stage.as_deref();
    let api_id = environment.api_id.as_deref().unwrap_or(api.value);
    let mut settings = Map::default();
    settings.set(Key::new("apiId", span), Node::string(span, api_id));
    let mut stages = stages(reader, template, api.value);
    stages.extend(stage_v2::stages(reader, template, api.value));
    let name_of = |stage: &Map| stage.get("stageName").and_then(Node::as_str).map(str::to_owned);
    let mut names = Vec::new();
    let chosen = match (wanted, stages.as_slice()) {
        (Some(wanted), stages) => stages.iter().find(|(_, stage)| name_of(stage).as_deref() == Some(wanted)),
        (None, [only]) => Some(only),
        (None, stages) => {
            names.extend(stages.iter().filter_map(|(_, stage)| name_of(stage)));
            names.dedup();
            None
        }
    };
    if let Some((span, stage)) = chosen {
        settings.set(Key::new("stage", *span), Node::new(*span, Value::Map(stage.clone())));
    }
    let keys = if environment.has_api_keys { Vec::new() } else { keys(reader, template) };
    if !keys.is_empty() {
        settings.set(Key::new("apiKeys", span), Node::new(span, Value::List(keys)));
    }
    let plans = plans(reader, template, api.value, api_id);
    if !plans.is_empty() {
        settings.set(Key::new("usagePlans", span), Node::new(span, Value::List(plans)));
    }
    ApiSettings { settings: Node::new(span, Value::Map(settings)), stages: names }
}

/// The API's stages: resources of their own, and those that deployments make.
fn stages<'t>(reader: &mut Reader<'t>, template: &'t Template, api: &str) -> Vec<(Span, Map)> {
    let mut stages = Vec::new();
    let belongs = |resource: &Resource| resource.text("RestApiId").is_some_and(|id| *id == api);
    for (_, resource) in template.of_type("AWS::ApiGateway::Stage").filter(|(_, resource)| belongs(resource)) {
        let Some(mut fields) = reader.fields(&resource.properties) else { continue };
        fields.ignore(&["RestApiId", "Description", "DocumentationVersion", "Tags"]);
        let mut stage = Map::default();
        rename(&mut fields, &mut stage, &STAGE);
        parts(reader, &mut fields, &mut stage);
        fields.finish(reader);
        stages.push((resource.span, stage));
    }
    let deployments = template.of_type("AWS::ApiGateway::Deployment").filter(|(_, resource)| belongs(resource));
    let is_canary = |(_, resource): &(&str, &Resource)| resource.property("DeploymentCanarySettings").is_some();
    let (canaries, deployments): (Vec<_>, Vec<_>) = deployments.partition(is_canary);
    for (id, resource) in deployments {
        let Some(name) = resource.property("StageName") else { continue };
        let mut stage = Map::default();
        stage.set(Key::new("stageName", name.span), name.clone());
        stage.set(Key::new("deploymentId", resource.span), Node::string(resource.span, id));
        if let Some(node) = resource.property("StageDescription") {
            stage_description(reader, node, &mut stage);
        }
        stages.push((resource.span, stage));
    }
    for (id, resource) in canaries {
        add_canary(reader, &mut stages, id, resource);
    }
    stages
}

/// A deployment that is the canary of its stage.
fn add_canary<'t>(reader: &mut Reader<'t>, stages: &mut Vec<(Span, Map)>, id: &str, resource: &'t Resource) {
    let Some(node) = resource.property("DeploymentCanarySettings") else { return };
    let Some(name) = resource.property("StageName") else {
        reader.error(node.span, "a canary is a stage's: the field `StageName` is missing");
        return;
    };
    if let Some(description) = resource.property("StageDescription") {
        reader.error(description.span, "a canary's stage is there already: describe it where it stands");
    }
    let Some(mut fields) = reader.fields(node) else { return };
    let mut canary = Map::default();
    canary.set(Key::new("deploymentId", resource.span), Node::string(resource.span, id));
    rename(&mut fields, &mut canary, &CANARY[1..]);
    fields.finish(reader);
    let named = |(_, stage): &&mut (Span, Map)| stage.get("stageName").and_then(Node::as_str) == name.as_str();
    let place = stages.iter_mut().find(named);
    let stage = match place {
        Some((_, stage)) => stage,
        None => {
            // The stage of an earlier version of the template.
            let mut stage = Map::default();
            stage.set(Key::new("stageName", name.span), name.clone());
            stages.push((resource.span, stage));
            let Some((_, stage)) = stages.last_mut() else { return };
            stage
        }
    };
    if stage.get("canarySettings").is_some() {
        reader.error(node.span, "the stage has a canary already");
    }
    stage.set(Key::new("canarySettings", node.span), Node::new(node.span, Value::Map(canary)));
}

/// The stage that a deployment describes: method settings for all methods stand in it directly.
fn stage_description<'t>(reader: &mut Reader<'t>, node: &'t Node, stage: &mut Map) {
    let Some(mut fields) = reader.fields(node) else { return };
    fields.ignore(&["Description", "DocumentationVersion", "Tags"]);
    rename(&mut fields, stage, &STAGE[2..]);
    parts(reader, &mut fields, stage);
    const ALL_METHODS: [(&str, &str); 8] = [
        ("ThrottlingRateLimit", "ThrottlingRateLimit"),
        ("ThrottlingBurstLimit", "ThrottlingBurstLimit"),
        ("LoggingLevel", "LoggingLevel"),
        ("DataTraceEnabled", "DataTraceEnabled"),
        ("MetricsEnabled", "MetricsEnabled"),
        ("CachingEnabled", "CachingEnabled"),
        ("CacheTtlInSeconds", "CacheTtlInSeconds"),
        ("CacheDataEncrypted", "CacheDataEncrypted"),
    ];
    let mut all = Map::default();
    rename(&mut fields, &mut all, &ALL_METHODS);
    if !all.entries().is_empty() {
        all.set(Key::new("ResourcePath", node.span), Node::string(node.span, "/*"));
        all.set(Key::new("HttpMethod", node.span), Node::string(node.span, "*"));
        let mut list = match stage.get("methodSettings").map(|node| &node.value) {
            Some(Value::List(items)) => items.clone(),
            _ => Vec::new(),
        };
        list.push(Node::new(node.span, Value::Map(all)));
        stage.set(Key::new("methodSettings", node.span), Node::new(node.span, Value::List(list)));
    }
    fields.finish(reader);
}

/// The parts of a stage that have fields of their own.
fn parts<'t>(reader: &mut Reader<'t>, fields: &mut Fields<'t>, stage: &mut Map) {
    for (property, name, names) in [
        ("CanarySetting", "canarySettings", CANARY.as_slice()),
        ("AccessLogSetting", "accessLogSettings", ACCESS_LOG.as_slice()),
    ] {
        let Some(entry) = fields.entry(property) else { continue };
        let Some(mut fields) = reader.fields(&entry.value) else { continue };
        let mut part = Map::default();
        rename(&mut fields, &mut part, names);
        fields.finish(reader);
        stage.set(Key::new(name, entry.key.span), Node::new(entry.value.span, Value::Map(part)));
    }
}

fn keys<'t>(reader: &mut Reader<'t>, template: &'t Template) -> Vec<Node> {
    let mut keys = Vec::new();
    for (id, resource) in template.of_type("AWS::ApiGateway::ApiKey") {
        let Some(mut fields) = reader.fields(&resource.properties) else { continue };
        fields.ignore(&["CustomerId", "Description", "GenerateDistinctId", "StageKeys", "Tags"]);
        let mut key = Map::default();
        key.set(Key::new("id", resource.span), Node::string(resource.span, id));
        // CloudFormation's default.
        key.set(Key::new("enabled", resource.span), Node::new(resource.span, Value::Bool(false)));
        rename(&mut fields, &mut key, &[("Name", "name"), ("Value", "value"), ("Enabled", "enabled")]);
        if key.get("value").is_none() {
            let text = format!(
                "the value of this key is made up at deployment: give it as `Value`, or give all keys in the settings \
                 (`apiKeys`, this one with `id: {id}`)"
            );
            reader.error(resource.span, text);
        }
        fields.finish(reader);
        keys.push(Node::new(resource.span, Value::Map(key)));
    }
    keys
}

fn plans<'t>(reader: &mut Reader<'t>, template: &'t Template, logical_id: &str, api_id: &str) -> Vec<Node> {
    let mut plans = Vec::new();
    for (id, resource) in template.of_type("AWS::ApiGateway::UsagePlan") {
        let span = resource.span;
        let Some(mut fields) = reader.fields(&resource.properties) else { continue };
        fields.ignore(&["Description", "Tags"]);
        let mut plan = Map::default();
        plan.set(Key::new("id", span), Node::string(span, id));
        rename(&mut fields, &mut plan, &[("UsagePlanName", "name")]);
        if let Some(entry) = fields.entry("Throttle") {
            plan.set(Key::new("throttle", entry.key.span), throttle(reader, &entry.value));
        }
        if let Some(entry) = fields.entry("Quota")
            && let Some(mut fields) = reader.fields(&entry.value)
        {
            let mut quota = Map::default();
            rename(&mut fields, &mut quota, &[("Limit", "limit"), ("Offset", "offset"), ("Period", "period")]);
            fields.finish(reader);
            plan.set(Key::new("quota", entry.key.span), Node::new(entry.value.span, Value::Map(quota)));
        }
        let stages = fields.take("ApiStages").map(|node| reader.list(node)).unwrap_or_default();
        let stages = stages.iter().filter_map(|item| api_stage(reader, item, logical_id, api_id)).collect();
        plan.set(Key::new("apiStages", span), Node::new(span, Value::List(stages)));
        fields.finish(reader);
        let keys = template
            .of_type("AWS::ApiGateway::UsagePlanKey")
            .filter_map(|(_, key)| (*key.text("UsagePlanId")? == id).then(|| key.property("KeyId").cloned()).flatten());
        plan.set(Key::new("keyIds", span), Node::new(span, Value::List(keys.collect())));
        plans.push(Node::new(span, Value::Map(plan)));
    }
    plans
}

fn api_stage<'t>(reader: &mut Reader<'t>, node: &'t Node, logical_id: &str, api_id: &str) -> Option<Node> {
    let mut fields = reader.fields(node)?;
    let mut stage = Map::default();
    rename(&mut fields, &mut stage, &[("ApiId", "apiId"), ("Stage", "stage")]);
    if let Some(id) = stage.get("apiId").filter(|id| id.as_str() == Some(logical_id)) {
        let span = id.span;
        stage.set(Key::new("apiId", span), Node::string(span, api_id));
    }
    if let Some(entry) = fields.entry("Throttle") {
        let mut methods = Map::default();
        for method in reader.map(&entry.value).map(Map::entries).unwrap_or_default() {
            methods.set(method.key.clone(), throttle(reader, &method.value));
        }
        stage.set(Key::new("throttle", entry.key.span), Node::new(entry.value.span, Value::Map(methods)));
    }
    fields.finish(reader);
    Some(Node::new(node.span, Value::Map(stage)))
}

fn throttle<'t>(reader: &mut Reader<'t>, node: &'t Node) -> Node {
    let mut throttle = Map::default();
    if let Some(mut fields) = reader.fields(node) {
        rename(&mut fields, &mut throttle, &[("RateLimit", "rateLimit"), ("BurstLimit", "burstLimit")]);
        fields.finish(reader);
    }
    Node::new(node.span, Value::Map(throttle))
}
