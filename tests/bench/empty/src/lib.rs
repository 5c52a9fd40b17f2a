//! A filter that does nothing: what Envoy itself takes to call into a module once for each request.
//!
//! It exports what Envoy asks of any filter and the callback for request headers, and makes no host call.
#![cfg(target_arch = "wasm32")]

mod required;

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(_context: u32, _headers: usize, _end_of_stream: i32) -> i32 {
    0
}
