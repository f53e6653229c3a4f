//! Mail that programs send back: bounces, feedback reports, auto-replies, challenges (webhooks.md §18).
//!
//! [`read`] is pure and total: any bytes give a [`Report`]. It is asked in this order, and the first that fits decides:
//!
//! 1. what the MIME type declares: a delivery report, a feedback report, a receipt;
//! 2. what a mailer daemon says in plain words;
//! 3. `Auto-Submitted`, 4. the other marks of auto-replies, 5. localised subjects;
//! 6. lists; 7. what only the text betrays: a bounce, a challenge, an absence.
//!
//! The order matters: Exim's and Gmail's bounces call themselves `auto-replied`. The rules are tables (`report/words.rs`), one row
//! a wording. May not decide what becomes of an address, and does not keep any text but a diagnostic cut to size.

mod absence;
mod challenge;
mod date;
mod delivery;
mod event;
mod feedback;
mod fields;
mod letter;
mod narrative;
mod original;
mod triage;
mod verp;
mod words;

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use preheat_core::event::Class;

pub use event::events;
pub use original::Original;

/// Most bytes of a mail that are looked at. A bounce says what it has to say before the mail that it sends back.
pub const BYTES_MAX: usize = 512 * 1024;
/// Most recipients taken from one report.
pub const RECIPIENTS_MAX: usize = 100;
/// Longest diagnostic kept, in characters.
pub const DIAGNOSTIC_CHARS_MAX: usize = 500;

/// What a mail turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// A delivery status notification, standard (RFC 3464) or not.
    Dsn(Dsn),
    /// A feedback report (RFC 5965).
    Feedback(Feedback),
    /// A program answered for a person, or a ticket system acknowledged.
    AutoReply(AutoReply),
    /// The recipient's side wants a proof that the sender is a person.
    Challenge(Challenge),
    /// A receipt: the mail was shown, or deleted. Says nothing of delivery that matters here.
    Mdn,
    /// A list, a newsletter.
    Bulk,
    /// Anything else: a person's mail.
    Ordinary,
}

/// What became of one recipient, as the report says (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Given up.
    Failed,
    /// Not yet delivered; tried on. Never a bounce.
    Delayed,
    /// Delivered.
    Delivered,
    /// Handed to a system that reports nothing.
    Relayed,
    /// Delivered to a list, which passes it on.
    Expanded,
}

/// A delivery status notification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dsn {
    /// What became of whom. Empty when the report names nobody.
    pub recipients: Vec<Recipient>,
    /// The mail that it speaks of.
    pub original: Original,
}

/// One recipient of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address, lower case. `None`: the report does not say whom it means.
    pub address: Option<String>,
    /// What became of it.
    pub action: Action,
    /// The enhanced status code.
    pub status: Option<String>,
    /// The SMTP reply code.
    pub code: Option<u16>,
    /// What the server said.
    pub diagnostic: Option<String>,
    /// Why, if it failed or was delayed.
    pub class: Class,
    /// Whether the account is there and closed: see [`preheat_core::bounce::Judgement`].
    pub is_closed: bool,
}

/// The kind of a feedback report (RFC 5965 §7.3, RFC 6650, RFC 6591).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedbackKind {
    /// The recipient called it spam; an absent or unknown type is read as this.
    Abuse,
    /// Fraud, phishing.
    Fraud,
    /// A virus.
    Virus,
    /// Something else that the reporter did not like.
    Other,
    /// The recipient says that it is not spam: good news.
    NotSpam,
    /// An authentication failure: a DMARC report, no complaint.
    AuthFailure,
    /// The recipient wants no more of this sender.
    OptOut,
}

/// A feedback report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// Its kind.
    pub kind: FeedbackKind,
    /// Whose complaint it is, if the reporter left that in.
    pub recipient: Option<String>,
    /// The address that the mail came from.
    pub source_ip: Option<IpAddr>,
    /// When the mail arrived.
    pub arrived_at: Option<Timestamp>,
    /// The mail that it speaks of.
    pub original: Original,
}

/// An automatic answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AutoReply {
    /// The first day on which the person is back, if the text states one.
    pub return_date: Option<Date>,
    /// Who answered, lower case.
    pub from: Option<String>,
    /// The mail that it answers: from In-Reply-To and References.
    pub original: Original,
}

/// A challenge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Challenge {
    /// Who asks, lower case.
    pub from: Option<String>,
    /// The mail that is held back.
    pub original: Original,
}

/// Reads a mail. Never fails, never panics; what is longer than [`BYTES_MAX`] is cut.
#[must_use]
pub fn read(mail: &[u8]) -> Report {
    let mail = &mail[..mail.len().min(BYTES_MAX)];
    // The MIME parser is somebody else's, the bytes are anybody's: a mail that made it panic would do so on every visit.
    std::panic::catch_unwind(|| triage::report(mail)).unwrap_or(Report::Ordinary)
}

/// The headers that [`may_be_report`] looks at, besides those that every mail is read by.
pub(crate) const TRIAGE_FIELDS: &str = "CONTENT-TYPE X-FAILED-RECIPIENTS X-AUTOREPLY X-AUTO-REPLY X-AUTORESPOND \
    X-AUTORESPONDER X-APPLE-ACTION X-MS-EXCHANGE-INBOX-RULES-LOOP X-VACATION X-CHALLENGE X-BOXTRAPPER X-TMDA-FINGERPRINT";

/// Whether a block of headers makes it worth reading the whole mail: the cheap question before [`read`], asked of headers
/// alone. What only the text of a mail betrays is not found so; lists are no reports, whatever they call themselves.
#[must_use]
pub fn may_be_report(headers: &[u8]) -> bool {
    // As in `read`: anybody's bytes.
    std::panic::catch_unwind(|| triage::may_be_report(headers)).unwrap_or(false)
}

#[cfg(test)]
mod tests;
