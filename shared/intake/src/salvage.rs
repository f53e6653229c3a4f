//! What can still be read of a body that does not parse as a whole: one bad byte must not cost the batch it lies in.
//!
//! Bodies are cut by their brackets and quotes alone, so a part that is no JSON stays a part, and its neighbours are read
//! without it. Only slices are handed out and nothing recurses: what a stranger posts costs time in proportion to its
//! length, and no memory. That makes it the way to the few fields that prove who sent a body, too.

use std::iter;

use serde_json::Value;

use crate::json;
use crate::outcome::Reason;

/// The elements of an array, as they stand between its commas; all else is one element. What follows the array is a last
/// element.
pub(crate) fn parts(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let body = json::without_mark(body).trim_ascii();
    let mut rest = body.strip_prefix(b"[").unwrap_or(body);
    let is_array = rest.len() < body.len();
    iter::from_fn(move || {
        if !is_array {
            return Some(std::mem::take(&mut rest)).filter(|body| !body.is_empty());
        }
        loop {
            rest = rest.trim_ascii_start();
            let end = end_of(rest);
            let (part, behind) = rest.split_at(end);
            match behind.first() {
                // It ends here; whatever is left is looked at once more, as one part.
                Some(b']' | b'}') if part.is_empty() => {
                    let left = std::mem::take(&mut rest);
                    let left = left.strip_prefix(b"]").unwrap_or(left).trim_ascii();
                    return Some(left).filter(|left| !left.is_empty());
                }
                Some(b',') => rest = &behind[1..],
                Some(_) | None => rest = behind,
            }
            match part.trim_ascii_end() {
                [] if rest.is_empty() => return None,
                [] => {}
                part => return Some(part),
            }
        }
    })
}

/// The members of an object, name and value as they stand, up to where it is none.
pub(crate) fn members(object: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = json::without_mark(object).trim_ascii().strip_prefix(b"{");
    iter::from_fn(move || {
        let text = rest.take()?.trim_ascii_start();
        if text.first() != Some(&b'"') {
            return None;
        }
        let (name, behind) = text.split_at(end_of_string(text));
        let behind = behind.trim_ascii_start().strip_prefix(b":")?;
        let (value, behind) = behind.split_at(end_of(behind));
        rest = behind.strip_prefix(b",");
        Some((name.get(1..name.len() - 1)?, value.trim_ascii()))
    })
}

/// The value of an object's member; of several of one name the last, as serde_json has it. Names are compared as they are
/// written: one that is written with escapes is not found.
pub(crate) fn member<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    members(object).filter(|(other, _)| *other == name.as_bytes()).last().map(|(_, value)| value)
}

/// The text that a member of an object holds.
pub(crate) fn text(object: &[u8], name: &str) -> Option<String> {
    match json::one(member(object, name)?).ok()? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Reads one value as it is, or else with what is no text in it replaced.
///
/// # Errors
/// It is no JSON even so, or beyond the bounds.
pub(crate) fn value(part: &[u8]) -> Result<Value, Reason> {
    json::one(part).or_else(|_| json::one(mended(&String::from_utf8_lossy(part)).as_bytes()))
}

/// The text with U+FFFD for the halves of UTF-16 pairs that stand alone, and blanks for control characters, which JSON has
/// only between values, or escaped.
fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c == '\\' || c.is_ascii_control()) {
        let (before, from) = rest.split_at(at);
        mended.push_str(before);
        let (written, taken) = match (unit(from), unit(from.get(6..).unwrap_or_default())) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (&from[..12], 12),
            (Some(0xd800..=0xdfff), _) => ("\u{fffd}", 6),
            // Any other escape: with the character behind it, so that an escaped backslash begins no other.
            _ if from.starts_with('\\') => {
                let end = from.char_indices().nth(2).map_or(from.len(), |(at, _)| at);
                (&from[..end], end)
            }
            _ => (" ", 1),
        };
        mended.push_str(written);
        rest = &from[taken..];
    }
    mended.push_str(rest);
    mended
}

/// The UTF-16 unit that a text begins with as an escape (`\ud83d`).
fn unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// Where the value that a text begins with ends: before the comma or bracket that is not its own.
pub(crate) fn end_of(text: &[u8]) -> usize {
    let (mut at, mut depth) = (0_usize, 0_usize);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at += end_of_string(&text[at..]),
            b',' | b']' | b'}' if depth == 0 => return at,
            b'[' | b'{' => {
                depth += 1;
                at += 1;
            }
            b']' | b'}' => {
                depth -= 1;
                at += 1;
            }
            _ => at += 1,
        }
    }
    at
}

/// Where the string that a text begins with ends: behind its closing quote.
fn end_of_string(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn cut(body: &str) -> Vec<&str> {
        parts(body.as_bytes()).map(|part| std::str::from_utf8(part).unwrap()).collect()
    }

    #[test]
    fn a_body_is_cut_at_its_own_commas() {
        let table: [(&str, &[&str]); 12] = [
            (r#"[{"a":1}, {"b":"],[{"} ,[3]]"#, &[r#"{"a":1}"#, r#"{"b":"],[{"}"#, "[3]"]),
            (r#"[{"a":"\""},{"b":"\\"}]"#, &[r#"{"a":"\""}"#, r#"{"b":"\\"}"#]),
            (r#"[{"a":nonsense},{"b":1}"#, &["{\"a\":nonsense}", "{\"b\":1}"]),
            (r#"[{"a":1},{"b":"#, &["{\"a\":1}", "{\"b\":"]),
            ("[1]2", &["1", "2"]),
            ("[1}2", &["1", "}2"]),
            ("[,,1,]", &["1"]),
            ("[]", &[]),
            ("[,", &[]),
            (" {\"a\":[1,2]}\r\n", &["{\"a\":[1,2]}"]),
            ("\u{feff}[1]", &["1"]),
            ("", &[]),
        ];
        for (body, wanted) in table {
            assert_eq!(cut(body), wanted, "{body}");
        }
    }

    #[test]
    fn a_member_is_found_at_the_top_alone_and_the_last_of_its_name() {
        let body = br#"{"deep":{"auth":"x"},"auth" : "a,}" ,"n":7,"auth":"b","list":[1,{"auth":2}]}"#;
        assert_eq!(text(body, "auth").as_deref(), Some("b"));
        assert_eq!(text(body, "n").as_deref(), Some("7"));
        assert_eq!(member(body, "list"), Some(&br#"[1,{"auth":2}]"#[..]));
        for none in ["", "[]", "{", "{\"", "{\"auth", "{\"auth\"", "{\"auth\"}", "{17:1}"] {
            assert_eq!(text(none.as_bytes(), "auth"), None, "{none}");
        }
    }

    #[test]
    fn what_is_no_text_is_replaced() {
        let table: [(&[u8], Value); 6] = [
            (b"{\"a\":\"caf\xe9\"}", json!({"a": "caf\u{fffd}"})),
            (br#"{"a":"\ud83d"}"#, json!({"a": "\u{fffd}"})),
            (br#"{"a":"\ude00\ud83d\ude00\ud83dx"}"#, json!({"a": "\u{fffd}\u{1f600}\u{fffd}x"})),
            (br#"{"a":"\\ud83d\n\u00e9"}"#, json!({"a": "\\ud83d\n\u{e9}"})),
            (b"{\"a\":\n\"b\x01c\"}", json!({"a": "b c"})),
            (b"{\"a\":\"\xe9\",\"b\":\"\\ud83d", Value::Null),
        ];
        for (part, wanted) in table {
            let read = value(part);
            assert_eq!(read.clone().unwrap_or_default(), wanted, "{}", String::from_utf8_lossy(part));
            assert_eq!(read.is_err(), wanted.is_null());
        }
    }

    proptest! {
        #[test]
        fn a_sound_array_is_cut_into_what_it_holds(elements in prop::collection::vec("[a-z\"\\\\,\\[\\]{}\\PC]{0,8}", 0..6)) {
            let array = json!(elements.iter().map(|text| json!({text.as_str(): [text, 1]})).collect::<Vec<_>>());
            let text = array.to_string();
            let read: Vec<Value> = parts(text.as_bytes()).map(|part| value(part).unwrap()).collect();
            prop_assert_eq!(json!(read), array);
        }

        #[test]
        fn any_bytes_are_cut_into_parts_that_come_in_order_and_end(body in prop::collection::vec(prop::sample::select(b"[]{},:\"\\u a\xe9".to_vec()), 0..60)) {
            let total: usize = parts(&body).map(<[u8]>::len).sum();
            prop_assert!(total <= body.len());
            let _ = (member(&body, "a"), value(&body));
        }
    }
}
