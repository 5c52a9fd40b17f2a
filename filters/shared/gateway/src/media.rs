//! Media types: reading one from a header, and the API's `binaryMediaTypes`.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html>

/// What a request or response without a `Content-Type` is taken for.
pub const JSON: &str = "application/json";

/// The first media type of a header, in lower case and without parameters: `text/html` of `Text/HTML;q=0.9, */*`.
pub fn first(header: &[u8]) -> String {
    let end = header.iter().position(|byte| matches!(byte, b',' | b';')).unwrap_or(header.len());
    String::from_utf8_lossy(header.get(..end).unwrap_or_default()).trim().to_ascii_lowercase()
}

/// The media types whose payloads are bytes rather than text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BinaryMediaTypes(Vec<String>);

impl BinaryMediaTypes {
    /// The types as an API lists them: `image/png`, `image/*`, `*/*`.
    pub fn new(types: &[String]) -> Self {
        Self(types.iter().map(|entry| entry.trim().to_ascii_lowercase()).collect())
    }

    /// Whether a payload with this `Content-Type` is binary; one without is JSON.
    pub fn matches_content_type(&self, header: Option<&[u8]>) -> bool {
        self.matches(&header.map_or_else(|| JSON.to_owned(), first))
    }

    /// Whether a client with this `Accept` wants bytes. Only its first entry counts.
    pub fn matches_accept(&self, header: Option<&[u8]>) -> bool {
        header.is_some_and(|header| self.matches(&first(header)))
    }

    /// Wildcards are the list's; one in `media_type` is an ordinary character.
    fn matches(&self, media_type: &str) -> bool {
        self.0.iter().any(|entry| match entry.strip_suffix("/*") {
            Some("*") => true,
            Some(family) => media_type.split_once('/').is_some_and(|(of, _)| of == family),
            None => entry == media_type,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary(entry: &str, accept: Option<&str>) -> bool {
        BinaryMediaTypes::new(&[entry.to_owned()]).matches_accept(accept.map(str::as_bytes))
    }

    #[test]
    fn entries_and_wildcards() {
        assert!(binary("image/png", Some("image/png")));
        assert!(binary("image/png", Some("image/png;q=0.5")));
        assert!(binary("image/png", Some("IMAGE/PNG")));
        assert!(!binary("image/png", Some("image/*")));
        assert!(binary("image/*", Some("image/png")));
        assert!(!binary("image/png", Some("text/html,image/png")));
        assert!(binary("image/png", Some("image/png,text/html")));
        assert!(binary("*/*", Some("*/*")));
        assert!(!binary("*/*", None));
        assert!(!binary("*/png", Some("image/png")));
        assert!(binary("application/*", Some("application/*")));
    }

    #[test]
    fn no_content_type_is_json() {
        let json = BinaryMediaTypes::new(&["application/json".to_owned()]);
        assert!(json.matches_content_type(None));
        assert!(!json.matches_content_type(Some(b"text/plain")));
    }
}
