//! Shared data and shared queues.

use wasmtime::Linker;

use super::{Guest, Outcome, import};
use crate::{Status, host::Event, vm::VmState};

pub(super) fn add(linker: &mut Linker<VmState>) -> wasmtime::Result<()> {
    import!(linker, "proxy_get_shared_data", |guest,
                                              key: u32,
                                              key_size: u32,
                                              value_at: u32,
                                              size_at: u32,
                                              cas_at: u32| {
        get_data(guest, (key, key_size), (value_at, size_at), cas_at)
    });
    import!(linker, "proxy_set_shared_data", |guest,
                                              key: u32,
                                              key_size: u32,
                                              value: u32,
                                              value_size: u32,
                                              cas: u32| {
        set_data(guest, (key, key_size), (value, value_size), cas)
    });
    import!(linker, "proxy_register_shared_queue", |guest, name: u32, name_size: u32, token_at: u32| {
        register_queue(guest, (name, name_size), token_at)
    });
    import!(linker, "proxy_resolve_shared_queue", |guest,
                                                   vm_id: u32,
                                                   vm_id_size: u32,
                                                   name: u32,
                                                   name_size: u32,
                                                   token_at: u32| {
        resolve_queue(guest, (vm_id, vm_id_size), (name, name_size), token_at)
    });
    import!(linker, "proxy_enqueue_shared_queue", |guest, token: u32, item: u32, size: u32| {
        enqueue(guest, token, (item, size))
    });
    import!(linker, "proxy_dequeue_shared_queue", |guest, token: u32, item_at: u32, size_at: u32| {
        let item = guest.state().host.queues.dequeue(token);
        match item {
            Ok(item) => guest.give(&item, item_at, size_at),
            Err(status) => Err(status.into()),
        }
    });
    Ok(())
}

fn get_data(guest: &mut Guest<'_, '_>, key: (u32, u32), value_at: (u32, u32), cas_at: u32) -> Outcome {
    let key = guest.read(key.0, key.1)?;
    let state = guest.state();
    let (value, cas) = state.host.shared_data.get(&state.vm_id, &key).ok_or(Status::NotFound)?;
    guest.give(&value, value_at.0, value_at.1)?;
    Ok(guest.write_u32(cas_at, cas)?)
}

fn set_data(guest: &mut Guest<'_, '_>, key: (u32, u32), value: (u32, u32), cas: u32) -> Outcome {
    let (key, value) = (guest.read(key.0, key.1)?, guest.read(value.0, value.1)?);
    let state = guest.state();
    Ok(state.host.shared_data.set(&state.vm_id, &key, &value, cas)?)
}

fn register_queue(guest: &mut Guest<'_, '_>, name: (u32, u32), token_at: u32) -> Outcome {
    let name = guest.read(name.0, name.1)?;
    let root = guest.context()?.root;
    let state = guest.state();
    let token = state.host.queues.register(&state.vm_id, &name, state.this.clone(), root);
    Ok(guest.write_u32(token_at, token)?)
}

fn resolve_queue(guest: &mut Guest<'_, '_>, vm_id: (u32, u32), name: (u32, u32), token_at: u32) -> Outcome {
    let (vm_id, name) = (guest.read(vm_id.0, vm_id.1)?, guest.read(name.0, name.1)?);
    let state = guest.state();
    let vm_id = if vm_id.is_empty() { state.vm_id.clone() } else { String::from_utf8_lossy(&vm_id).into_owned() };
    let token = state.host.queues.resolve(&vm_id, &name).ok_or(Status::NotFound)?;
    Ok(guest.write_u32(token_at, token)?)
}

fn enqueue(guest: &mut Guest<'_, '_>, token: u32, item: (u32, u32)) -> Outcome {
    let item = guest.read(item.0, item.1)?;
    let host = guest.state().host.clone();
    let (vm, root) = host.queues.enqueue(token, item)?;
    host.later(Event::QueueReady(vm, root, token));
    Ok(())
}
