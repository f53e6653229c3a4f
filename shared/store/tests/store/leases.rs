//! Leases and records.

use futures::future::join_all;
use jiff::SignedDuration;
use preheat_core::id::MailboxId;
use preheat_core::visit::{BoxRow, Found, Placement};
use preheat_local::Fault;
use preheat_store::{Next, StoreError};

use crate::world::{World, at, parent, unchanged};

const LEASE: SignedDuration = SignedDuration::from_mins(5);

fn with_find(row: &BoxRow, k: u16) -> BoxRow {
    let mut row = row.clone();
    row.found.push(Found { slot: parent(k), placement: Placement::Spam });
    row.visits_done |= 1 << k;
    row.received_week += 1;
    row
}

#[tokio::test(start_paused = true)]
async fn a_visit_costs_two_write_units_and_no_read() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 3).await;
    let before = world.aws.counts();
    let lease = world.store.lease(id, at("09:00:00"), at("09:05:00")).await.unwrap().unwrap();
    let row = with_find(&lease.row, 0);
    world.store.record(&lease, &row).await.unwrap();
    let spent = world.aws.counts().since(&before);
    assert_eq!((spent.calls(), spent.write_units(), spent.read_units()), (2, 2.0, 0.0));
    assert_eq!(world.row(id).await.box_row, row);
}

#[tokio::test(start_paused = true)]
async fn one_of_many_wins_and_the_next_has_a_newer_fence() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 3).await;
    let stores: Vec<_> = (0..8).map(|_| world.another_store()).collect();
    let leases = join_all(stores.iter().map(|store| store.lease(id, at("09:00:00"), at("09:05:00")))).await;
    let won: Vec<_> = leases.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(world.store.lease(id, at("09:04:59"), at("09:09:59")).await.unwrap(), None);
    let next = world.store.lease(id, at("09:05:00"), at("09:10:00")).await.unwrap().unwrap();
    assert!(next.fence > won[0].fence);

    let stale = world.store.record(&won[0], &with_find(&won[0].row, 0)).await.unwrap_err();
    assert_eq!((&stale, stale.next()), (&StoreError::StaleFence, Next::Drop));
    world.store.record(&next, &with_find(&next.row, 1)).await.unwrap();
    assert_eq!(world.row(id).await.box_row.found.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_answer_was_lost_is_said_again() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 3).await;
    let lease = world.store.lease(id, at("09:00:00"), at("09:05:00")).await.unwrap().unwrap();
    world.aws.faults().script("UpdateItem", 1, Fault::LoseAnswer);
    let row = with_find(&lease.row, 0);
    world.store.record(&lease, &row).await.unwrap();
    world.store.record(&lease, &row).await.unwrap();
    assert_eq!(world.row(id).await.box_row, row);
}

#[tokio::test(start_paused = true)]
async fn a_lease_whose_answer_was_lost_is_nobodys_until_it_expires() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 3).await;
    world.aws.faults().script("UpdateItem", 1, Fault::LoseAnswer);
    let now = at("09:00:00");
    assert_eq!(world.store.lease(id, now, now + LEASE).await.unwrap(), None);
    assert!(world.store.lease(id, now + LEASE, now + LEASE * 2).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_record_after_the_turn_of_the_day_is_stale() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 3).await;
    let lease = world.store.lease(id, at("09:00:00"), at("09:05:00")).await.unwrap().unwrap();
    let old = world.row(id).await;
    let mut turned = unchanged(&old);
    turned.box_row.date = Some(jiff::civil::date(2026, 3, 3));
    assert!(world.store.turn(&old, &turned).await.unwrap());
    assert_eq!(world.store.record(&lease, &with_find(&lease.row, 0)).await, Err(StoreError::StaleFence));
}

#[tokio::test(start_paused = true)]
async fn nobody_leases_what_is_not_there() {
    let world = World::new().await;
    let id = MailboxId(9);
    assert_eq!(world.store.lease(id, at("09:00:00"), at("09:05:00")).await.unwrap(), None);
    assert_eq!(world.items().await.len(), 0);
}
