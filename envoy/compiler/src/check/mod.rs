//! Definitions and settings, held against each other and against what this project runs.
//!
//! [`check`] reads everything, reports all problems, and hands out a [`Model`] when none of them is an error. Only a
//! `Model` can be compiled, so an API with a demand that cannot be met never starts.

mod answers;
mod authorizers;
mod cache;
mod canary;
mod domains;
mod http_api;
mod http_api_service;
mod iam;
mod integrations;
mod methods;
mod models;
mod stage;
mod stages;
mod template;
mod tokens;
mod websocket_api;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

pub use cache::cache_key;
pub use websocket_api::message_models;

use crate::api::{HttpApi, RestApi, WebSocketApi};
use crate::cloudformation::Domains;
use crate::diagnostics::{Diagnostics, Report, Severity};
use crate::openapi::{self, BasePath, Definition};
use crate::routes::{self, Route};
use crate::settings::{DEFAULT_HTTP_STAGE, Settings, is_stage_name};
use crate::source::{Role, SourceId, Sources, Span, Spanned};
use crate::support::{Feature, Support};
use stages::StageInput;

/// Name of the stage when neither the settings nor the command line give one.
pub const DEFAULT_STAGE: &str = "prod";

/// What the command line says beside the files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Name of the stage, instead of the settings'.
    pub stage: Option<String>,
    /// Path under which the API is mounted as by a custom domain; absent: `/{stage}` as on execute-api.
    pub base_path: Option<String>,
    /// A file with more credentials than the settings have.
    pub credentials: Option<Input>,
    /// What becomes of a base path in a definition, instead of what the settings say.
    pub import_base_path: Option<BasePath>,
    /// The number of this Envoy in its fleet, instead of the settings'.
    pub node: Option<u16>,
}

/// A file, read or not.
#[derive(Clone, Debug)]
pub struct Input {
    /// The name that messages show.
    pub name: String,
    /// Its content, or why there is none.
    pub content: Result<Vec<u8>, String>,
}

impl Input {
    /// Reads a file.
    pub fn from_file(path: &Path) -> Self {
        let content = std::fs::read(path).map_err(|error| error.to_string());
        Self { name: path.display().to_string(), content }
    }
}

/// What came out of reading and checking.
#[derive(Debug)]
pub struct Checked {
    /// The documents, for messages.
    pub sources: Sources,
    /// What the definition files hold, in their order; a file that cannot be read is missing.
    pub definitions: Vec<Definition>,
    /// The settings.
    pub settings: Settings,
    /// Files that were read because another one names them.
    pub included: Vec<PathBuf>,
    /// All problems.
    pub diagnostics: Diagnostics,
    /// Name of the stage.
    pub stage_name: String,
    /// Path under which the APIs are mounted, instead of the stage.
    pub base_path: Option<String>,
    /// Stages of the template's API where there are several.
    template_stages: Vec<String>,
    /// What the templates say of custom domains.
    pub domains: Domains,
    /// What the stage's canary runs; absent: the same as the stage.
    pub canary_definition: Option<Definition>,
    /// Further stages and APIs of the same gateway. What is wrong with them is among the problems here.
    pub further: Vec<Checked>,
}

/// An API that can run.
#[derive(Clone, Debug)]
pub struct Api {
    /// The model.
    pub rest: RestApi,
    /// Its methods in the order in which they are tried.
    pub routes: Vec<Route>,
}

/// Definitions and settings without errors: what [`check`] hands to the later stages.
#[derive(Clone, Debug)]
pub struct Model {
    /// The REST APIs.
    pub apis: Vec<Api>,
    /// The HTTP APIs.
    pub http_apis: Vec<HttpApi>,
    /// The WebSocket APIs.
    pub web_socket_apis: Vec<WebSocketApi>,
    /// The settings.
    pub settings: Settings,
    /// Name of the stage.
    pub stage_name: String,
    /// Path under which the APIs are mounted, instead of the stage.
    pub base_path: Option<String>,
    /// What of it a custom domain's mapping has, without slashes around it; absent: it is no custom domain's.
    pub base_path_matched: Option<String>,
    /// Whether this is the canary of its stage; absent: the stage has none.
    pub is_canary: Option<bool>,
    /// The stage's canary.
    pub canary: Option<Box<Model>>,
    /// Further stages and APIs of the same gateway.
    pub further: Vec<Model>,
}

/// Reads and checks files.
pub fn check_files(definitions: &[PathBuf], settings: Option<&Path>, options: &Options) -> Checked {
    let definitions = definitions.iter().map(|path| Input::from_file(path)).collect();
    check(definitions, settings.map(Input::from_file), options)
}

/// Reads and checks definitions and settings.
pub fn check(definitions: Vec<Input>, settings: Option<Input>, options: &Options) -> Checked {
    let mut whole = Checked::new(options);
    let definitions: Vec<SourceId> = definitions.into_iter().map(|input| whole.load(input, Role::Definition)).collect();
    let settings = settings.map(|input| whole.load(input, Role::Settings));
    let mut inputs: VecDeque<StageInput> = whole.stages(&definitions, settings, options).into();
    if inputs.is_empty() {
        inputs.push_back(StageInput { definitions, settings, only: None, stage: None });
    }
    let (mut diagnostics, mut included) = (whole.diagnostics, whole.included);
    let mut sources = whole.sources;
    let mut stages: Vec<Checked> = Vec::new();
    while let Some(input) = inputs.pop_front() {
        let mut stage = Checked { sources, ..Checked::new(options) };
        stage.check_stage(&input, options);
        sources = std::mem::take(&mut stage.sources);
        included.append(&mut stage.included);
        let count = stage.definitions.iter().filter(|found| !matches!(found, Definition::Template(_))).count();
        if count > 1 && input.only.is_none() {
            // A template with several APIs: each by itself.
            (0..count).rev().for_each(|only| inputs.push_front(StageInput { only: Some(only), ..input.clone() }));
            continue;
        }
        if !stage.template_stages.is_empty() && input.stage.is_none() {
            // An API with several stages: each by itself.
            for name in stage.template_stages.into_iter().rev() {
                inputs.push_front(StageInput { stage: Some(name), ..input.clone() });
            }
            continue;
        }
        diagnostics.extend(std::mem::take(&mut stage.diagnostics));
        stages.push(stage);
    }
    let mut findings = Findings { while_reading: 0, diagnostics };
    findings.join_domains(&mut stages);
    findings.check_stages(&stages.iter().collect::<Vec<_>>());
    let mut stages = stages.into_iter();
    let first = stages.next().unwrap_or_else(|| Checked::new(options));
    Checked { sources, included, diagnostics: findings.diagnostics, further: stages.collect(), ..first }
}

impl Checked {
    fn new(options: &Options) -> Self {
        Self {
            sources: Sources::default(),
            definitions: Vec::new(),
            settings: Settings::default(),
            included: Vec::new(),
            diagnostics: Diagnostics::default(),
            stage_name: String::new(),
            base_path: options.base_path.clone(),
            template_stages: Vec::new(),
            domains: Domains::default(),
            canary_definition: None,
            further: Vec::new(),
        }
    }

    /// Reads and checks one stage of one API.
    fn check_stage(&mut self, input: &StageInput, options: &Options) {
        let documents = self.read_templates(input, options);
        let settings = input.settings.and_then(|id| self.sources.document(id));
        let beside =
            settings.and_then(|document| Path::new(document.name()).parent()).unwrap_or(Path::new("")).to_owned();
        self.read_key_files(&beside);
        if let Some(input) = &options.credentials {
            let id = self.load(input.clone(), Role::Settings);
            if let Some(document) = self.sources.document(id).filter(|document| document.root().is_some()) {
                let (credentials, diagnostics) = crate::settings::read_credentials(document);
                self.settings.credentials.extend(credentials);
                self.diagnostics.extend(diagnostics);
            }
        }
        self.choose_node(options);
        self.choose_stage(options);
        let reading = openapi::Options {
            protocol_type: self.settings.protocol_type.map(|protocol| protocol.value),
            base_path: options
                .import_base_path
                .or(self.settings.import_base_path.map(|mode| mode.value))
                .unwrap_or_default(),
        };
        for (id, of_template) in documents {
            let Some(document) = self.sources.document(id) else { continue };
            let reading = openapi::Options { protocol_type: of_template.or(reading.protocol_type), ..reading };
            let (definition, diagnostics) = openapi::read(document, &reading);
            self.diagnostics.extend(diagnostics);
            self.definitions.extend(definition);
        }
        self.read_canary(input.settings, &reading);
        self.default_stage_of_http_apis(options);
        let diagnostics = std::mem::take(&mut self.diagnostics);
        let mut findings = Findings { while_reading: diagnostics.items().len(), diagnostics };
        findings.check_all(self);
        self.diagnostics = findings.diagnostics;
    }

    /// What precedes resource paths: `/prod`, or empty.
    pub fn mount(&self) -> String {
        mount(self.base_path.as_deref(), &self.stage_name)
    }

    fn load(&mut self, input: Input, role: Role) -> SourceId {
        let (id, diagnostics) = match input.content {
            Ok(bytes) => self.sources.add(&input.name, role, bytes),
            Err(reason) => self.sources.add_unreadable(&input.name, role, &reason),
        };
        self.diagnostics.extend(diagnostics);
        id
    }

    /// Reads the keys of issuers that stand in files of their own, in the folder of the settings. A file without keys is
    /// an error: its issuer would be asked instead.
    fn read_key_files(&mut self, folder: &Path) {
        let mut issuers = std::mem::take(&mut self.settings.token_issuers);
        for issuer in issuers.values_mut() {
            let Some(name) = &issuer.jwks_file else { continue };
            let path = folder.join(&**name);
            let id = self.load(Input::from_file(&path), Role::Settings);
            self.included.push(path);
            if let Some(document) = self.sources.document(id).filter(|document| document.root().is_some()) {
                let (jwks, diagnostics) = crate::settings::read_key_file(document);
                issuer.jwks = jwks;
                self.diagnostics.extend(diagnostics);
            }
        }
        self.settings.token_issuers = issuers;
    }

    fn choose_stage(&mut self, options: &Options) {
        let of_settings = self.settings.stage.stage_name.as_ref().map(|name| name.value.clone());
        let given = options.stage.clone();
        if let Some(name) = given.as_ref().filter(|name| !is_stage_name(name)) {
            let (id, _) = self.sources.add("--stage", Role::Definition, name.as_bytes().to_vec());
            let span = Span { source: id, start: 0, end: u32::try_from(name.len()).unwrap_or(0) };
            let text = "expected letters, digits, `_` and `-`, at most 128 characters";
            self.diagnostics.error(span, text);
        }
        self.stage_name = given.or(of_settings).unwrap_or_else(|| DEFAULT_STAGE.to_owned());
    }

    /// Which Envoy of the fleet this is: the command line goes first.
    fn choose_node(&mut self, options: &Options) {
        let Some(node) = options.node else { return };
        let (id, _) = self.sources.add("--node", Role::Settings, node.to_string().into_bytes());
        let span = Span { source: id, start: 0, end: u32::try_from(node.to_string().len()).unwrap_or(0) };
        match &mut self.settings.fleet {
            Some(fleet) => fleet.node = Some(Spanned { value: node, span }),
            None => self.diagnostics.warning(span, "the settings have no `fleet`: this has no effect"),
        }
    }

    /// An HTTP API is at the root, unless a stage is named.
    fn default_stage_of_http_apis(&mut self, options: &Options) {
        let unnamed = options.stage.is_none() && self.settings.stage.stage_name.is_none();
        let http = |definition: &Definition| matches!(definition, Definition::Http(_));
        if unnamed && !self.definitions.is_empty() && self.definitions.iter().all(http) {
            self.stage_name = DEFAULT_HTTP_STAGE.to_owned();
        }
    }

    /// The problems, sorted, ready to be printed.
    pub fn report(&self) -> Report<'_> {
        Report::new(&self.sources, &self.diagnostics)
    }

    /// Whether nothing may start.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.has_errors()
    }

    /// The model.
    ///
    /// # Errors
    /// The whole of it back, when there are errors.
    pub fn into_model(self) -> Result<Model, Box<Self>> {
        if self.has_errors() {
            return Err(Box::new(self));
        }
        let mut model = Model::new(self.definitions, self.settings, self.stage_name, self.base_path);
        model.add_canary(self.canary_definition);
        for stage in self.further {
            model.further.push(stage.into_model()?);
        }
        Ok(model)
    }
}

impl Model {
    /// Whether the API is not to be reached under its own name.
    pub fn is_execute_api_disabled(&self) -> bool {
        let rest = self.apis.iter().filter_map(|api| api.rest.disable_execute_api_endpoint);
        let http = self.http_apis.iter().filter_map(|api| api.disable_execute_api_endpoint);
        let web_socket = self.web_socket_apis.iter().filter_map(|api| api.disable_execute_api_endpoint);
        rest.chain(http).chain(web_socket).any(|disabled| *disabled)
    }

    fn new(definitions: Vec<Definition>, settings: Settings, stage_name: String, base_path: Option<String>) -> Self {
        let (mut apis, mut http_apis, mut web_socket_apis) = (Vec::new(), Vec::new(), Vec::new());
        for definition in definitions {
            match definition {
                Definition::Rest(rest) => apis.push(Api { routes: routes::order(&rest.resources), rest }),
                Definition::Http(http) => http_apis.push(http),
                Definition::WebSocket(api) => web_socket_apis.push(api),
                // Its APIs are definitions of their own.
                Definition::Template(_) => {}
            }
        }
        Self {
            apis,
            http_apis,
            web_socket_apis,
            settings,
            stage_name,
            base_path_matched: base_path.as_deref().map(|path| path.trim_matches('/').to_owned()),
            base_path,
            is_canary: None,
            canary: None,
            further: Vec::new(),
        }
    }
}

/// Collects what is wrong between the parts.
struct Findings {
    diagnostics: Diagnostics,
    /// How many of them are from reading.
    while_reading: usize,
}

impl Findings {
    /// Reports a feature that a document uses, if it is not supported.
    fn uses(&mut self, feature: Feature, span: Span) {
        self.uses_named(feature, span, "");
    }

    /// Like [`Findings::uses`], with what uses it.
    fn uses_named(&mut self, feature: Feature, span: Span, note: &str) {
        match feature.support() {
            Support::Yes => {}
            Support::Error(text) => self.diagnostics.error(span, format!("{text}{note}")),
            Support::Warning(text) => self.diagnostics.warning(span, format!("{text}{note}")),
        }
    }

    /// Reports that something is missing inside a value, unless something in there could not be read: then it may be
    /// what is missing.
    fn missing(&mut self, span: Span, text: &str) {
        let inside = |other: Span| other.source == span.source && span.start <= other.start && other.end <= span.end;
        let mut unread = self.diagnostics.items().iter().take(self.while_reading);
        if !unread.any(|item| item.severity == Severity::Error && inside(item.span)) {
            self.diagnostics.error(span, text);
        }
    }

    fn check_all(&mut self, checked: &Checked) {
        for definition in &checked.definitions {
            match definition {
                Definition::Rest(rest) => self.check_rest(rest, checked),
                Definition::Http(http) => self.check_http_api(http, checked),
                Definition::WebSocket(api) => self.check_websocket_api(api, checked),
                // Its APIs are definitions of their own.
                Definition::Template(_) => {}
            }
        }
        self.check_credentials(checked);
        self.check_stage(checked);
        self.check_canary(checked);
    }

    fn check_rest(&mut self, api: &RestApi, checked: &Checked) {
        if checked.stage_name == DEFAULT_HTTP_STAGE {
            self.diagnostics.error(api.span, "the stage `$default` is for HTTP APIs");
        }
        if let Some(policy) = &api.policy {
            self.check_resource_policy(policy);
        }
        if let Some(size) = api.minimum_compression_size {
            self.uses(Feature::Compression, size.span);
        }
        if let Some(endpoint) = api.vpc_endpoint_ids.first() {
            self.uses(Feature::PrivateEndpoint, endpoint.span);
        }
        for (resource, method) in api.methods() {
            self.check_method(api, resource, method, checked);
        }
        self.check_models(api, checked);
        self.check_authorizers(api, checked);
        self.check_plans(api, checked);
    }
}

/// What precedes resource paths: the base path, or else the stage; empty for `/` and for `$default`.
pub fn mount(base_path: Option<&str>, stage_name: &str) -> String {
    match base_path.unwrap_or(stage_name).trim_matches('/') {
        "" | DEFAULT_HTTP_STAGE => String::new(),
        path => format!("/{path}"),
    }
}
