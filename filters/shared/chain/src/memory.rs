//! What a request's members have asked Envoy for already.

use std::cell::{OnceCell, RefCell};

use gateway::execution::ExecutionLog;
use gateway::{Edits, Headers, Property};

use crate::own::OwnReply;

/// Most attributes that are kept for one request; a filter reads a handful.
const MAX_ATTRIBUTES: usize = 16;

/// Attributes that the chain knows by itself; the parts of a path are joined by NUL.
const STATUS: &str = "response\0code";
const CODE_DETAILS: &str = "response\0code_details";

/// Answers of Envoy, kept for one request.
#[derive(Default)]
pub struct Memory {
    /// The client's headers, with the changes of members that others come after.
    pub request_headers: RefCell<Option<Headers>>,
    /// The response's headers, with the changes of members.
    pub response_headers: RefCell<Option<Headers>>,
    /// What members note for the execution log, where there is one.
    pub execution_log: OnceCell<Box<ExecutionLog>>,
    /// The response, as long as it is a member's answer that Envoy does not have.
    pub own_reply: RefCell<Option<OwnReply>>,
    attributes: RefCell<Vec<(String, Option<Vec<u8>>)>>,
    properties: RefCell<Vec<(Property, Option<Vec<u8>>)>>,
}

impl Memory {
    /// An attribute, asked for once. What belongs to the response is not kept before there is one.
    pub fn attribute(&self, path: &[&str], fetch: impl FnOnce() -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        if let Some((_, value)) = self.attributes.borrow().iter().find(|(name, _)| is_joined(name, path)) {
            return value.clone();
        }
        let value = fetch();
        let mut attributes = self.attributes.borrow_mut();
        if attributes.len() < MAX_ATTRIBUTES {
            attributes.push((path.join("\0"), value.clone()));
        }
        value
    }

    /// Envoy has changed the response's headers.
    pub fn edited(&self, edits: &Edits) {
        if let Some(headers) = self.response_headers.borrow_mut().as_mut().filter(|_| edits.changes_headers()) {
            *headers = headers.edited(edits);
        }
    }

    /// The response has left with the headers that are known here, if they are.
    pub fn sent(&self) {
        let headers = self.response_headers.borrow();
        let status =
            headers.as_ref().and_then(|headers| std::str::from_utf8(headers.first(":status")?).ok()?.parse().ok());
        status.into_iter().for_each(|status| self.know_status(status));
    }

    fn know_status(&self, status: u16) {
        self.know(STATUS, i64::from(status).to_le_bytes().to_vec());
    }

    fn know(&self, attribute: &str, value: Vec<u8>) {
        let mut attributes = self.attributes.borrow_mut();
        attributes.retain(|(name, _)| name != attribute);
        attributes.push((attribute.to_owned(), Some(value)));
    }

    /// What is known of a member's answer once Envoy has it, in the form that Envoy gives.
    pub fn answered(&self, own: &OwnReply) {
        self.response_begins();
        *self.response_headers.borrow_mut() = None;
        self.know_status(own.reply.status);
        self.know(CODE_DETAILS, own.details.clone().into_bytes());
    }

    /// The response begins: what was said of it before does not count.
    pub fn response_begins(&self) {
        self.attributes.borrow_mut().retain(|(name, _)| !name.starts_with("response\0"));
    }

    /// A property, asked for once.
    pub fn property(&self, property: Property, fetch: impl FnOnce() -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        if let Some((_, value)) = self.properties.borrow().iter().find(|(other, _)| *other == property) {
            return value.clone();
        }
        let value = fetch();
        self.properties.borrow_mut().push((property, value.clone()));
        value
    }

    /// Remembers what a member has left.
    pub fn set_property(&self, property: Property, value: &[u8]) {
        let mut properties = self.properties.borrow_mut();
        properties.retain(|(other, _)| *other != property);
        properties.push((property, Some(value.to_vec())));
    }
}

/// Whether a name is this path, its parts joined by NUL.
fn is_joined(name: &str, path: &[&str]) -> bool {
    let Some((last, before)) = path.split_last() else { return name.is_empty() };
    let rest = before.iter().try_fold(name, |rest, part| rest.strip_prefix(part)?.strip_prefix('\0'));
    rest == Some(last)
}
