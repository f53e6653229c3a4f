//! Event keys: the same for every delivery of an event, and for no other event of the account.

use serde_json::Value;

use crate::seal;

/// The longest key, in characters.
const KEY_CHARS_MAX: usize = 128;

/// The dedupe key of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// A key that the provider gives. One that is too long, or has other than printable ASCII in it, is hashed.
    pub(crate) fn given(id: &str) -> Self {
        if !id.is_empty() && id.len() <= KEY_CHARS_MAX && id.bytes().all(|byte| byte.is_ascii_graphic()) {
            Self(id.to_owned())
        } else {
            Self(format!("h-{}", hash(&[id])))
        }
    }

    /// The key of one recipient's part in an event that names several.
    pub(crate) fn given_for(id: &str, recipient: &str) -> Self {
        Self::given(&format!("{id}/{}", &hash(&[recipient])[..16]))
    }

    /// A key from the fields that tell an event from others. Where they are all missing, the whole element tells.
    pub(crate) fn derived(fields: &[Option<&str>], element: &Value) -> Self {
        // The first is the event's type, which never tells two events of a kind apart.
        if fields.iter().skip(1).all(Option::is_none) {
            return Self(format!("w-{}", hash(&[&element.to_string()])));
        }
        let fields: Vec<&str> = fields.iter().map(|field| field.unwrap_or_default()).collect();
        Self(format!("d-{}", hash(&fields)))
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// 160 bits in hex, over each part's length and bytes.
pub(crate) fn hash(parts: &[&str]) -> String {
    let lengths: Vec<[u8; 8]> = parts.iter().map(|part| (part.len() as u64).to_le_bytes()).collect();
    let pieces: Vec<&[u8]> =
        parts.iter().zip(&lengths).flat_map(|(part, length)| [&length[..], part.as_bytes()]).collect();
    seal::hex(&seal::sha256(&pieces)[..20])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let element = json!({});
        let one = Key::derived(&[Some("open"), Some("ab"), Some("c")], &element);
        assert_ne!(one, Key::derived(&[Some("open"), Some("a"), Some("bc")], &element));
        assert_ne!(one, Key::derived(&[Some("open"), Some("ab"), None, Some("c")], &element));
    }

    #[test]
    fn events_with_nothing_but_a_type_are_told_apart_by_all_they_say() {
        let one = Key::derived(&[Some("open"), None], &json!({"event": "open", "x": 1}));
        assert_eq!(one, Key::derived(&[Some("open"), None], &json!({"x": 1, "event": "open"})));
        assert_ne!(one, Key::derived(&[Some("open"), None], &json!({"event": "open", "x": 2})));
    }

    proptest! {
        #[test]
        fn a_key_is_printable_and_short(id in "\\PC{0,200}", recipient in "\\PC{0,200}") {
            let keys = [Key::given(&id), Key::given_for(&id, &recipient), Key::derived(&[Some(&id), None], &json!(id))];
            for key in keys.map(Key::into_string) {
                prop_assert!((1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()), "{}", key);
            }
        }
    }
}
