//! Fields of a JSON element, taken as senders write them: numbers as text, text as numbers, `null` for nothing.

use std::borrow::Cow;

use serde_json::Value;

/// How many tags of one event are kept.
pub(crate) const TAGS_MAX: usize = 48;
/// How much of one tag is kept, in bytes.
const TAG_BYTES_MAX: usize = 256;

/// The text at a JSON pointer: a string that is not blank, or a number.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> Option<Cow<'a, str>> {
    as_text(value.pointer(pointer)?)
}

/// A value as text: a string that is not blank, trimmed, or a number.
pub(crate) fn as_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => {
            let text = text.trim();
            (!text.is_empty()).then_some(Cow::Borrowed(text))
        }
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The first text at any of these pointers.
pub(crate) fn first<'a>(value: &'a Value, pointers: &[&str]) -> Option<Cow<'a, str>> {
    pointers.iter().find_map(|pointer| text(value, pointer))
}

/// As [`first`], owned.
pub(crate) fn owned(value: &Value, pointers: &[&str]) -> Option<String> {
    first(value, pointers).map(Cow::into_owned)
}

/// The whole number at a pointer, also one written as text.
pub(crate) fn int(value: &Value, pointer: &str) -> Option<i64> {
    match value.pointer(pointer)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether what stands at a pointer says yes: `true`, a number but 0, or either as text.
pub(crate) fn flag(value: &Value, pointer: &str) -> bool {
    match value.pointer(pointer) {
        Some(Value::Bool(set)) => *set,
        Some(Value::Number(number)) => number.as_f64().is_some_and(|number| number != 0.0),
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true") || text == "1",
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => false,
    }
}

/// The elements of the array at a pointer; a single value counts as an array of one, nothing as none.
pub(crate) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    match value.pointer(pointer) {
        Some(Value::Array(list)) => list,
        Some(Value::Null) | None => &[],
        Some(single) => std::slice::from_ref(single),
    }
}

/// Tags and metadata on their way into an event: bounded in number and length.
#[derive(Debug, Default)]
pub(crate) struct Tags(Vec<String>);

impl Tags {
    /// Adds one; nothing is added twice.
    pub(crate) fn add(&mut self, tag: impl Into<String>) {
        let mut tag = tag.into();
        cut(&mut tag, TAG_BYTES_MAX);
        if self.0.len() < TAGS_MAX && !tag.is_empty() && !self.0.contains(&tag) {
            self.0.push(tag);
        }
    }

    /// Adds all that a value holds: a text, an array of them (nested or not), an object as `name=value`, and any of these as
    /// JSON in a text, as Brevo writes it.
    pub(crate) fn add_value(&mut self, value: &Value) {
        match value {
            Value::String(text) => match inner_json(text) {
                Some(inner) => self.add_value(&inner),
                None => self.add(text.trim()),
            },
            Value::Number(number) => self.add(number.to_string()),
            Value::Bool(set) => self.add(set.to_string()),
            Value::Array(list) => list.iter().take(TAGS_MAX).for_each(|value| self.add_value(value)),
            Value::Object(map) => map.iter().take(TAGS_MAX).for_each(|(name, value)| self.add_named(name, value)),
            Value::Null => {}
        }
    }

    /// Adds `name=value`; a list of values one by one, anything deeper as JSON.
    pub(crate) fn add_named(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::String(text) => self.add(format!("{name}={text}")),
            Value::Array(list) if list.iter().all(|value| as_text(value).is_some()) => {
                for value in list.iter().take(TAGS_MAX).filter_map(as_text) {
                    self.add(format!("{name}={value}"));
                }
            }
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                self.add(format!("{name}={value}"));
            }
        }
    }

    /// Adds what stands at a pointer.
    pub(crate) fn add_at(&mut self, value: &Value, pointer: &str) {
        if let Some(value) = value.pointer(pointer) {
            self.add_value(value);
        }
    }

    pub(crate) fn into_vec(self) -> Vec<String> {
        self.0
    }
}

/// The array or object that a text is the JSON of.
pub(crate) fn inner_json(text: &str) -> Option<Value> {
    let text = text.trim();
    if !text.starts_with(['[', '{']) {
        return None;
    }
    crate::json::one(text.as_bytes()).ok()
}

/// Cuts a text to at most so many bytes, between characters.
pub(crate) fn cut(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        let at = (0..=bytes_max).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(at);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_taken_as_senders_write_them() {
        let value =
            json!({"a": " x ", "b": 12345678901234567_u64, "c": "17", "d": null, "e": "", "f": [1], "g": "TRUE"});
        assert_eq!(text(&value, "/a").as_deref(), Some("x"));
        assert_eq!(text(&value, "/b").as_deref(), Some("12345678901234567"));
        assert_eq!(int(&value, "/c"), Some(17));
        assert_eq!(first(&value, &["/d", "/e", "/a"]).as_deref(), Some("x"));
        assert_eq!((list(&value, "/f").len(), list(&value, "/a").len(), list(&value, "/d").len()), (1, 1, 0));
        assert!(flag(&value, "/g") && flag(&value, "/b") && !flag(&value, "/d"));
    }

    #[test]
    fn tags_come_in_every_dress() {
        let mut tags = Tags::default();
        tags.add_value(&json!("[\"a\",\"b\"]"));
        tags.add_value(&json!([["c"], "a"]));
        tags.add_value(&json!({"k": "v", "n": 1, "list": ["x", "y"], "none": null, "yes": true}));
        tags.add_value(&json!("{not json"));
        let tags = tags.into_vec();
        assert_eq!(tags, ["a", "b", "c", "k=v", "list=x", "list=y", "n=1", "yes=true", "{not json"]);
    }

    #[test]
    fn tags_are_bounded() {
        let mut tags = Tags::default();
        for k in 0..1000 {
            tags.add(format!("{k}{}", "ä".repeat(1000)));
        }
        let tags = tags.into_vec();
        assert_eq!(tags.len(), TAGS_MAX);
        assert!(tags.iter().all(|tag| tag.len() <= TAG_BYTES_MAX));
    }
}
