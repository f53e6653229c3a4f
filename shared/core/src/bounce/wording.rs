//! The phrases that servers refuse mail with, in the order in which they are asked.
//!
//! A row is a phrase in lower case; ` … ` stands for anything in between. The groups are ordered by how much they can be
//! trusted: "mailbox full" before "user unknown" before "rejected", since a long reply often holds several. Each row
//! names who says it. The last table, [`HINTS`], is asked only after the codes: single words that are in every second reply.

mod account;
mod content;
mod passing;
mod recipient;
mod sender;

use super::Asked;
use crate::event::Class;

/// A phrase, and who was seen to say it.
type Row = (&'static str, &'static str);

/// Phrases that mean the same.
struct Group {
    class: Class,
    ground: Ground,
    rows: &'static [Row],
}

/// What must have been asked for the phrases to mean what they say. They mean nothing otherwise: see [`super`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// They mean it at any time.
    Any,
    /// Not the message: a program says it of its own directory, where nobody was asked anything.
    NotTheMessage,
    /// The address.
    TheAddress,
}

const fn group(class: Class, rows: &'static [Row]) -> Group {
    Group { class, ground: Ground::Any, rows }
}

const fn of_address(ground: Ground, rows: &'static [Row]) -> Group {
    Group { class: Class::Hard, ground, rows }
}

const GROUPS: &[Group] = &[
    group(Class::OwnError, sender::OWN),
    group(Class::MailboxFull, account::FULL),
    group(Class::Content, content::TOO_BIG),
    group(Class::ReputationBlock, sender::LISTED),
    group(Class::Policy, sender::AUTHENTICATION),
    group(Class::Policy, sender::RELAY),
    group(Class::RateLimit, sender::RATE),
    group(Class::Content, content::SPAM),
    group(Class::Policy, sender::REFUSED),
    group(Class::Undetermined, account::PREFERENCE),
    group(Class::Undetermined, account::SUSPENDED),
    group(Class::Hard, account::CLOSED),
    group(Class::Transient, passing::NAME_SERVER),
    group(Class::Transient, passing::PROGRAM),
    group(Class::Hard, recipient::NO_HOST),
    of_address(Ground::NotTheMessage, recipient::OWN_DIRECTORY),
    of_address(Ground::TheAddress, recipient::UNKNOWN),
    group(Class::Transient, passing::TROUBLE),
    group(Class::ReputationBlock, sender::AT_GREETING),
    group(Class::Policy, sender::RULES),
    group(Class::Content, content::FORM),
];

/// Single words: better than nothing, worse than any code.
const HINTS: &[(&str, Class)] = &[
    ("virus", Class::Content),
    ("spam", Class::Content),
    ("blacklist", Class::ReputationBlock),
    ("black list", Class::ReputationBlock),
    ("blocklist", Class::ReputationBlock),
    ("block list", Class::ReputationBlock),
    ("dnsbl", Class::ReputationBlock),
    ("reputation", Class::ReputationBlock),
    ("blocked", Class::ReputationBlock),
    ("quota", Class::MailboxFull),
    ("time out", Class::Transient),
    ("timeout", Class::Transient),
    ("timed out", Class::Transient),
    ("temporar", Class::Transient),
    ("try again", Class::Transient),
    ("try later", Class::Transient),
    ("policy", Class::Policy),
    ("policies", Class::Policy),
    ("prohibited", Class::Policy),
    ("not authorized", Class::Policy),
    ("unauthorized", Class::Policy),
    ("not permitted", Class::Policy),
    ("not allowed", Class::Policy),
    ("access denied", Class::Policy),
    ("unacceptable", Class::Policy),
];

/// Said of a refusal that came after the message, not after the recipient.
const OF_MESSAGE: &[Row] = &[
    ("in reply to end of data command", "Postfix"),
    ("in reply to data command", "Postfix"),
    (">>> data <<<", "sendmail's transcript"),
    ("after end of data", "Exim"),
    ("failed on data command", "qmail-remote"),
    ("failed after i sent the message", "qmail-remote"),
    ("(state 15)", "Gmail"),
    ("(state 17)", "Gmail"),
    ("(state 18)", "Gmail"),
];

/// Said of a refusal that answered RCPT.
const OF_RECIPIENT: &[Row] = &[
    ("in reply to rcpt", "Postfix"),
    ("after rcpt", "Exim, GMX"),
    (">>> rcpt", "sendmail's transcript"),
    ("our rcpt to", "DragonFly"),
    ("does not like recipient", "qmail-remote"),
    ("rcpt to response", "qmail: how far it came"),
    ("response to \"rcpt", "several"),
    ("response to rcpt", "several"),
    ("sent: rcpt", "InterScan"),
    ("sent <<< rcpt", "InterScan"),
    ("rcpt to command", "several"),
    ("command: rcpt", "several"),
    ("smtp:rcpt", "several"),
    ("[rcpt_to]", "Yahoo"),
    ("(state 14)", "Gmail"),
    ("rcpt <", "several: the command in the reply"),
    ("recipient address rejected", "Postfix: a rule for recipients"),
    ("recipient verify failed", "Exim: a rule for recipients"),
    ("recipient table", "Postfix: looked up for RCPT"),
    ("mailbox table", "Postfix: looked up for RCPT"),
    ("alias table", "Postfix: looked up for RCPT"),
];

/// What was asked when the server said this, as far as the text tells.
pub(super) fn asked_in(said: &str) -> Asked {
    let holds = |marks: &[Row]| marks.iter().any(|(mark, _)| said.contains(mark));
    if holds(OF_MESSAGE) {
        Asked::Message
    } else if holds(OF_RECIPIENT) {
        Asked::Recipient
    } else {
        Asked::Unsaid
    }
}

/// What the text says, if one of the phrases is in it; nothing that counts if it blames an address that nobody asked
/// about. The text is normal: see [`super::text::normal`].
pub(super) fn class_of(said: &str, asked: Asked, code_blames_address: bool) -> Option<Class> {
    let pairs = Pairs::of(said);
    let fits = |phrase: &str| pairs.may_hold(phrase) && says(said, phrase);
    let group = GROUPS.iter().find(|group| group.rows.iter().any(|(phrase, _)| fits(phrase)))?;
    let stands = code_blames_address
        || match group.ground {
            Ground::Any => true,
            Ground::NotTheMessage => asked != Asked::Message,
            Ground::TheAddress => asked == Asked::Recipient,
        };
    Some(if stands { group.class } else { Class::Undetermined })
}

/// Whether the text says that the account is there and closed.
pub(super) fn is_closed(said: &str) -> bool {
    account::CLOSED.iter().any(|(phrase, _)| says(said, phrase))
}

/// What a single word lets one guess.
pub(super) fn hint_of(said: &str) -> Option<Class> {
    HINTS.iter().find(|(word, _)| said.contains(word)).map(|(_, class)| *class)
}

/// Which pairs of bytes stand next to each other in a text, so that a thousand phrases need no thousand searches: most
/// have a pair that is nowhere in it (budgets.md: 5,000 events a second).
struct Pairs(Box<[u64; 1_024]>);

impl Pairs {
    fn of(text: &str) -> Self {
        let mut pairs = Box::new([0_u64; 1_024]);
        for pair in text.as_bytes().windows(2) {
            let at = Self::place(pair);
            pairs[at / 64] |= 1 << (at % 64);
        }
        Self(pairs)
    }

    fn place(pair: &[u8]) -> usize {
        usize::from(pair[0]) << 8 | usize::from(pair[1])
    }

    /// False only if some part of the phrase cannot be in the text.
    fn may_hold(&self, phrase: &str) -> bool {
        phrase
            .split(" … ")
            .all(|part| part.as_bytes().windows(2).map(Self::place).all(|at| self.0[at / 64] & (1 << (at % 64)) != 0))
    }
}

/// Whether all parts of the phrase stand in the text, in this order.
fn says(said: &str, phrase: &str) -> bool {
    let mut rest = said;
    phrase.split(" … ").all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{classify, judge, text};
    use super::*;

    fn rows() -> impl Iterator<Item = (&'static Group, &'static Row)> {
        GROUPS.iter().flat_map(|group| group.rows.iter().map(move |row| (group, row)))
    }

    #[test]
    fn each_phrase_alone_means_what_its_group_says() {
        // A row that a group before it answers would be dead: this finds it.
        let dead: Vec<_> = rows()
            .map(|(group, (phrase, source))| (*phrase, *source, group.class, phrase.replace(" … ", " something ")))
            .filter(|(.., class, said)| classify(None, None, said) != *class)
            .collect();
        assert!(dead.is_empty(), "{dead:#?}");
    }

    #[test]
    fn each_phrase_is_written_as_texts_are_compared_and_stands_once() {
        let mut seen = BTreeSet::new();
        for (_, (phrase, source)) in rows() {
            assert_eq!(text::normal(phrase).trim(), phrase.trim(), "{phrase}");
            assert!(seen.insert(*phrase), "{phrase} stands twice");
            assert!(!source.is_empty(), "{phrase} has no source");
            let least = if phrase.is_ascii() { 4 } else { 2 };
            assert!(phrase.chars().count() >= least, "{phrase} is too short to mean anything");
        }
    }

    #[test]
    fn each_hint_is_asked_last() {
        for (word, class) in HINTS {
            assert_eq!(classify(Some(550), None, &format!("550 x {word} x")), *class, "{word}");
            assert_eq!(classify(Some(550), Some("5.1.1"), &format!("550 5.1.1 x {word} x")), Class::Hard, "{word}");
        }
    }

    #[test]
    fn unknown_blames_the_address_only_where_the_address_was_asked_about() {
        let class = |asked, code, said: &str| judge(asked, None, code, said).unwrap().class;
        let of_address = GROUPS.iter().filter(|group| group.ground != Ground::Any);
        for (group, (phrase, _)) in of_address.flat_map(|group| group.rows.iter().map(move |row| (group, row))) {
            let said = format!("550 {}", phrase.replace(" … ", " x "));
            assert_eq!(class(Asked::Recipient, None, &said), Class::Hard, "{phrase}");
            assert_eq!(class(Asked::Unsaid, Some("5.1.1"), &said), Class::Hard, "{phrase}");
            let late = if said.contains(" 5.1.0 ") { Class::Hard } else { Class::Undetermined };
            assert_eq!(class(Asked::Message, None, &said), late, "{phrase}: a filter that lies");
            // A wording that tells by itself what was asked needs no other sign.
            let tells = asked_in(&text::normal(&said)) == Asked::Recipient || said.contains(" 5.1.0 ");
            let unsaid = if group.ground == Ground::NotTheMessage || tells { Class::Hard } else { Class::Undetermined };
            assert_eq!(class(Asked::Unsaid, None, &said), unsaid, "{phrase}");
        }
    }

    #[test]
    fn each_mark_of_a_dialogue_tells_what_was_asked() {
        for (marks, asked) in [(OF_MESSAGE, Class::Undetermined), (OF_RECIPIENT, Class::Hard)] {
            for (mark, _) in marks {
                let said = format!("550 no such user {mark}");
                assert_eq!(judge(Asked::Unsaid, None, None, &said).unwrap().class, asked, "{mark}");
            }
        }
    }

    #[test]
    fn a_closed_account_is_hard_and_there() {
        for (phrase, _) in account::CLOSED {
            let closed = judge(Asked::Unsaid, Some(550), None, &phrase.replace(" … ", " x ")).unwrap();
            assert_eq!((closed.class, closed.is_closed), (Class::Hard, true), "{phrase}");
        }
        assert!(!judge(Asked::Recipient, Some(550), Some("5.1.1"), "user unknown").unwrap().is_closed);
    }

    #[test]
    fn the_short_cut_never_hides_a_phrase() {
        for (_, (phrase, _)) in rows() {
            let said = format!("550 x {} x", phrase.replace(" … ", " between "));
            assert!(says(&said, phrase) && Pairs::of(&said).may_hold(phrase), "{phrase}");
        }
    }

    #[test]
    fn the_parts_of_a_phrase_stand_in_order() {
        assert!(says("the mailbox of x is full", "mailbox … full"));
        assert!(!says("full is the mailbox", "mailbox … full"));
        assert!(!says("mailbox", "mailbox … mailbox"));
    }
}
