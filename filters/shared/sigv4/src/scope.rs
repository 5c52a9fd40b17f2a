//! The credential scope: which day, region and service a signature is for.

use std::fmt;

/// The last part of every scope.
pub(crate) const TERMINATOR: &str = "aws4_request";

/// A credential scope, without its terminator. Printed as `20150830/us-east-1/execute-api/aws4_request`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// Day, `20150830`.
    pub date: String,
    /// Region.
    pub region: String,
    /// Service.
    pub service: String,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }
}
