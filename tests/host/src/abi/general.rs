//! Log, clock, timer, properties, streams, metrics, foreign functions.

use std::time::Duration;

use wasmtime::Linker;

use super::{Guest, Outcome, import};
use crate::{
    Level, LocalReply, Status,
    action::{Action, Half},
    context::Target,
    pairs, property,
    vm::VmState,
};

pub(super) fn add(linker: &mut Linker<VmState>) -> wasmtime::Result<()> {
    import!(linker, "proxy_log", |guest, level: u32, text: u32, size: u32| log(guest, level, text, size));
    import!(linker, "proxy_get_log_level", |guest, level_at: u32| {
        let level = *guest.state().host.log_level.lock().unwrap();
        guest.write_u32(level_at, level as u32).map_err(Into::into)
    });
    import!(linker, "proxy_get_current_time_nanoseconds", |guest, time_at: u32| {
        let now = guest.state().host.clock.wall().as_nanos() as u64;
        guest.write_u64(time_at, now).map_err(Into::into)
    });
    import!(linker, "proxy_set_tick_period_milliseconds", |guest, period: u32| set_tick_period(guest, period));
    import!(linker, "proxy_get_property", |guest, path: u32, path_size: u32, value_at: u32, size_at: u32| {
        get_property(guest, (path, path_size), value_at, size_at)
    });
    import!(linker, "proxy_set_property", |guest, path: u32, path_size: u32, value: u32, value_size: u32| {
        set_property(guest, (path, path_size), (value, value_size))
    });
    import!(linker, "proxy_continue_stream", |guest, half: u32| continue_stream(guest, half));
    import!(linker, "proxy_close_stream", |guest, half: u32| close_stream(guest, half));
    import!(linker, "proxy_send_local_response", |guest,
                                                  status: u32,
                                                  details: u32,
                                                  details_size: u32,
                                                  body: u32,
                                                  body_size: u32,
                                                  headers: u32,
                                                  headers_size: u32,
                                                  grpc_status: u32| {
        let [details, body, headers] = [(details, details_size), (body, body_size), (headers, headers_size)];
        send_local_response(guest, status, details, body, headers, grpc_status)
    });
    import!(linker, "proxy_set_effective_context", |guest, id: u32| {
        if guest.state().contexts.contains_key(&id) {
            guest.state_mut().effective = id;
            Ok(())
        } else {
            Err(Status::BadArgument.into())
        }
    });
    import!(linker, "proxy_done", |guest| done(guest));
    import!(linker, "proxy_get_status", |guest, code_at: u32, message_at: u32, size_at: u32| {
        get_status(guest, code_at, message_at, size_at)
    });
    import!(linker, "proxy_call_foreign_function", |guest,
                                                    name: u32,
                                                    name_size: u32,
                                                    argument: u32,
                                                    argument_size: u32,
                                                    result_at: u32,
                                                    size_at: u32| {
        call_foreign_function(guest, (name, name_size), (argument, argument_size), result_at, size_at)
    });
    metrics(linker)
}

fn metrics(linker: &mut Linker<VmState>) -> wasmtime::Result<()> {
    import!(linker, "proxy_define_metric", |guest, kind: u32, name: u32, name_size: u32, id_at: u32| {
        let define = |guest: &mut Guest<'_, '_>| -> Outcome {
            let name = guest.read(name, name_size)?;
            let state = guest.state_mut();
            let id = state.metrics.define(&state.host.metrics, kind, &name)?;
            Ok(guest.write_u32(id_at, id)?)
        };
        define(guest)
    });
    import!(linker, "proxy_increment_metric", |guest, id: u32, by: i64| {
        let state = guest.state();
        state.metrics.increment(&state.host.metrics, id, by).map_err(Into::into)
    });
    import!(linker, "proxy_record_metric", |guest, id: u32, value: u64| {
        let state = guest.state();
        state.metrics.record(&state.host.metrics, id, value).map_err(Into::into)
    });
    import!(linker, "proxy_get_metric", |guest, id: u32, value_at: u32| {
        let value = guest.state().metrics.get(&guest.state().host.metrics, id);
        value.and_then(|value| guest.write_u64(value_at, value)).map_err(Into::into)
    });
    Ok(())
}

fn log(guest: &mut Guest<'_, '_>, level: u32, text: u32, size: u32) -> Outcome {
    let level = Level::from_abi(level).ok_or(Status::BadArgument)?;
    let text = guest.read(text, size)?;
    write_log(guest, level, &text);
    Ok(())
}

/// Logs in the name of the context that the call means.
pub(super) fn write_log(guest: &Guest<'_, '_>, level: Level, text: &[u8]) {
    let plugin = guest.context().ok().and_then(|context| context.plugin.clone());
    let root_id = plugin.map(|plugin| plugin.root_id.clone()).unwrap_or_default();
    guest.state().log(level, &root_id, String::from_utf8_lossy(text).into_owned());
}

fn set_tick_period(guest: &mut Guest<'_, '_>, period: u32) -> Outcome {
    let root = guest.context()?.root;
    let state = guest.state_mut();
    let period = Duration::from_millis(period.into());
    if period.is_zero() {
        state.timers.remove(&root);
    } else {
        let first = state.host.clock.monotonic() + period;
        state.timers.insert(root, (period, first));
    }
    Ok(())
}

fn get_property(guest: &mut Guest<'_, '_>, path: (u32, u32), value_at: u32, size_at: u32) -> Outcome {
    let path = guest.read(path.0, path.1)?;
    let state = guest.state();
    let value = property::get(state, state.context_id(), &path)?;
    guest.give(&value, value_at, size_at)
}

fn set_property(guest: &mut Guest<'_, '_>, path: (u32, u32), value: (u32, u32)) -> Outcome {
    let (path, value) = (guest.read(path.0, path.1)?, guest.read(value.0, value.1)?);
    let key = property::filter_state_key(&path);
    match &guest.context()?.target {
        Target::Http(stream, _) => {
            stream.lock().filter_state.insert(key, value);
        }
        Target::Tcp(connection) => connection.set_filter_state(key, value),
        Target::None => return Err(Status::NotFound.into()),
    }
    Ok(())
}

fn continue_stream(guest: &mut Guest<'_, '_>, half: u32) -> Outcome {
    let half = Half::from_abi(half).ok_or(Status::BadArgument)?;
    if half == Half::Upstream {
        return Err(Status::Unimplemented.into());
    }
    let context = guest.context_mut()?;
    let target = context.target.clone();
    if matches!(half, Half::Request | Half::Response) {
        // Envoy takes the request away in both cases.
        context.http.headers[Half::Request as usize] = false;
        context.http.trailers[Half::Request as usize] = false;
        context.http.body[Half::Request as usize] = crate::context::Body::None;
    }
    guest.state_mut().actions.push_back(Action::Continue(target, half));
    Ok(())
}

fn close_stream(guest: &mut Guest<'_, '_>, half: u32) -> Outcome {
    let half = Half::from_abi(half).ok_or(Status::BadArgument)?;
    let target = guest.context()?.target.clone();
    guest.state_mut().actions.push_back(Action::Close(target, half));
    Ok(())
}

fn send_local_response(
    guest: &mut Guest<'_, '_>,
    status: u32,
    details: (u32, u32),
    body: (u32, u32),
    headers: (u32, u32),
    grpc_status: u32,
) -> Outcome {
    let details = guest.read(details.0, details.1)?;
    let details = String::from_utf8_lossy(&details).replace(char::is_whitespace, "_");
    let body = guest.read(body.0, body.1)?;
    let headers = pairs::from_bytes(&guest.read(headers.0, headers.1)?);
    let target = guest.context()?.target.clone();
    let reply = LocalReply {
        status: status as u16,
        headers: headers
            .iter()
            .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), value.clone()))
            .collect(),
        body,
        details,
        flags: 0,
        grpc_status: Some(grpc_status).filter(|status| *status <= 16),
    };
    guest.state_mut().actions.push_back(Action::Reply(target, reply));
    guest.state_mut().stop = true;
    Ok(())
}

fn done(guest: &mut Guest<'_, '_>) -> Outcome {
    let id = guest.state().context_id();
    let view = &mut guest.context_mut()?.root_view;
    if !std::mem::take(&mut view.pending_done) {
        return Err(Status::NotFound.into());
    }
    guest.state_mut().actions.push_back(Action::Delete(id));
    Ok(())
}

fn get_status(guest: &mut Guest<'_, '_>, code_at: u32, message_at: u32, size_at: u32) -> Outcome {
    let (code, message) = guest.root()?.root_view.status.clone();
    guest.write_u32(code_at, code)?;
    guest.give(message.as_bytes(), message_at, size_at)
}

fn call_foreign_function(
    guest: &mut Guest<'_, '_>,
    name: (u32, u32),
    argument: (u32, u32),
    result_at: u32,
    size_at: u32,
) -> Outcome {
    let (name, argument) = (guest.read(name.0, name.1)?, guest.read(argument.0, argument.1)?);
    let outcome = if name == b"clear_route_cache" {
        let state = guest.state();
        if let Some(Target::Http(stream, _)) = state.contexts.get(&state.current).map(|context| &context.target) {
            stream.lock().route_cleared += 1;
        }
        Ok(Vec::new())
    } else {
        let function = guest.state().host.foreign.get(&name).ok_or(Status::NotFound)?;
        function(&argument)
    };
    let result = outcome.as_deref().unwrap_or_default();
    let pointer = if result.is_empty() || result_at == 0 { 0 } else { guest.allocate(result)? };
    if result_at != 0 {
        guest.write_u32(result_at, pointer)?;
    }
    if size_at != 0 {
        guest.write_u32(size_at, result.len() as u32)?;
    }
    outcome.map(|_| ()).map_err(Into::into)
}
