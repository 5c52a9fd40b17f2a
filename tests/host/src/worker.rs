//! Workers: VMs of a module.

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex},
};

use crate::{
    Callout, Error, GrpcCallout, LogLine, PluginBuilder, Root, StartError,
    host::{HostCore, VmIdHandle},
    module::LoadedModule,
    plugin::Plugin,
    vm::Vm,
};

/// What happens to the streams of a plugin whose VM trapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailurePolicy {
    /// They are answered with 503. Envoy's default.
    #[default]
    Closed,
    /// They pass without the filter.
    Open,
    /// Those at hand are answered with 503; the first new one, at least a second after the last load, gets a new VM.
    Reload,
}

/// Settings of a VM.
#[derive(Clone)]
pub(crate) struct VmSettings {
    pub(crate) vm_id: String,
    pub(crate) configuration: Vec<u8>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) policy: FailurePolicy,
    pub(crate) canary: bool,
}

/// A VM that is yet to start.
pub struct WorkerBuilder {
    pub(crate) host: Arc<HostCore>,
    pub(crate) module: Arc<LoadedModule>,
    pub(crate) settings: VmSettings,
}

impl WorkerBuilder {
    /// VMs of one `vm_id` share data; `apigw` where unset.
    pub fn vm_id(mut self, vm_id: &str) -> Self {
        self.settings.vm_id = vm_id.to_owned();
        self
    }

    /// The VM configuration, as `proxy_on_vm_start` can read it.
    pub fn vm_configuration(mut self, configuration: impl AsRef<[u8]>) -> Self {
        self.settings.configuration = configuration.as_ref().to_vec();
        self
    }

    /// Sets an environment variable.
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.settings.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What happens after a trap.
    pub fn failure_policy(mut self, policy: FailurePolicy) -> Self {
        self.settings.policy = policy;
        self
    }

    /// Starts and configures every plugin in a VM of its own first, as Envoy does on its main thread. What that writes
    /// to shared data stays.
    pub fn canary(mut self, canary: bool) -> Self {
        self.settings.canary = canary;
        self
    }

    /// Creates the VM and initialises the module in it.
    ///
    /// # Errors
    /// When the module has no memory or allocator, or traps.
    pub fn start(self) -> Result<Worker, Error> {
        let handle = self.host.vm_id_handle(&self.settings.vm_id);
        let vm = Vm::new(&self.host, &self.module, &self.settings)?;
        let (host, module, settings) = (self.host, self.module, self.settings);
        Ok(Worker { core: Arc::new(WorkerCore { host, module, settings, live: Mutex::new(vm), _vm_id: handle }) })
    }
}

pub(crate) struct WorkerCore {
    pub(crate) host: Arc<HostCore>,
    module: Arc<LoadedModule>,
    pub(crate) settings: VmSettings,
    live: Mutex<Arc<Vm>>,
    /// Keeps the shared data of the `vm_id` alive.
    _vm_id: Arc<VmIdHandle>,
}

impl WorkerCore {
    pub(crate) fn new_vm(&self) -> Result<Arc<Vm>, Error> {
        Vm::new(&self.host, &self.module, &self.settings)
    }

    /// The VM; a new one where it has failed.
    pub(crate) fn live_vm(&self) -> Result<Arc<Vm>, Error> {
        let mut live = self.live.lock().unwrap();
        if live.is_failed() {
            *live = self.new_vm()?;
        }
        Ok(live.clone())
    }

    fn vm(&self) -> Arc<Vm> {
        self.live.lock().unwrap().clone()
    }
}

/// A VM: what one worker thread of Envoy runs for a module.
///
/// It belongs to one thread at a time; different workers may run on different threads.
#[derive(Clone)]
pub struct Worker {
    core: Arc<WorkerCore>,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Worker({}, vm {})", self.core.settings.vm_id, self.core.vm().id)
    }
}

impl fmt::Debug for WorkerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WorkerBuilder({})", self.settings.vm_id)
    }
}

impl Worker {
    /// Starts a plugin: a root context of its own in this VM.
    ///
    /// # Errors
    /// When the plugin refuses its configuration or traps.
    pub fn configure(&self, root_id: &str, configuration: impl AsRef<[u8]>) -> Result<Root, StartError> {
        self.plugin(root_id).configuration(configuration).start()
    }

    /// Prepares a plugin with further settings.
    pub fn plugin(&self, root_id: &str) -> PluginBuilder {
        PluginBuilder {
            worker: self.core.clone(),
            plugin: Plugin {
                name: root_id.to_owned(),
                root_id: root_id.to_owned(),
                configuration: Vec::new(),
                stop_iteration: true,
                policy: self.core.settings.policy,
            },
        }
    }

    /// Open HTTP callouts of this VM, oldest first.
    pub fn callouts(&self) -> Vec<Callout> {
        self.core.vm().callouts(|_| true)
    }

    /// Open gRPC calls and streams of this VM, oldest first.
    pub fn grpc_callouts(&self) -> Vec<GrpcCallout> {
        self.core.vm().grpc_callouts(|_| true)
    }

    /// What this VM has logged.
    pub fn logs(&self) -> Vec<LogLine> {
        let id = self.core.vm().id;
        self.core.host.logs.lock().unwrap().iter().filter(|line| line.vm == id).cloned().collect()
    }

    /// Why the VM is dead, if it is.
    pub fn failure(&self) -> Option<String> {
        self.core.vm().failure()
    }

    /// Size of the module's memory, in bytes.
    pub fn memory_size(&self) -> usize {
        self.core.vm().memory_size()
    }

    /// Number of contexts, the VM's own and root contexts included.
    pub fn contexts(&self) -> usize {
        self.core.vm().with(|state| state.contexts.len())
    }

    /// Calls `proxy_on_foreign_function` of a plugin.
    pub fn foreign_function(&self, root: &Root, id: u32, argument_size: u32) {
        self.core.vm().notify(root.context(), "proxy_on_foreign_function", &[root.context(), id, argument_size]);
        self.core.host.settle();
    }
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::Read(path.to_owned(), error))
}
