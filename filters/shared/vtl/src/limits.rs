//! The bounds of a template and of a rendering.
//!
//! A template comes from the configuration and is trusted as far as an author's mistake goes; what it renders comes
//! from traffic and is not trusted at all. One Envoy worker renders for all its connections, so a rendering must end
//! soon, and its memory is never given back to the process.

/// Largest template, in bytes. API Gateway's quota for a mapping template.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>
pub const MAX_TEMPLATE_BYTES: usize = 300 * 1024;

/// Most iterations of one `#foreach`. API Gateway's quota; further iterations are skipped without an error.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>
pub const MAX_FOREACH_ITERATIONS: u32 = 1000;

/// Deepest nesting of blocks, parentheses, lists and method arguments in a template.
///
/// The parser and the renderer recurse once for each level; a wasm stack is one megabyte.
pub const MAX_NESTING: u32 = 100;

/// Deepest recursion of a rendering: nesting, plus the `#define` blocks that print other blocks.
pub const MAX_RENDER_DEPTH: u32 = 256;

/// Work that one rendering may do. A node of the template costs one step, and an operation on a long text or a large
/// collection costs in proportion to it.
///
/// Not documented by AWS. A loop of 1000 in a loop of 1000 with a short body stays below; all of it takes well under a
/// second inside wasm.
pub const MAX_STEPS: u64 = 8_000_000;

/// Largest output, and largest single text, in bytes.
///
/// API Gateway's payload limit is 10 MB; the rest leaves room for a template that wraps or encodes such a payload.
pub const MAX_OUTPUT_BYTES: usize = 16 * 1024 * 1024;

/// Text and collection memory that one rendering may ask for in total, in bytes, freed or not.
///
/// Twelve times the largest payload: a document, some copies of it and a text built up in a loop fit.
pub const MAX_ALLOCATED_BYTES: usize = 128 * 1024 * 1024;

/// Deepest nesting of a JSON document. json-smart, the parser of Java's JsonPath, has the same bound.
pub const MAX_JSON_DEPTH: usize = 400;

/// Deepest nesting of a value that is printed, compared or hashed. Java overflows its stack at some thousands.
pub const MAX_VALUE_DEPTH: u32 = 500;

/// Most digits of an arbitrary precision number, so that `$x * $x` in a loop stays cheap.
pub const MAX_NUMBER_DIGITS: u64 = 4000;

/// Compiled regular expressions that a template keeps between renderings.
pub const MAX_CACHED_PATTERNS: usize = 32;

/// Longest regular expression, in bytes. Matching costs time in proportion to text times pattern.
pub const MAX_PATTERN_BYTES: usize = 4096;
