//! What a path, and its evaluation, may cost.

/// Longest path, in bytes. API Gateway gives none; paths in templates are tens of bytes long.
pub const MAX_PATH_LEN: usize = 4096;

/// Most tokens of one path (`.name`, `[0]`, `..`): a document is at most
/// [`MAX_DEPTH`](crate::json::MAX_DEPTH) deep, so a longer path finds nothing.
pub const MAX_TOKENS: usize = 400;

/// How deep filters, parentheses and functions' arguments may nest: each level recurses, in compiling and evaluating.
pub const MAX_NESTING: usize = 16;

/// Most values that one evaluation looks at: twice what a scan (`$..name`) of the largest body that API Gateway
/// takes can meet, 10 MB of `0,`. It stops paths like `$..*..*..*`, whose cost multiplies.
pub const MAX_STEPS: u64 = 10_000_000;

/// Most nodes that one evaluation gives. A scan gives each value at most once, so only a multiplying path meets it.
pub const MAX_RESULTS: usize = 5_000_000;

/// How deep one evaluation may recurse, filters within filters together: twice as deep as a scan of the deepest
/// document, and a fraction of the stack of a wasm module.
pub const MAX_RECURSION: usize = 800;

/// Size of a compiled regular expression, in bytes: some hundred states, more than any pattern that fits in a filter
/// and is not a repetition of repetitions.
pub const MAX_PATTERN_SIZE: usize = 64 * 1024;
