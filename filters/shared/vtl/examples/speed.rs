//! The five templates of the benchmark, for measuring from outside, inside wasm too: `scripts/bench velocity` compares
//! with Velocity on the JVM.
//!
//! `speed cases` prints a line `{"name", "template", "body"}` for each; `speed render NAME COUNT` renders one so often;
//! `speed print NAME` prints what it gives.

#[path = "../benches/support.rs"]
mod support;

use std::hint::black_box;

use vtl::Template;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let case = |name: &str| support::cases().into_iter().find(|case| case.name == name).ok_or("no such case");
    match arguments.as_slice() {
        ["cases"] => {
            for case in support::cases() {
                let row = serde_json::json!({"name": case.name, "template": case.template, "body": case.body});
                println!("{row}");
            }
        }
        ["render", name, count] => {
            let case = case(name)?;
            let template = Template::compile(case.template)?;
            for _ in 0..count.parse::<u32>()? {
                black_box(support::render(&template, &case.body)?);
            }
        }
        ["print", name] => {
            let case = case(name)?;
            print!("{}", support::render(&Template::compile(case.template)?, &case.body)?);
        }
        _ => return Err("expected `cases`, `render NAME COUNT` or `print NAME`".into()),
    }
    Ok(())
}
