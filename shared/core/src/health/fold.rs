//! The fold: a day's slots and what recipients found, to counters. Folding again gives the same.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::day::SlotState;
use crate::health::DayTally;
use crate::id::{MailboxId, SlotId};
use crate::mailbox::{Mode, Provider, Schedule, State};
use crate::visit::{Found, Placement};

/// A mail that was not found so long after it was sent is missing (domain.md §1).
const MISSING_AFTER: SignedDuration = SignedDuration::from_hours(48);

/// Where mails were found, by slot. The first find of a mail is the one that counts.
#[derive(Debug, Default)]
pub struct Finds(Vec<(SlotId, Placement)>);

impl Finds {
    /// The finds of a fleet, the oldest first: archives before rows.
    #[must_use]
    pub fn new(found: impl Iterator<Item = Found>) -> Self {
        let mut finds: Vec<(SlotId, Placement)> = found.map(|found| (found.slot, found.placement)).collect();
        // Stable: of two finds of a mail the older stays first.
        finds.sort_by_key(|find| find.0);
        finds.dedup_by_key(|find| find.0);
        Self(finds)
    }

    /// Where a mail was found.
    #[must_use]
    pub fn of(&self, slot: SlotId) -> Option<Placement> {
        let at = self.0.binary_search_by_key(&slot, |find| find.0).ok()?;
        Some(self.0[at].1)
    }
}

/// What the fold must know of a recipient.
pub type Neighbours = BTreeMap<MailboxId, (Provider, Mode, State)>;

/// Counts a local day of a mailbox: `slots` of `date`, by provider of the recipient.
///
/// A slot whose fate is unknown is not counted until it was found. A mail to a mailbox that nobody visits (any more) is
/// never missing: nobody has looked for it.
#[must_use]
pub fn tally_day(
    mailbox: MailboxId,
    mut day: DayTally,
    slots: &BTreeMap<u16, SlotState>,
    schedule: &Schedule,
    finds: &Finds,
    neighbours: &Neighbours,
    now: Timestamp,
) -> DayTally {
    let closed = schedule.window_on(day.date).map(|(_, end)| end);
    let overdue = closed.is_some_and(|end| now.duration_since(end) >= MISSING_AFTER);
    for (&k, state) in slots {
        let known = neighbours.get(&state.partner());
        let provider = known.map_or(Provider::Other, |known| known.0);
        let find = finds.of(SlotId { mailbox, date: day.date, k });
        let is_out = match state {
            SlotState::Sent { .. } | SlotState::Bounced { .. } => true,
            SlotState::Claimed { .. } | SlotState::Ambiguous { .. } => find.is_some(),
            SlotState::Rejected { .. } => false,
        };
        if !is_out {
            continue;
        }
        let tally = day.by_provider.entry(provider).or_default();
        tally.sent += 1;
        if matches!(state, SlotState::Bounced { .. }) {
            tally.bounced += 1;
            continue;
        }
        match find {
            Some(Placement::Inbox) => tally.inbox += 1,
            Some(Placement::Spam) => tally.spam += 1,
            Some(Placement::Promotions) => tally.promotions += 1,
            Some(Placement::Other) => tally.other += 1,
            None => tally.missing += u32::from(overdue && known.is_some_and(|known| is_visited(known.2))),
        }
        tally.read += u32::from(find.is_some() && known.is_some_and(|known| known.1 == Mode::Exchange));
    }
    day
}

fn is_visited(state: State) -> bool {
    match state {
        State::Warming | State::Ready | State::Degraded | State::Paused => true,
        State::New | State::Error | State::Retired => false,
    }
}
