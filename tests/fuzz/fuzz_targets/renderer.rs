//! A template renders any payload within its bounds. The input is the template, a NUL byte, and the payload.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vtl::limits::MAX_OUTPUT_BYTES;
use vtl::{Input, List, ListKind, Map, MapKind, Parameters, Scope, Template, Util, Value};

fuzz_target!(|input: &str| {
    let (template, body) = input.split_once('\0').unwrap_or((input, r#"{"a":[1,{"b":2.50}],"s":"x/y"}"#));
    let Ok(template) = Template::compile(template) else { return };
    let first = render(&template, body);
    match &first {
        Ok(output) => assert!(output.len() <= MAX_OUTPUT_BYTES),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    // Nothing of a rendering is left behind for the next one.
    assert_eq!(first, render(&template, body));
});

fn render(template: &Template, body: &str) -> Result<String, vtl::RenderError> {
    let context = Map::new(MapKind::Context);
    context.insert("stage", "prod");
    context.insert("requestOverride", Map::new(MapKind::Context));
    let map = Map::default();
    map.insert("k", "v");
    map.insert("a", 1);
    let list = List::new(ListKind::Vtl, vec![1.into(), "b".into(), Value::Null]);
    let parameters = Parameters::default();
    parameters.query_string.insert("q", "a b");
    let input = Input::new(body, parameters);
    let mut scope = Scope::new();
    scope.host("input", &input).host("util", &Util);
    scope.set("context", context).set("m", map).set("l", list);
    scope.set("s", "H\u{e9}llo, W\u{f6}rld \u{1F600}").set("n", 7).set("d", 2.5).set("b", true);
    template.render(&mut scope)
}
