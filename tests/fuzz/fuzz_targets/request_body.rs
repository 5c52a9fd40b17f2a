//! Whatever a client sends as a body, it fits its model or it is told why not.

#![no_main]

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use libfuzzer_sys::fuzz_target;
use request_validator::{Body, Models, Verdict};
use serde_json::json;

thread_local! {
    static MODELS: OnceCell<Rc<Models>> = const { OnceCell::new() };
}

/// Every keyword, and a schema that alternatives lead back to.
fn compiled() -> Rc<Models> {
    let model = json!({
        "anyOf": [{"$ref": "#/definitions/tree"}, {"$ref": "#/definitions/list"}, {"$ref": "#/definitions/text"}],
        "definitions": {
            "tree": {
                "type": "object",
                "required": ["a"],
                "minProperties": 1,
                "maxProperties": 5,
                "properties": {"a": {"$ref": "#"}, "b": {"oneOf": [{"$ref": "#"}, {"type": "null"}]}, "n": {"$ref": "#/definitions/number"}},
                "patternProperties": {"^(x|y)+$": {"allOf": [{"$ref": "#"}, {"not": {"type": "string"}}]}},
                "additionalProperties": {"enum": [1, 2.5, "a", null, true, [1, {"a": 1}], {"b": []}, -1, 1e3, "e"]},
                "dependencies": {"b": ["a"], "n": {"required": ["x"]}}
            },
            "list": {"type": "array", "items": [{"$ref": "#/definitions/number"}], "additionalItems": {"$ref": "#"}, "minItems": 1, "maxItems": 9, "uniqueItems": true},
            "text": {"type": "string", "minLength": 1, "maxLength": 20, "pattern": "^(a+)+$|[b-d]\\d", "format": "email"},
            "number": {"type": ["number", "integer"], "minimum": -1e3, "maximum": 1e300, "exclusiveMaximum": true, "multipleOf": 0.5}
        }
    });
    let models = BTreeMap::from([("Model".to_owned(), model)]);
    Rc::new(Models::compile("api", &models, ["Model"].into_iter()).expect("a model"))
}

fuzz_target!(|input: &[u8]| {
    let models = MODELS.with(|models| Rc::clone(models.get_or_init(compiled)));
    let Some(body) = Body::read(input) else { return };
    let model = models.get("Model").expect("it is used");
    if let Verdict::Invalid(list) = model.check(&body) {
        assert!(list.starts_with('[') && list.ends_with(']') && list.len() < 20_000, "{list}");
        assert!(list != "[]" || input.len() > 64, "refused without a reason");
    }
});
