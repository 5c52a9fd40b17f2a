//! Envoy's router: rewrites what the route says, and calls the cluster.

use std::time::Duration;

use host::{Answer, HeaderMap, LocalReply};

use super::config::{AppendAction, Configuration, HeaderToAdd, Route, RouteAction};
use super::exchange::{Forwarded, Upstream};
use super::format::{Scope, format};
use super::network::Network;

/// What the router has seen of a request.
#[derive(Default)]
pub struct Notes {
    /// What would go wrong though no answer shows it.
    pub problems: Vec<String>,
    /// How long it waited.
    pub passed: Duration,
}

/// What the router answers by itself as soon as a request's headers are there.
pub fn own_reply(route: Option<&Route>) -> Option<LocalReply> {
    let Some(route) = route else { return Some(LocalReply::no_route()) };
    let direct = route.direct_response.as_ref()?;
    let body = direct.body.as_ref().map_or("", |body| body.inline_string.as_str());
    Some(LocalReply::new(direct.status, body).details("direct_response"))
}

/// Sends a request that has passed the filters to its cluster.
///
/// # Errors
/// The route has something that is not known here.
pub fn forward(
    request: Forwarded<'_>,
    configuration: &Configuration,
    network: &Network,
    notes: &mut Notes,
) -> Result<Upstream, String> {
    // Envoy matches again after a filter has changed a header.
    let route = configuration.route(request.headers)?;
    let name = route.and_then(|route| route.name.as_deref());
    if name != request.route {
        notes.problems.push(format!("the filters' changes lead from the route {:?} to {name:?}", request.route));
    }
    if let Some(reply) = own_reply(route) {
        return Ok(Upstream::Reply(reply));
    }
    let Some((route, action)) = route.and_then(|route| Some((route, route.route.as_ref()?))) else {
        return Err("a route that goes nowhere".to_owned());
    };
    let mut headers = request.headers.clone();
    let scope = Scope { request: request.headers, property: request.property };
    for added in &route.request_headers_to_add {
        add(added, &mut headers, &scope)?;
    }
    for name in &route.request_headers_to_remove {
        headers.remove(name);
    }
    if let Some(path) = action.path_rewrite.as_ref().map(|rewrite| format(rewrite, &scope, "")).transpose()?
        && !path.is_empty()
    {
        // The query stays.
        let target = headers.text(":path").unwrap_or_default();
        let query = target.split_once('?').map_or(String::new(), |(_, query)| format!("?{query}"));
        replace(&mut headers, ":path", &[&path, query.as_bytes()].concat());
    }
    if let Some(host) = &action.host_rewrite_literal {
        replace(&mut headers, ":authority", host.as_bytes());
    } else if let Some(host) = action.host_rewrite.as_ref().map(|host| format(host, &scope, "-")).transpose()?
        && !host.is_empty()
    {
        replace(&mut headers, ":authority", &host);
    }
    if headers.iter().any(|(_, value)| value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0))) {
        notes.problems.push("a header of the upstream request has a line break".to_owned());
    }
    let reply = match network.call(&action.cluster, &headers, request.body.as_deref()) {
        None => LocalReply::no_cluster(),
        Some(Answer::Refused) => LocalReply::connection_refused(),
        Some(Answer::Closed) => LocalReply::connection_closed(),
        Some(Answer::Garbage) => LocalReply::protocol_error(),
        Some(Answer::TimedOut) => {
            notes.passed += timeout(action)?;
            LocalReply::timeout()
        }
        Some(Answer::CutShort | Answer::Later) => return Err("the upstream's answer is cut short".to_owned()),
        Some(Answer::Response(response)) => {
            let body = response.bytes();
            let mut headers = response.headers;
            for name in ["keep-alive", "transfer-encoding", "upgrade"] {
                headers.remove(name);
            }
            finish(route, &mut headers, &scope)?;
            return Ok(Upstream::Answer { headers, body });
        }
    };
    Ok(Upstream::Reply(reply))
}

/// How long the route waits for an answer.
fn timeout(action: &RouteAction) -> Result<Duration, String> {
    let text = action.timeout.as_deref().unwrap_or("15s");
    let seconds = text.strip_suffix('s').and_then(|seconds| seconds.parse().ok());
    seconds.map(Duration::from_secs_f64).ok_or_else(|| format!("the timeout {text}"))
}

/// What the route does to a response's headers.
fn finish(route: &Route, headers: &mut HeaderMap, scope: &Scope<'_>) -> Result<(), String> {
    for added in &route.response_headers_to_add {
        add(added, headers, scope)?;
    }
    for name in &route.response_headers_to_remove {
        headers.remove(name);
    }
    Ok(())
}

/// A value that formats to nothing is not added.
fn add(added: &HeaderToAdd, headers: &mut HeaderMap, scope: &Scope<'_>) -> Result<(), String> {
    let value = format(&added.header.value, scope, "")?;
    if value.is_empty() {
        return Ok(());
    }
    if added.append_action == AppendAction::OverwriteIfExistsOrAdd {
        headers.remove(&added.header.key);
    }
    headers.add(&added.header.key, value);
    Ok(())
}

fn replace(headers: &mut HeaderMap, name: &str, value: &[u8]) {
    headers.remove(name);
    headers.add(name, value);
}
