//! `HttpApi` events of functions: a route with an AWS_PROXY integration each.
//!
//! Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-httpapi.html>

use super::auth::Auth;
use super::{HttpApi, IMPLICIT_API, Template};
use crate::cloudformation::rest_api::rename;
use crate::cloudformation::sam::{function_events, invocation_uri};
use crate::read::Reader;
use crate::source::{Entry, Key, Map, Node, Span, Value};

/// The route of events that name no path.
const DEFAULT_ROUTE: &str = "$default";
/// The operation of `ANY`.
const ANY: &str = "x-amazon-apigateway-any-method";

/// The integration of an operation.
const INTEGRATION: &str = "x-amazon-apigateway-integration";

/// An `HttpApi` event.
pub struct Event {
    /// Its name in `Events`.
    pub span: Span,
    /// Logical id of its API.
    pub api: String,
    /// The function.
    function: String,
    properties: Node,
}

/// All `HttpApi` events, in the order of the template.
pub fn events(template: &Template) -> Vec<Event> {
    let of_function = |(span, function, properties): (Span, String, Node)| {
        let api = properties.get("ApiId").and_then(Node::as_str).unwrap_or(IMPLICIT_API).to_owned();
        Event { span, api, function, properties }
    };
    function_events(template, "HttpApi").into_iter().map(of_function).collect()
}

impl<'a> HttpApi<'a> {
    /// Adds the route of an event; its settings go into `route_settings`. A route that a document of the template's own
    /// has already keeps its integration.
    pub(super) fn add_event(
        &mut self,
        reader: &mut Reader<'a>,
        event: &'a Event,
        auth: &Auth<'a>,
        route_settings: &mut Map,
    ) {
        let span = event.span;
        let Some(mut fields) = reader.fields(&event.properties) else { return };
        fields.ignore(&["ApiId"]);
        let path = fields.take("Path").and_then(|node| reader.filled(node));
        let verb = fields.take("Method").and_then(|node| reader.filled(node));
        let settings = fields.take("RouteSettings");
        let own_auth = fields.take("Auth");
        let mut given = Map::default();
        rename(
            &mut fields,
            &mut given,
            &[("PayloadFormatVersion", "payloadFormatVersion"), ("TimeoutInMillis", "timeoutInMillis")],
        );
        fields.finish(reader);
        let (path, verb, route_key) = match (path, verb) {
            (None, None) => (Key::new(DEFAULT_ROUTE, span), ANY.to_owned(), DEFAULT_ROUTE.to_owned()),
            (Some(path), Some(verb)) => {
                let route_key = format!("{} {}", verb.to_ascii_uppercase(), *path);
                let verb = if verb.eq_ignore_ascii_case("any") { ANY.to_owned() } else { verb.to_ascii_lowercase() };
                (Key::new(&path, path.span), verb, route_key)
            }
            (Some(one), None) | (None, Some(one)) => {
                reader.error(one.span, "an event has `Path` and `Method`, or none of them for the route `$default`");
                return;
            }
        };
        if let Some(settings) = settings {
            route_settings.set(Key::new(&route_key, settings.span), settings.clone());
        }
        let security = auth.of_event(reader, own_auth);
        let operation = self.document.root.child(Key::new("paths", span)).child(path).child(Key::new(&verb, span));
        let present = operation.get(INTEGRATION).is_some();
        if present && !self.has_body {
            reader.error(span, format!("the route `{route_key}` is there already"));
            return;
        }
        let integration = operation.child(Key::new(INTEGRATION, span));
        if !present {
            for (key, value) in [
                ("type", "aws_proxy"),
                ("httpMethod", "POST"),
                ("uri", &*invocation_uri(self.region, &event.function)),
                ("payloadFormatVersion", "2.0"),
            ] {
                integration.set(Key::new(key, span), Node::string(span, value));
            }
        }
        for Entry { key, value } in given.entries() {
            integration.set(key.clone(), value.clone());
        }
        operation.get_or_insert(Key::new("responses", span), || Node::empty_map(span));
        if let Some(demanded) = security {
            // What the document demands as well stays, so that nothing of it is lost.
            let mut all = operation.get("security").and_then(Node::as_list).unwrap_or_default().to_vec();
            all.push(demanded);
            operation.set(Key::new("security", span), Node::new(span, Value::List(all)));
        }
    }
}
