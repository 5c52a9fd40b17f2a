//! Reading a filter's configuration: JSON in, one clear message out when it is wrong.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::struct_value;

/// Why a filter's configuration is refused: where in it, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Path of the field, such as `usagePlans[1].throttle.rateLimit`; empty for the document itself.
    pub path: String,
    /// What was found and what is accepted, in lower case without a final period.
    pub message: String,
}

impl ConfigError {
    /// An error at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// The same error seen from a field above: `below("usagePlans[1]")` turns `throttle` into `usagePlans[1].throttle`.
    #[must_use]
    pub fn below(mut self, parent: &str) -> Self {
        let separator = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{parent}{separator}{}", self.path);
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" | "." => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Reads a raw configuration: JSON text, or a serialised `google.protobuf.Struct`, which is what Envoy hands over for
/// YAML in place.
///
/// # Errors
/// The first thing that does not fit, with its path.
pub fn parse<T: DeserializeOwned>(configuration: &[u8]) -> Result<T, ConfigError> {
    let error = match from_json(configuration) {
        Ok(raw) => return Ok(raw),
        Err(error) => error,
    };
    // By way of text: code that reads a value as well would make every module a tenth larger.
    match struct_value::decode(configuration) {
        Some(value) => from_json(value.to_string().as_bytes()),
        None => Err(error),
    }
}

fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, ConfigError> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(json))
        .map_err(|error| ConfigError::new(error.path().to_string(), error.inner().to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    #[allow(dead_code)]
    struct RawThrottle {
        rate_limit: f64,
    }

    #[test]
    fn names_the_field_and_what_is_accepted() {
        let error = parse::<Vec<RawThrottle>>(br#"[{"rateLimit": 1}, {"rateLimt": 1}]"#).unwrap_err();
        assert_eq!(error.path, "[1].rateLimt");
        assert!(error.message.starts_with("unknown field `rateLimt`, expected `rateLimit`"), "{}", error.message);
    }

    #[test]
    fn paths_join_as_they_are_written() {
        let error = ConfigError::new("throttle.rateLimit", "is negative");
        assert_eq!(error.below("plans[1]").to_string(), "plans[1].throttle.rateLimit: is negative");
        assert_eq!(ConfigError::new("[1]", "x").below("plans").to_string(), "plans[1]: x");
    }
}
