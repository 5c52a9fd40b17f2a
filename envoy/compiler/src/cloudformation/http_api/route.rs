//! `AWS::ApiGatewayV2::Route` as operations under paths.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-route.html>

use super::super::rest_api::{IAM_SCHEME, rename};
use super::super::scheme::{no_scopes, security};
use super::{Api, Template};
use crate::api::HttpMethod;
use crate::read::{Fields, Reader};
use crate::source::{Key, Map, Span, Spanned, Value};

/// The operation of `ANY`.
const ANY: &str = "x-amazon-apigateway-any-method";

impl<'t> Api<'t> {
    pub(super) fn add_routes(&mut self, reader: &mut Reader<'t>, template: &'t Template) {
        for (_, resource) in self.members(template, "AWS::ApiGatewayV2::Route") {
            let span = resource.span;
            let Some(mut fields) = reader.fields(&resource.properties) else { continue };
            fields.ignore(&["ApiId"]);
            let key = fields.required(reader, "RouteKey").and_then(|node| reader.text(node));
            let mut operation = Map::default();
            rename(&mut fields, &mut operation, &[("OperationName", "operationId")]);
            let requirement = self.requirement(reader, span, &mut fields);
            operation.set(Key::new("security", span), security(span, requirement));
            if let Some(target) = fields.take("Target").and_then(|node| reader.filled(node)) {
                let id = target.strip_prefix("integrations/").unwrap_or_default();
                match self.integrations.get(id) {
                    Some(integration) => {
                        let key = Key::new("x-amazon-apigateway-integration", target.span);
                        operation.set(key, integration.clone());
                    }
                    None => {
                        let text = format!(
                            "found `{}`, expected `integrations/` and an integration of this API in the template",
                            *target
                        );
                        reader.error(target.span, text);
                    }
                }
            }
            for name in ["ApiKeyRequired", "ModelSelectionExpression", "RequestModels", "RequestParameters"] {
                let Some(node) = fields.take(name) else { continue };
                let is_no = matches!(&node.value, Value::Bool(false))
                    || node.as_str() == Some("false")
                    || node.as_map().is_some_and(|map| map.entries().is_empty());
                if !is_no {
                    reader.error(node.span, format!("`{name}` is for routes of WebSocket APIs"));
                }
            }
            fields.finish(reader);
            if let Some(key) = key {
                self.add_operation(reader, span, &key, operation);
            }
        }
    }

    /// Puts an operation where its route key says.
    pub(super) fn add_operation(&mut self, reader: &mut Reader<'t>, span: Span, key: &Spanned<String>, operation: Map) {
        let (verb, path) = match key.split_once(' ') {
            None if **key == "$default" => (ANY.to_owned(), "$default"),
            Some((verb, path)) if HttpMethod::parse(verb).is_some() && path.starts_with('/') => {
                (if verb == "ANY" { ANY.to_owned() } else { verb.to_ascii_lowercase() }, path)
            }
            _ => {
                let text = format!("found `{}`, expected a route key as `GET /pets/{{petId}}`, or `$default`", **key);
                return reader.error(key.span, text);
            }
        };
        if !self.document.add_operation(&Key::new(path, key.span), &Key::new(&verb, span), operation) {
            reader.error(span, format!("the route `{}` is there already", **key));
        }
    }

    /// The requirement of a route. What cannot be understood is an error, never no authorization.
    fn requirement(&mut self, reader: &mut Reader<'t>, span: Span, fields: &mut Fields<'t>) -> Map {
        let mut word = |name| fields.take(name).and_then(|node| reader.text(node));
        let (kind, authorizer) = (word("AuthorizationType"), word("AuthorizerId"));
        let scopes = fields.take("AuthorizationScopes");
        let mut requirement = Map::default();
        match (kind.as_ref().map(|kind| kind.as_str()), kind.as_ref(), &authorizer) {
            (None | Some("NONE"), _, None) => {}
            (Some("AWS_IAM"), Some(kind), None) => {
                self.document.add_iam_scheme(Key::new(IAM_SCHEME, kind.span));
                requirement.set(Key::new(IAM_SCHEME, kind.span), no_scopes(kind.span));
            }
            (Some("CUSTOM" | "JWT"), _, Some(authorizer)) => {
                if !self.authorizers.contains(&authorizer.as_str()) {
                    let text = format!("there is no authorizer `{}` of this API in the template", **authorizer);
                    reader.error(authorizer.span, text);
                }
                let scopes = scopes.cloned().unwrap_or_else(|| no_scopes(span));
                requirement.set(Key::new(authorizer, authorizer.span), scopes);
            }
            (Some(word @ ("CUSTOM" | "JWT")), Some(kind), None) => {
                reader.error(kind.span, format!("`AuthorizationType: {word}` needs an `AuthorizerId`"));
            }
            (None, _, Some(authorizer)) => {
                reader.error(authorizer.span, "an `AuthorizerId` needs an `AuthorizationType`");
            }
            (Some(word @ ("NONE" | "AWS_IAM")), _, Some(authorizer)) => {
                let text = format!("an authorizer has no effect with `AuthorizationType: {word}`");
                reader.error(authorizer.span, text);
            }
            (Some(word), at, _) => {
                let text = format!("found `{word}`, expected `AWS_IAM`, `CUSTOM`, `JWT` or `NONE`");
                reader.error(at.map_or(span, |kind| kind.span), text);
            }
        }
        requirement
    }
}
