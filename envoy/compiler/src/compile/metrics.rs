//! API Gateway's metrics: what the filter that counts them is told, and how Envoy makes labels of their dimensions.

use std::collections::BTreeMap;

use ::metrics::{RawConfig, RawRouteDimensions};
use gateway::{DIMENSIONS, ProtocolType, dimension_regex};
use serde_json::{Value, json};

/// The filter's configuration for a REST API's stage. `ApiName` drops what is no ASCII.
pub(super) fn rest(name: &str, stage: &str) -> RawConfig {
    let name = name.chars().filter(char::is_ascii).collect();
    with_dimensions(ProtocolType::Rest, [("ApiName", name), ("Stage", stage.to_owned())])
}

/// The filter's configuration for an HTTP API's stage.
pub(super) fn http(id: &str, stage: &str) -> RawConfig {
    with_dimensions(ProtocolType::Http, [("ApiId", id.to_owned()), ("Stage", stage.to_owned())])
}

fn with_dimensions<const N: usize>(protocol_type: ProtocolType, dimensions: [(&str, String); N]) -> RawConfig {
    RawConfig { protocol_type, dimensions: named(dimensions), routes: BTreeMap::new() }
}

/// A method with metrics of its own.
pub(super) fn add_method(metrics: &mut RawConfig, route: &str, resource: &str, method: &str) {
    let dimensions = named([("Resource", resource.to_owned()), ("Method", method.to_owned())]);
    metrics.routes.insert(route.to_owned(), RawRouteDimensions { dimensions });
}

/// A route of an HTTP API with metrics of its own.
pub(super) fn add_route(metrics: &mut RawConfig, route: &str, key: &str) {
    let dimensions = named([("Route", key.to_owned())]);
    metrics.routes.insert(route.to_owned(), RawRouteDimensions { dimensions });
}

fn named<const N: usize>(dimensions: [(&str, String); N]) -> BTreeMap<String, String> {
    dimensions.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Envoy's `stats_config`: the dimensions, which stand in the metrics' names, become tags.
pub(super) fn stats_config() -> Value {
    let tag = |name: &str| json!({"tag_name": name, "regex": dimension_regex(name)});
    json!({"stats_tags": DIMENSIONS.map(tag)})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_of_routes() {
        let mut metrics = rest("Pets Äpi", "prod");
        add_method(&mut metrics, "GET /pets/{id}", "/pets/{id}", "GET");
        let expected = json!({
            "protocolType": "REST",
            "dimensions": {"ApiName": "Pets pi", "Stage": "prod"},
            "routes": {"GET /pets/{id}": {"dimensions": {"Resource": "/pets/{id}", "Method": "GET"}}},
        });
        assert_eq!(json!(metrics), expected);
    }
}
