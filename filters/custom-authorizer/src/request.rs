//! The request that an authorizer is asked about, read once.

use gateway::policy::{method_arn, route_arn};
use gateway::{Context, Headers, Host, METHOD_HEADER, client};

use crate::identity::Identity;
use crate::raw::Form;

/// A request.
pub(crate) struct Request<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) host: &'a dyn Host,
    pub(crate) headers: &'a Headers,
    /// ARN of the method, with the path as it was sent; of a handshake, that of `$connect`.
    pub(crate) method_arn: String,
}

impl<'a> Request<'a> {
    pub(crate) fn new(context: &'a Context<'a>, host: &'a dyn Host, headers: &'a Headers, form: Form) -> Self {
        let method_arn = match form {
            Form::WebSocket => route_arn(context.api(), "$connect"),
            _ => method_arn(context.api(), verb(headers), context.resource_path_as_sent()),
        };
        Self { context, host, headers, method_arn }
    }

    /// The client's verb.
    pub(crate) fn verb(&self) -> String {
        text(verb(self.headers))
    }

    /// The client's headers, and those that the gateway adds, each name in the spelling that an API shows.
    pub(crate) fn visible_headers(&self) -> Vec<(String, String)> {
        const ADDED: [&str; 3] = ["host", "x-forwarded-for", "x-forwarded-port"];
        let of_client = self.headers.iter().filter_map(|(name, value)| {
            let name = std::str::from_utf8(name).ok()?;
            let shown = client::is_readable(self.context, name) && !ADDED.contains(&name);
            shown.then(|| (client::spelled(name).to_owned(), text(value)))
        });
        let mut headers: Vec<(String, String)> = of_client.collect();
        if let Some(authority) = self.headers.first(":authority") {
            headers.push(("Host".to_owned(), text(authority)));
        }
        headers.push(("X-Forwarded-For".to_owned(), text(&client::forwarded_for(self.context, self.headers))));
        if let Some(port) = client::port(self.host) {
            headers.push(("X-Forwarded-Port".to_owned(), port));
        }
        headers
    }
}

/// What an event is about.
pub(crate) struct Subject<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) identity: &'a Identity,
}

/// Integrations may change the verb of a request, but not the copy of it that routes match.
fn verb(headers: &Headers) -> &[u8] {
    headers.first(METHOD_HEADER).or_else(|| headers.first(":method")).unwrap_or_default()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
