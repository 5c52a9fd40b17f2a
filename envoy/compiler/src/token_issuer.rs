//! Who issues the tokens that an authorizer takes.

use crate::api::Authorizer;

/// The issuer that an entry of `providerARNs` stands for: a user pool by its ARN, or any issuer by its URL.
pub fn issuer_of(provider: &str) -> Option<String> {
    if provider.starts_with("https://") || provider.starts_with("http://") {
        return Some(provider.to_owned());
    }
    let parts: Vec<&str> = provider.splitn(6, ':').collect();
    let ["arn", partition, "cognito-idp", region, _account, pool] = parts.as_slice() else { return None };
    let pool = pool.strip_prefix("userpool/")?;
    let word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if region.is_empty() || pool.is_empty() || !word(region) || !word(pool) {
        return None;
    }
    let suffix = if *partition == "aws-cn" { ".cn" } else { "" };
    Some(format!("https://cognito-idp.{region}.amazonaws.com{suffix}/{pool}"))
}

/// Where the keys of a user pool are. Those of other issuers are discovered.
///
/// Source: <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html>
pub fn jwks_uri_of_pool(issuer: &str) -> Option<String> {
    let pool = issuer.strip_prefix("https://cognito-idp.")?;
    pool.contains(".amazonaws.com").then(|| format!("{issuer}/.well-known/jwks.json"))
}

/// The header that the token is in: the definition's, or `Authorization`.
pub fn identity_source(authorizer: &Authorizer) -> String {
    let named = authorizer.identity_source.first().map(|source| source.value.clone());
    named.unwrap_or_else(|| "method.request.header.Authorization".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_pools_and_issuers() {
        for (provider, expected) in [
            (
                "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc",
                Some("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc"),
            ),
            (
                "arn:aws-cn:cognito-idp:cn-north-1:1:userpool/p",
                Some("https://cognito-idp.cn-north-1.amazonaws.com.cn/p"),
            ),
            ("https://issuer.example/", Some("https://issuer.example/")),
            ("arn:aws:cognito-idp:us-east-1:1:userpool/", None),
            ("arn:aws:cognito-idp:us-east-1:1:userpool/a/b", None),
            ("arn:aws:iam:us-east-1:1:userpool/a", None),
            ("p", None),
        ] {
            assert_eq!(issuer_of(provider).as_deref(), expected, "{provider}");
        }
    }

    #[test]
    fn keys_of_user_pools() {
        let keys = jwks_uri_of_pool("https://cognito-idp.us-east-1.amazonaws.com/p");
        assert_eq!(keys.as_deref(), Some("https://cognito-idp.us-east-1.amazonaws.com/p/.well-known/jwks.json"));
        assert_eq!(jwks_uri_of_pool("https://issuer.example/"), None);
    }
}
