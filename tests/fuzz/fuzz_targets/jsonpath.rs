//! A path finds in a document what `$input.json` finds by its shorter ways. The input is the path, a NUL byte, and the
//! document.

#![no_main]

use jsonpath::JsonPath;
use jsonpath::json::{self, Style};
use libfuzzer_sys::fuzz_target;
use vtl::limits::MAX_OUTPUT_BYTES;
use vtl::{Budget, Host as _, Input, Parameters, Value};

fuzz_target!(|input: &str| {
    let Some((path, document)) = input.split_once('\0') else { return };
    let mut found = None;
    if let (Ok(compiled), Ok(document)) = (JsonPath::compile(path), json::parse(document))
        && let Ok(result) = compiled.evaluate(&document)
    {
        assert!(!compiled.is_definite() || !matches!(result, jsonpath::Found::Many(_)));
        let mut text = String::new();
        if result.write(Style::Compact, MAX_OUTPUT_BYTES, &mut text).is_ok() && !result.is_null() {
            // What is written can be read.
            json::parse(&text).unwrap();
            found = Some(text);
        }
    }
    let input = Input::new(document, Parameters::default());
    if let Ok(Some(Value::String(text))) = input.call("json", &[Value::from(path)], &Budget::default())
        && !document.is_empty()
    {
        assert_eq!(text.as_str(), found.as_deref().unwrap_or("\"\""));
    }
    let _ = input.call("path", &[Value::from(path)], &Budget::default());
});
