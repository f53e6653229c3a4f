//! Any interleaving of claims, outcomes and searches, with duplicates and lost answers: the counter stays the fold of the
//! slots, the quota holds, and nobody wins a slot that may have been sent.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use preheat_core::day::SlotState;
use preheat_core::id::MailboxId;
use preheat_local::Fault;
use preheat_store::{Claim, ClaimRequest, Held, Resolved, StoreError};
use proptest::prelude::*;

use crate::world::{World, at, parent, request, slot};

const QUOTA: u32 = 4;

#[derive(Debug, Clone, Copy)]
enum Step {
    Claim { k: u16, reply_to: Option<u16> },
    Sent { k: u16 },
    Rejected { k: u16 },
    Ambiguous { k: u16 },
    Release { k: u16 },
    Search { k: u16, found: bool },
}

fn step() -> impl Strategy<Value = (Step, bool, bool)> {
    let k = || 0..6_u16;
    let step = prop_oneof![
        4 => (k(), prop::option::of(0..2_u16)).prop_map(|(k, reply_to)| Step::Claim { k, reply_to }),
        2 => k().prop_map(|k| Step::Sent { k }),
        1 => k().prop_map(|k| Step::Rejected { k }),
        2 => k().prop_map(|k| Step::Ambiguous { k }),
        2 => k().prop_map(|k| Step::Release { k }),
        2 => (k(), any::<bool>()).prop_map(|(k, found)| Step::Search { k, found }),
    ];
    // Twice over; its first answer lost.
    (step, any::<bool>(), prop::bool::weighted(0.3))
}

/// What senders know, apart from the ledger.
#[derive(Default)]
struct Known {
    /// The last claim won for a slot: kept for good, so that late and contradicting outcomes come, too.
    held: BTreeMap<u16, Held>,
    /// Slots whose mail may lie in a mailbox: nobody may win them until a search says no.
    perhaps_sent: BTreeSet<u16>,
}

async fn run(steps: Vec<(Step, bool, bool)>) {
    let world = World::new().await;
    let id = world.warming("a@example.com", QUOTA).await;
    let mut known = Known::default();
    for (turn, (step, twice, lost)) in (1_u32..).zip(steps) {
        if lost {
            world.aws.faults().script("UpdateItem", 1, Fault::LoseAnswer);
        }
        for _ in 0..=u8::from(twice) {
            apply(&world, id, turn, step, &mut known).await;
            world.sound(id).await;
        }
        world.aws.faults().clear();
    }
}

async fn apply(world: &World, id: MailboxId, turn: u32, step: Step, known: &mut Known) {
    let now = at("09:00:00") + SignedDuration::from_mins(i64::from(turn) * 15);
    let store = &world.store;
    let outcome = |k: u16| known.held.get(&k).cloned();
    match step {
        Step::Claim { k, reply_to } => {
            let request = ClaimRequest { parent: reply_to.map(parent), ..request(id, k, turn, now) };
            if let Claim::Won(held) = store.claim(&request).await.unwrap() {
                assert!(!known.perhaps_sent.contains(&k), "slot {k} was won although it may have been sent");
                known.held.insert(k, held);
            }
        }
        Step::Sent { k } => {
            let Some(held) = outcome(k) else { return };
            if settled(store.sent(&held).await) {
                known.perhaps_sent.insert(k);
            }
        }
        Step::Rejected { k } => {
            let Some(held) = outcome(k) else { return };
            settled(store.rejected(&held, "550 no").await);
        }
        Step::Ambiguous { k } => {
            let Some(held) = outcome(k) else { return };
            if settled(store.ambiguous(&held, now).await) {
                known.perhaps_sent.insert(k);
            }
        }
        Step::Release { k } => {
            let Some(held) = outcome(k) else { return };
            settled(store.release(&held, "421 later").await);
        }
        Step::Search { k, found } => {
            let row = store.plan_row(id).await.unwrap().unwrap();
            // A search is planned when the claim has expired at the latest.
            let later = now + SignedDuration::from_hours(1);
            let Some(since) = row.slots.get(&k).and_then(|state: &SlotState| state.ambiguous_since(later)) else {
                return;
            };
            let resolved = store.resolve(slot(id, k), since, found, "searched").await.unwrap();
            match resolved {
                Resolved::Sent => drop(known.perhaps_sent.insert(k)),
                Resolved::Replanned => drop(known.perhaps_sent.remove(&k)),
                Resolved::Missed | Resolved::Unchanged => {}
            }
        }
    }
}

/// Whether an outcome was taken. One that contradicts the row is refused, and nothing else may happen.
fn settled(result: Result<(), StoreError>) -> bool {
    match result {
        Ok(()) => true,
        Err(StoreError::Settled { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn counters_are_the_fold_of_outcomes(steps in prop::collection::vec(step(), 1..40)) {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(run(steps));
    }
}
