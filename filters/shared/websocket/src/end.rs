//! How connections end: what the client is told, and what the API's `$disconnect` route is.
//!
//! | end | close frame | `disconnectStatusCode`, `disconnectReason` |
//! | --- | --- | --- |
//! | the client closes | its own, sent back | its own |
//! | the client closes without a code | empty | 1005, `Client-side close frame status not set` |
//! | the client is gone | none | 1006, `Connection Closed Abnormally` |
//! | `DELETE @connections` | 1000 | the same, `Connection Closed Normally` |
//! | idle for 10 minutes, open for 2 hours, or the gateway ends | 1001 | the same, `Going away` |
//! | broken frames | 1002 | the same, `Protocol error` |
//! | a binary message | 1003 | the same, `Binary is not supported` |
//! | text that is not UTF-8 | 1007 | the same, `Invalid UTF-8` |
//! | the client does not read what it is sent | 1008 | the same, `Too much unread data` |
//! | a frame over 32 KB, a message over 128 KB | 1009 | the same, `Message too big` |
//! | the gateway fails | 1011 | the same, `Internal server error` |
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html>;
//! where it is silent, as recorded events and other emulators have it.

use std::borrow::Cow;

use crate::write;

/// How a client broke the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Its frames are wrong; the text says what, for the log.
    Protocol(&'static str),
    /// It sent a binary message.
    Binary,
    /// Its text is not UTF-8.
    NotUtf8,
    /// Its frame or message is larger than allowed.
    TooBig,
}

/// Why a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The client's close frame, with its code and reason.
    ByClient(Option<(u16, String)>),
    /// The client's connection is gone without one.
    Lost,
    /// `DELETE @connections`.
    Deleted,
    /// The connection was idle, or open, for too long, or the gateway ends.
    GoingAway,
    /// The client broke the rules.
    Violation(Violation),
    /// More is unread by the client than the gateway keeps.
    Overflow,
    /// The gateway cannot go on with the connection.
    Failure,
}

impl End {
    /// `disconnectStatusCode`.
    pub fn status(&self) -> u16 {
        match self {
            Self::ByClient(Some((code, _))) => *code,
            Self::ByClient(None) => 1005,
            Self::Lost => 1006,
            Self::Deleted => 1000,
            Self::GoingAway => 1001,
            Self::Violation(Violation::Protocol(_)) => 1002,
            Self::Violation(Violation::Binary) => 1003,
            Self::Violation(Violation::NotUtf8) => 1007,
            Self::Overflow => 1008,
            Self::Violation(Violation::TooBig) => 1009,
            Self::Failure => 1011,
        }
    }

    /// `disconnectReason`.
    pub fn reason(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::ByClient(Some((_, reason))) => return Cow::Borrowed(reason),
            Self::ByClient(None) => "Client-side close frame status not set",
            Self::Lost => "Connection Closed Abnormally",
            Self::Deleted => "Connection Closed Normally",
            Self::GoingAway => "Going away",
            Self::Violation(Violation::Protocol(_)) => "Protocol error",
            Self::Violation(Violation::Binary) => "Binary is not supported",
            Self::Violation(Violation::NotUtf8) => "Invalid UTF-8",
            Self::Overflow => "Too much unread data",
            Self::Violation(Violation::TooBig) => "Message too big",
            Self::Failure => "Internal server error",
        })
    }

    /// Appends the close frame that the client gets, if it gets one.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Lost => {}
            Self::ByClient(None) => write::close(out, None),
            _ => write::close(out, Some((self.status(), &self.reason()))),
        }
    }
}

/// Reads the payload of a client's close frame.
pub(crate) fn read_close(payload: &[u8]) -> Result<Option<(u16, String)>, Violation> {
    match payload {
        [] => Ok(None),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                return Err(Violation::Protocol("a close code may not be sent"));
            }
            let reason = std::str::from_utf8(reason).map_err(|_| Violation::NotUtf8)?;
            Ok(Some((code, reason.to_owned())))
        }
        [_] => Err(Violation::Protocol("a close code has one byte")),
    }
}
