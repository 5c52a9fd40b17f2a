//! API Gateway's metrics, counted by Envoy itself: its stats logger runs when an exchange is over, and takes the
//! dimensions from the metadata of the route.
//!
//! Only the configuration is in the dimensions, nothing of a request, so their number is bounded.
//!
//! Sources: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html>

use std::collections::BTreeMap;

use gateway::Property;
use serde_json::{Value, json};

/// Beginning of the statistics' names, and where routes keep the dimensions.
pub(super) const NAMESPACE: &str = "apigw";
/// Every dimension. What a route does not have and another one has is empty, which to Prometheus is as good as absent.
const DIMENSIONS: [&str; 6] = ["ApiName", "ApiId", "Stage", "Resource", "Method", "Route"];

/// Which API's metrics there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Names as REST APIs have them.
    Rest,
    /// Names as HTTP APIs have them.
    Http,
    /// A WebSocket API: connections and messages are no exchanges, `websocket-routes` counts them.
    WebSocket,
}

/// A dimension and its value.
type Dimension = (&'static str, String);

/// The dimensions of an API's routes.
#[derive(Debug)]
pub(super) struct Dimensions {
    /// Of all its routes.
    of_api: Vec<Dimension>,
    /// More of those with metrics of their own, by name.
    of_routes: BTreeMap<String, Vec<Dimension>>,
}

impl Dimensions {
    /// Those of a REST API's stage. `ApiName` drops what is no ASCII.
    pub(super) fn rest(name: &str, stage: &str) -> Self {
        let name = name.chars().filter(char::is_ascii).collect();
        Self { of_api: vec![("ApiName", name), ("Stage", stage.to_owned())], of_routes: BTreeMap::new() }
    }

    /// Those of an HTTP API's stage.
    pub(super) fn http(id: &str, stage: &str) -> Self {
        Self { of_api: vec![("ApiId", id.to_owned()), ("Stage", stage.to_owned())], of_routes: BTreeMap::new() }
    }

    /// A method with metrics of its own.
    pub(super) fn add_method(&mut self, route: &str, resource: &str, method: &str) {
        let dimensions = vec![("Resource", resource.to_owned()), ("Method", method.to_owned())];
        self.of_routes.insert(route.to_owned(), dimensions);
    }

    /// A route of an HTTP API with metrics of its own.
    pub(super) fn add_route(&mut self, route: &str, key: &str) {
        self.of_routes.insert(route.to_owned(), vec![("Route", key.to_owned())]);
    }

    /// Writes them to an API's routes.
    pub(super) fn write(&self, routes: &mut [Value]) {
        for route in routes {
            let name = route["name"].as_str().unwrap_or_default();
            let of_route = self.of_routes.get(name).into_iter().flatten();
            let members: serde_json::Map<String, Value> =
                self.of_api.iter().chain(of_route).map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            route["metadata"] = json!({"filter_metadata": {NAMESPACE: members}});
        }
    }
}

/// The dimensions that some route has. Envoy reads each of them again for each statistic of each request.
pub(super) fn in_use<'a>(routes: impl Iterator<Item = &'a Value> + Clone) -> Vec<&'static str> {
    let has = |route: &Value, name: &str| route["metadata"]["filter_metadata"][NAMESPACE].get(name).is_some();
    DIMENSIONS.into_iter().filter(|name| routes.clone().any(|route| has(route, name))).collect()
}

/// The loggers that count, for the kinds of APIs there are and the dimensions in use; `caches`: whether there is a
/// response cache.
pub(super) fn loggers(kinds: &[Kind], dimensions: &[&str], caches: bool) -> Vec<Value> {
    let several = kinds.windows(2).any(|pair| matches!(pair, [one, other] if one != other));
    let mut loggers = Vec::new();
    for kind in [Kind::Rest, Kind::Http].into_iter().filter(|kind| kinds.contains(kind)) {
        let own = kind.dimension();
        let stat = Stats { kind, dimensions };
        let of_kind = several.then(|| cel(&format!("has(xds.route_metadata.filter_metadata['{NAMESPACE}'].{own})")));
        let logger = |conditions: Vec<Value>, counters: Vec<Value>, histograms: Vec<Value>| {
            stats(of_kind.iter().cloned().chain(conditions).collect(), &counters, &histograms)
        };
        let mut always = vec![stat.counter("Count", None)];
        if kind == Kind::Http {
            always.push(stat.counter("DataProcessed", Some("%BYTES_SENT%")));
        }
        loggers.push(logger(Vec::new(), always, vec![stat.histogram("Latency", "%DURATION%")]));
        let errors = match kind {
            Kind::Rest => ["4XXError", "5XXError"],
            Kind::Http | Kind::WebSocket => ["4xx", "5xx"],
        };
        for (name, first) in errors.into_iter().zip([400, 500]) {
            let status = [comparison("GE", first), comparison("LE", first + 99)];
            loggers.push(logger(status.to_vec(), vec![stat.counter(name, None)], Vec::new()));
        }
        let name = Property::IntegrationLatency.name();
        let by_router = stat.histogram("IntegrationLatency", "%COMMON_DURATION(US_TX_BEG:US_RX_BEG:ms)%");
        let forwarded = cel("response.code_details == 'via_upstream'");
        loggers.push(logger(vec![forwarded], Vec::new(), vec![by_router]));
        let by_filter = stat.histogram("IntegrationLatency", &format!("%FILTER_STATE(wasm.{name}:PLAIN)%"));
        let called = cel(&format!("'wasm.{name}' in filter_state"));
        loggers.push(logger(vec![called], Vec::new(), vec![by_filter]));
        for (name, property) in [("CacheHitCount", Property::CacheHit), ("CacheMissCount", Property::CacheMiss)] {
            if kind == Kind::Rest && caches {
                let looked_up = cel(&format!("'wasm.{}' in filter_state", property.name()));
                loggers.push(logger(vec![looked_up], vec![stat.counter(name, None)], Vec::new()));
            }
        }
    }
    loggers
}

impl Kind {
    /// The dimension that only this kind has, and always.
    fn dimension(self) -> &'static str {
        match self {
            Self::Rest => "ApiName",
            Self::Http | Self::WebSocket => "ApiId",
        }
    }
}

/// Statistics of one kind of APIs.
struct Stats<'a> {
    kind: Kind,
    /// The dimensions in use.
    dimensions: &'a [&'a str],
}

impl Stats<'_> {
    fn stat(&self, name: &str) -> Value {
        let foreign = match self.kind {
            Kind::Rest => ["ApiId", "Route"].as_slice(),
            Kind::Http | Kind::WebSocket => ["ApiName", "Resource", "Method"].as_slice(),
        };
        let tags = self.dimensions.iter().filter(|dimension| !foreign.contains(dimension)).map(|dimension| {
            json!({"name": dimension, "value_format": format!("%METADATA(ROUTE:{NAMESPACE}:{dimension})%")})
        });
        json!({"name": name, "tags": tags.collect::<Vec<Value>>()})
    }

    fn counter(&self, name: &str, value_format: Option<&str>) -> Value {
        match value_format {
            Some(format) => json!({"stat": self.stat(name), "value_format": format}),
            None => json!({"stat": self.stat(name), "value_fixed": 1}),
        }
    }

    fn histogram(&self, name: &str, value_format: &str) -> Value {
        json!({"stat": self.stat(name), "unit": "Milliseconds", "value_format": value_format})
    }
}

fn stats(conditions: Vec<Value>, counters: &[Value], histograms: &[Value]) -> Value {
    let mut logger = json!({
        "name": "envoy.access_loggers.stats",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stats.v3.Config",
            "stats_scope": {"prefix": NAMESPACE},
            "counters": counters,
            "histograms": histograms,
        },
    });
    match conditions.as_slice() {
        [] => {}
        [only] => logger["filter"] = only.clone(),
        several => logger["filter"] = json!({"and_filter": {"filters": several}}),
    }
    logger
}

fn comparison(operator: &str, status: u32) -> Value {
    let value = json!({"default_value": status, "runtime_key": "unused"});
    json!({"status_code_filter": {"comparison": {"op": operator, "value": value}}})
}

/// Labels of what the `websocket-routes` filter counts, whose names are `envoy_apigw_ConnectCount;ApiId=a1;Stage=prod`.
pub(super) fn labels() -> Value {
    let label = |name: &str| json!({"tag_name": name, "regex": format!("^wasmcustom\\.envoy_{NAMESPACE}_\\w+.*?(;{name}=([^;]*))")});
    let tags = ["ApiId", "Stage", "Route"].map(label);
    json!({"stats_tags": tags})
}

/// A logger's condition.
pub(super) fn cel(expression: &str) -> Value {
    json!({"extension_filter": {
        "name": "envoy.access_loggers.extension_filters.cel",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
            "expression": expression,
        },
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_of_routes() {
        let mut dimensions = Dimensions::rest("Pets Äpi", "prod");
        dimensions.add_method("GET /pets/{id}", "/pets/{id}", "GET");
        let mut routes = ["GET /pets/{id}", "GET /"].map(|name| json!({"name": name}));
        dimensions.write(&mut routes);
        let of = |route: &Value| route["metadata"]["filter_metadata"]["apigw"].clone();
        let found = routes.each_ref().map(of);
        let expected = json!({"ApiName": "Pets pi", "Stage": "prod", "Resource": "/pets/{id}", "Method": "GET"});
        assert_eq!(found, [expected, json!({"ApiName": "Pets pi", "Stage": "prod"})]);
    }

    #[test]
    fn only_dimensions_in_use_are_read() {
        let mut dimensions = Dimensions::rest("Pets", "prod");
        let mut routes = [json!({"name": "GET /"}), json!({"name": "PUT /"})];
        dimensions.write(&mut routes);
        assert_eq!(in_use(routes.iter()), ["ApiName", "Stage"]);
        let logger = &loggers(&[Kind::Rest], &in_use(routes.iter()), false)[0];
        assert_eq!(logger["typed_config"]["counters"][0]["stat"]["tags"].as_array().map(Vec::len), Some(2));
        dimensions.add_method("PUT /", "/", "PUT");
        dimensions.write(&mut routes);
        assert_eq!(in_use(routes.iter()), ["ApiName", "Stage", "Resource", "Method"]);
    }

    #[test]
    fn names_are_those_of_the_kind() {
        let text = |kinds: &[Kind]| json!(loggers(kinds, &DIMENSIONS, true)).to_string();
        let (rest, http) = (text(&[Kind::Rest]), text(&[Kind::Http]));
        assert!(rest.contains("\"4XXError\"") && !rest.contains("\"4xx\"") && !rest.contains("route_metadata"));
        assert!(http.contains("\"DataProcessed\"") && !http.contains("ApiName"));
        assert!(text(&[Kind::Rest, Kind::Http]).contains("has(xds.route_metadata"));
    }
}
