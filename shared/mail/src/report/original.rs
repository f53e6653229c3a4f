//! The mail that a report speaks of: what leads back to a send of ours.

use mail_parser::Message;

use super::fields::{self, Line};
use super::letter::raw;
use crate::compose::TOKEN_HEADER;

/// Longest identifier that is taken for one, in bytes.
const ID_BYTES_MAX: usize = 500;
/// Most recipients kept.
const TO_MAX: usize = 50;

/// What a report shows of the mail that it speaks of. All of it was written by others: a token has to be verified.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Original {
    /// Its Message-ID, without angle brackets.
    pub message_id: Option<String>,
    /// The token in `X-Entity-Ref-ID`.
    pub token: Option<String>,
    /// What its sender called the transaction (RFC 3461, ENVID), of a notification.
    pub envelope_id: Option<String>,
    /// Who sent it, lower case.
    pub from: Option<String>,
    /// To whom, lower case.
    pub to: Vec<String>,
}

impl Original {
    /// The warmup token: the header's, else the Message-ID's part before `@` if it has a token's form, else the envelope id's.
    #[must_use]
    pub fn warmup_id(&self) -> Option<&str> {
        let form = |text: &str| {
            text.len() == preheat_core::token::TOKEN_CHARS && text.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        let ids = [self.message_id.as_deref(), self.envelope_id.as_deref()];
        let of_ids = ids.into_iter().flatten().filter_map(|id| id.split('@').next());
        self.token.as_deref().into_iter().chain(of_ids).find(|token| form(token))
    }

    /// Takes what is missing from another reading of the same mail.
    pub(super) fn fill(&mut self, other: &Self) {
        self.message_id = self.message_id.take().or_else(|| other.message_id.clone());
        self.token = self.token.take().or_else(|| other.token.clone());
        self.envelope_id = self.envelope_id.take().or_else(|| other.envelope_id.clone());
        self.from = self.from.take().or_else(|| other.from.clone());
        if self.to.is_empty() {
            self.to.clone_from(&other.to);
        }
    }

    /// From a mail that was sent back as a part.
    pub(super) fn of_message(message: &Message<'_>) -> Self {
        Self {
            message_id: raw(message, "Message-ID").and_then(id),
            token: raw(message, TOKEN_HEADER).and_then(token),
            envelope_id: None,
            from: raw(message, "From").and_then(|text| super::words::addresses(text).into_iter().next()),
            to: raw(message, "To").map(super::words::addresses).unwrap_or_default().into_iter().take(TO_MAX).collect(),
        }
    }

    /// From a text that holds its headers, indented or not, somewhere.
    pub(super) fn of_text(text: &str) -> Self {
        let lines = fields::lines(fields::cut(text, 32 * 1024));
        // A broken block: what stands before the first field does not count, what stands behind its end hardly matters.
        let start = lines.iter().position(|line| matches!(line, Line::Field(..))).unwrap_or(lines.len());
        let lines = &lines[start..];
        Self {
            message_id: fields::first(lines, "message-id").and_then(id),
            token: fields::first(lines, &TOKEN_HEADER.to_ascii_lowercase()).and_then(token),
            envelope_id: None,
            from: fields::first(lines, "from").and_then(|text| super::words::addresses(text).into_iter().next()),
            to: fields::first(lines, "to")
                .map(super::words::addresses)
                .unwrap_or_default()
                .into_iter()
                .take(TO_MAX)
                .collect(),
        }
    }
}

/// An identifier between angle brackets, or bare.
pub(super) fn id(text: &str) -> Option<String> {
    let bare = text.trim().trim_start_matches('<').split('>').next().unwrap_or_default().trim();
    is_id(bare).then(|| bare.to_owned())
}

/// Fit to be searched for: one word of visible ASCII that ends no quoted string.
pub(super) fn is_id(id: &str) -> bool {
    (3..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"\\".contains(&b))
}

fn token(text: &str) -> Option<String> {
    is_id(text.trim()).then(|| text.trim().to_owned())
}
