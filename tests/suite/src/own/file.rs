//! What a case file says. `tests/cases/README.md` describes the format.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_yaml_ng::Value;

use super::Expect;
use super::sign::Sign;
use crate::backend::Behaviour;
use crate::bytes::Bytes;
use crate::client::Request;

/// One API and the cases on it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CaseFile {
    /// What the cases are about.
    #[allow(dead_code)]
    pub about: String,
    /// The definition.
    pub definition: Value,
    /// The settings; `{NAME}` in a text is the URL of that backend.
    #[serde(default)]
    pub settings: Value,
    /// More options of `apigw run`.
    #[serde(default)]
    pub options: Vec<String>,
    /// Files beside the settings, which name them as `{NAME}`: documents, texts, or nothing, for what the gateway writes.
    #[serde(default)]
    pub files: BTreeMap<String, Value>,
    /// The same API in other words, by name: the cases run on each.
    #[serde(default)]
    pub alike: BTreeMap<String, Alike>,
    /// Backends by name.
    #[serde(default)]
    pub backends: BTreeMap<String, Behaviour>,
    /// The cases, in the order in which they run.
    pub cases: Vec<Case>,
}

/// Another definition of the same API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alike {
    /// The definition.
    pub definition: Value,
    /// The settings; absent: those of the file.
    #[serde(default)]
    pub settings: Option<Value>,
}

/// One case: a single request, or steps.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Case {
    /// What is expected, in a sentence.
    pub name: String,
    /// Where that is documented.
    #[serde(default)]
    #[allow(dead_code)]
    pub source: Option<String>,
    /// Why it needs a socket.
    #[serde(default)]
    pub envoy_only: Option<String>,
    /// Why it needs a clock that can be set.
    #[serde(default)]
    pub not_on_envoy: Option<String>,
    /// The steps.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// The only step's request.
    #[serde(default)]
    pub request: Option<RawRequest>,
    /// The only step's answer.
    #[serde(default)]
    pub expect: Option<Expect>,
}

/// A request and its answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Step {
    /// Time that passes before it, in seconds.
    #[serde(default)]
    pub wait: f64,
    /// How often it is sent, each time with the same answer.
    #[serde(default = "once")]
    pub repeat: u32,
    /// The request.
    pub request: RawRequest,
    /// The answer.
    pub expect: Expect,
    /// How often, of all times that it is sent, a member of the JSON body has a value: JSON pointer → value as text →
    /// least and most.
    #[serde(default)]
    pub counts: BTreeMap<String, BTreeMap<String, (u32, u32)>>,
}

/// A request as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawRequest {
    /// Verb; GET where unset.
    #[serde(default = "get")]
    pub method: String,
    /// Request target, stage included.
    pub path: Bytes,
    /// Headers: one value, or several lines.
    #[serde(default)]
    pub headers: BTreeMap<String, Lines>,
    /// Body.
    #[serde(default)]
    pub body: Option<Bytes>,
    /// Sends the body in chunks.
    #[serde(default)]
    pub chunked: bool,
    /// Signs it.
    #[serde(default)]
    pub sign: Option<Sign>,
}

/// The values of a header.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Lines {
    // First: a list would also be read as the fields of a description.
    /// Several lines.
    Several(Vec<Bytes>),
    /// One line.
    One(Bytes),
}

fn once() -> u32 {
    1
}

fn get() -> String {
    "GET".to_owned()
}

impl RawRequest {
    /// The request for the wire.
    pub fn to_request(&self) -> Request {
        let lines = |lines: &Lines| match lines {
            Lines::One(value) => vec![value.to_vec()],
            Lines::Several(values) => values.iter().map(Bytes::to_vec).collect(),
        };
        Request {
            method: self.method.clone(),
            target: self.path.to_vec(),
            headers: self
                .headers
                .iter()
                .flat_map(|(name, values)| lines(values).into_iter().map(move |value| (name.clone(), value)))
                .collect(),
            body: self.body.as_ref().map(Bytes::to_vec),
            chunked: self.chunked,
        }
    }
}

impl Case {
    /// The steps, a single request being one.
    pub fn steps(&self) -> Vec<Step> {
        let single = self.request.clone().zip(self.expect.clone());
        let single =
            single.map(|(request, expect)| Step { wait: 0.0, repeat: 1, request, expect, counts: BTreeMap::new() });
        single.into_iter().chain(self.steps.clone()).collect()
    }
}

impl CaseFile {
    /// Reads a file.
    ///
    /// # Errors
    /// It is not readable, or not of the form.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let mut value: Value = serde_yaml_ng::from_str(&text).map_err(|error| error.to_string())?;
        value.apply_merge().map_err(|error| error.to_string())?;
        serde_yaml_ng::from_value(value).map_err(|error| error.to_string())
    }

    /// One file for each definition of the API, with what its name ends with.
    pub fn variants(mut self) -> Vec<(String, Self)> {
        let alike = std::mem::take(&mut self.alike);
        let other = |(name, other): (String, Alike)| {
            let settings = other.settings.unwrap_or_else(|| self.settings.clone());
            (format!("-{name}"), Self { definition: other.definition, settings, ..self.clone() })
        };
        let others: Vec<(String, Self)> = alike.into_iter().map(other).collect();
        std::iter::once((String::new(), self)).chain(others).collect()
    }
}

impl CaseFile {
    /// The settings as YAML, `{NAME}` replaced by the URL of that backend.
    pub fn settings_text(&self, urls: &BTreeMap<String, String>) -> String {
        let settings =
            if self.settings.is_null() { Value::Mapping(serde_yaml_ng::Mapping::new()) } else { self.settings.clone() };
        let mut text = serde_yaml_ng::to_string(&settings).expect("settings");
        for (name, url) in urls {
            text = text.replace(&format!("'{{{name}}}'"), url);
        }
        text
    }
}
