//! The backends: a WebSocket server for Envoy alone to proxy to, and an HTTP server for the gateway to call. They are alike,
//! a thread for each connection and nothing but an echo, so that what differs is what stands before them.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::connection::{Connection, TEXT};

/// Stack of a connection's thread: there are thousands.
const STACK_BYTES: usize = 128 << 10;

/// Echoes every message of every WebSocket connection, until it is ended.
pub fn serve() -> io::Result<()> {
    accept_all(|stream| {
        let mut connection = Connection::accept(stream)?;
        loop {
            let message = connection.receive()?;
            connection.send(TEXT, &message)?;
        }
    })
}

/// Echoes the body of every HTTP request, until it is ended.
pub fn serve_http() -> io::Result<()> {
    accept_all(|mut stream| {
        stream.set_nodelay(true)?;
        let mut received = Vec::new();
        loop {
            let body = request_body(&mut stream, &mut received)?;
            let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
            answer.extend(body);
            stream.write_all(&answer)?;
        }
    })
}

/// Gives each connection a thread, which ends with it.
fn accept_all(run: impl Fn(TcpStream) -> io::Result<()> + Copy + Send + 'static) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    io::stdout().flush()?;
    for stream in listener.incoming() {
        let stream = stream?;
        thread::Builder::new().stack_size(STACK_BYTES).spawn(move || run(stream))?;
    }
    Ok(())
}

/// The body of the next request, whose length Envoy always says in lower case.
fn request_body(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    const LENGTH: &[u8] = b"content-length: ";
    loop {
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = &received[..end];
            let at = head.windows(LENGTH.len()).position(|window| window == LENGTH);
            let digits = at.map(|at| head[at + LENGTH.len()..].iter().take_while(|byte| byte.is_ascii_digit()));
            let length = digits.map_or(0, |digits| digits.fold(0, |sum, byte| sum * 10 + usize::from(byte - b'0')));
            if received.len() >= end + 4 + length {
                let mut request: Vec<u8> = received.drain(..end + 4 + length).collect();
                return Ok(request.split_off(end + 4));
            }
        }
        let mut buffer = [0; 16 << 10];
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            bytes => received.extend_from_slice(&buffer[..bytes]),
        }
    }
}
