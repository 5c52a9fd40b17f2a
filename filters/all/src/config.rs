//! `gateway`, configured.

use std::collections::BTreeMap;

use chain::{Chain, ChainError, Entry};
use gateway::{ConfigError, Property, Root};
use serde::{Deserialize, Serialize};

use crate::RawFilter;

/// The entry of `gateway` in the module with all filters.
pub const GATEWAY: Entry = Entry { name: "gateway", configure: |json| configure(gateway::parse(json)?) };

/// The entry of `gateway` in the small module.
pub(crate) const SMALL_GATEWAY: Entry =
    Entry { name: GATEWAY.name, configure: |json| chain_of(gateway::parse(json)?, RawFilter::configure_small) };

/// How a filter becomes one that runs.
type Configure = fn(RawFilter) -> Result<Box<dyn Root>, ConfigError>;

/// The configuration of `gateway` as written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawGateway {
    /// The filters in the order in which they see a request, each as `{NAME: CONFIGURATION}`.
    pub filters: Vec<RawFilter>,
    /// What differs for a route, by Envoy route name. A route that is not named passes all filters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub routes: BTreeMap<String, RawGatewayRoute>,
    /// Properties that Envoy's own configuration reads beside those that it always does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publish: Vec<Property>,
    /// Further deployments beside the one above, each with filters of its own: canaries, stages, APIs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<RawDeployment>,
    /// How often the configuration has changed while Envoy runs. Envoy does not configure a filter with what it has had
    /// before: a configuration that comes back needs a number of its own.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generation: u32,
}

fn is_zero(generation: &u32) -> bool {
    *generation == 0
}

/// A deployment whose routes pass filters of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawDeployment {
    /// The filters in the order in which they see a request.
    pub filters: Vec<RawFilter>,
    /// All routes of the deployment, by Envoy route name.
    pub routes: BTreeMap<String, RawGatewayRoute>,
}

/// What differs for a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawGatewayRoute {
    /// Names of the filters that the route does not pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
}

/// The chain of a configuration.
///
/// # Errors
/// The first field that is wrong, with its path, which names the filter.
pub fn configure(raw: RawGateway) -> Result<Chain, ConfigError> {
    chain_of(raw, RawFilter::configure)
}

fn chain_of(raw: RawGateway, configure: Configure) -> Result<Chain, ConfigError> {
    let (filters, without) = members(raw.filters, raw.routes, configure)?;
    let names = filters.iter().map(|filter| filter.name()).collect();
    let mut chain = Chain::of(filters, &without, raw.publish).map_err(|error| wrong(error, names))?;
    for (place, deployment) in raw.further.into_iter().enumerate() {
        let below = |error: ConfigError| error.below(&format!("further[{place}]"));
        let (filters, without) = members(deployment.filters, deployment.routes, configure).map_err(below)?;
        let names = filters.iter().map(|filter| filter.name()).collect();
        chain = chain.with_further(filters, &without).map_err(|error| below(wrong(error, names)))?;
    }
    Ok(chain)
}

/// Filters, and those that routes do not pass.
type Members = (Vec<Box<dyn Root>>, BTreeMap<String, Vec<String>>);

fn members(
    raw: Vec<RawFilter>,
    routes: BTreeMap<String, RawGatewayRoute>,
    configure: Configure,
) -> Result<Members, ConfigError> {
    let mut filters = Vec::with_capacity(raw.len());
    for (place, filter) in raw.into_iter().enumerate() {
        let name = filter.name();
        filters.push(configure(filter).map_err(|error| error.below(&format!("filters[{place}].{name}")))?);
    }
    Ok((filters, routes.into_iter().map(|(route, settings)| (route, settings.without)).collect()))
}

fn wrong(error: ChainError, names: Vec<&'static str>) -> ConfigError {
    match error {
        ChainError::Twice(place) => ConfigError::new(format!("filters[{place}]"), "the filter is there already"),
        ChainError::Unknown(route, place) => ConfigError::new(
            format!("routes.{route}.without[{place}]"),
            format!("is no filter of this chain, expected one of `{}`", names.join("`, `")),
        ),
        ChainError::Shared(route) => {
            ConfigError::new(format!("routes.{route}"), "the route belongs to another deployment already")
        }
    }
}
