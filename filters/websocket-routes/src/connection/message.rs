//! What happens on a connection, on its way through its route: a message, and the end.

use std::rc::Rc;

use gateway::execution::ExecutionLog;
use gateway::{Answer, Callout, Host, LogLevel, Metric, Output};
use jsonpath::json as json_tree;
use mapping_template::parts::Failure;
use selection::DISCONNECT;
use websocket::{End, MAX_MESSAGE_BYTES, Violation};

use super::open::Open;
use crate::answer::Given;
use crate::config::{Route, WebSocketConfig};
use crate::error::{BAD_REQUEST_BODY, FORBIDDEN, error_text, of_failure, validation_error};
use crate::event::{Event, Facts, Kind};
use crate::execution::{self, note_given};
use crate::integration::{Begun, Integration};
use crate::journal::{self, Ending};
use crate::last_calls;
use crate::metrics::Metrics;
use crate::throttle::{self, TOO_MANY_REQUESTS};
use crate::validation::Invalid;
use crate::worker;

/// The message that is with its integration.
pub(super) struct UnderWay {
    facts: Facts,
    message: String,
    integration: Rc<Integration>,
    two_way: bool,
    metrics: Rc<Metrics>,
}

/// A message that is being handled, and what it is counted as.
struct Handled<'a> {
    config: &'a WebSocketConfig,
    facts: &'a Facts,
    metrics: &'a Metrics,
}

impl Open {
    /// A message meets its route.
    pub(super) fn handle(&mut self, host: &dyn Host, message: String, output: &mut Output) {
        let config = worker::current(&self.config);
        let document = json_tree::parse(&message).ok();
        let Some((key, route)) = config.routes.select(document.as_ref()) else {
            config.metrics.message(host);
            let mut facts = Facts::message(host, "");
            facts.log = self.begin_log(host, &config, None, &facts, &message);
            let handled = Handled { config: &config, facts: &facts, metrics: &config.metrics };
            return self.refuse(host, &handled, (403, FORBIDDEN), output);
        };
        let mut facts = Facts::message(host, key);
        facts.log = self.begin_log(host, &config, Some(route), &facts, &message);
        let handled = Handled { config: &config, facts: &facts, metrics: &route.metrics };
        route.metrics.message(host);
        let limits = config.account_throttle.iter().chain(&route.throttle);
        if !throttle::admit(limits, &config.recall, host) {
            return self.refuse(host, &handled, (429, TOO_MANY_REQUESTS), output);
        }
        match route.validation.as_ref().map(|validation| validation.check(&message, document.as_ref())) {
            None | Some(Ok(())) => {}
            Some(Err(invalid)) => return self.invalid(host, &invalid, &handled, output),
        }
        drop(document);
        self.call(host, &config, route, facts, message, output);
    }

    /// The execution log of an event, where there is one.
    fn begin_log(
        &self,
        host: &dyn Host,
        config: &WebSocketConfig,
        route: Option<&Route>,
        facts: &Facts,
        message: &str,
    ) -> Option<ExecutionLog> {
        let event = Event { facts, session: &self.session, host };
        execution::begin(config, route, self.secrets.as_ref(), &event, message)
    }

    /// A message that may pass goes to its integration.
    fn call(
        &mut self,
        host: &dyn Host,
        config: &WebSocketConfig,
        route: &Route,
        facts: Facts,
        message: String,
        output: &mut Output,
    ) {
        let Some(integration) = &route.integration else {
            let handled = Handled { config, facts: &facts, metrics: &route.metrics };
            return self.fail(host, &Failure::configuration("the route has no integration"), &handled, false, output);
        };
        let event = Event { facts: &facts, session: &self.session, host };
        match integration.begin(&config.api, &event, &message, route.two_way) {
            Ok(Begun::Call(callout)) => {
                output.callout = Some(callout);
                let integration = Rc::clone(integration);
                let metrics = Rc::clone(&route.metrics);
                self.under_way = Some(UnderWay { facts, message, integration, two_way: route.two_way, metrics });
            }
            Ok(Begun::Given(given)) => {
                if route.two_way {
                    note_given(&event, &given);
                }
                let handled = Handled { config, facts: &facts, metrics: &route.metrics };
                self.note(host, &handled, &Ending::given(given.status));
                self.give(host, given, route.two_way, &route.metrics, output);
            }
            Err(failure) => {
                let handled = Handled { config, facts: &facts, metrics: &route.metrics };
                self.fail(host, &failure, &handled, false, output);
            }
        }
    }

    /// A message does not fit its model.
    fn invalid(&mut self, host: &dyn Host, invalid: &Invalid, handled: &Handled<'_>, output: &mut Output) {
        let facts = handled.facts;
        let details = match invalid {
            Invalid::Model(reason) => {
                return self.fail(host, &Failure::configuration(*reason), handled, false, output);
            }
            Invalid::Message(details) => details,
        };
        host.count(Metric::Denied);
        host.log(LogLevel::Info, &format!("a message does not fit its model: {details}"));
        self.note(host, handled, &Ending::refused(400, BAD_REQUEST_BODY).with_validation(details));
        let message_id = facts.message_id().unwrap_or_default();
        let text = validation_error(&self.session.connection_id, message_id, &facts.request_id);
        self.send_text(host, &text, handled.metrics, output);
    }

    /// The integration of the message under way has answered.
    pub(super) fn answered(&mut self, host: &dyn Host, answer: Answer, output: &mut Output) {
        let Some(UnderWay { facts, message, integration, two_way, metrics }) = self.under_way.take() else {
            return;
        };
        let config = worker::current(&self.config);
        let handled = Handled { config: &config, facts: &facts, metrics: &metrics };
        let event = Event { facts: &facts, session: &self.session, host };
        match integration.end(&config.api, &event, &message, answer, two_way) {
            Ok(given) => {
                if two_way {
                    note_given(&event, &given);
                }
                let of_service = integration.service_status(given.status);
                self.note(host, &handled, &Ending::answered(given.status, of_service));
                self.give(host, given, two_way, &metrics, output);
            }
            Err(failure) => self.fail(host, &failure, &handled, true, output),
        }
    }

    /// Counts a message that is over, and writes its line.
    fn note(&self, host: &dyn Host, handled: &Handled<'_>, ending: &Ending) {
        let event = Event { facts: handled.facts, session: &self.session, host };
        journal::note(handled.config, handled.metrics, &event, ending);
    }

    /// A message does not come to an integration.
    fn refuse(&mut self, host: &dyn Host, handled: &Handled<'_>, refusal: (u16, &str), output: &mut Output) {
        host.count(Metric::Denied);
        self.note(host, handled, &Ending::refused(refusal.0, refusal.1));
        self.send_error(host, refusal.1, handled, output);
    }

    /// Sends the client what an integration gives, if it is to get it.
    fn give(&mut self, host: &dyn Host, given: Given, two_way: bool, metrics: &Metrics, output: &mut Output) {
        host.count(Metric::Allowed);
        if !two_way || given.body.is_empty() || self.end.is_some() {
            return;
        }
        if given.body.len() > MAX_MESSAGE_BYTES {
            return self.end_with(host, End::Violation(Violation::TooBig), output);
        }
        self.send_text(host, &String::from_utf8_lossy(&given.body), metrics, output);
    }

    /// A message's integration has failed; `called`: after it was called.
    fn fail(&mut self, host: &dyn Host, failure: &Failure, handled: &Handled<'_>, called: bool, output: &mut Output) {
        host.count(Metric::Error);
        host.log(LogLevel::Warn, &format!("execution failed: {}", failure.reason));
        let answer = of_failure(failure);
        self.note(host, handled, &Ending { called, ..Ending::failed(answer, failure) });
        self.send_error(host, answer.1, handled, output);
    }

    fn send_error(&mut self, host: &dyn Host, message: &str, handled: &Handled<'_>, output: &mut Output) {
        let text = error_text(message, &self.session.connection_id, &handled.facts.request_id);
        self.send_text(host, &text, handled.metrics, output);
    }

    /// Leaves a call to the worker because the connection is about to be closed. Nobody waits for its answer.
    pub(super) fn leave_call(&mut self, host: &dyn Host, output: &mut Output) {
        let Some(callout) = output.callout.take() else { return };
        if let Some(UnderWay { facts, metrics, .. }) = self.under_way.take() {
            let config = worker::current(&self.config);
            let handled = Handled { config: &config, facts: &facts, metrics: &metrics };
            self.note(host, &handled, &Ending::given(200));
        }
        self.last_calls.push(*callout);
    }

    /// The connection is gone: the messages that still wait, and then `$disconnect`.
    pub(super) fn on_close(&mut self, host: &dyn Host) -> Option<Callout> {
        worker::forget(self.serial);
        let end = self.end.get_or_insert(End::Lost).clone();
        // Nobody waits for its answer any more.
        self.under_way = None;
        while let Some(message) = self.waiting.pop_front() {
            let mut output = Output::default();
            self.handle(host, message, &mut output);
            self.leave_call(host, &mut output);
        }
        let disconnect = self.disconnect(host, end);
        last_calls::keep(host, std::mem::take(&mut self.last_calls), disconnect)
    }

    /// The call of `$disconnect`, if there is one.
    fn disconnect(&self, host: &dyn Host, end: End) -> Option<Callout> {
        let config = worker::current(&self.config);
        let route = config.routes.get(DISCONNECT)?;
        let mut facts = Facts::new(host, Kind::Disconnect(end), DISCONNECT);
        facts.log = self.begin_log(host, &config, Some(route), &facts, "");
        let event = Event { facts: &facts, session: &self.session, host };
        let begun = route.integration.as_ref().map(|integration| integration.begin(&config.api, &event, "", false));
        // Nobody waits for the integration's answer.
        let ending = match &begun {
            None | Some(Ok(Begun::Call(_))) => Ending::given(200),
            Some(Ok(Begun::Given(given))) => Ending::given(given.status),
            Some(Err(failure)) => {
                host.log(LogLevel::Warn, &format!("$disconnect failed: {}", failure.reason));
                Ending::failed(of_failure(failure), failure)
            }
        };
        journal::note(&config, &route.metrics, &event, &ending);
        match begun {
            Some(Ok(Begun::Call(callout))) => Some(*callout),
            _ => None,
        }
    }
}
