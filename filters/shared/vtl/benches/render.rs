//! Renders the five templates that are compared with Velocity on the JVM.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use vtl::{Input, Map, MapKind, Parameters, Scope, Template, Util};

fn render(template: &Template, body: &str) -> String {
    let context = Map::new(MapKind::Context);
    context.insert("stage", "prod");
    let input = Input::new(body, Parameters::default());
    let mut scope = Scope::new();
    scope.set("context", context).host("input", &input).host("util", &Util);
    template.render(&mut scope).unwrap()
}

fn benches(criterion: &mut Criterion) {
    for case in support::cases() {
        let template = Template::compile(case.template).unwrap();
        criterion.bench_function(&format!("render/{}", case.name), |b| b.iter(|| render(&template, &case.body)));
    }
    for case in support::cases() {
        criterion.bench_function(&format!("compile/{}", case.name), |b| {
            b.iter(|| Template::compile(case.template).unwrap());
        });
    }
}

criterion_group!(all, benches);
criterion_main!(all);
