//! A WebSocket client that sends exact bytes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long a client waits for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection after its handshake.
pub struct Client {
    stream: TcpStream,
    received: Vec<u8>,
    /// The handshake's answer, head only.
    pub head: String,
    ended: bool,
}

/// What a client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A whole message.
    Text(Vec<u8>),
    /// A ping.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// The close frame: its payload.
    Close(Vec<u8>),
    /// The end of the connection.
    End,
    /// Nothing in time.
    Nothing,
}

impl Client {
    /// Opens a connection; a header of the caller's replaces the usual one.
    ///
    /// # Errors
    /// It is refused: status line, headers, and what of the body came with them.
    pub fn connect(address: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Result<Self, String> {
        Self::open(address, target, headers, &[])
    }

    /// Opens a connection, and sends bytes right behind the handshake.
    ///
    /// # Errors
    /// It is refused.
    pub fn connect_with(address: SocketAddr, behind: &[u8]) -> Result<Self, String> {
        Self::open(address, "/prod", &[], behind)
    }

    fn open(address: SocketAddr, target: &str, headers: &[(&str, &str)], behind: &[u8]) -> Result<Self, String> {
        let own = [
            ("Host", "api.example"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Version", "13"),
        ];
        let mut request = format!("GET {target} HTTP/1.1\r\n");
        let given = |name: &str| headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        for (name, value) in own.iter().filter(|(name, _)| !given(name)).chain(headers) {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        let stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let mut client = Self { stream, received: Vec::new(), head: String::new(), ended: false };
        client.send(&[request.as_bytes(), behind].concat());
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(end) = client.received.windows(4).position(|window| window == b"\r\n\r\n") {
                let head: Vec<u8> = client.received.drain(..end + 4).collect();
                client.head = String::from_utf8_lossy(&head).into_owned();
                break;
            }
            if !client.read_more(deadline) {
                return Err("no answer to the handshake".to_owned());
            }
        }
        if client.head.starts_with("HTTP/1.1 101 ") {
            return Ok(client);
        }
        client.read_more(Instant::now() + Duration::from_secs(1));
        Err(format!("{}{}", client.head, String::from_utf8_lossy(&client.received)))
    }

    /// Sends bytes; a connection that is closed already does not matter.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Sends bytes for as long as they are taken, and at most so long; gives how many were.
    pub fn send_while_taken(&mut self, bytes: &[u8], patience: Duration) -> usize {
        let _ = self.stream.set_write_timeout(Some(patience));
        let mut sent = 0;
        while sent < bytes.len() {
            match self.stream.write(&bytes[sent..]) {
                Ok(count) if count > 0 => sent += count,
                _ => break,
            }
        }
        sent
    }

    /// Sends a text message.
    pub fn text(&mut self, message: &str) {
        self.send(&frame(0x81, message.as_bytes()));
    }

    /// Ends the connection without a close frame.
    pub fn drop_connection(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// What comes next.
    pub fn next(&mut self) -> Received {
        self.next_within(PATIENCE)
    }

    /// What comes next, if it comes in time.
    pub fn next_within(&mut self, time: Duration) -> Received {
        let deadline = Instant::now() + time;
        let mut message = Vec::new();
        loop {
            match self.take_frame() {
                Some((first, payload)) => match first & 0x0f {
                    0 | 1 => {
                        message.extend(payload);
                        if first & 0x80 != 0 {
                            return Received::Text(message);
                        }
                    }
                    8 => return Received::Close(payload),
                    9 => return Received::Ping(payload),
                    10 => return Received::Pong(payload),
                    opcode => panic!("a frame with opcode {opcode}"),
                },
                None if self.ended => return Received::End,
                None if !self.read_more(deadline) && !self.ended => return Received::Nothing,
                None => {}
            }
        }
    }

    fn take_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, second) = (*self.received.first()?, *self.received.get(1)?);
        let (header, length) = match second {
            126 => (4, usize::from(u16::from_be_bytes(self.received.get(2..4)?.try_into().ok()?))),
            127 => (10, usize::try_from(u64::from_be_bytes(self.received.get(2..10)?.try_into().ok()?)).ok()?),
            short => (2, usize::from(short)),
        };
        let payload = self.received.get(header..header + length)?.to_vec();
        self.received.drain(..header + length);
        Some((first, payload))
    }

    /// Reads what is there; `false` when nothing came in time or the connection has ended.
    fn read_more(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || self.stream.set_read_timeout(Some(left)).is_err() {
            return false;
        }
        let mut buffer = [0; 65_536];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.ended = true,
            Ok(bytes) => {
                self.received.extend_from_slice(&buffer[..bytes]);
                return true;
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => self.ended = true,
        }
        false
    }
}

/// A client's frame, masked.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut out = vec![first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ 0..126), _) => out.push(0x80 | short),
        (_, Ok(length)) => {
            out.push(0x80 | 126);
            out.extend(length.to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend((payload.len() as u64).to_be_bytes());
        }
    }
    out.extend(mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}
