//! Validators of methods, as the configuration of `request-validator`.

use std::collections::BTreeMap;

use gateway::RawApi;
use request_validator::{RawConfig, RawValidatorRoute};

use crate::api::{ContentHandling, Method, RestApi};
use crate::models::{Validation, schemas, validation};

/// Collects what methods ask for.
pub(super) struct Validators<'m> {
    rest: &'m RestApi,
    config: RawConfig,
}

impl<'m> Validators<'m> {
    /// No method yet. `is_given`: whether the settings say the API's id.
    pub(super) fn new(rest: &'m RestApi, api: &RawApi, is_given: bool) -> Self {
        let config = RawConfig {
            api: api.clone(),
            binary_media_types: rest.binary_media_types.iter().map(|text| text.value.clone()).collect(),
            models: schemas(rest, &api.api_id, is_given),
            routes: BTreeMap::new(),
            default: RawValidatorRoute {
                misconfigured: Some("the route is not configured".to_owned()),
                ..RawValidatorRoute::default()
            },
        };
        Self { rest, config }
    }

    /// Adds a method; `false` when nothing of it is validated, and its route need not pass the filter.
    pub(super) fn add(&mut self, key: &str, resource_path: &str, method: &Method) -> bool {
        let Validation { body, parameters } = validation(self.rest, method);
        if !body && !parameters {
            return false;
        }
        let required = method.request_parameters.iter().map(|(name, required)| (name.clone(), **required));
        let models = method.request_models.iter().map(|(media_type, model)| (media_type.clone(), model.value.clone()));
        let route = RawValidatorRoute {
            resource_path: resource_path.to_owned(),
            validate_request_parameters: parameters,
            validate_request_body: body,
            request_parameters: if parameters { required.collect() } else { BTreeMap::new() },
            request_models: if body { models.collect() } else { BTreeMap::new() },
            converts_to_text: converts_to_text(method),
            misconfigured: None,
        };
        self.config.routes.insert(key.to_owned(), route);
        true
    }

    /// The configuration; `None` when no method is validated.
    pub(super) fn into_config(self) -> Option<RawConfig> {
        (!self.config.routes.is_empty()).then_some(self.config)
    }
}

/// Whether the method's integration takes bytes as base64 text.
fn converts_to_text(method: &Method) -> bool {
    let handling = method.integration.as_ref().and_then(|integration| integration.content_handling);
    handling.is_some_and(|handling| *handling == ContentHandling::ConvertToText)
}
