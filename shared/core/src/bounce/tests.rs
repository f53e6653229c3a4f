//! Replies as servers write them, and what they mean.

use proptest::prelude::*;

use super::*;

/// `(code, enhanced, text, class)`: addresses and hosts are made up, wordings are the servers' own.
const REPLIES: &[(u16, &str, &str, Class)] = &[
    // Hard.
    (
        550,
        "5.1.1",
        "550 5.1.1 <ada@example.net>: Recipient address rejected: User unknown in virtual mailbox table",
        Class::Hard,
    ),
    (
        550,
        "5.1.1",
        "550-5.1.1 The email account that you tried to reach does not exist. Please try double-checking",
        Class::Hard,
    ),
    (550, "5.4.1", "550 5.4.1 Recipient address rejected: Access denied. [VE1.eurprd.example]", Class::Hard),
    (
        554,
        "5.0.0",
        "554 delivery error: dd This user doesn't have a yahoo.com account (ada@yahoo.example) [0]",
        Class::Hard,
    ),
    (550, "", "550 No such user here", Class::Hard),
    (
        0,
        "5.4.4",
        "Host or domain name not found. Name service error for name=nowhere.example type=AAAA: Host not found",
        Class::Hard,
    ),
    (556, "5.1.10", "Recipient address has null MX", Class::Hard),
    (0, "", "Unrouteable address", Class::Hard),
    (
        550,
        "5.1.10",
        "RESOLVER.ADR.RecipientNotFound; Recipient ada@example.net not found by SMTP address lookup",
        Class::Hard,
    ),
    // Full.
    (552, "5.2.2", "552-5.2.2 The email account that you tried to reach is over quota.", Class::MailboxFull),
    (452, "4.2.2", "452-4.2.2 The recipient's inbox is out of storage space.", Class::MailboxFull),
    (550, "5.1.1", "550 5.1.1 sorry, mailbox ada is full", Class::MailboxFull),
    // The sender's reputation.
    (
        550,
        "5.7.1",
        "550 5.7.1 Service unavailable; Client host [192.0.2.5] blocked using zen.spamhaus.org",
        Class::ReputationBlock,
    ),
    (554, "5.7.1", "554 5.7.1 <mx[192.0.2.5]>: Client host rejected: Access denied", Class::ReputationBlock),
    (
        421,
        "4.7.0",
        "421 4.7.0 [TSS04] Messages from 192.0.2.5 temporarily deferred due to unexpected volume or user complaints",
        Class::ReputationBlock,
    ),
    (550, "5.7.606", "550 5.7.606 Access denied, banned sending IP [192.0.2.5]", Class::ReputationBlock),
    (
        550,
        "5.7.1",
        "550 5.7.1 Unfortunately, messages from [192.0.2.5] weren't sent. Part of their network is on our block list (S3150).",
        Class::ReputationBlock,
    ),
    // Rates.
    (
        421,
        "4.7.28",
        "421-4.7.28 Gmail has detected an unusual rate of mail. To protect our users, mail has been temporarily rate limited.",
        Class::RateLimit,
    ),
    (
        450,
        "4.2.1",
        "450-4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages",
        Class::RateLimit,
    ),
    (452, "4.5.3", "452 4.5.3 Too many recipients", Class::RateLimit),
    // Rules.
    (
        550,
        "5.7.26",
        "550-5.7.26 Unauthenticated email from example.org is not accepted due to domain's DMARC policy.",
        Class::Policy,
    ),
    (554, "5.7.1", "554 5.7.1 <ada@example.net>: Relay access denied", Class::Policy),
    (550, "5.7.1", "550 5.7.1 RESOLVER.RST.AuthRequired; authentication required", Class::Policy),
    (550, "5.7.25", "550-5.7.25 The IP address sending this message does not have a PTR record setup", Class::Policy),
    // Content.
    (550, "5.7.1", "550-5.7.1 Our system has detected that this message is likely unsolicited mail.", Class::Content),
    (552, "5.3.4", "552 5.3.4 Message size exceeds fixed limit", Class::Content),
    (554, "5.7.0", "554 5.7.0 Reject, id=00042-01 - SPAM", Class::Content),
    (
        552,
        "5.7.0",
        "552-5.7.0 This message was blocked because its content presents a potential security issue.",
        Class::Content,
    ),
    // Nothing that lasts.
    (450, "4.2.0", "450 4.2.0 <ada@example.net>: Recipient address rejected: Greylisted", Class::Transient),
    (0, "4.4.1", "connect to mx.example.net[192.0.2.7]:25: Connection timed out", Class::Transient),
    (0, "5.4.7", "Delivery expired (message too old)", Class::Transient),
    (
        0,
        "4.4.3",
        "Host or domain name not found. Name service error for name=example.net type=MX: Host not found, try again",
        Class::Transient,
    ),
    (450, "4.1.1", "450 4.1.1 <ada@example.net>: User unknown; try again", Class::Transient),
    // Our own.
    (550, "5.4.5", "550 5.4.5 Daily user sending limit exceeded.", Class::OwnError),
    (535, "5.7.8", "535 5.7.8 Username and Password not accepted.", Class::OwnError),
    // Nobody said.
    (550, "5.0.0", "550 5.0.0 Command rejected", Class::Undetermined),
    (0, "", "", Class::Undetermined),
    (550, "5.2.1", "550 5.2.1 <ada@example.net> mailbox temporarily disabled", Class::Undetermined),
    (550, "", "550 Unknown user ada@example.net (in reply to end of DATA command)", Class::Undetermined),
];

#[test]
fn each_reply_is_read_as_people_read_it() {
    for (code, enhanced, text, class) in REPLIES {
        let code = (*code > 0).then_some(*code);
        let enhanced = (!enhanced.is_empty()).then_some(*enhanced);
        assert_eq!(classify(code, enhanced, text), *class, "{text}");
        // The codes stand in most texts as well: without them nothing may turn hard that was not.
        let bare = classify(None, None, text);
        assert!(bare == *class || bare != Class::Hard || code.is_none_or(|code| code < 500), "{text}: {bare:?}");
    }
}

#[test]
fn a_relays_generic_code_does_not_hide_the_servers_own() {
    assert_eq!(classify(None, Some("5.0.0"), "smtp; 550 5.2.2 x"), Class::MailboxFull);
    assert_eq!(classify(None, Some("5.1.1"), "smtp; 550 5.2.2 x"), Class::Hard);
}

#[test]
fn what_is_no_code_is_not_taken_for_one() {
    assert_eq!(classify(Some(99), Some("nonsense"), ""), Class::Undetermined);
    assert_eq!(classify(Some(999), Some("5.1.1.1"), ""), Class::Undetermined);
}

proptest! {
    #[test]
    fn any_text_has_a_class(code in proptest::option::of(0_u16..1000), enhanced in "\\PC{0,12}", text in "\\PC{0,300}") {
        let class = classify(code, Some(&enhanced), &text);
        prop_assert_eq!(class, classify(code, Some(&enhanced), &text));
    }

    #[test]
    fn a_reply_that_says_try_again_is_never_hard(code in 400_u16..500, detail in "[0-9]\\.[0-9]{1,2}", at in 0_usize..REPLIES.len()) {
        let (_, _, text, _) = REPLIES[at];
        prop_assert_ne!(classify(Some(code), Some(&format!("4.{detail}")), text), Class::Hard);
    }

    #[test]
    fn case_and_line_breaks_change_nothing(at in 0_usize..REPLIES.len()) {
        let (code, enhanced, text, class) = REPLIES[at];
        let code = (code > 0).then_some(code);
        let folded = text.to_uppercase().replace(' ', "\r\n\t");
        prop_assert_eq!(classify(code, Some(enhanced), &folded), class);
    }
}
