//! One request's way through the filter.

use std::rc::Rc;

use gateway::policy::MAX_METHOD_ARN_BYTES;
use gateway::{
    Answer, Callout, ConfigError, Context, Filter, Host, LogLevel, Metric, Property, Step, Stream, UnixMillis,
};
use iam_policy::{Decision, Verdict};

use crate::answer::Outcome;
use crate::authorizer::Authorizer;
use crate::cache::Key;
use crate::config::{Checked, CustomAuthorizer, Route};
use crate::decision::Call;
use crate::document::Document;
use crate::event::event;
use crate::flight::{Flight, News};
use crate::identity::Identity;
use crate::raw::{Form, RawConfig};
use crate::refusal::{Refusal, by_resource_policy};
use crate::request::{Request, Subject};
use crate::shared;

/// How often waiting requests look whether the one that asks is gone, whose answer wakes them at once, and how often a
/// worker looks for flushes; in milliseconds.
const TICK_MILLIS: u32 = 250;

impl Filter for CustomAuthorizer {
    const NAME: &'static str = "custom-authorizer";
    type Raw = RawConfig;
    type Stream = AuthorizerStream;

    fn configure(raw: RawConfig) -> Result<Self, ConfigError> {
        Self::from_raw(raw)
    }

    fn start(&self, host: &dyn Host) -> Result<(), ConfigError> {
        self.look_for_flushes(host);
        Ok(())
    }

    fn tick_millis(&self) -> u32 {
        if self.keeps_answers { TICK_MILLIS } else { 0 }
    }

    fn on_tick(&self, host: &dyn Host) -> Option<Callout> {
        self.look_for_flushes(host);
        None
    }

    fn published(&self) -> Option<&[Property]> {
        self.published.as_deref()
    }

    fn stream(self: &Rc<Self>) -> AuthorizerStream {
        AuthorizerStream { filter: Rc::clone(self), state: State::New }
    }
}

/// One request.
pub struct AuthorizerStream {
    filter: Rc<CustomAuthorizer>,
    state: State,
}

/// How far the request is.
enum State {
    New,
    /// It asks.
    Asks(Asking),
    /// It waits for another one that asks.
    Waits(Waiting),
    Done,
}

struct Asking {
    route: Rc<Checked>,
    /// What the answer is kept under, and who else waits for it; `None` for answers that are not kept.
    flight: Option<(Key, Rc<Flight>)>,
    since: UnixMillis,
}

struct Waiting {
    route: Rc<Checked>,
    key: Key,
    flight: Rc<Flight>,
    since: UnixMillis,
}

impl Stream for AuthorizerStream {
    fn on_request_headers(&mut self, host: &dyn Host, _end_of_stream: bool) -> Step {
        match self.filter.route(host) {
            Route::Open => Step::Continue,
            Route::Unknown => {
                host.log(LogLevel::Error, "the route has no authorizer; the request is refused");
                self.refuse(host, Refusal::Unusable, Form::Token)
            }
            Route::Checked(route) => self.check(host, &route),
        }
    }

    fn on_callout(&mut self, host: &dyn Host, answer: Answer) -> Step {
        let State::Asks(asking) = std::mem::replace(&mut self.state, State::Done) else {
            // No answer was asked for; nothing says that the request may go on.
            return self.refuse(host, Refusal::Unusable, Form::Token);
        };
        let authorizer = &asking.route.authorizer;
        let (outcome, written) = Outcome::read(answer, authorizer.respondent.protocol(), authorizer.form);
        let now = host.now();
        if let Some((key, flight)) = &asking.flight {
            if let Outcome::Document(document) = &outcome {
                let expires = UnixMillis(now.0.saturating_add(authorizer.ttl_millis));
                self.filter.cache.put(*key, Rc::clone(document), expires, written.len());
                shared::put(host, key, expires, &written);
            }
            self.filter.flights.land(key, flight, Some(outcome.clone()));
        }
        self.conclude(host, &asking.route, &outcome, now.0.saturating_sub(asking.since.0))
    }

    fn on_wake(&mut self, host: &dyn Host) -> Step {
        let State::Waits(waiting) = std::mem::replace(&mut self.state, State::Done) else {
            return self.refuse(host, Refusal::Unusable, Form::Token);
        };
        let route = Rc::clone(&waiting.route);
        let patience = u64::try_from(route.authorizer.patience().as_millis()).unwrap_or(u64::MAX);
        match waiting.flight.news() {
            News::Outcome(outcome) => self.conclude(host, &route, &outcome, 0),
            News::None if host.now().0.saturating_sub(waiting.since.0) < patience => {
                self.state = State::Waits(waiting);
                Step::Wait
            }
            News::None => {
                let outcome = Outcome::Failed("the answer to another request did not come".to_owned());
                self.conclude(host, &route, &outcome, 0)
            }
            News::Abandoned => {
                let headers = host.request_headers();
                let filter = Rc::clone(&self.filter);
                let context = Context::new(&filter.api, route.method.as_ref(), host);
                let request = Request::new(&context, host, &headers, route.authorizer.form);
                match route.authorizer.sources.identify(&request) {
                    Some(identity) => self.answer_for(&request, &identity, &route, Some(waiting.key)),
                    None => self.refuse(host, Refusal::Unauthorized, route.authorizer.form),
                }
            }
        }
    }
}

impl AuthorizerStream {
    /// All that needs no answer; then the answer.
    fn check(&mut self, host: &dyn Host, route: &Rc<Checked>) -> Step {
        let filter = Rc::clone(&self.filter);
        let Authorizer { form, sources, validation, ttl_millis, .. } = &*route.authorizer;
        let headers = host.request_headers();
        let context = Context::new(&filter.api, route.method.as_ref(), host);
        let request = Request::new(&context, host, &headers, *form);
        if let Some(policy) = &filter.resource_policy {
            let call = Call { method_arn: &request.method_arn, context: &context, host };
            if let Decision::Deny(statement) = call.evaluate(policy) {
                host.log(LogLevel::Info, &format!("denied by {statement} of the resource policy"));
                host.count(Metric::Denied);
                return by_resource_policy(&request.method_arn, filter.deny_messages);
            }
        }
        let Some(identity) = sources.identify(&request) else {
            return self.refuse(host, Refusal::Unauthorized, *form);
        };
        if validation.as_ref().is_some_and(|expression| !expression.admits(identity.token())) {
            return self.refuse(host, Refusal::Unauthorized, *form);
        }
        if request.method_arn.len() > MAX_METHOD_ARN_BYTES {
            return self.refuse(host, Refusal::UriTooLong, *form);
        }
        let flushes = filter.flushes.get().filter(|_| *ttl_millis > 0);
        let key = flushes.map(|flushes| route.authorizer.key(&identity, flushes));
        self.answer_for(&request, &identity, route, key)
    }

    /// The answer: kept, on its way, or asked for.
    fn answer_for(
        &mut self,
        request: &Request<'_>,
        identity: &Identity,
        route: &Rc<Checked>,
        key: Option<Key>,
    ) -> Step {
        let (host, now) = (request.host, request.host.now());
        let authorizer = &route.authorizer;
        if let Some(key) = key {
            if let Some(document) = self.kept(host, &key, authorizer, now) {
                return self.decide(request, route, &document, 0);
            }
            if let Some(flight) = self.filter.flights.join(&key) {
                self.state = State::Waits(Waiting { route: Rc::clone(route), key, flight, since: now });
                return Step::Wait;
            }
        }
        let event = event(authorizer.form, &Subject { request, identity });
        let Some(call) = authorizer.respondent.call(host, event) else {
            return self.conclude(host, route, &Outcome::Unusable("the call cannot be signed".to_owned()), 0);
        };
        let flight = key.map(|key| (key, self.filter.flights.depart(key)));
        self.state = State::Asks(Asking { route: Rc::clone(route), flight, since: now });
        Step::Callout(Box::new(call))
    }

    /// An answer that this worker has kept, or another one has shared.
    fn kept(&self, host: &dyn Host, key: &Key, authorizer: &Authorizer, now: UnixMillis) -> Option<Rc<Document>> {
        let ttl = authorizer.ttl_millis;
        if let Some(document) = self.filter.cache.get(key, now, ttl) {
            return Some(document);
        }
        let (written, expires) = shared::get(host, key, now, ttl)?;
        let document = Rc::new(Document::parse(&written, authorizer.form).ok()?);
        self.filter.cache.put(*key, Rc::clone(&document), expires, written.len());
        Some(document)
    }

    /// What an outcome means for this request, of which only the host is known any more.
    fn conclude(&mut self, host: &dyn Host, route: &Rc<Checked>, outcome: &Outcome, latency_millis: u64) -> Step {
        let Authorizer { name, form, .. } = &*route.authorizer;
        let refusal = match outcome {
            Outcome::Document(document) => {
                let filter = Rc::clone(&self.filter);
                let headers = host.request_headers();
                let context = Context::new(&filter.api, route.method.as_ref(), host);
                let request = Request::new(&context, host, &headers, *form);
                return self.decide(&request, route, document, latency_millis);
            }
            Outcome::Unauthorized => Refusal::Unauthorized,
            Outcome::Denied => Refusal::ExplicitDeny,
            Outcome::Failed(reason) => {
                host.log(LogLevel::Warn, &format!("`{name}` has failed: {reason}"));
                Refusal::Failed
            }
            Outcome::Unusable(reason) => {
                host.log(LogLevel::Warn, &format!("`{name}` cannot be used: {reason}"));
                Refusal::Unusable
            }
        };
        self.refuse(host, refusal, *form)
    }

    /// Evaluates the document for this request, and leaves what it says to later filters.
    fn decide(&mut self, request: &Request<'_>, route: &Checked, document: &Document, latency_millis: u64) -> Step {
        self.state = State::Done;
        let Authorizer { name, form, .. } = &*route.authorizer;
        let (host, filter) = (request.host, Rc::clone(&self.filter));
        // Refusals show the context as well.
        if host.wants(Property::Authorizer) {
            host.set_property(Property::Authorizer, document.property(latency_millis).as_bytes());
        }
        let call = Call { method_arn: &request.method_arn, context: request.context, host };
        let decided = call.decide(&document.rule, filter.resource_policy.as_ref());
        let refusal = match decided.verdict {
            Verdict::Allow => {
                if let Some(key) = &document.usage_identifier_key {
                    host.set_property(Property::UsageIdentifierKey, key.as_bytes());
                }
                host.count(Metric::Allowed);
                return Step::Continue;
            }
            Verdict::ExplicitDeny => Refusal::ExplicitDeny,
            Verdict::ImplicitDeny => Refusal::ImplicitDeny,
        };
        host.log(LogLevel::Info, &format!("`{name}` refuses, by {}", decided.by));
        self.refuse(host, refusal, *form)
    }

    fn refuse(&mut self, host: &dyn Host, refusal: Refusal, form: Form) -> Step {
        self.state = State::Done;
        host.count(if refusal.is_error() { Metric::Error } else { Metric::Denied });
        refusal.step(form, self.filter.deny_messages)
    }
}

/// A client that leaves takes its call along: whoever waits for it has to ask again.
impl Drop for AuthorizerStream {
    fn drop(&mut self) {
        if let State::Asks(Asking { flight: Some((key, flight)), .. }) = &self.state {
            self.filter.flights.land(key, flight, None);
        }
    }
}
