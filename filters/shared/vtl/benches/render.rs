//! Renders the five templates that are compared with Velocity on the JVM.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use support::{cases, render};
use vtl::Template;

fn benches(criterion: &mut Criterion) {
    for case in cases() {
        let template = Template::compile(case.template).unwrap();
        criterion
            .bench_function(&format!("render/{}", case.name), |b| b.iter(|| render(&template, &case.body).unwrap()));
    }
    for case in cases() {
        criterion.bench_function(&format!("compile/{}", case.name), |b| {
            b.iter(|| Template::compile(case.template).unwrap());
        });
    }
}

criterion_group!(all, benches);
criterion_main!(all);
