//! Binds filters to the proxy-wasm ABI. The only package that knows it.
//!
//! A module is one call of [`module!`]: which filters it holds, and which callbacks it wants. Envoy calls only what
//! a module exports, and each callback costs about 0.3 µs a request, so a filter that looks at request headers alone
//! exports nothing else.
#![cfg(target_arch = "wasm32")]

#[doc(hidden)]
pub mod abi;
mod connection;
mod host;
mod mailbox;
mod metrics;
mod stream;
mod upstream;
#[doc(hidden)]
pub mod vm;

#[doc(hidden)]
pub use chain;
#[doc(hidden)]
pub use vm::NetworkEntry;

/// Makes a module of filters.
///
/// ```ignore
/// shell::module! {
///     filters: [api_key::ApiKey],
///     callbacks: [request_headers],
/// }
/// ```
///
/// `entries: FILTERS` takes a list of [`chain::Entry`] instead of `filters`. `network: [...]` adds network filters. With one filter, `root_id` is not looked at; with several, it names the filter
/// as in `Filter::NAME`. Callbacks: `request_headers`, `request_body` (with trailers), `callout`, `response_headers`,
/// `response_body` (with trailers), `tick`, `log`, `connections`, `messages`.
#[macro_export]
macro_rules! module {
    (
        filters: [$($filter:ty),+ $(,)?],
        $(network: [$($network:ty),+ $(,)?],)?
        callbacks: [$($callback:ident),* $(,)?] $(,)?
    ) => {
        $crate::module! {
            entries: &[$($crate::chain::Entry::of::<$filter>()),+],
            $(network: [$($network),+],)?
            callbacks: [$($callback),*],
        }
    };
    (
        entries: $entries:expr,
        $(network: [$($network:ty),+ $(,)?],)?
        callbacks: [$($callback:ident),* $(,)?] $(,)?
    ) => {
        const HTTP: &[$crate::chain::Entry] = $entries;
        const NETWORK: &[$crate::NetworkEntry] = &[$($($crate::NetworkEntry::of::<$network>()),+)?];

        unsafe extern "C" {
            fn __wasm_call_ctors();
        }

        #[unsafe(no_mangle)]
        extern "C" fn _initialize() {
            // SAFETY: the host calls this once, before anything else, as the WASI reactor ABI says.
            unsafe { __wasm_call_ctors() }
        }

        #[unsafe(no_mangle)]
        extern "C" fn proxy_abi_version_0_2_1() {}

        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
            $crate::abi::allocate(size)
        }

        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_context_create(context: u32, root: u32) {
            $crate::vm::create(context, root)
        }

        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_vm_start(_root: u32, _size: usize) -> i32 {
            1
        }

        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_configure(root: u32, size: usize) -> i32 {
            $crate::vm::configure(root, size, HTTP, NETWORK)
        }

        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_delete(context: u32) {
            $crate::vm::delete(context)
        }

        $($crate::callback!($callback);)*
    };
}

/// Exports the ABI functions of one kind of callback.
#[doc(hidden)]
#[macro_export]
macro_rules! callback {
    (request_headers) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_request_headers(context: u32, _headers: usize, end_of_stream: i32) -> i32 {
            $crate::vm::request_headers(context, end_of_stream != 0)
        }
    };
    (request_body) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_request_body(context: u32, bytes: usize, end_of_stream: i32) -> i32 {
            $crate::vm::request_body(context, bytes, end_of_stream != 0)
        }

        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_request_trailers(context: u32, _trailers: usize) -> i32 {
            $crate::vm::request_trailers(context)
        }
    };
    (callout) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_http_call_response(
            context: u32,
            token: u32,
            headers: usize,
            _body: usize,
            _trailers: usize,
        ) {
            $crate::vm::callout(context, token, headers)
        }
    };
    (response_headers) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_response_headers(context: u32, _headers: usize, end_of_stream: i32) -> i32 {
            $crate::vm::response_headers(context, end_of_stream != 0)
        }
    };
    (response_body) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_response_body(context: u32, bytes: usize, end_of_stream: i32) -> i32 {
            $crate::vm::response_body(context, bytes, end_of_stream != 0)
        }

        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_response_trailers(context: u32, _trailers: usize) -> i32 {
            $crate::vm::response_trailers(context)
        }
    };
    (log) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_log(context: u32) {
            $crate::vm::log(context)
        }
    };
    (tick) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_tick(root: u32) {
            $crate::vm::tick(root)
        }
    };
    (connections) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_new_connection(_context: u32) -> i32 {
            0
        }

        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_downstream_data(context: u32, _bytes: usize, end: i32) -> i32 {
            $crate::vm::downstream_data(context, end != 0)
        }

        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_upstream_data(context: u32, _bytes: usize, end: i32) -> i32 {
            $crate::vm::upstream_data(context, end != 0)
        }

        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_downstream_connection_close(context: u32, _peer: i32) {
            $crate::vm::connection_closed(context)
        }
    };
    (messages) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_queue_ready(_root: u32, queue: u32) {
            $crate::vm::queue_ready(queue)
        }
    };
}
