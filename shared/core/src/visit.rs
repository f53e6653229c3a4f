//! What a mailbox has received, as its box row holds it: placements found today, and replies that are due later.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::day::{RowError, parse_slot_ref, slot_ref};
use crate::id::{SlotId, base36};

/// Where a delivered mail was found first, before anything was done with it (domain.md §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// The inbox proper.
    Inbox,
    /// Junk or Spam.
    Spam,
    /// Any Gmail category tab.
    Promotions,
    /// Another folder: a rule of the user's, an archive.
    Other,
}

impl Placement {
    fn letter(self) -> char {
        match self {
            Self::Inbox => 'i',
            Self::Spam => 's',
            Self::Promotions => 'p',
            Self::Other => 'o',
        }
    }
}

/// A warmup mail that a visit saw, recorded before anything is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Which send it is.
    pub slot: SlotId,
    /// Where it was.
    pub placement: Placement,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.placement.letter(), slot_ref(self.slot))
    }
}
impl FromStr for Found {
    type Err = RowError;
    fn from_str(text: &str) -> Result<Self, RowError> {
        let placement = match text.chars().next() {
            Some('i') => Placement::Inbox,
            Some('s') => Placement::Spam,
            Some('p') => Placement::Promotions,
            Some('o') => Placement::Other,
            _ => return Err(RowError(text.to_owned())),
        };
        Ok(Self { slot: parse_slot_ref(&text[1..])?, placement })
    }
}

/// Which of some finds were seen read, in short: four a hexadecimal digit, the first find in its highest bit.
#[must_use]
pub fn marks(found: &[Found], read: &BTreeSet<SlotId>) -> String {
    let digit = |four: &[Found]| {
        let bits = four.iter().zip([8, 4, 2, 1]).filter(|(found, _)| read.contains(&found.slot)).map(|(_, bit)| bit);
        char::from_digit(bits.sum(), 16).unwrap_or('0')
    };
    let marks: String = found.chunks(4).map(digit).collect();
    marks.trim_end_matches('0').to_owned()
}

/// The finds that [`marks`] names.
pub fn marked<'a>(found: &'a [Found], marks: &'a str) -> impl Iterator<Item = SlotId> + 'a {
    let digits = marks.chars().map(|digit| digit.to_digit(16).unwrap_or(0));
    let of_four = |(four, bits): (&'a [Found], u32)| {
        four.iter().zip([8, 4, 2, 1]).filter(move |&(_, bit)| bits & bit != 0).map(|(found, _)| found.slot)
    };
    found.chunks(4).zip(digits).flat_map(of_four)
}

/// A reply that a mailbox owes: decided when the mail was first seen, sent as one of its later slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingReply {
    /// Not before this moment.
    pub due_at: Timestamp,
    /// The thread so far, oldest first; the last is the mail replied to. 1 to 5 slots.
    pub chain: Vec<SlotId>,
    /// The parent's Message-ID as its headers showed it, where a provider rewrote ours. Without angle brackets.
    pub rewritten_id: Option<String>,
}

impl PendingReply {
    /// The mail replied to.
    #[must_use]
    pub fn parent(&self) -> Option<SlotId> {
        self.chain.last().copied()
    }
}

impl fmt::Display for PendingReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base36(u64::try_from(self.due_at.as_second()).unwrap_or(0)))?;
        for slot in &self.chain {
            write!(f, ":{}", slot_ref(*slot))?;
        }
        match &self.rewritten_id {
            Some(id) if is_kept(id) => write!(f, "<{id}"),
            Some(_) | None => Ok(()),
        }
    }
}

/// Whether a provider's Message-ID goes into the row: it comes from outside, so it must not be able to look like a
/// further entry (they are joined by `,`), nor fill the row. One that is left out only costs the thread one reference.
fn is_kept(id: &str) -> bool {
    (1..=REWRITTEN_ID_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic() && !b"<>,".contains(&b))
}

/// Longest Message-ID of a provider that is kept, in bytes. Ours: theirs have 50 to 90.
const REWRITTEN_ID_MAX: usize = 160;

impl FromStr for PendingReply {
    type Err = RowError;
    fn from_str(text: &str) -> Result<Self, RowError> {
        let wrong = || RowError(text.to_owned());
        let (line, rewritten_id) = match text.split_once('<') {
            Some((line, id)) => (line, Some(id.to_owned())),
            None => (text, None),
        };
        let mut parts = line.split(':');
        let due = parts.next().and_then(|digits| i64::from_str_radix(digits, 36).ok()).ok_or_else(wrong)?;
        let chain = parts.map(parse_slot_ref).collect::<Result<Vec<_>, _>>()?;
        if chain.is_empty() {
            return Err(wrong());
        }
        Ok(Self { due_at: Timestamp::from_second(due).map_err(|_| wrong())?, chain, rewritten_id })
    }
}

/// The box row of a mailbox: the lease of its visits, and what they found on the local date.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BoxRow {
    /// Grows with every lease; a write with an older one fails.
    pub fence: u32,
    /// Until when somebody holds the lease.
    pub lease_until: Option<Timestamp>,
    /// The local date `found` speaks of.
    pub date: Option<Date>,
    /// What was found on that date, in the order of finding.
    pub found: Vec<Found>,
    /// How many leading entries of `found` stem from the day before. They stay so that the first visit of the day
    /// knows what the last ones recorded; the day's archive leaves them out, so nothing is counted twice.
    pub found_before: u32,
    /// Of `found`, those that a later look of a visit saw read, on the server: marked by us and filed, or by their owner.
    pub read: BTreeSet<SlotId>,
    /// Replies not yet sent.
    pub pending: Vec<PendingReply>,
    /// Which visits of that date were recorded, one bit each.
    pub visits_done: u32,
    /// Mails received in the current week, for reciprocity.
    pub received_week: u32,
    /// Mails sent in the current week, up to the last roll-over of the day.
    pub sent_week: u32,
    /// The night's audit: how much warmup mail lay in INBOX or Sent that the evening before should have filed. Every visit
    /// looks, and the most that one saw stays. `None`: nobody has looked since the day was turned; that is not zero.
    pub left_over: Option<u32>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::{MailboxId, date_of};

    const PLACEMENTS: [Placement; 4] = [Placement::Inbox, Placement::Spam, Placement::Promotions, Placement::Other];

    fn slot() -> impl Strategy<Value = SlotId> {
        (any::<u32>(), any::<u16>(), any::<u16>()).prop_map(|(mailbox, day, k)| SlotId {
            mailbox: MailboxId(mailbox),
            date: date_of(day),
            k,
        })
    }

    proptest! {
        #[test]
        fn marks_say_which_finds_were_read(read in prop::collection::vec(any::<bool>(), 0..90)) {
            let slot = |k| SlotId { mailbox: MailboxId(7), date: date_of(2_000), k };
            let found: Vec<Found> =
                (0..).zip(&read).map(|(k, _)| Found { slot: slot(k), placement: Placement::Inbox }).collect();
            let set: BTreeSet<SlotId> =
                found.iter().zip(&read).filter(|(_, is_read)| **is_read).map(|(found, _)| found.slot).collect();
            let text = marks(&found, &set);
            prop_assert!(text.len() <= found.len().div_ceil(4));
            prop_assert_eq!(marked(&found, &text).collect::<BTreeSet<_>>(), set);
        }

        #[test]
        fn a_find_is_read_as_it_was_written(slot in slot(), placement in prop::sample::select(PLACEMENTS.to_vec())) {
            let found = Found { slot, placement };
            let text = found.to_string();
            prop_assert_eq!(text.parse(), Ok(found));
            prop_assert!(!text.contains(','), "entries are joined by commas");
        }

        #[test]
        fn a_pending_reply_is_read_as_it_was_written(
            second in 0..253_402_200_000_i64, chain in prop::collection::vec(slot(), 1..6),
            rewritten_id in prop::option::of("[a-zA-Z0-9!#$%&'*+/=?^_`{|}~.:@-]{1,60}"),
        ) {
            let due_at = Timestamp::from_second(second).unwrap();
            let reply = PendingReply { due_at, chain, rewritten_id };
            prop_assert_eq!(reply.to_string().parse(), Ok(reply));
        }

        #[test]
        fn no_message_id_makes_a_second_entry(chain in prop::collection::vec(slot(), 1..6), id in "\\PC{0,200}") {
            let due_at = Timestamp::from_second(1_772_442_000).unwrap();
            let reply = PendingReply { due_at, chain, rewritten_id: Some(id) };
            let text = reply.to_string();
            prop_assert!(!text.contains(',') && text.is_ascii() && text.len() < 300);
            let read: PendingReply = text.parse().unwrap();
            prop_assert_eq!(read.chain, reply.chain);
            prop_assert!(read.rewritten_id.is_none() || read.rewritten_id == reply.rewritten_id);
        }

        #[test]
        fn any_text_is_read_or_refused_as_it_is(text in "[ispoé]?[0-9a-z.:<, -]{0,30}") {
            if let Err(error) = text.parse::<Found>() {
                prop_assert!(text.contains(&error.0));
            }
            match text.parse::<PendingReply>() {
                Ok(reply) => prop_assert!(!reply.chain.is_empty() && reply.parent().is_some()),
                Err(error) => prop_assert!(text.contains(&error.0)),
            }
        }
    }

    #[test]
    fn the_form_in_the_rows_never_changes() {
        let slot: SlotId = "mb-1a/2026-03-02/7".parse().unwrap();
        for (placement, text) in PLACEMENTS.into_iter().zip(["i1a.1qk.7", "s1a.1qk.7", "p1a.1qk.7", "o1a.1qk.7"]) {
            assert_eq!(Found { slot, placement }.to_string(), text);
        }
        let due_at = Timestamp::from_second(1_772_442_000).unwrap();
        let reply = PendingReply { due_at, chain: vec![slot, slot], rewritten_id: Some("x@y".to_owned()) };
        assert_eq!(reply.to_string(), "tb9l00:1a.1qk.7:1a.1qk.7<x@y");
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        for text in ["", "i", "x1.2.3", "i1.2", "é1.2.3", "I1.2.3"] {
            assert!(text.parse::<Found>().is_err(), "{text:?}");
        }
        for text in ["", "tb9l00", ":1a.1qk.7", "tb9l00:", "tb9l00:1a.1qm", "é:1a.1qk.7", "zzzzzzzzzzzz:1a.1qk.7"] {
            assert!(text.parse::<PendingReply>().is_err(), "{text:?}");
        }
    }
}
