//! HTTP and gRPC callouts.

use std::{sync::Arc, time::Duration};

use wasmtime::Linker;

use super::{Guest, Outcome, import};
use crate::{
    GrpcCall, HeaderMap, HttpCall, MapKind, Status, context::Target, host::Event, pairs, stream::StreamCore,
    vm::VmState,
};

/// Callout numbers of one type are this far apart; the type is the remainder.
const TOKEN_STEP: u32 = 4;
const GRPC_CALL: u32 = 1;
const GRPC_STREAM: u32 = 2;

pub(super) fn add(linker: &mut Linker<VmState>) -> wasmtime::Result<()> {
    import!(linker, "proxy_http_call", |guest,
                                        cluster: u32,
                                        cluster_size: u32,
                                        headers: u32,
                                        headers_size: u32,
                                        body: u32,
                                        body_size: u32,
                                        trailers: u32,
                                        trailers_size: u32,
                                        timeout: u32,
                                        token_at: u32| {
        let parts = [(cluster, cluster_size), (headers, headers_size), (body, body_size), (trailers, trailers_size)];
        http_call(guest, parts, timeout as i32, token_at)
    });
    import!(linker, "proxy_grpc_call", |guest,
                                        target: u32,
                                        target_size: u32,
                                        service: u32,
                                        service_size: u32,
                                        method: u32,
                                        method_size: u32,
                                        metadata: u32,
                                        metadata_size: u32,
                                        message: u32,
                                        message_size: u32,
                                        timeout: u32,
                                        token_at: u32| {
        let parts = [(target, target_size), (service, service_size), (method, method_size), (metadata, metadata_size)];
        grpc_call(guest, parts, (message, message_size), timeout, token_at)
    });
    import!(linker, "proxy_grpc_stream", |guest,
                                          target: u32,
                                          target_size: u32,
                                          service: u32,
                                          service_size: u32,
                                          method: u32,
                                          method_size: u32,
                                          metadata: u32,
                                          metadata_size: u32,
                                          token_at: u32| {
        let parts = [(target, target_size), (service, service_size), (method, method_size), (metadata, metadata_size)];
        grpc_stream(guest, parts, token_at)
    });
    import!(linker, "proxy_grpc_send", |guest, token: u32, message: u32, size: u32, end: u32| {
        grpc_send(guest, token, (message, size), end != 0)
    });
    import!(linker, "proxy_grpc_close", |guest, token: u32| grpc_close(guest, token));
    import!(linker, "proxy_grpc_cancel", |guest, token: u32| grpc_cancel(guest, token));
    Ok(())
}

fn http_call(guest: &mut Guest<'_, '_>, parts: [(u32, u32); 4], timeout: i32, token_at: u32) -> Outcome {
    let [cluster, headers, body, trailers] = parts;
    let cluster = text(guest, cluster)?;
    let body = guest.read(body.0, body.1)?;
    let headers = pairs::from_bytes(&guest.read(headers.0, headers.1)?);
    let trailers = pairs::from_bytes(&guest.read(trailers.0, trailers.1)?);
    guest.write_u32(token_at, 0)?;
    if timeout < 0 || !is_known(guest, &cluster) {
        return Err(Status::BadArgument.into());
    }
    let mut headers = HeaderMap::from_pairs(MapKind::Request, &headers);
    if [":method", ":path", ":authority"].iter().any(|name| !headers.contains(name)) {
        return Err(Status::BadArgument.into());
    }
    if !body.is_empty() {
        headers.set("content-length", body.len().to_string());
    }
    let (root, stream) = caller(guest)?;
    let state = guest.state_mut();
    state.calls_made[0] += 1;
    let token = state.calls_made[0] * TOKEN_STEP;
    if state.host.clusters.lock().unwrap().down.contains(&cluster) {
        return Err(Status::InternalFailure.into());
    }
    let timeout = (timeout > 0).then(|| Duration::from_millis(timeout as u64));
    let deadline = timeout.map(|timeout| state.host.clock.monotonic() + timeout);
    if state.host.has_server(&cluster) {
        state.host.later(Event::Served(state.this.clone(), token));
    }
    let trailers = HeaderMap::from_pairs(MapKind::Trailers, &trailers);
    let stream = stream.as_ref().map(Arc::downgrade);
    let call = HttpCall { cluster, headers, body, trailers, timeout, token, root, stream, deadline };
    state.http_calls.insert(token, call);
    Ok(guest.write_u32(token_at, token)?)
}

fn grpc_call(
    guest: &mut Guest<'_, '_>,
    parts: [(u32, u32); 4],
    message: (u32, u32),
    timeout: u32,
    token_at: u32,
) -> Outcome {
    let message = guest.read(message.0, message.1)?;
    let timeout = Some(Duration::from_millis(timeout.into()));
    start_grpc(guest, parts, GRPC_CALL, vec![message], timeout, token_at)
}

fn grpc_stream(guest: &mut Guest<'_, '_>, parts: [(u32, u32); 4], token_at: u32) -> Outcome {
    start_grpc(guest, parts, GRPC_STREAM, Vec::new(), None, token_at)
}

fn start_grpc(
    guest: &mut Guest<'_, '_>,
    [target, service, method, metadata]: [(u32, u32); 4],
    kind: u32,
    messages: Vec<Vec<u8>>,
    timeout: Option<Duration>,
    token_at: u32,
) -> Outcome {
    let target = guest.read(target.0, target.1)?;
    let (service, method) = (text(guest, service)?, text(guest, method)?);
    let metadata = pairs::from_bytes(&guest.read(metadata.0, metadata.1)?);
    let (root, stream) = caller(guest)?;
    let state = guest.state_mut();
    let mut call = GrpcCall {
        target,
        service,
        method,
        metadata: HeaderMap::from_pairs(MapKind::Request, &metadata),
        messages,
        timeout,
        is_stream: kind == GRPC_STREAM,
        half_closed: false,
        token: 0,
        root,
        stream: stream.as_ref().map(Arc::downgrade),
        deadline: timeout.map(|timeout| state.host.clock.monotonic() + timeout),
    };
    if call.aborts_envoy() {
        let target = call.target.escape_ascii();
        let reason = wasmtime::format_err!("Envoy aborts: it reads the gRPC target {target} as a GrpcService message");
        return Err(super::Abort::Trap(reason));
    }
    let cluster = call.cluster();
    if !is_known(guest, &cluster) {
        return Err(Status::ParseFailure.into());
    }
    let state = guest.state_mut();
    let made = &mut state.calls_made[kind as usize];
    *made += 1;
    call.token = *made * TOKEN_STEP + kind;
    if state.host.clusters.lock().unwrap().down.contains(&cluster) {
        return Err(Status::InternalFailure.into());
    }
    let token = call.token;
    state.grpc_calls.insert(token, call);
    Ok(guest.write_u32(token_at, token)?)
}

fn grpc_send(guest: &mut Guest<'_, '_>, token: u32, message: (u32, u32), end: bool) -> Outcome {
    let message = guest.read(message.0, message.1)?;
    if token % TOKEN_STEP != GRPC_STREAM {
        return Err(Status::BadArgument.into());
    }
    let call = guest.state_mut().grpc_calls.get_mut(&token).ok_or(Status::NotFound)?;
    call.messages.push(message);
    call.half_closed |= end;
    Ok(())
}

/// Closes the filter's half of a stream, or gives a call up.
fn grpc_close(guest: &mut Guest<'_, '_>, token: u32) -> Outcome {
    if token % TOKEN_STEP != GRPC_STREAM {
        return grpc_cancel(guest, token);
    }
    guest.state_mut().grpc_calls.get_mut(&token).ok_or(Status::NotFound)?.half_closed = true;
    Ok(())
}

fn grpc_cancel(guest: &mut Guest<'_, '_>, token: u32) -> Outcome {
    if ![GRPC_CALL, GRPC_STREAM].contains(&(token % TOKEN_STEP)) {
        return Err(Status::BadArgument.into());
    }
    guest.state_mut().grpc_calls.remove(&token).ok_or(Status::NotFound)?;
    Ok(())
}

fn text(guest: &Guest<'_, '_>, (pointer, size): (u32, u32)) -> Result<String, Status> {
    Ok(String::from_utf8_lossy(&guest.read(pointer, size)?).into_owned())
}

fn is_known(guest: &Guest<'_, '_>, cluster: &str) -> bool {
    guest.state().host.clusters.lock().unwrap().known.as_ref().is_none_or(|known| known.contains(cluster))
}

/// The root context that gets the answer, and the stream in whose name the call is made.
fn caller(guest: &Guest<'_, '_>) -> Result<(u32, Option<Arc<StreamCore>>), Status> {
    let context = guest.context()?;
    let stream = match &context.target {
        Target::Http(stream, _) => Some(stream.clone()),
        _ => None,
    };
    Ok((context.root, stream))
}
