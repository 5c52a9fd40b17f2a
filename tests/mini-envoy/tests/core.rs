//! The cases on the filters as libraries. The other levels need what scripts/build makes: scripts/test runs them.

use mini_envoy::CORE;

#[test]
fn own_cases() {
    let tally = suite::own::run(&CORE);
    print!("{tally}");
    assert!(tally.is_green(), "see above");
}

#[test]
fn recorded_cases() {
    let tally = suite::localstack::run(&CORE);
    print!("{tally}");
    assert!(tally.is_green(), "see above");
}
