//! WASI, as far as Envoy offers it: a clock, random numbers, the environment, and two files that are the log.

use wasmtime::{Caller, Linker};

use super::{Guest, general, permit};
use crate::{Level, Status, vm::VmState};

/// WASI error numbers.
const SUCCESS: u32 = 0;
const BADF: u32 = 8;
const NOTDIR: u32 = 20;
const FAULT: u32 = 21;
const INVAL: u32 = 28;
const NOENT: u32 = 44;
const NOSYS: u32 = 52;
const NOTSUP: u32 = 58;

/// Envoy's limit for one call, in bytes.
const MAX_RANDOM: u32 = 64 * 1024;

/// Defines a function: `wasi!(linker, module, name, |guest, arguments…| error number or bad pointer)`.
macro_rules! wasi {
    ($linker:ident, $module:ident, $name:literal, |$guest:ident $(, $argument:ident: $type:ty)*| $body:expr) => {
        $linker.func_wrap(
            $module,
            $name,
            |mut caller: Caller<'_, VmState> $(, $argument: $type)*| -> wasmtime::Result<u32> {
                permit(&caller, concat!("wasi.", $name))?;
                let mut guest = Guest::new(&mut caller)?;
                let $guest = &mut guest;
                let outcome: Result<u32, Status> = $body;
                Ok(outcome.unwrap_or(FAULT))
            },
        )?;
    };
}

/// Defines a function that only returns an error number.
macro_rules! stub {
    ($linker:ident, $module:ident, $name:literal, ($($type:ty),*), $errno:expr) => {
        $linker.func_wrap(
            $module,
            $name,
            |caller: Caller<'_, VmState> $(, _: $type)*| -> wasmtime::Result<u32> {
                permit(&caller, concat!("wasi.", $name))?;
                Ok($errno)
            },
        )?;
    };
}

pub(super) fn add(linker: &mut Linker<VmState>, module: &str) -> wasmtime::Result<()> {
    files(linker, module)?;
    paths_and_sockets(linker, module)?;
    wasi!(linker, module, "clock_time_get", |guest, clock: u32, _precision: u64, time_at: u32| {
        let now = match clock {
            0 => guest.state().host.clock.wall(),
            1 => guest.state().host.clock.monotonic(),
            _ => return Ok(NOTSUP),
        };
        guest.write_u64(time_at, now.as_nanos() as u64).map(|()| SUCCESS)
    });
    wasi!(linker, module, "clock_res_get", |guest, clock: u32, resolution_at: u32| {
        if clock > 1 { Ok(NOTSUP) } else { guest.write_u64(resolution_at, 1).map(|()| SUCCESS) }
    });
    wasi!(linker, module, "random_get", |guest, buffer: u32, size: u32| random(guest, buffer, size));
    wasi!(linker, module, "environ_sizes_get", |guest, count_at: u32, size_at: u32| {
        let environment = &guest.state().environment;
        let size: usize = environment.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
        let count = environment.len() as u32;
        guest.write_u32(count_at, count).and_then(|()| guest.write_u32(size_at, size as u32)).map(|()| SUCCESS)
    });
    wasi!(linker, module, "environ_get", |guest, pointers: u32, buffer: u32| environ_get(guest, pointers, buffer));
    wasi!(linker, module, "args_sizes_get", |guest, count_at: u32, size_at: u32| {
        guest.write_u32(count_at, 0).and_then(|()| guest.write_u32(size_at, 0)).map(|()| SUCCESS)
    });
    stub!(linker, module, "args_get", (u32, u32), SUCCESS);
    stub!(linker, module, "sched_yield", (), SUCCESS);
    wasi!(linker, module, "poll_oneoff", |guest, _in: u32, _out: u32, _count: u32, events_at: u32| {
        guest.write_u32(events_at, 0).map(|()| SUCCESS)
    });
    // Envoy returns from it; what Rust puts behind the call traps.
    linker.func_wrap(module, "proc_exit", |_: Caller<'_, VmState>, _code: u32| ())?;
    Ok(())
}

fn files(linker: &mut Linker<VmState>, module: &str) -> wasmtime::Result<()> {
    wasi!(linker, module, "fd_write", |guest, fd: u32, vectors: u32, count: u32, written_at: u32| {
        fd_write(guest, fd, vectors, count, written_at)
    });
    wasi!(linker, module, "fd_pwrite", |guest, fd: u32, vectors: u32, count: u32, _offset: u64, written_at: u32| {
        fd_write(guest, fd, vectors, count, written_at)
    });
    wasi!(linker, module, "fd_fdstat_get", |guest, fd: u32, stat_at: u32| {
        // Only the right to write (64) is set in the 24 bytes.
        let stat = [0_u64, 64, 0].map(u64::to_le_bytes).concat();
        if is_log(fd) { guest.write(stat_at, &stat).map(|()| SUCCESS) } else { Ok(BADF) }
    });
    wasi!(linker, module, "fd_tell", |guest, fd: u32, offset_at: u32| {
        if is_log(fd) { guest.write_u64(offset_at, 0).map(|()| SUCCESS) } else { Ok(BADF) }
    });
    wasi!(linker, module, "fd_readdir", |guest, _fd: u32, _buffer: u32, _size: u32, _cookie: u64, size_at: u32| {
        guest.write_u32(size_at, 0).map(|()| NOTDIR)
    });
    wasi!(linker, module, "fd_allocate", |_guest, fd: u32, _a: u64, _b: u64| Ok(for_log(fd)));
    wasi!(linker, module, "fd_datasync", |_guest, fd: u32| Ok(for_log(fd)));
    wasi!(linker, module, "fd_sync", |_guest, fd: u32| Ok(for_log(fd)));
    wasi!(linker, module, "fd_fdstat_set_rights", |_guest, fd: u32, _a: u64, _b: u64| Ok(for_log(fd)));
    wasi!(linker, module, "fd_filestat_set_size", |_guest, fd: u32, _size: u64| Ok(for_log(fd)));
    wasi!(linker, module, "fd_filestat_set_times", |_guest, fd: u32, _a: u64, _b: u64, _c: u32| Ok(for_log(fd)));
    wasi!(linker, module, "fd_renumber", |_guest, fd: u32, to: u32| {
        Ok(if is_log(fd) && is_log(to) { NOTSUP } else { BADF })
    });
    stub!(linker, module, "fd_advise", (u32, u64, u64, u32), SUCCESS);
    stub!(linker, module, "fd_close", (u32), SUCCESS);
    stub!(linker, module, "fd_seek", (u32, i64, u32, u32), SUCCESS);
    stub!(linker, module, "fd_read", (u32, u32, u32, u32), NOSYS);
    stub!(linker, module, "fd_pread", (u32, u32, u32, u64, u32), NOSYS);
    stub!(linker, module, "fd_fdstat_set_flags", (u32, u32), NOSYS);
    stub!(linker, module, "fd_filestat_get", (u32, u32), BADF);
    stub!(linker, module, "fd_prestat_get", (u32, u32), BADF);
    stub!(linker, module, "fd_prestat_dir_name", (u32, u32, u32), NOSYS);
    Ok(())
}

fn paths_and_sockets(linker: &mut Linker<VmState>, module: &str) -> wasmtime::Result<()> {
    stub!(linker, module, "path_open", (u32, u32, u32, u32, u32, u64, u64, u32, u32), NOENT);
    stub!(linker, module, "path_filestat_get", (u32, u32, u32, u32, u32), NOTSUP);
    stub!(linker, module, "path_create_directory", (u32, u32, u32), NOTSUP);
    stub!(linker, module, "path_filestat_set_times", (u32, u32, u32, u32, u64, u64, u32), NOTSUP);
    stub!(linker, module, "path_link", (u32, u32, u32, u32, u32, u32), NOTSUP);
    stub!(linker, module, "path_readlink", (u32, u32, u32, u32, u32, u32), NOTSUP);
    stub!(linker, module, "path_remove_directory", (u32, u32, u32), NOTSUP);
    stub!(linker, module, "path_rename", (u32, u32, u32, u32, u32, u32), NOTSUP);
    stub!(linker, module, "path_symlink", (u32, u32, u32, u32), NOTSUP);
    stub!(linker, module, "path_unlink_file", (u32, u32, u32), NOTSUP);
    stub!(linker, module, "sock_accept", (u32, u32, u32), NOTSUP);
    stub!(linker, module, "sock_recv", (u32, u32, u32, u32, u32, u32), NOTSUP);
    stub!(linker, module, "sock_send", (u32, u32, u32, u32, u32), NOTSUP);
    stub!(linker, module, "sock_shutdown", (u32, u32), NOTSUP);
    Ok(())
}

/// Standard output (1) and standard error (2).
fn is_log(fd: u32) -> bool {
    fd == 1 || fd == 2
}

fn for_log(fd: u32) -> u32 {
    if is_log(fd) { SUCCESS } else { BADF }
}

fn fd_write(guest: &mut Guest<'_, '_>, fd: u32, vectors: u32, count: u32, written_at: u32) -> Result<u32, Status> {
    let level = match fd {
        1 => Level::Info,
        2 => Level::Error,
        _ => return Ok(BADF),
    };
    let mut text = Vec::new();
    for index in 0..count {
        let vector = guest.read(vectors.wrapping_add(index.wrapping_mul(8)), 8)?;
        let number = |at: usize| u32::from_le_bytes([vector[at], vector[at + 1], vector[at + 2], vector[at + 3]]);
        if number(4) != 0 {
            text.extend(guest.read(number(0), number(4))?);
        }
    }
    let written = text.len() as u32;
    if !text.is_empty() {
        general::write_log(guest, level, text.strip_suffix(b"\n").unwrap_or(&text));
    }
    guest.write_u32(written_at, written).map(|()| SUCCESS)
}

fn random(guest: &mut Guest<'_, '_>, buffer: u32, size: u32) -> Result<u32, Status> {
    if size > MAX_RANDOM {
        return Ok(INVAL);
    }
    let mut bytes = Vec::with_capacity(size as usize + 8);
    while bytes.len() < size as usize {
        bytes.extend(next_random(&mut guest.state_mut().random).to_le_bytes());
    }
    guest.write(buffer, &bytes[..size as usize]).map(|()| SUCCESS)
}

/// SplitMix64.
fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn environ_get(guest: &mut Guest<'_, '_>, pointers: u32, buffer: u32) -> Result<u32, Status> {
    let (mut pointer_at, mut string_at) = (pointers, buffer);
    for (name, value) in guest.state().environment.clone() {
        let string = format!("{name}={value}\0");
        guest.write_u32(pointer_at, string_at)?;
        guest.write(string_at, string.as_bytes())?;
        pointer_at = pointer_at.wrapping_add(4);
        string_at = string_at.wrapping_add(string.len() as u32);
    }
    Ok(SUCCESS)
}
