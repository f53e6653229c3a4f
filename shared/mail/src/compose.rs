//! Messages out: RFC 5322 with threading, plain text, nothing else. No tracking pixel, no link, no HTML.
//!
//! Everything that goes into a header is checked first: a CR, LF or NUL anywhere is an error, never a new header.

use std::fmt::Write as _;

use base64::Engine as _;
use jiff::Zoned;
use lettre::message::header::{ContentTransferEncoding, From as FromHeader, Headers, Subject};
use lettre::message::{Body, Mailbox, Mailboxes};
use preheat_core::id::Address;

/// The header that carries the token a second time: some providers rewrite Message-IDs (domain.md §6, Identity).
pub const TOKEN_HEADER: &str = "X-Entity-Ref-ID";

/// Longest body, in bytes.
const BODY_MAX: usize = 100 * 1024;
/// Longest subject, in bytes.
const SUBJECT_MAX: usize = 500;
/// Longest Message-ID or token, in bytes: a header line may have 998.
const ID_MAX: usize = 250;
/// Most References kept: the first and the latest. Threads end after 6 mails; rewritten ones may bring more.
const REFERENCES_MAX: usize = 12;
/// RFC 5322 §2.1.1.
const LINE_MAX: usize = 998;

/// A mail to be written.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// Who sends.
    pub from: &'a Address,
    /// The sender's name as people read it; may be empty.
    pub from_name: &'a str,
    /// Who receives.
    pub to: &'a Address,
    /// The subject, unencoded.
    pub subject: &'a str,
    /// The text, with LF or CRLF line ends.
    pub body: &'a str,
    /// The Message-ID, without angle brackets.
    pub message_id: &'a str,
    /// The token, for [`TOKEN_HEADER`].
    pub token: &'a str,
    /// The Message-ID of the mail replied to, without angle brackets.
    pub in_reply_to: Option<&'a str>,
    /// The Message-IDs of the thread so far, oldest first, without angle brackets.
    pub references: &'a [String],
    /// When it is sent, in the sender's zone.
    pub date: &'a Zoned,
}

/// Why a mail is not written or not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// A control character where none may be: the start of a header injection.
    #[error("the {0} holds a control character")]
    Control(&'static str),
    /// Not of the form `left@right`, or a token that is not one word of visible ASCII.
    #[error("the {0} is not a valid identifier")]
    Identifier(&'static str),
    /// Over the limit.
    #[error("the {0} is too long")]
    TooLong(&'static str),
    /// A lone CR or LF, or a line over 998 bytes, in a finished message.
    #[error("the message's line ends are not CRLF")]
    LineEnds,
}

/// Writes a mail: headers and text, CRLF line ends, ASCII throughout.
///
/// # Errors
/// A field is not fit for a header.
pub fn compose(draft: &Draft<'_>) -> Result<Vec<u8>, ComposeError> {
    lint_text("subject", draft.subject, SUBJECT_MAX)?;
    lint_text("sender's name", draft.from_name, 200)?;
    lint_id("Message-ID", draft.message_id)?;
    lint_token(draft.token)?;
    if let Some(parent) = draft.in_reply_to {
        lint_id("In-Reply-To", parent)?;
    }
    for id in draft.references {
        lint_id("References", id)?;
    }
    let body = encode_body(draft.body)?;

    let mut headers = Headers::new();
    let mut text = format!("Date: {}\r\n", draft.date.strftime("%a, %d %b %Y %H:%M:%S %z"));
    // Writing into a String cannot fail.
    if draft.from_name.is_ascii() {
        headers.set(FromHeader::from(Mailboxes::from(sender(draft)?)));
        let _ = write!(text, "{headers}");
    } else {
        let _ = write!(text, "From: {} <{}>\r\n", encoded(draft.from_name), draft.from);
    }
    let _ = write!(text, "To: <{}>\r\n", draft.to);
    if draft.subject.is_ascii() {
        headers = Headers::new();
        headers.set(Subject::from(draft.subject.to_owned()));
        let _ = write!(text, "{headers}");
    } else {
        let _ = write!(text, "Subject: {}\r\n", encoded(draft.subject));
    }
    let _ = write!(text, "Message-ID: <{}>\r\n{TOKEN_HEADER}: {}\r\n", draft.message_id, draft.token);
    if let Some(parent) = draft.in_reply_to {
        let _ = write!(text, "In-Reply-To: <{parent}>\r\n");
    }
    let references = kept(draft.references);
    if !references.is_empty() {
        // One a line: the only fold that keeps every line short whatever the identifiers.
        let folded: Vec<String> = references.iter().map(|id| format!("<{id}>")).collect();
        let _ = write!(text, "References: {}\r\n", folded.join("\r\n "));
    }
    let encoding = if body.encoding() == ContentTransferEncoding::SevenBit { "7bit" } else { "quoted-printable" };
    let _ = write!(
        text,
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    );
    let mut message = text.into_bytes();
    message.extend_from_slice(&body.into_vec());
    if !message.ends_with(b"\r\n") {
        message.extend_from_slice(b"\r\n");
    }
    Ok(message)
}

fn sender(draft: &Draft<'_>) -> Result<Mailbox, ComposeError> {
    let address = draft.from.as_str().parse().map_err(|_| ComposeError::Identifier("sender's address"))?;
    let name = draft.from_name.trim();
    Ok(Mailbox::new((!name.is_empty()).then(|| name.to_owned()), address))
}

fn encode_body(text: &str) -> Result<Body, ComposeError> {
    if text.len() > BODY_MAX {
        return Err(ComposeError::TooLong("body"));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(ComposeError::Control("body"));
    }
    // A lone CR would be a line end to some and not to others.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let plain = Body::new(text.clone());
    if plain.encoding() == ContentTransferEncoding::SevenBit {
        return Ok(plain);
    }
    Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable).map_err(|_| ComposeError::LineEnds)
}

fn kept(references: &[String]) -> Vec<&String> {
    let latest = references.len().saturating_sub(REFERENCES_MAX - 1).max(1);
    references.iter().enumerate().filter(|(k, _)| *k == 0 || *k >= latest).map(|(_, id)| id).collect()
}

fn lint_text(field: &'static str, text: &str, max: usize) -> Result<(), ComposeError> {
    if text.chars().any(char::is_control) {
        Err(ComposeError::Control(field))
    } else if text.len() > max {
        Err(ComposeError::TooLong(field))
    } else {
        Ok(())
    }
}

/// `left@right`, visible ASCII, none of the characters that end an identifier.
fn lint_id(field: &'static str, id: &str) -> Result<(), ComposeError> {
    lint_text(field, id, ID_MAX)?;
    let visible = id.bytes().all(|b| b.is_ascii_graphic() && !b"<>()\"\\,;".contains(&b));
    let sides = id.split_once('@').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty());
    if visible && sides { Ok(()) } else { Err(ComposeError::Identifier(field)) }
}

fn lint_token(token: &str) -> Result<(), ComposeError> {
    lint_text("token", token, ID_MAX)?;
    let visible = !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
    if visible { Ok(()) } else { Err(ComposeError::Identifier("token")) }
}

/// A finished message as it goes over SMTP behind DATA (RFC 5321 §4.5.2): dots at the start of lines doubled, its last
/// line end left to the terminator.
///
/// # Errors
/// A lone CR or LF, a NUL or a line over 998 bytes: servers disagree on these, and some would see a terminator where we
/// see text ("SMTP smuggling").
pub(crate) fn wire_form(message: &[u8]) -> Result<Vec<u8>, ComposeError> {
    if message.contains(&0) {
        return Err(ComposeError::Control("message"));
    }
    let message = message.strip_suffix(b"\r\n").unwrap_or(message);
    let mut wire = Vec::with_capacity(message.len() + 16);
    let mut lines = message.split(|&b| b == b'\n').peekable();
    while let Some(line) = lines.next() {
        let text = match (line.strip_suffix(b"\r"), lines.peek().is_some()) {
            (Some(text), true) => text,
            (None, false) => line,
            // An LF without its CR, or a CR at the very end without its LF.
            (None, true) | (Some(_), false) => return Err(ComposeError::LineEnds),
        };
        if text.contains(&b'\r') || text.len() > LINE_MAX {
            return Err(ComposeError::LineEnds);
        }
        if text.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(text);
        if lines.peek().is_some() {
            wire.extend_from_slice(b"\r\n");
        }
    }
    Ok(wire)
}

/// A text that is not ASCII as encoded words (RFC 2047): all of it, as blanks between two encoded words do not count. lettre
/// encodes word by word and loses the blank between two of them.
fn encoded(text: &str) -> String {
    // 75 characters are the most an encoded word may have; 42 bytes become 56 in base64.
    const CHUNK_BYTES_MAX: usize = 42;
    let mut words = Vec::new();
    let mut chunk = String::new();
    for character in text.chars() {
        if chunk.len() + character.len_utf8() > CHUNK_BYTES_MAX {
            words.push(std::mem::take(&mut chunk));
        }
        chunk.push(character);
    }
    words.push(chunk);
    let word = |chunk: String| format!("=?utf-8?B?{}?=", base64::engine::general_purpose::STANDARD.encode(chunk));
    words.into_iter().map(word).collect::<Vec<_>>().join("\r\n ")
}
