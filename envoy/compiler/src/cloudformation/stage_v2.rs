//! `AWS::ApiGatewayV2::Stage`, in the shape of the settings file.

use super::rest_api::rename;
use super::{Resource, Template};
use crate::read::{Fields, Reader};
use crate::source::{Key, Map, Node, Span, Value};

const STAGE: [(&str, &str); 3] =
    [("StageName", "stageName"), ("StageVariables", "variables"), ("ClientCertificateId", "clientCertificateId")];

const ACCESS_LOG: [(&str, &str); 2] = [("DestinationArn", "destinationArn"), ("Format", "format")];

const ROUTE_SETTINGS: [(&str, &str); 5] = [
    ("ThrottlingRateLimit", "throttlingRateLimit"),
    ("ThrottlingBurstLimit", "throttlingBurstLimit"),
    ("LoggingLevel", "loggingLevel"),
    ("DataTraceEnabled", "dataTraceEnabled"),
    ("DetailedMetricsEnabled", "detailedMetricsEnabled"),
];

/// The stages of an API, with the places of their names.
pub fn stages<'t>(reader: &mut Reader<'t>, template: &'t Template, api: &str) -> Vec<(Span, Map)> {
    let mut stages = Vec::new();
    let belongs = |resource: &Resource| resource.text("ApiId").is_some_and(|id| *id == api);
    for (_, resource) in template.of_type("AWS::ApiGatewayV2::Stage").filter(|(_, resource)| belongs(resource)) {
        let Some(mut fields) = reader.fields(&resource.properties) else { continue };
        fields.ignore(&["AccessPolicyId", "ApiId", "AutoDeploy", "DeploymentId", "Description", "Tags"]);
        let mut stage = Map::default();
        rename(&mut fields, &mut stage, &STAGE);
        if let Some(entry) = fields.entry("AccessLogSettings") {
            let log = renamed(reader, &entry.value, &ACCESS_LOG);
            stage.set(Key::new("accessLogSettings", entry.key.span), log);
        }
        if let Some(entry) = fields.entry("DefaultRouteSettings") {
            let settings = renamed(reader, &entry.value, &ROUTE_SETTINGS);
            stage.set(Key::new("defaultRouteSettings", entry.key.span), settings);
        }
        route_settings(reader, &mut fields, &mut stage);
        fields.finish(reader);
        stages.push((resource.span, stage));
    }
    stages
}

fn route_settings<'t>(reader: &mut Reader<'t>, fields: &mut Fields<'t>, stage: &mut Map) {
    let Some(entry) = fields.entry("RouteSettings") else { return };
    let mut routes = Map::default();
    for route in reader.map(&entry.value).map(Map::entries).unwrap_or_default() {
        routes.set(route.key.clone(), renamed(reader, &route.value, &ROUTE_SETTINGS));
    }
    stage.set(Key::new("routeSettings", entry.key.span), Node::new(entry.value.span, Value::Map(routes)));
}

fn renamed<'t>(reader: &mut Reader<'t>, node: &'t Node, names: &[(&'static str, &'static str)]) -> Node {
    let mut map = Map::default();
    if let Some(mut fields) = reader.fields(node) {
        rename(&mut fields, &mut map, names);
        fields.finish(reader);
    }
    Node::new(node.span, Value::Map(map))
}
