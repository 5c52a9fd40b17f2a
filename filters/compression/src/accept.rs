//! `Accept-Encoding`: which coding a client likes best.

/// Most codings of one header that are looked at; there are five in all.
const MAX_CODINGS: usize = 32;

/// Whether `deflate` is what the client likes best. Of two that it likes alike, the first one counts.
pub(crate) fn prefers_deflate(header: &[u8]) -> bool {
    let mut best: Option<(&str, f32)> = None;
    let header = std::str::from_utf8(header).unwrap_or_default();
    for coding in header.split(',').take(MAX_CODINGS) {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let quality = match parameters.trim().strip_prefix("q=") {
            Some(quality) => quality.trim().parse().unwrap_or(0.0),
            None => 1.0,
        };
        if quality > best.map_or(0.0, |(_, quality)| quality) {
            best = Some((name.trim(), quality));
        }
    }
    best.is_some_and(|(name, _)| name.eq_ignore_ascii_case("deflate"))
}

#[cfg(test)]
mod tests {
    use super::prefers_deflate;

    #[test]
    fn preferences() {
        for yes in ["deflate", " Deflate ", "gzip;q=0.5, deflate", "deflate, gzip", "br;q=0, deflate;q=0.1"] {
            assert!(prefers_deflate(yes.as_bytes()), "{yes}");
        }
        for no in ["", "gzip", "gzip, deflate", "deflate;q=0", "deflate;q=x", "deflate;q=0.5, br", "*", "inflate"] {
            assert!(!prefers_deflate(no.as_bytes()), "{no}");
        }
        assert!(!prefers_deflate(b"\xff"));
    }
}
