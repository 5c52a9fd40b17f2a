//! A filter that holds a request until its body is whole, and looks at nothing: what every filter pays that needs the
//! body.
#![cfg(target_arch = "wasm32")]

#[path = "../../empty/src/required.rs"]
mod required;

const CONTINUE: i32 = 0;
const PAUSE: i32 = 1;

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(_context: u32, _headers: usize, end_of_stream: i32) -> i32 {
    if end_of_stream == 0 { PAUSE } else { CONTINUE }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(_context: u32, _bytes: usize, end_of_stream: i32) -> i32 {
    if end_of_stream == 0 { PAUSE } else { CONTINUE }
}
