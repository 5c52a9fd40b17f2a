//! Modules for the tests, written a callback at a time: each is a list of host calls, whose statuses and results the
//! module logs as `label=status` and as a line of their own.

use std::{collections::BTreeMap, fmt::Write};

use host::{Host, Root, Worker};

/// An argument of a host call.
#[derive(Clone)]
pub enum Arg {
    /// A number.
    I(i32),
    /// A number of 64 bits.
    L(i64),
    /// Bytes: pointer and size.
    T(Vec<u8>),
    /// Where to put pointer and size of the result.
    Out,
    /// Where to put a number; the next `Loaded` passes it on.
    Slot,
    /// Where to put eight bytes.
    Out8,
    /// The number that the last `Slot` received.
    Loaded,
    /// The id of the stream that began last.
    Stream,
}
pub use Arg::{I, L, Loaded, Out, Out8, Slot, Stream, T};

/// A host call.
#[derive(Clone)]
pub struct Op {
    label: String,
    import: String,
    arguments: Vec<Arg>,
}

/// A call of any import; `label` heads its log line.
pub fn call(label: &str, import: &str, arguments: Vec<Arg>) -> Op {
    Op { label: label.to_owned(), import: import.to_owned(), arguments }
}

fn bytes(text: &str) -> Arg {
    T(text.as_bytes().to_vec())
}

/// `proxy_get_header_map_value`.
pub fn get(map: i32, name: &str) -> Op {
    call("get", "proxy_get_header_map_value", vec![I(map), bytes(name), Out])
}

/// `proxy_replace_header_map_value`.
pub fn set(map: i32, name: &str, value: &str) -> Op {
    call("set", "proxy_replace_header_map_value", vec![I(map), bytes(name), bytes(value)])
}

/// `proxy_add_header_map_value`.
pub fn add(map: i32, name: &str, value: &str) -> Op {
    call("add", "proxy_add_header_map_value", vec![I(map), bytes(name), bytes(value)])
}

/// `proxy_get_buffer_bytes`, whole.
pub fn body(buffer: i32) -> Op {
    call("body", "proxy_get_buffer_bytes", vec![I(buffer), I(0), I(i32::MAX), Out])
}

/// `proxy_set_buffer_bytes`, whole.
pub fn replace(buffer: i32, data: &str) -> Op {
    call("replace", "proxy_set_buffer_bytes", vec![I(buffer), I(0), I(i32::MAX), bytes(data)])
}

/// `proxy_get_property`; the parts of the path are separated by slashes.
pub fn property(path: &str) -> Op {
    call(path, "proxy_get_property", vec![bytes(&path.replace('/', "\0")), Out])
}

/// `proxy_set_property`.
pub fn set_property(path: &str, value: &str) -> Op {
    call("set_property", "proxy_set_property", vec![bytes(path), bytes(value)])
}

/// `proxy_send_local_response`.
pub fn reply(status: i32, body: &str, headers: &[(&str, &str)], details: &str) -> Op {
    let arguments = vec![I(status), bytes(details), bytes(body), T(pairs(headers)), I(-1)];
    call("reply", "proxy_send_local_response", arguments)
}

/// `proxy_continue_stream`.
pub fn resume(half: i32) -> Op {
    call("resume", "proxy_continue_stream", vec![I(half)])
}

/// `proxy_set_effective_context` to the stream that began last.
pub fn on_stream() -> Op {
    call("on_stream", "proxy_set_effective_context", vec![Stream])
}

/// `proxy_http_call`.
pub fn http_call(cluster: &str, path: &str, body: &str, timeout: i32) -> Op {
    let headers = pairs(&[(":method", "GET"), (":path", path), (":authority", "side")]);
    let arguments = vec![bytes(cluster), T(headers), bytes(body), T(pairs(&[])), I(timeout), Slot];
    call("http_call", "proxy_http_call", arguments)
}

/// `proxy_log`.
pub fn log(text: &str) -> Op {
    call("log", "proxy_log", vec![I(2), bytes(text)])
}

/// A trap.
pub fn trap() -> Op {
    call("trap", "", Vec::new())
}

/// A serialised header map.
pub fn pairs(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = (headers.len() as u32).to_le_bytes().to_vec();
    for (name, value) in headers {
        bytes.extend((name.len() as u32).to_le_bytes());
        bytes.extend((value.len() as u32).to_le_bytes());
    }
    for (name, value) in headers {
        bytes.extend(name.bytes().chain([0]).chain(value.bytes()).chain([0]));
    }
    bytes
}

/// A module in the making.
#[derive(Clone, Default)]
pub struct Script {
    callbacks: BTreeMap<&'static str, (i32, Vec<Op>)>,
}

/// The first address for strings; the ones below are results.
const STRINGS: usize = 64;

impl Script {
    pub fn new() -> Self {
        Self::default()
    }

    /// Defines a callback: its calls, and what it returns.
    pub fn on(mut self, callback: &'static str, result: i32, calls: impl IntoIterator<Item = Op>) -> Self {
        self.callbacks.insert(callback, (result, calls.into_iter().collect()));
        self
    }

    /// The module as text.
    pub fn text(&self) -> String {
        let mut imports = BTreeMap::from([(
            "proxy_log".to_owned(),
            "(import \"env\" \"proxy_log\" (func $proxy_log (param i32 i32 i32) (result i32)))".to_owned(),
        )]);
        let (mut strings, mut functions) = (Vec::new(), String::new());
        for (name, (result, calls)) in &self.callbacks {
            let (parameters, results) = signature(name);
            write!(functions, "(func (export \"{}\") {parameters} {results}\n", export(name)).unwrap();
            if matches!(*name, "request_headers" | "new_connection") {
                functions.push_str("(global.set $stream (local.get 0))\n");
            }
            for op in calls {
                functions.push_str(&op.text(&mut strings, &mut imports));
            }
            if !results.is_empty() {
                write!(functions, "(i32.const {result})").unwrap();
            }
            functions.push_str(")\n");
        }
        let imports: String = imports.into_values().collect();
        let data: String = strings.iter().map(|byte| format!("\\{byte:02x}")).collect();
        format!(
            "(module {imports}
               (memory (export \"memory\") 32)
               (global $free (mut i32) (i32.const 1048576))
               (global $stream (mut i32) (i32.const 0))
               (data (i32.const 32) \"0123456789abcdef\")
               (data (i32.const {STRINGS}) \"{data}\")
               (func (export \"proxy_abi_version_0_2_1\"))
               (func (export \"proxy_on_memory_allocate\") (param i32) (result i32)
                 (global.get $free)
                 (global.set $free (i32.add (global.get $free) (local.get 0))))
               {functions})"
        )
    }

    /// The module.
    pub fn build(&self) -> Vec<u8> {
        wat::parse_str(self.text()).unwrap()
    }

    /// A host with a VM of this module and a plugin in it.
    pub fn start(&self) -> (Host, Worker, Root) {
        let host = Host::new();
        let worker = host.vm(self.build()).unwrap().start().unwrap();
        let root = worker.configure("test", "").unwrap();
        host.clear_logs();
        (host, worker, root)
    }
}

impl Op {
    fn text(&self, strings: &mut Vec<u8>, imports: &mut BTreeMap<String, String>) -> String {
        if self.import.is_empty() {
            return "(unreachable)\n".to_owned();
        }
        let (mut types, mut values) = (String::new(), String::new());
        for argument in &self.arguments {
            let (kind, value) = match argument {
                I(number) => ("i32", format!("(i32.const {number})")),
                L(number) => ("i64", format!("(i64.const {number})")),
                T(bytes) => {
                    let at = place(strings, bytes);
                    ("i32 i32", format!("(i32.const {at}) (i32.const {})", bytes.len()))
                }
                Out => ("i32 i32", "(i32.const 16) (i32.const 20)".to_owned()),
                Out8 => ("i32", "(i32.const 16)".to_owned()),
                Slot => ("i32", "(i32.const 24)".to_owned()),
                Loaded => ("i32", "(i32.load (i32.const 24))".to_owned()),
                Stream => ("i32", "(global.get $stream)".to_owned()),
            };
            write!(types, " {kind}").unwrap();
            values.push_str(&value);
        }
        let name = &self.import;
        let import = format!("(import \"env\" \"{name}\" (func ${name} (param{types}) (result i32)))");
        imports.insert(name.clone(), import);
        if name == "proxy_log" {
            return format!("(drop (call ${name} {values}))\n");
        }
        // The label's last byte becomes the status.
        let label = format!("{}=?", self.label);
        let (at, size) = (place(strings, label.as_bytes()), label.len());
        let mut text = format!(
            "(i64.store (i32.const 16) (i64.const 0))
             (i32.store8 (i32.const {}) (i32.load8_u (i32.add (i32.const 32) (call ${name} {values}))))
             (drop (call $proxy_log (i32.const 2) (i32.const {at}) (i32.const {size})))\n",
            at + size - 1
        );
        if self.arguments.iter().any(|argument| matches!(argument, Out)) {
            let [pointer, size] = ["(i32.load (i32.const 16))", "(i32.load (i32.const 20))"];
            write!(text, "(if {size} (then (drop (call $proxy_log (i32.const 2) {pointer} {size}))))\n").unwrap();
        }
        if self.arguments.iter().any(|argument| matches!(argument, Out8)) {
            text.push_str("(drop (call $proxy_log (i32.const 2) (i32.const 16) (i32.const 8)))\n");
        }
        text
    }
}

/// Address of a string.
fn place(strings: &mut Vec<u8>, bytes: &[u8]) -> usize {
    let at = STRINGS + strings.len();
    strings.extend_from_slice(bytes);
    at
}

fn export(callback: &str) -> String {
    format!("proxy_on_{callback}")
}

fn signature(callback: &str) -> (&'static str, &'static str) {
    match callback {
        "vm_start" | "configure" | "request_trailers" | "response_trailers" => ("(param i32 i32)", "(result i32)"),
        "request_headers" | "response_headers" | "request_body" | "response_body" | "downstream_data"
        | "upstream_data" => ("(param i32 i32 i32)", "(result i32)"),
        "done" | "new_connection" => ("(param i32)", "(result i32)"),
        "tick" | "log" | "delete" => ("(param i32)", ""),
        "context_create" | "queue_ready" | "downstream_connection_close" | "upstream_connection_close" => {
            ("(param i32 i32)", "")
        }
        "grpc_receive" | "grpc_close" => ("(param i32 i32 i32)", ""),
        "http_call_response" => ("(param i32 i32 i32 i32 i32)", ""),
        other => panic!("callback {other}"),
    }
}

/// The text of all log lines.
pub fn logged(host: &Host) -> Vec<String> {
    host.logs().into_iter().map(|line| line.text).collect()
}

/// Asserts what was logged since the last time.
#[track_caller]
pub fn check(host: &Host, expected: &[&str]) {
    assert_eq!(logged(host), expected);
    host.clear_logs();
}
