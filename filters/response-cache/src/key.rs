//! What tells entries apart: the method, and the parameters that it names. Nothing else of a request does.

use gateway::{Context, Host, METHOD_HEADER};

/// A parameter of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    Header(String),
    Path(String),
    Query(String),
}

impl Parameter {
    /// Reads `method.request.querystring.NAME` and the like; `None` when it is of no known form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        type Form = fn(String) -> Parameter;
        const FORMS: [(&str, Form); 5] = [
            ("method.request.header.", Parameter::Header),
            ("method.request.multivalueheader.", Parameter::Header),
            ("method.request.path.", Parameter::Path),
            ("method.request.querystring.", Parameter::Query),
            ("method.request.multivaluequerystring.", Parameter::Query),
        ];
        FORMS.iter().find_map(|(prefix, form)| {
            let name = text.strip_prefix(prefix).filter(|name| !name.is_empty())?;
            Some(form(name.to_owned()))
        })
    }
}

/// The key of a request. Each part has its length before it, so that no two requests with different parts have the
/// same key; an absent parameter is another one than an empty.
pub(crate) fn key(namespace: &str, parameters: &[Parameter], context: &Context<'_>, host: &dyn Host) -> Vec<u8> {
    let mut key = Vec::new();
    push(&mut key, namespace.as_bytes());
    push(&mut key, &host.request_header(METHOD_HEADER).or_else(|| host.request_header(":method")).unwrap_or_default());
    let headers = host.request_headers();
    let path = context.path_parameters();
    let query = context.query();
    for parameter in parameters {
        // Headers as the client has sent them, all values: also those that mappings cannot read, such as signatures.
        let values: Vec<&[u8]> = match parameter {
            Parameter::Header(name) => headers.all(&name.to_ascii_lowercase()).collect(),
            Parameter::Path(name) => path.get(name).into_iter().collect(),
            Parameter::Query(name) => query.all(name).map(str::as_bytes).collect(),
        };
        push_length(&mut key, values.len());
        values.into_iter().for_each(|value| push(&mut key, value));
    }
    key
}

fn push(key: &mut Vec<u8>, part: &[u8]) {
    push_length(key, part.len());
    key.extend_from_slice(part);
}

fn push_length(key: &mut Vec<u8>, length: usize) {
    key.extend_from_slice(&u64::try_from(length).unwrap_or(u64::MAX).to_le_bytes());
}
