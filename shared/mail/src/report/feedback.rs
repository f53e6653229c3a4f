//! Feedback reports (RFC 5965, RFC 6591, RFC 6650).

use jiff::Timestamp;

use super::letter::Letter;
use super::{Feedback, FeedbackKind, Report, fields, words};

/// The types, as RFC 5965 §7.3 and its registry spell them.
const KINDS: &[(&str, FeedbackKind)] = &[
    ("abuse", FeedbackKind::Abuse),
    ("fraud", FeedbackKind::Fraud),
    ("virus", FeedbackKind::Virus),
    ("other", FeedbackKind::Other),
    ("not-spam", FeedbackKind::NotSpam),
    ("auth-failure", FeedbackKind::AuthFailure),
    ("dmarc", FeedbackKind::AuthFailure),
    ("opt-out", FeedbackKind::OptOut),
    ("opt-out-list", FeedbackKind::OptOut),
    ("unsubscribe", FeedbackKind::OptOut),
    ("miscategorized", FeedbackKind::Other),
];

/// Subjects of complaints that come without a feedback part (Microsoft's JMRP, AOL's old form).
const SUBJECTS: &[&str] = &["complaint about message from", "email feedback report for ip", "abuse report for ip"];

/// A complaint that does not say so in its type: a subject of the known ones, and the mail attached; or the header by
/// which Apple's mail programs unsubscribe.
pub(super) fn is_unmarked(letter: &Letter) -> bool {
    is_unsubscribe(letter)
        || letter.types.iter().any(|kind| kind == "message/rfc822")
            && SUBJECTS.iter().any(|row| letter.subject.starts_with(row))
}

fn is_unsubscribe(letter: &Letter) -> bool {
    letter.header("x-apple-unsubscribe").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Reads a report; a part that is missing leaves its fields empty.
pub(super) fn read(letter: &Letter) -> Report {
    let lines = fields::lines(if letter.feedback.trim().is_empty() { &letter.notes } else { &letter.feedback });
    let kind = fields::first(&lines, "feedback-type").map(|kind| kind.to_ascii_lowercase());
    let kind = kind.and_then(|kind| KINDS.iter().find(|(name, _)| *name == kind.trim()).map(|(_, kind)| *kind));
    let named = ["original-rcpt-to", "removal-recipient", "x-original-rcpt-to"];
    let recipient = named.into_iter().find_map(|name| fields::first(&lines, name)).and_then(|text| {
        let found = words::addresses(text);
        found.into_iter().find(|address| !is_redacted(address))
    });
    let recipient = recipient.or_else(|| letter.from.clone().filter(|_| is_unsubscribe(letter)));
    let recipient = recipient.or_else(|| letter.original.to.iter().find(|address| !is_redacted(address)).cloned());
    let arrived = ["arrival-date", "received-date"].into_iter().find_map(|name| fields::first(&lines, name));
    Report::Feedback(Feedback {
        kind: kind.unwrap_or(if is_unsubscribe(letter) { FeedbackKind::OptOut } else { FeedbackKind::Abuse }),
        recipient,
        source_ip: fields::first(&lines, "source-ip").and_then(|ip| ip.trim_matches(['[', ']', ' ']).parse().ok()),
        arrived_at: arrived.and_then(instant),
        original: letter.original.clone(),
    })
}

/// Reporters hide the recipient: `redacted@…`, `x@…`, a hash.
fn is_redacted(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default();
    local.contains("redacted") || local.contains("undisclosed") || local.bytes().all(|b| b == b'x' || b == b'*')
}

/// A date as RFC 5322 writes it, in the many ways in which it is written.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let date = mail_parser::DateTime::parse_rfc822(text).filter(mail_parser::DateTime::is_valid)?;
    Timestamp::from_second(date.to_timestamp()).ok()
}
