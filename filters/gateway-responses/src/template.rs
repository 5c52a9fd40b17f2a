//! Templates of gateway responses. They are not VTL: variables are replaced, all else is text.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html>

use gateway::{Context, GatewayError, Headers, Host, client, json};

/// A compiled template.
#[derive(Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Context(String),
    StageVariable(String),
    Header(String),
    Query(String),
    Path(String),
}

/// What a template may speak of.
pub struct Scope<'a> {
    /// `$context` of the request.
    pub context: &'a Context<'a>,
    /// The error under way.
    pub error: &'a GatewayError,
    /// The request's headers.
    pub headers: &'a Headers,
    /// The request itself.
    pub host: &'a dyn Host,
}

impl Template {
    /// Finds the variables. Every text is a template; what is no variable stands for itself.
    pub fn compile(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        let mut literal = String::new();
        while let Some((before, after)) = rest.split_once('$') {
            literal.push_str(before);
            match variable(after) {
                Some((part, after)) => {
                    if !literal.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut literal)));
                    }
                    parts.push(part);
                    rest = after;
                }
                None => {
                    literal.push('$');
                    rest = after;
                }
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Self(parts)
    }

    /// The text with its variables replaced; one that has no value is replaced by nothing.
    pub fn render(&self, scope: &Scope<'_>) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Context(name) => push_context(&mut out, name, scope),
                Part::StageVariable(name) => {
                    out.push_str(scope.context.api().stage_variables.get(name).map_or("", String::as_str));
                }
                Part::Header(name) => {
                    let values = client::header_values(scope.context, scope.host, scope.headers, name);
                    out.push_str(&String::from_utf8_lossy(&values.last().cloned().unwrap_or_default()));
                }
                Part::Query(name) => out.push_str(scope.context.query().last(name).unwrap_or_default()),
                Part::Path(name) => {
                    let parameters = scope.context.path_parameters();
                    out.push_str(&String::from_utf8_lossy(parameters.get(name).unwrap_or_default()));
                }
            }
        }
        out
    }
}

fn push_context(out: &mut String, name: &str, scope: &Scope<'_>) {
    let error = scope.error;
    match name {
        "error.message" => json::escape_into(out, error.message.as_deref().unwrap_or_default()),
        "error.validationErrorString" => json::escape_into(out, &error.validation),
        "error.messageString" | "error.responseType" => {
            out.push_str(&variable_of_error(error, name).unwrap_or_else(|| "null".to_owned()));
        }
        _ => out.push_str(&scope.context.get(name).unwrap_or_default()),
    }
}

/// `$context.error` for a header, where nothing needs escaping: `None` where it has no value.
pub(crate) fn variable_of_error(error: &GatewayError, name: &str) -> Option<String> {
    match name {
        "error.message" => error.message.as_deref().map(str::to_owned),
        "error.messageString" => error.message.as_deref().map(json::quote),
        "error.responseType" => error.response_type.map(|response_type| response_type.name().to_owned()),
        "error.validationErrorString" => Some(error.validation.clone()).filter(|details| !details.is_empty()),
        _ => None,
    }
}

/// The variable that `text`, the part behind a `$`, begins with, and what follows it.
fn variable(text: &str) -> Option<(Part, &str)> {
    let (name, rest) = match text.strip_prefix('{') {
        Some(inside) => inside.split_once('}')?,
        None => {
            let end =
                text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))).unwrap_or(text.len());
            // A dot at the end closes a sentence, it names nothing.
            let name = text.get(..end)?.trim_end_matches('.');
            (name, text.get(name.len()..)?)
        }
    };
    type Form = fn(String) -> Part;
    const FORMS: [(&str, Form); 5] = [
        ("context.", Part::Context),
        ("stageVariables.", Part::StageVariable),
        ("method.request.header.", Part::Header),
        ("method.request.querystring.", Part::Query),
        ("method.request.path.", Part::Path),
    ];
    let part = FORMS.iter().find_map(|(prefix, form)| name.strip_prefix(prefix).map(|name| form(name.to_owned())))?;
    Some((part, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[Part]) {
        assert_eq!(Template::compile(text).0, expected, "{text}");
    }

    fn text(text: &str) -> Part {
        Part::Text(text.to_owned())
    }

    fn context(name: &str) -> Part {
        Part::Context(name.to_owned())
    }

    #[test]
    fn variables_and_text() {
        check("{\"m\":$context.error.messageString}", &[text("{\"m\":"), context("error.messageString"), text("}")]);
        check("${context.stage}s", &[context("stage"), text("s")]);
        check("$context.stage.", &[context("stage"), text(".")]);
        check("$stageVariables.a-b", &[Part::StageVariable("a-b".to_owned())]);
        check("$method.request.header.X-Y!", &[Part::Header("X-Y".to_owned()), text("!")]);
    }

    #[test]
    fn vtl_is_text() {
        for plain in ["#if($x)y#end", "$util.escapeJavaScript('x')", "$input.body", "$5.00", "$", "${context.stage"] {
            check(plain, &[text(plain)]);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = Template::compile(&text);
        }
    }
}
