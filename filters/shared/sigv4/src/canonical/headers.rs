//! The canonical headers.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::Request;

/// A list of signed headers as it has to be written: in lower case, sorted, each name once.
pub(crate) fn in_order(signed_headers: &str) -> Cow<'_, str> {
    let is_lower = !signed_headers.bytes().any(|byte| byte.is_ascii_uppercase());
    if is_lower && !signed_headers.starts_with(';') && signed_headers.split(';').is_sorted_by(|one, next| one < next) {
        return signed_headers.into();
    }
    let names = signed_headers.split(';').filter(|name| !name.is_empty()).map(str::to_ascii_lowercase);
    names.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(";").into()
}

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

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn lists_in_order() {
        for (list, expected) in [
            ("host;x-amz-date", "host;x-amz-date"),
            ("host", "host"),
            ("x-amz-date;host", "host;x-amz-date"),
            ("Host;X-Amz-Date", "host;x-amz-date"),
            ("host;host;x-amz-date", "host;x-amz-date"),
            (";host", "host"),
            ("host;", "host"),
            ("", ""),
        ] {
            assert_eq!(in_order(list), expected, "{list}");
        }
    }
}
