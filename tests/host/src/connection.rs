//! TCP connections through a network filter.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, atomic::Ordering},
};

use crate::{
    Property,
    context::{Context, Target},
    host::HostCore,
    plugin::{Acquired, RootCore},
    vm::{Called, Vm},
};

/// What stands behind the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminal {
    /// Envoy's echo filter: what the client sends and the filter lets pass comes back through the filter.
    Echo,
    /// An upstream, played by the test.
    Upstream,
}

/// Who closed a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Not known; Envoy says so of the upstream's end.
    Unknown = 0,
    /// Envoy.
    Local = 1,
    /// The other side.
    Remote = 2,
}

pub(crate) struct ConnectionCore {
    pub(crate) host: Arc<HostCore>,
    pub(crate) id: u64,
    terminal: Terminal,
    vm: Option<Arc<Vm>>,
    state: Mutex<ConnectionState>,
}

#[derive(Default)]
struct ConnectionState {
    context: u32,
    filter_state: BTreeMap<Vec<u8>, Vec<u8>>,
    properties: BTreeMap<Vec<u8>, Property>,
    /// What the client sent and the filter holds.
    read_buffer: Vec<u8>,
    /// What the upstream or echo sent and the filter holds.
    write_buffer: Vec<u8>,
    to_upstream: Vec<u8>,
    to_client: Vec<u8>,
    closed: bool,
    closed_by_filter: bool,
}

impl ConnectionCore {
    pub(crate) fn open(root: &RootCore, terminal: Terminal) -> Arc<Self> {
        let host = root.worker.host.clone();
        let id = host.next_connection.fetch_add(1, Ordering::Relaxed);
        let (vm, refused, parent) = match root.acquire() {
            Acquired::Live(vm, context) => (Some(vm), false, context),
            Acquired::Closed => (None, true, 0),
            Acquired::Open => (None, false, 0),
        };
        let core = Arc::new(Self { host, id, terminal, vm: vm.clone(), state: Mutex::default() });
        core.state.lock().unwrap().closed = refused;
        if let Some(vm) = vm {
            let target = Target::Tcp(core.clone());
            let context = vm.with(|state| state.create_context(Some(parent), root.plugin.clone(), target));
            core.state.lock().unwrap().context = context;
            vm.notify(context, "proxy_on_context_create", &[context, parent]);
            core.call("proxy_on_new_connection", &[]);
        }
        core
    }

    pub(crate) fn filter_state(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.state.lock().unwrap().filter_state.get(key).cloned()
    }

    pub(crate) fn set_filter_state(&self, key: Vec<u8>, value: Vec<u8>) {
        self.state.lock().unwrap().filter_state.insert(key, value);
    }

    pub(crate) fn property(&self, path: &[u8]) -> Option<Property> {
        self.state.lock().unwrap().properties.get(path).cloned()
    }

    pub(crate) fn read_buffer(&self) -> Vec<u8> {
        self.state.lock().unwrap().read_buffer.clone()
    }

    pub(crate) fn change_read_buffer<T>(&self, change: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        change(&mut self.state.lock().unwrap().read_buffer)
    }

    /// Passes what the filter holds of the client's data to what stands behind it.
    pub(crate) fn release(self: &Arc<Self>) {
        let data = {
            let mut state = self.state.lock().unwrap();
            if state.closed {
                return;
            }
            std::mem::take(&mut state.read_buffer)
        };
        match self.terminal {
            Terminal::Upstream => self.state.lock().unwrap().to_upstream.extend(data),
            Terminal::Echo if !data.is_empty() => {
                // What the filter does not let out stays where echo took it from.
                self.write(data, false);
                let mut state = self.state.lock().unwrap();
                let held = std::mem::take(&mut state.write_buffer);
                state.read_buffer.splice(..0, held);
            }
            Terminal::Echo => {}
        }
    }

    pub(crate) fn close_by_filter(self: &Arc<Self>) {
        self.state.lock().unwrap().closed_by_filter = true;
        self.close(Peer::Local);
    }

    fn read(self: &Arc<Self>, data: &[u8], end: bool) {
        let size = {
            let mut state = self.state.lock().unwrap();
            if state.closed {
                return;
            }
            state.read_buffer.extend_from_slice(data);
            state.read_buffer.len() as u32
        };
        self.with_context(|context| {
            context.tcp.downstream = true;
            context.http.end_of_stream = end;
        });
        if self.call("proxy_on_downstream_data", &[size, u32::from(end)]) {
            self.with_context(|context| context.tcp.downstream = false);
            self.release();
        }
    }

    fn write(self: &Arc<Self>, data: Vec<u8>, end: bool) {
        let buffer = {
            let mut state = self.state.lock().unwrap();
            if state.closed {
                return;
            }
            let mut buffer = std::mem::take(&mut state.write_buffer);
            buffer.extend(data);
            buffer
        };
        let size = buffer.len() as u32;
        let has_context = self.with_context(|context| {
            context.tcp.upstream = Some(buffer.clone());
            context.http.end_of_stream = end;
        });
        let go_on = self.call("proxy_on_upstream_data", &[size, u32::from(end)]);
        let mut left = buffer;
        if has_context {
            self.with_context(|context| left = context.tcp.upstream.take().unwrap_or_default());
        }
        {
            let mut state = self.state.lock().unwrap();
            match (go_on, state.closed) {
                // A close that the filter asked for earlier has overtaken the data.
                (_, true) => {}
                (true, false) => state.to_client.extend(left),
                (false, false) => state.write_buffer = left,
            }
        }
        if end && let Some((vm, id)) = self.live() {
            vm.notify(id, "proxy_on_upstream_connection_close", &[id, Peer::Unknown as u32]);
        }
    }

    fn close(self: &Arc<Self>, peer: Peer) {
        if std::mem::replace(&mut self.state.lock().unwrap().closed, true) {
            return;
        }
        let Some((vm, id)) = self.live() else { return };
        vm.notify(id, "proxy_on_downstream_connection_close", &[id, peer as u32]);
        for export in ["proxy_on_done", "proxy_on_log", "proxy_on_delete"] {
            vm.notify(id, export, &[id]);
        }
        vm.with(|state| state.forget(id));
    }

    fn live(&self) -> Option<(&Arc<Vm>, u32)> {
        let vm = self.vm.as_ref()?;
        Some((vm, self.state.lock().unwrap().context))
    }

    fn with_context(&self, work: impl FnOnce(&mut Context)) -> bool {
        let Some((vm, id)) = self.live() else { return false };
        vm.with(|state| state.contexts.get_mut(&id).map(work)).is_some()
    }

    /// Runs a callback. True: the data go on.
    fn call(self: &Arc<Self>, export: &'static str, arguments: &[u32]) -> bool {
        let Some((vm, id)) = self.live() else { return true };
        let dead = vm.is_failed();
        let called = if dead { Called::Trapped } else { vm.call(id, export, &[&[id], arguments].concat()) };
        vm.run_actions();
        match called {
            Called::Not | Called::Returned { value: 0, .. } => true,
            Called::Returned { .. } => false,
            Called::Trapped => {
                self.state.lock().unwrap().closed = true;
                false
            }
        }
    }
}

/// A TCP connection. Dropping it closes the client's side.
pub struct Connection {
    pub(crate) core: Arc<ConnectionCore>,
}

impl Connection {
    /// Sends as the client.
    pub fn send(&mut self, data: impl AsRef<[u8]>) {
        self.core.read(data.as_ref(), false);
        self.core.host.settle();
    }

    /// Sends as the client and ends its half.
    pub fn send_last(&mut self, data: impl AsRef<[u8]>) {
        self.core.read(data.as_ref(), true);
        self.core.host.settle();
    }

    /// Sends as the upstream; `end` closes its half.
    pub fn respond(&mut self, data: impl AsRef<[u8]>, end: bool) {
        self.core.write(data.as_ref().to_vec(), end);
        self.core.host.settle();
    }

    /// What the client has received since the last call.
    pub fn received(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.core.state.lock().unwrap().to_client)
    }

    /// What the upstream has received since the last call.
    pub fn upstream_received(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.core.state.lock().unwrap().to_upstream)
    }

    /// Sets a property of the connection.
    pub fn set_property(&mut self, path: &[&str], value: impl Into<Property>) {
        self.core.state.lock().unwrap().properties.insert(path.join("\0").into_bytes(), value.into());
    }

    /// Whether it is closed, by whomever.
    pub fn is_closed(&self) -> bool {
        self.core.state.lock().unwrap().closed
    }

    /// Whether the filter closed it.
    pub fn is_closed_by_filter(&self) -> bool {
        self.core.state.lock().unwrap().closed_by_filter
    }

    /// Closes it as the client (`Remote`) or as Envoy (`Local`).
    pub fn close(&mut self, peer: Peer) {
        self.core.close(peer);
        self.core.host.settle();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.core.close(Peer::Remote);
    }
}
