//! A WebSocket backend, for Envoy alone to proxy to.

use std::io::{self, Write};
use std::net::TcpListener;
use std::thread;

use crate::connection::{Connection, TEXT};

/// Stack of a connection's thread: there are thousands.
const STACK_BYTES: usize = 128 << 10;

/// Echoes every message of every connection, until it is ended.
pub fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    io::stdout().flush()?;
    for stream in listener.incoming() {
        let stream = stream?;
        thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
            let Ok(mut connection) = Connection::accept(stream) else { return };
            while let Ok(message) = connection.receive() {
                if connection.send(TEXT, &message).is_err() {
                    return;
                }
            }
        })?;
    }
    Ok(())
}
