//! Limits by method: `/pets/{petId}/GET`.

use std::collections::BTreeMap;

use crate::bucket::Limit;

/// The verbs of a REST API's methods, `ANY` for a method that takes all.
const VERBS: [&str; 8] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "ANY"];

/// A method as settings name it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum MethodKey {
    /// `*/*`: every method without an entry of its own.
    All,
    /// Resource path and verb.
    One { resource_path: String, method: &'static str },
}

impl MethodKey {
    /// Reads a key in any of the forms that AWS writes: `/pets/GET`, `//GET` for the root, `~1pets/GET` and `~1/GET`
    /// in the REST representation, `/~1pets/GET` and `/*/*` made of CloudFormation's ResourcePath and HttpMethod.
    pub(crate) fn parse(key: &str) -> Result<Self, &'static str> {
        const FORM: &str = "is not a method, expected a resource path and a verb such as `/pets/{petId}/GET`";
        if matches!(key, "*/*" | "/*/*") {
            return Ok(Self::All);
        }
        let (path, verb) = key.rsplit_once('/').ok_or(FORM)?;
        let method = *VERBS.iter().find(|known| **known == verb).ok_or(FORM)?;
        let decoded = path.replace("~1", "/").replace("~0", "~");
        let resource_path = match decoded.strip_prefix("//") {
            Some(rest) => format!("/{rest}"),
            None => decoded,
        };
        if resource_path.starts_with('/') { Ok(Self::One { resource_path, method }) } else { Err(FORM) }
    }
}

/// Limits by resource path, then by verb.
#[derive(Debug, Default)]
pub(crate) struct MethodLimits(BTreeMap<Box<str>, Vec<(&'static str, Limit)>>);

impl MethodLimits {
    /// Adds a method; false when it is there already.
    pub(crate) fn add(&mut self, resource_path: String, method: &'static str, limit: Limit) -> bool {
        let methods = self.0.entry(resource_path.into_boxed_str()).or_default();
        let new = methods.iter().all(|(known, _)| *known != method);
        methods.push((method, limit));
        new
    }

    /// The entry for the request's verb, or else for the method that it was routed to (`ANY`), with the entry's verb.
    ///
    /// Not documented: that an entry for the verb itself reaches a request to an `ANY` method.
    pub(crate) fn find(
        &self,
        resource_path: &str,
        request_method: &str,
        method: &str,
    ) -> Option<(&'static str, Limit)> {
        let methods = self.0.get(resource_path)?;
        let find = |verb: &str| methods.iter().find(|(known, _)| *known == verb).copied();
        find(request_method).or_else(|| find(method))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(key: &str, path: &str, verb: &'static str) {
        let expected = MethodKey::One { resource_path: path.to_owned(), method: verb };
        assert_eq!(MethodKey::parse(key), Ok(expected), "{key}");
    }

    #[test]
    fn all_spellings_of_a_method() {
        check("/pets/GET", "/pets", "GET");
        check("//GET", "/", "GET");
        check("/pets/{petId}/POST", "/pets/{petId}", "POST");
        check("/GET/ANY", "/GET", "ANY");
        check("~1pets~1{id}/GET", "/pets/{id}", "GET");
        check("~1/GET", "/", "GET");
        check("/~1pets~1{id}/GET", "/pets/{id}", "GET");
        check("/a~0b/GET", "/a~b", "GET");
        assert_eq!(MethodKey::parse("*/*"), Ok(MethodKey::All));
        assert_eq!(MethodKey::parse("/*/*"), Ok(MethodKey::All));
    }

    #[test]
    fn what_is_no_method() {
        for key in ["", "GET", "pets/GET", "/pets", "/pets/", "/pets/get", "/pets/FETCH", "*/GET", "/GET"] {
            assert!(MethodKey::parse(key).is_err(), "{key}");
        }
    }

    #[test]
    fn the_verb_goes_before_any() {
        let limit = |rate| Limit::new(rate, 1.0).unwrap();
        let mut limits = MethodLimits::default();
        assert!(limits.add("/pets".to_owned(), "GET", limit(1.0)));
        assert!(limits.add("/pets".to_owned(), "ANY", limit(2.0)));
        assert!(!limits.add("/pets".to_owned(), "ANY", limit(3.0)));
        assert_eq!(limits.find("/pets", "GET", "ANY"), Some(("GET", limit(1.0))));
        assert_eq!(limits.find("/pets", "PUT", "ANY"), Some(("ANY", limit(2.0))));
        assert_eq!(limits.find("/pets", "PUT", "PUT"), None);
        assert_eq!(limits.find("/Pets", "GET", "GET"), None);
    }
}
