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
    /// What it is without its numbers.
    #[must_use]
    pub fn held_by(&self) -> HeldBy {
        match self {
            Self::NotTurned { .. } => HeldBy::NotTurned,
            Self::FewPartners { .. } => HeldBy::FewPartners,
            Self::Cap(Cap::SystemHour { .. }) => HeldBy::SystemHour,
            Self::Cap(Cap::SystemMinute { .. }) => HeldBy::SystemMinute,
            Self::Cap(Cap::TenantHour { .. }) => HeldBy::TenantHour,
            Self::Cap(Cap::TenantDay { .. }) => HeldBy::TenantDay,
            Self::Cap(Cap::Provider { .. }) => HeldBy::Provider,
            Self::Cap(Cap::Breaker { .. }) => HeldBy::Breaker,
            Self::Cap(Cap::Organisation { .. }) => HeldBy::Organisation,
            Self::Spacing { .. } => HeldBy::Spacing,
            Self::NoPartner(_) => HeldBy::NoPartner,
            Self::NoReply => HeldBy::NoReply,
        }
    }

    /// One word, as missed slots are counted by.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.held_by().told().1
    }
}

/// What kept slots back, without numbers: what a row remembers of its day's last tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeldBy {
    /// The day had not been begun.
    NotTurned,
    /// Too few partners.
    FewPartners,
    /// The system's cap an hour.
    SystemHour,
    /// The system's cap a minute.
    SystemMinute,
    /// The plan's cap an hour.
    TenantHour,
    /// The plan's cap a day.
    TenantDay,
    /// A provider that deferred sends.
    Provider,
    /// A provider that deferred nearly all.
    Breaker,
    /// The share of one organisation.
    Organisation,
    /// Gaps between sends.
    Spacing,
    /// Nobody acceptable to write to.
    NoPartner,
    /// Nothing for a seed to reply to.
    NoReply,
}

/// How the text begins that [`HeldBy::text`] gives.
pub const HELD_BACK: &str = "held back: ";

impl HeldBy {
    pub(crate) const ALL: [Self; 12] = [
        Self::NotTurned,
        Self::FewPartners,
        Self::SystemHour,
        Self::SystemMinute,
        Self::TenantHour,
        Self::TenantDay,
        Self::Provider,
        Self::Breaker,
        Self::Organisation,
        Self::Spacing,
        Self::NoPartner,
        Self::NoReply,
    ];

    /// Its letter in rows, its word in counts, its sentence in records.
    fn told(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::NotTurned => ("t", "not-turned", "held back: the day was not begun"),
            Self::FewPartners => ("f", "few-partners", "held back: too few mailboxes to write to"),
            Self::SystemHour => ("h", "system-hour", "held back: the system's cap an hour left no room"),
            Self::SystemMinute => ("m", "system-minute", "held back: the system's cap a minute left no room"),
            Self::TenantHour => ("H", "tenant-hour", "held back: the plan's cap an hour left no room"),
            Self::TenantDay => ("D", "tenant-day", "held back: the plan's cap a day left no room"),
            Self::Provider => ("p", "provider", "held back: the provider deferred too many sends"),
            Self::Breaker => ("b", "breaker", "held back: the provider deferred nearly every send"),
            Self::Organisation => ("o", "organisation", "held back: the organisation's share of its pool was used up"),
            Self::Spacing => ("s", "spacing", "held back: no time was left for sends a gap apart"),
            Self::NoPartner => ("n", "no-partner", "held back: nobody acceptable was left to write to"),
            Self::NoReply => ("r", "no-reply", "held back: no reply was due"),
        }
    }

    /// What a day's record says of slots that this kept back until the window closed. None of it is the mailbox's own doing.
    #[must_use]
    pub fn text(self) -> &'static str {
        self.told().2
    }

    /// Its letter in the planning row, which has no room for sentences.
    #[must_use]
    pub fn letter(self) -> &'static str {
        self.told().0
    }

    /// The one of this letter; `None`: of another version.
    #[must_use]
    pub fn of_letter(letter: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|held| held.letter() == letter)
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

/// A mailbox whose window closes before the next tick, with slots that are still not sent: what its day's record is to say of
/// those that were not tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldBack {
    /// Which.
    pub mailbox: MailboxId,
    /// Its local date.
    pub date: Date,
    /// What kept the first of them back in this tick.
    pub by: HeldBy,
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
        HeldBack { mailbox: id, date: today[mailbox].date, by: reason.held_by() }
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
