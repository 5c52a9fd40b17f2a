//! The first stage: the canonical request, which client and gateway both write and then hash.

mod headers;
mod path;
mod query;

pub(crate) use headers::in_order;
pub use path::PathStyle;
pub(crate) use path::has_other_forms;
pub(crate) use query::percent_decode;

use crate::{PayloadHash, Request};

/// What of a request is left out of its canonical query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueryParts {
    /// Nothing: the signature is in a header.
    All,
    /// `X-Amz-Signature`.
    WithoutSignature,
    /// `X-Amz-Signature` and `X-Amz-Security-Token`.
    WithoutSignatureAndToken,
}

/// Writes the canonical request. `signed_headers` is a list in order, names joined by `;`.
pub(crate) fn canonical_request(
    request: &Request<'_>,
    path_style: PathStyle,
    query_parts: QueryParts,
    signed_headers: &str,
    payload: &PayloadHash,
) -> Vec<u8> {
    let mut canonical = Vec::with_capacity(512);
    canonical.extend_from_slice(request.method);
    canonical.push(b'\n');
    path::write(&mut canonical, request.path, path_style);
    canonical.push(b'\n');
    query::write(&mut canonical, request.query, query_parts);
    canonical.push(b'\n');
    headers::write(&mut canonical, request, signed_headers);
    canonical.push(b'\n');
    canonical.extend_from_slice(signed_headers.as_bytes());
    canonical.push(b'\n');
    canonical.extend_from_slice(payload.as_str().as_bytes());
    canonical
}
