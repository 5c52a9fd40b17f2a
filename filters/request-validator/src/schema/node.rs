//! A body as the `jsonschema` crate walks through it: places in the text, no tree of values.

use std::borrow::Cow;
use std::slice;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node as JsonNode, NodeIdentity, Object};
use serde_json::Value;
use vtl::document::{Kind, Place};

use super::body::Body;
use super::equality;
use super::number::Number;

/// JSON in the form of [`Body`].
pub struct Payload;

/// A value of a body.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    /// The body.
    pub body: &'a Body,
    /// Which of its values.
    pub place: Place,
}

impl Body {
    /// The whole body.
    pub fn root(&self) -> Node<'_> {
        Node { body: self, place: 0 }
    }
}

impl<'a> Node<'a> {
    /// What it is.
    pub fn kind(self) -> Kind {
        self.body.document().kind(self.place)
    }

    /// The text of a number, or a string as it stands there.
    pub fn text(self) -> &'a str {
        self.body.document().text(self.place)
    }

    fn at(self, place: Place) -> Self {
        Self { body: self.body, place }
    }

    /// The members, if it is an object.
    pub fn object(self) -> Option<Members<'a>> {
        if self.kind() != Kind::Object {
            return None;
        }
        let distinct = self.body.distinct_members(self.place);
        Some(match distinct {
            Some(members) => Members { node: self, next: 0, end: 0, distinct: members.iter() },
            None => {
                let (next, end) = (self.place.saturating_add(1), self.body.document().after(self.place));
                Members { node: self, next, end, distinct: [].iter() }
            }
        })
    }

    /// The elements, if it is an array.
    pub fn array(self) -> Option<Elements<'a>> {
        (self.kind() == Kind::Array).then(|| Elements {
            node: self,
            next: self.place.saturating_add(1),
            end: self.body.document().after(self.place),
        })
    }

    /// How many members an object, how many elements an array has.
    pub fn size(self) -> usize {
        match self.body.distinct_members(self.place) {
            Some(members) => members.len(),
            None => self.body.document().len(self.place),
        }
    }

    /// A member of an object.
    pub fn member(self, name: &str) -> Option<Self> {
        self.body.document().member(self.place, name).map(|place| self.at(place))
    }
}

/// Members of an object, each name once.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    node: Node<'a>,
    next: Place,
    end: Place,
    distinct: slice::Iter<'a, (Place, Place)>,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let document = self.node.body.document();
        let (name, value) = if self.next < self.end {
            let (name, value) = (self.next, self.next.saturating_add(1));
            self.next = document.after(value);
            (name, value)
        } else {
            *self.distinct.next()?
        };
        Some((document.content(name), self.node.at(value)))
    }
}

/// Elements of an array.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    node: Node<'a>,
    next: Place,
    end: Place,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        let element = self.next;
        (element < self.end).then(|| {
            self.next = self.node.body.document().after(element);
            self.node.at(element)
        })
    }
}

impl Json for Payload {
    type Node<'a> = Node<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = ();

    /// A lookup goes through the names, so one way through them beats several lookups.
    const KEYS_PER_LOOKUP: usize = 64;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(Node<'_>) -> T) -> T {
        // No keyword of draft 4 asks. A quoted text is always JSON.
        f(Body::parse(&gateway::json::quote(string)).unwrap_or_default().root())
    }
}

impl<'a> JsonNode<'a, Payload> for Node<'a> {
    type Object = Self;
    type Array = Self;
    type Number = Number<'a>;

    fn as_object(&self) -> Option<Self> {
        (self.kind() == Kind::Object).then_some(*self)
    }

    fn as_array(&self) -> Option<Self> {
        (self.kind() == Kind::Array).then_some(*self)
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        self.is_string().then(|| self.body.document().content(self.place))
    }

    fn as_number(&self) -> Option<Number<'a>> {
        matches!(self.kind(), Kind::Integer | Kind::Decimal).then(|| Number(self.text()))
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    fn is_number(&self) -> bool {
        matches!(self.kind(), Kind::Integer | Kind::Decimal)
    }

    fn is_string(&self) -> bool {
        matches!(self.kind(), Kind::Plain | Kind::String | Kind::PlainEscaped | Kind::Escaped)
    }

    fn json_type(&self) -> JsonType {
        match self.kind() {
            Kind::Null => JsonType::Null,
            Kind::True | Kind::False => JsonType::Boolean,
            Kind::Integer | Kind::Decimal => JsonType::Number,
            Kind::Plain | Kind::String | Kind::PlainEscaped | Kind::Escaped => JsonType::String,
            Kind::Array => JsonType::Array,
            Kind::Object => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        equality::equals_value(*self, expected)
    }

    /// Only the crate's error values ask; nothing here makes one from a request.
    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(Value::Null)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::tagged(std::ptr::from_ref(self.body).addr(), self.place))
    }
}

impl<'a> Object<'a, Payload> for Node<'a> {
    type Node = Self;
    type MemberName = Cow<'a, str>;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        self.size()
    }

    fn get(&self, key: &Box<str>) -> Option<Self> {
        self.member(key)
    }

    fn members(&self) -> Members<'a> {
        let nothing = Members { node: *self, next: 0, end: 0, distinct: [].iter() };
        self.object().unwrap_or(nothing)
    }
}

impl<'a> Array<'a, Payload> for Node<'a> {
    type Node = Self;
    type ElementsIter = Elements<'a>;

    fn len(&self) -> usize {
        self.size()
    }

    fn elements(&self) -> Elements<'a> {
        self.array().unwrap_or(Elements { node: *self, next: 0, end: 0 })
    }

    fn is_unique(&self) -> bool {
        equality::are_unique(*self)
    }
}
