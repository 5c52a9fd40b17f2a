#![allow(clippy::unwrap_used)]

use super::*;

fn report(text: &str, at: std::ops::Range<u32>, message: &str) -> (Sources, Diagnostics) {
    let mut sources = Sources::default();
    let (source, _) = sources.add("api\u{1b}.yaml", Role::Definition, text.as_bytes().to_vec());
    let mut diagnostics = Diagnostics::default();
    diagnostics.error(Span { source, start: at.start, end: at.end }, message);
    (sources, diagnostics)
}

#[test]
fn what_a_terminal_would_obey_is_taken_out() {
    let (sources, diagnostics) = report("a:\t'\u{9b}31m'", 3..10, "found `\u{1b}[31m`");
    let text = Report::new(&sources, &diagnostics).render(Colour::Never);
    // Such a character is no YAML, so there is no path.
    assert_eq!(
        text,
        "api\u{fffd}.yaml:1:4: error: found `\u{fffd}[31m`\n    1 | a: '\u{fffd}31m'\n      |    ^^^^^^\n"
    );
}

#[test]
fn colours_are_left_out_unless_asked_for() {
    let (sources, diagnostics) = report("a: b", 3..4, "x");
    let report = Report::new(&sources, &diagnostics);
    assert!(!report.render(Colour::Never).contains('\u{1b}'));
    assert!(report.render(Colour::Always).contains("\u{1b}[1;31merror:\u{1b}[0m"));
}

#[test]
fn problems_are_sorted_and_shown_once() {
    let (sources, mut diagnostics) = report("a: b\nc: d", 8..9, "second");
    let at = |start, end| Span { source: diagnostics_source(&diagnostics), start, end };
    let (first, again) = (at(3, 4), at(8, 9));
    diagnostics.warning(first, "first");
    diagnostics.error(again, "second");
    let report = Report::new(&sources, &diagnostics);
    let messages: Vec<&str> = report.items().iter().map(|item| item.message.as_str()).collect();
    assert_eq!(messages, ["first", "second"]);
    assert_eq!(report.summary(), "1 error, 1 warning");
    let last = report.items().last().unwrap();
    assert_eq!(report.path(last).to_string(), "c");
}

fn diagnostics_source(diagnostics: &Diagnostics) -> crate::source::SourceId {
    diagnostics.items().first().unwrap().span.source
}
