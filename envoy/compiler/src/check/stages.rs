//! Which stages of which APIs one gateway serves, each with settings of its own.
//!
//! Every stage is checked and compiled by itself. What `apis` and `stages` say of it goes before what the rest of the
//! settings says for all of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::template::behind;
use super::{Checked, Findings, Input, Options};
use crate::api::Authorizer;
use crate::openapi::Definition;
use crate::read::one_of;
use crate::source::{Entry, Key, Map, Node, Role, SourceId, Span, Value};

/// Fields of the settings that an API may have of its own.
const API_FIELDS: [&str; 10] = [
    "accountId",
    "apiId",
    "definition",
    "importBasePath",
    "imports",
    "parameters",
    "protocolType",
    "region",
    "stage",
    "stages",
];

/// What goes into the check of one stage.
#[derive(Clone, Debug)]
pub(super) struct StageInput {
    /// The API's definition; several are one API each.
    pub definitions: Vec<SourceId>,
    /// What holds for this stage.
    pub settings: Option<SourceId>,
    /// Which API of a template that has several.
    pub only: Option<usize>,
    /// Which stage of a template whose API has several.
    pub stage: Option<String>,
}

impl Checked {
    /// The stages that definitions and settings name.
    pub(super) fn stages(
        &mut self,
        definitions: &[SourceId],
        settings: Option<SourceId>,
        options: &Options,
    ) -> Vec<StageInput> {
        let root = settings.and_then(|id| self.sources.document(id)?.root()?.as_map().cloned());
        let Some(root) = root.filter(|root| root.get("apis").is_some() || root.get("stages").is_some()) else {
            return definitions
                .iter()
                .map(|id| StageInput { definitions: vec![*id], settings, only: None, stage: None })
                .collect();
        };
        let name = settings.and_then(|id| self.sources.document(id)).map(|document| document.name().to_owned());
        let mut plan = Plan { settings: name.unwrap_or_default(), definitions, options, stages: Vec::new() };
        let common = without(&root, &["apis", "stages"]);
        let mut named = BTreeSet::new();
        let mut apis = Vec::new();
        for api in list(self, root.get("apis")) {
            let Some(own) = map(self, &api) else { continue };
            for entry in own.entries().iter().filter(|entry| !API_FIELDS.contains(&&*entry.key.text)) {
                let text = format!("unknown field `{}`, expected {}", entry.key.text, one_of(&API_FIELDS));
                self.diagnostics.error(entry.key.span, text);
            }
            let Some(definition) = api.get("definition").and_then(|name| plan.definition(self, name)) else {
                self.diagnostics.error(api.span, "the field `definition` is missing, the name of a file");
                continue;
            };
            named.insert(definition);
            let own = Node::new(api.span, Value::Map(without(&own, &["definition", "stages"])));
            apis.push((definition, behind(own, whole(&common, api.span)), api.get("stages").cloned()));
        }
        // Those of the command line first: what is first has a path that several have.
        for definition in definitions.iter().filter(|id| !named.contains(id)) {
            let span = Span { source: *definition, start: 0, end: 0 };
            plan.add(self, *definition, &whole(&common, span), root.get("stages").filter(|node| !node.is_null()));
        }
        for (definition, settings, stages) in apis {
            plan.add(self, definition, &settings, stages.as_ref());
        }
        plan.stages
    }
}

/// Stages, as they are found.
struct Plan<'a> {
    /// Name of the settings file, from whose folder files are named.
    settings: String,
    definitions: &'a [SourceId],
    options: &'a Options,
    stages: Vec<StageInput>,
}

impl Plan<'_> {
    /// The stages of an API: those of a list, or the one that its settings have.
    fn add(&mut self, checked: &mut Checked, definition: SourceId, settings: &Node, stages: Option<&Node>) {
        let Some(stages) = stages else { return self.push(checked, definition, settings.clone()) };
        let mut found = false;
        for stage in list(checked, Some(stages)) {
            let Some(own) = map(checked, &stage) else { continue };
            let wanted = self.options.stage.as_deref();
            if wanted.is_some() && wanted != stage.get("stageName").and_then(Node::as_str) {
                continue;
            }
            found = true;
            // A stage may run another deployment than its API's other stages do.
            let deployed = stage.get("definition").and_then(|name| self.definition(checked, name));
            let own = Node::new(stage.span, Value::Map(without(&own, &["definition"])));
            let mut of_stage = Map::default();
            of_stage.set(Key::new("stage", stage.span), own);
            let settings = behind(Node::new(stage.span, Value::Map(of_stage)), settings.clone());
            self.push(checked, deployed.unwrap_or(definition), settings);
        }
        if let (false, Some(name)) = (found, &self.options.stage) {
            checked.diagnostics.error(stages.span, format!("none of the stages has the name `{name}`"));
        }
    }

    fn push(&mut self, checked: &mut Checked, definition: SourceId, settings: Node) {
        let settings = checked.sources.add_derived(&self.settings, Role::Settings, settings);
        self.stages.push(StageInput {
            definitions: vec![definition],
            settings: Some(settings),
            only: None,
            stage: None,
        });
    }

    /// The document that a file name in the settings stands for: one of the command line, or one more.
    fn definition(&self, checked: &mut Checked, name: &Node) -> Option<SourceId> {
        let path = Path::new(&self.settings).parent().unwrap_or(Path::new("")).join(name.as_str()?);
        let same = |other: &Path| {
            let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| PathBuf::from(path));
            whole(other) == whole(&path)
        };
        let known = checked.sources.documents().filter(|document| document.role() == Role::Definition);
        let known: Vec<SourceId> = known.filter(|document| same(Path::new(document.name()))).map(|d| d.id()).collect();
        if let Some(id) = self.definitions.iter().find(|id| known.contains(id)).or(known.first()) {
            return Some(*id);
        }
        let id = checked.load(Input::from_file(&path), Role::Definition);
        checked.included.push(path);
        Some(id)
    }
}

impl Findings {
    /// What several stages say about each other.
    pub(super) fn check_stages(&mut self, stages: &[&Checked]) {
        let several = stages.len() > 1;
        let mut at_paths: Vec<(String, Option<&str>)> = Vec::new();
        let mut seen = BTreeSet::new();
        for stage in stages {
            let Some(definition) = stage.definitions.iter().find(|found| !matches!(found, Definition::Template(_)))
            else {
                continue;
            };
            let span = definition.span();
            let id = stage.settings.api_id.as_ref();
            let identity = (id.map_or(definition.name(), |id| id.as_str()).to_owned(), stage.stage_name.clone());
            if several && let Some(path) = &stage.base_path {
                let text = format!("the base path `{path}` is for one API at one stage, here are {}", stages.len());
                self.diagnostics.error(span, text);
            }
            if !seen.insert(identity.clone()) {
                let text = format!("there is another API `{}` with the stage `{}`", identity.0, identity.1);
                self.diagnostics.error(id.map_or(span, |id| id.span), format!("{text}: give each its own in `apis`"));
                continue;
            }
            let path = stage.mount();
            let own = id.map(|id| id.as_str());
            match at_paths.iter().find(|(other, _)| *other == path) {
                Some((_, api)) if *api != own || own.is_none() => {
                    let text = "the stage of another API has the same path: this one is reached by its host name alone";
                    self.diagnostics.warning(span, text);
                }
                _ => at_paths.push((path, own)),
            }
        }
        self.check_kinds(stages);
        let Some(first) = stages.first() else { return };
        let is_websocket_api = |definition: &Definition| matches!(definition, Definition::WebSocket(_));
        let mut definitions = stages.iter().flat_map(|stage| &stage.definitions);
        if let Some(fleet) = first.settings.fleet.as_ref().filter(|_| !definitions.any(is_websocket_api)) {
            self.diagnostics.warning(fleet.span, "a fleet is for WebSocket APIs: this has no effect");
        }
        let caches = |stage: &&Checked| stage.settings.stage.cache_cluster_enabled.is_some_and(|on| *on);
        let calls = |authorizer: &Authorizer| authorizer.authorizer_uri.is_some();
        let asks = |definition: &Definition| match definition {
            Definition::Rest(api) => api.authorizers.values().any(calls),
            Definition::Http(api) => api.authorizers.values().any(calls),
            _ => false,
        };
        let has_caches = stages.iter().any(caches) || stages.iter().flat_map(|stage| &stage.definitions).any(asks);
        if let Some(listen) = first.settings.flush_stage_cache.filter(|_| !has_caches) {
            self.diagnostics
                .warning(listen.span, "no stage has a cache or a Lambda authorizer: there is nothing to flush");
        }
        let traced = |stage: &Checked| stage.settings.stage.tracing_enabled.is_some_and(|on| *on);
        if let Some(stage) = stages.iter().find(|stage| traced(stage))
            && !stages.iter().all(|stage| traced(stage))
            && let Some(on) = stage.settings.stage.tracing_enabled
        {
            let text = "not all stages of the gateway trace: the tracer samples the requests of the others as well";
            self.diagnostics.warning(on.span, text);
        }
    }
}

impl Findings {
    /// What only APIs of other kinds have: without a word, an API would run without its cache or its quotas.
    ///
    /// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html>
    fn check_kinds(&mut self, stages: &[&Checked]) {
        let is = |stage: &Checked, kind: fn(&Definition) -> bool| stage.definitions.iter().any(kind);
        let is_http = |stage: &Checked| is(stage, |found| matches!(found, Definition::Http(_)));
        let is_rest = |stage: &Checked| is(stage, |found| matches!(found, Definition::Rest(_)));
        let cache = |stage: &Checked| stage.settings.stage.cache_cluster_enabled.filter(|on| **on).map(|on| on.span);
        let id = |stage: &Checked| stage.settings.api_id.as_ref().map(|id| id.value.clone());
        let mut seen = BTreeSet::new();
        for stage in stages.iter().filter(|stage| !stage.definitions.is_empty() && !is_rest(stage)) {
            let Some(span) = cache(stage).filter(|span| seen.insert(*span)) else { continue };
            if stages.iter().any(|other| is_rest(other) && cache(other) == Some(span)) {
                let text = "only REST APIs have a cache: this has no effect on the other APIs of the gateway";
                self.diagnostics.warning(span, text);
            } else {
                self.diagnostics.error(span, "only REST APIs have a cache");
            }
        }
        for stage in stages.iter().filter(|stage| is_http(stage)) {
            let Some(own) = id(stage) else { continue };
            // Where an API of another kind has the same id, the plan may be for that one.
            if stages.iter().any(|other| !is_http(other) && id(other).as_ref() == Some(&own)) {
                continue;
            }
            let covered = stage.settings.usage_plans.iter().flat_map(|plan| &plan.api_stages);
            for covered in covered.filter(|covered| *covered.api_id == own && seen.insert(covered.api_id.span)) {
                let text = format!("`{own}` is an HTTP API: it has no API keys and no usage plans");
                self.diagnostics.error(covered.api_id.span, text);
            }
        }
    }
}

/// A map without some of its fields.
fn without(map: &Map, names: &[&str]) -> Map {
    let mut rest = Map::default();
    for Entry { key, value } in map.entries().iter().filter(|entry| !names.contains(&&*entry.key.text)) {
        rest.set(key.clone(), value.clone());
    }
    rest
}

fn whole(map: &Map, span: Span) -> Node {
    Node::new(span, Value::Map(map.clone()))
}

fn list(checked: &mut Checked, node: Option<&Node>) -> Vec<Node> {
    match node.map(|node| (node, node.as_list())) {
        None => Vec::new(),
        Some((_, Some(items))) => items.to_vec(),
        Some((node, None)) if node.is_null() => Vec::new(),
        Some((node, None)) => {
            checked.diagnostics.error(node.span, format!("found {}, expected a list", node.description()));
            Vec::new()
        }
    }
}

fn map(checked: &mut Checked, node: &Node) -> Option<Map> {
    if node.as_map().is_none() {
        checked.diagnostics.error(node.span, format!("found {}, expected a map", node.description()));
    }
    node.as_map().cloned()
}
