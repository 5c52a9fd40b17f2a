//! The filter, configured: URIs split, mappings and templates compiled.

use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::media::BinaryMediaTypes;
use gateway::{Api, ConfigError, RawRoute};

use crate::backend::Backend;
use crate::headers::Kind;
use crate::http_api;
use crate::http_proxy::HttpProxy;
use crate::lambda_proxy::LambdaProxy;
use crate::mapping::Mapping;
use crate::raw::{RawConfig, RawIntegration, RawMappingRoute};

/// The filter, configured.
#[derive(Debug)]
pub struct MappingTemplate {
    pub(crate) api: Api,
    pub(crate) binary: BinaryMediaTypes,
    pub(crate) routes: BTreeMap<String, Rc<Route>>,
    pub(crate) default: Rc<Route>,
}

/// A route, compiled.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Option<RawRoute>,
    pub(crate) integration: Option<Integration>,
}

/// An integration, compiled.
#[derive(Debug)]
pub(crate) enum Integration {
    Mock(Mapping),
    HttpProxy(HttpProxy),
    Backend(Backend),
    LambdaProxy(LambdaProxy),
    HttpApiProxy(http_api::Proxy),
    HttpApiLambda(http_api::Lambda),
    HttpApiService(http_api::Service),
    Misconfigured(String),
}

impl MappingTemplate {
    pub(crate) fn from_raw(raw: RawConfig) -> Result<Self, ConfigError> {
        let mut routes = BTreeMap::new();
        for (name, route) in raw.routes {
            let compiled = Route::from_raw(route, &raw.api).map_err(|error| error.below(&format!("routes.{name}")))?;
            routes.insert(name, Rc::new(compiled));
        }
        let default = Route::from_raw(raw.default, &raw.api).map_err(|error| error.below("default"))?;
        Ok(Self {
            binary: BinaryMediaTypes::new(&raw.binary_media_types),
            api: raw.api,
            routes,
            default: Rc::new(default),
        })
    }
}

impl Route {
    /// The templates of the route that cannot be rendered.
    pub(crate) fn problems(&self) -> Vec<String> {
        match &self.integration {
            Some(Integration::Mock(mapping)) => mapping.problems(),
            Some(Integration::Backend(backend)) => backend.mapping().problems(),
            _ => Vec::new(),
        }
    }

    fn from_raw(raw: RawMappingRoute, api: &Api) -> Result<Self, ConfigError> {
        let integration = match raw.integration {
            None => None,
            Some(integration) => {
                Some(Integration::from_raw(integration, api).map_err(|error| error.below("integration"))?)
            }
        };
        Ok(Self { method: raw.method, integration })
    }
}

impl Integration {
    fn from_raw(raw: RawIntegration, api: &Api) -> Result<Self, ConfigError> {
        match raw {
            RawIntegration::Mock(raw) => {
                Mapping::from_raw(raw, Kind::Http).map(Self::Mock).map_err(|error| error.below("mock"))
            }
            RawIntegration::HttpProxy(raw) => {
                HttpProxy::from_raw(raw, api).map(Self::HttpProxy).map_err(|error| error.below("httpProxy"))
            }
            RawIntegration::Http(raw) => {
                Backend::from_raw_http(raw, api).map(Self::Backend).map_err(|error| error.below("http"))
            }
            RawIntegration::Aws(raw) => {
                Backend::from_raw_aws(raw, api).map(Self::Backend).map_err(|error| error.below("aws"))
            }
            RawIntegration::AwsProxy(raw) => {
                LambdaProxy::from_raw(raw).map(Self::LambdaProxy).map_err(|error| error.below("awsProxy"))
            }
            RawIntegration::HttpApiProxy(raw) => {
                http_api::Proxy::from_raw(raw, api).map(Self::HttpApiProxy).map_err(|error| error.below("httpApiProxy"))
            }
            RawIntegration::HttpApiLambda(raw) => {
                http_api::Lambda::from_raw(raw).map(Self::HttpApiLambda).map_err(|error| error.below("httpApiLambda"))
            }
            RawIntegration::HttpApiService(raw) => http_api::Service::from_raw(raw)
                .map(Self::HttpApiService)
                .map_err(|error| error.below("httpApiService")),
            RawIntegration::Misconfigured(reason) => Ok(Self::Misconfigured(reason)),
        }
    }

    /// Whether the answer depends on the request body being whole. An integration that answers by itself waits for
    /// it in any case, so that the connection can be used again.
    pub(crate) fn needs_body(&self) -> bool {
        match self {
            Self::HttpProxy(proxy) => proxy.needs_body(),
            Self::HttpApiProxy(proxy) => proxy.needs_body(),
            Self::Mock(_)
            | Self::Backend(_)
            | Self::LambdaProxy(_)
            | Self::HttpApiLambda(_)
            | Self::HttpApiService(_)
            | Self::Misconfigured(_) => true,
        }
    }
}
