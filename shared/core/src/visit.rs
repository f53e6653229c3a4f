//! What a mailbox has received, as its box row holds it: placements found today, and replies that are due later.

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
        if let Some(id) = &self.rewritten_id {
            write!(f, "<{id}")?;
        }
        Ok(())
    }
}
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
    /// Replies not yet sent.
    pub pending: Vec<PendingReply>,
    /// Which visits of that date were recorded, one bit each.
    pub visits_done: u32,
    /// Mails received in the current week, for reciprocity.
    pub received_week: u32,
    /// Mails sent in the current week, up to the last roll-over of the day.
    pub sent_week: u32,
}
