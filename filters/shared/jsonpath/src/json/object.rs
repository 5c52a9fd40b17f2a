//! The members of a JSON object: in order, each name once, quick to find.

use std::borrow::Cow;

use super::Json;

/// Objects up to this size are searched from the front; larger ones have an index. Comparing sixteen short names
/// costs about as much as a search through an index, and most objects are smaller.
const MAX_UNINDEXED: usize = 16;

/// The members of a JSON object, in the order of the text; each name is there once.
#[derive(Debug, Clone, Default)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, Json<'a>)>,
    /// Positions of the members, ordered by name; empty for an object of at most [`MAX_UNINDEXED`] members.
    ///
    /// A sorted list instead of a hash table: its cost does not depend on what names a client chose.
    index: Box<[u32]>,
}

impl<'a> Object<'a> {
    /// An object from members in order. A name that comes again overwrites the value where the name first stood, as
    /// Java's `LinkedHashMap` does.
    pub fn from_members(members: Vec<(Cow<'a, str>, Json<'a>)>) -> Self {
        if members.len() <= MAX_UNINDEXED { Self::small(members) } else { Self::indexed(members) }
    }

    fn small(mut members: Vec<(Cow<'a, str>, Json<'a>)>) -> Self {
        let mut at = 1;
        while at < members.len() {
            let (before, rest) = members.split_at_mut(at);
            let Some((name, value)) = rest.first_mut() else { break };
            match before.iter_mut().find(|(earlier, _)| earlier == name) {
                Some((_, earlier)) => {
                    std::mem::swap(earlier, value);
                    members.remove(at);
                }
                None => at = at.saturating_add(1),
            }
        }
        Self { members, index: Box::default() }
    }

    fn indexed(members: Vec<(Cow<'a, str>, Json<'a>)>) -> Self {
        let order = order_by_name(&members);
        let repeated = order.windows(2).any(|pair| match pair {
            [a, b] => name_at(&members, *a) == name_at(&members, *b),
            _ => false,
        });
        if !repeated {
            return Self { members, index: order };
        }
        let members = merge_repeated(members, &order);
        let index = order_by_name(&members);
        Self { members, index }
    }

    /// The member `name`.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.entry(name).map(|(_, value)| value)
    }

    /// The member `name`, with its name as it is kept here.
    pub fn entry(&self, name: &str) -> Option<(&str, &Json<'a>)> {
        let found = if self.index.is_empty() {
            self.members.iter().find(|(key, _)| key == name)
        } else {
            let at = self.index.binary_search_by(|at| name_at(&self.members, *at).cmp(name)).ok()?;
            self.index.get(at).and_then(|at| self.members.get(*at as usize))
        };
        found.map(|(key, value)| (key.as_ref(), value))
    }

    /// The members, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Json<'a>)> + Clone {
        self.members.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// The values, in order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Json<'a>> + Clone {
        self.members.iter().map(|(_, value)| value)
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members, for taking apart.
    pub fn into_members(self) -> Vec<(Cow<'a, str>, Json<'a>)> {
        self.members
    }

    /// A copy that borrows nothing.
    pub fn into_owned(self) -> Object<'static> {
        let members = self.members.into_iter().map(|(name, value)| (Cow::Owned(name.into_owned()), value.into_owned()));
        Object { members: members.collect(), index: self.index }
    }
}

/// Equal when the same names have equal values, in any order, as Java's `Map.equals`.
impl PartialEq for Object<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

fn name_at<'m>(members: &'m [(Cow<'_, str>, Json<'_>)], at: u32) -> &'m str {
    members.get(at as usize).map_or("", |(name, _)| name)
}

/// Positions ordered by name, and where names are equal by position.
fn order_by_name(members: &[(Cow<'_, str>, Json<'_>)]) -> Box<[u32]> {
    // A document of 2^32 members does not fit in wasm's memory.
    let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_unstable_by(|a, b| name_at(members, *a).cmp(name_at(members, *b)).then(a.cmp(b)));
    order.into_boxed_slice()
}

/// Moves the last value of each repeated name to the name's first position and drops the rest.
fn merge_repeated<'a>(members: Vec<(Cow<'a, str>, Json<'a>)>, order: &[u32]) -> Vec<(Cow<'a, str>, Json<'a>)> {
    // Where each member's value goes: the first position of its name.
    let mut target: Vec<u32> = vec![0; members.len()];
    let mut first = 0;
    let mut previous: Option<u32> = None;
    for &at in order {
        if previous.is_none_or(|previous| name_at(&members, previous) != name_at(&members, at)) {
            first = at;
        }
        if let Some(slot) = target.get_mut(at as usize) {
            *slot = first;
        }
        previous = Some(at);
    }
    let mut merged: Vec<Option<(Cow<'a, str>, Json<'a>)>> = Vec::with_capacity(members.len());
    for ((name, value), to) in members.into_iter().zip(target) {
        match merged.get_mut(to as usize) {
            Some(Some((_, earlier))) => {
                *earlier = value;
                merged.push(None);
            }
            _ => merged.push(Some((name, value))),
        }
    }
    merged.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(names: &[&'static str]) -> Object<'static> {
        Object::from_members(
            names.iter().enumerate().map(|(at, name)| (Cow::Borrowed(*name), Json::Bool(at % 2 == 0))).collect(),
        )
    }

    #[test]
    fn a_repeated_name_keeps_its_first_place_and_last_value() {
        let small = object(&["a", "b", "a", "a"]);
        assert_eq!(small.iter().collect::<Vec<_>>(), [("a", &Json::Bool(false)), ("b", &Json::Bool(false))]);

        let names: Vec<String> = (0..40).map(|n| format!("k{}", n % 30)).collect();
        let members = names.iter().enumerate().map(|(at, n)| (Cow::Borrowed(n.as_str()), Json::Bool(at >= 30)));
        let large = Object::from_members(members.collect());
        assert_eq!(large.len(), 30);
        assert_eq!(large.iter().next(), Some(("k0", &Json::Bool(true))));
        assert_eq!(large.get("k9"), Some(&Json::Bool(true)));
        assert_eq!(large.get("k10"), Some(&Json::Bool(false)));
        assert_eq!(large.get("k30"), None);
        assert_eq!(large.iter().map(|(name, _)| name).collect::<Vec<_>>(), names.get(..30).unwrap_or_default());
    }

    #[test]
    fn equality_ignores_the_order_of_members() {
        let one = Object::from_members(vec![("a".into(), Json::Null), ("b".into(), Json::Bool(true))]);
        let other = Object::from_members(vec![("b".into(), Json::Bool(true)), ("a".into(), Json::Null)]);
        assert_eq!(one, other);
        assert_ne!(one, object(&["a"]));
    }
}
