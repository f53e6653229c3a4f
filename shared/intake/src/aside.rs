//! What is kept of what cannot be an event: the whole of it, so that it can be read again once the reader is mended, without
//! what proves a sender and without the text of mails.

use serde_json::Value;

use crate::{form, salvage};

/// Members and form fields that prove a sender: Smartlead's key, Unisender's sum, Mailgun's signature.
const SECRET: [&str; 3] = ["secret_key", "auth", "signature"];
/// Form fields of old Mailgun that hold a mail's text: message bodies are not kept.
const TEXT: [&str; 6] =
    ["body-plain", "body-html", "body-mime", "stripped-text", "stripped-html", "stripped-signature"];

/// A body that cannot be read, as it is kept.
#[must_use]
pub fn of_body(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if form::is_form(body) { of_form(&text) } else { of_text(&text) }
}

/// An element that was read.
pub(crate) fn of_element(mut element: Value) -> String {
    if let Some(object) = element.as_object_mut() {
        object.retain(|name, _| !SECRET.contains(&name.as_str()));
    }
    element.to_string()
}

/// A part that is no JSON.
pub(crate) fn of_part(part: &[u8]) -> String {
    of_text(&String::from_utf8_lossy(part))
}

/// Whatever stands behind a secret's name and a colon, at any depth, goes.
fn of_text(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('"') {
        let (before, from) = rest.split_at(at);
        kept.push_str(before);
        if let Some(at) = secret_at(from) {
            let (name, value) = from.split_at(at);
            kept.push_str(name);
            kept.push_str("\"…\"");
            rest = &value[salvage::end_of(value.as_bytes())..];
        } else {
            kept.push('"');
            rest = &from[1..];
        }
    }
    kept.push_str(rest);
    kept
}

/// Where the value begins, if a text begins with a secret's name and a colon.
fn secret_at(text: &str) -> Option<usize> {
    SECRET.iter().find_map(|name| {
        let behind = text.strip_prefix('"')?.strip_prefix(name)?.strip_prefix('"')?;
        let value = behind.trim_ascii_start().strip_prefix(':')?.trim_ascii_start();
        Some(text.len() - value.len())
    })
}

/// A form, encoded as it came, without the values of such fields.
fn of_form(text: &str) -> String {
    let field = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_hidden(name) => format!("{name}=…"),
        _ => pair.to_owned(),
    };
    text.split('&').map(field).collect::<Vec<_>>().join("&")
}

fn is_hidden(name: &str) -> bool {
    // Names may be encoded, too.
    let name =
        form_urlencoded::parse(name.trim_ascii().as_bytes()).next().map_or_else(String::new, |(name, _)| name.into());
    SECRET.iter().chain(&TEXT).any(|hidden| hidden.eq_ignore_ascii_case(&name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_whole_is_kept_but_what_proves_a_sender() {
        let body = r#"{"signature": {"token":"t","signature":"s3cret"} ,"event-data":{"a":"b"},"secret_key":"s3\"cret","x":[}"#;
        let kept = of_body(body.as_bytes());
        assert_eq!(kept, r#"{"signature": "…","event-data":{"a":"b"},"secret_key":"…","x":[}"#);
        assert_eq!(of_element(json!({"auth": "s3cret", "a": 1})), r#"{"a":1}"#);
        let long = format!("[\"{}é", "x".repeat(500_000));
        assert_eq!(of_part(long.as_bytes()), long, "nothing is cut");
        assert_eq!(of_part(b"\"auth\":"), "\"auth\":\"…\"");
        assert_eq!(of_part(b"\"auth\" , \"signature\""), "\"auth\" , \"signature\"", "no values");
    }

    #[test]
    fn a_form_stays_a_form_without_its_proof_and_the_text_of_a_mail() {
        let body =
            b"event=odd&token=t1&signature=s3cret&s%69gnature=s3cret&body-plain=Dear+all&recipient=a%40b.example\r\n";
        let kept = of_body(body);
        assert_eq!(kept, "event=odd&token=t1&signature=…&s%69gnature=…&body-plain=…&recipient=a%40b.example\r\n");
        assert_ne!(kept, of_body(b"event=odd&token=t2&signature=s3cret&body-plain=Dear+all&recipient=a%40b.example"));
    }
}
