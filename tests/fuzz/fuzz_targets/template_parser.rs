//! A template compiles, or its error can be shown; compiling it again gives the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vtl::Template;

fuzz_target!(|template: &str| {
    match Template::compile(template) {
        Ok(compiled) => assert_eq!(compiled.source(), template),
        Err(error) => {
            let lines = u32::try_from(template.split('\n').count()).unwrap();
            assert!((1..=lines).contains(&error.line()), "{error:?}");
            let text = error.to_string();
            assert!(text.ends_with('^') && text.contains(error.message()), "{text}");
            assert_eq!(Template::compile(template).unwrap_err(), error);
        }
    }
});
