//! The canonical query string.

use gateway::push_percent_encoded;

use super::QueryParts;

/// Writes the parameters, decoded and encoded anew, sorted by name and then by value. `+` stands for itself.
pub(super) fn write(out: &mut Vec<u8>, query: &[u8], parts: QueryParts) {
    let pairs = query.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    let mut encoded: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for pair in pairs {
        let mut sides = pair.splitn(2, |byte| *byte == b'=');
        let name = percent_decode(sides.next().unwrap_or_default());
        let left_out = match parts {
            QueryParts::All => false,
            QueryParts::WithoutSignature => name == b"X-Amz-Signature",
            QueryParts::WithoutSignatureAndToken => {
                matches!(name.as_slice(), b"X-Amz-Signature" | b"X-Amz-Security-Token")
            }
        };
        if !left_out {
            encoded.push((encoded_anew(&name), encoded_anew(&percent_decode(sides.next().unwrap_or_default()))));
        }
    }
    encoded.sort();
    let mut separator: &[u8] = b"";
    for (name, value) in &encoded {
        out.extend_from_slice(separator);
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(value);
        separator = b"&";
    }
}

fn encoded_anew(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    push_percent_encoded(&mut out, bytes);
    out
}

/// Decodes `%XX`. What is no escape stays as typed.
pub(crate) fn percent_decode(text: &[u8]) -> Vec<u8> {
    percent_encoding::percent_decode(text).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(query: &str, parts: QueryParts, expected: &str) {
        let mut out = Vec::new();
        write(&mut out, query.as_bytes(), parts);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn sorted_and_encoded_anew() {
        check("", QueryParts::All, "");
        check("limit=10&type=dog&empty=", QueryParts::All, "empty=&limit=10&type=dog");
        check("b=2&a&b=1&&%61=x", QueryParts::All, "a=&a=x&b=1&b=2");
        check("q=a+b&r=a%20b&s=a%2fb&t=%zz&u=x=y", QueryParts::All, "q=a%2Bb&r=a%20b&s=a%2Fb&t=%25zz&u=x%3Dy");
        // By name before value: `a-b` comes behind `a`, although `-` sorts before `=`.
        check("a-b=1&a=2", QueryParts::All, "a=2&a-b=1");
    }

    #[test]
    fn left_out() {
        let query = "X-Amz-Signature=s&X-Amz-Security-Token=t&x-amz-signature=kept";
        check(query, QueryParts::WithoutSignature, "X-Amz-Security-Token=t&x-amz-signature=kept");
        check(query, QueryParts::WithoutSignatureAndToken, "x-amz-signature=kept");
    }
}
