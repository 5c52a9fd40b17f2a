//! Mapping expressions: where a mapped value comes from and where it goes.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>

/// Where the value of a request mapping comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MappingSource<'a> {
    /// `method.request.{path,querystring,header,multivaluequerystring,multivalueheader}.NAME`.
    Parameter(Parameter<'a>),
    /// `method.request.body`, or a JSONPath below it.
    Body(&'a str),
    /// `stageVariables.NAME`.
    StageVariable(&'a str),
    /// `context.PATH`.
    Context(&'a str),
    /// `'text'`.
    Literal(&'a str),
}

/// A parameter of the method request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter<'a> {
    /// Where it is looked up: `path`, `querystring` or `header`, without `multivalue`.
    pub location: &'static str,
    /// Its name.
    pub name: &'a str,
}

impl Parameter<'_> {
    /// The key under which the method declares it.
    pub fn declaration(&self) -> String {
        format!("method.request.{}.{}", self.location, self.name)
    }
}

impl<'a> MappingSource<'a> {
    /// Reads an expression; `None` when it is none.
    pub fn parse(text: &'a str) -> Option<Self> {
        if let Some(literal) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return Some(Self::Literal(literal));
        }
        if let Some(name) = text.strip_prefix("stageVariables.") {
            return is_name(name).then_some(Self::StageVariable(name));
        }
        if let Some(path) = text.strip_prefix("context.") {
            return (!path.is_empty()).then_some(Self::Context(path));
        }
        let request = text.strip_prefix("method.request.")?;
        if let Some(rest) = request.strip_prefix("body") {
            let path = rest.strip_prefix('.').or_else(|| rest.starts_with('[').then_some(rest));
            return path.or_else(|| rest.is_empty().then_some("")).map(Self::Body);
        }
        let (location, name) = request.split_once('.')?;
        let location = match location {
            "path" => "path",
            "querystring" | "multivaluequerystring" => "querystring",
            "header" | "multivalueheader" => "header",
            _ => return None,
        };
        is_name(name).then_some(Self::Parameter(Parameter { location, name }))
    }
}

/// Where the value of a request mapping goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestDestination<'a> {
    /// `integration.request.path.NAME`.
    Path(&'a str),
    /// `integration.request.querystring.NAME`.
    QueryString(&'a str),
    /// `integration.request.header.NAME`.
    Header(&'a str),
}

impl<'a> RequestDestination<'a> {
    /// Reads a destination; `None` when it is none.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (location, name) = text.strip_prefix("integration.request.")?.split_once('.')?;
        if !is_name(name) {
            return None;
        }
        match location {
            "path" => Some(Self::Path(name)),
            "querystring" => Some(Self::QueryString(name)),
            "header" => Some(Self::Header(name)),
            _ => None,
        }
    }
}

/// Where the value of a response header comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderSource<'a> {
    /// `integration.response.{header,multivalueheader}.NAME`.
    Header(&'a str),
    /// `integration.response.body`, or a JSONPath below it.
    Body(&'a str),
    /// `stageVariables.NAME`.
    StageVariable(&'a str),
    /// `context.PATH`.
    Context(&'a str),
    /// `'text'`.
    Literal(&'a str),
}

impl<'a> HeaderSource<'a> {
    /// Reads an expression; `None` when it is none.
    pub fn parse(text: &'a str) -> Option<Self> {
        if let Some(response) = text.strip_prefix("integration.response.") {
            if let Some(rest) = response.strip_prefix("body") {
                let path = rest.strip_prefix('.').or_else(|| rest.starts_with('[').then_some(rest));
                return path.or_else(|| rest.is_empty().then_some("")).map(Self::Body);
            }
            let name = response.strip_prefix("header.").or_else(|| response.strip_prefix("multivalueheader."))?;
            return is_name(name).then_some(Self::Header(name));
        }
        match MappingSource::parse(text)? {
            MappingSource::StageVariable(name) => Some(Self::StageVariable(name)),
            MappingSource::Context(path) => Some(Self::Context(path)),
            MappingSource::Literal(text) => Some(Self::Literal(text)),
            MappingSource::Parameter(_) | MappingSource::Body(_) => None,
        }
    }
}

/// Names of mapped parameters: `[a-zA-Z0-9._$-]+`, and `[]` as query strings often have it.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._$-[]".contains(c))
}

/// Whether a template has something to evaluate: a reference (`$x`, `${x}`, `$!x`) or a directive or comment (`#if`,
/// `#{else}`, `##`, `#*`, `#[[`). A price tag (`$5`) and a colour (`#333`) are plain text.
pub fn has_directives(template: &str) -> bool {
    let starts = |mark: char, next: fn(char) -> bool| {
        template.match_indices(mark).any(|(at, mark)| {
            let rest = template.get(at + mark.len()..).unwrap_or_default();
            rest.chars().next().is_some_and(next)
        })
    };
    starts('$', |c| c.is_ascii_alphabetic() || "_{!\\".contains(c))
        || starts('#', |c| c.is_ascii_alphabetic() || "{#*[@".contains(c))
}
