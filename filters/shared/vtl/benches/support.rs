//! The five templates that the speed of the engine is measured with, and their payloads.
#![allow(missing_docs, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::fmt::Write as _;

use vtl::{Input, Map, MapKind, Parameters, RenderError, Scope, Template, Util};

/// A template, and the payload that it is rendered with.
pub struct Case {
    /// What it is about.
    pub name: &'static str,
    /// The template.
    pub template: &'static str,
    /// The payload.
    pub body: String,
}

/// Renders a template with `$input`, `$util` and a small `$context`.
pub fn render(template: &Template, body: &str) -> Result<String, RenderError> {
    let context = Map::new(MapKind::Context);
    context.insert("stage", "prod");
    let input = Input::new(body, Parameters::default());
    let mut scope = Scope::new();
    scope.set("context", context).host("input", &input).host("util", &Util);
    template.render(&mut scope)
}

/// The five templates.
pub fn cases() -> [Case; 5] {
    [
        Case { name: "json-reshaping", template: include_str!("templates/json-reshaping.vtl"), body: order(3) },
        Case { name: "loop-of-100", template: include_str!("templates/loop-of-100.vtl"), body: order(100) },
        Case { name: "nested-conditions", template: include_str!("templates/nested-conditions.vtl"), body: order(20) },
        Case { name: "strings", template: include_str!("templates/strings.vtl"), body: order(10) },
        Case { name: "body-of-10-kB", template: include_str!("templates/body-of-10-kB.vtl"), body: order(110) },
    ]
}

/// An order with so many lines; 110 are about ten kilobytes.
fn order(lines: usize) -> String {
    let mut body = String::from(
        r#"{"orderId":"A-17","total":42.5,"paid":true,"note":null,"customer":{"name":"Zoe \"Z\" O'Neil","emails":["z@example.com"],"address":{"city":"Paris","zip":"75001"}},"lines":["#,
    );
    for n in 0..lines {
        let comma = if n > 0 { "," } else { "" };
        let letter = match n % 3 {
            0 => "a",
            1 => "b",
            _ => "c",
        };
        let (quantity, price) = (n % 9, n as f64 * 1.25);
        let active = n % 4 != 0;
        let _ = write!(
            body,
            r#"{comma}{{"sku":"{letter}-{n}","quantity":{quantity},"price":{price},"active":{active},"name":" widget {n} ","note":"Fragile!  \"n{n}\", ok?"}}"#
        );
    }
    body.push_str("]}");
    body
}
