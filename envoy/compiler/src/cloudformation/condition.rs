//! `Conditions` and the functions that they are made of.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html>

use super::evaluate::{Evaluator, Known};
use crate::source::{Map, Node, Value};

impl<'d> Evaluator<'_, 'd> {
    /// Whether the condition holds whose name stands at `node`.
    pub fn condition_named(&mut self, node: &Node) -> Option<bool> {
        let Some(name) = node.as_str().map(str::to_owned) else {
            let text = format!("found {}, expected the name of a condition", node.description());
            self.reader.error(node.span, text);
            return None;
        };
        match self.known_conditions.get(&name) {
            Some(Known::Holds(known)) => return Some(*known),
            Some(Known::Evaluating) => {
                self.reader.error(node.span, format!("the condition `{name}` depends on itself"));
                return None;
            }
            Some(Known::Wrong) => return None,
            None => {}
        }
        let Some(definition) = self.conditions.and_then(|conditions: &'d _| conditions.get(&name)) else {
            self.reader.error(node.span, format!("there is no condition `{name}`"));
            return None;
        };
        self.known_conditions.insert(name.clone(), Known::Evaluating);
        let holds = self.condition(definition);
        self.known_conditions.insert(name, holds.map_or(Known::Wrong, Known::Holds));
        holds
    }

    /// Evaluates the conditions that nothing has asked for: a mistake in one is a mistake of the template.
    pub fn all_conditions(&mut self) {
        for entry in self.conditions.map(Map::entries).unwrap_or_default() {
            // `Fn::Transform` and `Fn::ForEach` stand there as well.
            if !entry.key.text.starts_with("Fn::") {
                self.condition_named(&Node::string(entry.key.span, &entry.key.text));
            }
        }
    }

    /// Whether a condition function holds.
    fn condition(&mut self, node: &Node) -> Option<bool> {
        self.deeper(node.span, |evaluator| evaluator.condition_of(node))
    }

    fn condition_of(&mut self, node: &Node) -> Option<bool> {
        let function = node.cloudformation_function().or_else(|| {
            // `{Condition: Name}` has no `Fn::`.
            node.as_map().and_then(|map| map.get("Condition")).map(|_| "Condition".to_owned())
        });
        let argument = node.function_argument();
        match function.as_deref() {
            Some("Condition") => self.condition_named(&argument),
            Some("Fn::Not") => self.operands(&argument, 1..=1)?.first().map(|holds| !holds),
            Some("Fn::And") => Some(self.operands(&argument, 1..=10)?.into_iter().all(|holds| holds)),
            Some("Fn::Or") => Some(self.operands(&argument, 1..=10)?.into_iter().any(|holds| holds)),
            Some("Fn::Equals") => {
                let Some([left, right]) = argument.as_list() else {
                    self.reader.error(node.span, "`Fn::Equals` takes a list of two values");
                    return None;
                };
                let (left, right) = (self.value(left), self.value(right));
                Some(left.map(comparable) == right.map(comparable))
            }
            _ => {
                let text = format!(
                    "found {}, expected `Fn::And`, `Fn::Equals`, `Fn::Not`, `Fn::Or` or `Condition`",
                    node.description()
                );
                self.reader.error(node.span, text);
                None
            }
        }
    }

    fn operands(&mut self, node: &Node, count: std::ops::RangeInclusive<usize>) -> Option<Vec<bool>> {
        let items = node.as_list().unwrap_or_default();
        if !count.contains(&items.len()) {
            let text = format!("found {} conditions, expected {} to {}", items.len(), count.start(), count.end());
            self.reader.error(node.span, text);
            return None;
        }
        items.iter().map(|item| self.condition(item)).collect()
    }
}

/// A value as `Fn::Equals` compares it: numbers and booleans by their text.
fn comparable(node: Node) -> serde_json::Value {
    match &node.value {
        Value::Number(text) => serde_json::Value::String(text.to_string()),
        Value::Bool(flag) => serde_json::Value::String(flag.to_string()),
        _ => node.to_json(),
    }
}
