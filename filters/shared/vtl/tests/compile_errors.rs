//! What an author reads about a template that does not compile.
//!
//! `compile-errors.txt` has templates and the errors that they give. `UPDATE_GOLDEN=1 cargo test -p vtl` writes the
//! errors anew; look at them before committing.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use support::own;
use vtl::{RenderError, Template};

const BETWEEN_CASES: &str = "\n====\n";
const BEFORE_ERROR: &str = "\n----\n";

#[test]
fn errors_point_at_the_place() {
    let path = own("compile-errors.txt");
    let golden = std::fs::read_to_string(&path).unwrap();
    let cases = golden.trim_end().split(BETWEEN_CASES).map(|case| {
        let template = case.split(BEFORE_ERROR).next().unwrap();
        let error = match Template::compile(template) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("this compiles: {template}"),
        };
        format!("{template}{BEFORE_ERROR}{error}")
    });
    let actual = format!("{}\n", cases.collect::<Vec<_>>().join(BETWEEN_CASES));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, actual).unwrap();
    } else {
        assert_eq!(actual, golden);
    }
}

#[test]
fn a_stored_template_fails_when_it_is_rendered() {
    let stored = Template::compile("{\n  \"a\": #if($x)\n}");
    let error = stored.map_err(RenderError::from).unwrap_err();
    assert_eq!((error.line, error.column), (2, 8));
    assert!(error.to_string().contains("this #if has no #end"), "{error}");
}
