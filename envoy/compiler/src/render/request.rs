//! What a template sees, from a file: `{"body": text, "params": {…}, "context": {NAME: value}}`.

use serde_json::Value as Json;
use vtl::{Input, List, ListKind, Map, MapKind, Parameters, Scope, Util, Value};

/// Members of a request file.
const MEMBERS: [&str; 3] = ["body", "params", "context"];

/// The payload, the parameters and the variables that a template is rendered with.
#[derive(Clone, Debug, Default)]
pub struct Request {
    body: String,
    parameters: Parameters,
    /// The template's top-level variables: `context` and `stageVariables`, and whatever else a test wants to set.
    variables: Vec<(String, Value)>,
}

impl Request {
    /// Reads a request file. All members may be missing; what is said about those that mean nothing is `warnings`.
    ///
    /// # Errors
    /// The text is not JSON, or a member is not of its type.
    pub fn read(text: &str, warnings: &mut Vec<String>) -> Result<Self, String> {
        let json: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
        for name in json.as_object().into_iter().flatten().map(|(name, _)| name) {
            if !MEMBERS.contains(&name.as_str()) {
                warnings.push(format!("`{name}` means nothing here, expected some of `body`, `params`, `context`"));
            }
        }
        Self::from_json(&json)
    }

    /// As [`read`](Self::read), passing over other members.
    pub(super) fn from_json(json: &Json) -> Result<Self, String> {
        let Json::Object(members) = json else { return Err("expected an object".to_owned()) };
        let body = match members.get("body") {
            None | Some(Json::Null) => String::new(),
            Some(Json::String(text)) => text.clone(),
            Some(_) => return Err("`body` is the payload as a text: put the JSON document into quotes".to_owned()),
        };
        let params = object(members.get("params"), "params")?;
        let part = |name, kind| -> Result<Map, String> {
            Ok(map(object(params.and_then(|params| params.get(name)), name)?, kind))
        };
        let parameters = Parameters {
            path: part("path", MapKind::Plain)?,
            query_string: part("querystring", MapKind::Plain)?,
            header: part("header", MapKind::Headers)?,
        };
        let variables = object(members.get("context"), "context")?.into_iter().flatten().map(|(name, json)| {
            // As the service has it: the parts of $context print nothing.
            let kind = if name == "context" { MapKind::Context } else { MapKind::Plain };
            (name.clone(), value(json, kind))
        });
        Ok(Self { body, parameters, variables: variables.collect() })
    }

    /// `$input`
    pub(super) fn input(&self) -> Input<'_> {
        Input::new(&self.body, self.parameters.clone())
    }

    /// Everything that the template sees. A variable of the file wins over `$input` and `$util`.
    pub(super) fn scope<'a>(&'a self, input: &'a Input<'_>) -> Scope<'a> {
        let mut scope = Scope::new();
        scope.host("input", input).host("util", &Util);
        for (name, value) in &self.variables {
            scope.set(name, value.clone());
        }
        scope
    }
}

fn object<'j>(json: Option<&'j Json>, name: &str) -> Result<Option<&'j serde_json::Map<String, Json>>, String> {
    match json {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Object(members)) => Ok(Some(members)),
        Some(_) => Err(format!("`{name}` is no object")),
    }
}

fn map(members: Option<&serde_json::Map<String, Json>>, kind: MapKind) -> Map {
    let map = Map::new(kind);
    for (name, json) in members.into_iter().flatten() {
        // Below the headers there is nothing but texts.
        map.insert(name, value(json, if kind == MapKind::Headers { MapKind::Plain } else { kind }));
    }
    map
}

/// A value as Java has it: an Integer, Long or Double, a LinkedHashMap, an ArrayList.
fn value(json: &Json, kind: MapKind) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match number.as_i64() {
            Some(n) => Value::from(n),
            None => Value::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => {
            Value::List(List::new(ListKind::Vtl, items.iter().map(|item| value(item, kind)).collect()))
        }
        Json::Object(members) => Value::Map(map(Some(members), kind)),
    }
}
