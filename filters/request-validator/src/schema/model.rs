//! The models of an API, compiled.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use jsonschema::{Draft, Keyword, PatternOptions, Registry, ValidationError, ValidationOptions, Validator, draft4};
use serde_json::Value;

use super::body::Body;
use super::choice::Choice;
use super::explain::{Explanation, Patterns};
use super::node::Payload;
use super::problem::ModelProblem;
use super::reference::{Schemas, visit};

/// Largest compiled form of a `pattern`, in bytes.
///
/// A pattern of 4 kB fits. Time to match grows with it, and the engine cannot run patterns far beyond it.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// Formats that are checked; others are ignored.
pub(super) const FORMATS: [&str; 6] = ["date-time", "email", "hostname", "ipv4", "ipv6", "uri"];

/// Formats that the library checks beside them, with any draft. Here they are ignored like those that nobody knows.
const IGNORED_FORMATS: [&str; 13] = [
    "date",
    "duration",
    "idn-email",
    "idn-hostname",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// The models that methods use, compiled.
#[derive(Debug, Default)]
pub struct Models {
    by_name: BTreeMap<String, Rc<Model>>,
}

/// A model, compiled.
pub struct Model {
    name: String,
    /// `None` where checking would never end.
    check: Option<Validator<Payload>>,
    shared: Rc<Shared>,
}

/// What explanations of all models need.
pub(super) struct Shared {
    pub(super) schemas: Schemas,
    pub(super) patterns: Patterns,
}

/// What became of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The body fits.
    Valid,
    /// The body does not fit: the violations as API Gateway words them, `[…, …]`.
    Invalid(String),
    /// The model refers to itself without end.
    Endless,
}

impl Models {
    /// Compiles those of an API's models that are `used`.
    ///
    /// # Errors
    /// Everything that is wrong with any of the API's models, and models that are used and do not exist.
    pub fn compile<'n>(
        api_id: &str,
        models: &BTreeMap<String, Value>,
        used: impl Iterator<Item = &'n str>,
    ) -> Result<Self, Vec<ModelProblem>> {
        let schemas = Schemas::new(api_id, models);
        let mut problems = schemas.problems();
        let patterns = patterns(&schemas, &mut problems);
        for (name, schema) in schemas.iter() {
            problems.extend(
                draft4::meta::validator()
                    .iter_errors(schema)
                    .map(|error| ModelProblem::new(name, error.instance_path().as_str(), error.to_string())),
            );
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let shared = Rc::new(Shared { schemas, patterns });
        let registry = registry(&shared.schemas).map_err(|message| vec![ModelProblem::new("", "", message)])?;
        let mut by_name = BTreeMap::new();
        for name in used {
            if by_name.contains_key(name) {
                continue;
            }
            let Some(model) = shared.schemas.model(name) else {
                problems.push(ModelProblem::new(name, "", "there is no such model"));
                continue;
            };
            let check = if shared.schemas.loops(name) {
                None
            } else {
                let address = shared.schemas.address(name);
                match options().with_registry(&registry).with_base_uri(address).build(model.schema) {
                    Ok(check) => Some(check),
                    Err(error) => {
                        problems.push(ModelProblem::new(name, error.schema_path().as_str(), error.to_string()));
                        None
                    }
                }
            };
            let model = Model { name: name.to_owned(), check, shared: Rc::clone(&shared) };
            by_name.insert(name.to_owned(), Rc::new(model));
        }
        if problems.is_empty() { Ok(Self { by_name }) } else { Err(problems) }
    }

    /// A model that is used.
    pub fn get(&self, name: &str) -> Option<&Rc<Model>> {
        self.by_name.get(name)
    }

    /// The models that refer to themselves without end, so that nothing can be checked against them.
    pub fn endless(&self) -> impl Iterator<Item = &str> {
        self.by_name.values().filter(|model| model.check.is_none()).map(|model| model.name.as_str())
    }
}

impl Model {
    /// Checks a body.
    pub fn check(&self, body: &Body) -> Verdict {
        match &self.check {
            None => Verdict::Endless,
            Some(check) if check.is_valid(body.root()) => Verdict::Valid,
            Some(_) => Verdict::Invalid(Explanation::of(&self.shared, &self.name, body)),
        }
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// All schemas are draft 4, regular expressions take linear time, and nothing is fetched.
fn options<'r>() -> ValidationOptions<'r, std::sync::Arc<dyn jsonschema::Retrieve>, Payload> {
    let options = jsonschema::options_for::<Payload>();
    let options = IGNORED_FORMATS.iter().fold(options, |options, name| options.with_format(*name, |_: &str| true));
    options
        .with_draft(Draft::Draft4)
        .with_pattern_options(PatternOptions::regex().size_limit(MAX_PATTERN_BYTES))
        .with_keyword("enum", |_: &serde_json::Map<String, Value>, values: &Value, _| {
            Ok(Box::new(Choice::new(values)) as Box<dyn for<'i> Keyword<'i, Payload>>)
        })
        .offline()
}

fn registry(schemas: &Schemas) -> Result<Registry<'_>, String> {
    let resources =
        schemas.iter().map(|(name, schema)| (schemas.address(name), Draft::Draft4.create_resource_ref(schema)));
    let registry = Registry::new().draft(Draft::Draft4).extend(resources).and_then(|registry| registry.prepare());
    registry.map_err(|error| error.to_string())
}

/// A validator of a schema with this keyword alone.
fn single(keyword: &str, value: &str) -> Result<Validator<Payload>, ValidationError<'static>> {
    options().build(&serde_json::json!({ keyword: value }))
}

/// The regular expressions of all models, compiled one by one, for explanations and for exact errors.
fn patterns(schemas: &Schemas, problems: &mut Vec<ModelProblem>) -> Patterns {
    let mut patterns = Patterns::default();
    for (name, schema) in schemas.iter() {
        visit(schema, &mut String::new(), 0, &mut |pointer, schema| {
            let own =
                schema.get("pattern").and_then(Value::as_str).map(|pattern| (format!("{pointer}/pattern"), pattern));
            let of_names = schema.get("patternProperties").and_then(Value::as_object);
            let of_names = of_names
                .into_iter()
                .flatten()
                .map(|(pattern, _)| (format!("{pointer}/patternProperties"), pattern.as_str()));
            for (pointer, pattern) in own.into_iter().chain(of_names) {
                if patterns.has(pattern) {
                    continue;
                }
                match single("pattern", pattern) {
                    Ok(compiled) => patterns.add(pattern, compiled),
                    Err(_) => problems.push(ModelProblem::new(name, &pointer, format!("`{pattern}` {UNFIT_PATTERN}"))),
                }
            }
        });
    }
    for format in FORMATS {
        if let Ok(compiled) = single("format", format) {
            patterns.add_format(format, compiled);
        }
    }
    patterns
}

const UNFIT_PATTERN: &str = "is no regular expression that can be matched in linear time: look-ahead, look-behind and \
                             back-references cannot, nor can a repetition of many thousands";
