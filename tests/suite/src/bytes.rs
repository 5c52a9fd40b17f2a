//! Bytes in case files: text, or a description of what a file cannot spell out.

use serde::Deserialize;

/// Bytes, written as text or described.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Bytes {
    /// As they are.
    Text(String),
    /// What text cannot hold.
    Described(Described),
}

/// Bytes that a file does not spell out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Described {
    /// Comes first.
    #[serde(default)]
    pub prefix: String,
    /// Comes `times` times.
    #[serde(default)]
    pub repeat: String,
    /// How often `repeat` comes.
    #[serde(default)]
    pub times: usize,
    /// Then these bytes.
    #[serde(default)]
    pub bytes: Vec<u8>,
}

impl Default for Bytes {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Bytes {
    /// The bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Described(Described { prefix, repeat, times, bytes }) => {
                [prefix.as_bytes(), repeat.repeat(*times).as_bytes(), bytes].concat()
            }
        }
    }
}
