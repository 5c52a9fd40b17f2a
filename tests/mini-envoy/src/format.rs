//! Envoy's format strings, as far as routes use them.

use host::HeaderMap;

/// What a format can name.
pub struct Scope<'a> {
    /// Headers of the request.
    pub request: &'a HeaderMap,
    /// Filter state by key.
    pub property: &'a dyn Fn(&str) -> Option<Vec<u8>>,
}

/// The value of a format; `missing` stands for what is not there.
///
/// # Errors
/// It names something that is not known here.
pub fn format(format: &str, scope: &Scope<'_>, missing: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = format;
    while let Some((text, after)) = rest.split_once('%') {
        out.extend_from_slice(text.as_bytes());
        let (command, after) = after.split_once('%').ok_or_else(|| format!("`{format}` has a lone %"))?;
        rest = after;
        if command.is_empty() {
            out.push(b'%');
            continue;
        }
        let value = match command.split_once('(').map(|(name, argument)| (name, argument.trim_end_matches(')'))) {
            Some(("FILTER_STATE", argument)) => {
                let key = argument.strip_suffix(":PLAIN").and_then(|key| key.strip_prefix("wasm."));
                (scope.property)(key.ok_or_else(|| format!("%{command}%"))?)
            }
            Some(("REQ", name)) => scope.request.get(name).map(<[u8]>::to_vec),
            None if command == "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT" => Some(crate::CLIENT.into()),
            None if command == "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT" => Some(crate::CLIENT.into()),
            // Where it is used, no proxy in front is trusted.
            None if command == "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" => Some(crate::CLIENT.into()),
            // A random one; what depends on its value runs on Envoy alone.
            None if command == "UNIQUE_ID" => Some(b"6f1c2b1e-3d4a-4f5b-8a6c-7d8e9fa0b1c2".to_vec()),
            None if command == "DOWNSTREAM_LOCAL_PORT" => Some(super::PORT.to_string().into_bytes()),
            _ => return Err(format!("%{command}%")),
        };
        out.extend(value.unwrap_or_else(|| missing.as_bytes().to_vec()));
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}
