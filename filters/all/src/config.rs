//! `gateway`, configured.

use std::collections::BTreeMap;

use chain::{Chain, ChainError, Entry};
use gateway::{ConfigError, Property};
use serde::{Deserialize, Serialize};

use crate::RawFilter;

/// The entry of `gateway` in a module.
pub const GATEWAY: Entry = Entry { name: "gateway", configure: |json| configure(gateway::parse(json)?) };

/// The configuration of `gateway` as written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawGateway {
    /// The filters in the order in which they see a request, each as `{NAME: CONFIGURATION}`.
    pub filters: Vec<RawFilter>,
    /// What differs for a route, by Envoy route name. A route that is not named passes all filters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub routes: BTreeMap<String, RawGatewayRoute>,
    /// Properties that Envoy's own configuration reads, an access log for one, beside those that routes take up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publish: Vec<Property>,
}

/// What differs for a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawGatewayRoute {
    /// Names of the filters that the route does not pass.
    pub without: Vec<String>,
}

/// The chain of a configuration.
///
/// # Errors
/// The first field that is wrong, with its path, which names the filter.
pub fn configure(raw: RawGateway) -> Result<Chain, ConfigError> {
    let names: Vec<&'static str> = raw.filters.iter().map(RawFilter::name).collect();
    let mut filters = Vec::with_capacity(raw.filters.len());
    for (place, filter) in raw.filters.into_iter().enumerate() {
        let name = filter.name();
        filters.push(filter.configure().map_err(|error| error.below(&format!("filters[{place}].{name}")))?);
    }
    let without = raw.routes.into_iter().map(|(route, settings)| (route, settings.without)).collect();
    Chain::of(filters, &without, raw.publish).map_err(|error| match error {
        ChainError::Twice(place) => ConfigError::new(format!("filters[{place}]"), "the filter is there already"),
        ChainError::Unknown(route, place) => ConfigError::new(
            format!("routes.{route}.without[{place}]"),
            format!("is no filter of this chain, expected one of `{}`", names.join("`, `")),
        ),
    })
}
