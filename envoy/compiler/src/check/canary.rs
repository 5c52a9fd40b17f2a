//! The canary of a stage: its own definition, and what differs in it.

use std::path::Path;

use super::{Api, Checked, Findings, Input, Model};
use crate::openapi::{self, Definition};
use crate::routes;
use crate::source::{Role, SourceId};

impl Checked {
    /// Reads the definition that the canary has of its own. Its name is relative to the settings file.
    pub(super) fn read_canary(&mut self, settings: Option<SourceId>, reading: &openapi::Options) {
        let canary = self.settings.stage.canary.as_ref();
        let Some(name) = canary.and_then(|canary| canary.definition.clone()) else { return };
        let document = settings.and_then(|id| self.sources.document(id));
        let folder = document.and_then(|document| Path::new(document.name()).parent()).unwrap_or(Path::new(""));
        let path = folder.join(name.as_str());
        let id = self.load(Input::from_file(&path), Role::Definition);
        self.included.push(path);
        let Some(document) = self.sources.document(id).filter(|document| document.root().is_some()) else { return };
        let (definition, diagnostics) = openapi::read(document, reading);
        self.diagnostics.extend(diagnostics);
        match definition {
            Some(definition @ Definition::Rest(_)) => self.canary_definition = Some(definition),
            Some(_) => self.diagnostics.error(name.span, "expected the OpenAPI document of a REST API"),
            None => {}
        }
    }
}

impl Findings {
    /// What a canary asks for.
    pub(super) fn check_canary(&mut self, checked: &Checked) {
        let Some(canary) = &checked.settings.stage.canary else { return };
        let rest = |definition: &Definition| matches!(definition, Definition::Rest(_) | Definition::Template(_));
        if !checked.definitions.iter().all(rest) {
            self.diagnostics.error(canary.span, "only stages of REST APIs have canaries");
        }
        let stage = checked.settings.stage.deployment_id.as_ref().map(|id| id.as_str());
        if let Some(id) = canary.deployment_id.as_ref().filter(|id| stage != Some(id.as_str()))
            && canary.definition.is_none()
        {
            let text = "the canary runs the same definition as its stage: name the file with that of its own deployment \
                        as `definition` in `canarySettings` of the settings' stage";
            self.diagnostics.warning(id.span, text);
        }
        if let Some(Definition::Rest(rest)) = &checked.canary_definition {
            self.check_rest(rest, checked);
        }
    }
}

impl Model {
    /// Adds the canary that the settings ask for. It differs in its definition and in some variables.
    pub(super) fn add_canary(&mut self, definition: Option<Definition>) {
        let Some(settings) = &self.settings.stage.canary else { return };
        let mut variables = self.settings.stage.variables.clone();
        variables.extend(settings.stage_variable_overrides.clone());
        let rest = match definition {
            Some(Definition::Rest(rest)) => Some(rest),
            _ => self.apis.first().map(|api| api.rest.clone()),
        };
        let Some(rest) = rest else { return };
        self.is_canary = Some(false);
        let mut canary = Self {
            apis: vec![Api { routes: routes::order(&rest.resources), rest }],
            http_apis: Vec::new(),
            web_socket_apis: Vec::new(),
            settings: self.settings.clone(),
            stage_name: self.stage_name.clone(),
            base_path: self.base_path.clone(),
            base_path_matched: self.base_path_matched.clone(),
            is_canary: Some(true),
            canary: None,
            further: Vec::new(),
        };
        canary.settings.stage.variables = variables;
        self.canary = Some(Box::new(canary));
    }
}
