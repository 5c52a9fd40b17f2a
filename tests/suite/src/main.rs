//! `suite [SUITE]`: runs one suite of cases, or all of them, and prints a line for each area.

#![allow(clippy::arithmetic_side_effects)]

use std::process::ExitCode;

use suite::tally::Tally;

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1);
    let runs = |suite: &str| wanted.as_deref().is_none_or(|wanted| wanted == suite);
    let mut tally = Tally::default();
    let mut ran = false;
    if runs("own") {
        tally.merge(suite::own::run());
        ran = true;
    }
    if runs("own") || runs("separate-filters") {
        tally.merge(suite::own::run_separate());
        ran = true;
    }
    if runs("own") || runs("validate") {
        tally.merge(suite::validate::run());
        ran = true;
    }
    if runs("own") || runs("robustness") {
        tally.merge(suite::robustness::run());
        ran = true;
    }
    if runs("websocket") {
        tally.merge(suite::websocket::run());
        ran = true;
    }
    if runs("localstack-apigateway") {
        tally.merge(suite::localstack::run());
        ran = true;
    }
    if !ran {
        eprintln!(
            "error: no suite of this name runs on Envoy, expected own, separate-filters, validate, robustness, websocket or localstack-apigateway"
        );
        return ExitCode::FAILURE;
    }
    for (reason, count) in tally.not_run() {
        println!("not run: {count}, {reason}");
    }
    print!("{tally}");
    if tally.is_green() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
