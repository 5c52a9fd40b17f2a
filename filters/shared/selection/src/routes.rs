//! Which route a message takes.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html>

use std::collections::BTreeMap;

use jsonpath::json::Json;

use crate::{Expression, Subject};

/// Key of the route that a handshake takes; no message does.
pub const CONNECT: &str = "$connect";
/// Key of the route that the end of a connection takes; no message does.
pub const DISCONNECT: &str = "$disconnect";
/// Key of the route for messages that no other route takes.
pub const DEFAULT: &str = "$default";

/// The routes of an API by their keys.
#[derive(Clone, Debug)]
pub struct Routes<R> {
    expression: Expression,
    routes: BTreeMap<String, R>,
}

impl<R> Routes<R> {
    /// Routes that `expression` selects.
    pub fn new(expression: Expression, routes: impl IntoIterator<Item = (String, R)>) -> Self {
        Self { expression, routes: routes.into_iter().collect() }
    }

    /// The route of that key, whichever it is.
    pub fn get(&self, key: &str) -> Option<&R> {
        self.routes.get(key)
    }

    /// All routes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &R)> {
        self.routes.iter().map(|(key, route)| (key.as_str(), route))
    }

    /// The route for a message, with its key; `message` is `None` when it is no JSON, which takes the default route
    /// whatever the expression says. `None` when there is no route for it.
    pub fn select(&self, message: Option<&Json<'_>>) -> Option<(&str, &R)> {
        let selected = message.and_then(|message| {
            let key = self.expression.evaluate(&Subject::message(message));
            if key == CONNECT || key == DISCONNECT {
                return None;
            }
            self.routes.get_key_value(&key)
        });
        selected.or_else(|| self.routes.get_key_value(DEFAULT)).map(|(key, route)| (key.as_str(), route))
    }
}
