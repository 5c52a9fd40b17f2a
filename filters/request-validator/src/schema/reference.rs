//! `$ref` between and within models.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html>

use std::collections::{BTreeMap, BTreeSet};

use gateway::percent_decode;
use serde_json::Value;

use super::problem::ModelProblem;

/// What precedes the API's id in the address of a model.
const ADDRESS: &str = "https://apigateway.amazonaws.com/restapis/";

/// Deepest nesting of a schema. API Gateway's models are 400 kB at most; no schema written by hand comes near this.
const MAX_SCHEMA_DEPTH: usize = 128;

/// The address under which other models refer to one.
pub fn address(api_id: &str, model: &str) -> String {
    format!("{ADDRESS}{api_id}/models/{model}")
}

/// The models of an API by name, as they refer to each other.
#[derive(Debug, Default)]
pub struct Schemas {
    api_id: String,
    by_name: BTreeMap<String, Value>,
}

/// A schema, and the model that it is part of.
#[derive(Clone, Copy, Debug)]
pub struct Located<'s> {
    /// Name of the model.
    pub model: &'s str,
    /// The schema, a part of it.
    pub schema: &'s Value,
}

impl Schemas {
    /// The models of an API.
    pub fn new(api_id: &str, models: &BTreeMap<String, Value>) -> Self {
        let by_name = models.iter().map(|(name, schema)| (name.clone(), forget_draft(schema))).collect();
        Self { api_id: api_id.to_owned(), by_name }
    }

    /// All models.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.by_name.iter().map(|(name, schema)| (name.as_str(), schema))
    }

    /// A model.
    pub fn model(&self, name: &str) -> Option<Located<'_>> {
        self.by_name.get_key_value(name).map(|(name, schema)| Located { model: name, schema })
    }

    /// The address of a model of this API.
    pub fn address(&self, model: &str) -> String {
        address(&self.api_id, model)
    }

    /// What a `$ref` in a model names.
    ///
    /// # Errors
    /// Why there is no such schema.
    pub fn resolve<'s>(&'s self, from: Located<'s>, reference: &str) -> Result<Located<'s>, String> {
        let (place, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let model = if place.is_empty() { self.model(from.model) } else { self.model(self.model_at(place)?) };
        let Some(model) = model else { return Err(format!("there is no model `{}`", self.model_at(place)?)) };
        let pointer = percent_decode(fragment.as_bytes(), false);
        match model.schema.pointer(&pointer) {
            Some(schema) => Ok(Located { model: model.model, schema }),
            None => Err(format!("model `{}` has nothing at `{pointer}`", model.model)),
        }
    }

    /// The model that an address names.
    fn model_at<'r>(&self, address: &'r str) -> Result<&'r str, String> {
        let accepted = || {
            let example = self.address("NAME");
            format!("`{address}` is no reference to a model: expected `#/…` or `{example}`")
        };
        let rest = address.strip_prefix(ADDRESS).ok_or_else(accepted)?;
        let (api, model) = rest.split_once("/models/").ok_or_else(accepted)?;
        if api != self.api_id {
            return Err(format!("`{address}` is a model of another API: this one is `{}`", self.api_id));
        }
        Ok(model)
    }

    /// References that name nothing, and schemas nested too deeply.
    pub fn problems(&self) -> Vec<ModelProblem> {
        let mut problems = Vec::new();
        for (name, schema) in self.iter() {
            let from = Located { model: name, schema };
            visit(schema, &mut String::new(), 0, &mut |pointer, schema| {
                let reference = schema.get("$ref").and_then(Value::as_str);
                if let Some(Err(message)) = reference.map(|reference| self.resolve(from, reference)) {
                    problems.push(ModelProblem::new(name, &format!("{pointer}/$ref"), message));
                }
            });
            if depth(schema) > MAX_SCHEMA_DEPTH {
                let message = format!("the schema is nested more than {MAX_SCHEMA_DEPTH} deep");
                problems.push(ModelProblem::new(name, "", message));
            }
        }
        problems
    }

    /// Whether checking a value against a model would never end, because a schema refers to itself for the very same
    /// value, directly or through others that the model reaches.
    pub fn loops(&self, model: &str) -> bool {
        let Some(start) = self.model(model) else { return false };
        let mut search = Search { schemas: self, open: BTreeSet::new(), done: BTreeSet::new() };
        let mut reached = vec![start];
        let mut seen = BTreeSet::new();
        while let Some(next) = reached.pop() {
            if !seen.insert(identity(next.schema)) {
                continue;
            }
            if search.loops(next) {
                return true;
            }
            let mut found = Vec::new();
            visit(next.schema, &mut String::new(), 0, &mut |_, schema| {
                found.push(Located { model: next.model, schema });
            });
            for part in found {
                if search.loops(part) {
                    return true;
                }
                let reference = part.schema.get("$ref").and_then(Value::as_str);
                reached.extend(reference.and_then(|reference| self.resolve(part, reference).ok()));
            }
        }
        false
    }
}

/// Looks for a schema that comes back to itself without going into the value.
struct Search<'s> {
    schemas: &'s Schemas,
    open: BTreeSet<usize>,
    done: BTreeSet<usize>,
}

impl<'s> Search<'s> {
    /// Recursion is bounded by the number of schemas: none is entered twice.
    fn loops(&mut self, at: Located<'s>) -> bool {
        let id = identity(at.schema);
        if self.open.contains(&id) {
            return true;
        }
        if !self.done.insert(id) {
            return false;
        }
        self.open.insert(id);
        let found = self.same_value(at).into_iter().any(|next| self.loops(next));
        self.open.remove(&id);
        found
    }

    /// The schemas that a schema applies to the same value.
    fn same_value(&self, at: Located<'s>) -> Vec<Located<'s>> {
        if let Some(reference) = at.schema.get("$ref").and_then(Value::as_str) {
            return self.schemas.resolve(at, reference).into_iter().collect();
        }
        let mut next = Vec::new();
        for keyword in ["allOf", "anyOf", "oneOf"] {
            next.extend(at.schema.get(keyword).and_then(Value::as_array).into_iter().flatten());
        }
        next.extend(at.schema.get("not"));
        let dependencies = at.schema.get("dependencies").and_then(Value::as_object);
        next.extend(dependencies.into_iter().flat_map(|all| all.values()).filter(|value| value.is_object()));
        next.into_iter().map(|schema| Located { model: at.model, schema }).collect()
    }
}

fn identity(schema: &Value) -> usize {
    std::ptr::from_ref(schema).addr()
}

/// The schema without `$schema`: API Gateway reads every model as draft 4, whatever it says.
fn forget_draft(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        members.shift_remove("$schema");
    }
    schema
}

fn depth(value: &Value) -> usize {
    let inside = match value {
        Value::Array(elements) => elements.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    inside.unwrap_or(0).saturating_add(1)
}

/// Calls `on_schema` with every schema in a schema, itself included, and its JSON pointer. What only looks like a
/// schema, in `enum` or as a property's name, is left out.
pub fn visit<'s>(schema: &'s Value, pointer: &mut String, depth: usize, on_schema: &mut impl FnMut(&str, &'s Value)) {
    let Some(members) = schema.as_object() else { return };
    if depth > MAX_SCHEMA_DEPTH {
        return;
    }
    on_schema(pointer, schema);
    let mut below = |segments: &[&str], schema: &'s Value| {
        let length = pointer.len();
        for segment in segments {
            pointer.push('/');
            pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
        }
        visit(schema, pointer, depth.saturating_add(1), on_schema);
        pointer.truncate(length);
    };
    for (keyword, value) in members {
        match keyword.as_str() {
            "not" | "additionalItems" | "additionalProperties" => below(&[keyword], value),
            "items" | "allOf" | "anyOf" | "oneOf" => match value.as_array() {
                Some(schemas) => {
                    for (n, schema) in schemas.iter().enumerate() {
                        below(&[keyword, &n.to_string()], schema);
                    }
                }
                None => below(&[keyword], value),
            },
            "properties" | "patternProperties" | "definitions" | "dependencies" => {
                for (name, schema) in value.as_object().into_iter().flatten() {
                    below(&[keyword, name], schema);
                }
            }
            _ => {}
        }
    }
}
