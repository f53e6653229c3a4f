//! What was due and is not sent, and why: with the numbers, so that `why` can tell.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::Serialize;

use crate::caps::Cap;
use crate::id::MailboxId;
use crate::mailbox::Role;
use crate::pairing::Refused;
use crate::tick::fleet::Today;
use crate::tick::{TickInput, TickSummary, later};

/// Why slots that were due are not sent in this tick. They stay due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The row speaks of another date than the mailbox's own calendar: its day is turned first.
    NotTurned {
        /// The row's date.
        row_date: Date,
        /// The mailbox's date.
        today: Date,
    },
    /// There are too few mailboxes to write to.
    FewPartners {
        /// How many there are.
        eligible: u32,
        /// How many it takes.
        needed: u32,
    },
    /// A cap left no room.
    Cap(Cap),
    /// The rest of the tick or of the window holds no more of the mailbox's sends a gap apart.
    Spacing {
        /// How many it holds.
        fits: u32,
    },
    /// Nobody acceptable was left for the slot.
    NoPartner(Refused),
    /// A seed only replies, and whom it owes a reply may not be written to now.
    NoReply,
}

impl SkipReason {
    /// What a day's record says of slots that this kept back until the window closed. None of it is the mailbox's own doing.
    #[must_use]
    pub fn missed(&self) -> &'static str {
        match self {
            Self::NotTurned { .. } => "held back: the day was not begun",
            Self::FewPartners { .. } => "held back: too few mailboxes to write to",
            Self::Cap(Cap::SystemHour { .. }) => "held back: the system's cap an hour left no room",
            Self::Cap(Cap::SystemMinute { .. }) => "held back: the system's cap a minute left no room",
            Self::Cap(Cap::TenantHour { .. }) => "held back: the plan's cap an hour left no room",
            Self::Cap(Cap::TenantDay { .. }) => "held back: the plan's cap a day left no room",
            Self::Cap(Cap::Provider { .. }) => "held back: the provider deferred too many sends",
            Self::Cap(Cap::Breaker { .. }) => "held back: the provider deferred nearly every send",
            Self::Cap(Cap::Organisation { .. }) => "held back: the organisation's share of its pool was used up",
            Self::Spacing { .. } => "held back: no time was left for sends a gap apart",
            Self::NoPartner(_) => "held back: nobody acceptable was left to write to",
            Self::NoReply => "held back: no reply was due",
        }
    }

    /// One word, as missed slots are counted by.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotTurned { .. } => "not-turned",
            Self::FewPartners { .. } => "few-partners",
            Self::Cap(Cap::SystemHour { .. }) => "system-hour",
            Self::Cap(Cap::SystemMinute { .. }) => "system-minute",
            Self::Cap(Cap::TenantHour { .. }) => "tenant-hour",
            Self::Cap(Cap::TenantDay { .. }) => "tenant-day",
            Self::Cap(Cap::Provider { .. }) => "provider",
            Self::Cap(Cap::Breaker { .. }) => "breaker",
            Self::Cap(Cap::Organisation { .. }) => "organisation",
            Self::Spacing { .. } => "spacing",
            Self::NoPartner(_) => "no-partner",
            Self::NoReply => "no-reply",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTurned { row_date, today } => {
                write!(f, "the row still speaks of {row_date}, and it is {today} there: the day is turned first")
            }
            Self::FewPartners { eligible, needed } => {
                write!(f, "the pool has {eligible} mailboxes to write to, and it takes {needed}")
            }
            Self::Cap(cap) => cap.fmt(f),
            Self::Spacing { fits } => {
                write!(f, "what is left of the tick or the window holds {fits} of the mailbox's sends a gap apart")
            }
            Self::NoPartner(refused) => write!(
                f,
                "of {} mailboxes looked at, {} were written to today, {} are of its own organisation, {} may not be \
                 written to now, {} have received the day's most, {} were empty places",
                refused.total(),
                refused.written,
                refused.own,
                refused.not_live,
                refused.full,
                refused.empty
            ),
            Self::NoReply => f.write_str("a seed only replies, and whom it owes a reply may not be written to now"),
        }
    }
}

/// Slots of one mailbox that are not sent for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Whose.
    pub mailbox: MailboxId,
    /// Why.
    pub reason: SkipReason,
    /// How many slots.
    pub count: u32,
}

/// How the text begins that [`SkipReason::missed`] gives.
pub const HELD_BACK: &str = "held back: ";

/// A mailbox whose window closes before the next tick, with slots that are still not sent: what its day's record is to say of
/// those that were not tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldBack {
    /// Which.
    pub mailbox: MailboxId,
    /// Its local date.
    pub date: Date,
    /// What kept the first of them back in this tick.
    pub reason: SkipReason,
}

/// Those for whom this was the last tick of the day; `skipped` by position in the fleet, in any order.
pub(crate) fn held_back(input: &TickInput<'_>, today: &[Today], skipped: &[(usize, SkipReason)]) -> Vec<HeldBack> {
    let tick_end = later(input.now, input.limits.tick_s);
    let mut first: BTreeMap<usize, SkipReason> = BTreeMap::new();
    for &(mailbox, reason) in skipped {
        let row = &input.fleet[mailbox].plan;
        let is_last = today[mailbox].window.is_some_and(|(_, closes)| closes <= tick_end);
        let owes = row.date == Some(today[mailbox].date) && row.plan.role == Role::Sender;
        if is_last && owes && row.held_back.is_none() {
            first.entry(mailbox).or_insert(reason);
        }
    }
    let of = |(mailbox, reason): (usize, SkipReason)| {
        let id = input.fleet[mailbox].plan.plan.id;
        HeldBack { mailbox: id, date: today[mailbox].date, reason }
    };
    let mut held: Vec<HeldBack> = first.into_iter().map(of).collect();
    held.sort_unstable_by_key(|held| held.mailbox);
    held
}

/// Counts the entries (one a slot) by mailbox and reason, in that order, and into the summary.
pub(crate) fn grouped(mut skipped: Vec<(MailboxId, SkipReason)>, summary: &mut TickSummary) -> Vec<Skipped> {
    for (_, reason) in &skipped {
        match reason {
            SkipReason::Cap(_) => summary.capped += 1,
            SkipReason::FewPartners { .. } | SkipReason::NoPartner(_) => summary.partnerless += 1,
            SkipReason::NotTurned { .. } | SkipReason::Spacing { .. } | SkipReason::NoReply => summary.deferred += 1,
        }
    }
    skipped.sort_unstable();
    let same = skipped.chunk_by(|a, b| a == b);
    same.filter_map(|run| {
        let (mailbox, reason) = *run.first()?;
        Some(Skipped { mailbox, reason, count: u32::try_from(run.len()).unwrap_or(u32::MAX) })
    })
    .collect()
}
