//! What a mail is: the steps of webhooks.md §18 in their order.

use super::letter::Letter;
use super::{Report, absence, challenge, delivery, feedback, words};

/// Step 1 to 7; see the module [`super`].
pub(super) fn report(mail: &[u8]) -> Report {
    let Some(letter) = Letter::open(mail) else { return Report::Ordinary };
    declared(&letter)
        .or_else(|| daemon(&letter))
        .or_else(|| challenge::of_headers(&letter))
        .or_else(|| absence::of_headers(&letter))
        .or_else(|| list(&letter))
        .or_else(|| betrayed(&letter))
        .unwrap_or(Report::Ordinary)
}

/// 1. What the MIME type declares.
fn declared(letter: &Letter) -> Option<Report> {
    let has = |kind: &str| letter.types.iter().any(|found| found == kind);
    if letter.report_type == "feedback-report" || has("message/feedback-report") || has("text/feedback-report") {
        return Some(feedback::read(letter));
    }
    if letter.report_type == "disposition-notification" || has("message/disposition-notification") {
        return Some(Report::Mdn);
    }
    let says_status = letter.report_type == "delivery-status"
        || has("message/delivery-status")
        || has("message/global-delivery-status");
    if says_status {
        // Gmail's forwarders send an empty status part, and some programs an unrelated text under this type.
        return delivery::read(letter).map(Report::Dsn);
    }
    None
}

/// 2. What a mailer daemon says.
fn daemon(letter: &Letter) -> Option<Report> {
    let failed = letter.header("x-failed-recipients").is_some();
    let daemon = words::any(words::DAEMONS, &letter.from_words) || letter.from_words.contains("<>");
    let says = words::any(words::BOUNCE_SUBJECTS, &letter.subject) || speaks_of_bounce(letter);
    // A postmaster may be on holiday too.
    let away = absence::by_header(letter) && !failed && !says;
    if (failed || (daemon && says)) && !away {
        return delivery::read(letter).map(Report::Dsn);
    }
    (daemon && !away).then(|| delivery::read_strict(letter)).flatten().map(Report::Dsn)
}

/// 6. Lists.
fn list(letter: &Letter) -> Option<Report> {
    let marks = ["list-unsubscribe", "list-id", "list-post", "feedback-id"];
    let is_list = marks.into_iter().any(|name| letter.header(name).is_some());
    (is_list && !letter.from_words.contains("<>")).then_some(Report::Bulk)
}

/// 7. What only the text betrays.
fn betrayed(letter: &Letter) -> Option<Report> {
    let nobody = matches!(letter.header("return-path"), Some("<>" | "")) || letter.from.is_none();
    let subject = words::any(words::BOUNCE_SUBJECTS, &letter.subject);
    let is_answer = letter.header("in-reply-to").is_some() && !nobody && !subject;
    if (subject || nobody || !is_answer) && speaks_of_bounce(letter) {
        // A person who forwards a bounce quotes one: only what names a recipient and a reason is one.
        let strict = if subject || nobody { delivery::read(letter) } else { delivery::read_strict(letter) };
        if let Some(dsn) = strict {
            return Some(Report::Dsn(dsn));
        }
    }
    challenge::of_text(letter).or_else(|| absence::of_text(letter))
}

/// Whether the first lines say what only bounces say.
fn speaks_of_bounce(letter: &Letter) -> bool {
    let start = super::fields::cut(&letter.notes, 4_000).to_lowercase();
    let start = start.split_whitespace().collect::<Vec<_>>().join(" ");
    !letter.status.trim().is_empty() || words::any(words::BOUNCE_TEXTS, &start)
}

/// Steps 1 to 6 as far as headers answer them. Asks for less than [`report`] does: reading one mail too many costs a
/// fetch, passing one over costs an event.
pub(super) fn may_be_report(headers: &[u8]) -> bool {
    let Some(letter) = Letter::open(headers) else { return false };
    if matches!(letter.report_type.as_str(), "delivery-status" | "feedback-report") {
        return true;
    }
    if letter.header("x-failed-recipients").is_some() || words::any(words::DAEMONS, &letter.from_words) {
        return true;
    }
    let bounce = words::any(words::BOUNCE_SUBJECTS, &letter.subject)
        && matches!(letter.header("return-path"), None | Some("<>" | ""));
    let answer = challenge::of_headers(&letter).is_some() || absence::of_headers(&letter).is_some();
    (bounce || answer) && list(&letter).is_none()
}

#[cfg(test)]
mod tests {
    use super::may_be_report;

    #[test]
    fn headers_alone_tell_what_is_worth_reading() {
        for (worth, headers) in [
            (true, "From: x@y.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=a"),
            (true, "From: x@y.example\r\nContent-Type: multipart/report; report-type=\"feedback-report\"; boundary=a"),
            (true, "From: Mail Delivery Subsystem <mailer-daemon@y.example>\r\nSubject: Returned mail"),
            (true, "From: x@y.example\r\nX-Failed-Recipients: a@b.example"),
            (true, "From: x@y.example\r\nSubject: Out of the office\r\nAuto-Submitted: auto-replied"),
            (false, "From: x@y.example\r\nSubject: Lunch on Friday?"),
            (false, "From: x@y.example\r\nSubject: News\r\nList-Id: <news.y.example>\r\nPrecedence: bulk"),
            (false, "From: x@y.example\r\nContent-Type: multipart/report; report-type=disposition-notification"),
            (false, ""),
        ] {
            assert_eq!(may_be_report(format!("{headers}\r\n\r\n").as_bytes()), worth, "{headers}");
        }
    }
}
