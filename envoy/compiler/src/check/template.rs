//! SAM and CloudFormation templates among the definitions: what they hold takes their place.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::stages::StageInput;
use super::{Checked, Input, Options};
use crate::cloudformation::{self, Contents, Environment, Files};
use crate::diagnostics::Diagnostics;
use crate::openapi::{Definition, Kind, ProtocolType, detect};
use crate::settings::{self, Settings};
use crate::source::{Entry, Node, Role, SourceId, Sources, Span, Value};

/// Files beside a template, by the name that stands in it.
struct Beside<'s> {
    sources: &'s Sources,
    ids: HashMap<String, SourceId>,
}

impl Files for Beside<'_> {
    fn root(&self, name: &str) -> Option<&Node> {
        self.sources.document(*self.ids.get(name)?)?.root()
    }
}

impl Checked {
    /// Reads the settings, and puts the APIs of each template in the place of its document. What a template says of its
    /// stage, keys and plans stands behind what the settings file says.
    pub(super) fn read_templates(
        &mut self,
        stage: &StageInput,
        options: &Options,
    ) -> Vec<(SourceId, Option<ProtocolType>)> {
        let (definitions, settings) = (stage.definitions.as_slice(), stage.settings);
        let (own, found) = self.read_settings(settings);
        if !definitions.iter().any(|id| self.is_template(*id)) {
            self.settings = own;
            self.diagnostics.extend(found);
            return definitions.iter().map(|id| (*id, None)).collect();
        }
        let environment = Environment {
            api_id: own.api_id.as_ref().map(|text| text.value.clone()),
            account_id: own.account_id.as_ref().map(|text| text.value.clone()),
            region: own.region.as_ref().map(|text| text.value.clone()),
            parameters: own.parameters.clone(),
            imports: own.imports.clone(),
            stage: options
                .stage
                .clone()
                .or(stage.stage.clone())
                .or_else(|| own.stage.stage_name.as_ref().map(|text| text.value.clone())),
            has_api_keys: !own.api_keys.is_empty(),
        };
        // With several APIs in a template, each is a stage of its own.
        let mut place = 0;
        let mut is_wanted = || {
            place += 1;
            stage.only.is_none_or(|only| only + 1 == place)
        };
        let mut documents = Vec::new();
        let mut merged = settings.and_then(|id| self.sources.document(id)?.root().cloned());
        for id in definitions {
            if !self.is_template(*id) {
                documents.push((*id, None));
                continue;
            }
            let contents = self.read_template(*id, &environment);
            for export in contents.web_socket_apis.into_iter().filter(|_| is_wanted()) {
                self.template_stages.extend(export.stages);
                self.definitions.push(Definition::WebSocket(export.api));
                merged = Some(match merged {
                    Some(own) => behind(own, export.settings),
                    None => export.settings,
                });
            }
            for export in contents.apis.into_iter().filter(|_| is_wanted()) {
                let name = self.sources.document(*id).map(|document| document.name().to_owned()).unwrap_or_default();
                self.template_stages.extend(export.stages);
                let id = self.sources.add_derived(&name, Role::Definition, export.document);
                documents.push((id, Some(export.protocol_type)));
                merged = Some(match merged {
                    Some(own) => behind(own, export.settings),
                    None => export.settings,
                });
            }
        }
        let merged = merged.map(|root| self.sources.add_derived("settings", Role::Settings, root));
        let (settings, found) = self.read_settings(merged);
        self.settings = settings;
        self.diagnostics.extend(found);
        documents
    }

    fn is_template(&self, id: SourceId) -> bool {
        let root = self.sources.document(id).and_then(|document| document.root());
        root.is_some_and(|root| matches!(detect(root), Ok(Kind::Sam(_) | Kind::CloudFormation(_))))
    }

    fn read_settings(&self, id: Option<SourceId>) -> (Settings, Diagnostics) {
        let document = id.and_then(|id| self.sources.document(id)).filter(|document| document.root().is_some());
        document.map(settings::read).unwrap_or_default()
    }

    fn read_template(&mut self, id: SourceId, environment: &Environment) -> Contents {
        let document = self.sources.document(id);
        let folder =
            document.and_then(|document| Path::new(document.name()).parent()).unwrap_or(Path::new("")).to_owned();
        let names = document.and_then(|document| document.root()).map(cloudformation::files_named).unwrap_or_default();
        let mut ids = HashMap::new();
        for name in names {
            let path: PathBuf = folder.join(&*name);
            ids.insert(name.value, self.load(Input::from_file(&path), Role::Definition));
            self.included.push(path);
        }
        let Some(document) = self.sources.document(id) else { return Contents::default() };
        let files = Beside { sources: &self.sources, ids };
        let (contents, diagnostics) = cloudformation::read(document, environment, &files);
        self.diagnostics.extend(diagnostics);
        self.domains.domains.extend(contents.domains.domains.iter().cloned());
        self.domains.mappings.extend(contents.domains.mappings.iter().cloned());
        contents
    }
}

/// The settings file with the template's settings behind it: a field of the file wins, the fields of the stage and of
/// its canary one by one.
pub(super) fn behind(own: Node, template: Node) -> Node {
    let (Value::Map(mut merged), Value::Map(template)) = (own.value, template.value) else {
        return Node::empty_map(Span { start: 0, end: 0, ..own.span });
    };
    for Entry { key, value } in template.entries() {
        match merged.get(&key.text).cloned() {
            Some(own)
                if matches!(&*key.text, "stage" | "canarySettings") && own.as_map().and(value.as_map()).is_some() =>
            {
                merged.set(key.clone(), behind(own, value.clone()));
            }
            Some(own) if !own.is_null() => {}
            _ => merged.set(key.clone(), value.clone()),
        }
    }
    Node::new(own.span, Value::Map(merged))
}
