//! Writing JSON text by hand where a whole serialiser would be too much: texts, and the events of functions.

/// Appends `text` as the inside of a JSON string: quotes, backslashes and control characters escaped, the rest as is.
pub fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
}

/// `text` as a JSON string, quotes included.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(2));
    out.push('"');
    escape_into(&mut out, text);
    out.push('"');
    out
}

/// Writes JSON, one member after the other.
#[derive(Debug, Default)]
pub struct Writer(String);

impl Writer {
    /// A writer with room for `bytes` that has opened an object.
    pub fn object(bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes);
        text.push('{');
        Self(text)
    }

    /// The text.
    pub fn finish(self) -> String {
        self.0
    }

    /// The comma before a member that is not the first.
    fn separate(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with(['{', '[']) {
            self.0.push(',');
        }
    }

    fn name(&mut self, name: &str) {
        self.separate();
        self.0.push('"');
        escape_into(&mut self.0, name);
        self.0.push_str("\":");
    }

    /// A member whose value is an object or list, which stays open.
    pub fn open(&mut self, name: &str, bracket: char) {
        self.name(name);
        self.0.push(bracket);
    }

    /// Closes what was opened.
    pub fn close(&mut self, bracket: char) {
        self.0.push(bracket);
    }

    /// A member whose value is text.
    pub fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.push('"');
        escape_into(&mut self.0, value);
        self.0.push('"');
    }

    /// A member whose value is JSON already.
    pub fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.0.push_str(json);
    }

    /// An object of strings; `null` when it is empty.
    pub fn strings<'n>(&mut self, name: &str, members: impl Iterator<Item = (&'n str, String)>) {
        let mut members = members.peekable();
        if members.peek().is_none() {
            return self.raw(name, "null");
        }
        self.open(name, '{');
        for (name, value) in members {
            self.text(name, &value);
        }
        self.close('}');
    }

    /// The last value of each name.
    pub fn single_values(&mut self, name: &str, groups: &[(String, Vec<String>)]) {
        let last =
            |(name, values): &'_ (String, Vec<String>)| (name.clone(), values.last().cloned().unwrap_or_default());
        let members: Vec<(String, String)> = groups.iter().map(last).collect();
        self.strings(name, members.iter().map(|(name, value)| (name.as_str(), value.clone())));
    }

    /// All values of each name.
    pub fn multiple_values(&mut self, name: &str, groups: &[(String, Vec<String>)]) {
        if groups.is_empty() {
            return self.raw(name, "null");
        }
        self.open(name, '{');
        for (name, values) in groups {
            self.open(name, '[');
            for value in values {
                self.separate();
                self.0.push('"');
                escape_into(&mut self.0, value);
                self.0.push('"');
            }
            self.close(']');
        }
        self.close('}');
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            prop_assert_eq!(serde_json::from_str::<String>(&quote(&text)).unwrap(), text);
        }

        /// Names are a client's, so they may be anything, empty too.
        #[test]
        fn any_members_come_back(groups in btree_map(any::<String>(), vec(any::<String>(), 1..3), 0..4)) {
            let listed: Vec<_> = groups.clone().into_iter().collect();
            let mut out = Writer::object(0);
            out.single_values("last", &listed);
            out.multiple_values("all", &listed);
            out.close('}');
            let last: BTreeMap<_, _> = groups.iter().map(|(name, values)| (name, values.last())).collect();
            let (last, all) = if groups.is_empty() { (Value::Null, Value::Null) } else { (json!(last), json!(groups)) };
            prop_assert_eq!(serde_json::from_str::<Value>(&out.finish()).unwrap(), json!({"last": last, "all": all}));
        }
    }

    #[test]
    fn a_name_may_be_empty() {
        let mut out = Writer::object(0);
        out.multiple_values("all", &[(String::new(), vec!["x".to_owned()])]);
        out.close('}');
        assert_eq!(out.finish(), r#"{"all":{"":["x"]}}"#);
    }
}
