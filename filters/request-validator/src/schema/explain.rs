//! What is wrong with a body that the check has refused, as `$context.error.validationErrorString` tells it.
//!
//! The list goes through the body from the outside in: what is wrong with a value itself, keyword by keyword, then with
//! its members by name, or its elements in order. Bodies are hostile here, all of them have just been refused, so the
//! work is bounded: what is beyond the bound stays unsaid.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jsonschema::Validator;
use jsonschema::json::Node as _;
use serde_json::Value;

use super::body::Body;
use super::equality::{are_unique, equals_value};
use super::model::Shared;
use super::node::{Node, Payload};
use super::number::Decimal;
use super::reference::Located;
use super::wording;

/// Most schemas that are compared with a value. Some milliseconds of work inside wasm.
const MAX_STEPS: u32 = 20_000;
/// Deepest nesting that is looked into. The search recurses for each level, on a stack of a megabyte.
const MAX_DEPTH: u32 = 64;
/// Longest list, in bytes. It travels to the response filter, and perhaps to a client in a header.
const MAX_BYTES: usize = 8192;
/// Bodies with more values than this are not searched for equal elements a second time.
const MAX_COMPARED: usize = 4096;

/// Regular expressions and formats that models use.
#[derive(Default)]
pub(super) struct Patterns {
    patterns: BTreeMap<String, Validator<Payload>>,
    formats: BTreeMap<&'static str, Validator<Payload>>,
}

impl Patterns {
    pub(super) fn has(&self, pattern: &str) -> bool {
        self.patterns.contains_key(pattern)
    }

    pub(super) fn add(&mut self, pattern: &str, compiled: Validator<Payload>) {
        self.patterns.insert(pattern.to_owned(), compiled);
    }

    pub(super) fn add_format(&mut self, format: &'static str, compiled: Validator<Payload>) {
        self.formats.insert(format, compiled);
    }

    /// Whether a string fits a pattern; all others do.
    fn matches(&self, pattern: &str, node: Node<'_>) -> bool {
        self.patterns.get(pattern).is_none_or(|compiled| compiled.is_valid(node))
    }

    fn matches_name(&self, pattern: &str, name: &str) -> bool {
        Body::parse(&gateway::json::quote(name)).is_some_and(|name| self.matches(pattern, name.root()))
    }
}

/// The violations found so far.
pub(super) struct Explanation<'s> {
    shared: &'s Shared,
    messages: Vec<String>,
    bytes: usize,
    steps: u32,
}

/// What a search is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Whether there is any violation.
    Check,
    /// All of them, in words.
    Explain,
}

/// Some violation is found, and no more are asked for.
struct Found;

type Search = Result<(), Found>;

impl<'s> Explanation<'s> {
    /// `[…, …]`: the violations of a body against a model.
    pub(super) fn of(shared: &'s Shared, model: &str, body: &Body) -> String {
        let mut explanation = Self { shared, messages: Vec::new(), bytes: 0, steps: 0 };
        if let Some(schema) = shared.schemas.model(model) {
            let _ = explanation.search(schema, body.root(), 0, Purpose::Explain);
        }
        format!("[{}]", explanation.messages.join(", "))
    }

    fn is_spent(&self) -> bool {
        self.steps >= MAX_STEPS || self.bytes >= MAX_BYTES
    }

    fn found(&mut self, purpose: Purpose, message: impl FnOnce() -> String) -> Search {
        if purpose == Purpose::Check {
            return Err(Found);
        }
        let message = message();
        self.bytes = self.bytes.saturating_add(message.len());
        if self.bytes < MAX_BYTES {
            self.messages.push(message);
        }
        Ok(())
    }

    fn fits(&mut self, schema: Located<'s>, node: Node<'_>, depth: u32) -> bool {
        self.search(schema, node, depth.saturating_add(1), Purpose::Check).is_ok()
    }

    /// Looks for violations of a schema in a value.
    fn search(&mut self, at: Located<'s>, node: Node<'_>, depth: u32, purpose: Purpose) -> Search {
        self.steps = self.steps.saturating_add(1);
        if self.is_spent() || depth > MAX_DEPTH {
            return Ok(());
        }
        if let Some(reference) = at.schema.get("$ref").and_then(Value::as_str) {
            return match self.shared.schemas.resolve(at, reference) {
                Ok(target) => self.search(target, node, depth.saturating_add(1), purpose),
                Err(_) => Ok(()),
            };
        }
        if node.as_object().is_some() {
            self.required(at, node, purpose)?;
            self.additional_properties(at, node, purpose)?;
        }
        self.scalars(at, node, purpose)?;
        if node.as_array().is_some() {
            self.array(at, node, purpose)?;
        }
        if node.as_object().is_some() {
            self.object(at, node, depth, purpose)?;
        }
        self.combinations(at, node, depth, purpose)?;
        self.format(at, node, purpose)?;
        self.inside(at, node, depth, purpose)
    }

    fn required(&mut self, at: Located<'s>, node: Node<'_>, purpose: Purpose) -> Search {
        let names = at.schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let missing: Vec<&str> = names.filter(|name| node.member(name).is_none()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.found(purpose, || wording::required(missing.into_iter().map(Cow::Borrowed)))
    }

    fn additional_properties(&mut self, at: Located<'s>, node: Node<'_>, purpose: Purpose) -> Search {
        if at.schema.get("additionalProperties") != Some(&Value::Bool(false)) {
            return Ok(());
        }
        let mut extra = Vec::new();
        for (name, _) in node.object().into_iter().flatten() {
            self.steps = self.steps.saturating_add(1);
            if self.is_spent() {
                break;
            }
            if !self.is_declared(at.schema, &name) {
                extra.push(name);
            }
        }
        if extra.is_empty() {
            Ok(())
        } else {
            self.found(purpose, || wording::additional_properties(extra.into_iter()))
        }
    }

    /// Whether a property has a schema of its own, or one by its pattern.
    fn is_declared(&self, schema: &Value, name: &str) -> bool {
        let properties = schema.get("properties").and_then(Value::as_object);
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        properties.is_some_and(|properties| properties.contains_key(name))
            || patterns
                .is_some_and(|patterns| patterns.keys().any(|pattern| self.shared.patterns.matches_name(pattern, name)))
    }

    /// `type`, `enum`, and what is asked of numbers and strings.
    fn scalars(&mut self, at: Located<'s>, node: Node<'_>, purpose: Purpose) -> Search {
        let schema = at.schema;
        if let Some(types) = schema.get("type") {
            let allowed = wording::allowed_types(types);
            if !allowed.contains(&wording::type_of(node)) {
                self.found(purpose, || wording::wrong_type(node, &allowed))?;
            }
        }
        if let Some(values) = schema.get("enum")
            && !values.as_array().into_iter().flatten().any(|value| equals_value(node, value))
        {
            self.found(purpose, || wording::not_in_enum(node, values))?;
        }
        if node.is_number() {
            self.number(schema, node, purpose)?;
        }
        if node.is_string() {
            self.string(schema, node, purpose)?;
        }
        Ok(())
    }

    fn number(&mut self, schema: &Value, node: Node<'_>, purpose: Purpose) -> Search {
        let found = Decimal::read(node.text());
        for (keyword, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
            let Some(limit @ Value::Number(number)) = schema.get(keyword) else { continue };
            let exclusive = schema.get(exclusive) == Some(&Value::Bool(true));
            let bound = Decimal::read(&number.to_string());
            let beyond = if keyword == "minimum" { found < bound } else { found > bound };
            if beyond || (exclusive && found == bound) {
                self.found(purpose, || wording::beyond(keyword, limit, node.text(), exclusive))?;
            }
        }
        if let Some(unit @ Value::Number(number)) = schema.get("multipleOf")
            && found.is_multiple_of(&Decimal::read(&number.to_string())) == Some(false)
        {
            self.found(purpose, || wording::not_multiple(node.text(), unit))?;
        }
        Ok(())
    }

    fn string(&mut self, schema: &Value, node: Node<'_>, purpose: Purpose) -> Search {
        let length = node.string_length().unwrap_or_default();
        for (keyword, wrong) in
            [("minLength", u64::lt as fn(&u64, &u64) -> bool), ("maxLength", u64::gt as fn(&u64, &u64) -> bool)]
        {
            let Some(limit) = schema.get(keyword).and_then(Value::as_u64) else { continue };
            if wrong(&length, &limit) {
                self.found(purpose, || wording::length(node, keyword, length, limit))?;
            }
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && !self.shared.patterns.matches(pattern, node)
        {
            self.found(purpose, || wording::pattern(node, pattern))?;
        }
        Ok(())
    }

    fn array(&mut self, at: Located<'s>, node: Node<'_>, purpose: Purpose) -> Search {
        let schema = at.schema;
        let found = node.size();
        let listed = match schema.get("additionalItems") {
            Some(Value::Bool(false)) => schema.get("items").and_then(Value::as_array).map(Vec::len),
            _ => None,
        };
        let limits = [
            ("minItems", schema.get("minItems").and_then(Value::as_u64)),
            ("maxItems", schema.get("maxItems").and_then(Value::as_u64)),
            ("additionalItems", listed.and_then(|listed| u64::try_from(listed).ok())),
        ];
        let size = u64::try_from(found).unwrap_or(u64::MAX);
        for (keyword, limit) in limits {
            let Some(limit) = limit else { continue };
            if if keyword == "minItems" { size < limit } else { size > limit } {
                self.found(purpose, || wording::items(keyword, found, limit))?;
            }
        }
        let unique = schema.get("uniqueItems") == Some(&Value::Bool(true));
        if unique && (purpose == Purpose::Explain || found <= MAX_COMPARED) && !are_unique(node) {
            self.found(purpose, || wording::DUPLICATES.to_owned())?;
        }
        Ok(())
    }

    /// Numbers of properties, and `dependencies`.
    fn object(&mut self, at: Located<'s>, node: Node<'_>, depth: u32, purpose: Purpose) -> Search {
        let found = node.size();
        let size = u64::try_from(found).unwrap_or(u64::MAX);
        for keyword in ["minProperties", "maxProperties"] {
            let Some(limit) = at.schema.get(keyword).and_then(Value::as_u64) else { continue };
            if if keyword == "minProperties" { size < limit } else { size > limit } {
                self.found(purpose, || wording::properties(keyword, found, limit))?;
            }
        }
        let dependencies = at.schema.get("dependencies").and_then(Value::as_object);
        for (name, dependency) in dependencies.into_iter().flatten() {
            if node.member(name).is_none() {
                continue;
            }
            match dependency {
                Value::Array(names) => {
                    let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                    let missing = names.iter().copied().filter(|name| node.member(name).is_none()).collect::<Vec<_>>();
                    if !missing.is_empty() {
                        self.found(purpose, || wording::dependency(name, &names, &missing))?;
                    }
                }
                schema => {
                    let schema = Located { model: at.model, schema };
                    self.search(schema, node, depth.saturating_add(1), purpose)?;
                }
            }
        }
        Ok(())
    }

    /// `anyOf`, `oneOf`, `allOf` and `not`: only how many fit is told, not why the others do not.
    fn combinations(&mut self, at: Located<'s>, node: Node<'_>, depth: u32, purpose: Purpose) -> Search {
        for keyword in ["anyOf", "oneOf", "allOf"] {
            let Some(schemas) = at.schema.get(keyword).and_then(Value::as_array) else { continue };
            let part = |schema| Located { model: at.model, schema };
            let matched = schemas.iter().filter(|schema| self.fits(part(schema), node, depth)).count();
            let fits = match keyword {
                "anyOf" => matched > 0,
                "oneOf" => matched == 1,
                _ => matched == schemas.len(),
            };
            if !fits {
                self.found(purpose, || wording::combination(keyword, matched, schemas.len()))?;
            }
        }
        if let Some(schema) = at.schema.get("not")
            && self.fits(Located { model: at.model, schema }, node, depth)
        {
            self.found(purpose, || wording::FORBIDDEN.to_owned())?;
        }
        Ok(())
    }

    fn format(&mut self, at: Located<'s>, node: Node<'_>, purpose: Purpose) -> Search {
        let Some(format) = at.schema.get("format").and_then(Value::as_str) else { return Ok(()) };
        match self.shared.patterns.formats.get(format) {
            Some(check) if !check.is_valid(node) => self.found(purpose, || wording::format(node, format)),
            _ => Ok(()),
        }
    }

    /// The members by name, or the elements in order.
    fn inside(&mut self, at: Located<'s>, node: Node<'_>, depth: u32, purpose: Purpose) -> Search {
        let part = |schema| Located { model: at.model, schema };
        let depth = depth.saturating_add(1);
        for (n, element) in node.array().into_iter().flatten().enumerate() {
            let schema = match at.schema.get("items") {
                Some(Value::Array(listed)) => listed.get(n).or_else(|| at.schema.get("additionalItems")),
                all => all,
            };
            let Some(schema) = schema else { break };
            self.search(part(schema), element, depth, purpose)?;
            if self.is_spent() {
                return Ok(());
            }
        }
        let Some(members) = node.object() else { return Ok(()) };
        let mut members: Vec<_> = members.take(usize::try_from(MAX_STEPS).unwrap_or(usize::MAX)).collect();
        members.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for (name, member) in members {
            for schema in self.schemas_of(at.schema, &name) {
                self.search(part(schema), member, depth, purpose)?;
            }
            if self.is_spent() {
                break;
            }
        }
        Ok(())
    }

    /// The schemas that apply to a property.
    fn schemas_of(&self, schema: &'s Value, name: &str) -> Vec<&'s Value> {
        let patterns = schema.get("patternProperties").and_then(Value::as_object).into_iter().flatten();
        let by_pattern = patterns.filter(|(pattern, _)| self.shared.patterns.matches_name(pattern, name));
        let mut schemas: Vec<&Value> = schema.get("properties").and_then(|all| all.get(name)).into_iter().collect();
        schemas.extend(by_pattern.map(|(_, schema)| schema));
        if schemas.is_empty() {
            schemas.extend(schema.get("additionalProperties"));
        }
        schemas
    }
}
