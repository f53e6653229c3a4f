//! Claims and outcomes.

use std::time::Duration;

use futures::future::join_all;
use jiff::SignedDuration;
use preheat_core::day::SlotState;
use preheat_core::mailbox::State;
use preheat_local::Fault;
use preheat_store::{Claim, ClaimRequest, Lost, Next, Resolved, StoreError};

use crate::world::{PARTNER, World, at, parent, request, slot, won};

const SENT: SlotState = SlotState::Sent { partner: PARTNER };

#[tokio::test(start_paused = true)]
async fn a_mail_costs_two_write_units() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 3).await;
    let before = world.aws.counts();
    let held = won(&world.store, &request(id, 0, 1, at("09:00:00"))).await;
    world.store.sent(&held).await.unwrap();
    let spent = world.aws.counts().since(&before);
    assert_eq!((spent.calls(), spent.write_units(), spent.read_units()), (2, 2.0, 0.0));
    let row = world.sound(id).await;
    assert_eq!((row.used, row.sent(), row.last_claim_at), (1, 1, Some(at("09:00:00"))));
}

#[tokio::test(start_paused = true)]
async fn one_claim_wins_and_its_repeat_wins_again() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 3).await;
    let first = request(id, 0, 1, at("09:00:00"));
    let held = won(&world.store, &first).await;
    assert_eq!(won(&world.another_store(), &first).await, held);
    let other = request(id, 0, 2, at("09:05:00"));
    assert_eq!(world.store.claim(&other).await.unwrap(), Claim::Lost(Lost::Taken));
    assert_eq!(world.sound(id).await.used, 1);
}

#[tokio::test(start_paused = true)]
async fn an_expired_claim_is_never_claimed_again() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 3).await;
    won(&world.store, &request(id, 0, 1, at("09:00:00"))).await;
    let late = request(id, 0, 2, at("12:00:00"));
    assert_eq!(world.store.claim(&late).await.unwrap(), Claim::Lost(Lost::Taken));
    let row = world.sound(id).await;
    assert_eq!(
        row.ambiguous(at("12:00:00")).map(|(k, _, since)| (k, since)).collect::<Vec<_>>(),
        [(0, at("09:10:00"))]
    );
}

#[tokio::test(start_paused = true)]
async fn every_reason_to_lose_is_told() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 2).await;
    let lost = async |request: ClaimRequest| match world.store.claim(&request).await.unwrap() {
        Claim::Lost(lost) => lost,
        Claim::Won(_) => panic!("{request:?} was won"),
    };
    let reply = |k, of, fence, now| ClaimRequest { parent: Some(parent(of)), ..request(id, k, fence, now) };
    won(&world.store, &reply(0, 5, 1, at("09:00:00"))).await;
    assert_eq!(lost(reply(1, 5, 2, at("10:00:00"))).await, Lost::Replied);
    assert_eq!(lost(request(id, 1, 2, at("09:00:59"))).await, Lost::TooSoon { ready_at: at("09:01:00") });
    won(&world.store, &request(id, 1, 2, at("09:01:00"))).await;
    assert_eq!(lost(request(id, 2, 3, at("10:00:00"))).await, Lost::Quota);
    let mut tomorrow = request(id, 2, 3, at("10:00:00"));
    tomorrow.slot.date = jiff::civil::date(2026, 3, 3);
    assert_eq!(lost(tomorrow).await, Lost::Stale);
    for state in [State::New, State::Paused, State::Error, State::Retired] {
        world.store.set_state(id, &State::ALL, state, Some("test"), at("09:00:00")).await.unwrap();
        assert_eq!(lost(request(id, 2, 3, at("10:00:00"))).await, Lost::Stale, "{state:?}");
    }
    let nobody = request(preheat_core::id::MailboxId(4_000_000), 0, 1, at("09:00:00"));
    assert_eq!(lost(nobody).await, Lost::Stale);
    assert_eq!(world.sound(id).await.used, 2);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_known_again() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 9).await;
    let lose = || world.aws.faults().script("UpdateItem", 1, Fault::LoseAnswer);
    let claim = async |k: u16| {
        let now = at("09:00:00") + SignedDuration::from_mins(i64::from(k) * 2);
        lose();
        let held = won(&world.store, &ClaimRequest { parent: Some(parent(k)), ..request(id, k, 1, now) }).await;
        assert_eq!(world.sound(id).await.slots[&k].to_string().as_bytes()[0], b'C');
        lose();
        held
    };
    world.store.sent(&claim(0).await).await.unwrap();
    world.store.rejected(&claim(1).await, "550 5.1.1 no such user").await.unwrap();
    world.store.ambiguous(&claim(2).await, at("09:05:00")).await.unwrap();
    world.store.release(&claim(3).await, "421 4.7.0 later").await.unwrap();
    let row = world.sound(id).await;
    assert_eq!(row.used, 2);
    assert_eq!(row.slots[&0], SENT);
    assert_eq!(row.slots[&1], SlotState::Rejected { partner: PARTNER });
    assert_eq!(row.slots[&2], SlotState::Ambiguous { since: at("09:05:00"), partner: PARTNER });
    assert!(!row.slots.contains_key(&3) && !row.replied.contains_key(&parent(3)));
    assert_eq!(row.last_trouble.as_deref(), Some("421 4.7.0 later"));
    assert_eq!(world.aws.faults().injected_total(), 8);
}

#[tokio::test(start_paused = true)]
async fn outcomes_may_come_twice_and_contradictions_are_refused() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 9).await;
    let held = won(&world.store, &request(id, 0, 1, at("09:00:00"))).await;
    for _ in 0..3 {
        world.store.sent(&held).await.unwrap();
    }
    let error = world.store.release(&held, "no").await.unwrap_err();
    assert_eq!(error, StoreError::Settled { slot: slot(id, 0), state: SENT.to_string() });
    assert_eq!(error.next(), Next::Drop);
    assert!(world.store.rejected(&held, "no").await.is_err());
    world.store.ambiguous(&held, at("09:01:00")).await.unwrap();
    assert_eq!(world.sound(id).await.slots[&0], SENT);

    let held = won(&world.store, &request(id, 1, 1, at("09:10:00"))).await;
    for _ in 0..3 {
        world.store.rejected(&held, "550 no").await.unwrap();
    }
    assert!(world.store.sent(&held).await.is_err());
    assert_eq!(world.sound(id).await.used, 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_release_does_not_take_the_next_claim_away() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 9).await;
    let first = won(&world.store, &request(id, 0, 1, at("09:00:00"))).await;
    world.store.release(&first, "421").await.unwrap();
    let second = won(&world.store, &request(id, 0, 2, at("09:02:00"))).await;
    world.store.release(&first, "421").await.unwrap();
    assert_eq!(world.sound(id).await.used, 1);
    assert!(world.store.sent(&first).await.is_err());
    world.store.sent(&second).await.unwrap();
    assert_eq!(world.sound(id).await.slots[&0], SENT);
}

#[tokio::test(start_paused = true)]
async fn of_many_at_once_one_wins_a_slot() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 9).await;
    world.aws.faults().share("UpdateItem", Fault::LoseAnswer, 0.3);
    world.aws.faults().share("UpdateItem", Fault::Latency(Duration::from_millis(40)), 0.5);
    let stores: Vec<_> = (0..12).map(|_| world.another_store()).collect();
    let requests: Vec<_> = (0..12).map(|fence| request(id, 0, fence, at("09:00:00"))).collect();
    let claims = join_all(stores.iter().zip(&requests).map(|(store, request)| store.claim(request))).await;
    world.aws.faults().clear();
    let wins: Vec<_> = claims.into_iter().filter(|claim| matches!(claim, Ok(Claim::Won(_)))).collect();
    assert!(wins.len() <= 1, "{wins:?}");
    assert_eq!(world.sound(id).await.used, 1);
}

#[tokio::test(start_paused = true)]
async fn the_quota_holds_against_any_number_of_senders() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 5).await;
    world.aws.faults().share("UpdateItem", Fault::Latency(Duration::from_millis(30)), 0.5);
    let stores: Vec<_> = (0..20).map(|_| world.another_store()).collect();
    let requests: Vec<_> =
        (0..20).map(|k| ClaimRequest { spacing_s: 0, ..request(id, k, u32::from(k), at("09:00:00")) }).collect();
    let claims = join_all(stores.iter().zip(&requests).map(|(store, request)| store.claim(request))).await;
    let wins = claims.iter().filter(|claim| matches!(claim, Ok(Claim::Won(_)))).count();
    assert_eq!((wins, world.sound(id).await.used), (5, 5));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_claim_is_an_error_and_no_claim() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 5).await;
    world.aws.faults().share("UpdateItem", Fault::Throttle, 1.0);
    let error = world.store.claim(&request(id, 0, 1, at("09:00:00"))).await.unwrap_err();
    assert_eq!(error, StoreError::Throttled { operation: "UpdateItem", attempts: 5 });
    assert_eq!(error.next(), Next::Retry);
    world.aws.faults().clear();
    assert_eq!(world.sound(id).await.used, 0);
}

#[tokio::test(start_paused = true)]
async fn an_outcome_outlasts_seconds_of_throttling() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 5).await;
    let held = won(&world.store, &request(id, 0, 1, at("09:00:00"))).await;
    world.aws.faults().script_next("UpdateItem", 8, Fault::Throttle);
    world.store.sent(&held).await.unwrap();
    assert_eq!(world.sound(id).await.slots[&0], SENT);
}

#[tokio::test(start_paused = true)]
async fn calls_that_never_arrive_are_repeated() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 5).await;
    world.aws.faults().script_next("UpdateItem", 3, Fault::FailBefore);
    let held = won(&world.store, &request(id, 0, 1, at("09:00:00"))).await;
    world.aws.faults().share("UpdateItem", Fault::FailBefore, 1.0);
    let error = world.store.sent(&held).await.unwrap_err();
    assert!(matches!(&error, StoreError::Unknown { operation: "UpdateItem", .. }), "{error:?}");
    assert_eq!(error.next(), Next::Retry);
    world.aws.faults().clear();
    world.store.sent(&held).await.unwrap();
    assert_eq!(world.sound(id).await.slots[&0], SENT);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_aws_is_not_repeated() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 5).await;
    let before = world.aws.counts();
    world.aws.faults().share("UpdateItem", Fault::Deny, 1.0);
    let error = world.store.claim(&request(id, 0, 1, at("09:00:00"))).await.unwrap_err();
    assert!(matches!(&error, StoreError::Refused { code, .. } if code == "AccessDeniedException"), "{error:?}");
    assert_eq!((error.next(), world.aws.counts().since(&before).calls()), (Next::Fail, 1));
}

#[tokio::test(start_paused = true)]
async fn a_pause_takes_back_the_claim_whose_answer_was_lost() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 5).await;
    world.aws.faults().script("UpdateItem", 1, Fault::LoseAnswer);
    let request = request(id, 0, 1, at("09:00:00"));
    let pause = async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        world.another_store().set_state(id, &State::ALL, State::Paused, Some("by hand"), at("09:00:00")).await
    };
    let (claim, paused) = tokio::join!(world.store.claim(&request), pause);
    paused.unwrap();
    assert_eq!(claim.unwrap(), Claim::Lost(Lost::Stale));
    let row = world.sound(id).await;
    assert_eq!((row.used, row.slots.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_ambiguous_send_that_was_found_is_sent() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 5).await;
    let held = won(&world.store, &request(id, 0, 1, at("09:00:00"))).await;
    world.store.ambiguous(&held, at("09:01:00")).await.unwrap();
    let resolve = async || world.store.resolve(slot(id, 0), at("09:01:00"), true, "found").await.unwrap();
    assert_eq!(resolve().await, Resolved::Sent);
    assert_eq!(resolve().await, Resolved::Sent, "again");
    world.store.sent(&held).await.unwrap();
    let row = world.sound(id).await;
    assert_eq!((row.used, row.slots[&0]), (1, SENT));
}

#[tokio::test(start_paused = true)]
async fn an_ambiguous_send_that_is_absent_is_planned_again_once() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 5).await;
    let reply = |fence, now| ClaimRequest { parent: Some(parent(3)), ..request(id, 0, fence, now) };
    won(&world.store, &reply(1, at("09:00:00"))).await;
    let absent = async || world.store.resolve(slot(id, 0), at("09:10:00"), false, "absent").await.unwrap();
    world.aws.faults().script("UpdateItem", 1, Fault::LoseAnswer);
    assert_eq!(absent().await, Resolved::Replanned);
    assert_eq!(world.sound(id).await.used, 0);
    // It is sent again, its claim is live; then the same search order comes a second time.
    let second = won(&world.store, &reply(2, at("09:30:00"))).await;
    assert_eq!(absent().await, Resolved::Unchanged);
    world.store.sent(&second).await.unwrap();
    assert_eq!(absent().await, Resolved::Unchanged);
    assert_eq!(world.sound(id).await.slots[&0], SENT);
    assert_eq!(
        world.store.resolve(slot(id, 4), at("09:10:00"), false, "absent").await.unwrap(),
        Resolved::Unchanged,
        "a slot that was never claimed"
    );
}
