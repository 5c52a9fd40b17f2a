//! Plugins: a root id and a configuration in a VM.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{
    Chain, Connection, Exchange, FailurePolicy, Request, Response, StartError, Terminal, chain, vm::Vm,
    worker::WorkerCore,
};

/// How long after its last load a plugin whose VM failed may be loaded anew (Envoy's default `base_interval`; Envoy
/// adds up to half of it at random).
const RELOAD_INTERVAL: Duration = Duration::from_secs(1);

/// A plugin's configuration.
#[derive(Clone)]
pub(crate) struct Plugin {
    pub(crate) name: String,
    pub(crate) root_id: String,
    pub(crate) configuration: Vec<u8>,
    pub(crate) stop_iteration: bool,
    pub(crate) policy: FailurePolicy,
}

/// A plugin that is yet to start.
pub struct PluginBuilder {
    pub(crate) worker: Arc<WorkerCore>,
    pub(crate) plugin: Plugin,
}

impl PluginBuilder {
    /// The plugin's name (property `plugin_name`); the root id where unset.
    pub fn name(mut self, name: &str) -> Self {
        self.plugin.name = name.to_owned();
        self
    }

    /// The configuration as the module reads it.
    pub fn configuration(mut self, configuration: impl AsRef<[u8]>) -> Self {
        self.plugin.configuration = configuration.as_ref().to_vec();
        self
    }

    /// Envoy's `allow_on_headers_stop_iteration`: whether a filter that pauses in its headers callback still gets the
    /// body. Here it is on where unset; Envoy's own default is off.
    pub fn allow_on_headers_stop_iteration(mut self, allow: bool) -> Self {
        self.plugin.stop_iteration = allow;
        self
    }

    /// Creates the root context and starts it.
    ///
    /// # Errors
    /// When `proxy_on_vm_start` or `proxy_on_configure` returns 0, or traps.
    pub fn start(self) -> Result<Root, StartError> {
        let host = self.worker.host.clone();
        let plugin = Arc::new(self.plugin);
        if self.worker.settings.canary {
            let canary = self.worker.new_vm().map_err(|error| start_error(&host, 0, error.to_string()))?;
            canary.start_plugin(&plugin)?;
        }
        let vm = self.worker.live_vm().map_err(|error| start_error(&host, 0, error.to_string()))?;
        let context = vm.start_plugin(&plugin)?;
        let current = Mutex::new(Handle { vm, context, loaded: host.clock.monotonic() });
        host.settle();
        Ok(Root { core: Arc::new(RootCore { worker: self.worker, plugin, current }) })
    }
}

pub(crate) fn start_error(host: &crate::host::HostCore, from: usize, reason: String) -> StartError {
    StartError { reason, log: host.logs.lock().unwrap().get(from..).unwrap_or_default().to_vec() }
}

pub(crate) struct RootCore {
    pub(crate) worker: Arc<WorkerCore>,
    pub(crate) plugin: Arc<Plugin>,
    current: Mutex<Handle>,
}

struct Handle {
    vm: Arc<Vm>,
    context: u32,
    loaded: Duration,
}

/// The VM of a plugin, for a new stream.
pub(crate) enum Acquired {
    /// It lives; the id is the root context's.
    Live(Arc<Vm>, u32),
    /// It is dead and the plugin refuses.
    Closed,
    /// It is dead and the plugin lets everything pass.
    Open,
}

impl RootCore {
    /// Finds the VM for a new stream, loading it anew where the failure policy says so and enough time has passed.
    pub(crate) fn acquire(&self) -> Acquired {
        let mut current = self.current.lock().unwrap();
        let now = self.worker.host.clock.monotonic();
        if current.vm.is_failed()
            && self.plugin.policy == FailurePolicy::Reload
            && now.saturating_sub(current.loaded) >= RELOAD_INTERVAL
        {
            current.loaded = now;
            if let Ok(vm) = self.worker.live_vm()
                && let Ok(context) = vm.start_plugin(&self.plugin)
            {
                *current = Handle { vm, context, loaded: now };
            }
        }
        match (current.vm.is_failed(), self.plugin.policy) {
            (false, _) => Acquired::Live(current.vm.clone(), current.context),
            (true, FailurePolicy::Open) => Acquired::Open,
            (true, _) => Acquired::Closed,
        }
    }
}

/// A plugin that runs in a VM: a filter.
#[derive(Clone)]
pub struct Root {
    pub(crate) core: Arc<RootCore>,
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Root({})", self.root_id())
    }
}

impl Root {
    /// The root id.
    pub fn root_id(&self) -> &str {
        &self.core.plugin.root_id
    }

    /// Id of the root context.
    pub fn context(&self) -> u32 {
        self.core.current.lock().unwrap().context
    }

    /// Why the VM is dead, if it is.
    pub fn failure(&self) -> Option<String> {
        self.core.current.lock().unwrap().vm.failure()
    }

    /// Sends a request through this filter alone.
    pub fn send(&self, request: Request) -> Exchange {
        Chain::of([self]).send(request)
    }

    /// Sends a request through this filter alone to an upstream that answers at once.
    pub fn exchange(&self, request: Request, upstream: impl FnMut(Request) -> Response) -> Exchange {
        Chain::of([self]).exchange(request, upstream)
    }

    /// Opens a TCP connection through this network filter.
    pub fn connect(&self, terminal: Terminal) -> Connection {
        chain::connect(self, terminal)
    }

    /// Shuts the plugin down, as Envoy does after an update of its configuration: `proxy_on_done`, and
    /// `proxy_on_delete` now or after `proxy_done`. Streams in flight keep their contexts.
    pub fn shut_down(&self) {
        let (vm, context) = {
            let current = self.core.current.lock().unwrap();
            (current.vm.clone(), current.context)
        };
        vm.shut_down(context);
        self.core.worker.host.settle();
    }
}
