//! One end of a WebSocket connection: small frames, read and written as a whole.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

/// A frame's opcode.
pub const TEXT: u8 = 1;
/// The opcode of a frame that ends a connection.
pub const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// What a client masks with; any bytes will do.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// One end of a connection.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    is_client: bool,
}

impl Connection {
    /// Opens a connection.
    pub fn open(address: &str, path: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut connection = Self { stream, received: Vec::new(), is_client: true };
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        connection.stream.write_all(head.as_bytes())?;
        let head = connection.read_head()?;
        if head.starts_with("HTTP/1.1 101 ") { Ok(connection) } else { Err(io::Error::other(head)) }
    }

    /// Accepts a connection, whoever it is from: all clients here send the same key.
    pub fn accept(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let mut connection = Self { stream, received: Vec::new(), is_client: false };
        connection.read_head()?;
        connection.stream.write_all(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        )?;
        Ok(connection)
    }

    fn read_head(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                let head: Vec<u8> = self.received.drain(..end + 4).collect();
                return Ok(String::from_utf8_lossy(&head).into_owned());
            }
            self.read_more()?;
        }
    }

    fn read_more(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 << 10];
        match self.stream.read(&mut buffer)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            bytes => {
                self.received.extend_from_slice(&buffer[..bytes]);
                Ok(())
            }
        }
    }

    /// Sends a frame.
    pub fn send(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        let mut frame = vec![0x80 | opcode];
        let masked = if self.is_client { 0x80 } else { 0 };
        match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
            (Ok(short @ 0..126), _) => frame.push(masked | short),
            (_, Ok(length)) => {
                frame.push(masked | 126);
                frame.extend(length.to_be_bytes());
            }
            _ => return Err(ErrorKind::InvalidInput.into()),
        }
        if self.is_client {
            frame.extend(MASK);
            frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        } else {
            frame.extend_from_slice(payload);
        }
        self.stream.write_all(&frame)
    }

    /// The next text message, in one frame. Pings are answered on the way.
    pub fn receive(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let (opcode, payload) = loop {
                match self.take_frame() {
                    Some(frame) => break frame,
                    None => self.read_more()?,
                }
            };
            match opcode {
                TEXT => return Ok(payload),
                PING => self.send(PONG, &payload)?,
                CLOSE => return Err(ErrorKind::UnexpectedEof.into()),
                _ => {}
            }
        }
    }

    fn take_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, second) = (*self.received.first()?, *self.received.get(1)?);
        let (mut at, length) = match second & 0x7f {
            126 => (4, usize::from(u16::from_be_bytes(self.received.get(2..4)?.try_into().ok()?))),
            127 => (10, usize::try_from(u64::from_be_bytes(self.received.get(2..10)?.try_into().ok()?)).ok()?),
            short => (2, usize::from(short)),
        };
        let mask: [u8; 4] = if second & 0x80 != 0 {
            at += 4;
            self.received.get(at - 4..at)?.try_into().ok()?
        } else {
            [0; 4]
        };
        let payload = self.received.get(at..at + length)?;
        let payload = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        self.received.drain(..at + length);
        Some((first & 0x0f, payload))
    }
}
