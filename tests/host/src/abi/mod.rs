//! The imports that Envoy offers to a module.

mod buffers;
mod calls;
mod general;
mod maps;
mod shared;
mod wasi;

use wasmtime::{Caller, Engine, Extern, Linker, Memory};

use crate::{
    Status,
    context::Context,
    vm::{Restriction, VmState},
};

/// All imports.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<VmState>> {
    let mut linker = Linker::new(engine);
    general::add(&mut linker)?;
    maps::add(&mut linker)?;
    buffers::add(&mut linker)?;
    calls::add(&mut linker)?;
    shared::add(&mut linker)?;
    for module in ["wasi_snapshot_preview1", "wasi_unstable"] {
        wasi::add(&mut linker, module)?;
    }
    Ok(linker)
}

/// Why a host call ends early.
enum Abort {
    /// The module is told.
    Status(Status),
    /// The VM dies.
    Trap(wasmtime::Error),
}

impl From<Status> for Abort {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<wasmtime::Error> for Abort {
    fn from(error: wasmtime::Error) -> Self {
        Self::Trap(error)
    }
}

type Outcome = Result<(), Abort>;

/// Defines an import of module `env`: `import!(linker, "proxy_done", |guest, arguments…| outcome)`.
macro_rules! import {
    ($linker:ident, $name:literal, |$guest:ident $(, $argument:ident: $type:ty)*| $body:expr) => {
        $linker.func_wrap(
            "env",
            $name,
            |mut caller: wasmtime::Caller<'_, $crate::vm::VmState> $(, $argument: $type)*| -> wasmtime::Result<u32> {
                $crate::abi::permit(&caller, concat!("env.", $name))?;
                let mut guest = $crate::abi::Guest::new(&mut caller)?;
                let $guest = &mut guest;
                let outcome: $crate::abi::Outcome = $body;
                match outcome {
                    Ok(()) => Ok(0),
                    Err($crate::abi::Abort::Status(status)) => Ok(status as u32),
                    Err($crate::abi::Abort::Trap(error)) => Err(error),
                }
            },
        )?;
    };
}
use import;

/// Fails for host calls that are not allowed now; the VM dies of it.
fn permit(caller: &Caller<'_, VmState>, name: &str) -> wasmtime::Result<()> {
    /// While the host asks for memory.
    const ALLOCATING: &[&str] = &["env.proxy_log", "wasi.fd_write", "wasi.clock_time_get", "wasi.poll_oneoff"];
    let allowed = match caller.data().restriction {
        Restriction::None => true,
        Restriction::Initializing => name == "env.proxy_log" || name.starts_with("wasi."),
        Restriction::Allocating => ALLOCATING.contains(&name),
    };
    if allowed { Ok(()) } else { Err(wasmtime::format_err!("restricted_callback: {name}")) }
}

/// The calling module: its memory and its contexts.
struct Guest<'a, 'c> {
    caller: &'a mut Caller<'c, VmState>,
    memory: Memory,
}

impl<'a, 'c> Guest<'a, 'c> {
    fn new(caller: &'a mut Caller<'c, VmState>) -> wasmtime::Result<Self> {
        let memory = match caller.data().memory {
            Some(memory) => memory,
            None => match caller.get_export("memory") {
                Some(Extern::Memory(memory)) => memory,
                _ => return Err(wasmtime::format_err!("no memory")),
            },
        };
        Ok(Self { caller, memory })
    }

    fn state(&self) -> &VmState {
        self.caller.data()
    }

    fn state_mut(&mut self) -> &mut VmState {
        self.caller.data_mut()
    }

    /// The context that the call means.
    fn context(&self) -> Result<&Context, Status> {
        let state = self.state();
        state.contexts.get(&state.context_id()).ok_or(Status::InternalFailure)
    }

    fn context_mut(&mut self) -> Result<&mut Context, Status> {
        let state = self.state_mut();
        let id = state.context_id();
        state.contexts.get_mut(&id).ok_or(Status::InternalFailure)
    }

    /// The root context of the context that the call means, which callouts belong to.
    fn root(&self) -> Result<&Context, Status> {
        let root = self.context()?.root;
        self.state().contexts.get(&root).ok_or(Status::InternalFailure)
    }

    fn read(&self, pointer: u32, size: u32) -> Result<Vec<u8>, Status> {
        let start = pointer as usize;
        let bytes = self.memory.data(&*self.caller).get(start..start + size as usize);
        Ok(bytes.ok_or(Status::InvalidMemoryAccess)?.to_vec())
    }

    fn write(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), Status> {
        self.memory.write(&mut *self.caller, pointer as usize, bytes).map_err(|_| Status::InvalidMemoryAccess)
    }

    fn write_u32(&mut self, pointer: u32, number: u32) -> Result<(), Status> {
        self.write(pointer, &number.to_le_bytes())
    }

    fn write_u64(&mut self, pointer: u32, number: u64) -> Result<(), Status> {
        self.write(pointer, &number.to_le_bytes())
    }

    /// Puts bytes into memory that the module allocates; no bytes are a null pointer.
    fn give(&mut self, bytes: &[u8], pointer_at: u32, size_at: u32) -> Outcome {
        let pointer = if bytes.is_empty() { 0 } else { self.allocate(bytes)? };
        self.write_u32(pointer_at, pointer)?;
        Ok(self.write_u32(size_at, bytes.len() as u32)?)
    }

    fn allocate(&mut self, bytes: &[u8]) -> Result<u32, Abort> {
        let Some(allocator) = self.state().allocator.clone() else {
            return Err(Status::InvalidMemoryAccess.into());
        };
        let state = self.state_mut();
        let saved = (state.current, state.effective);
        (state.current, state.effective) = (0, 0);
        state.restriction = Restriction::Allocating;
        let pointer = allocator.call(&mut *self.caller, bytes.len() as u32);
        let state = self.state_mut();
        state.restriction = Restriction::None;
        (state.current, state.effective) = saved;
        let pointer = pointer?;
        if pointer == 0 {
            return Err(Status::InvalidMemoryAccess.into());
        }
        self.write(pointer, bytes)?;
        Ok(pointer)
    }
}
