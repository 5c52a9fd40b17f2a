//! Buffers: bodies, TCP data, callout answers, configurations.

use wasmtime::Linker;

use super::{Guest, Outcome, import};
use crate::{
    Direction, Status,
    context::{Body, Context, Target},
    vm::VmState,
};

/// Buffers, by their ABI numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Buffer {
    HttpBody(Direction),
    Downstream,
    Upstream,
    CallBody,
    GrpcMessage,
    VmConfiguration,
    PluginConfiguration,
    CallData,
}

impl Buffer {
    fn from_abi(number: u32) -> Result<Self, Status> {
        Ok(match number {
            0 => Self::HttpBody(Direction::Request),
            1 => Self::HttpBody(Direction::Response),
            2 => Self::Downstream,
            3 => Self::Upstream,
            4 => Self::CallBody,
            5 => Self::GrpcMessage,
            6 => Self::VmConfiguration,
            7 => Self::PluginConfiguration,
            8 => Self::CallData,
            _ => return Err(Status::BadArgument),
        })
    }
}

pub(super) fn add(linker: &mut Linker<VmState>) -> wasmtime::Result<()> {
    import!(linker, "proxy_get_buffer_bytes", |guest,
                                               buffer: u32,
                                               start: u32,
                                               max: u32,
                                               data_at: u32,
                                               size_at: u32| {
        get_bytes(guest, buffer, (start, max), data_at, size_at)
    });
    import!(linker, "proxy_get_buffer_status", |guest, buffer: u32, size_at: u32, flags_at: u32| {
        get_status(guest, buffer, size_at, flags_at)
    });
    import!(linker, "proxy_set_buffer_bytes", |guest,
                                               buffer: u32,
                                               start: u32,
                                               size: u32,
                                               data: u32,
                                               data_size: u32| {
        set_bytes(guest, buffer, (start, size), (data, data_size))
    });
    Ok(())
}

fn get_bytes(guest: &mut Guest<'_, '_>, buffer: u32, range: (u32, u32), data_at: u32, size_at: u32) -> Outcome {
    let bytes = contents(guest, Buffer::from_abi(buffer)?)?;
    let start = (range.0 as usize).min(bytes.len());
    let end = start.saturating_add(range.1 as usize).min(bytes.len());
    guest.give(&bytes[start..end], data_at, size_at)
}

fn get_status(guest: &mut Guest<'_, '_>, buffer: u32, size_at: u32, flags_at: u32) -> Outcome {
    let size = contents(guest, Buffer::from_abi(buffer)?)?.len();
    guest.write_u32(size_at, size as u32)?;
    Ok(guest.write_u32(flags_at, 0)?)
}

/// What a buffer holds. One that the context does not have now is empty, or for some kinds `NotFound`.
fn contents(guest: &Guest<'_, '_>, buffer: Buffer) -> Result<Vec<u8>, Status> {
    let context = guest.context()?;
    let root = &guest.root()?.root_view;
    match buffer {
        Buffer::HttpBody(direction) => Ok(body(context, direction)),
        Buffer::Downstream => match &context.target {
            Target::Tcp(connection) if context.tcp.downstream => Ok(connection.read_buffer()),
            _ => Ok(Vec::new()),
        },
        Buffer::Upstream => Ok(context.tcp.upstream.clone().unwrap_or_default()),
        Buffer::CallBody => Ok(root.call_response.as_ref().ok_or(Status::NotFound)?.bytes()),
        Buffer::GrpcMessage => Ok(root.grpc_message.clone().unwrap_or_default()),
        Buffer::VmConfiguration => Ok(guest.state().configuration.clone()),
        Buffer::PluginConfiguration => {
            let plugin = context.plugin.as_ref().filter(|_| context.root_view.configuring);
            Ok(plugin.ok_or(Status::NotFound)?.configuration.clone())
        }
        Buffer::CallData => Ok(Vec::new()),
    }
}

fn body(context: &Context, direction: Direction) -> Vec<u8> {
    let view = &context.http;
    let buffered = || match &context.target {
        Target::Http(stream, _) => stream.lock().lanes[direction as usize].buffered.clone().unwrap_or_default(),
        _ => Vec::new(),
    };
    match &view.body[direction as usize] {
        _ if view.buffering[direction as usize] => buffered(),
        Body::Buffered => buffered(),
        Body::Frame(frame) => frame.clone(),
        Body::None => Vec::new(),
    }
}

fn set_bytes(guest: &mut Guest<'_, '_>, buffer: u32, range: (u32, u32), data: (u32, u32)) -> Outcome {
    let buffer = Buffer::from_abi(buffer)?;
    // Envoy looks for the buffer before it looks at the data.
    contents(guest, buffer)?;
    let data = guest.read(data.0, data.1)?;
    let context = guest.context_mut()?;
    let replaced = match buffer {
        Buffer::HttpBody(direction) => {
            let target = context.target.clone();
            let view = &mut context.http;
            let buffering = view.buffering[direction as usize];
            match (&mut view.body[direction as usize], target) {
                (Body::Frame(frame), _) if !buffering => replace(frame, range, &data),
                (held, Target::Http(stream, _)) if buffering || matches!(held, Body::Buffered) => {
                    match &mut stream.lock().lanes[direction as usize].buffered {
                        Some(buffered) => replace(buffered, range, &data),
                        None => Err(Status::BadArgument),
                    }
                }
                _ => Err(Status::BadArgument),
            }
        }
        Buffer::Downstream => match &context.target {
            Target::Tcp(connection) if context.tcp.downstream => {
                connection.change_read_buffer(|buffer| replace(buffer, range, &data))
            }
            _ => Err(Status::BadArgument),
        },
        Buffer::Upstream => match &mut context.tcp.upstream {
            Some(buffer) => replace(buffer, range, &data),
            None => Err(Status::BadArgument),
        },
        _ => Err(Status::BadArgument),
    };
    Ok(replaced?)
}

/// Envoy can put bytes in front, in place of the first ones, or at the end.
fn replace(buffer: &mut Vec<u8>, (start, size): (u32, u32), data: &[u8]) -> Result<(), Status> {
    let (start, size) = (start as usize, size as usize);
    if start == 0 {
        buffer.splice(..size.min(buffer.len()), data.iter().copied());
        Ok(())
    } else if start >= buffer.len() {
        buffer.extend_from_slice(data);
        Ok(())
    } else {
        Err(Status::BadArgument)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(start: u32, size: u32, data: &str) -> Result<String, Status> {
        let mut buffer = b"hello".to_vec();
        replace(&mut buffer, (start, size), data.as_bytes())?;
        Ok(String::from_utf8(buffer).unwrap())
    }

    #[test]
    fn a_buffer_changes_at_its_ends_only() {
        assert_eq!(replaced(0, 0, "x").unwrap(), "xhello");
        assert_eq!(replaced(0, 2, "x").unwrap(), "xllo");
        assert_eq!(replaced(0, u32::MAX, "x").unwrap(), "x");
        assert_eq!(replaced(5, 9, "x").unwrap(), "hellox");
        assert_eq!(replaced(1, 1, "x"), Err(Status::BadArgument));
    }
}
