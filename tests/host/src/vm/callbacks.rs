//! Callbacks that are not about a stream: plugins, timers, answers to callouts.

use std::{sync::Arc, time::Duration};

use super::{Called, Vm};
use crate::{
    Answer, Callout, GrpcCall, GrpcCallout, HttpCall, StartError, Status,
    action::Action,
    context::Target,
    plugin::{Plugin, start_error},
};

/// What happens next in a VM when time passes.
pub(crate) enum Due {
    Tick(u32),
    HttpCall(u32),
    GrpcCall(u32),
}

impl Vm {
    /// Makes the root context of a plugin and configures it.
    pub(crate) fn start_plugin(self: &Arc<Self>, plugin: &Arc<Plugin>) -> Result<u32, StartError> {
        let mark = self.host.logs.lock().unwrap().len();
        let failed = |what: &str| {
            let reason = self.failure().unwrap_or_else(|| format!("{what} returned 0"));
            Err(start_error(&self.host, mark, format!("plugin {}: {reason}", plugin.root_id)))
        };
        let (id, vm_configuration) =
            self.with(|state| (state.create_context(None, plugin.clone(), Target::None), state.configuration.len()));
        let configuring = |on: bool| {
            self.with(|state| {
                if let Some(context) = state.contexts.get_mut(&id) {
                    context.root_view.configuring = on;
                }
            });
        };
        configuring(true);
        self.call(id, "proxy_on_context_create", &[id, 0]);
        configuring(false);
        let started = self.call(id, "proxy_on_vm_start", &[id, vm_configuration as u32]);
        self.run_actions();
        if matches!(started, Called::Returned { value: 0, .. }) || self.is_failed() {
            self.with(|state| state.forget(id));
            return failed("proxy_on_vm_start");
        }
        configuring(true);
        let configured = self.call(id, "proxy_on_configure", &[id, plugin.configuration.len() as u32]);
        configuring(false);
        self.run_actions();
        if matches!(configured, Called::Returned { value: 0, .. }) || self.is_failed() {
            self.with(|state| state.forget(id));
            return failed("proxy_on_configure");
        }
        Ok(id)
    }

    /// Ends a root context: now, or once the module says `proxy_done`.
    pub(crate) fn shut_down(self: &Arc<Self>, root: u32) {
        let done = self.call(root, "proxy_on_done", &[root]);
        if matches!(done, Called::Returned { value: 0, .. }) {
            self.with(|state| {
                if let Some(context) = state.contexts.get_mut(&root) {
                    context.root_view.pending_done = true;
                }
            });
        } else {
            self.with(|state| state.actions.push_back(Action::Delete(root)));
        }
        self.run_actions();
    }

    /// Fires the tick of a root context, and sets the next.
    pub(crate) fn tick(self: &Arc<Self>, root: u32) {
        self.notify(root, "proxy_on_tick", &[root]);
        let now = self.host.clock.monotonic();
        self.with(|state| {
            if let Some((period, next)) = state.timers.get_mut(&root)
                && *next <= now
            {
                *next = now + *period;
            }
        });
    }

    /// The next tick or timeout.
    pub(crate) fn next_due(&self) -> Option<(Duration, Due)> {
        if self.is_failed() {
            return None;
        }
        self.with(|state| {
            let ticks = state.timers.iter().map(|(root, (_, next))| (*next, Due::Tick(*root)));
            let calls = state.http_calls.values().filter_map(|call| Some((call.deadline?, Due::HttpCall(call.token))));
            let grpc = state.grpc_calls.values().filter_map(|call| Some((call.deadline?, Due::GrpcCall(call.token))));
            ticks.chain(calls).chain(grpc).min_by_key(|(at, _)| *at)
        })
    }

    pub(crate) fn callouts(self: &Arc<Self>, wanted: impl Fn(&HttpCall) -> bool) -> Vec<Callout> {
        let calls = self.with(|state| state.http_calls.values().filter(|call| wanted(call)).cloned().collect());
        let calls: Vec<HttpCall> = calls;
        calls.into_iter().map(|call| Callout { vm: self.clone(), call }).collect()
    }

    pub(crate) fn grpc_callouts(self: &Arc<Self>, wanted: impl Fn(&GrpcCall) -> bool) -> Vec<GrpcCallout> {
        let calls = self.with(|state| state.grpc_calls.values().filter(|call| wanted(call)).cloned().collect());
        let calls: Vec<GrpcCall> = calls;
        calls.into_iter().map(|call| GrpcCallout { vm: self.clone(), call }).collect()
    }

    /// Ends an HTTP callout.
    pub(crate) fn answer_http_call(self: &Arc<Self>, token: u32, answer: Answer) {
        if matches!(answer, Answer::Later) {
            return;
        }
        let Some(root) = self.with(|state| Some(state.http_calls.get(&token)?.root)) else { return };
        let response = answer.into_response();
        let counts = response.as_ref().map_or([0; 3], |response| {
            let trailers = response.trailers.as_ref().map_or(0, crate::HeaderMap::len);
            [response.headers.len(), response.frames.iter().map(Vec::len).sum(), trailers]
        });
        self.with(|state| {
            if let Some(context) = state.contexts.get_mut(&root) {
                if response.is_none() {
                    context.root_view.status = (Status::BrokenConnection as u32, "reset".to_owned());
                }
                context.root_view.call_response = response;
            }
        });
        let [headers, body, trailers] = counts.map(|count| count as u32);
        self.call(root, "proxy_on_http_call_response", &[root, token, headers, body, trailers]);
        self.with(|state| {
            if let Some(context) = state.contexts.get_mut(&root) {
                context.root_view.call_response = None;
                context.root_view.status.1.clear();
            }
            state.http_calls.remove(&token);
        });
        self.run_actions();
    }

    /// Hands over a gRPC message. It ends a unary call.
    pub(crate) fn grpc_message(self: &Arc<Self>, token: u32, message: Vec<u8>) {
        let Some(call) = self.with(|state| state.grpc_calls.get(&token).cloned()) else { return };
        let size = message.len() as u32;
        self.with(|state| {
            if let Some(context) = state.contexts.get_mut(&call.root) {
                context.root_view.grpc_message = Some(message);
            }
        });
        self.call(call.root, "proxy_on_grpc_receive", &[call.root, token, size]);
        self.with(|state| {
            if let Some(context) = state.contexts.get_mut(&call.root) {
                context.root_view.grpc_message = None;
            }
            if !call.is_stream {
                state.grpc_calls.remove(&token);
            }
        });
        self.run_actions();
    }

    /// Ends a gRPC call because of its timeout.
    pub(crate) fn grpc_time_out(self: &Arc<Self>, token: u32) {
        self.grpc_close(token, 14, "upstream request timeout{response_timeout}");
    }

    /// Ends a gRPC call or stream.
    pub(crate) fn grpc_close(self: &Arc<Self>, token: u32, code: u32, message: &str) {
        let Some(call) = self.with(|state| state.grpc_calls.get(&token).cloned()) else { return };
        self.with(|state| {
            if let Some(context) = state.contexts.get_mut(&call.root) {
                context.root_view.status = (code, message.to_owned());
            }
        });
        self.call(call.root, "proxy_on_grpc_close", &[call.root, token, code]);
        self.with(|state| {
            if let Some(context) = state.contexts.get_mut(&call.root) {
                context.root_view.status.1.clear();
            }
            state.grpc_calls.remove(&token);
        });
        self.run_actions();
    }
}
