//! The proxy-wasm ABI 0.2.1 as Envoy offers it: every host call with its status handled.
//!
//! The imports are declared here rather than taken from the `proxy-wasm` SDK because the SDK's wrappers panic on any
//! status they do not expect and its dispatcher on any context it does not know, and a panic stops every stream of
//! the worker. This is the only module with `unsafe`.
//!
//! Source: <https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1>
#![allow(unsafe_code)]

use std::num::NonZeroU32;

/// Status of a host call other than `Ok`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(i32);

impl Status {
    /// There is no such thing.
    pub const NOT_FOUND: Self = Self(1);
    /// Shared data was changed by somebody else.
    pub const CAS_MISMATCH: Self = Self(8);
}

/// Result of a host call.
pub type Result<T> = std::result::Result<T, Status>;

/// Header maps by their ABI number.
#[derive(Clone, Copy)]
#[repr(i32)]
pub enum Map {
    /// Headers of the request.
    Request = 0,
    /// Headers of the response.
    Response = 2,
    /// Headers of a callout's answer.
    CalloutAnswer = 6,
}

/// Buffers by their ABI number.
#[derive(Clone, Copy)]
#[repr(i32)]
pub enum Buffer {
    /// Request body.
    Request = 0,
    /// Response body.
    Response = 1,
    /// What a connection's client has sent.
    Downstream = 2,
    /// What a connection's backend has sent.
    Upstream = 3,
    /// Body of a callout's answer.
    CalloutAnswer = 4,
    /// Configuration of the filter.
    Configuration = 7,
}

/// Streams that can be resumed.
#[derive(Clone, Copy)]
#[repr(i32)]
pub enum Half {
    /// The way to the upstream.
    Request = 0,
    /// The way to the client.
    Response = 1,
    /// What a connection's client sends.
    Downstream = 2,
}

mod import {
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        pub fn proxy_log(level: i32, message: *const u8, size: usize) -> i32;
        pub fn proxy_get_current_time_nanoseconds(time: *mut u64) -> i32;
        pub fn proxy_set_tick_period_milliseconds(period: u32) -> i32;
        pub fn proxy_get_buffer_bytes(
            buffer: i32,
            start: usize,
            max: usize,
            data: *mut *mut u8,
            size: *mut usize,
        ) -> i32;
        pub fn proxy_set_buffer_bytes(buffer: i32, start: usize, size: usize, data: *const u8, data_size: usize)
        -> i32;
        pub fn proxy_get_header_map_pairs(map: i32, data: *mut *mut u8, size: *mut usize) -> i32;
        pub fn proxy_get_header_map_size(map: i32, size: *mut usize) -> i32;
        pub fn proxy_get_header_map_value(
            map: i32,
            key: *const u8,
            key_size: usize,
            data: *mut *mut u8,
            size: *mut usize,
        ) -> i32;
        pub fn proxy_replace_header_map_value(
            map: i32,
            key: *const u8,
            key_size: usize,
            value: *const u8,
            value_size: usize,
        ) -> i32;
        pub fn proxy_add_header_map_value(
            map: i32,
            key: *const u8,
            key_size: usize,
            value: *const u8,
            value_size: usize,
        ) -> i32;
        pub fn proxy_remove_header_map_value(map: i32, key: *const u8, key_size: usize) -> i32;
        pub fn proxy_get_property(path: *const u8, path_size: usize, data: *mut *mut u8, size: *mut usize) -> i32;
        pub fn proxy_set_property(path: *const u8, path_size: usize, value: *const u8, value_size: usize) -> i32;
        pub fn proxy_get_shared_data(
            key: *const u8,
            key_size: usize,
            data: *mut *mut u8,
            size: *mut usize,
            cas: *mut u32,
        ) -> i32;
        pub fn proxy_set_shared_data(
            key: *const u8,
            key_size: usize,
            value: *const u8,
            value_size: usize,
            cas: u32,
        ) -> i32;
        pub fn proxy_register_shared_queue(name: *const u8, name_size: usize, queue: *mut u32) -> i32;
        pub fn proxy_resolve_shared_queue(
            vm_id: *const u8,
            vm_id_size: usize,
            name: *const u8,
            name_size: usize,
            queue: *mut u32,
        ) -> i32;
        pub fn proxy_enqueue_shared_queue(queue: u32, value: *const u8, value_size: usize) -> i32;
        pub fn proxy_dequeue_shared_queue(queue: u32, data: *mut *mut u8, size: *mut usize) -> i32;
        pub fn proxy_continue_stream(half: i32) -> i32;
        pub fn proxy_close_stream(half: i32) -> i32;
        pub fn proxy_set_effective_context(context: u32) -> i32;
        pub fn proxy_send_local_response(
            status: u32,
            details: *const u8,
            details_size: usize,
            body: *const u8,
            body_size: usize,
            headers: *const u8,
            headers_size: usize,
            grpc_status: i32,
        ) -> i32;
        pub fn proxy_http_call(
            cluster: *const u8,
            cluster_size: usize,
            headers: *const u8,
            headers_size: usize,
            body: *const u8,
            body_size: usize,
            trailers: *const u8,
            trailers_size: usize,
            timeout_millis: u32,
            token: *mut u32,
        ) -> i32;
        pub fn proxy_call_foreign_function(
            name: *const u8,
            name_size: usize,
            argument: *const u8,
            argument_size: usize,
            data: *mut *mut u8,
            size: *mut usize,
        ) -> i32;
        pub fn proxy_define_metric(kind: i32, name: *const u8, name_size: usize, id: *mut u32) -> i32;
        pub fn proxy_increment_metric(id: u32, by: i64) -> i32;
        pub fn proxy_record_metric(id: u32, value: u64) -> i32;
    }
}

fn check(status: i32) -> Result<()> {
    if status == 0 { Ok(()) } else { Err(Status(status)) }
}

/// Runs a host call that hands over a buffer which it has obtained from [`allocate`].
fn received(call: impl FnOnce(*mut *mut u8, *mut usize) -> i32) -> Result<Vec<u8>> {
    let mut data: *mut u8 = std::ptr::null_mut();
    let mut size = 0;
    check(call(&mut data, &mut size))?;
    if data.is_null() || size == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the host filled `size` bytes at `data`, memory that it has got from `allocate(size)` and gives up here.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}

/// Memory for the host to write into; `received` takes it back.
pub fn allocate(size: usize) -> *mut u8 {
    let mut memory = std::mem::ManuallyDrop::new(Vec::<u8>::with_capacity(size.max(1)));
    memory.as_mut_ptr()
}

/// Writes a log line.
pub fn log(level: i32, message: &str) {
    // SAFETY: pointer and size are of one live slice, as in every call below.
    let _ = unsafe { import::proxy_log(level, message.as_ptr(), message.len()) };
}

/// Nanoseconds since 1970.
pub fn current_time_nanos() -> Result<u64> {
    let mut nanos = 0;
    check(unsafe { import::proxy_get_current_time_nanoseconds(&mut nanos) })?;
    Ok(nanos)
}

/// Sets how often the root context ticks.
pub fn set_tick_period(millis: u32) -> Result<()> {
    check(unsafe { import::proxy_set_tick_period_milliseconds(millis) })
}

/// The first `max` bytes of a buffer.
pub fn buffer(buffer: Buffer, max: usize) -> Result<Vec<u8>> {
    received(|data, size| unsafe { import::proxy_get_buffer_bytes(buffer as i32, 0, max, data, size) })
}

/// Replaces all that a buffer holds.
pub fn replace_buffer(buffer: Buffer, bytes: &[u8]) -> Result<()> {
    check(unsafe { import::proxy_set_buffer_bytes(buffer as i32, 0, usize::MAX, bytes.as_ptr(), bytes.len()) })
}

/// Appends to what a buffer holds.
pub fn append_buffer(buffer: Buffer, bytes: &[u8]) -> Result<()> {
    /// A start beyond the end appends.
    const BEYOND: usize = 1 << 30;
    check(unsafe { import::proxy_set_buffer_bytes(buffer as i32, BEYOND, 0, bytes.as_ptr(), bytes.len()) })
}

/// All headers of a map, serialised.
pub fn headers(map: Map) -> Result<Vec<u8>> {
    received(|data, size| unsafe { import::proxy_get_header_map_pairs(map as i32, data, size) })
}

/// How many bytes the names and values of a map add up to.
pub fn headers_size(map: Map) -> Result<usize> {
    let mut size = 0;
    check(unsafe { import::proxy_get_header_map_size(map as i32, &mut size) })?;
    Ok(size)
}

/// One header of a map.
pub fn header(map: Map, name: &str) -> Result<Vec<u8>> {
    received(|data, size| unsafe {
        import::proxy_get_header_map_value(map as i32, name.as_ptr(), name.len(), data, size)
    })
}

/// Replaces all values of a header by one.
pub fn set_header(map: Map, name: &str, value: &[u8]) -> Result<()> {
    check(unsafe {
        import::proxy_replace_header_map_value(map as i32, name.as_ptr(), name.len(), value.as_ptr(), value.len())
    })
}

/// Adds a header.
pub fn add_header(map: Map, name: &str, value: &[u8]) -> Result<()> {
    check(unsafe {
        import::proxy_add_header_map_value(map as i32, name.as_ptr(), name.len(), value.as_ptr(), value.len())
    })
}

/// Takes a header away.
pub fn remove_header(map: Map, name: &str) -> Result<()> {
    check(unsafe { import::proxy_remove_header_map_value(map as i32, name.as_ptr(), name.len()) })
}

/// One of Envoy's attributes or filter state values; `path` has its segments joined by NUL.
pub fn property(path: &[u8]) -> Result<Vec<u8>> {
    received(|data, size| unsafe { import::proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

/// Sets a filter state value.
pub fn set_property(path: &[u8], value: &[u8]) -> Result<()> {
    check(unsafe { import::proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) })
}

/// A shared value and its version.
pub fn shared_data(key: &str) -> Result<(Vec<u8>, Option<NonZeroU32>)> {
    let mut cas = 0;
    let value =
        received(|data, size| unsafe { import::proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &mut cas) })?;
    Ok((value, NonZeroU32::new(cas)))
}

/// Writes a shared value if its version is still `expected`, or whatever is there.
pub fn set_shared_data(key: &str, value: &[u8], expected: Option<NonZeroU32>) -> Result<()> {
    let cas = expected.map_or(0, NonZeroU32::get);
    check(unsafe { import::proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas) })
}

/// The queue of that name in this VM's `vm_id`, which the current root context is told about from now on.
pub fn register_queue(name: &str) -> Result<u32> {
    let mut queue = 0;
    check(unsafe { import::proxy_register_shared_queue(name.as_ptr(), name.len(), &mut queue) })?;
    Ok(queue)
}

/// A queue that some VM of `vm_id` has registered.
pub fn resolve_queue(vm_id: &[u8], name: &str) -> Result<u32> {
    let mut queue = 0;
    check(unsafe {
        import::proxy_resolve_shared_queue(vm_id.as_ptr(), vm_id.len(), name.as_ptr(), name.len(), &mut queue)
    })?;
    Ok(queue)
}

/// Puts a message into a queue.
pub fn enqueue(queue: u32, message: &[u8]) -> Result<()> {
    check(unsafe { import::proxy_enqueue_shared_queue(queue, message.as_ptr(), message.len()) })
}

/// Takes a message out of a queue.
pub fn dequeue(queue: u32) -> Result<Vec<u8>> {
    received(|data, size| unsafe { import::proxy_dequeue_shared_queue(queue, data, size) })
}

/// Resumes a held stream.
pub fn continue_stream(half: Half) -> Result<()> {
    check(unsafe { import::proxy_continue_stream(half as i32) })
}

/// Closes a connection, once what it has written is sent.
pub fn close_stream(half: Half) -> Result<()> {
    check(unsafe { import::proxy_close_stream(half as i32) })
}

/// Answers the client. `headers` are serialised; `details` shows as `%RESPONSE_CODE_DETAILS%`.
pub fn send_local_response(status: u16, details: &str, headers: &[u8], body: &[u8]) -> Result<()> {
    const NO_GRPC_STATUS: i32 = -1;
    check(unsafe {
        import::proxy_send_local_response(
            u32::from(status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        )
    })
}

/// Makes `context` the one that the following calls are about. Fails when Envoy does not know it any more.
pub fn set_effective_context(context: u32) -> Result<()> {
    check(unsafe { import::proxy_set_effective_context(context) })
}

/// Sends an HTTP call; the answer comes to the context that is current now.
pub fn http_call(cluster: &str, headers: &[u8], body: &[u8], timeout_millis: u32) -> Result<u32> {
    const NO_TRAILERS: [u8; 4] = [0; 4];
    let mut token = 0;
    check(unsafe {
        import::proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            NO_TRAILERS.as_ptr(),
            NO_TRAILERS.len(),
            timeout_millis,
            &mut token,
        )
    })?;
    Ok(token)
}

/// Calls one of the host's own functions.
pub fn call_foreign_function(name: &str, argument: &[u8]) -> Result<Vec<u8>> {
    received(|data, size| unsafe {
        import::proxy_call_foreign_function(name.as_ptr(), name.len(), argument.as_ptr(), argument.len(), data, size)
    })
}

/// What a metric is; numbers as in the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter = 0,
    /// Envoy keeps the distribution of values.
    Histogram = 2,
}

/// Defines a metric; the same name gives the same metric.
pub fn define_metric(kind: Kind, name: &str) -> Result<u32> {
    let mut id = 0;
    check(unsafe { import::proxy_define_metric(kind as i32, name.as_ptr(), name.len(), &mut id) })?;
    Ok(id)
}

/// Adds to a counter.
pub fn increment(metric: u32, by: u64) -> Result<()> {
    check(unsafe { import::proxy_increment_metric(metric, i64::try_from(by).unwrap_or(i64::MAX)) })
}

/// Notes a value in a histogram.
pub fn record(metric: u32, value: u64) -> Result<()> {
    check(unsafe { import::proxy_record_metric(metric, value) })
}
