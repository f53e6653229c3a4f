//! A stored message: its bytes, what of its head the servers need, its flags. No MIME: a server does not look inside.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

/// The header field that carries the warmup token; the audit counts messages that have it.
pub const TOKEN_HEADER: &str = "X-Entity-Ref-ID";

/// Bytes of a message and what was read from its head, shared by all copies.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) raw: Vec<u8>,
    /// Length of the head in bytes, the empty line included.
    pub(crate) head_length: usize,
    /// With its angle brackets; empty if there is none.
    pub(crate) message_id: String,
    /// Ids of `In-Reply-To` and `References`, with angle brackets, nearest parent first.
    pub(crate) parents: Vec<String>,
    /// Value of [`TOKEN_HEADER`].
    pub(crate) token: Option<String>,
}

impl Content {
    pub(crate) fn new(raw: Vec<u8>) -> Arc<Self> {
        let head_length = head_length(&raw);
        let head = &raw[..head_length];
        let message_id = header(head, "Message-ID").and_then(|value| ids(&value).into_iter().next());
        let mut parents = header(head, "In-Reply-To").map_or_else(Vec::new, |value| ids(&value));
        if let Some(references) = header(head, "References") {
            parents.extend(ids(&references).into_iter().rev());
        }
        let token = header(head, TOKEN_HEADER);
        Arc::new(Self { head_length, message_id: message_id.unwrap_or_default(), parents, token, raw })
    }

    pub(crate) fn head(&self) -> &[u8] {
        &self.raw[..self.head_length]
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.raw[self.head_length..]
    }
}

/// Where the body begins.
fn head_length(raw: &[u8]) -> usize {
    if raw.starts_with(b"\r\n") {
        return 2;
    }
    raw.windows(4).position(|four| four == b"\r\n\r\n").map_or(raw.len(), |at| at + 4)
}

/// The fields of a head: raw bytes of each, continuation lines and final CRLF included.
pub(crate) fn fields(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = head;
    std::iter::from_fn(move || {
        if rest.is_empty() || rest.starts_with(b"\r\n") {
            return None;
        }
        let mut end = 0;
        loop {
            let line = rest[end..].iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| end + at + 1);
            end = line;
            if end >= rest.len() || !matches!(rest[end], b' ' | b'\t') {
                break;
            }
        }
        let (field, left) = rest.split_at(end);
        rest = left;
        Some(field)
    })
}

/// The name of a field, without the colon.
pub(crate) fn field_name(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|&byte| byte == b':').unwrap_or(0);
    field[..end].trim_ascii_end()
}

/// The unfolded values of all fields called `name`.
pub(crate) fn headers<'a>(head: &'a [u8], name: &'a str) -> impl Iterator<Item = String> + 'a {
    fields(head).filter(move |field| field_name(field).eq_ignore_ascii_case(name.as_bytes())).map(|field| {
        let value = field.iter().position(|&byte| byte == b':').map_or(&[][..], |colon| &field[colon + 1..]);
        String::from_utf8_lossy(value).replace("\r\n", "").trim().to_owned()
    })
}

/// The unfolded value of the first field called `name`.
pub(crate) fn header(head: &[u8], name: &str) -> Option<String> {
    headers(head, name).next()
}

/// Every `<…>` of a header value.
fn ids(value: &str) -> Vec<String> {
    value.split('<').skip(1).filter_map(|part| part.split_once('>').map(|(id, _)| format!("<{id}>"))).collect()
}

/// Flags of a message: the system's as bits, keywords as text (lower case).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Flags {
    pub(crate) bits: u8,
    pub(crate) keywords: BTreeSet<String>,
}

pub(crate) const SEEN: u8 = 1;
pub(crate) const ANSWERED: u8 = 2;
pub(crate) const FLAGGED: u8 = 4;
pub(crate) const DELETED: u8 = 8;
pub(crate) const DRAFT: u8 = 16;

const SYSTEM: [(&str, u8); 5] =
    [("\\Seen", SEEN), ("\\Answered", ANSWERED), ("\\Flagged", FLAGGED), ("\\Deleted", DELETED), ("\\Draft", DRAFT)];

/// The bit of a system flag.
pub(crate) fn system_flag(name: &str) -> Option<u8> {
    SYSTEM.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, bit)| bit)
}

impl Flags {
    pub(crate) fn has(&self, bit: u8) -> bool {
        self.bits & bit != 0
    }

    /// Reads flags as a client names them; unknown system flags are ignored, keywords kept if `keywords`.
    pub(crate) fn of(names: &[String], keywords: bool) -> Self {
        let mut flags = Self::default();
        for name in names {
            match system_flag(name) {
                Some(bit) => flags.bits |= bit,
                None if keywords && !name.starts_with('\\') => {
                    flags.keywords.insert(name.clone());
                }
                None => {}
            }
        }
        flags
    }

    /// As in `FLAGS (…)`, without the parentheses.
    pub(crate) fn text(&self) -> String {
        let system = SYSTEM.iter().filter(|&&(_, bit)| self.has(bit)).map(|&(name, _)| name);
        system.chain(self.keywords.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
    }
}

/// The Gmail tab of an INBOX message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// The first tab.
    Primary,
    /// Promotions.
    Promotions,
}

/// One message of an account. With labels it may stand in several folders, else in exactly one.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) content: Arc<Content>,
    pub(crate) internal: Timestamp,
    pub(crate) flags: Flags,
    pub(crate) category: Category,
    /// (folder index, UID there).
    pub(crate) places: Vec<(usize, u32)>,
    /// `X-GM-THRID`.
    pub(crate) thread: u64,
    /// Envelope sender, for mail that came from outside; `None` for Sent copies and appended mail.
    pub(crate) sender: Option<String>,
    /// What the owner has done with it (see [`crate::filter::Deed`]), one bit each, so that nothing counts twice.
    pub(crate) deeds: u8,
}

impl Message {
    pub(crate) fn uid_in(&self, folder: usize) -> Option<u32> {
        self.places.iter().find(|&&(place, _)| place == folder).map(|&(_, uid)| uid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_with_folds() {
        let raw = b"Message-ID:\r\n <a@b>\r\nIn-Reply-To: <p@b>\r\nReferences: <r@b>\r\n\t<p@b>\r\nX-Entity-Ref-ID: t1\r\n\r\nx: no\r\n";
        let content = Content::new(raw.to_vec());
        assert_eq!(content.message_id, "<a@b>");
        assert_eq!(content.parents, ["<p@b>", "<p@b>", "<r@b>"]);
        assert_eq!(content.token.as_deref(), Some("t1"));
        assert_eq!(content.body(), b"x: no\r\n");
        assert_eq!(header(content.head(), "x"), None);
    }

    #[test]
    fn flags_round_trip() {
        let names = ["\\seen".to_owned(), "$NotJunk".to_owned(), "\\Recent".to_owned()];
        assert_eq!(Flags::of(&names, true).text(), "\\Seen $NotJunk");
        assert_eq!(Flags::of(&names, false).text(), "\\Seen");
    }
}
