//! Microseconds for each of the five templates of the benchmark, as one line each.
//!
//! Unlike the benchmark it runs anywhere, inside wasm too: it is for comparing with Velocity on the JVM.

#[path = "../benches/support.rs"]
mod support;

use std::hint::black_box;
use std::time::Instant;

/// Renderings in a round, and rounds; the best round counts.
const RENDERINGS: u32 = 2000;
const ROUNDS: u32 = 10;

fn main() -> Result<(), vtl::RenderError> {
    for case in support::cases() {
        let template = vtl::Template::compile(case.template)?;
        let mut best = f64::INFINITY;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            for _ in 0..RENDERINGS {
                black_box(support::render(&template, &case.body)?);
            }
            best = best.min(start.elapsed().as_secs_f64() / f64::from(RENDERINGS));
        }
        println!("{:20} {:8.2} us", case.name, best * 1e6);
    }
    Ok(())
}
