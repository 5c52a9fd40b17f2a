//! Mapping templates, compiled, and what they see of a request.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>

use vtl::{Input, Map, MapKind, Parameters, Scope, Util};

use crate::failure::Failure;
use crate::overrides::Overrides;
use crate::request::Request;
use crate::variables::Variables;

/// A template. One that is broken fails the requests that need it, not the configuration.
#[derive(Debug)]
pub enum Template {
    /// Text without references and directives.
    Text(String),
    /// A template that has to be rendered.
    Vtl(Box<Vtl>),
    /// A template that cannot be rendered, and why.
    Broken(String),
}

/// A compiled template, and which of the variables it names. Only those are set up for a request.
#[derive(Debug)]
pub struct Vtl {
    template: vtl::Template,
    context: Variables,
    stage_variables: bool,
    params: bool,
}

impl Template {
    /// Compiles a template; every text gives one.
    pub fn compile(text: &str) -> Self {
        if !text.contains(['$', '#']) {
            return Self::Text(text.to_owned());
        }
        match vtl::Template::compile(text) {
            Ok(template) => Self::Vtl(Box::new(Vtl {
                template,
                context: Variables::named_in(text),
                stage_variables: text.contains("stageVariables"),
                params: text.contains("params"),
            })),
            Err(error) => Self::Broken(error.to_string()),
        }
    }

    /// Why the template cannot be rendered, if it cannot.
    pub fn problem(&self) -> Option<&str> {
        match self {
            Self::Broken(reason) => Some(reason),
            Self::Text(_) | Self::Vtl(_) => None,
        }
    }

    /// The rendered text; `input` is the payload that `$input` reads.
    ///
    /// # Errors
    /// The template is broken, or a method in it fails, or it reaches one of the engine's bounds.
    pub fn render(&self, request: &Request<'_>, input: &str, overrides: &mut Overrides) -> Result<String, Failure> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::Vtl(vtl) => vtl.render(request, input, overrides),
            Self::Broken(reason) => Err(Failure::configuration(format!("unable to transform: {reason}"))),
        }
    }
}

impl Vtl {
    fn render(&self, request: &Request<'_>, input: &str, overrides: &mut Overrides) -> Result<String, Failure> {
        let parameters = if self.params { parameters(request) } else { Parameters::default() };
        let input = Input::new(input, parameters);
        let context = self.context.map(request, overrides);
        let mut scope = Scope::new();
        scope.host("input", &input).host("util", &Util);
        if let Some(context) = &context {
            scope.set("context", context.clone());
        }
        if self.stage_variables {
            let variables = Map::default();
            for (name, value) in &request.context.api().stage_variables {
                variables.insert(name, value.as_str());
            }
            scope.set("stageVariables", variables);
        }
        let rendered = self.template.render(&mut scope);
        let rendered = rendered.map_err(|error| Failure::configuration(format!("unable to transform: {error}")))?;
        if let Some(context) = &context {
            overrides.take_from(context);
        }
        Ok(rendered)
    }
}

/// `$input.params()`: of each name the last value.
fn parameters(request: &Request<'_>) -> Parameters {
    let parameters =
        Parameters { path: Map::default(), query_string: Map::default(), header: Map::new(MapKind::Headers) };
    for (name, value) in request.path_parameters().iter() {
        parameters.path.insert(name, &*String::from_utf8_lossy(value));
    }
    for (name, value) in request.query().iter() {
        parameters.query_string.insert(name, value);
    }
    for (name, value) in request.visible_headers() {
        parameters.header.insert(&name, value);
    }
    parameters
}
