//! A VM: an instance of a module, its contexts, and the calls into it.

mod callbacks;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, Weak, atomic::Ordering},
    time::Duration,
};

use wasmtime::{Func, Instance, Memory, Store, TypedFunc, Val};

pub(crate) use callbacks::Due;

use crate::{
    Error, GrpcCall, HttpCall, Level, LogLine,
    action::Action,
    context::{Context, Target},
    host::HostCore,
    metrics::MetricIds,
    module::LoadedModule,
    plugin::Plugin,
    worker::VmSettings,
};

/// Host calls that are allowed now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Restriction {
    /// All.
    #[default]
    None,
    /// Those of WASI and the log: the module initialises itself.
    Initializing,
    /// The log and the clock: the host asks for memory.
    Allocating,
}

/// What host calls work on.
pub(crate) struct VmState {
    pub(crate) host: Arc<HostCore>,
    pub(crate) this: Weak<Vm>,
    pub(crate) id: usize,
    pub(crate) vm_id: String,
    pub(crate) configuration: Vec<u8>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) contexts: BTreeMap<u32, Context>,
    /// The context whose callback runs.
    pub(crate) current: u32,
    /// The one set by `proxy_set_effective_context`; 0: none.
    pub(crate) effective: u32,
    pub(crate) restriction: Restriction,
    /// Whatever the callback returns, the stream stops: a local response was sent.
    pub(crate) stop: bool,
    pub(crate) actions: VecDeque<Action>,
    /// Period and next moment of each root context's tick.
    pub(crate) timers: BTreeMap<u32, (Duration, Duration)>,
    pub(crate) http_calls: BTreeMap<u32, HttpCall>,
    pub(crate) grpc_calls: BTreeMap<u32, GrpcCall>,
    /// Calls made so far: HTTP calls, gRPC calls, gRPC streams.
    pub(crate) calls_made: [u32; 3],
    pub(crate) metrics: MetricIds,
    pub(crate) random: u64,
    pub(crate) memory: Option<Memory>,
    pub(crate) allocator: Option<TypedFunc<u32, u32>>,
    next_context: u32,
}

impl VmState {
    /// The context that a host call means: the effective one, unless it is gone.
    pub(crate) fn context_id(&self) -> u32 {
        if self.effective != 0 && self.contexts.contains_key(&self.effective) { self.effective } else { self.current }
    }

    /// Makes a context for a stream of `root`, or a root context.
    pub(crate) fn create_context(&mut self, root: Option<u32>, plugin: Arc<Plugin>, target: Target) -> u32 {
        let id = self.next_context;
        self.next_context += 1;
        let context = Context { root: root.unwrap_or(id), plugin: Some(plugin), target, ..Context::default() };
        self.contexts.insert(id, context);
        id
    }

    /// Drops a context and what hangs on it.
    pub(crate) fn forget(&mut self, id: u32) {
        self.contexts.remove(&id);
        self.timers.remove(&id);
        self.http_calls.retain(|_, call| call.root != id);
        self.grpc_calls.retain(|_, call| call.root != id);
    }

    pub(crate) fn log(&self, level: Level, root_id: &str, text: String) {
        let line = LogLine { level, vm: self.id, root_id: root_id.to_owned(), text };
        self.host.logs.lock().unwrap().push(line);
    }
}

/// An instance of a module.
pub(crate) struct Vm {
    pub(crate) host: Arc<HostCore>,
    pub(crate) id: usize,
    inner: Mutex<Inner>,
    failure: Mutex<Option<String>>,
}

struct Inner {
    store: Store<VmState>,
    instance: Instance,
    exports: HashMap<&'static str, Option<Func>>,
}

/// How a call into the VM went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    /// The module does not export the callback, or the VM is dead.
    Not,
    /// It returned a value (0 for none). `stopped`: a local response was sent meanwhile.
    Returned { value: u32, stopped: bool },
    /// It trapped; the VM is dead now.
    Trapped,
}

impl Vm {
    /// Instantiates a module and initialises it.
    pub(crate) fn new(host: &Arc<HostCore>, module: &LoadedModule, settings: &VmSettings) -> Result<Arc<Self>, Error> {
        let id = host.next_vm.fetch_add(1, Ordering::Relaxed) as usize;
        let state = VmState {
            host: host.clone(),
            this: Weak::new(),
            id,
            vm_id: settings.vm_id.clone(),
            configuration: settings.configuration.clone(),
            environment: settings.environment.clone(),
            contexts: BTreeMap::from([(0, Context::default())]),
            current: 0,
            effective: 0,
            restriction: Restriction::None,
            stop: false,
            actions: VecDeque::new(),
            timers: BTreeMap::new(),
            http_calls: BTreeMap::new(),
            grpc_calls: BTreeMap::new(),
            calls_made: [0; 3],
            metrics: MetricIds::default(),
            random: host.seed.load(Ordering::Relaxed) ^ (id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            memory: None,
            allocator: None,
            next_context: 1,
        };
        let mut store = Store::new(module.pre.module().engine(), state);
        store.data_mut().restriction = Restriction::Initializing;
        let instance = module.pre.instantiate(&mut store).map_err(|error| Error::Initialize(format!("{error:#}")))?;
        let memory = instance.get_memory(&mut store, "memory");
        store.data_mut().memory = Some(memory.ok_or_else(|| Error::Load("exports no memory".to_owned()))?);
        let allocator = ["malloc", "proxy_on_memory_allocate"]
            .into_iter()
            .find_map(|name| instance.get_typed_func::<u32, u32>(&mut store, name).ok());
        let missing = || Error::Load("exports neither malloc nor proxy_on_memory_allocate".to_owned());
        store.data_mut().allocator = Some(allocator.ok_or_else(missing)?);
        let inner = Inner { store, instance, exports: HashMap::new() };
        let vm = Arc::new(Self { host: host.clone(), id, inner: Mutex::new(inner), failure: Mutex::default() });
        vm.with(|state| state.this = Arc::downgrade(&vm));
        vm.initialize()?;
        vm.with(|state| state.restriction = Restriction::None);
        host.vms.lock().unwrap().push(Arc::downgrade(&vm));
        Ok(vm)
    }

    /// Runs `_initialize` and then `main` (a WASI reactor), or `_start` (a WASI command), where exported.
    fn initialize(self: &Arc<Self>) -> Result<(), Error> {
        let started = match self.call(0, "_initialize", &[]) {
            Called::Not => self.call(0, "_start", &[]),
            Called::Returned { .. } => match self.call(0, "main", &[0, 0]) {
                Called::Not => self.call(0, "__main_void", &[]),
                called => called,
            },
            Called::Trapped => Called::Trapped,
        };
        match started {
            Called::Trapped => Err(Error::Initialize(self.failure().unwrap_or_default())),
            _ => Ok(()),
        }
    }

    /// Works on the state between calls.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut VmState) -> T) -> T {
        work(self.inner.lock().unwrap().store.data_mut())
    }

    pub(crate) fn is_failed(&self) -> bool {
        self.failure.lock().unwrap().is_some()
    }

    pub(crate) fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap().clone()
    }

    pub(crate) fn memory_size(&self) -> usize {
        let inner = self.inner.lock().unwrap();
        inner.store.data().memory.map_or(0, |memory| memory.data_size(&inner.store))
    }

    /// Calls an export for `context`. What the module asked for meanwhile waits in the state's `actions`.
    pub(crate) fn call(&self, context: u32, export: &'static str, arguments: &[u32]) -> Called {
        if self.is_failed() {
            return Called::Not;
        }
        let mut inner = self.inner.lock().unwrap();
        let Inner { store, instance, exports } = &mut *inner;
        let found = exports.entry(export).or_insert_with(|| instance.get_func(&mut *store, export));
        let Some(function) = *found else { return Called::Not };
        let arguments: Vec<Val> = arguments.iter().map(|argument| Val::I32(*argument as i32)).collect();
        let mut results = vec![Val::I32(0); function.ty(&*store).results().len()];
        let state = store.data_mut();
        let saved = (state.current, state.effective);
        (state.current, state.effective) = (context, 0);
        let outcome = function.call(&mut *store, &arguments, &mut results);
        let state = store.data_mut();
        (state.current, state.effective) = saved;
        let stopped = std::mem::take(&mut state.stop);
        match outcome {
            Ok(()) => Called::Returned { value: results.first().and_then(Val::i32).unwrap_or(0) as u32, stopped },
            Err(error) => {
                let reason = format!("Function: {export} failed: {error:?}");
                state.log(Level::Critical, "", reason.clone());
                *self.failure.lock().unwrap() = Some(reason);
                Called::Trapped
            }
        }
    }

    /// Does what modules of this VM have asked for, until nothing is left. A callback that this leads to does the rest
    /// by itself, so that actions nest as they do in Envoy.
    pub(crate) fn run_actions(self: &Arc<Self>) {
        while let Some(action) = self.with(|state| state.actions.pop_front()) {
            action.perform(self);
        }
    }

    /// Calls an export whose result does not matter, and does what it asks for.
    pub(crate) fn notify(self: &Arc<Self>, context: u32, export: &'static str, arguments: &[u32]) {
        self.call(context, export, arguments);
        self.run_actions();
    }
}
