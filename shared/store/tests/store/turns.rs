//! The turn of the day, as core decides it, under crashes, conflicts and twins.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use preheat_core::day::SlotState;
use preheat_core::id::MailboxId;
use preheat_core::limits::Limits;
use preheat_core::seed::Seed;
use preheat_core::tick::FleetRow;
use preheat_core::turn::{Turned, turn_day};
use preheat_core::visit::{Found, PendingReply, Placement};
use preheat_local::Fault;
use preheat_store::{ClaimRequest, Held, Resolved};

use crate::world::{PARTNER, World, at, parent, request, slot, won};

/// Five minutes past midnight of the day after.
fn tomorrow() -> Timestamp {
    at("00:05:00") + SignedDuration::from_hours(24)
}

fn decide(old: &FleetRow, now: Timestamp) -> Option<Turned> {
    turn_day(&Seed::new([7; 32]), &old.plan, &old.box_row, now, 50, &Limits::default())
}

/// A day with everything in it: sent (one a reply), rejected, ambiguous, and a claim whose outcome is still to come.
async fn full_day(world: &World) -> (MailboxId, Held) {
    let id = world.warming("a@example.com", 12).await;
    let claim = async |k: u16| {
        let now = at("09:00:00") + SignedDuration::from_mins(i64::from(k) * 2);
        won(&world.store, &ClaimRequest { parent: (k == 1).then(|| parent(1)), ..request(id, k, 1, now) }).await
    };
    world.store.sent(&claim(0).await).await.unwrap();
    world.store.sent(&claim(1).await).await.unwrap();
    world.store.rejected(&claim(2).await, "550 no").await.unwrap();
    world.store.ambiguous(&claim(3).await, at("09:07:00")).await.unwrap();
    let lease = world.store.lease(id, at("16:00:00"), at("16:05:00")).await.unwrap().unwrap();
    let mut row = lease.row.clone();
    let pending = |k| PendingReply { due_at: at("12:00:00"), chain: vec![parent(k)], rewritten_id: None };
    row.found = vec![Found { slot: parent(1), placement: Placement::Spam }];
    row.pending = vec![pending(1), pending(2)];
    row.visits_done = 1;
    world.store.record(&lease, &row).await.unwrap();
    (id, claim(4).await)
}

/// What the ledger says of a mailbox, for comparison.
async fn everything(world: &World, id: MailboxId) -> String {
    let row = world.row(id).await;
    let archives = world.store.archives(id).await.unwrap();
    let boxes = world.store.box_archives(id).await.unwrap();
    // A turn that was broken off has moved the fence on: that is its purpose.
    let mut box_row = row.box_row;
    box_row.fence = 0;
    format!("{:?}\n{box_row:?}\n{archives:?}\n{boxes:?}", row.plan)
}

#[tokio::test(start_paused = true)]
async fn a_turn_costs_four_write_units_and_keeps_the_sums() {
    let world = World::new().await;
    let (id, _) = full_day(&world).await;
    let old = world.row(id).await;
    let turned = decide(&old, tomorrow()).unwrap();
    let before = world.aws.counts();
    assert!(world.store.turn(&old, &turned).await.unwrap());
    let spent = world.aws.counts().since(&before);
    assert_eq!((spent.calls(), spent.write_units(), spent.read_units()), (4, 4.0, 0.0));

    let new = world.row(id).await;
    assert_eq!((&new.plan, &new.box_row), (&turned.plan, &turned.box_row));
    assert!(new.plan.used == 0 && new.plan.slots.is_empty() && new.plan.quota > 0);
    assert_eq!(new.box_row.pending.len(), 1, "the reply that was sent is not owed any more");
    let archives = world.store.archives(id).await.unwrap();
    assert_eq!(archives, [turned.archive.unwrap()]);
    assert_eq!((archives[0].sent(), archives[0].rejected(), archives[0].ambiguous().count()), (2, 1, 2));
    assert_eq!(world.store.box_archives(id).await.unwrap(), [turned.box_archive.unwrap()]);
    assert_eq!(decide(&new, tomorrow()), None);
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_any_two_writes_is_repaired_by_the_next_tick() {
    let expected = {
        let world = World::new().await;
        let (id, held) = full_day(&world).await;
        world.store.sent(&held).await.unwrap();
        let old = world.row(id).await;
        assert!(world.store.turn(&old, &decide(&old, tomorrow()).unwrap()).await.unwrap());
        everything(&world, id).await
    };
    // Box archive, box row, day archive, planning row.
    for (operation, nth) in [("PutItem", 1), ("UpdateItem", 1), ("PutItem", 2), ("UpdateItem", 2)] {
        let world = World::new().await;
        let (id, held) = full_day(&world).await;
        let old = world.row(id).await;
        world.aws.faults().script(operation, nth, Fault::Deny);
        world.store.turn(&old, &decide(&old, tomorrow()).unwrap()).await.unwrap_err();
        // Before the next tick, an outcome still comes in: the archive that was left is out of date now.
        world.store.sent(&held).await.unwrap();
        let old = world.row(id).await;
        let mut turned = decide(&old, tomorrow()).unwrap();
        // Counted once already, if the box row was turned before the crash.
        turned.box_row.sent_week = turned.box_row.sent_week.min(3);
        assert!(world.store.turn(&old, &turned).await.unwrap(), "{operation} {nth}");
        let weeks = |text: &str| text.replace("sent_week: 2", "sent_week: 3");
        assert_eq!(weeks(&everything(&world, id).await), weeks(&expected), "broken off at {operation} {nth}");
    }
}

#[tokio::test(start_paused = true)]
async fn lost_answers_at_any_write_change_nothing() {
    for (operation, nth) in [("PutItem", 1), ("UpdateItem", 1), ("PutItem", 2), ("UpdateItem", 2)] {
        let world = World::new().await;
        let (id, _) = full_day(&world).await;
        let old = world.row(id).await;
        let turned = decide(&old, tomorrow()).unwrap();
        world.aws.faults().script(operation, nth, Fault::LoseAnswer);
        assert!(world.store.turn(&old, &turned).await.unwrap(), "{operation} {nth}");
        let new = world.row(id).await;
        assert_eq!((&new.plan, &new.box_row), (&turned.plan, &turned.box_row), "{operation} {nth}");
        assert_eq!(world.store.archives(id).await.unwrap(), [turned.archive.unwrap()]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_happens_after_the_read_is_not_lost() {
    let world = World::new().await;
    let (id, held) = full_day(&world).await;
    let old = world.row(id).await;
    let turned = decide(&old, tomorrow()).unwrap();
    world.store.sent(&held).await.unwrap();
    assert!(!world.store.turn(&old, &turned).await.unwrap(), "the planning row has changed");
    let row = world.row(id).await;
    assert_eq!(row.plan.slots[&4], SlotState::Sent { partner: PARTNER });
    assert!(world.store.turn(&row, &decide(&row, tomorrow()).unwrap()).await.unwrap());
    assert_eq!(world.store.archives(id).await.unwrap()[0].sent(), 3, "the archive that was left was replaced");

    let world = World::new().await;
    let (id, _) = full_day(&world).await;
    let lease = world.store.lease(id, at("23:50:00"), at("23:55:00")).await.unwrap().unwrap();
    let old = world.row(id).await;
    let turned = decide(&old, tomorrow()).unwrap();
    let mut found = lease.row.clone();
    found.found.push(Found { slot: parent(9), placement: Placement::Inbox });
    // The same fence, and yet another row.
    world.store.record(&lease, &found).await.unwrap();
    assert!(!world.store.turn(&old, &turned).await.unwrap(), "the box row has changed");
    let row = world.row(id).await;
    assert!(world.store.turn(&row, &decide(&row, tomorrow()).unwrap()).await.unwrap());
    assert_eq!(world.store.box_archives(id).await.unwrap()[0].found.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_pause_between_read_and_turn_stays() {
    let world = World::new().await;
    let (id, _) = full_day(&world).await;
    let old = world.row(id).await;
    let turned = decide(&old, tomorrow()).unwrap();
    world
        .store
        .set_state(id, &preheat_core::mailbox::State::ALL, preheat_core::mailbox::State::Paused, None, at("09:00:00"))
        .await
        .unwrap();
    assert!(!world.store.turn(&old, &turned).await.unwrap());
    assert_eq!(world.row(id).await.plan.state, preheat_core::mailbox::State::Paused);
}

#[tokio::test(start_paused = true)]
async fn two_fan_outs_at_once_make_one_turn() {
    for latency_ms in [0, 3, 17] {
        let world = World::new().await;
        let (id, _) = full_day(&world).await;
        let old = world.row(id).await;
        let turned = decide(&old, tomorrow()).unwrap();
        world.aws.faults().share("UpdateItem", Fault::Latency(Duration::from_millis(latency_ms)), 0.5);
        world.aws.faults().share("PutItem", Fault::Latency(Duration::from_millis(latency_ms * 2)), 0.5);
        let (one, other) = (world.another_store(), world.another_store());
        let (one, other) = tokio::join!(one.turn(&old, &turned), other.turn(&old, &turned));
        assert_eq!((one.unwrap(), other.unwrap()), (true, true), "the very same turn");
        let new = world.row(id).await;
        assert_eq!((&new.plan, &new.box_row), (&turned.plan, &turned.box_row));
    }
}

#[tokio::test(start_paused = true)]
async fn a_fan_out_that_sleeps_cannot_overwrite_what_a_search_settled() {
    let world = World::new().await;
    let (id, held) = full_day(&world).await;
    let stale = world.row(id).await;
    let stale_turn = decide(&stale, tomorrow()).unwrap();
    world.store.sent(&held).await.unwrap();
    let old = world.row(id).await;
    assert!(world.store.turn(&old, &decide(&old, tomorrow()).unwrap()).await.unwrap());
    assert_eq!(world.row(id).await.plan.open.len(), 1);
    let found = world.store.resolve(slot(id, 3), at("09:07:00"), true, "found").await.unwrap();
    assert_eq!(found, Resolved::Sent);
    let settled = everything(&world, id).await;
    assert!(!world.store.turn(&stale, &stale_turn).await.unwrap());
    assert_eq!(everything(&world, id).await, settled);
}

#[tokio::test(start_paused = true)]
async fn ambiguous_slots_of_a_day_that_is_over_are_settled_in_its_archive() {
    let world = World::new().await;
    let (id, held) = full_day(&world).await;
    let old = world.row(id).await;
    assert!(world.store.turn(&old, &decide(&old, tomorrow()).unwrap()).await.unwrap());
    assert_eq!(world.row(id).await.plan.open.len(), 2, "one ambiguous, one claim that expired");
    let absent = async || world.store.resolve(slot(id, 3), at("09:07:00"), false, "absent").await.unwrap();
    world.aws.faults().script("UpdateItem", 1, Fault::LoseAnswer);
    let first = absent().await;
    assert!(matches!(first, Resolved::Missed | Resolved::Unchanged), "{first:?}");
    assert_eq!(absent().await, Resolved::Unchanged);
    let day = &world.store.archives(id).await.unwrap()[0];
    assert_eq!((day.sent(), day.ambiguous().count()), (2, 1));
    // The sender comes back from the dead with the outcome of its old claim.
    world.store.sent(&held).await.unwrap();
    world.store.sent(&held).await.unwrap();
    let day = &world.store.archives(id).await.unwrap()[0];
    assert_eq!((day.sent(), day.ambiguous().count()), (3, 0));
    let missed: u32 = day.missed.values().sum();
    assert_eq!(day.target + day.carried_in, day.sent() + day.carried_out + missed, "{day:?}");
    assert!(world.row(id).await.plan.open.is_empty());
}

#[tokio::test(start_paused = true)]
async fn late_failures_of_an_archived_day_keep_its_sum() {
    for reject in [true, false] {
        let world = World::new().await;
        let (id, held) = full_day(&world).await;
        let old = world.row(id).await;
        assert!(world.store.turn(&old, &decide(&old, tomorrow()).unwrap()).await.unwrap());
        for _ in 0..2 {
            if reject {
                world.store.rejected(&held, "550 no").await.unwrap();
            } else {
                world.store.release(&held, "421 later").await.unwrap();
            }
        }
        let day = &world.store.archives(id).await.unwrap()[0];
        let missed: u32 = day.missed.values().sum();
        let ambiguous = u32::try_from(day.ambiguous().count()).unwrap();
        assert_eq!(ambiguous, 1);
        assert_eq!(day.target + day.carried_in, day.sent() + ambiguous + day.carried_out + missed, "{day:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn archives_are_deleted_in_time() {
    let world = World::new().await;
    let (id, _) = full_day(&world).await;
    let old = world.row(id).await;
    assert!(world.store.turn(&old, &decide(&old, tomorrow()).unwrap()).await.unwrap());
    world.pass(SignedDuration::from_hours(24 * 100));
    assert_eq!(world.aws.sweep_expired().unwrap(), 0);
    world.pass(SignedDuration::from_hours(24 * 30));
    assert_eq!(world.aws.sweep_expired().unwrap(), 2);
    assert!(world.store.archives(id).await.unwrap().is_empty() && world.store.plan_row(id).await.unwrap().is_some());
}
