//! Headers in: what a visit needs to know of a message, read by a maintained MIME parser from bytes that anybody may
//! have written. Never fails: what cannot be read is absent.

use mail_parser::{HeaderValue, MessageParser};

/// Longest Message-ID that is taken for one, in bytes.
const ID_MAX: usize = 500;
/// Most References kept of one message, the latest.
const REFERENCES_MAX: usize = 50;
/// Longest subject kept, in characters.
const SUBJECT_MAX: usize = 300;

/// The headers of a message that matter here. Identifiers stand without angle brackets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers {
    /// Message-ID, as it is now: a provider may have rewritten it.
    pub message_id: Option<String>,
    /// The token in `X-Entity-Ref-ID`.
    pub token: Option<String>,
    /// In-Reply-To: its first identifier.
    pub in_reply_to: Option<String>,
    /// References, oldest first.
    pub references: Vec<String>,
    /// The address in From, lower case.
    pub from: Option<String>,
    /// The subject, decoded.
    pub subject: String,
    /// It was made by a program, not by a person (RFC 3834): an auto-reply, a bounce, a list.
    pub automatic: bool,
}

/// Reads a block of headers; a body behind it is ignored.
#[must_use]
pub fn headers(block: &[u8]) -> Headers {
    // A mail that makes the parser panic would do so on every visit, and its mailbox would never be looked at again.
    std::panic::catch_unwind(|| parsed(block)).unwrap_or_default()
}

fn parsed(block: &[u8]) -> Headers {
    let Some(message) = MessageParser::default().parse_headers(block) else { return Headers::default() };
    let ids = |value: &HeaderValue<'_>| -> Vec<String> {
        let all: Vec<&str> = match value {
            HeaderValue::Text(id) => vec![id.as_ref()],
            HeaderValue::TextList(ids) => ids.iter().map(AsRef::as_ref).collect(),
            _ => Vec::new(),
        };
        all.into_iter().filter(|id| is_id(id)).map(str::to_owned).collect()
    };
    let mut references = ids(message.references());
    references.drain(..references.len().saturating_sub(REFERENCES_MAX));
    let raw = |name: &'static str| message.header_raw(name).map(|text| text.trim().to_owned());
    let automatic = raw("Auto-Submitted").is_some_and(|value| !value.eq_ignore_ascii_case("no"))
        || raw("Precedence").is_some_and(|value| {
            ["bulk", "junk", "list", "auto_reply"].iter().any(|word| value.eq_ignore_ascii_case(word))
        })
        || raw("Return-Path").is_some_and(|path| path == "<>")
        || raw("List-Id").is_some();
    Headers {
        message_id: message.message_id().filter(|id| is_id(id)).map(str::to_owned),
        token: raw(crate::compose::TOKEN_HEADER).filter(|token| is_token(token)),
        in_reply_to: ids(message.in_reply_to()).into_iter().next(),
        references,
        from: message
            .from()
            .and_then(|from| from.first())
            .and_then(|first| first.address())
            .map(|address| address.trim().to_lowercase()),
        subject: message.subject().unwrap_or_default().chars().take(SUBJECT_MAX).collect(),
        automatic,
    }
}

/// Fit to be searched for and to be written into a reply: one word of visible ASCII that ends no quoted string.
fn is_id(id: &str) -> bool {
    (3..=ID_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"\\".contains(&b))
}

fn is_token(token: &str) -> bool {
    (1..=ID_MAX).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"\\".contains(&b))
}
