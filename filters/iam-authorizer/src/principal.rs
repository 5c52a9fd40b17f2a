//! Who an access key belongs to, as its ARN says.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>

use sha2::{Digest, Sha256};

/// A principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its ARN.
    pub arn: String,
    /// Its account.
    pub account_id: String,
    /// What it is.
    pub kind: PrincipalKind,
}

/// The kinds of principals that sign requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// The root of an account.
    Root,
    /// A user.
    User {
        /// Name, without its path.
        name: String,
    },
    /// A session of a role.
    AssumedRole {
        /// ARN of the role; without its path, which the ARN of a session does not have, unless it was given.
        role_arn: String,
        /// Name of the session.
        session: String,
    },
    /// A federated user.
    FederatedUser {
        /// Name.
        name: String,
    },
}

impl Principal {
    /// Reads an ARN; `None` where it is of no principal that signs requests.
    pub fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, service, "", account, resource] = parts.as_slice() else { return None };
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) || partition.is_empty() {
            return None;
        }
        let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        let kind = match (*service, resource.split_once('/')) {
            ("iam", None) if *resource == "root" => PrincipalKind::Root,
            ("iam", Some(("user", path))) => PrincipalKind::User { name: named(path.rsplit('/').next()?)? },
            ("sts", Some(("assumed-role", rest))) => {
                let (role, session) = rest.split_once('/').filter(|(role, _)| !role.is_empty())?;
                let session = named(session).filter(|session| !session.contains('/'))?;
                PrincipalKind::AssumedRole { role_arn: format!("arn:{partition}:iam::{account}:role/{role}"), session }
            }
            ("sts", Some(("federated-user", name))) => PrincipalKind::FederatedUser { name: named(name)? },
            _ => return None,
        };
        Some(Self { arn: arn.to_owned(), account_id: (*account).to_owned(), kind })
    }

    /// The same session with its role's whole ARN, which may have a path; `None` where this is no session of that role.
    #[must_use]
    pub fn of_role(self, whole_arn: &str) -> Option<Self> {
        let PrincipalKind::AssumedRole { role_arn, session } = self.kind else { return None };
        let (prefix, path) = whole_arn.split_once(":role/")?;
        let name = path.rsplit('/').next()?;
        (format!("{prefix}:role/{name}") == role_arn)
            .then(|| Self { kind: PrincipalKind::AssumedRole { role_arn: whole_arn.to_owned(), session }, ..self })
    }

    /// `aws:PrincipalType`
    pub fn principal_type(&self) -> &'static str {
        match self.kind {
            PrincipalKind::Root => "Account",
            PrincipalKind::User { .. } => "User",
            PrincipalKind::AssumedRole { .. } => "AssumedRole",
            PrincipalKind::FederatedUser { .. } => "FederatedUser",
        }
    }

    /// `aws:username`, which only users have.
    pub fn user_name(&self) -> Option<&str> {
        match &self.kind {
            PrincipalKind::User { name } => Some(name),
            _ => None,
        }
    }

    /// The ARN of the role, of a role's session.
    pub fn role_arn(&self) -> Option<&str> {
        match &self.kind {
            PrincipalKind::AssumedRole { role_arn, .. } => Some(role_arn),
            _ => None,
        }
    }

    /// An id of the form that the service gives out, always the same for an ARN.
    pub fn made_up_id(&self) -> String {
        let id = |prefix: &str, text: &str| {
            const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
            let digest = Sha256::digest(text.as_bytes());
            let letter = |byte: &u8| ALPHABET.get(usize::from(byte & 31)).copied().map_or('A', char::from);
            format!("{prefix}{}", digest.iter().take(17).map(letter).collect::<String>())
        };
        match &self.kind {
            PrincipalKind::Root => self.account_id.clone(),
            PrincipalKind::User { .. } => id("AIDA", &self.arn),
            PrincipalKind::AssumedRole { role_arn, session } => format!("{}:{session}", id("AROA", role_arn)),
            PrincipalKind::FederatedUser { name } => format!("{}:{name}", self.account_id),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::string_slice)]
    use super::*;

    #[test]
    fn kinds() {
        let user = Principal::parse("arn:aws:iam::123456789012:user/division/alice").unwrap();
        assert_eq!((user.user_name(), user.principal_type()), (Some("alice"), "User"));
        assert!(user.made_up_id().starts_with("AIDA") && user.made_up_id().len() == 21);
        let session = Principal::parse("arn:aws-cn:sts::123456789012:assumed-role/reader/s-1").unwrap();
        assert_eq!(session.role_arn(), Some("arn:aws-cn:iam::123456789012:role/reader"));
        assert!(session.made_up_id().ends_with(":s-1") && session.user_name().is_none());
        let root = Principal::parse("arn:aws:iam::123456789012:root").unwrap();
        assert_eq!((root.principal_type(), root.made_up_id().as_str()), ("Account", "123456789012"));
        let federated = Principal::parse("arn:aws:sts::123456789012:federated-user/bob").unwrap();
        assert_eq!(federated.made_up_id(), "123456789012:bob");
    }

    #[test]
    fn the_path_of_a_role() {
        let session = Principal::parse("arn:aws:sts::123456789012:assumed-role/reader/s-1").unwrap();
        let of = |role: &str| session.clone().of_role(role);
        for role in ["arn:aws:iam::123456789012:role/reader", "arn:aws:iam::123456789012:role/team/blue/reader"] {
            assert_eq!(of(role).unwrap().role_arn(), Some(role));
        }
        for role in [
            "",
            "reader",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/writer",
            "arn:aws:iam::123456789012:role/reader/",
            "arn:aws:iam::210987654321:role/team/reader",
            "arn:aws:iam::123456789012:user/team/reader",
        ] {
            assert_eq!(of(role), None, "{role}");
        }
        let user = Principal::parse("arn:aws:iam::123456789012:user/reader").unwrap();
        assert_eq!(user.of_role("arn:aws:iam::123456789012:role/reader"), None);
    }

    #[test]
    fn what_signs_no_request() {
        for arn in [
            "",
            "alice",
            "arn:aws:iam::123456789012:role/reader",
            "arn:aws:iam::123456789012:user/",
            "arn:aws:iam::1234:user/alice",
            "arn:aws:sts::123456789012:assumed-role/reader",
            "arn:aws:sts::123456789012:assumed-role/reader/",
            "arn:aws:sts::123456789012:assumed-role/reader/a/b",
            "arn:aws:iam:us-east-1:123456789012:user/alice",
        ] {
            assert_eq!(Principal::parse(arn), None, "{arn}");
        }
    }
}
