//! The fold: a day's slots and what recipients found, to counters. Folding again gives the same.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::day::SlotState;
use crate::health::DayTally;
use crate::id::{MailboxId, SlotId};
use crate::mailbox::{Provider, Schedule, State};
use crate::placement::{Finds, Outcome, SentMail};
use crate::slots::Slots;
use crate::visit::Placement;

/// What the fold must know of a mailbox that is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// Who hosts it.
    pub provider: Provider,
    /// Whether anybody visits it, and what was found can be read.
    pub is_searched: bool,
}

/// The mailboxes that are written to.
pub type Neighbours = BTreeMap<MailboxId, Neighbour>;

/// Counts the slots of a local day of a mailbox, by provider of the recipient. A mail is read if a visit saw it read on the
/// recipient's server: what should have been read is not counted, and what controls and `measure` leave alone is not either.
///
/// A slot whose fate is unknown is not counted until it was found. A mail to a mailbox that nobody visits (any more) is
/// never missing: nobody has looked for it.
#[must_use]
pub fn tally_day(
    mailbox: MailboxId,
    mut day: DayTally,
    slots: &Slots,
    schedule: &Schedule,
    finds: &Finds,
    neighbours: &Neighbours,
    now: Timestamp,
) -> DayTally {
    let closed = schedule.window_on(day.date).map_or_else(|| schedule.day_bounds(day.date).1, |(_, end)| end);
    for (&k, state) in slots {
        let known = neighbours.get(&state.partner());
        let slot = SlotId { mailbox, date: day.date, k };
        let find = finds.of(slot);
        let is_out = match state {
            SlotState::Sent { .. } | SlotState::Bounced { .. } => true,
            SlotState::Claimed { .. } | SlotState::Ambiguous { .. } => find.is_some(),
            SlotState::Rejected { .. } => false,
        };
        if !is_out {
            continue;
        }
        let provider = known.map_or(Provider::Other, |known| known.provider);
        let tally = day.by_provider.entry(provider).or_default();
        tally.sent += 1;
        if matches!(state, SlotState::Bounced { .. }) {
            tally.bounced += 1;
            continue;
        }
        match finds.outcome(&SentMail { slot, to: state.partner(), by: closed }, now) {
            Outcome::Found(Placement::Inbox) => tally.inbox += 1,
            Outcome::Found(Placement::Spam) => tally.spam += 1,
            Outcome::Found(Placement::Promotions) => tally.promotions += 1,
            Outcome::Found(Placement::Other) => tally.other += 1,
            Outcome::Missing => tally.missing += u32::from(known.is_some_and(|known| known.is_searched)),
            Outcome::Open => {}
        }
        tally.read += u32::from(finds.is_read(slot));
    }
    day
}

/// Whether anybody looks for mail in a mailbox of this state.
#[must_use]
pub fn is_visited(state: State) -> bool {
    match state {
        State::Warming | State::Ready | State::Degraded | State::Paused => true,
        State::New | State::Error | State::Retired => false,
    }
}
