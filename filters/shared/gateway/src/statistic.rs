//! API Gateway's metrics as names of Envoy's statistics.
//!
//! Wasm modules name a statistic and nothing else, so the dimensions stand in the name; `stats_tags` in Envoy's bootstrap
//! makes tags of them again, and Prometheus shows labels.
//!
//! Source: <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/metrics/v3/stats.proto#config-metrics-v3-tagspecifier>

/// Every dimension of API Gateway's metrics.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>
pub const DIMENSIONS: [&str; 6] = ["ApiName", "ApiId", "Stage", "Resource", "Method", "Route"];

/// The statistic's name, such as `envoy_apigw_Count;ApiName=Pets;Stage=prod`. Dimensions are known by [`DIMENSIONS`].
pub fn statistic<'a>(metric: &str, dimensions: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut statistic = format!("envoy_apigw_{metric}");
    for (name, value) in dimensions {
        statistic.push(';');
        statistic.push_str(name);
        statistic.push('=');
        // A value ends where the next dimension begins.
        statistic.push_str(&value.replace(';', "%3B"));
    }
    statistic
}

/// The regular expression by which Envoy takes a dimension out of such a name: the first group is what goes, the second
/// one is the tag's value.
pub fn dimension_regex(dimension: &str) -> String {
    format!("^wasmcustom\\.envoy_apigw_\\w+.*?(;{dimension}=([^;]*))")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_stand_behind_the_name() {
        let name = statistic("Count", [("ApiName", "Pets;Stage=x"), ("Stage", "prod")]);
        assert_eq!(name, "envoy_apigw_Count;ApiName=Pets%3BStage=x;Stage=prod");
        assert_eq!(statistic("Count", []), "envoy_apigw_Count");
    }
}
