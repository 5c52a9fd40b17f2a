//! Header maps: headers and trailers of both directions, of callout answers, of gRPC calls.

use wasmtime::Linker;

use super::{Guest, Outcome, import};
use crate::{Direction, HeaderMap, MapKind, Status, context::Body, context::Target, pairs, vm::VmState};

/// Maps, by their ABI numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Map {
    Headers(Direction),
    Trailers(Direction),
    GrpcInitial,
    GrpcTrailing,
    CallHeaders,
    CallTrailers,
}

impl Map {
    fn from_abi(number: u32) -> Result<Self, Status> {
        Ok(match number {
            0 => Self::Headers(Direction::Request),
            1 => Self::Trailers(Direction::Request),
            2 => Self::Headers(Direction::Response),
            3 => Self::Trailers(Direction::Response),
            4 => Self::GrpcInitial,
            5 => Self::GrpcTrailing,
            6 => Self::CallHeaders,
            7 => Self::CallTrailers,
            _ => return Err(Status::BadArgument),
        })
    }
}

pub(super) fn add(linker: &mut Linker<VmState>) -> wasmtime::Result<()> {
    import!(linker, "proxy_get_header_map_value", |guest,
                                                   map: u32,
                                                   name: u32,
                                                   name_size: u32,
                                                   value_at: u32,
                                                   size_at: u32| {
        get_value(guest, map, (name, name_size), value_at, size_at)
    });
    import!(linker, "proxy_get_header_map_pairs", |guest, map: u32, pairs_at: u32, size_at: u32| {
        get_pairs(guest, map, pairs_at, size_at)
    });
    import!(linker, "proxy_get_header_map_size", |guest, map: u32, size_at: u32| get_size(guest, map, size_at));
    import!(linker, "proxy_set_header_map_pairs", |guest, map: u32, pairs: u32, size: u32| {
        set_pairs(guest, map, (pairs, size))
    });
    import!(linker, "proxy_add_header_map_value", |guest,
                                                   map: u32,
                                                   name: u32,
                                                   name_size: u32,
                                                   value: u32,
                                                   value_size: u32| {
        change(guest, map, (name, name_size), (value, value_size), |map, name, value| map.add(name, value))
    });
    import!(
        linker,
        "proxy_replace_header_map_value",
        |guest, map: u32, name: u32, name_size: u32, value: u32, value_size: u32| {
            change(guest, map, (name, name_size), (value, value_size), |map, name, value| map.set(name, value))
        }
    );
    import!(linker, "proxy_remove_header_map_value", |guest, map: u32, name: u32, name_size: u32| {
        change(guest, map, (name, name_size), (0, 0), |map, name, _| map.remove(name))
    });
    Ok(())
}

fn get_value(guest: &mut Guest<'_, '_>, map: u32, name: (u32, u32), value_at: u32, size_at: u32) -> Outcome {
    let map = Map::from_abi(map)?;
    let name = guest.read(name.0, name.1)?;
    // Without the map: `BadArgument`; while the access log is written: `NotFound`.
    let missing = if guest.context()?.http.access_log { Status::NotFound } else { Status::BadArgument };
    let value = with(guest, map, |map| {
        let map = map.ok_or(missing)?;
        map.get(&String::from_utf8_lossy(&name)).map(<[u8]>::to_vec).ok_or(Status::NotFound)
    })??;
    guest.give(&value, value_at, size_at)
}

fn get_pairs(guest: &mut Guest<'_, '_>, map: u32, pairs_at: u32, size_at: u32) -> Outcome {
    let map = Map::from_abi(map)?;
    let bytes = with(guest, map, |map| {
        let entries: Vec<(&[u8], &[u8])> =
            map.iter().flat_map(|map| map.iter()).map(|(name, value)| (name.as_bytes(), value)).collect();
        if entries.is_empty() { Vec::new() } else { pairs::to_bytes(entries.iter().copied()) }
    })?;
    guest.give(&bytes, pairs_at, size_at)
}

fn get_size(guest: &mut Guest<'_, '_>, map: u32, size_at: u32) -> Outcome {
    let map = Map::from_abi(map)?;
    let size = with_mutable(guest, map, |map| map.byte_size())?;
    Ok(guest.write_u32(size_at, size as u32)?)
}

fn set_pairs(guest: &mut Guest<'_, '_>, map: u32, pairs: (u32, u32)) -> Outcome {
    let map = Map::from_abi(map)?;
    let pairs = pairs::from_bytes(&guest.read(pairs.0, pairs.1)?);
    with_mutable(guest, map, |map| {
        map.clear();
        for (name, value) in &pairs {
            map.add(&String::from_utf8_lossy(name), value);
        }
    })?;
    Ok(())
}

fn change(
    guest: &mut Guest<'_, '_>,
    map: u32,
    name: (u32, u32),
    value: (u32, u32),
    change: impl FnOnce(&mut HeaderMap, &str, &[u8]),
) -> Outcome {
    let map = Map::from_abi(map)?;
    let (name, value) = (guest.read(name.0, name.1)?, guest.read(value.0, value.1)?);
    with_mutable(guest, map, |map| change(map, &String::from_utf8_lossy(&name), &value))?;
    Ok(())
}

/// Hands over a map to read, where the context has it now.
fn with<T>(guest: &Guest<'_, '_>, map: Map, read: impl FnOnce(Option<&HeaderMap>) -> T) -> Result<T, Status> {
    let context = guest.context()?;
    let view = &context.http;
    let open = match map {
        Map::Headers(direction) => view.headers[direction as usize] || view.access_log,
        Map::Trailers(Direction::Request) => view.trailers[0] && !view.access_log,
        Map::Trailers(Direction::Response) => view.trailers[1] || view.access_log,
        _ => true,
    };
    let root = &guest.root()?.root_view;
    Ok(match (map, &context.target) {
        (Map::Headers(direction), Target::Http(stream, _)) if open => {
            read(stream.lock().lanes[direction as usize].headers.as_ref())
        }
        (Map::Trailers(direction), Target::Http(stream, _)) if open => {
            read(stream.lock().lanes[direction as usize].trailers.as_ref())
        }
        (Map::GrpcInitial, _) => read(root.grpc_initial.as_ref()),
        (Map::GrpcTrailing, _) => read(root.grpc_trailing.as_ref()),
        (Map::CallHeaders, _) => read(root.call_response.as_ref().map(|response| &response.headers)),
        (Map::CallTrailers, _) => read(root.call_response.as_ref().and_then(|response| response.trailers.as_ref())),
        (Map::Headers(_) | Map::Trailers(_), _) => read(None),
    })
}

/// Hands over a map to change: those of the stream only. Trailers that do not exist come into being with the body's
/// last frame.
fn with_mutable<T>(guest: &mut Guest<'_, '_>, map: Map, work: impl FnOnce(&mut HeaderMap) -> T) -> Result<T, Status> {
    let context = guest.context_mut()?;
    let Target::Http(stream, _) = context.target.clone() else { return Err(Status::BadArgument) };
    let view = &mut context.http;
    let mut state = stream.lock();
    let found = match map {
        Map::Headers(direction) if view.headers[direction as usize] => state.lanes[direction as usize].headers.as_mut(),
        Map::Trailers(direction) => {
            let trailers = &mut state.lanes[direction as usize].trailers;
            let in_body = !matches!(view.body[direction as usize], Body::None);
            if trailers.is_none() && in_body && view.end_of_stream {
                *trailers = Some(HeaderMap::new(MapKind::Trailers));
                view.trailers[direction as usize] = true;
            }
            trailers.as_mut().filter(|_| view.trailers[direction as usize])
        }
        _ => None,
    };
    found.map(work).ok_or(Status::BadArgument)
}
