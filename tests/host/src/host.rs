//! The host: one Envoy, without sockets.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    path::Path,
    sync::{Arc, Mutex, Weak, atomic::AtomicU64},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{
    Answer, Callout, Error, GrpcCallout, HttpCall, Level, LogLine, Property, SharedData, Status, Worker, WorkerBuilder,
    clock::Clock,
    foreign::ForeignFunctions,
    metrics::Metrics,
    module,
    queues::Queues,
    shared_data::SharedTable,
    vm::{Due, Vm},
    worker::{self, FailurePolicy, VmSettings},
};

/// Answers the callouts to a cluster.
type Server = Arc<Mutex<dyn FnMut(&HttpCall) -> Answer + Send>>;

/// Everything that the VMs share.
pub(crate) struct HostCore {
    pub(crate) clock: Clock,
    pub(crate) shared_data: SharedTable,
    pub(crate) queues: Queues,
    pub(crate) metrics: Metrics,
    pub(crate) foreign: ForeignFunctions,
    pub(crate) logs: Mutex<Vec<LogLine>>,
    pub(crate) log_level: Mutex<Level>,
    pub(crate) properties: Mutex<BTreeMap<Vec<u8>, Property>>,
    pub(crate) clusters: Mutex<Clusters>,
    pub(crate) vms: Mutex<Vec<Weak<Vm>>>,
    pub(crate) next_vm: AtomicU64,
    pub(crate) next_connection: AtomicU64,
    pub(crate) seed: AtomicU64,
    pub(crate) buffer_limit: Mutex<usize>,
    servers: Mutex<HashMap<String, Server>>,
    events: Mutex<VecDeque<Event>>,
    vm_ids: Mutex<HashMap<String, Weak<VmIdHandle>>>,
}

/// What is known of the clusters that callouts go to.
#[derive(Default)]
pub(crate) struct Clusters {
    /// All there are; `None`: any name.
    pub(crate) known: Option<HashSet<String>>,
    /// Those without a healthy host.
    pub(crate) down: HashSet<String>,
}

/// What happens once the present callback has returned.
pub(crate) enum Event {
    /// An item was put into a queue.
    QueueReady(Weak<Vm>, u32, u32),
    /// A callout was made to a cluster that has a server.
    Served(Weak<Vm>, u32),
}

/// Keeps the shared data and queues of a `vm_id` for as long as some worker has it.
pub(crate) struct VmIdHandle {
    host: Weak<HostCore>,
    vm_id: String,
}

impl Drop for VmIdHandle {
    fn drop(&mut self) {
        if let Some(host) = self.host.upgrade() {
            host.shared_data.drop_vm_id(&self.vm_id);
            host.queues.drop_vm_id(&self.vm_id);
        }
    }
}

impl HostCore {
    pub(crate) fn vm_id_handle(self: &Arc<Self>, vm_id: &str) -> Arc<VmIdHandle> {
        let mut vm_ids = self.vm_ids.lock().unwrap();
        if let Some(handle) = vm_ids.get(vm_id).and_then(Weak::upgrade) {
            return handle;
        }
        let handle = Arc::new(VmIdHandle { host: Arc::downgrade(self), vm_id: vm_id.to_owned() });
        vm_ids.insert(vm_id.to_owned(), Arc::downgrade(&handle));
        handle
    }

    pub(crate) fn has_server(&self, cluster: &str) -> bool {
        self.servers.lock().unwrap().contains_key(cluster)
    }

    pub(crate) fn later(&self, event: Event) {
        self.events.lock().unwrap().push_back(event);
    }

    /// Delivers all events, and those that come of them.
    pub(crate) fn settle(&self) {
        loop {
            let Some(event) = self.events.lock().unwrap().pop_front() else { return };
            match event {
                Event::QueueReady(vm, root, token) => {
                    if let Some(vm) = vm.upgrade() {
                        vm.notify(root, "proxy_on_queue_ready", &[root, token]);
                    }
                }
                Event::Served(vm, token) => {
                    let Some(vm) = vm.upgrade() else { continue };
                    let Some(call) = vm.with(|state| state.http_calls.get(&token).cloned()) else { continue };
                    let server = self.servers.lock().unwrap().get(&call.cluster).cloned();
                    if let Some(server) = server {
                        let answer = (server.lock().unwrap())(&call);
                        vm.answer_http_call(token, answer);
                    }
                }
            }
        }
    }

    fn live_vms(&self) -> Vec<Arc<Vm>> {
        self.vms.lock().unwrap().iter().filter_map(Weak::upgrade).collect()
    }
}

/// One Envoy: clock, shared data, queues, statistics and log of all workers.
#[derive(Clone)]
pub struct Host {
    core: Arc<HostCore>,
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// A host whose clock stands at 2024-01-01T00:00:00Z.
    pub fn new() -> Self {
        Self {
            core: Arc::new(HostCore {
                clock: Clock::new(),
                shared_data: SharedTable::new(),
                queues: Queues::default(),
                metrics: Metrics::default(),
                foreign: ForeignFunctions::default(),
                logs: Mutex::default(),
                log_level: Mutex::new(Level::Info),
                properties: Mutex::default(),
                clusters: Mutex::default(),
                vms: Mutex::default(),
                next_vm: AtomicU64::new(0),
                next_connection: AtomicU64::new(1),
                seed: AtomicU64::new(0),
                buffer_limit: Mutex::new(1024 * 1024),
                servers: Mutex::default(),
                events: Mutex::default(),
                vm_ids: Mutex::default(),
            }),
        }
    }

    /// Starts a VM of the module in a file.
    ///
    /// # Errors
    /// When Envoy would not load it.
    pub fn worker(&self, path: impl AsRef<Path>) -> Result<Worker, Error> {
        self.vm(worker::read(path.as_ref())?)?.start()
    }

    /// Prepares a VM of a module (WebAssembly, binary) with further settings.
    ///
    /// # Errors
    /// When Envoy would not load it.
    pub fn vm(&self, wasm: impl AsRef<[u8]>) -> Result<WorkerBuilder, Error> {
        Ok(WorkerBuilder {
            host: self.core.clone(),
            module: module::load(wasm.as_ref())?,
            settings: VmSettings {
                vm_id: "apigw".to_owned(),
                configuration: Vec::new(),
                environment: Vec::new(),
                policy: FailurePolicy::Closed,
                canary: false,
            },
        })
    }

    /// Jumps the wall clock. No timer notices.
    pub fn set_time(&self, time: SystemTime) {
        self.core.clock.set_wall(time);
    }

    /// Jumps the wall clock to a Unix time in milliseconds.
    pub fn set_unix_millis(&self, millis: u64) {
        self.set_time(UNIX_EPOCH + Duration::from_millis(millis));
    }

    /// Unix time in milliseconds.
    pub fn unix_millis(&self) -> u64 {
        self.core.clock.wall().as_millis() as u64
    }

    /// Lets time pass: ticks fire and callouts time out, each at its moment.
    pub fn advance(&self, time: Duration) {
        let end = self.core.clock.monotonic() + time;
        loop {
            let due = self.core.live_vms().into_iter().filter_map(|vm| Some((vm.next_due()?, vm)));
            let Some(((moment, due), vm)) = due.filter(|((at, _), _)| *at <= end).min_by_key(|((at, _), _)| *at) else {
                break;
            };
            self.core.clock.pass(moment);
            match due {
                Due::Tick(root) => vm.tick(root),
                Due::HttpCall(token) => vm.answer_http_call(token, Answer::TimedOut),
                Due::GrpcCall(token) => vm.grpc_time_out(token),
            }
            self.core.settle();
        }
        self.core.clock.pass(end);
    }

    /// The data that the VMs of `vm_id` share.
    pub fn shared_data<'a>(&'a self, vm_id: &'a str) -> SharedData<'a> {
        SharedData { table: &self.core.shared_data, vm_id }
    }

    /// Puts an item into a queue, as a VM of `vm_id` would. False where nobody has registered it.
    pub fn enqueue(&self, vm_id: &str, queue: &str, item: impl AsRef<[u8]>) -> bool {
        let Some(token) = self.core.queues.resolve(vm_id, queue.as_bytes()) else { return false };
        if let Ok((vm, root)) = self.core.queues.enqueue(token, item.as_ref().to_vec()) {
            self.core.later(Event::QueueReady(vm, root, token));
        }
        self.core.settle();
        true
    }

    /// Takes an item out of a queue.
    pub fn dequeue(&self, vm_id: &str, queue: &str) -> Option<Vec<u8>> {
        let token = self.core.queues.resolve(vm_id, queue.as_bytes())?;
        self.core.queues.dequeue(token).ok()
    }

    /// Value of a counter or gauge, summed over all workers; 0 where there is none. Envoy shows it with the prefix
    /// `wasmcustom.`.
    pub fn metric(&self, name: &str) -> u64 {
        self.core.metrics.number(name)
    }

    /// All counters and gauges.
    pub fn metrics(&self) -> BTreeMap<String, u64> {
        self.core.metrics.numbers()
    }

    /// What was recorded in a histogram.
    pub fn histogram(&self, name: &str) -> Vec<u64> {
        self.core.metrics.recorded(name)
    }

    /// Everything logged so far, of every level.
    pub fn logs(&self) -> Vec<LogLine> {
        self.core.logs.lock().unwrap().clone()
    }

    /// Forgets the log.
    pub fn clear_logs(&self) {
        self.core.logs.lock().unwrap().clear();
    }

    /// The level that `proxy_get_log_level` reports; `Info` where unset. Lines below it are kept all the same.
    pub fn set_log_level(&self, level: Level) {
        *self.core.log_level.lock().unwrap() = level;
    }

    /// Sets a property of every stream, where the stream has none of its own.
    pub fn set_property(&self, path: &[&str], value: impl Into<Property>) {
        self.core.properties.lock().unwrap().insert(path.join("\0").into_bytes(), value.into());
    }

    /// How much of a body a stream may buffer, in bytes, before Envoy answers 413 or 500; 1 MiB where unset.
    pub fn set_buffer_limit(&self, bytes: usize) {
        *self.core.buffer_limit.lock().unwrap() = bytes;
    }

    /// Seeds the random numbers of the VMs that are created from now on.
    pub fn set_seed(&self, seed: u64) {
        self.core.seed.store(seed, std::sync::atomic::Ordering::Relaxed);
    }

    /// Names all clusters there are; a callout to another is a `BadArgument`. Without it any name is good.
    pub fn set_clusters<S: Into<String>>(&self, names: impl IntoIterator<Item = S>) {
        self.core.clusters.lock().unwrap().known = Some(names.into_iter().map(Into::into).collect());
    }

    /// Takes every host of a cluster away: a callout to it is an `InternalFailure` at once.
    pub fn take_down(&self, cluster: &str) {
        self.core.clusters.lock().unwrap().down.insert(cluster.to_owned());
    }

    /// Lets a function answer the callouts to a cluster, each once the callback that made it has returned.
    pub fn serve(&self, cluster: &str, server: impl FnMut(&HttpCall) -> Answer + Send + 'static) {
        self.core.servers.lock().unwrap().insert(cluster.to_owned(), Arc::new(Mutex::new(server)));
    }

    /// Open HTTP callouts of all VMs, by VM, oldest first.
    pub fn callouts(&self) -> Vec<Callout> {
        self.core.live_vms().iter().flat_map(|vm| vm.callouts(|_| true)).collect()
    }

    /// Open gRPC calls and streams of all VMs, by VM, oldest first.
    pub fn grpc_callouts(&self) -> Vec<GrpcCallout> {
        self.core.live_vms().iter().flat_map(|vm| vm.grpc_callouts(|_| true)).collect()
    }

    /// Registers a foreign function, `verify_signature` say.
    pub fn foreign_function(
        &self,
        name: &str,
        function: impl Fn(&[u8]) -> Result<Vec<u8>, Status> + Send + Sync + 'static,
    ) {
        self.core.foreign.register(name, Arc::new(function));
    }
}
