//! What kind of definition a document is, found out from its content.

use crate::diagnostics::Diagnostic;
use crate::source::{Node, Span};

/// The kinds of definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An OpenAPI document.
    OpenApi(Version),
    /// A template with `AWS::Serverless` resources.
    Sam(Span),
    /// Any other CloudFormation template.
    CloudFormation(Span),
}

/// The versions of OpenAPI that API Gateway imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Swagger 2.0.
    V2,
    /// OpenAPI 3.0.x.
    V3,
}

/// Finds out the kind of a document.
///
/// # Errors
/// It is none, or of a version that API Gateway does not import.
pub fn detect(root: &Node) -> Result<Kind, Diagnostic> {
    if let Some(node) = root.get("swagger") {
        return version(node, |text| (text == "2.0" || text == "2").then_some(Version::V2));
    }
    if let Some(node) = root.get("openapi") {
        return version(node, |text| (text == "3.0" || text.starts_with("3.0.")).then_some(Version::V3));
    }
    let resources = root.get("Resources");
    let format = root.get("AWSTemplateFormatVersion");
    if let Some(sam) = root.get("Transform").filter(|node| names_sam(node)).or_else(|| serverless(resources?)) {
        return Ok(Kind::Sam(sam.span));
    }
    if let Some(node) = format.or(resources) {
        return Ok(Kind::CloudFormation(node.span));
    }
    let text = "no API definition: expected `openapi`, `swagger` or, in a template, `Resources` at the top level";
    Err(Diagnostic::error(root.span, text.to_owned()))
}

fn version(node: &Node, known: impl Fn(&str) -> Option<Version>) -> Result<Kind, Diagnostic> {
    let text = match &node.value {
        crate::source::Value::String(text) | crate::source::Value::Number(text) => &**text,
        _ => "",
    };
    known(text).map(Kind::OpenApi).ok_or_else(|| {
        let found = if text.is_empty() { node.description() } else { format!("version `{text}`") };
        let text = format!("found {found}; API Gateway imports `openapi: 3.0.x` and `swagger: \"2.0\"`");
        Diagnostic::error(node.span, text)
    })
}

/// Whether `Transform`, a name or a list of names, has SAM's.
fn names_sam(node: &Node) -> bool {
    let named = |node: &Node| node.as_str().is_some_and(|name| name.starts_with("AWS::Serverless"));
    named(node) || node.as_list().is_some_and(|items| items.iter().any(named))
}

/// The type of the first resource that only SAM has.
fn serverless(resources: &Node) -> Option<&Node> {
    let types = resources.as_map()?.entries().iter().filter_map(|entry| entry.value.get("Type"));
    types.into_iter().find(|node| node.as_str().is_some_and(|name| name.starts_with("AWS::Serverless::")))
}
