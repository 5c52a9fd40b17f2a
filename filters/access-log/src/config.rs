//! Configuration of the filter.

use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::{Api, ConfigError, RawApi, RawRoute};
use serde::{Deserialize, Serialize};

use crate::format::Format;

/// The filter's configuration as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawConfig {
    /// The API and stage.
    pub api: RawApi,
    /// The line, with `$context` variables, as `accessLogSettings.format` has it.
    pub format: String,
    /// The methods that routes stand for, by Envoy route name. A request of another route is logged as one that no
    /// method matched.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub routes: BTreeMap<String, RawLoggedRoute>,
}

/// What the filter knows of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawLoggedRoute {
    /// The method that the route stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<RawRoute>,
    /// Its requests are none of the stage's: they are not logged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
}

/// The filter, configured.
#[derive(Debug)]
pub struct AccessLog {
    pub(crate) api: Api,
    pub(crate) format: Format,
    pub(crate) routes: BTreeMap<String, Rc<RawLoggedRoute>>,
    pub(crate) default: Rc<RawLoggedRoute>,
}

impl AccessLog {
    pub(crate) fn from_raw(raw: RawConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            api: raw.api,
            format: Format::compile(&raw.format)?,
            routes: raw.routes.into_iter().map(|(name, route)| (name, Rc::new(route))).collect(),
            default: Rc::new(RawLoggedRoute::default()),
        })
    }
}
