//! A filter that holds a request until its body is whole, and looks at nothing: what every filter pays that needs the
//! body. Written with the SDK, as the empty one.
#![cfg(target_arch = "wasm32")]
// The SDK's macro makes a function without documentation.
#![allow(missing_docs)]

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(Buffering) });
}}

struct Buffering;

impl Context for Buffering {}

impl HttpContext for Buffering {
    fn on_http_request_headers(&mut self, _headers: usize, end_of_stream: bool) -> Action {
        if end_of_stream { Action::Continue } else { Action::Pause }
    }

    fn on_http_request_body(&mut self, _bytes: usize, end_of_stream: bool) -> Action {
        if end_of_stream { Action::Continue } else { Action::Pause }
    }
}

impl RootContext for Buffering {
    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Self))
    }
}
