//! What a code alone says: enhanced status codes (RFC 3463 and its registry), then reply codes, then the subject.

use crate::event::Class;

/// Enhanced status codes without their class: what is permanent or temporary about it is asked elsewhere.
const ENHANCED: &[(&str, Class)] = &[
    // Addressing (RFC 3463 §3.2): the address or its domain is bad.
    ("1.0", Class::Hard), // something about the address; what is said of the sender is asked before
    ("1.1", Class::Hard),
    ("1.2", Class::Hard),
    ("1.3", Class::Hard),
    ("1.4", Class::Undetermined), // ambiguous address
    ("1.5", Class::Undetermined), // valid after all
    ("1.6", Class::Hard),         // has moved, no forwarding address
    ("1.7", Class::Policy),       // the sender's address is malformed
    ("1.8", Class::Policy),       // the sender's domain is bad
    ("1.10", Class::Hard),        // RFC 7505: null MX
    // Mailbox (§3.3).
    ("2.1", Class::Hard), // disabled, not accepting messages
    ("2.2", Class::MailboxFull),
    ("2.3", Class::Content), // too long for this mailbox
    ("2.4", Class::Undetermined),
    // Mail system (§3.4).
    ("3.0", Class::Transient),
    ("3.1", Class::Transient), // its disk is full
    ("3.2", Class::Transient), // takes no messages at present
    ("3.3", Class::Transient),
    ("3.4", Class::Content), // too big
    ("3.5", Class::Transient),
    // Network and routing (§3.5).
    ("4.0", Class::Transient),
    ("4.1", Class::Transient), // no answer from host; Microsoft's use of it has words of its own
    ("4.2", Class::Transient),
    ("4.3", Class::Transient),
    ("4.4", Class::Hard), // unable to route: the domain has no host
    ("4.5", Class::Transient),
    ("4.6", Class::Transient), // loop
    ("4.7", Class::Transient), // expired
    ("4.8", Class::Transient),
    ("4.14", Class::Transient),  // Microsoft: hop count
    ("4.310", Class::Hard),      // Microsoft: DNS, domain does not exist
    ("4.312", Class::Transient), // Microsoft: DNS query failed
    ("4.316", Class::Transient), // Microsoft: message expired
    ("4.317", Class::Transient), // Microsoft: cannot connect to remote server
    // Protocol (§3.6).
    ("5.3", Class::RateLimit), // too many recipients
    // Media (§3.7).
    ("6.1", Class::Content),
    ("6.2", Class::Content),
    ("6.3", Class::Content),
    ("6.5", Class::Content),
    ("6.6", Class::Content),
    // Security (§3.8, RFC 5248, RFC 7372, RFC 7505).
    ("7.13", Class::Hard),             // the account is disabled
    ("7.17", Class::Hard),             // RFC 7293: the mailbox has another owner
    ("7.18", Class::Hard),             // RFC 7293: the domain has another owner
    ("7.27", Class::Policy),           // the sender's domain has a null MX
    ("7.28", Class::RateLimit),        // mail flood
    ("7.38", Class::RateLimit),        // mail flood, as KumoMTA's list has it
    ("7.129", Class::Policy),          // Microsoft: restricted recipients
    ("7.133", Class::Policy),          // Microsoft: sender not authenticated for group
    ("7.232", Class::RateLimit),       // Microsoft: tenant's external recipient rate
    ("7.233", Class::RateLimit),       // Microsoft: the same, per trial tenant
    ("7.501", Class::ReputationBlock), // Microsoft: spam abuse from the address, 501 to 511
    ("7.502", Class::ReputationBlock),
    ("7.503", Class::ReputationBlock),
    ("7.508", Class::ReputationBlock),
    ("7.511", Class::ReputationBlock),
    ("7.606", Class::ReputationBlock), // Microsoft: banned sending address, 606 to 649
    ("7.705", Class::RateLimit),       // Microsoft: tenant exceeded threshold
    ("7.708", Class::ReputationBlock), // Microsoft: traffic from this address not accepted
    ("7.750", Class::Policy),          // Microsoft: unregistered sending domain
];

/// Reply codes that say more than yes or no.
const REPLIES: &[(u16, Class)] = &[
    (421, Class::Transient),   // RFC 5321 §4.2.3: service not available, closing
    (422, Class::MailboxFull), // de facto: over quota
    (426, Class::Transient),   // connection timed out
    (431, Class::Transient),
    (432, Class::Transient),
    (441, Class::Transient),
    (442, Class::Transient),
    (446, Class::Transient),
    (447, Class::Transient), // timed out
    (451, Class::Transient),
    (452, Class::Transient), // insufficient system storage
    (521, Class::Hard),      // RFC 7504: host takes no mail
    (522, Class::MailboxFull),
    (523, Class::Content), // size over the administrator's limit
    (525, Class::Hard),    // RFC 5248: account disabled
    (530, Class::Policy),  // authentication required
    (534, Class::Policy),
    (535, Class::OwnError), // our own credentials
    (538, Class::Policy),
    (541, Class::Content),     // de facto: rejected as spam
    (552, Class::MailboxFull), // RFC 5321: exceeded storage allocation
    (556, Class::Hard),        // RFC 7504: domain takes no mail
];

/// The subject of an enhanced code (RFC 3463 §3), when its detail says nothing.
const SUBJECTS: &[(&str, Class)] =
    &[("3", Class::Transient), ("4", Class::Transient), ("6", Class::Content), ("7", Class::Policy)];

/// Codes of an account that is there and closed.
const CLOSED: &[&str] = &["2.1", "7.13"];
/// The reply code that says the same (RFC 5248 §2.4).
const CLOSED_REPLY: u16 = 525;

/// Whether a code says that an address is to blame, whatever was asked when it was given: RFC 3463 §3.2.
pub(super) fn blames_address(enhanced: &str) -> bool {
    enhanced.get(2..).is_some_and(|detail| detail.starts_with("1.") && find(ENHANCED, detail) == Some(Class::Hard))
}

/// Whether the codes say that the account is there and closed.
pub(super) fn is_closed(code: Option<u16>, enhanced: Option<&str>) -> bool {
    let detail = enhanced.and_then(|enhanced| enhanced.get(2..)).unwrap_or_default();
    CLOSED.contains(&detail) || code == Some(CLOSED_REPLY)
}

pub(super) fn of_enhanced(enhanced: &str) -> Option<Class> {
    let detail = enhanced.get(2..)?;
    find(ENHANCED, detail)
}

pub(super) fn of_reply(code: u16) -> Option<Class> {
    REPLIES.iter().find(|(row, _)| *row == code).map(|(_, class)| *class)
}

pub(super) fn of_subject(enhanced: &str) -> Option<Class> {
    let subject = enhanced.get(2..)?.split('.').next()?;
    find(SUBJECTS, subject)
}

fn find(table: &[(&str, Class)], key: &str) -> Option<Class> {
    table.iter().find(|(row, _)| *row == key).map(|(_, class)| *class)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{Asked, classify, judge};
    use super::*;

    #[test]
    fn each_enhanced_code_is_read_as_its_row_says() {
        for (detail, class) in ENHANCED {
            assert_eq!(classify(Some(550), Some(&format!("5.{detail}")), ""), *class, "5.{detail}");
            let temporary = classify(Some(450), Some(&format!("4.{detail}")), "");
            assert_ne!(temporary, Class::Hard, "4.{detail}");
        }
    }

    #[test]
    fn each_reply_code_is_read_as_its_row_says() {
        for (code, class) in REPLIES {
            assert_eq!(classify(Some(*code), None, ""), *class, "{code}");
        }
    }

    #[test]
    fn each_subject_is_read_as_its_row_says() {
        for (subject, class) in SUBJECTS {
            assert_eq!(classify(Some(550), Some(&format!("5.{subject}.99")), ""), *class, "5.{subject}.99");
        }
    }

    #[test]
    fn only_addressing_blames_the_address_and_only_a_closed_account_is_closed() {
        for (detail, class) in ENHANCED {
            let enhanced = format!("5.{detail}");
            assert_eq!(blames_address(&enhanced), *class == Class::Hard && detail.starts_with("1."), "{enhanced}");
            // What is asked of the message is not taken for an answer about its recipient, unless the code says so.
            let late = judge(Asked::Message, Some(550), Some(&enhanced), "user unknown").unwrap();
            assert_eq!(late.class == Class::Hard, blames_address(&enhanced), "{enhanced}");
            assert_eq!(
                judge(Asked::Recipient, Some(550), Some(&enhanced), "").unwrap().is_closed,
                CLOSED.contains(detail)
            );
        }
        assert!(judge(Asked::Recipient, Some(CLOSED_REPLY), None, "").unwrap().is_closed);
        assert!(!judge(Asked::Recipient, Some(450), Some("4.2.1"), "").unwrap().is_closed, "it says: try again");
    }

    #[test]
    fn no_row_stands_twice() {
        let enhanced: BTreeSet<_> = ENHANCED.iter().map(|row| row.0).collect();
        let replies: BTreeSet<_> = REPLIES.iter().map(|row| row.0).collect();
        assert_eq!((enhanced.len(), replies.len()), (ENHANCED.len(), REPLIES.len()));
    }
}
