//! One request's way through the filter.

use std::rc::Rc;

use gateway::policy::{INVALIDATE_CACHE, method_arn};
use gateway::{
    Body, ConfigError, Context, Edits, Filter, GatewayError, Host, METHOD_HEADER, Metric, Property, Reply,
    ResponseType, Step, Stream, UnixMillis, attribute, client, of_route,
};
use iam_policy::mask_account;

use crate::config::{CacheControlStrategy, RawConfig, ResponseCache, Route};
use crate::entry::Entry;
use crate::flush;
use crate::key::key;
use crate::store::MAX_BODY_BYTES;

/// What a caller is told that asked for a fresh response and may not. Not documented: the text is this project's.
const WARNING: &str = "199 - \"Cache-Control ignored: not authorized to invalidate the cache\"";
/// Statuses that answer a condition or a range of one request, and no other.
const OF_ONE_REQUEST: [u16; 4] = [206, 304, 412, 416];
/// Headers of one connection, or that are written anew for each response.
const NOT_KEPT: [&str; 7] =
    ["connection", "content-length", "keep-alive", "trailer", "transfer-encoding", "upgrade", "date"];

impl Filter for ResponseCache {
    const NAME: &'static str = "response-cache";
    type Raw = RawConfig;
    type Stream = CacheStream;

    fn configure(raw: RawConfig) -> Result<Self, ConfigError> {
        Self::from_raw(raw)
    }

    fn stream(self: &Rc<Self>) -> CacheStream {
        CacheStream { filter: Rc::clone(self), missed: None, entry: None, warns: false }
    }
}

/// One request.
pub struct CacheStream {
    filter: Rc<ResponseCache>,
    /// The key that nothing was found for, and how it is cached.
    missed: Option<(Vec<u8>, Rc<Route>)>,
    /// The response, as far as it is here.
    entry: Option<Entry>,
    /// The caller has asked for a fresh response and may not.
    warns: bool,
}

impl Stream for CacheStream {
    fn on_request_headers(&mut self, host: &dyn Host, _end_of_stream: bool) -> Step {
        if !self.filter.flush.is_empty() {
            return flush::respond(&self.filter.flush, host);
        }
        let Some(route) = of_route(&self.filter.routes, host).map(Rc::clone) else { return Step::Continue };
        let context = Context::new(&self.filter.api, Some(&route.method), host);
        let mut fresh = client::asks_for_fresh(&host.request_headers());
        if fresh && !route.open_cache_control && host.property(Property::MayInvalidateCache).is_none() {
            match route.strategy {
                CacheControlStrategy::FailWith403 => {
                    host.count(Metric::Denied);
                    return Step::refuse(self.refusal(&context, host));
                }
                CacheControlStrategy::SucceedWithResponseHeader => self.warns = true,
                CacheControlStrategy::SucceedWithoutResponseHeader => {}
            }
            fresh = false;
        }
        let key = key(&route.namespace, &route.parameters, &context, host);
        // What is kept before a flush has another key than what is kept after it.
        let key = self.filter.store.key(host, &key);
        let lookup = |key: &Vec<u8>| self.filter.store.get(host, key, host.now());
        let found = if fresh { None } else { key.as_ref().and_then(lookup) };
        host.count(Metric::Allowed);
        match found {
            Some(entry) => {
                host.set_property(Property::CacheHit, b"1");
                Step::Respond(Box::new(reply(entry)))
            }
            None => {
                host.set_property(Property::CacheMiss, b"1");
                self.missed = key.map(|key| (key, route));
                Step::Continue
            }
        }
    }

    fn on_response_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Step {
        self.entry = self.missed.is_some().then(|| cacheable(host)).flatten();
        if end_of_stream {
            self.keep(host);
        }
        if !self.warns {
            return Step::Continue;
        }
        let mut edits = Edits::default();
        edits.add.push(("warning".into(), WARNING.as_bytes().into()));
        edits.into()
    }

    fn on_response_body(&mut self, host: &dyn Host, body: Body) -> Step {
        if let Some(entry) = &mut self.entry {
            // The bytes go on at once, and a copy of them is collected.
            if entry.body.len().saturating_add(body.bytes) > MAX_BODY_BYTES {
                self.entry = None;
            } else {
                let part = host.response_body(body.bytes);
                if part.len() == body.bytes {
                    entry.body.extend_from_slice(&part);
                } else {
                    self.entry = None;
                }
            }
        }
        if body.end_of_stream {
            self.keep(host);
        }
        Step::Continue
    }
}

impl CacheStream {
    /// Keeps the response that has come to its end.
    fn keep(&mut self, host: &dyn Host) {
        let (Some((key, route)), Some(entry)) = (self.missed.take(), self.entry.take()) else { return };
        let expires = UnixMillis(host.now().0.saturating_add(route.ttl_millis));
        self.filter.store.put(host, &key, &entry, expires);
    }

    /// Not documented: the text is that of policies, with another action.
    fn refusal(&self, context: &Context<'_>, host: &dyn Host) -> GatewayError {
        let verb = host.request_header(METHOD_HEADER).or_else(|| host.request_header(":method")).unwrap_or_default();
        let arn = mask_account(&method_arn(&self.filter.api, &verb, context.resource_path_as_sent()));
        let caller = context.get("identity.userArn").unwrap_or_else(|| "anonymous".to_owned());
        let message = format!("User: {caller} is not authorized to perform: {INVALIDATE_CACHE} on resource: {arn}");
        GatewayError::new(ResponseType::AccessDenied).with_message(message)
    }
}

/// The beginning of an entry, when the response may be kept: one of the integration, whole, and no failure.
fn cacheable(host: &dyn Host) -> Option<Entry> {
    if host.property(Property::Error).is_some() {
        return None;
    }
    // The backend's own, or what a filter has made of it. All else is a failure of Envoy's.
    let details = host.attribute(&["response", "code_details"]).unwrap_or_default();
    if !(details == attribute::VIA_UPSTREAM || details.is_empty() || details.starts_with(b"apigw.")) {
        return None;
    }
    let headers = host.response_headers();
    let status: u16 = std::str::from_utf8(headers.first(":status")?).ok()?.parse().ok()?;
    // A coding is one that this request has offered, and others may not take.
    if status < 200 || OF_ONE_REQUEST.contains(&status) || headers.first("content-encoding").is_some() {
        return None;
    }
    let length = headers.first("content-length").and_then(|length| std::str::from_utf8(length).ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > MAX_BODY_BYTES) {
        return None;
    }
    let mut kept = Vec::new();
    for (name, value) in headers.iter() {
        let name = std::str::from_utf8(name).ok()?;
        if !name.starts_with(':') && !NOT_KEPT.contains(&name) && !client::is_internal(name) {
            kept.push((name.to_owned(), value.to_vec()));
        }
    }
    Some(Entry { status, headers: kept, body: Vec::new() })
}

fn reply(entry: Entry) -> Reply {
    let headers = entry.headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    Reply { status: entry.status, headers, body: entry.body, error: None }
}
