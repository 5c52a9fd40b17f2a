//! The filter, configured: models compiled, required parameters sorted out.

use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::media::{self, BinaryMediaTypes};
use gateway::{Api, ConfigError, Host, of_route};

use crate::parameters::Required;
use crate::raw::{RawConfig, RawValidatorRoute};
use crate::schema::{Model, Models};

/// The model of bodies that no other is for.
const DEFAULT: &str = "$default";

/// The filter, configured.
#[derive(Debug)]
pub struct RequestValidator {
    pub(crate) api: Api,
    pub(crate) models: Models,
    pub(crate) binary: BinaryMediaTypes,
    pub(crate) routes: BTreeMap<String, Rc<Route>>,
    pub(crate) default: Rc<Route>,
}

/// A route, compiled.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) resource_path: String,
    /// The parameters that are checked; none where they are not.
    pub(crate) required: Required,
    /// The models that bodies are checked against, by media type in lower case; none where they are not.
    models: BTreeMap<String, Rc<Model>>,
    converts_to_text: bool,
    pub(crate) misconfigured: Option<String>,
}

impl RequestValidator {
    pub(crate) fn from_raw(raw: RawConfig) -> Result<Self, ConfigError> {
        let all = raw.routes.values().chain([&raw.default]);
        let used = all.filter(|route| route.validate_request_body).flat_map(|route| route.request_models.values());
        let models = Models::compile(&raw.api.api_id, &raw.models, used.map(String::as_str)).map_err(|problems| {
            // Envoy shows one line, so one problem; `apigw check` shows them all.
            let first = problems.into_iter().next();
            first.map_or_else(
                || ConfigError::new("models", "cannot be compiled"),
                |problem| ConfigError::new(format!("models.{}#{}", problem.model, problem.pointer), problem.message),
            )
        })?;
        let mut routes = BTreeMap::new();
        for (name, route) in raw.routes {
            let compiled = Route::from_raw(route, &models).map_err(|error| error.below(&format!("routes.{name}")))?;
            routes.insert(name, Rc::new(compiled));
        }
        let default = Route::from_raw(raw.default, &models).map_err(|error| error.below("default"))?;
        let binary = BinaryMediaTypes::new(&raw.binary_media_types);
        Ok(Self { api: raw.api, models, binary, routes, default: Rc::new(default) })
    }

    /// The settings of the request's route. Where there is only one set of them, the route does not matter.
    pub(crate) fn route(&self, host: &dyn Host) -> Rc<Route> {
        Rc::clone(of_route(&self.routes, host).unwrap_or(&self.default))
    }
}

impl Route {
    fn from_raw(raw: RawValidatorRoute, models: &Models) -> Result<Self, ConfigError> {
        let required = Required::read(&raw.request_parameters).map_err(|error| error.below("requestParameters"))?;
        let mut by_type = BTreeMap::new();
        for (media_type, name) in if raw.validate_request_body { raw.request_models } else { BTreeMap::new() } {
            let Some(model) = models.get(&name) else {
                let message = format!("there is no model `{name}`");
                return Err(ConfigError::new(format!("requestModels.{media_type}"), message));
            };
            by_type.insert(media_type.to_ascii_lowercase(), Rc::clone(model));
        }
        Ok(Self {
            resource_path: raw.resource_path,
            required: if raw.validate_request_parameters { required } else { Required::default() },
            models: by_type,
            converts_to_text: raw.converts_to_text,
            misconfigured: raw.misconfigured,
        })
    }

    /// Whether any body is checked.
    pub(crate) fn checks_bodies(&self) -> bool {
        !self.models.is_empty()
    }

    /// The model that a body with this `Content-Type` must fit; `None` lets every such body on.
    ///
    /// Not documented: bytes are not checked, unless the integration takes them as text.
    pub(crate) fn model(&self, content_type: Option<&[u8]>, binary: &BinaryMediaTypes) -> Option<&Rc<Model>> {
        if !self.converts_to_text && binary.matches_content_type(content_type) {
            return None;
        }
        let media_type = content_type.map_or_else(|| media::JSON.to_owned(), media::first);
        self.models.get(&media_type).or_else(|| self.models.get(DEFAULT))
    }
}
