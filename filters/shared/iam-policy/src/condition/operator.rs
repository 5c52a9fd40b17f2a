//! Names of condition operators: `ForAnyValue:StringNotLikeIfExists`.

/// A condition operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(crate) set: Set,
    pub(crate) test: Test,
    /// The `Not` form: none of the values may fit.
    pub(crate) negated: bool,
    /// True where the request does not have the key.
    pub(crate) if_exists: bool,
}

/// How the values of a key count that has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    One,
    /// `ForAllValues:`
    All,
    /// `ForAnyValue:`
    Any,
}

impl Set {
    /// The result where the key is missing, or has no value.
    pub(crate) fn without_values(self, negated: bool) -> bool {
        match self {
            Self::One => negated,
            Self::All => true,
            Self::Any => false,
        }
    }
}

/// What is compared, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    Numeric(Order),
    Date(Order),
    Bool,
    Binary,
    Ip,
    Arn,
    Null,
}

/// How the request's value stands to the policy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Equals,
    LessThan,
    LessThanEquals,
    GreaterThan,
    GreaterThanEquals,
}

impl Order {
    pub(crate) fn holds(self, request: i128, policy: i128) -> bool {
        match self {
            Self::Equals => request == policy,
            Self::LessThan => request < policy,
            Self::LessThanEquals => request <= policy,
            Self::GreaterThan => request > policy,
            Self::GreaterThanEquals => request >= policy,
        }
    }

    fn parse(name: &str) -> Option<(Self, bool)> {
        Some(match name {
            "Equals" => (Self::Equals, false),
            "NotEquals" => (Self::Equals, true),
            "LessThan" => (Self::LessThan, false),
            "LessThanEquals" => (Self::LessThanEquals, false),
            "GreaterThan" => (Self::GreaterThan, false),
            "GreaterThanEquals" => (Self::GreaterThanEquals, false),
            _ => return None,
        })
    }
}

impl Operator {
    /// `None` for a name that is none, also where only letter case differs.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (set, name) = match name.split_once(':') {
            None => (Set::One, name),
            Some(("ForAllValues", name)) => (Set::All, name),
            Some(("ForAnyValue", name)) => (Set::Any, name),
            Some(_) => return None,
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (test, negated) = match name {
            "StringEquals" => (Test::StringEquals, false),
            "StringNotEquals" => (Test::StringEquals, true),
            "StringEqualsIgnoreCase" => (Test::StringEqualsIgnoreCase, false),
            "StringNotEqualsIgnoreCase" => (Test::StringEqualsIgnoreCase, true),
            "StringLike" => (Test::StringLike, false),
            "StringNotLike" => (Test::StringLike, true),
            "Bool" => (Test::Bool, false),
            "BinaryEquals" => (Test::Binary, false),
            "IpAddress" => (Test::Ip, false),
            "NotIpAddress" => (Test::Ip, true),
            "ArnEquals" | "ArnLike" => (Test::Arn, false),
            "ArnNotEquals" | "ArnNotLike" => (Test::Arn, true),
            "Null" if set == Set::One && !if_exists => (Test::Null, false),
            _ => {
                let numeric = name.strip_prefix("Numeric").and_then(Order::parse);
                let date = || name.strip_prefix("Date").and_then(Order::parse);
                match numeric {
                    Some((order, negated)) => (Test::Numeric(order), negated),
                    None => date().map(|(order, negated)| (Test::Date(order), negated))?,
                }
            }
        };
        Some(Self { set, test, negated, if_exists })
    }
}
