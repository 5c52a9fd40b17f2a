//! `suite [SUITE]`: runs one suite of cases, or all of them, on a real Envoy, and prints a line for each area.

#![allow(clippy::arithmetic_side_effects)]

use std::process::ExitCode;

use suite::level::Envoy;
use suite::tally::Tally;

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1);
    let runs = |suite: &str| wanted.as_deref().is_none_or(|wanted| wanted == suite);
    // What has no cases to choose from runs only where all are meant.
    let all = std::env::var_os("CASES").is_none();
    let mut tally = Tally::default();
    let mut ran = false;
    if runs("own") {
        tally.merge(suite::own::run(&Envoy::Composed));
        ran = true;
    }
    if (runs("own") && all) || runs("separate-filters") {
        tally.merge(suite::own::run(&Envoy::Separate));
        ran = true;
    }
    if (runs("own") && all) || runs("validate") {
        tally.merge(suite::validate::run());
        ran = true;
    }
    if (runs("own") && all) || runs("robustness") {
        tally.merge(suite::robustness::run());
        ran = true;
    }
    if (runs("own") && all) || runs("token-vectors") {
        tally.merge(suite::tokens::run());
        ran = true;
    }
    if runs("websocket") {
        tally.merge(suite::websocket::run());
        ran = true;
    }
    if runs("localstack-apigateway") {
        tally.merge(suite::localstack::run(&Envoy::Composed));
        ran = true;
    }
    if !ran {
        eprintln!(
            "error: no suite of this name runs on Envoy, expected own, separate-filters, validate, robustness, token-vectors, websocket or localstack-apigateway"
        );
        return ExitCode::FAILURE;
    }
    tally.report()
}
