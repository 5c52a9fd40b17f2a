//! What a path, and its evaluation, may cost.

/// Longest path, in bytes. API Gateway gives none; paths in templates are tens of bytes long.
pub const MAX_PATH_LEN: usize = 4096;

/// Most tokens of one path (`.name`, `[0]`, `..`): no document is deeper than [`MAX_DEPTH`](crate::json::MAX_DEPTH),
/// and each token may recurse.
pub const MAX_TOKENS: usize = 400;

/// How deep filters, parentheses and functions' arguments may nest: each level recurses, in compiling and evaluating.
pub const MAX_NESTING: usize = 16;

/// Most values that one evaluation looks at: twice what a scan (`$..name`) of the largest body that API Gateway
/// takes can meet, 10 MB of `0,`. It stops paths like `$..*..*..*`, whose cost multiplies.
pub const MAX_STEPS: u64 = 10_000_000;

/// Most nodes that one evaluation gives.
pub const MAX_RESULTS: usize = 1_000_000;
