//! Bounces and feedback reports.
//!
//! A row is right if the kind is, by the letter: `hard` and `soft` are told apart by the class that the program gives (hard, but
//! not of an account that is there and closed; or a deferral or any other class). A row that is wrong is listed with what
//! speaks for the answer all the same, if its own columns do: a class that leaves open what became of the address, or a
//! suite that could not tell. Classes, addresses and Message-IDs are counted besides.
//!
//! A deferral taken for a bounce: the row's action is `delayed`, the program says bounced, and neither the report's own
//! `Action: failed` nor an expiry (class transient) speaks for it.

use std::path::Path;

use preheat_core::event::Class;
use preheat_mail::report::{Action, FeedbackKind, Recipient, Report, read};

use crate::section::Section;
use crate::verdict::{Count, Expected, Row, Verdict, column, expected, file};

/// The names of classes in `suggested_class`.
const CLASSES: &[(&str, Class)] = &[
    ("recipient-invalid", Class::Hard),
    ("mailbox-full", Class::MailboxFull),
    ("transient", Class::Transient),
    ("rate-limit", Class::RateLimit),
    ("reputation-block", Class::ReputationBlock),
    ("policy", Class::Policy),
    ("content", Class::Content),
    ("own-error", Class::OwnError),
    ("undetermined", Class::Undetermined),
];

/// What is counted over all rows.
#[derive(Default)]
struct Tally {
    class: (usize, usize),
    address: (usize, usize),
    message_id: (usize, usize),
    auto_reply_as_bounce: (usize, usize),
    deferral_as_bounce: (usize, usize),
    bounce_as_auto_reply: (usize, usize),
}

/// Judges a folder.
///
/// # Errors
/// It cannot be read.
pub(crate) fn run(folder: &Path) -> anyhow::Result<Section> {
    let mut rows = Vec::new();
    let mut tally = Tally::default();
    for row in expected(folder)? {
        let bytes = file(folder, &row)?;
        rows.push(judge_row(&row, &bytes, &mut tally));
    }
    let count = |what, (found, of): (usize, usize)| Count { what, found, of };
    let verdict = Verdict {
        name: "dsn",
        rows,
        never: vec![
            count("auto-replies taken for bounces", tally.auto_reply_as_bounce),
            count("deferrals taken for bounces", tally.deferral_as_bounce),
            count("bounces taken for auto-replies", tally.bounce_as_auto_reply),
        ],
        besides: vec![
            count("class as suggested", tally.class),
            count("recipient found", tally.address),
            count("original Message-ID found", tally.message_id),
        ],
    };
    Ok(verdict.section())
}

fn judge_row(row: &Expected, bytes: &[u8], tally: &mut Tally) -> Row {
    let report = read(bytes);
    let address = column(row, "recipient").to_lowercase();
    let one = recipient(&report, &address);
    let kind = column(row, "kind");
    let suggested = column(row, "suggested_class");
    let got = kind_of(&report, one);
    let bounce = ["hard", "soft"];
    let (is_bounce, got_bounce) = (bounce.contains(&kind), bounce.contains(&got));
    // An authentication failure is a report and no complaint: the row's own column says so (webhooks.md §18).
    let right = got == kind || got == column(row, "feedback_type");
    let open = match (kind, suggested) {
        ("undetermined", _) => Some("the suite itself found nothing to tell"),
        ("hard" | "soft", "undetermined") if got_bounce => {
            Some("the row's own class leaves open what became of the address")
        }
        _ => None,
    };

    tally.auto_reply_as_bounce.0 += usize::from(kind == "auto-reply" && got_bounce);
    tally.auto_reply_as_bounce.1 += usize::from(kind == "auto-reply");
    tally.bounce_as_auto_reply.0 += usize::from(is_bounce && got == "auto-reply");
    tally.bounce_as_auto_reply.1 += usize::from(is_bounce);
    if column(row, "action") == "delayed" {
        tally.deferral_as_bounce.0 += usize::from(is_deferral_as_bounce(one, bytes));
        tally.deferral_as_bounce.1 += 1;
    }
    let class = CLASSES.iter().find(|(name, _)| *name == suggested).map(|(_, class)| *class);
    if let (true, Some(class)) = (is_bounce, class) {
        tally.class.0 += usize::from(one.is_some_and(|one| one.class == class));
        tally.class.1 += 1;
    }
    if is_bounce && !address.is_empty() {
        tally.address.0 += usize::from(one.is_some_and(|one| one.address.as_deref() == Some(address.as_str())));
        tally.address.1 += 1;
    }
    let wanted_id = column(row, "original_message_id");
    if let (false, Report::Dsn(dsn)) = (wanted_id.is_empty(), &report) {
        tally.message_id.0 += usize::from(dsn.original.message_id.as_deref() == Some(wanted_id));
        tally.message_id.1 += 1;
    }
    let by = one.map(|one| format!(", {:?}, {:?}, {:?}, {:?}", one.action, one.class, one.status, one.diagnostic));
    Row {
        what: format!("{} {address}", column(row, "file")),
        kind: kind.to_owned(),
        expected: format!(
            "{kind} ({}, {suggested}, {} {})",
            column(row, "reason"),
            column(row, "action"),
            column(row, "status code")
        ),
        got: format!("{got}{}", by.unwrap_or_default()),
        right,
        open: open.filter(|_| !right),
    }
}

/// The recipient that a row is about; the only one if the report does not name it so.
fn recipient<'r>(report: &'r Report, address: &str) -> Option<&'r Recipient> {
    let Report::Dsn(dsn) = report else { return None };
    let named = dsn.recipients.iter().find(|one| one.address.as_deref() == Some(address));
    named.or_else(|| dsn.recipients.first())
}

fn kind_of(report: &Report, one: Option<&Recipient>) -> &'static str {
    match (report, one) {
        (Report::Dsn(_), Some(one)) => match (one.action, one.class) {
            (Action::Failed, Class::Hard) if !one.is_closed => "hard",
            (Action::Failed | Action::Delayed, _) => "soft",
            (Action::Delivered | Action::Relayed | Action::Expanded, _) => "delivered",
        },
        (Report::Dsn(_), None) => "undetermined",
        (Report::Feedback(feedback), _) => match feedback.kind {
            FeedbackKind::AuthFailure => "auth-failure",
            FeedbackKind::NotSpam => "not-spam",
            FeedbackKind::Abuse
            | FeedbackKind::Fraud
            | FeedbackKind::Virus
            | FeedbackKind::Other
            | FeedbackKind::OptOut => "complaint",
        },
        (Report::AutoReply(_), _) => "auto-reply",
        (Report::Challenge(_), _) => "challenge",
        (Report::Mdn, _) => "mdn",
        (Report::Bulk | Report::Ordinary, _) => "not-bounce",
    }
}

fn is_deferral_as_bounce(one: Option<&Recipient>, bytes: &[u8]) -> bool {
    let Some(one) = one else { return false };
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let says = |action: &str| text.contains(&format!("action: {action}"));
    one.action == Action::Failed
        && (says("delayed") && !says("failed") || one.class != Class::Transient && !says("failed"))
}
