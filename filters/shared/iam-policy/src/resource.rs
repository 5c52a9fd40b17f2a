//! ARN patterns: the `Resource` and `NotResource` elements, and the values of `ArnLike`.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>

use crate::error::Reason;
use crate::pattern::{Pattern, Piece, Syntax, pieces};
use crate::request::Keys;

/// `arn:partition:service:region:account:resource`; the last part may have colons of its own.
const SEGMENTS: usize = 6;
/// Where the service stands.
const SERVICE: usize = 2;
/// The end of the ARN of a WebSocket API's connections as the developer guide writes it. Requests' ARNs go on behind
/// it, and a `Deny` that matches none would be thought to protect.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html>
const CONNECTIONS: &str = "/@connections";

/// A compiled ARN pattern. Wildcards do not leave their segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ArnPattern {
    /// `*`
    Everything,
    /// Too few segments to be the ARN of anything.
    Nothing,
    Segments(Box<[Pattern]>),
    /// A resource that ends in `/@connections`, as it stands there and with what may follow.
    Connections(Box<[Self; 2]>),
}

impl ArnPattern {
    /// A value of an ARN operator.
    pub(crate) fn new(text: &str, variables: bool) -> Result<Self, Reason> {
        Self::compile(text, variables, |_| Ok(()))
    }

    /// A `Resource`: the service may not be a wildcard, and variables begin behind the fifth colon. `…/@connections`
    /// covers what `…/@connections/*` does, too.
    pub(crate) fn resource(text: &str, variables: bool) -> Result<Self, Reason> {
        let as_written = Self::segments_of(text, variables)?;
        if !text.ends_with(CONNECTIONS) || as_written == Self::Nothing {
            return Ok(as_written);
        }
        let with_tail = Self::segments_of(&format!("{text}/*"), variables)?;
        Ok(Self::Connections(Box::new([as_written, with_tail])))
    }

    fn segments_of(text: &str, variables: bool) -> Result<Self, Reason> {
        Self::compile(text, variables, |segments| {
            let wildcard = |piece: &Piece| matches!(piece, Piece::One | Piece::Many);
            if segments.get(SERVICE).is_some_and(|service| service.iter().any(wildcard)) {
                return Err(Reason::ServiceWildcard(text.to_owned()));
            }
            let variable = |piece: &Piece| matches!(piece, Piece::Variable { .. });
            let before = segments.iter().take(SEGMENTS.saturating_sub(1));
            match before.flatten().any(variable) {
                true => Err(Reason::VariableTooEarly(text.to_owned())),
                false => Ok(()),
            }
        })
    }

    fn compile(
        text: &str,
        variables: bool,
        check: impl FnOnce(&[Vec<Piece>]) -> Result<(), Reason>,
    ) -> Result<Self, Reason> {
        if text == "*" {
            return Ok(Self::Everything);
        }
        let mut segments = segments(pieces(text, Syntax { wildcards: true, variables })?);
        check(&segments)?;
        if segments.len() < SEGMENTS {
            if segments.last().and_then(|last| last.last()) != Some(&Piece::Many) {
                return Ok(Self::Nothing);
            }
            segments.resize(SEGMENTS, vec![Piece::Many]);
        }
        Ok(Self::Segments(segments.into_iter().map(Pattern::new).collect()))
    }

    /// How many policy variables it has.
    pub(crate) fn variables(&self) -> usize {
        match self {
            Self::Segments(segments) => segments.iter().map(Pattern::variables).sum(),
            Self::Connections(forms) => forms.iter().map(Self::variables).sum(),
            Self::Everything | Self::Nothing => 0,
        }
    }

    pub(crate) fn matches(&self, arn: &str, keys: &dyn Keys) -> bool {
        match self {
            Self::Everything => true,
            Self::Nothing => false,
            Self::Segments(patterns) => {
                let mut values = arn.splitn(SEGMENTS, ':');
                patterns.iter().all(|pattern| values.next().is_some_and(|value| pattern.matches(value, keys)))
            }
            Self::Connections(forms) => forms.iter().any(|form| form.matches(arn, keys)),
        }
    }
}

/// Whether it is the ARN of an API or a stage, `…:a1b2c3/prod`, as some examples have it: what is called has a method or a
/// route as well.
pub(crate) fn names_no_call(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(SEGMENTS, ':').collect();
    let ["arn", _, "execute-api", _, _, resource] = parts.as_slice() else { return false };
    !resource.contains(['*', '?', '$']) && resource.matches('/').count() < 2
}

/// Cuts pieces at the first five colons of their plain text; colons of variables do not count.
fn segments(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut done = Vec::new();
    let mut segment = Vec::new();
    for piece in pieces {
        let Piece::Text(text) = piece else {
            segment.push(piece);
            continue;
        };
        let mut rest = text.as_str();
        while done.len() < SEGMENTS.saturating_sub(1) {
            let Some((before, behind)) = rest.split_once(':') else { break };
            if !before.is_empty() {
                segment.push(Piece::Text(before.to_owned()));
            }
            done.push(std::mem::take(&mut segment));
            rest = behind;
        }
        if !rest.is_empty() {
            segment.push(Piece::Text(rest.to_owned()));
        }
    }
    done.push(segment);
    done
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::request::NoKeys;

    const REQUEST: &str = "arn:aws:execute-api:us-east-1:123456789012:abc/prod/GET/pets/42";

    fn check(pattern: &str, arn: &str, expected: bool) {
        assert_eq!(ArnPattern::resource(pattern, true).unwrap().matches(arn, &NoKeys), expected, "{pattern} {arn}");
    }

    #[test]
    fn wildcards_stay_in_their_segment() {
        for (pattern, expected) in [
            ("*", true),
            ("arn:aws:execute-api:us-east-1:123456789012:abc/*", true),
            ("arn:aws:execute-api:*:*:*", true),
            ("arn:aws:execute-api:us-east-1:*:abc/prod/GET/*", true),
            ("arn:aws:execute-api:us-east-1:*:abc/*/GET/pets/42", true),
            ("arn:aws:execute-api:us-east-1:*:abc/*/pets/*", true),
            ("arn:aws:execute-api:us-east-1:*:abc/prod/GET/pets", false),
            ("arn:aws:execute-api:us-east-1:*:abc/prod/GET/pets/", false),
            ("arn:aws:execute-api:us-east-1:*:abc/", false),
            ("arn:aws:execute-api:us-east-1:*:ABC/*", false),
            ("arn:aws:execute-api:*", true),
            ("arn:aws:execute-api", false),
            ("arn:aws:execute-api:us-*:123?56789012:abc/prod/???/pets/??", true),
            ("arn:aws:execute-api:us-east-1*abc/prod/GET/pets/42", false),
            ("arn:aws:s3:::abc/*", false),
            ("pets", false),
        ] {
            check(pattern, REQUEST, expected);
        }
        check(
            "arn:aws:execute-api:us-east-1:*:abc/prod/*/*",
            "arn:aws:execute-api:us-east-1:1:abc/prod/$connect",
            false,
        );
        check("arn:aws:execute-api:us-east-1:*:abc/*", "arn:aws:execute-api:us-east-1:1:abc/prod/GET/a:b:c", true);
        check("arn:aws:execute-api:us-east-1:*:abc/*", "execute-api", false);
    }

    #[test]
    fn connections_without_a_tail() {
        let check = |pattern: &str, arn: &str, expected: bool| {
            let full = |rest: &str| format!("arn:aws:execute-api:us-east-1:123456789012:abc/{rest}");
            check(&full(pattern), &full(arn), expected);
        };
        const CALL: &str = "prod/POST/@connections/{connectionId}";
        for (pattern, expected) in [
            ("prod/POST/@connections", true),
            ("*/@connections", true),
            ("prod/POST/@connections/*", true),
            ("prod/GET/@connections", false),
            ("prod/POST/@connections/", false),
            ("prod/POST/@connections/AbC=", false),
            ("prod/POST/connections", false),
        ] {
            check(pattern, CALL, expected);
        }
        check("prod/POST/@connections", "prod/POST/@connections", true);
        check("prod/POST/@connections", "prod/POST/@connectionsx", false);
        check("prod/POST/@connections/*", "prod/POST/@connections", false);
        let arn = ArnPattern::new("arn:aws:execute-api:us-east-1:1:abc/prod/POST/@connections", true).unwrap();
        assert!(!arn.matches("arn:aws:execute-api:us-east-1:1:abc/prod/POST/@connections/x", &NoKeys));
        assert_eq!(ArnPattern::resource("/@connections", true).unwrap(), ArnPattern::Nothing);
    }

    #[test]
    fn an_api_or_a_stage_is_no_call() {
        for (resource, expected) in [
            ("abc", true),
            ("abc/", true),
            ("abc/prod", true),
            ("abc/prod/GET", false),
            ("*/prod", false),
            ("abc/${x}", false),
        ] {
            let arn = format!("arn:aws:execute-api:us-east-1:*:{resource}");
            assert_eq!(names_no_call(&arn), expected, "{arn}");
        }
        assert!(!names_no_call("arn:aws:s3:::abc"));
        assert!(!names_no_call("execute-api:/prod"));
    }

    #[test]
    fn what_a_resource_may_not_have() {
        let error = |text: &str| ArnPattern::resource(text, true).unwrap_err();
        assert!(matches!(error("arn:aws:*:us-east-1:1:abc/*"), Reason::ServiceWildcard(_)));
        assert!(matches!(error("arn:aws:execute-*"), Reason::ServiceWildcard(_)));
        assert!(matches!(error("arn:aws:execute-api:${aws:x}:1:abc/*"), Reason::VariableTooEarly(_)));
        assert!(ArnPattern::resource("arn:aws:execute-api:us-east-1:1:abc/${aws:x}", true).is_ok());
    }
}
