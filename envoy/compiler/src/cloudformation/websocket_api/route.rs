//! `AWS::ApiGatewayV2::Route` and `AWS::ApiGatewayV2::RouteResponse`.

use indexmap::IndexMap;

use super::Members;
use crate::api::{Authorization, Authorizer, CONNECT, DEFAULT, Model, WebSocketIntegration, WebSocketRoute};
use crate::cloudformation::Resource;
use crate::read::{Fields, Reader};
use crate::source::{Node, Span, Spanned, Value};

/// What precedes the id of an integration in a route's target.
const TARGET: &str = "integrations/";

type Models = IndexMap<String, (String, Model)>;

/// The routes of the API.
pub fn read<'t>(
    reader: &mut Reader<'t>,
    members: &Members<'t>,
    integrations: &IndexMap<String, WebSocketIntegration>,
    models: &Models,
    authorizers: &IndexMap<String, Authorizer>,
) -> Vec<WebSocketRoute> {
    let mut routes: Vec<(&str, WebSocketRoute)> = Vec::new();
    for (id, resource) in members.of_type("AWS::ApiGatewayV2::Route") {
        let Some(fields) = reader.fields(&resource.properties) else { continue };
        let Some(route) = route(reader, fields, resource, models) else { continue };
        if let Some(target) = route.integration.as_ref().filter(|target| !integrations.contains_key(target.as_str())) {
            reader.error(target.span, format!("there is no integration `{}` of this API in the template", **target));
        }
        if let Authorization::Custom(name) = &route.authorization
            && !authorizers.contains_key(name.as_str())
        {
            reader.error(name.span, format!("there is no authorizer `{}` of this API in the template", **name));
        }
        routes.push((id, route));
    }
    for (_, resource) in members.of_type("AWS::ApiGatewayV2::RouteResponse") {
        route_response(reader, resource, &routes);
    }
    routes.into_iter().map(|(_, route)| route).collect()
}

fn route<'t>(
    reader: &mut Reader<'t>,
    mut fields: Fields<'t>,
    resource: &'t Resource,
    models: &Models,
) -> Option<WebSocketRoute> {
    fields.ignore(&["ApiId", "OperationName"]);
    let route_key = fields.required(reader, "RouteKey").and_then(|node| reader.text(node));
    let integration = fields.take("Target").and_then(|node| reader.filled(node)).and_then(|text| target(reader, text));
    let authorization = authorization(reader, &mut fields);
    let api_key = fields.take("ApiKeyRequired").and_then(|node| reader.boolean(node)).filter(|flag| **flag);
    let mut text = |name| fields.take(name).and_then(|node| reader.filled(node));
    let model_selection_expression = text("ModelSelectionExpression");
    let route_response_selection_expression = text("RouteResponseSelectionExpression");
    let request_models = fields.take("RequestModels").map(|node| request_models(reader, node, models));
    let request_parameters = fields.take("RequestParameters").map(|node| request_parameters(reader, node));
    fields.finish(reader);
    Some(WebSocketRoute {
        span: resource.span,
        route_key: route_key?,
        integration,
        authorization: authorization?,
        api_key_required: api_key.map(|flag| flag.span),
        request_parameters: request_parameters.unwrap_or_default(),
        model_selection_expression,
        request_models: request_models.unwrap_or_default(),
        route_response_selection_expression,
    })
}

fn target(reader: &mut Reader<'_>, text: Spanned<String>) -> Option<Spanned<String>> {
    let id = text.strip_prefix(TARGET).map(str::to_owned);
    if id.is_none() {
        reader.error(text.span, format!("found `{}`, expected `integrations/` and the id of an integration", *text));
    }
    Some(Spanned { value: id?, span: text.span })
}

/// Who may connect. What cannot be understood is an error, and no route; never one that is open.
fn authorization<'t>(reader: &mut Reader<'t>, fields: &mut Fields<'t>) -> Option<Authorization> {
    let kind = fields.take("AuthorizationType");
    let authorizer = fields.take("AuthorizerId").and_then(|node| reader.filled(node));
    if let Some(node) =
        fields.take("AuthorizationScopes").filter(|node| node.as_list().is_none_or(|list| !list.is_empty()))
    {
        reader.error(node.span, "scopes are for HTTP APIs");
    }
    let Some(kind) = kind else {
        if let Some(authorizer) = authorizer {
            reader.error(authorizer.span, "an `AuthorizerId` needs an `AuthorizationType`");
            return None;
        }
        return Some(Authorization::None);
    };
    let kind = reader.text(kind)?;
    match (kind.as_str(), authorizer) {
        ("NONE", None) => Some(Authorization::None),
        ("AWS_IAM", None) => Some(Authorization::AwsIam(kind.span)),
        ("CUSTOM", Some(authorizer)) => Some(Authorization::Custom(authorizer)),
        ("CUSTOM", None) => {
            reader.error(kind.span, "`AuthorizationType: CUSTOM` needs an `AuthorizerId`");
            None
        }
        ("NONE" | "AWS_IAM", Some(authorizer)) => {
            reader.error(authorizer.span, format!("an authorizer has no effect with `AuthorizationType: {}`", *kind));
            None
        }
        _ => {
            reader.error(kind.span, format!("found `{}`, expected `AWS_IAM`, `CUSTOM` or `NONE`", *kind));
            None
        }
    }
}

/// Names of models by what the route's expression gives. A model's logical id will do.
fn request_models<'t>(reader: &mut Reader<'t>, node: &'t Node, models: &Models) -> IndexMap<String, Spanned<String>> {
    reader.map_of(node, |reader, entry| {
        let id = reader.text(&entry.value)?;
        let by_name = models.values().find(|(name, _)| *name == *id);
        let Some((name, _)) = by_name.or_else(|| models.get(id.as_str())) else {
            reader.error(id.span, format!("there is no model `{}` of this API in the template", *id));
            return None;
        };
        Some(Spanned { value: name.clone(), span: id.span })
    })
}

/// `{route.request.querystring.room: {Required: true}}`, or the flag alone.
fn request_parameters<'t>(reader: &mut Reader<'t>, node: &'t Node) -> IndexMap<String, Spanned<bool>> {
    reader.map_of(node, |reader, entry| match &entry.value.value {
        Value::Map(_) => {
            let mut fields = reader.fields(&entry.value)?;
            let required = fields.take("Required").and_then(|node| reader.boolean(node));
            fields.finish(reader);
            Some(required.unwrap_or(Spanned { value: false, span: entry.value.span }))
        }
        _ => reader.boolean(&entry.value),
    })
}

/// A route response says nothing that its route does not say; but a route that says nothing answers nobody.
fn route_response<'t>(reader: &mut Reader<'t>, resource: &'t Resource, routes: &[(&str, WebSocketRoute)]) {
    let Some(mut fields) = reader.fields(&resource.properties) else { return };
    fields.ignore(&["ApiId"]);
    let route = fields.required(reader, "RouteId").and_then(|node| reader.text(node));
    let key = fields.required(reader, "RouteResponseKey").and_then(|node| reader.text(node));
    let unused = ["ModelSelectionExpression", "ResponseModels", "ResponseParameters"].map(|name| fields.take(name));
    fields.finish(reader);
    for node in unused.into_iter().flatten() {
        reader.warning(node.span, "the service has no use for this at a route response, and neither has this project");
    }
    if let Some(key) = key.filter(|key| **key != DEFAULT) {
        reader.error(key.span, format!("found `{}`, the only route response is `$default`", *key));
    }
    let Some(route) = route else { return };
    match routes.iter().find(|(id, _)| *id == *route) {
        None => reader.error(route.span, format!("there is no route `{}` of this API in the template", *route)),
        Some((_, found)) => check_two_way(reader, found, route.span),
    }
}

fn check_two_way(reader: &mut Reader<'_>, route: &WebSocketRoute, span: Span) {
    if *route.route_key == CONNECT {
        reader.warning(span, "a handshake has no route response: there is no connection yet");
    } else if route.route_response_selection_expression.is_none() {
        let text = format!(
            "the route `{}` answers nothing: it has no `RouteResponseSelectionExpression: $default`",
            *route.route_key
        );
        reader.warning(span, text);
    }
}
