//! Configuration of the filter.

use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::{ConfigError, Property, RawApi};
use serde::{Deserialize, Serialize};
use usage_plan::{Plans, RawPlans, Recall};

/// The filter's configuration as written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawConfig {
    /// The API and stage.
    pub api: RawApi,
    /// Where a request's key comes from.
    #[serde(default)]
    pub api_key_source: ApiKeySource,
    /// What is left for filters in other modules and for access logs; absent: everything. A request takes less where
    /// nobody asks, and the list is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Vec<Property>>,
    /// Keys, plans, and the throttles of stage and account.
    #[serde(default)]
    pub plans: RawPlans,
    /// Settings by Envoy route name.
    #[serde(default)]
    pub routes: BTreeMap<String, RawKeyRoute>,
    /// Settings of a route that `routes` does not name.
    #[serde(default)]
    pub default: RawKeyRoute,
}

/// `apiKeySource` of an API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ApiKeySource {
    /// The request header `X-API-Key`.
    #[default]
    Header,
    /// `usageIdentifierKey` of the authorizer's answer; the header is ignored.
    Authorizer,
}

/// What the filter knows of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawKeyRoute {
    /// Whether the method needs a key.
    #[serde(default)]
    pub api_key_required: bool,
    /// Path of the resource, `/pets/{petId}`; with the verb it names the limits of the method.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resource_path: String,
    /// Verb of the method, or `ANY`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub http_method: String,
    /// Answers with the usage report instead. Such a route belongs on a listener that only operators reach.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub usage_report: bool,
}

/// The filter, configured.
#[derive(Debug)]
pub struct ApiKey {
    pub(crate) api: RawApi,
    pub(crate) source: ApiKeySource,
    pub(crate) published: Option<Vec<Property>>,
    pub(crate) plans: Plans,
    pub(crate) recall: Recall,
    pub(crate) routes: BTreeMap<String, Rc<RawKeyRoute>>,
    pub(crate) default: Rc<RawKeyRoute>,
}

impl ApiKey {
    pub(crate) fn from_raw(raw: RawConfig) -> Result<Self, ConfigError> {
        let plans = Plans::from_raw(&raw.plans).map_err(|problems| {
            // Envoy shows one line, so one problem; `apigw check` shows them all.
            let first = problems.into_iter().next().unwrap_or_else(|| ConfigError::new("", "cannot be compiled"));
            first.below("plans")
        })?;
        Ok(Self {
            api: raw.api,
            source: raw.api_key_source,
            published: raw.published,
            plans,
            recall: Recall::default(),
            routes: raw.routes.into_iter().map(|(name, route)| (name, Rc::new(route))).collect(),
            default: Rc::new(raw.default),
        })
    }
}
