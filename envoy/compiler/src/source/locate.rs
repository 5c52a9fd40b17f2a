//! From a place in the text to its path in the tree.

use std::fmt;

use super::{Document, Node, Span, Value};

/// The way from the root of a document to a value or a key: `paths./pets.get.security[0]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(Box<str>),
    Index(usize),
}

impl Path {
    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if key.is_empty() || key.contains(['.', '[', ']', '"', ' ', '\n', '\t']) => {
                    write!(f, "[{:?}]", &**key)?;
                }
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

impl Document {
    /// The path of the key or value that stands at `span`, or of the innermost one around it.
    pub fn path_at(&self, span: Span) -> Path {
        let mut path = Path::default();
        let mut at = self.root();
        while let Some(node) = at {
            if node.span == span {
                break;
            }
            at = match &node.value {
                Value::Map(map) => {
                    let holds = |key: Span, value: &Node| contains(key, span) || contains(value.span, span);
                    let found = nearest(
                        map.entries(),
                        span,
                        |entry| entry.key.span.start,
                        |entry| holds(entry.key.span, &entry.value),
                    );
                    found.and_then(|(_, entry)| {
                        path.0.push(Step::Key(entry.key.text.clone()));
                        (!contains(entry.key.span, span)).then_some(&entry.value)
                    })
                }
                Value::List(items) => {
                    let found = nearest(items, span, |item| item.span.start, |item| contains(item.span, span));
                    found.map(|(index, item)| {
                        path.0.push(Step::Index(index));
                        item
                    })
                }
                _ => None,
            };
        }
        path
    }
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// The first item that holds `span`. Items stand in the order of the text, unless aliases brought them in, so the
/// likely one is tried first.
fn nearest<T>(items: &[T], span: Span, start: impl Fn(&T) -> u32, holds: impl Fn(&T) -> bool) -> Option<(usize, &T)> {
    let likely = items.partition_point(|item| start(item) <= span.start).saturating_sub(1);
    match items.get(likely).filter(|item| holds(item)) {
        Some(item) => Some((likely, item)),
        None => items.iter().enumerate().find(|(_, item)| holds(item)),
    }
}
