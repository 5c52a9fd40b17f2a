//! `Fn::Sub`: `${Name}`, `${Resource.Attribute}` and `${!Literal}` in a text.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-sub.html>

use super::evaluate::Evaluator;
use crate::source::{Map, Node, Span};

impl Evaluator<'_, '_> {
    /// The value of `Fn::Sub`, of a text or of a list of a text and variables.
    pub fn substitute(&mut self, span: Span, argument: &Node) -> Option<Node> {
        let (template, variables) = match argument.as_list() {
            None => (argument, None),
            Some([template, variables]) => {
                let Some(variables) = variables.as_map() else {
                    let text = format!("found {}, expected a map of variables", variables.description());
                    self.reader.error(variables.span, text);
                    return None;
                };
                (template, Some(variables))
            }
            Some(_) => {
                self.reader.error(span, "`Fn::Sub` takes a text, or a list of a text and a map of variables");
                return None;
            }
        };
        // The template itself may not come from a function, except that tools nest it in one.
        let template = self.text(template)?;
        let mut text = String::with_capacity(template.len());
        let mut rest = template.as_str();
        while let Some(at) = rest.find("${") {
            let (before, variable) = rest.split_at(at);
            text.push_str(before);
            let Some((name, after)) = variable.get(2..).and_then(|inside| inside.split_once('}')) else {
                self.reader.error(span, "a `${` of this text has no `}`");
                return None;
            };
            match name.strip_prefix('!') {
                Some(literal) => text.push_str(&format!("${{{literal}}}")),
                None => text.push_str(&self.variable(span, name.trim(), variables)?),
            }
            rest = after;
        }
        text.push_str(rest);
        self.made_text(span, &text)
    }

    fn variable(&mut self, span: Span, name: &str, variables: Option<&Map>) -> Option<String> {
        if let Some(node) = variables.and_then(|variables| variables.get(name)) {
            return self.text(node);
        }
        // A parameter's name has no dot; a resource's attribute comes after one.
        let value = match name.split_once('.') {
            Some((target, attribute)) if !name.starts_with("AWS::") => {
                return self.resource_identity(span, target, Some(attribute));
            }
            _ => self.reference(span, name)?,
        };
        self.reader.text(&value).map(|text| text.value)
    }
}
