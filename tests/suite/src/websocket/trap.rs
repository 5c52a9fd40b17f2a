//! A VM that traps: its connections end, their ids are gone, and whoever comes next is served.
//!
//! Nothing that a client, a backend or a definition can say makes the module trap, so the test makes one that does.

use std::time::{Duration, Instant};

use serde_json::json;

use super::client::{Client, Received};
use super::connect::{functions, settings, template};
use super::{check, count};
use crate::client::{self, Request};
use crate::gateway::Gateway;
use crate::paths;
use crate::tally::Tally;

/// The request of a VM in which it traps; at most 63, which is one byte in a module.
const LAST_REQUEST: u8 = 20;
/// How long a VM counts as alive that does not show itself, with time to spare on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ids of sections.
const IMPORT: u8 = 2;
const FUNCTION: u8 = 3;
const GLOBAL: u8 = 6;
const EXPORT: u8 = 7;
const CODE: u8 = 10;

/// Runs the case.
pub fn run(tally: &mut Tally) {
    count(tally, "websocket/changes", "a VM that traps", traps(), String::new);
}

fn traps() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let module = std::fs::read(paths::filters().join("apigw.wasm")).map_err(|error| error.to_string())?;
    std::fs::write(folder.path().join("apigw.wasm"), trapping(&module)).map_err(|error| error.to_string())?;
    let settings = settings(&functions(&[])).to_string();
    let one_worker = ["--concurrency".to_owned(), "1".to_owned()];
    let gateway = Gateway::with_filters(folder.path(), &template(&json!({}), &json!({})), &settings, &one_worker)?;
    let mut clients = (0..5).map(|_| Client::connect(gateway.address, "/prod", &[])).collect::<Result<Vec<_>, _>>()?;
    let old = who(&mut clients[0])?;
    let push = |id: &str| {
        let mut request = Request::new("POST", &format!("/prod/@connections/{id}"));
        request.body = Some(b"pushed".to_vec());
        client::send(gateway.address, &request).map(|answer| answer.status).map_err(|error| error.to_string())
    };
    check(push(&old)? == 200, || "a push before the trap".to_owned())?;
    check(clients[0].next() == Received::Text(b"pushed".to_vec()), || "no push before the trap".to_owned())?;
    let get = || client::send(gateway.address, &Request::new("GET", "/other")).map(|answer| answer.status);
    let trapped = (0..LAST_REQUEST).any(|_| get().is_ok_and(|status| status == 503));
    check(trapped, || "nothing has trapped".to_owned())?;
    for client in &mut clients {
        // Envoy ends it as soon as there is something to do for it.
        client.text("anything");
        let received = client.next();
        check(received == Received::End, || format!("a connection of the trapped VM: {received:?}"))?;
    }
    let mut client = again(|| Client::connect(gateway.address, "/prod", &[]))?;
    let new = who(&mut client)?;
    check(push(&new)? == 200, || "a push after the trap".to_owned())?;
    check(client.next() == Received::Text(b"pushed".to_vec()), || "no push after the trap".to_owned())?;
    // Until the lost worker has not shown itself for a while, it may just be slow.
    again(|| match push(&old)? {
        410 => Ok(()),
        status => Err(format!("a push to a lost connection: {status}")),
    })
}

fn again<T>(attempt: impl Fn() -> Result<T, String>) -> Result<T, String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match attempt() {
            Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(500)),
            result => return result,
        }
    }
}

fn who(client: &mut Client) -> Result<String, String> {
    client.text(r#"{"action": "who"}"#);
    match client.next() {
        Received::Text(text) => Ok(String::from_utf8_lossy(&text).split(' ').next().unwrap_or_default().to_owned()),
        other => Err(format!("{other:?}")),
    }
}

/// The module with a global that counts requests, and a function before `proxy_on_request_headers` that traps.
///
/// Source: <https://webassembly.github.io/spec/core/binary/modules.html>
fn trapping(module: &[u8]) -> Vec<u8> {
    let sections = sections(module);
    let content = |id: u8| sections.iter().find(|(found, _)| *found == id).expect("a section").1;
    let (imported_functions, imported_globals) = imports(content(IMPORT));
    let global = imported_globals + number(&mut content(GLOBAL));
    let function = imported_functions + number(&mut content(FUNCTION));
    let mut exports = content(EXPORT);
    let mut out_exports = leb(number(&mut exports));
    let mut original = None;
    while !exports.is_empty() {
        let name = name(&mut exports);
        let (kind, index) = (byte(&mut exports), number(&mut exports));
        out_exports.extend(leb(name.len() as u32));
        out_exports.extend_from_slice(name);
        out_exports.push(kind);
        let replaced = name == b"proxy_on_request_headers";
        original = original.or(replaced.then_some(index));
        out_exports.extend(leb(if replaced { function } else { index }));
    }
    let original = original.expect("the export");
    let mut types = content(FUNCTION);
    let types: Vec<u32> = (0..number(&mut types)).map(|_| number(&mut types)).collect();
    let get = [&[0x23][..], &leb(global)].concat();
    // get, 1, add, set, get, LAST_REQUEST, ge_u, if, unreachable, end
    let counted =
        [&get[..], &[0x41, 1, 0x6a, 0x24], &leb(global), &get, &[0x41, LAST_REQUEST, 0x4f, 0x04, 0x40, 0, 0x0b]];
    let called = [&[0x20, 0, 0x20, 1, 0x20, 2, 0x10][..], &leb(original), &[0x0b]].concat();
    let body = [&[0][..], &counted.concat(), &called].concat();
    let mut out = module[..8].to_vec();
    for (id, content) in sections {
        let content = match id {
            FUNCTION => appended(content, &leb(types[(original - imported_functions) as usize])),
            GLOBAL => appended(content, &[0x7f, 1, 0x41, 0, 0x0b]),
            EXPORT => out_exports.clone(),
            CODE => appended(content, &[leb(body.len() as u32), body.clone()].concat()),
            _ => content.to_vec(),
        };
        out.push(id);
        out.extend(leb(content.len() as u32));
        out.extend(content);
    }
    out
}

fn sections(module: &[u8]) -> Vec<(u8, &[u8])> {
    let mut rest = &module[8..];
    let mut sections = Vec::new();
    while !rest.is_empty() {
        let id = byte(&mut rest);
        sections.push((id, name(&mut rest)));
    }
    sections
}

/// How many functions and globals are imported.
fn imports(mut content: &[u8]) -> (u32, u32) {
    let (mut functions, mut globals) = (0, 0);
    for _ in 0..number(&mut content) {
        name(&mut content);
        name(&mut content);
        match byte(&mut content) {
            0 => {
                number(&mut content);
                functions += 1;
            }
            3 => {
                content = &content[2..];
                globals += 1;
            }
            kind => panic!("an import of kind {kind}"),
        }
    }
    (functions, globals)
}

/// A section with one entry more.
fn appended(mut content: &[u8], entry: &[u8]) -> Vec<u8> {
    let count = number(&mut content) + 1;
    [&leb(count), content, entry].concat()
}

fn byte(rest: &mut &[u8]) -> u8 {
    let (first, tail) = rest.split_first().expect("a byte");
    *rest = tail;
    *first
}

/// Bytes behind their number.
fn name<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let length = number(rest) as usize;
    let (name, tail) = rest.split_at(length);
    *rest = tail;
    name
}

fn number(rest: &mut &[u8]) -> u32 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let next = byte(rest);
        value |= u32::from(next & 0x7f) << shift;
        shift += 7;
        if next & 0x80 == 0 {
            return value;
        }
    }
}

fn leb(mut value: u32) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}
