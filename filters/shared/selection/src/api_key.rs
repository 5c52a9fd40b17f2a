//! Where a handshake's API key comes from.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html>

/// What an `apiKeySelectionExpression` names. There are these two only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApiKeySource {
    /// `$request.header.x-api-key`
    #[default]
    Header,
    /// `$context.authorizer.usageIdentifierKey`
    Authorizer,
}

impl ApiKeySource {
    /// Reads an expression; `None` when it is neither.
    pub fn parse(expression: &str) -> Option<Self> {
        let inside = |text: &str| text.strip_prefix("${")?.strip_suffix('}').map(str::to_owned);
        let path = inside(expression).or_else(|| expression.strip_prefix('$').map(str::to_owned))?;
        match path.as_str() {
            "context.authorizer.usageIdentifierKey" => Some(Self::Authorizer),
            path if path.eq_ignore_ascii_case("request.header.x-api-key") => Some(Self::Header),
            _ => None,
        }
    }
}
