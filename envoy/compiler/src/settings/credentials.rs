//! Who may sign requests.

use iam_authorizer::Principal;
use indexmap::IndexMap;

use crate::diagnostics::Diagnostics;
use crate::read::Reader;
use crate::source::{Document, Node, Span, Spanned};

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
    /// When the session ends, in seconds since 1970; absent: never.
    pub expiration: Option<u64>,
    /// Who the caller is.
    pub principal_arn: Spanned<String>,
    /// ARN of the role of a role's session, with its path; absent: a role without a path.
    pub role_arn: Option<String>,
    /// Unique id of the caller; absent: made of the ARN.
    pub user_id: Option<String>,
    /// Organisation of the caller's account.
    pub principal_org_id: Option<String>,
    /// Tags of the caller.
    pub tags: IndexMap<String, String>,
    /// What the caller may do: IAM policy documents.
    pub policies: Vec<Spanned<serde_json::Value>>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("principal_arn", &self.principal_arn.value).finish_non_exhaustive()
    }
}

/// Reads a file of credentials alone: the list, or `credentials: [...]`.
pub fn read_file(document: &Document) -> (Vec<Credential>, Diagnostics) {
    let mut reader = Reader::new(document);
    let mut credentials = Vec::new();
    if let Some(root) = document.root().filter(|root| !root.is_null()) {
        if root.as_list().is_some() {
            credentials = read(&mut reader, root);
        } else if let Some(mut fields) = reader.fields(root) {
            let list = fields.required(&mut reader, "credentials");
            credentials = list.map(|node| read(&mut reader, node)).unwrap_or_default();
            fields.finish(&mut reader);
        }
    }
    (credentials, reader.diagnostics)
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
    let expiration = fields.take("expiration").and_then(|node| read_expiration(reader, node));
    let user_id = fields.take("userId").and_then(|node| reader.filled(node));
    let principal_org_id = fields.take("principalOrgId").and_then(|node| reader.filled(node));
    let tags = fields.take("tags").map(|node| reader.map_of(node, |reader, entry| reader.text(&entry.value)));
    let principal_arn = fields.required(reader, "principalArn").and_then(|node| read_arn(reader, node));
    let role_arn = fields.take("roleArn").and_then(|node| read_role(reader, node, principal_arn.as_ref()));
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
        expiration,
        principal_arn: principal_arn?,
        role_arn,
        user_id: user_id.map(|id| id.value),
        principal_org_id: principal_org_id.map(|id| id.value),
        tags: tags.unwrap_or_default().into_iter().map(|(name, tag)| (name, tag.value)).collect(),
        policies,
    })
}

fn read_arn(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<String>> {
    let text = reader.text(node)?;
    if Principal::parse(&text).is_none() {
        reader.error(
            node.span,
            "expected the ARN of a user, a role's session, a federated user or the root of an account, as \
             `arn:aws:iam::123456789012:user/alice` or `arn:aws:sts::123456789012:assumed-role/NAME/SESSION`",
        );
        return None;
    }
    Some(text)
}

fn read_role(reader: &mut Reader<'_>, node: &Node, session: Option<&Spanned<String>>) -> Option<String> {
    let role = reader.text(node)?;
    let session = Principal::parse(session?)?;
    if session.of_role(&role).is_none() {
        reader.error(
            node.span,
            "expected the ARN of the role whose session `principalArn` is, as `arn:aws:iam::123456789012:role/PATH/NAME`",
        );
        return None;
    }
    Some(role.value)
}

/// `2026-01-02T03:04:05Z`, as `sts assume-role` prints it.
fn read_expiration(reader: &mut Reader<'_>, node: &Node) -> Option<u64> {
    let text = reader.text(node)?;
    let plain = text.strip_suffix("+00:00").map(|start| format!("{start}Z"));
    let basic: String = plain.as_deref().unwrap_or(&text).chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let time = sigv4::Timestamp::parse(&basic);
    if time.is_none() {
        reader.error(node.span, "expected a time in UTC as `2026-01-02T03:04:05Z`");
    }
    time.map(sigv4::Timestamp::seconds)
}
