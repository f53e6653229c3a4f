//! The wordings of mail programs, as tables: who sends bounces, what their subjects and texts say, where the original begins.
//!
//! All in lower case. A ` … ` in a row stands for anything in between.

use std::collections::BTreeSet;

/// Local parts and names that send bounces (webhooks.md §18, step 2).
pub(super) const DAEMONS: &[&str] = &[
    "mailer-daemon",
    "mailerdaemon",
    "mailer daemon",
    "mail-daemon",
    "maildaemon",
    "postmaster",
    "post_master",
    "mail delivery system",
    "mail delivery subsystem",
    "mail deliver system",
    "mail delivery service",
    "mail administrator",
    "mail system",
    "system administrator",
    "microsoft outlook",
    "delivery-notification",
    "bounce-handler",
    "internet mail delivery",
];

/// Subjects of bounces, wherever in the subject they stand.
pub(super) const BOUNCE_SUBJECTS: &[&str] = &[
    "undeliver",
    "delivery status notification",
    "delivery failure",
    "delivery failed",
    "delivery has failed",
    "delivery error",
    "delivery report",
    "delivery notification",
    "delivery status",
    "delivery problem",
    "delivery delayed",
    "delivery incomplete",
    "delivery unsuccessful",
    "permanent delivery",
    "failed delivery",
    "failure delivery",
    "failure notice",
    "failure notification",
    "failure to deliver",
    "mail failure",
    "mail error",
    "mail not delivered",
    "mail could not be delivered",
    "mail status report",
    "message status",
    "message not delivered",
    "message could not be delivered",
    "message you sent blocked",
    "message delayed",
    "returned mail",
    "error sending your mail",
    "message frozen",
    "forwarding or filtering",
    "mail system error",
    "returned message",
    "returned to sender",
    "returning message to sender",
    "returning your",
    "return to sender",
    "could not send message",
    "cannot send message",
    "could not be delivered",
    "non-delivery",
    "nondeliver",
    "non recapitabile",
    "not delivered",
    "user unknown",
    "unknown user",
    "notification d'état",
    "non remis",
    "échec de la remise",
    "unzustellbar",
    "nicht zustellbar",
    "nicht zugestellt",
    "fehler bei der zustellung",
    "zustellung fehlgeschlagen",
    "no se puede entregar",
    "no se pudo entregar",
    "mensaje no entregado",
    "error de entrega",
    "não entregue",
    "falha na entrega",
    "mancato recapito",
    "impossibile recapitare",
    "onbestelbaar",
    "niet bezorgd",
    "недоставленное",
    "не доставлено",
    "невозможно доставить",
    "配信不能",
    "配信できません",
    "配信不可",
    "系统退信",
    "退信",
    "niedostarczon",
    "kan inte levereras",
    "loop alert",
    "considered unsolicited bulk email",
];

/// What only a bounce's text says: the body rules, for mail that no header betrays.
pub(super) const BOUNCE_TEXTS: &[&str] = &[
    "this is the qmail-send program",
    "this is the mailer-daemon",
    "this is the mail system at host",
    "this is an automatically generated delivery status notification",
    "this report relates to a message you sent",
    "this message was created automatically by mail delivery software",
    "could not deliver",
    "couldn't be delivered",
    "cannot be delivered",
    "can not be delivered",
    "wasn't able to deliver your message",
    "was not delivered to",
    "was undeliverable",
    "message was not delivered",
    "could not be delivered",
    "unable to deliver",
    "trouble delivering your message",
    "no pudo ser entregado",
    "this is the mail delivery agent",
    "not able to be delivered",
    "list of failed recipients",
    "did not receive a copy of your message",
    "failed addresses follow",
    "failed recipients",
    "undeliverable address",
    "undeliverable to",
    "encountered delivery problems",
    "following address failed",
    "message not delivered",
    "mail not delivered",
    "has been rejected by the recipient",
    "was automatically rejected",
    "was rejected by the recipient",
    "returned to you",
    "being returned to you",
    "there was an error delivering your mail",
    "an error occurred while trying to deliver",
    "message has not been delivered",
    "did not reach the following",
    "did not reach some or all",
    "did not receive this message",
    "not delivered to the following",
    "following addresses had",
    "following address(es) failed",
    "following recipients could not",
    "following recipient(s) could not",
    "following recipients was undeliverable",
    "delivery to the following",
    "delivery has failed to these",
    "delivery failed for the following",
    "failed to deliver to",
    "failed permanently",
    "transcript of session follows",
    "error detail (phquery",
    "error: invalid user address",
    "error message below",
    "reason for the failure",
    "duplicated message-id in",
    "m-filter",
    "-------server message",
    "failure reasons",
    "undeliverable message",
    "undelivered message",
    "unknown user:",
    "user's mailbox is full",
    "wurde nicht zugestellt",
    "konnte nicht zugestellt",
    "n'a pas pu être remis",
    "n'a pu être remis",
    "no se ha podido entregar",
    "non è stato possibile",
    "não pôde ser entregue",
    "не было доставлено",
    "не может быть доставлено",
    "配信できませんでした",
    "送信できませんでした",
];

/// A line that starts so ends the report's own text: the original follows.
const ORIGINAL_LINES: &[&str] = &[
    "return-path:",
    "received:",
    "content-type: message/rfc822",
    "content-type: text/rfc822-headers",
    "content-type: message/partial",
    "x-originating-ip:",
    "delivered-to:",
    "dkim-signature:",
    "authentication-results:",
];

/// A line that holds one of these ends the report's own text.
const ORIGINAL_MARKS: &[&str] = &[
    "original message follows",
    "original message header",
    "original message is",
    "original message below",
    "original message:",
    "original message -",
    "original mail as follows",
    "original mail follows",
    "original mail info",
    "original email",
    "--- original message",
    "----- original message",
    "copy of the message",
    "copy of your message",
    "copy of the original message",
    "copy of the original",
    "this is a copy of",
    "below is a copy",
    "below this line is",
    "enclosed is a copy",
    "unsent message follows",
    "unsent message below",
    "unsent message",
    "undelivered message follows",
    "undelivered message headers",
    "returned message ---",
    "returned mail follows",
    "returned mail ---",
    "start of returned message",
    "old message:",
    "your message reads",
    "session transcript of the original",
    "returned message follows",
    "message headers follow",
    "message header follows",
    "message text follows",
    "headers of the original",
    "header of the original",
    "headers of your message",
    "the header of your message",
    "message header:",
    "begin message header",
    "rejected message",
    "your original message",
    "nachricht im original",
    "originalnachricht",
    "en-têtes d'origine",
    "message d'origine",
    "mensaje original",
    "original adjunto",
    "messaggio originale",
    "оригинальное сообщение",
];

/// Says that a mail is tried on (in a report that names no action).
pub(super) const DELAYS: &[&str] = &[
    "has been delayed",
    "is delayed",
    "was delayed",
    "message delayed",
    "delivery delayed",
    "delayed mail",
    "delivery status notification (delay)",
    "status notification: delayed",
    "not yet been delivered",
    "has not yet been",
    "hasn't been delivered yet",
    "still trying",
    "still being",
    "will keep trying",
    "will continue to",
    "attempts will continue",
    "will be retried",
    "will be attempted",
    "will retry",
    "will try again",
    "no action is required on your part",
    "you do not need to re",
    "don't need to re-send",
    "do not need to resend",
    "only a temporary failure report",
    "this is a warning message only",
    "this is just a warning",
    "advisory-only",
    "has been postponed",
    "has been frozen",
    "was frozen on arrival",
    "message will be retried",
    "warning: could not send message",
    "warning: message",
    "temporarily failed",
    "wird weiter versucht",
    "verzögert",
    "nouvelle tentative",
    "a été retardé",
    "se ha retrasado",
    "задержан",
];

/// Says that it was given up after all, in a text that speaks of delays as well.
pub(super) const FINAL: &[&str] = &[
    "permanent error",
    "permanent fatal error",
    "permanent failure",
    "failed permanently",
    "given up",
    "giving up",
    "gave up",
    "not going to try again",
    "will be deleted from queue",
    "has been removed from the queue",
    "is being returned",
    "has been returned",
    "could not be delivered for",
    "cannot send message for",
];

/// A program that delivers locally, as its verdict in the report's own words begins. It knows better than the status that a
/// mail system put in front of it.
pub(super) const LOCAL_AGENTS: &[&str] = &[
    "was automatically rejected:", // Dovecot
    "mail.local:",
    "maildrop:",
    "procmail:",
    "vdelivermail:",
    "vdeliver:",
];

/// Whether a table's row stands in a text in lower case.
pub(super) fn any(table: &[&str], text: &str) -> bool {
    table.iter().any(|row| text.contains(row))
}

/// Where the original begins in a text, if it does.
pub(super) fn original_begins(text: &str) -> Option<usize> {
    let mut at = 0;
    let mut seen_words = false;
    for line in text.split_inclusive('\n') {
        let lower = line.trim_start_matches(['>', '|', ' ', '\t']).to_lowercase();
        let marked = ORIGINAL_LINES.iter().any(|start| lower.starts_with(start))
            || (seen_words && lower.len() < 200 && any(ORIGINAL_MARKS, &lower) && !lower.contains("attach"));
        if marked {
            return Some(at);
        }
        seen_words |= !lower.trim().is_empty();
        at += line.len();
    }
    None
}

/// The addresses in a text, lower case, in order, each once.
pub(super) fn addresses(text: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let words = text.split(|c: char| c.is_whitespace() || "<>()[]{}\"',;:|=".contains(c));
    let all = words.filter_map(address).filter(|address| seen.insert(address.clone()));
    all.take(super::RECIPIENTS_MAX).collect()
}

/// One word, if it is an address: `local@domain`, the domain of letters, digits, dots and hyphens.
pub(super) fn address(word: &str) -> Option<String> {
    let word = word.trim_matches(|c: char| "<>()[]{}\"',;:|=.!?*`&".contains(c)).trim_start_matches("mailto:");
    let (local, domain) = word.rsplit_once('@')?;
    let good_local = (1..=64).contains(&local.len()) && !local.contains(char::is_whitespace) && local.is_ascii();
    let good_domain = (1..=255).contains(&domain.len())
        && domain.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        });
    (good_local && good_domain).then(|| word.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_written_as_texts_are_compared() {
        for table in
            [DAEMONS, BOUNCE_SUBJECTS, BOUNCE_TEXTS, ORIGINAL_LINES, ORIGINAL_MARKS, DELAYS, FINAL, LOCAL_AGENTS]
        {
            for row in table {
                assert_eq!(row.to_lowercase(), *row);
                assert!(row.chars().count() >= 2, "{row}");
            }
            assert_eq!(table.iter().collect::<BTreeSet<_>>().len(), table.len(), "{:?} has a row twice", table.first());
        }
    }

    #[test]
    fn the_original_begins_where_its_headers_do_or_where_the_report_says() {
        for mark in ORIGINAL_MARKS {
            let text = format!("It failed.\n\n ----- {mark} -----\nSubject: x\n");
            assert_eq!(original_begins(&text), Some(12), "{mark}");
        }
        for start in ORIGINAL_LINES {
            assert_eq!(original_begins(&format!("It failed.\n  {start} x\n")), Some(11), "{start}");
        }
        assert_eq!(original_begins("It failed.\nNothing follows.\n"), None);
    }

    #[test]
    fn addresses_are_found_between_all_sorts_of_brackets() {
        let text =
            "<Ada@Example.net>: 550 (bob@x.example)... mailto:c@d.example, <not an address> a@b@ @x [e@f.example]";
        assert_eq!(addresses(text), ["ada@example.net", "bob@x.example", "c@d.example", "e@f.example"]);
    }
}
