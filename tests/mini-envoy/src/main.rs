//! `mini-envoy [SUITE [LEVEL]]`: runs one suite of cases, or all of them, on the level `core`, `module`, or both, and
//! prints a line for each area.

use std::process::ExitCode;

use mini_envoy::{CORE, MODULE};
use suite::level::Level;
use suite::tally::Tally;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (suite, level) = (arguments.next(), arguments.next());
    let means = |argument: &Option<String>, name: &str| argument.as_deref().is_none_or(|argument| argument == name);
    let mut tally = Tally::default();
    for on in [&CORE, &MODULE].into_iter().filter(|on| means(&level, on.name())) {
        if means(&suite, "own") {
            tally.merge(suite::own::run(on));
        }
        if means(&suite, "localstack-apigateway") {
            tally.merge(suite::localstack::run(on));
        }
    }
    tally.report()
}
