//! The document that an authorizer answers with.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>

use gateway::LAMBDA_CONTEXT;
use gateway::json::Writer;
use iam_policy::{Kind, Policy, RawPolicy};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::raw::Form;

/// Largest answer, in bytes. The service takes 6 MB from a function; what callers may do fits into a hundredth.
pub(crate) const MAX_ANSWER_BYTES: usize = 64 << 10;

/// What an authorizer has said about a caller.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub(crate) rule: Rule,
    /// The API key that the caller is to be counted under.
    pub(crate) usage_identifier_key: Option<String>,
    /// `principalId` and the context: members of a JSON object, without its braces. Of an HTTP API, the context stands
    /// in an object of its own.
    members: String,
    /// Whether the property tells how long the call took.
    with_latency: bool,
}

/// Who may go on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rule {
    /// Whoever the policy allows.
    Policy(Policy),
    /// Everybody, or nobody.
    Simple(bool),
}

/// The answer as it is written. Members that are not listed are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDocument {
    #[serde(default)]
    principal_id: Option<Value>,
    #[serde(default)]
    policy_document: Option<RawPolicy>,
    #[serde(default)]
    is_authorized: Option<Value>,
    #[serde(default)]
    context: Option<Map<String, Value>>,
    #[serde(default)]
    usage_identifier_key: Option<Value>,
}

impl Document {
    /// Reads an answer.
    ///
    /// # Errors
    /// What is wrong with it, without anything of its content that may be secret.
    pub fn parse(body: &[u8], form: Form) -> Result<Self, String> {
        if body.len() > MAX_ANSWER_BYTES {
            return Err(format!("the answer is larger than {MAX_ANSWER_BYTES} bytes"));
        }
        // What serde derives takes an array for a struct too.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err("the answer is no JSON object".to_owned());
        }
        let raw: RawDocument =
            serde_json::from_slice(body).map_err(|error| format!("the answer cannot be read: {error}"))?;
        let context = raw.context.unwrap_or_default();
        match form {
            Form::HttpV2Simple => {
                let allowed = is_authorized(raw.is_authorized.as_ref())?;
                check_claims(&context)?;
                Ok(Self {
                    rule: Rule::Simple(allowed),
                    usage_identifier_key: None,
                    members: members(None, &context, true),
                    with_latency: false,
                })
            }
            Form::Token | Form::Request | Form::HttpV1 | Form::HttpV2 | Form::WebSocket => {
                let is_http = matches!(form, Form::HttpV1 | Form::HttpV2);
                let principal = principal(raw.principal_id.as_ref(), form)?;
                let policy = raw.policy_document.ok_or("there is no `policyDocument`")?;
                let policy =
                    Policy::compile(&policy, Kind::Authorizer).map_err(|error| format!("policyDocument: {error}"))?;
                check_flat(&context)?;
                if is_http {
                    check_claims(&context)?;
                }
                let usage_identifier_key = match raw.usage_identifier_key {
                    None | Some(Value::Null) => None,
                    Some(Value::String(key)) => Some(key),
                    Some(_) => return Err("`usageIdentifierKey` is no text".to_owned()),
                };
                let members = members(principal.as_deref(), &context, is_http);
                Ok(Self { rule: Rule::Policy(policy), usage_identifier_key, members, with_latency: !is_http })
            }
        }
    }

    /// The JSON of `$context.authorizer`, after a call of that many milliseconds; 0 for an answer that was kept.
    pub(crate) fn property(&self, latency_millis: u64) -> String {
        match (self.with_latency, self.members.is_empty()) {
            (false, _) => format!("{{{}}}", self.members),
            (true, false) => format!("{{{},\"integrationLatency\":{latency_millis}}}", self.members),
            (true, true) => format!("{{\"integrationLatency\":{latency_millis}}}"),
        }
    }
}

/// `principalId`. A WebSocket API does without, and takes a number.
fn principal(value: Option<&Value>, form: Form) -> Result<Option<String>, String> {
    match value {
        Some(Value::String(principal)) if !principal.is_empty() => Ok(Some(principal.clone())),
        None | Some(Value::Null) if form == Form::WebSocket => Ok(None),
        Some(Value::Number(principal)) if form == Form::WebSocket => Ok(Some(principal.to_string())),
        _ => Err("`principalId` is no text, or empty".to_owned()),
    }
}

/// A boolean. Emulators take its text too.
fn is_authorized(value: Option<&Value>) -> Result<bool, String> {
    match value {
        Some(Value::Bool(allowed)) => Ok(*allowed),
        Some(Value::String(text)) if text == "true" => Ok(true),
        Some(Value::String(text)) if text == "false" => Ok(false),
        _ => Err("`isAuthorized` is no boolean".to_owned()),
    }
}

/// Beside a policy the context is flat.
fn check_flat(context: &Map<String, Value>) -> Result<(), String> {
    if context.values().any(|value| matches!(value, Value::Array(_) | Value::Object(_))) {
        return Err("`context` has an object or a list in it".to_owned());
    }
    Ok(())
}

/// On HTTP APIs the name is taken by JWT authorizers.
fn check_claims(context: &Map<String, Value>) -> Result<(), String> {
    if context.contains_key("claims") {
        return Err("`context` has the reserved member `claims`".to_owned());
    }
    Ok(())
}

/// `principalId` first, which no member of the context replaces.
fn members(principal: Option<&str>, context: &Map<String, Value>, is_http: bool) -> String {
    let mut out = Writer::default();
    if let Some(principal) = principal {
        out.text("principalId", principal);
    }
    if is_http {
        out.open(LAMBDA_CONTEXT, '{');
    }
    let taken =
        |name: &str| principal.is_some() && (name == "principalId" || (name == "integrationLatency" && !is_http));
    for (name, value) in context.iter().filter(|(name, _)| !taken(name)) {
        out.raw(name, &value.to_string());
    }
    if is_http {
        out.close('}');
    }
    out.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn allow() -> Value {
        json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    }

    fn error(answer: Value, form: Form) -> String {
        Document::parse(answer.to_string().as_bytes(), form).unwrap_err()
    }

    #[test]
    fn complete_answers() {
        let answer = json!({
            "principalId": "u|1", "policyDocument": allow(), "usageIdentifierKey": "k", "other": [1],
            "context": {"tenant": "a\"b", "level": 7, "beta": true, "none": null, "principalId": "x"},
        });
        let document = Document::parse(answer.to_string().as_bytes(), Form::Token).unwrap();
        assert_eq!(
            document.property(12),
            r#"{"principalId":"u|1","tenant":"a\"b","level":7,"beta":true,"none":null,"integrationLatency":12}"#
        );
        assert_eq!(document.usage_identifier_key.as_deref(), Some("k"));
        let document = Document::parse(answer.to_string().as_bytes(), Form::HttpV2).unwrap();
        assert_eq!(
            document.property(12),
            r#"{"principalId":"u|1","lambda":{"tenant":"a\"b","level":7,"beta":true,"none":null}}"#
        );
        let simple = json!({"isAuthorized": "true", "context": {"list": ["a"], "map": {"k": 1}, "principalId": "x"}});
        let document = Document::parse(simple.to_string().as_bytes(), Form::HttpV2Simple).unwrap();
        assert_eq!(document.rule, Rule::Simple(true));
        assert_eq!(document.property(1), r#"{"lambda":{"list":["a"],"map":{"k":1},"principalId":"x"}}"#);
    }

    #[test]
    fn what_is_refused() {
        let good = json!({"principalId": "u", "policyDocument": allow()});
        let with = |member: &str, value: Value| {
            let mut answer = good.clone();
            answer.as_object_mut().unwrap().insert(member.to_owned(), value);
            answer
        };
        for (answer, expected) in [
            (json!("Unauthorized"), "no JSON object"),
            (json!([]), "no JSON object"),
            (json!({}), "principalId"),
            (with("principalId", json!("")), "principalId"),
            (with("principalId", json!(7)), "principalId"),
            (with("policyDocument", json!(null)), "policyDocument"),
            (with("policyDocument", json!(allow().to_string())), "expected a policy"),
            (with("policyDocument", json!({"Statement": [{"Effect": "Allow"}]})), "Action"),
            (with("context", json!({"a": ["x"]})), "object or a list"),
            (with("context", json!({"a": {"b": 1}})), "object or a list"),
            (with("context", json!("x")), "cannot be read"),
            (with("usageIdentifierKey", json!(1)), "usageIdentifierKey"),
        ] {
            let found = error(answer.clone(), Form::Request);
            assert!(found.contains(expected), "{answer}: {found}");
        }
        assert!(error(with("context", json!({"claims": "x"})), Form::HttpV1).contains("claims"));
        for answer in [
            json!({}),
            json!({"isAuthorized": null}),
            json!({"isAuthorized": 1}),
            json!({"isAuthorized": "yes"}),
            good.clone(),
        ] {
            assert!(error(answer, Form::HttpV2Simple).contains("isAuthorized"));
        }
        let claims = json!({"isAuthorized": true, "context": {"claims": {"sub": "x"}}});
        assert!(error(claims, Form::HttpV2Simple).contains("claims"));
        assert!(error(json!({"isAuthorized": true}), Form::HttpV2).contains("principalId"));
    }

    #[test]
    fn large_answers() {
        let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        let many = json!({"principalId": "u", "policyDocument": {"Statement": vec![statement; 10_000]}});
        assert!(error(many, Form::Token).contains("larger than 65536"));
        for truncated in
            [&b"{\"principalId\": \"u\""[..], b"{\"policyDocument\": {\"Statement\": [", b"{", b"", b"{\xff"]
        {
            assert!(Document::parse(truncated, Form::Token).is_err());
        }
        let deep = format!("{{\"x\": {}{}}}", "[".repeat(20_000), "]".repeat(20_000));
        assert!(Document::parse(deep.as_bytes(), Form::Token).is_err());
    }
}
