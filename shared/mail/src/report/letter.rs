//! A mail taken apart: its headers, what it says in words, its machine-readable parts, and the mail that it sends back.

use mail_parser::{DateTime, HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::fields::cut;
use super::original::{self, Original};
use super::words;

/// Most words looked at, in bytes.
const NOTES_BYTES_MAX: usize = 64 * 1024;
/// Most bytes of a machine-readable part.
const STATUS_BYTES_MAX: usize = 128 * 1024;
/// Most parts looked at.
const PARTS_MAX: usize = 60;

/// A mail taken apart.
#[derive(Debug, Default)]
pub(super) struct Letter {
    /// The subject, decoded, lower case, on one line.
    pub(super) subject: String,
    /// The address in From, lower case; its name and address together.
    pub(super) from: Option<String>,
    pub(super) from_words: String,
    /// Where it was sent to: our own side, if it is a bounce.
    pub(super) to: Vec<String>,
    /// When it was written.
    pub(super) sent: Option<DateTime>,
    /// The text of the mail itself, without what it quotes of the original.
    pub(super) notes: String,
    /// `message/delivery-status`, or what looks like it in the text.
    pub(super) status: String,
    /// `message/feedback-report`.
    pub(super) feedback: String,
    /// The mail that is sent back.
    pub(super) original: Original,
    /// The content types that occur, lower case.
    pub(super) types: Vec<String>,
    /// The value of `report-type`, lower case.
    pub(super) report_type: String,
    /// Every header, its name in lower case.
    headers: Vec<(String, String)>,
}

impl Letter {
    /// Takes a mail apart.
    pub(super) fn open(mail: &[u8]) -> Option<Self> {
        let message = MessageParser::default().parse(mail)?;
        let mut letter = Self {
            subject: one_line(message.subject().unwrap_or_default()),
            from: address(message.from()),
            to: addresses(message.to()),
            sent: message.date().cloned(),
            headers: headers(&message),
            ..Self::default()
        };
        letter.from_words = one_line(letter.header("from").unwrap_or_default());
        letter.report_type = message
            .content_type()
            .and_then(|kind| kind.attribute("report-type"))
            .map(str::to_ascii_lowercase)
            .unwrap_or_default();
        letter.take_parts(&message);
        if letter.notes.trim().is_empty() && letter.status.is_empty() && letter.feedback.is_empty() {
            // A boundary that is nowhere, a broken header: the words are there, the parser lost them.
            let body =
                mail.get(message.parts.first().map_or(0, |root| root.offset_body as usize)..).unwrap_or_default();
            let body = String::from_utf8_lossy(&body[..body.len().min(NOTES_BYTES_MAX)]);
            add(&mut letter.notes, &body, NOTES_BYTES_MAX);
        }
        letter.part_words_from_original();
        Some(letter)
    }

    /// The first header of a name, given in lower case: its raw value on one line.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The mail that this one answers: what In-Reply-To names, else the last of References.
    pub(super) fn answered(&self) -> Original {
        let ids = |name: &str| -> Vec<&str> {
            let value = self.header(name).unwrap_or_default();
            value.split(['<', '>', ' ', ',']).filter(|id| original::is_id(id)).collect()
        };
        let id = ids("in-reply-to").first().copied().or_else(|| ids("references").last().copied()).map(str::to_owned);
        Original { message_id: id, ..Original::default() }
    }

    fn take_parts(&mut self, message: &Message<'_>) {
        for part in message.parts.iter().take(PARTS_MAX) {
            let kind = type_of(part);
            if !kind.is_empty() && !self.types.contains(&kind) {
                self.types.push(kind.clone());
            }
            match (&part.body, kind.as_str()) {
                (PartType::Message(nested), _) => self.original.fill(&Original::of_message(nested)),
                (_, "text/rfc822-headers" | "text/rfc822-header" | "message/rfc822-headers" | "message/rfc822") => {
                    self.original.fill(&Original::of_text(&text_of(part)));
                }
                (_, "message/delivery-status" | "message/global-delivery-status" | "text/delivery-status") => {
                    add(&mut self.status, &text_of(part), STATUS_BYTES_MAX);
                }
                (_, "message/feedback-report" | "text/feedback-report") => {
                    add(&mut self.feedback, &text_of(part), STATUS_BYTES_MAX);
                }
                (PartType::Text(text), _) if !is_attached(part) => add(&mut self.notes, text, NOTES_BYTES_MAX),
                (PartType::Html(html), _) if self.notes.trim().is_empty() => {
                    let text = mail_parser::decoders::html::html_to_text(cut(html, NOTES_BYTES_MAX));
                    add(&mut self.notes, &text, NOTES_BYTES_MAX);
                }
                _ => {}
            }
        }
    }

    /// Cuts the text where the original begins, and reads the original from what is behind; finds a delivery report
    /// that broken MIME left in the text.
    fn part_words_from_original(&mut self) {
        let notes = std::mem::take(&mut self.notes);
        let at = words::original_begins(&notes).unwrap_or(notes.len());
        let (own, sent_back) = notes.split_at(at);
        self.original.fill(&Original::of_text(sent_back));
        let lower = own.to_ascii_lowercase();
        if self.status.trim().is_empty()
            && let Some(at) = ["reporting-mta:", "final-recipient:", "action: failed"]
                .into_iter()
                .filter_map(|mark| lower.find(mark))
                .min()
        {
            own[at..].clone_into(&mut self.status);
        }
        own.clone_into(&mut self.notes);
    }
}

/// The type of a part, lower case, without parameters.
fn type_of(part: &MessagePart<'_>) -> String {
    part.content_type().map_or_else(String::new, |kind| {
        format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase()
    })
}

fn text_of(part: &MessagePart<'_>) -> String {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => cut(text, STATUS_BYTES_MAX).to_owned(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
            String::from_utf8_lossy(&bytes[..bytes.len().min(STATUS_BYTES_MAX)]).into_owned()
        }
        PartType::Message(_) | PartType::Multipart(_) => String::new(),
    }
}

/// A text that is a file. Bounces mark their reports `attachment` too, but those have types of their own.
fn is_attached(part: &MessagePart<'_>) -> bool {
    part.content_disposition().is_some_and(|disposition| disposition.is_attachment())
        && part.attachment_name().is_some_and(|name| !name.to_ascii_lowercase().contains("delivery"))
}

fn add(text: &mut String, more: &str, bytes_max: usize) {
    let room = bytes_max.saturating_sub(text.len());
    text.push_str(cut(more, room));
    text.push('\n');
}

fn headers(message: &Message<'_>) -> Vec<(String, String)> {
    let raw = message.headers_raw().take(500);
    raw.map(|(name, value)| (name.to_ascii_lowercase(), value.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect()
}

fn address(list: Option<&mail_parser::Address<'_>>) -> Option<String> {
    addresses(list).into_iter().next()
}

fn addresses(list: Option<&mail_parser::Address<'_>>) -> Vec<String> {
    let all = list.into_iter().flat_map(mail_parser::Address::iter);
    all.filter_map(|one| one.address())
        .map(|text| text.trim().to_lowercase())
        .filter(|text| text.contains('@'))
        .take(50)
        .collect()
}

/// Lower case, on one line.
pub(super) fn one_line(text: &str) -> String {
    cut(text, 1_000).to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The raw value of a header of a nested message.
pub(super) fn raw<'m>(message: &'m Message<'_>, name: &'static str) -> Option<&'m str> {
    message.header_raw(HeaderName::from(name)).map(str::trim).filter(|text| !text.is_empty())
}
