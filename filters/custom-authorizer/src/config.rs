//! The filter, configured.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::policy::{DenyMessages, partition};
use gateway::{Api, ConfigError, Host, Property, RawRoute, flush, of_route};
use iam_policy::{ExecuteApi, Kind, Policy};

use crate::authorizer::Authorizer;
use crate::cache::Cache;
use crate::flight::Flights;
use crate::raw::{RawAuthorizerRoute, RawConfig};

/// The filter, configured.
#[derive(Debug)]
pub struct CustomAuthorizer {
    pub(crate) api: Api,
    pub(crate) deny_messages: DenyMessages,
    pub(crate) resource_policy: Option<Policy>,
    pub(crate) published: Option<Vec<Property>>,
    routes: BTreeMap<String, Route>,
    default: Route,
    /// Answers that are kept on this worker.
    pub(crate) cache: Cache,
    /// Calls under way on this worker.
    pub(crate) flights: Flights,
    /// Whether answers are kept, and a request may have to wait for another one's call.
    pub(crate) keeps_answers: bool,
    /// Name of the cache that all workers share.
    cache_name: String,
    /// How often it was emptied, as far as this worker knows; `None` when nobody can tell.
    pub(crate) flushes: Cell<Option<u64>>,
}

/// What happens on a route.
#[derive(Clone, Debug)]
pub(crate) enum Route {
    /// The configuration does not say who may call it.
    Unknown,
    Open,
    Checked(Rc<Checked>),
}

/// A route with an authorizer.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) authorizer: Rc<Authorizer>,
    pub(crate) method: Option<RawRoute>,
}

impl CustomAuthorizer {
    pub(crate) fn from_raw(raw: RawConfig) -> Result<Self, ConfigError> {
        let mut authorizers = BTreeMap::new();
        for (name, authorizer) in raw.authorizers {
            let compiled = Authorizer::from_raw(&raw.api, &name, authorizer);
            let compiled = compiled.map_err(|error| error.below(&name).below("authorizers"))?;
            authorizers.insert(name, Rc::new(compiled));
        }
        let route = |raw: RawAuthorizerRoute| match (raw.authorizer, raw.open) {
            (Some(_), true) => Err(ConfigError::new("open", "a route with an authorizer is not open")),
            (None, true) => Ok(Route::Open),
            (None, false) => Ok(Route::Unknown),
            (Some(name), false) => match authorizers.get(&name) {
                Some(authorizer) => {
                    Ok(Route::Checked(Rc::new(Checked { authorizer: Rc::clone(authorizer), method: raw.method })))
                }
                None => Err(ConfigError::new("authorizer", format!("there is no authorizer `{name}`"))),
            },
        };
        let mut routes = BTreeMap::new();
        for (name, raw) in raw.routes {
            let compiled = route(raw).map_err(|error| error.below(&name).below("routes"))?;
            routes.insert(name, compiled);
        }
        let default = route(raw.default).map_err(|error| error.below("default"))?;
        let api = ExecuteApi {
            partition: partition(&raw.api.region),
            region: &raw.api.region,
            account_id: &raw.api.account_id,
            api_id: &raw.api.api_id,
        };
        let resource_policy = raw.resource_policy.as_ref().map(|policy| Policy::compile(policy, Kind::Resource(api)));
        let resource_policy = resource_policy
            .transpose()
            .map_err(|e| ConfigError::new(e.path, e.reason.to_string()).below("resourcePolicy"))?;
        Ok(Self {
            resource_policy,
            published: raw.published,
            deny_messages: raw.deny_messages,
            cache_name: flush::authorizers_of(&raw.api.api_id, &raw.api.stage),
            flushes: Cell::default(),
            api: raw.api,
            routes,
            default,
            cache: Cache::default(),
            flights: Flights::default(),
            keeps_answers: authorizers.values().any(|authorizer| authorizer.ttl_millis > 0),
        })
    }

    /// Looks how often the answers were emptied.
    pub(crate) fn look_for_flushes(&self, host: &dyn Host) {
        self.flushes.set(flush::flushes(host, &self.cache_name).ok());
    }

    /// What happens on the request's route.
    pub(crate) fn route(&self, host: &dyn Host) -> Route {
        of_route(&self.routes, host).unwrap_or(&self.default).clone()
    }
}
