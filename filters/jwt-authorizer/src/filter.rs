//! One request's way through the filter.

use std::cell::Cell;
use std::rc::Rc;

use gateway::{
    Answer, Api, Callout, ConfigError, Context, Filter, Host, LogLevel, METHOD_HEADER, Metric, Property, ProtocolType,
    Step, Stream, UnixMillis,
};

use crate::authorizer::{Authorizer, Verdict};
use crate::config::{JwtAuthorizer, Route};
use crate::denial::Denial;
use crate::raw::RawConfig;

/// How often keys are looked after, in milliseconds. A request that waits for keys waits that much longer.
const TICK_MILLIS: u32 = 100;
/// How long a request waits for keys, in milliseconds: for a fetch that has just failed to come back, and a whole one.
const MAX_WAIT_MILLIS: u64 = 5000;
/// How many requests of a worker wait for keys at a time; more are refused at once.
const MAX_WAITING: usize = 1000;

impl Filter for JwtAuthorizer {
    const NAME: &'static str = "jwt-authorizer";
    type Raw = RawConfig;
    type Stream = JwtStream;

    fn configure(raw: RawConfig) -> Result<Self, ConfigError> {
        Self::from_raw(&raw)
    }

    fn tick_millis(&self) -> u32 {
        let fetches = self.issuers.values().any(|issuer| issuer.is_fetched());
        if fetches { TICK_MILLIS } else { 0 }
    }

    fn on_tick(&self, host: &dyn Host) -> Option<Callout> {
        self.fetcher.next(host, self.issuers.values())
    }

    fn on_callout(&self, host: &dyn Host, answer: Answer) -> Option<Callout> {
        self.fetcher.on_answer(host, answer).or_else(|| self.on_tick(host))
    }

    fn published(&self) -> Option<&[Property]> {
        self.published.as_deref()
    }

    fn stream(self: &Rc<Self>) -> JwtStream {
        JwtStream { filter: Rc::clone(self), wait: None }
    }
}

/// One request.
pub struct JwtStream {
    filter: Rc<JwtAuthorizer>,
    wait: Option<Wait>,
}

impl Stream for JwtStream {
    fn on_request_headers(&mut self, host: &dyn Host, _end_of_stream: bool) -> Step {
        self.decide(host)
    }

    fn on_wake(&mut self, host: &dyn Host) -> Step {
        self.decide(host)
    }
}

impl JwtStream {
    fn decide(&mut self, host: &dyn Host) -> Step {
        let filter = &self.filter;
        let Some(route) = filter.route(host) else {
            return self.refuse(host, &Denial::UnknownRoute, false, &[]);
        };
        let Some(authorizer) = &route.authorizer else { return Step::Continue };
        let value = authorizer.identity_source.value(host);
        // A REST API has no empty identity source.
        let value = value.filter(|value| filter.protocol_type == ProtocolType::Http || !value.is_empty());
        let verdict = match value {
            None => Denial::NoToken.into(),
            Some(_) if filter.api.as_ref().is_some_and(|(api, room)| is_longer(api, *room, host)) => {
                Denial::UriTooLong.into()
            }
            Some(value) => authorizer.judge(host, &filter.cache, &value, &route.scopes),
        };
        match verdict {
            Verdict::Allowed(verified) => {
                if host.wants(Property::Authorizer) {
                    let context = verified.context(filter.protocol_type == ProtocolType::Http, &route.scopes);
                    host.set_property(Property::Authorizer, context.as_bytes());
                }
                host.count(Metric::Allowed);
                self.wait = None;
                Step::Continue
            }
            Verdict::Denied(denial) => self.deny(host, &denial, authorizer, &route),
            Verdict::Pending if self.may_wait(host.now()) => Step::Wait,
            Verdict::Pending => self.deny(host, &Denial::Keys, authorizer, &route),
        }
    }

    fn deny(&mut self, host: &dyn Host, denial: &Denial, authorizer: &Authorizer, route: &Route) -> Step {
        self.refuse(host, denial, authorizer.is_cognito(), &route.scopes)
    }

    fn refuse(&mut self, host: &dyn Host, denial: &Denial, cognito: bool, scopes: &[String]) -> Step {
        self.wait = None;
        let (level, metric) =
            if denial.is_error() { (LogLevel::Warn, Metric::Error) } else { (LogLevel::Info, Metric::Denied) };
        host.log(level, &format!("{}: refused: {denial}", JwtAuthorizer::NAME));
        host.count(metric);
        denial.respond(host, self.filter.protocol_type, cognito, scopes)
    }

    /// Whether there is time, and room, to wait for keys.
    fn may_wait(&mut self, now: UnixMillis) -> bool {
        match &self.wait {
            Some(wait) => now < wait.until,
            None => {
                self.wait = Wait::begin(&self.filter.waiting, now);
                self.wait.is_some()
            }
        }
    }
}

/// Whether verb and path, with the values of its path parameters, take more than `room` bytes of the method's ARN.
fn is_longer(api: &Api, room: usize, host: &dyn Host) -> bool {
    let verb = host.request_header(METHOD_HEADER).or_else(|| host.request_header(":method")).unwrap_or_default();
    let context = Context::new(api, None, host);
    let path = context.resource_path_as_sent();
    let path = path.strip_prefix(b"/").unwrap_or(path);
    verb.len().saturating_add(path.len()) > room
}

/// A place among the requests that wait; it is free again when the request goes on, or is gone.
struct Wait {
    until: UnixMillis,
    waiting: Rc<Cell<usize>>,
}

impl Wait {
    fn begin(waiting: &Rc<Cell<usize>>, now: UnixMillis) -> Option<Self> {
        let others = waiting.get();
        if others >= MAX_WAITING {
            return None;
        }
        waiting.set(others.saturating_add(1));
        let until = UnixMillis(now.0.saturating_add(MAX_WAIT_MILLIS));
        Some(Self { until, waiting: Rc::clone(waiting) })
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.waiting.set(self.waiting.get().saturating_sub(1));
    }
}
