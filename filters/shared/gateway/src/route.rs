//! Settings by the name of Envoy's route.

use std::collections::BTreeMap;

use crate::Host;

/// The attribute that holds the name of the request's route.
pub const ROUTE_NAME: &[&str] = &["xds", "route_name"];

/// The name of the request's route, which is the route key of an HTTP API; empty where Envoy has none.
pub fn route_name(host: &dyn Host) -> Vec<u8> {
    host.attribute(ROUTE_NAME).unwrap_or_default()
}

/// The entry of the request's route. Envoy is not asked for the name where there are no entries.
pub fn of_route<'a, T>(routes: &'a BTreeMap<String, T>, host: &dyn Host) -> Option<&'a T> {
    if routes.is_empty() {
        return None;
    }
    routes.get(std::str::from_utf8(&route_name(host)).ok()?)
}
