//! ARNs of requests to APIs.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html>

/// The API that abbreviated resources (`execute-api:/prod/*`) stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecuteApi<'a> {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: &'a str,
    /// Region of the API.
    pub region: &'a str,
    /// Account of the API.
    pub account_id: &'a str,
    /// Id of the API.
    pub api_id: &'a str,
}

impl ExecuteApi<'_> {
    /// ARN of the whole API, in front of `/stage/METHOD/path`.
    pub fn arn(&self) -> String {
        format!("arn:{}:execute-api:{}:{}:{}", self.partition, self.region, self.account_id, self.api_id)
    }
}

/// An ARN as refusals show it: the account is eight `*` and its last four digits.
pub fn mask_account(arn: &str) -> String {
    let mut parts: Vec<&str> = arn.splitn(6, ':').collect();
    let masked = match parts.get(4) {
        Some(account) => {
            let shown = account.len().saturating_sub(4);
            format!("********{}", account.get(shown..).unwrap_or_default())
        }
        None => return arn.to_owned(),
    };
    if let Some(account) = parts.get_mut(4) {
        *account = &masked;
    }
    parts.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked() {
        let arn = "arn:aws:execute-api:us-east-1:123456789012:abc/dev/GET/x:y";
        assert_eq!(mask_account(arn), "arn:aws:execute-api:us-east-1:********9012:abc/dev/GET/x:y");
        assert_eq!(mask_account("x"), "x");
    }
}
