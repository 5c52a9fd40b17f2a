//! What a policy may cost. A policy of an authorizer arrives with a request, so all of it is bounded.

/// Most statements of one policy. A policy fits into an authorizer's answer of 64 KB or into IAM's own limits
/// (10,240 characters at most), which hold fewer.
pub const MAX_STATEMENTS: usize = 1_000;

/// Most actions, resources, principals and condition values of one policy together: what 64 KB of text hold at a
/// handful of bytes each.
pub(crate) const MAX_VALUES: usize = 10_000;

/// Longest single pattern or value, in bytes. IAM's own limit on a whole policy is 10,240 characters.
pub(crate) const MAX_VALUE_BYTES: usize = 10_240;

/// Most policy variables of one policy. A variable can stand for a header of 10 KB, so this bounds what one
/// evaluation copies to 2.5 MB.
pub(crate) const MAX_VARIABLES: usize = 256;

/// Longest `Resource` of an authorizer's policy, in characters.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
pub const MAX_AUTHORIZER_RESOURCE_CHARS: usize = 512;

/// Longest resource policy, in characters.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
pub const MAX_RESOURCE_POLICY_CHARS: usize = 8_192;
