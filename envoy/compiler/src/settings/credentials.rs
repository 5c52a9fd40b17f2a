//! Who may sign requests.

use crate::read::Reader;
use crate::source::{Node, Span, Spanned};

/// Credentials of a caller.
#[derive(Clone)]
pub struct Credential {
    /// Where they stand.
    pub span: Span,
    /// Access key id.
    pub access_key_id: Spanned<String>,
    /// Secret access key.
    pub secret_access_key: String,
    /// Session token of temporary credentials.
    pub session_token: Option<String>,
    /// Who the caller is.
    pub principal_arn: Spanned<String>,
    /// What the caller may do: IAM policy documents.
    pub policies: Vec<Spanned<serde_json::Value>>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("principal_arn", &self.principal_arn.value).finish_non_exhaustive()
    }
}

/// Reads the credentials; those that lack something are reported and left out.
pub fn read<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Vec<Credential> {
    reader.list(node).iter().filter_map(|item| read_one(reader, item)).collect()
}

fn read_one<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Credential> {
    let mut fields = reader.fields(node)?;
    let access_key_id = fields.required(reader, "accessKeyId").and_then(|node| reader.filled(node));
    let secret_access_key = fields.required(reader, "secretAccessKey").and_then(|node| reader.filled(node));
    let session_token = fields.take("sessionToken").and_then(|node| reader.filled(node));
    let principal_arn = fields.required(reader, "principalArn").and_then(|node| read_arn(reader, node));
    let mut policies = Vec::new();
    for item in fields.take("policies").map(|node| reader.list(node)).unwrap_or_default() {
        if reader.map(item).is_some() {
            policies.push(Spanned { value: item.to_json(), span: item.span });
        }
    }
    fields.finish(reader);
    Some(Credential {
        span: node.span,
        access_key_id: access_key_id?,
        secret_access_key: secret_access_key?.value,
        session_token: session_token.map(|token| token.value),
        principal_arn: principal_arn?,
        policies,
    })
}

fn read_arn(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<String>> {
    let text = reader.text(node)?;
    if !text.starts_with("arn:") || text.split(':').count() < 6 {
        reader.error(node.span, "expected the ARN of a user or role as `arn:aws:iam::123456789012:user/alice`");
        return None;
    }
    Some(text)
}
