//! How often plans were used, and where their openings landed: read off the days that end, so that nothing is written
//! for it when a mail is sent or found.
//!
//! Only openings count: a reply lands where its thread lands. Where a mail was found tells which slot it is; that slot's
//! date has a deck, and the deck names the plan.

use std::collections::BTreeMap;

use super::deck::Decks;
use super::plan::PlanId;
use crate::day::{PlanRow, SlotState};
use crate::id::{MailboxId, SlotId};
use crate::seed::Seed;
use crate::turn::{BoxArchive, DayArchive};
use crate::visit::Placement;

/// What is to be added to a plan's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Threads begun.
    pub uses: u64,
    /// Openings found, wherever.
    pub outcomes: u64,
    /// Of them, in spam.
    pub spam: u64,
}

/// Tallies by plan, and what they are read with.
#[derive(Debug)]
pub struct Tallies<'a> {
    seed: &'a Seed,
    decks: &'a Decks,
    by_plan: BTreeMap<PlanId, Tally>,
}

impl<'a> Tallies<'a> {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(seed: &'a Seed, decks: &'a Decks) -> Self {
        Self { seed, decks, by_plan: BTreeMap::new() }
    }

    /// Counts the openings of a sending day that ended; `row` is the planning row before it turned.
    pub fn add_day(&mut self, row: &PlanRow, archive: &DayArchive) {
        for (&k, state) in &archive.slots {
            let went = matches!(state, SlotState::Sent { .. } | SlotState::Ambiguous { .. });
            if went && is_opening(row, k) {
                let root = SlotId { mailbox: archive.mailbox, date: archive.date, k };
                self.count(row, root, |tally| tally.uses += 1);
            }
        }
    }

    /// Counts what a mailbox found on a date that ended. `sender` gives a planning row as it stood before this tick; a mail
    /// whose sender has turned to another day since is left out: whether it was an opening cannot be told any more.
    pub fn add_found<'r>(&mut self, archive: &BoxArchive, sender: impl Fn(MailboxId) -> Option<&'r PlanRow>) {
        for found in &archive.found {
            let slot = found.slot;
            let Some(row) = sender(slot.mailbox) else { continue };
            if row.date == Some(slot.date) && row.slots.contains_key(&slot.k) && is_opening(row, slot.k) {
                let spam = u64::from(found.placement == Placement::Spam);
                self.count(row, slot, |tally| {
                    tally.outcomes += 1;
                    tally.spam += spam;
                });
            }
        }
    }

    fn count(&mut self, row: &PlanRow, root: SlotId, add: impl Fn(&mut Tally)) {
        if let Some(plan) = self.decks.plan_of(self.seed, root, row.plan.language) {
            add(self.by_plan.entry(plan).or_default());
        }
    }

    /// What was counted.
    #[must_use]
    pub fn into_inner(self) -> BTreeMap<PlanId, Tally> {
        self.by_plan
    }
}

fn is_opening(row: &PlanRow, k: u16) -> bool {
    !row.replied.values().any(|&reply| reply == k)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::Language;
    use super::super::deck::Deck;
    use super::super::plan::{Plan, Script};
    use super::*;
    use crate::control::Arm;
    use crate::ramp::Ramp;
    use crate::tick::simulation::fleet;
    use crate::visit::Found;

    const DAY: jiff::civil::Date = date(2026, 3, 2);

    fn slot(mailbox: u32, k: u16) -> SlotId {
        SlotId { mailbox: MailboxId(mailbox), date: DAY, k }
    }

    /// A sender whose slots 0–2 were openings sent, 3 a reply, 4 refused; and a deck of one plan for every thread.
    fn sender() -> (PlanRow, Decks, PlanId) {
        let mut row = fleet(&[1], &Ramp::Table { days: vec![5] }).remove(0).plan;
        row.date = Some(DAY);
        let partner = MailboxId(2);
        row.slots = (0..4).map(|k| (k, SlotState::Sent { partner })).collect();
        row.slots.insert(4, SlotState::Rejected { partner });
        row.replied = [(slot(2, 0), 3)].into();
        let id = PlanId { made: DAY, language: Language::En, n: 0 };
        let deck = Deck::deal(DAY, &[Plan::new(id, Script::Theme(1))], &[(Language::En, 1)].into());
        (row, [deck].into_iter().collect(), id)
    }

    fn archive(row: &PlanRow) -> DayArchive {
        DayArchive {
            mailbox: row.plan.id,
            date: DAY,
            day_index: 1,
            target: 5,
            carried_in: 0,
            carried_out: 0,
            missed: BTreeMap::new(),
            given_up: 0,
            replies: Vec::new(),
            arm: Arm::Exchange,
            slots: row.slots.clone(),
        }
    }

    #[test]
    fn openings_that_went_out_are_uses_and_replies_are_not() {
        let (row, decks, id) = sender();
        let seed = Seed::new([1; 32]);
        let mut tallies = Tallies::new(&seed, &decks);
        tallies.add_day(&row, &archive(&row));
        assert_eq!(tallies.into_inner(), [(id, Tally { uses: 3, outcomes: 0, spam: 0 })].into());
    }

    #[test]
    fn what_was_found_of_openings_are_outcomes() {
        let (row, decks, id) = sender();
        let found = |k, placement| Found { slot: slot(1, k), placement };
        let mut lying = vec![
            found(0, Placement::Spam),
            found(1, Placement::Inbox),
            found(2, Placement::Promotions),
            // A reply; a slot nobody sent; a sender that is gone; another day.
            found(3, Placement::Spam),
            found(9, Placement::Spam),
        ];
        lying.push(Found { slot: slot(77, 0), placement: Placement::Spam });
        lying.push(Found { slot: SlotId { date: date(2026, 2, 27), ..slot(1, 0) }, placement: Placement::Spam });
        let archive = BoxArchive { mailbox: MailboxId(2), date: DAY, found: lying, left_over: None };
        let seed = Seed::new([1; 32]);
        let mut tallies = Tallies::new(&seed, &decks);
        tallies.add_found(&archive, |id| (id == MailboxId(1)).then_some(&row));
        assert_eq!(tallies.into_inner(), [(id, Tally { uses: 0, outcomes: 3, spam: 1 })].into());
    }

    #[test]
    fn the_library_is_not_counted() {
        let (row, _, _) = sender();
        let seed = Seed::new([1; 32]);
        let decks = Decks::default();
        let mut tallies = Tallies::new(&seed, &decks);
        tallies.add_day(&row, &archive(&row));
        assert!(tallies.into_inner().is_empty());
    }
}
