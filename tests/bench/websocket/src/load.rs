//! Clients: as fast as they are answered, or idle.

use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::connection::{CLOSE, Connection, TEXT};

/// What each message is: 64 bytes, as short as talk is.
const MESSAGE: &[u8; 64] = br#"{"action":"echo","text":"sixty-four bytes, as short talk goes."}"#;
/// A message whose answer says who the connection is.
const WHO: &[u8] = br#"{"action":"who"}"#;
/// A handshake has to be answered before the next one is sent, by so many threads at once.
const OPENERS: u32 = 16;

/// Sends messages, each once the one before it is answered, on so many connections for so many seconds.
pub fn load(address: &str, path: &str, connections: u32, seconds: u32) -> io::Result<()> {
    let clients = (0..connections).map(|_| Connection::open(address, path)).collect::<io::Result<Vec<_>>>()?;
    let begin = Instant::now();
    let end = begin + Duration::from_secs(u64::from(seconds));
    let threads: Vec<_> = clients.into_iter().map(|client| thread::spawn(move || run(client, end))).collect();
    let mut micros = Vec::new();
    for thread in threads {
        micros.extend(thread.join().expect("a client")?);
    }
    let elapsed = begin.elapsed().as_secs_f64();
    micros.sort_unstable();
    let at = |share: usize| micros.get(micros.len() * share / 100).copied().unwrap_or_default();
    println!(
        r#"{{"messages":{},"per_second":{:.1},"p50":{},"p99":{}}}"#,
        micros.len(),
        micros.len() as f64 / elapsed,
        at(50),
        at(99)
    );
    Ok(())
}

/// The time of each message there and back, in microseconds.
fn run(mut client: Connection, end: Instant) -> io::Result<Vec<u64>> {
    let mut micros = Vec::new();
    loop {
        let begin = Instant::now();
        if begin >= end {
            return Ok(micros);
        }
        client.send(TEXT, MESSAGE)?;
        client.receive()?;
        micros.push(u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
}

/// Opens connections, says how many there are and what the first one is told that asks who it is; that one goes on
/// reading. Ends when standard input does.
pub fn hold(address: &str, path: &str, connections: u32) -> io::Result<()> {
    let mut first = Connection::open(address, path)?;
    first.send(TEXT, WHO)?;
    let told = String::from_utf8_lossy(&first.receive()?).into_owned();
    let others = open_all(address, path, connections - 1, |client, _| Ok(client))?;
    println!(r#"{{"connections":{},"told":{}}}"#, others.len() + 1, told.trim());
    io::stdout().flush()?;
    thread::spawn(move || while first.receive().is_ok() {});
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Opens connections that each send a message; every other one says that it ends, the others are gone without a word.
pub fn drop_all(address: &str, path: &str, connections: u32) -> io::Result<()> {
    let served = open_all(address, path, connections, |mut client, number| {
        client.send(TEXT, WHO)?;
        client.receive()?;
        if number % 2 == 0 {
            client.send(CLOSE, &1000_u16.to_be_bytes())?;
            // The gateway's close frame, and the end.
            while client.receive().is_ok() {}
        }
        Ok(())
    })?;
    println!(r#"{{"connections":{}}}"#, served.len());
    Ok(())
}

/// Opens connections, some at a time, and does something with each.
fn open_all<T: Send + 'static>(
    address: &str,
    path: &str,
    connections: u32,
    then: impl Fn(Connection, u32) -> io::Result<T> + Copy + Send + 'static,
) -> io::Result<Vec<T>> {
    let share = |opener: u32| connections / OPENERS + u32::from(opener < connections % OPENERS);
    let threads: Vec<_> = (0..OPENERS)
        .map(|opener| {
            let (address, path, count) = (address.to_owned(), path.to_owned(), share(opener));
            thread::spawn(move || {
                (0..count)
                    .map(|number| then(Connection::open(&address, &path)?, number))
                    .collect::<io::Result<Vec<T>>>()
            })
        })
        .collect();
    let mut all = Vec::new();
    for thread in threads {
        all.extend(thread.join().expect("an opener")?);
    }
    Ok(all)
}
