//! Requests as text, and a gateway that verifies them.

use sigv4::{Claim, Credentials, KeyCache, Refusal, Request, Timestamp};

/// A request that owns its parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub method: Vec<u8>,
    pub path: Vec<u8>,
    pub query: Vec<u8>,
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Message {
    /// Reads the text of an HTTP/1.1 request with plain line feeds; `None` where a server would see no request.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (head, body) = match text.windows(2).position(|pair| pair == b"\n\n") {
            Some(at) => (&text[..at], &text[at + 2..]),
            None => (text, &b""[..]),
        };
        let mut lines = head.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let line = lines.next()?.strip_suffix(b" HTTP/1.1")?;
        let blank = line.iter().position(|byte| *byte == b' ')?;
        let (method, target) = (&line[..blank], &line[blank + 1..]);
        let question = target.iter().position(|byte| *byte == b'?');
        let (path, query) = question.map_or((target, &b""[..]), |at| (&target[..at], &target[at + 1..]));
        let mut headers: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for line in lines {
            if line.starts_with(b" ") {
                headers.last_mut()?.1.extend_from_slice(line);
                continue;
            }
            let colon = line.iter().position(|byte| *byte == b':')?;
            let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
            let name = &line[..colon];
            if name.is_empty() || !name.iter().all(is_token) {
                return None;
            }
            headers.push((name.to_ascii_lowercase(), line[colon + 1..].to_vec()));
        }
        Some(Self { method: method.into(), path: path.into(), query: query.into(), headers, body: body.into() })
    }

    pub fn request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: self.headers.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).collect(),
        }
    }

    /// The same request with headers set.
    pub fn with(mut self, headers: &[(&'static str, String)]) -> Self {
        for (name, value) in headers {
            self.headers.retain(|(other, _)| other != name.as_bytes());
            self.headers.push((name.as_bytes().to_vec(), value.clone().into_bytes()));
        }
        self
    }
}

/// A gateway that knows one caller.
pub struct Gateway {
    pub region: String,
    pub service: String,
    pub credentials: Credentials,
    pub now: Timestamp,
    pub keys: KeyCache,
}

impl Gateway {
    /// All checks, in the order of the specification.
    pub fn verify(&self, message: &Message) -> Result<(), Refusal> {
        let request = message.request();
        let claim = Claim::read(&request)?;
        claim.check_scope(&self.region, &self.service)?;
        let Credentials { access_key_id, secret_access_key, session_token } = &self.credentials;
        if claim.access_key_id() != access_key_id {
            return Err(Refusal::UnknownAccessKey);
        }
        claim.check_time(self.now)?;
        let key = self.keys.key(access_key_id, secret_access_key, claim.scope()).unwrap();
        claim.verify(&request, &message.body, &key)?;
        claim.check_token(session_token.as_deref(), None, self.now)
    }
}
