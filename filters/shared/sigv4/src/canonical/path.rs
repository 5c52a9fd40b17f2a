//! The canonical URI.

use gateway::push_percent_encoded;

use super::percent_decode;

/// How a path is brought into its canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathStyle {
    /// As sent, each segment encoded once more: `/a%20b` is `/a%2520b`.
    AsSent,
    /// The same, after `.`, `..` and empty segments are resolved. Client libraries do that before they sign, and then
    /// send the path as it was.
    Normalized,
    /// As sent, encoded just once: S3.
    EncodedOnce,
}

/// Whether [`PathStyle::Normalized`] makes a difference.
pub(crate) fn has_other_forms(path: &[u8]) -> bool {
    if !path.starts_with(b"/") {
        return false;
    }
    let mut rest = segments(path).peekable();
    while let Some(segment) = rest.next() {
        let last = rest.peek().is_none();
        if matches!(segment, b"." | b"..") || (segment.is_empty() && !last) {
            return true;
        }
    }
    false
}

pub(super) fn write(out: &mut Vec<u8>, path: &[u8], style: PathStyle) {
    // No signer has such a path; servers may take it for another one.
    if !path.is_empty() && !path.starts_with(b"/") {
        return push_percent_encoded(out, path);
    }
    match style {
        PathStyle::AsSent => write_segments(out, segments(path)),
        PathStyle::EncodedOnce => {
            let decoded: Vec<_> = segments(path).map(percent_decode).collect();
            write_segments(out, decoded.iter().map(Vec::as_slice));
        }
        PathStyle::Normalized => {
            let mut kept: Vec<&[u8]> = Vec::new();
            for segment in segments(path) {
                match segment {
                    b"" | b"." => {}
                    b".." => drop(kept.pop()),
                    segment => kept.push(segment),
                }
            }
            if path.ends_with(b"/") || kept.is_empty() {
                kept.push(b"");
            }
            write_segments(out, kept.into_iter());
        }
    }
}

/// What stands between the slashes; one empty segment for `/` and for nothing.
fn segments(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.strip_prefix(b"/").unwrap_or(path).split(|byte| *byte == b'/')
}

fn write_segments<'a>(out: &mut Vec<u8>, segments: impl Iterator<Item = &'a [u8]>) {
    for segment in segments {
        out.push(b'/');
        push_percent_encoded(out, segment);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn canonical(path: &str, style: PathStyle) -> String {
        let mut out = Vec::new();
        write(&mut out, path.as_bytes(), style);
        String::from_utf8(out).unwrap()
    }

    /// Seen on the service.
    #[test]
    fn as_sent() {
        for (path, expected) in [
            ("/prod/pets/a%20b", "/prod/pets/a%2520b"),
            ("/$default/x", "/%24default/x"),
            ("/prod/@connections/AbC=", "/prod/%40connections/AbC%3D"),
            ("/prod/%40connections/AbC%3D", "/prod/%2540connections/AbC%253D"),
            ("", "/"),
            ("//a/./b/", "//a/./b/"),
            (".", "."),
            ("a/b", "a%2Fb"),
        ] {
            assert_eq!(canonical(path, PathStyle::AsSent), expected);
        }
    }

    #[test]
    fn normalized() {
        for (path, expected) in [
            ("/a/b/..", "/a"),
            ("/a/./b//c/", "/a/b/c/"),
            ("/../..", "/"),
            ("//", "/"),
            ("", "/"),
            ("/a%2F..", "/a%252F.."),
        ] {
            assert_eq!(canonical(path, PathStyle::Normalized), expected, "{path}");
        }
        for path in ["/a/b", "/a/", "/", "", "/a%2F../b", "/a/..b/.c", ".", "a/.."] {
            assert!(!has_other_forms(path.as_bytes()), "{path}");
        }
        for path in ["//a", "/a//b", "/./a", "/a/..", "/a//"] {
            assert!(has_other_forms(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn encoded_once() {
        assert_eq!(canonical("/bucket/a%20b+c/%C3%A4", PathStyle::EncodedOnce), "/bucket/a%20b%2Bc/%C3%A4");
    }
}
