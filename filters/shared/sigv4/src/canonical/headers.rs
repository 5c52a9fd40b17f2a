//! The canonical headers.

use crate::Request;

/// Writes a line for each name in `signed_headers`, in the order of that list. A name that the request does not have
/// gets an empty value.
pub(super) fn write(out: &mut Vec<u8>, request: &Request<'_>, signed_headers: &str) {
    for name in signed_headers.split(';') {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        let mut separator: &[u8] = b"";
        for (_, value) in request.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes())) {
            out.extend_from_slice(separator);
            write_value(out, value);
            separator = b",";
        }
        out.push(b'\n');
    }
}

/// Without blanks at the ends, and with each run of blanks made one.
fn write_value(out: &mut Vec<u8>, value: &[u8]) {
    let words = value.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}
