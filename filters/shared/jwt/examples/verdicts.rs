//! Says of each token whether it is well formed and signed by a key of the set: `verdicts KEYS <TOKENS`, a token each
//! line, `1` or `0` for each. All algorithms are allowed. Used by `scripts/differential-tokens`.
#![allow(clippy::expect_used)]

use std::io::{self, BufRead, Write};
use std::{env, fs};

use jwt::{KeySet, Token, verify};

fn main() -> io::Result<()> {
    let path = env::args().nth(1).expect("the path of a key set");
    let keys = KeySet::parse(&fs::read(path)?).expect("a key set");
    let mut out = io::BufWriter::new(io::stdout().lock());
    for token in io::stdin().lock().split(b'\n') {
        let accepted = accepts(&keys, &token?);
        out.write_all(if accepted { b"1\n" } else { b"0\n" })?;
    }
    out.flush()
}

fn accepts(keys: &KeySet, text: &[u8]) -> bool {
    let Ok(token) = Token::parse(text) else { return false };
    let (Some(id), Ok(_)) = (token.header.key_id.as_deref(), token.claims()) else { return false };
    let mut candidates = keys.candidates(id, token.header.algorithm);
    candidates.any(|key| verify(key, token.header.algorithm, token.signed, &token.signature))
}
