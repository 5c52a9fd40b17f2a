//! Reading a document, searching it, printing what was found; documents of about 1 kB and 10 kB.
#![allow(clippy::expect_used, clippy::arithmetic_side_effects, missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jsonpath::JsonPath;
use jsonpath::json::{self, Style};

/// An order with `lines` lines, each of about 100 bytes.
fn order(lines: usize) -> String {
    let line = |n: usize| {
        format!(
            r#"{{"id":{n},"sku":"SKU-{n:05}","title":"A thing with a \"name\", no. {n}","price":{}.95,"tags":["a","b"]}}"#,
            n * 7 % 40
        )
    };
    let lines = (0..lines).map(line).collect::<Vec<_>>().join(",");
    format!(r#"{{"a":{{"b":"found","c":[1,2,3]}},"customer":{{"name":"Zoë","city":"Paris"}},"lines":[{lines}]}}"#)
}

fn benches(c: &mut Criterion) {
    for (size, lines) in [("1kB", 9), ("10kB", 97)] {
        let text = order(lines);
        let document = json::parse(&text).expect("JSON");

        let mut group = c.benchmark_group(size);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("parse", |b| b.iter(|| json::parse(black_box(&text)).expect("JSON")));
        group.bench_function("parse/serde_json", |b| {
            b.iter(|| serde_json::from_str::<serde_json::Value>(black_box(&text)).expect("JSON"));
        });
        group.bench_function("write", |b| b.iter(|| black_box(&document).to_text(Style::Compact)));
        for path in
            ["$.a.b", "$.lines[-1].sku", "$..id", "$.lines[?(@.price > 20)].sku", "$.lines[?(@.sku =~ /SKU-.*5/)].id"]
        {
            let compiled = JsonPath::compile(path).expect("path");
            group.bench_function(path, |b| b.iter(|| compiled.evaluate(black_box(&document)).expect("found")));
        }
        group.finish();
    }
    c.bench_function("compile", |b| {
        b.iter(|| JsonPath::compile(black_box("$.lines[?(@.price > 20)].sku")).expect("path"))
    });
}

criterion_group!(all, benches);
criterion_main!(all);
