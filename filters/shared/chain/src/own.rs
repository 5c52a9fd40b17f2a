//! A member's own answer, on its way back through the members before Envoy has it.

use gateway::{Edits, Headers, Reply};

/// What Envoy adds to a body without a type.
const DEFAULT_TYPE: &[u8] = b"text/plain";

/// An answer that Envoy does not have yet.
pub struct OwnReply {
    /// The answer.
    pub reply: Reply,
    /// What logs will say of it.
    pub details: String,
}

impl OwnReply {
    /// A header as Envoy would show it.
    pub fn header(&self, name: &str) -> Option<Vec<u8>> {
        let has_body = !self.reply.body.is_empty();
        match name {
            ":status" => Some(self.reply.status.to_string().into_bytes()),
            "content-length" => has_body.then(|| self.reply.body.len().to_string().into_bytes()),
            _ => match self.reply.header(name) {
                None if name == "content-type" && has_body => Some(DEFAULT_TYPE.to_vec()),
                value => value.map(<[u8]>::to_vec),
            },
        }
    }

    /// All headers.
    pub fn headers(&self) -> Headers {
        let own = self.reply.headers.iter().map(|(name, value)| (name.as_ref(), value.to_vec()));
        let mut pairs: Vec<(&str, Vec<u8>)> = own.filter(|(name, _)| *name != "content-length").collect();
        for name in [":status", "content-length", "content-type"] {
            if pairs.iter().all(|(other, _)| *other != name) {
                pairs.extend(self.header(name).map(|value| (name, value)));
            }
        }
        Headers::from_pairs(&pairs)
    }

    /// An attribute of the response, as far as it has any yet.
    pub fn attribute(&self, path: &[&str]) -> Option<Vec<u8>> {
        (path == ["response", "code_details"]).then(|| self.details.clone().into_bytes())
    }

    /// Changes it.
    pub fn edit(&mut self, edits: &Edits) {
        let reply = &mut self.reply;
        for name in &edits.remove {
            reply.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        }
        for (name, value) in &edits.set {
            if name == ":status" {
                let status = std::str::from_utf8(value).ok().and_then(|status| status.parse().ok());
                reply.status = status.unwrap_or(reply.status);
            } else {
                reply.set_header(name.clone(), value.clone());
            }
        }
        reply.headers.extend(edits.add.iter().cloned());
        if let Some(body) = &edits.body {
            reply.body.clone_from(body);
        }
    }
}
