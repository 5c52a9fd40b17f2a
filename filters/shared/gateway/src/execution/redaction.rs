//! What must not be in a log: authorization headers, API keys, tokens, signatures, cookies, and where they turn up again.

use std::cell::RefCell;
use std::rc::Rc;

use crate::json;

/// What stands for a secret, however long it is.
const MASK: &str = "**********";
/// Parts of names that say that a value is a secret. A header too many costs a look into the client's own log.
const SECRET: [&str; 12] = [
    "auth",
    "token",
    "secret",
    "password",
    "passwd",
    "signature",
    "api-key",
    "api_key",
    "apikey",
    "cookie",
    "credential",
    "session",
];
/// The shortest value that is looked for in other texts: shorter ones are words of every log.
const MIN_VALUE_BYTES: usize = 4;
/// The same for a part of a value, such as the token behind `Bearer`.
const MIN_PART_BYTES: usize = 8;
/// Most values that are remembered of one request. Its headers are bounded as well.
const MAX_VALUES: usize = 128;

/// Which values are secret, and those that have been seen.
#[derive(Clone, Debug, Default)]
pub struct Redaction {
    /// Names of an API's own, in lower case: what its authorizers take for identity.
    names: Rc<[String]>,
    values: RefCell<Vec<String>>,
}

impl Redaction {
    /// No value seen. `names` are headers and query parameters beside those whose name says it, in lower case.
    pub fn new(names: Rc<[String]>) -> Self {
        Self { names, values: RefCell::default() }
    }

    /// Whether a header or parameter is a secret.
    pub fn is_secret(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        !name.starts_with(':') && (SECRET.iter().any(|part| name.contains(part)) || self.names.contains(&name))
    }

    /// Remembers the value of a header or parameter, if it is a secret: it may be part of other texts as well.
    pub fn learn(&self, name: &str, value: &str) {
        if !self.is_secret(name) {
            return;
        }
        let separated = value.split([' ', ',', ';']).filter(|part| part.len() >= MIN_PART_BYTES);
        let parts = separated.flat_map(|part| match part.split_once('=') {
            Some((_, value)) if value.len() >= MIN_PART_BYTES => [Some(part), Some(value)],
            _ => [Some(part), None],
        });
        for secret in parts.flatten().chain([value]).filter(|secret| secret.len() >= MIN_VALUE_BYTES) {
            self.remember(secret);
            let mut escaped = String::new();
            json::escape_into(&mut escaped, secret);
            self.remember(&escaped);
        }
    }

    fn remember(&self, secret: &str) {
        let mut values = self.values.borrow_mut();
        if values.len() < MAX_VALUES && !values.iter().any(|other| other == secret) {
            values.push(secret.to_owned());
            // A value goes before its parts.
            values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        }
    }

    /// The value of a header or parameter as it may be shown.
    pub fn value(&self, name: &str, value: &str) -> String {
        if self.is_secret(name) && !value.is_empty() { MASK.to_owned() } else { value.to_owned() }
    }

    /// A path and query as they may be shown.
    pub fn target(&self, target: &str) -> String {
        let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, value)) => format!("{name}={}", self.value(name, value)),
            None => pair.to_owned(),
        });
        format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
    }

    /// A text in which the values seen do not stand. Of one that was `cut`, the end is left out in which one may begin.
    pub(super) fn mask(&self, text: &str, cut: bool) -> String {
        let values = self.values.borrow();
        let mut masked = text.to_owned();
        for value in values.iter().filter(|value| text.contains(value.as_str())) {
            masked = masked.replace(value.as_str(), MASK);
        }
        let longest = values.first().map_or(0, String::len);
        if cut {
            masked.truncate(masked.floor_char_boundary(masked.len().saturating_sub(longest)));
        }
        masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        let redaction = Redaction::new(Rc::from(["x-tenant".to_owned()]));
        for name in ["Authorization", "x-api-key", "X-Amz-Security-Token", "Set-Cookie", "X-Amz-Signature", "X-Tenant"]
        {
            assert!(redaction.is_secret(name), "{name}");
        }
        for name in ["accept", "user-agent", "x-amz-date", "content-type", ":authority"] {
            assert!(!redaction.is_secret(name), "{name}");
        }
    }

    #[test]
    fn values_do_not_turn_up_elsewhere() {
        let redaction = Redaction::default();
        redaction.learn("authorization", "Bearer abc\"def.ghi.jkl");
        redaction.learn("cookie", "id=0123456789; theme=dark");
        redaction.learn("accept", "text/html");
        let text = r#"{"Authorization":"Bearer abc\"def.ghi.jkl","token":"abc\"def.ghi.jkl","id":"0123456789","as":"text/html"}"#;
        let shown = redaction.mask(text, false);
        assert_eq!(shown, r#"{"Authorization":"**********","token":"**********","id":"**********","as":"text/html"}"#);
    }

    #[test]
    fn no_part_of_a_secret_at_a_cut() {
        let redaction = Redaction::default();
        redaction.learn("token", "0123456789");
        assert_eq!(redaction.mask("the token is 01234567", true), "the token i");
    }

    #[test]
    fn queries() {
        let redaction = Redaction::default();
        assert_eq!(redaction.target("/a?x=1&access_token=2&token&y"), "/a?x=1&access_token=**********&token&y");
        assert_eq!(redaction.target("/a"), "/a");
    }
}
