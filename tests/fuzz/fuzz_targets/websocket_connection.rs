//! Whatever happens to a connection, it writes well-formed frames, and none after the close frame. The input is a list of
//! events: what happens, how much of the rest belongs to it, and that.

#![no_main]

#[path = "../../../filters/websocket-routes/tests/api/support.rs"]
#[allow(dead_code)]
mod support;

use std::cell::OnceCell;
use std::rc::Rc;

use gateway::{Answer, Connection as _, Headers, Output};
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use support::{Api, api, backend, frame, open};

/// Far more than one event can make a connection write: an answer's message, and what waits behind it.
const MAX_OUTPUT_BYTES: usize = 2 << 20;

thread_local! {
    static API: OnceCell<Rc<Api>> = const { OnceCell::new() };
}

fn echo() -> Rc<Api> {
    let mock = json!({"mock": {
        "requestTemplates": {"$default": "{\"statusCode\": 200}"},
        "integrationResponses": [{"integrationResponseKey": "$default", "responseTemplates": {"$default": "$input.body"}}],
    }});
    let two_way =
        |integration: &str| json!({"integration": integration, "routeResponseSelectionExpression": "$default"});
    let routes = json!({"$default": two_way("b"), "m": two_way("m"), "$disconnect": {"integration": "b"}});
    API.with(|cell| Rc::clone(cell.get_or_init(|| Rc::new(api(routes, json!({"b": backend(), "m": mock}))))))
}

/// Holds what a server may send against the rules; `true` after the close frame.
fn look(output: &Output, closed: bool) -> bool {
    assert!(!closed || output.write.is_empty(), "something is written after the close frame");
    assert!(output.write.len() <= MAX_OUTPUT_BYTES, "{} bytes", output.write.len());
    let mut bytes = output.write.as_slice();
    let mut close = false;
    while let [first, second, rest @ ..] = bytes {
        assert!(!close, "a frame after the close frame");
        let (length, rest) = match second {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            127 => (u64::from_be_bytes(rest[..8].try_into().unwrap()) as usize, &rest[8..]),
            short => (usize::from(*short), rest),
        };
        assert!(matches!(first, 0x01 | 0x00 | 0x80 | 0x81 | 0x88 | 0x89 | 0x8a), "first byte {first:#x}");
        assert!(first & 0x08 == 0 || length <= 125, "a control frame of {length} bytes");
        close = *first == 0x88;
        bytes = &rest[length..];
    }
    assert!(bytes.is_empty(), "half a frame");
    closed || close
}

fuzz_target!(|input: &[u8]| {
    let api = echo();
    let (mut connection, host, _) = open(&api);
    let mut rest = input;
    let mut closed = false;
    while let [event, length, tail @ ..] = rest {
        let (argument, tail) = tail.split_at_checked(usize::from(*length)).unwrap_or((tail, &[]));
        rest = tail;
        let output = match event % 7 {
            0 => connection.on_data(&host, argument, false),
            1 => connection.on_data(&host, &frame(0x81, argument), false),
            2 => connection.on_data(&host, &frame(0x80 | (event >> 3), argument), false),
            3 => connection.on_message(&host, argument),
            4 => {
                let status = if event & 8 == 0 { "200" } else { "500" };
                let headers = Headers::from_pairs(&[(":status", status), ("x-apigw-upstream", "1")]);
                connection.on_callout(&host, Answer::Response { headers, body: argument.to_vec() })
            }
            5 => connection.on_callout(&host, Answer::Failed),
            _ => {
                host.pass_millis(u64::from(*length) * 1000);
                match connection.due() {
                    Some(due) if due <= gateway::Host::now(&host) => connection.on_due(&host),
                    _ => Output::default(),
                }
            }
        };
        closed = look(&output, closed);
        if output.close {
            break;
        }
    }
    let _ = connection.on_close(&host);
});
