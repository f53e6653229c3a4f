//! From what a provider says of a bounce to its class: texts through the core's rules, and the vocabulary of SES, which
//! Resend shares.

use preheat_core::bounce;
use preheat_core::event::{Class, Kind};

use crate::reply::Reply;

/// By the reply and its text alone.
pub(crate) fn of_reply(reply: &Reply, text: &str) -> Class {
    bounce::classify(reply.code, reply.enhanced.as_deref(), text)
}

/// Where the provider says that the address is not to blame, or goes on trying: never hard.
pub(crate) fn soft(reply: &Reply, text: &str) -> Class {
    match of_reply(reply, text) {
        Class::Hard | Class::Undetermined => Class::Transient,
        other => other,
    }
}

/// SES's `bounceType` and `bounceSubType`.
pub(crate) fn of_ses(bounce_type: &str, sub_type: &str, reply: &Reply, text: &str) -> Kind {
    if matches!(sub_type, "Suppressed" | "OnAccountSuppressionList" | "OnTenantSuppressionList") {
        // SES did not send: the address is bad, but says nothing new of reputation.
        return Kind::Suppressed;
    }
    Kind::Bounced(match bounce_type {
        "Permanent" => Class::Hard,
        "Transient" => match sub_type {
            "MailboxFull" => Class::MailboxFull,
            "MessageTooLarge" | "ContentRejected" | "AttachmentRejected" => Class::Content,
            _ => soft(reply, text),
        },
        _ => of_reply(reply, text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sess_words_have_their_classes() {
        let table = [
            ("Permanent", "General", Kind::Bounced(Class::Hard)),
            ("Permanent", "NoEmail", Kind::Bounced(Class::Hard)),
            ("Permanent", "Suppressed", Kind::Suppressed),
            ("Permanent", "OnAccountSuppressionList", Kind::Suppressed),
            ("Transient", "General", Kind::Bounced(Class::Transient)),
            ("Transient", "MailboxFull", Kind::Bounced(Class::MailboxFull)),
            ("Transient", "MessageTooLarge", Kind::Bounced(Class::Content)),
            ("Transient", "ContentRejected", Kind::Bounced(Class::Content)),
            ("Transient", "CustomTimeoutExceeded", Kind::Bounced(Class::Transient)),
            ("Undetermined", "Undetermined", Kind::Bounced(Class::Undetermined)),
        ];
        for (kind, sub, expected) in table {
            assert_eq!(of_ses(kind, sub, &Reply::default(), ""), expected, "{kind} {sub}");
        }
    }

    #[test]
    fn soft_is_never_hard() {
        let text = "550 5.1.1 User unknown";
        assert_eq!(of_reply(&Reply::read(text), text), Class::Hard);
        assert_eq!(soft(&Reply::read(text), text), Class::Transient);
    }
}
