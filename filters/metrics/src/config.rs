//! Configuration of the filter.

use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::{ConfigError, DIMENSIONS, Host, ProtocolType, of_route};
use serde::{Deserialize, Serialize};

use crate::series::Series;

/// The longest value of a dimension, in bytes; CloudWatch's own limit is 1,024 characters.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>
const MAX_VALUE_BYTES: usize = 1024;

/// The filter's configuration as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawConfig {
    /// Whose metrics: the names differ.
    #[serde(default)]
    pub protocol_type: ProtocolType,
    /// Dimensions of every request.
    pub dimensions: BTreeMap<String, String>,
    /// Routes with metrics of their own, by Envoy route name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub routes: BTreeMap<String, RawRouteDimensions>,
}

/// A route with metrics of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawRouteDimensions {
    /// Its dimensions beside those of every request.
    pub dimensions: BTreeMap<String, String>,
}

/// The filter, configured.
#[derive(Debug)]
pub struct Metrics {
    pub(crate) protocol_type: ProtocolType,
    routes: BTreeMap<String, Rc<Series>>,
    default: Rc<Series>,
}

impl Metrics {
    pub(crate) fn from_raw(raw: RawConfig) -> Result<Self, ConfigError> {
        check(&raw.dimensions).map_err(|error| error.below("dimensions"))?;
        let mut routes = BTreeMap::new();
        for (name, route) in raw.routes {
            check(&route.dimensions).map_err(|error| error.below(&format!("routes.{name}.dimensions")))?;
            let mut dimensions = raw.dimensions.clone();
            dimensions.extend(route.dimensions);
            routes.insert(name, Rc::new(Series::new(raw.protocol_type, &dimensions)));
        }
        let default = Rc::new(Series::new(raw.protocol_type, &raw.dimensions));
        Ok(Self { protocol_type: raw.protocol_type, routes, default })
    }

    pub(crate) fn series(&self, host: &dyn Host) -> Rc<Series> {
        Rc::clone(of_route(&self.routes, host).unwrap_or(&self.default))
    }
}

fn check(dimensions: &BTreeMap<String, String>) -> Result<(), ConfigError> {
    for (name, value) in dimensions {
        if !DIMENSIONS.contains(&name.as_str()) {
            return Err(ConfigError::new(name, format!("is no dimension, expected one of {}", DIMENSIONS.join(", "))));
        }
        if value.len() > MAX_VALUE_BYTES {
            return Err(ConfigError::new(name, format!("{} bytes, at most {MAX_VALUE_BYTES}", value.len())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(json: &str) -> String {
        let raw = serde_json::from_str(json).map_err(|error| error.to_string());
        raw.and_then(|raw| Metrics::from_raw(raw).map_err(|error| error.to_string())).err().unwrap_or_default()
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(refused(r#"{"dimensions": {"ApiName": "Pets"}}"#), "");
        let message = refused(r#"{"dimensions": {}, "routes": {"GET /": {"dimensions": {"Path": "/"}}}}"#);
        assert!(message.starts_with("routes.GET /.dimensions.Path: is no dimension"), "{message}");
        let long = format!(r#"{{"dimensions": {{"Stage": "{}"}}}}"#, "x".repeat(1025));
        assert_eq!(refused(&long), "dimensions.Stage: 1025 bytes, at most 1024");
    }
}
