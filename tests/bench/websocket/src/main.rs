//! The WebSocket side of the benchmark. Prints one line of JSON.
//!
//! ```text
//! bench-websocket load ADDR:PORT PATH CONNECTIONS SECONDS   messages there and back, one after the other on each connection
//! bench-websocket hold ADDR:PORT PATH CONNECTIONS           opens connections, answers pings, ends with standard input
//! bench-websocket drop ADDR:PORT PATH CONNECTIONS           opens connections, sends a message, closes every other one
//!                                                           and drops the rest
//! bench-websocket serve                                     echoes every message; prints its port first
//! bench-websocket serve-http                                echoes every request's body; prints its port first
//! ```
#![allow(clippy::arithmetic_side_effects, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod connection;
mod load;
mod serve;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["load", address, path, connections, seconds] => {
            load::load(address, path, number(connections), number(seconds))
        }
        ["hold", address, path, connections] => load::hold(address, path, number(connections)),
        ["drop", address, path, connections] => load::drop_all(address, path, number(connections)),
        ["serve"] => serve::serve(),
        ["serve-http"] => serve::serve_http(),
        _ => panic!("expected load, hold, drop, serve or serve-http; see the beginning of main.rs"),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> u32 {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}
