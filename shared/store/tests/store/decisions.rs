//! Decisions: stored once, carried out once, never at the cost of what was claimed.

use jiff::SignedDuration;
use preheat_core::decision::{Decision, Rule, VERSION};
use preheat_core::health::HealthRow;
use preheat_core::id::MailboxId;
use preheat_core::lifecycle::Standing;
use preheat_core::mailbox::State;
use preheat_core::maintenance::Maintenance;
use preheat_local::Fault;
use preheat_store::{CarriedOut, Claim, HealthSeen, Lost};

use crate::world::{TODAY, World, at, request, won};

fn decision(mailbox: MailboxId, seq: u32, to: State, percent: (u8, u8), day_index: (u32, u32)) -> Decision {
    Decision {
        v: VERSION,
        tenant: "acme".parse().unwrap(),
        mailbox,
        address: "ann@acme.test".to_owned(),
        seq,
        at: at("12:00:00"),
        rule: Rule::Tier,
        observed: false,
        entered: None,
        ended: None,
        from: State::Warming,
        to,
        percent,
        day_index,
        inputs: Vec::new(),
        actions: Vec::new(),
        words: "because".to_owned(),
        void: false,
        after: Standing::first(to, at("12:00:00")),
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_is_given_once() {
    let world = World::new().await;
    let id = world.warming("ann@acme.test", 20).await;
    let first = decision(id, 1, State::Paused, (100, 50), (1, 1));
    assert_eq!(world.store.decide(&first).await.unwrap(), first);
    let other = decision(id, 1, State::Degraded, (100, 50), (1, 1));
    assert_eq!(
        world.another_store().decide(&other).await.unwrap(),
        first,
        "whoever comes second goes on with the first"
    );
    let next = decision(id, 2, State::Degraded, (100, 50), (1, 1));
    world.store.decide(&next).await.unwrap();
    assert_eq!(world.store.decisions(id).await.unwrap(), [first.clone(), next]);
    world.store.void(&first).await.unwrap();
    assert!(world.store.decision(id, 1).await.unwrap().unwrap().void);
}

#[tokio::test(start_paused = true)]
async fn a_roll_back_is_made_once_even_if_every_answer_is_lost() {
    let world = World::new().await;
    let id = world.warming("ann@acme.test", 20).await;
    // From day 1 there is nothing to go back to, so the row is brought forward first.
    let old = world.row(id).await;
    let mut turned = crate::world::unchanged(&old);
    turned.plan.day_index = 20;
    assert!(world.store.turn(&old, &turned).await.unwrap());
    let back = decision(id, 1, State::Warming, (100, 100), (20, 13));
    world.aws.faults().script_next("UpdateItem", 1, Fault::LoseAnswer);
    assert_eq!(world.store.carry_out(&back).await.unwrap(), CarriedOut::Done);
    assert_eq!(world.store.carry_out(&back).await.unwrap(), CarriedOut::Done);
    let row = world.sound(id).await;
    assert_eq!((row.day_index, row.decided), (13, 1));
}

#[tokio::test(start_paused = true)]
async fn a_decision_that_somebody_has_overtaken_changes_nothing() {
    let world = World::new().await;
    let id = world.warming("ann@acme.test", 20).await;
    world.store.set_state(id, &State::ALL, State::Paused, Some("by hand"), at("09:00:00")).await.unwrap();
    let before = world.sound(id).await;
    let degraded = decision(id, 1, State::Degraded, (100, 50), (1, 1));
    assert_eq!(world.store.carry_out(&degraded).await.unwrap(), CarriedOut::Overtaken);
    assert_eq!(world.sound(id).await, before);
    assert_eq!(
        world.store.carry_out(&decision(MailboxId(999), 1, State::Paused, (100, 50), (1, 1))).await.unwrap(),
        CarriedOut::Gone
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_the_day_falls_and_what_is_claimed_stays() {
    let world = World::new().await;
    let id = world.warming("ann@acme.test", 10).await;
    let mut held = Vec::new();
    for k in 0..7 {
        let now = at("09:00:00") + SignedDuration::from_mins(i64::from(k) * 5);
        held.push(won(&world.store, &request(id, k, 1, now)).await);
    }
    let halved = decision(id, 1, State::Warming, (100, 50), (1, 1));
    assert_eq!(world.store.carry_out(&halved).await.unwrap(), CarriedOut::Done);
    let row = world.sound(id).await;
    assert_eq!((row.quota, row.used, row.percent, row.quota_percent), (7, 7, 50, 50));
    let more = world.store.claim(&request(id, 7, 1, at("12:00:00"))).await.unwrap();
    assert_eq!(more, Claim::Lost(Lost::Quota));
    // What was given back may be sent again, up to the lower quota.
    world.store.release(&held[0], "421").await.unwrap();
    let row = world.sound(id).await;
    assert_eq!((row.quota, row.used), (7, 6));
    // Up again: today stays as it is.
    assert_eq!(
        world.store.carry_out(&decision(id, 2, State::Warming, (50, 100), (1, 1))).await.unwrap(),
        CarriedOut::Done
    );
    let row = world.sound(id).await;
    assert_eq!((row.quota, row.percent, row.quota_percent), (7, 100, 50));
}

#[tokio::test(start_paused = true)]
async fn a_health_row_is_written_by_who_has_read_the_last() {
    let world = World::new().await;
    let id = MailboxId(5);
    let row = HealthRow::first(State::Warming, at("08:00:00"));
    let absent = HealthSeen::absent(row.clone());
    let first = world.store.put_health(id, &absent, row.clone()).await.unwrap().unwrap();
    assert_eq!(world.store.health(id).await.unwrap().as_ref(), Some(&first));
    let later = HealthRow { seq: 1, ..row.clone() };
    world.aws.faults().script_next("PutItem", 1, Fault::LoseAnswer);
    let second = world.store.put_health(id, &first, later.clone()).await.unwrap().unwrap();
    assert_eq!(second.row, later);
    let stale = HealthRow { sent_before: 9, ..row };
    assert_eq!(world.store.put_health(id, &first, stale.clone()).await.unwrap(), None);
    assert_eq!(world.store.put_health(id, &absent, stale).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_stop_resets_progress_and_ends_the_day() {
    let world = World::new().await;
    let id = world.warming("ann@acme.test", 10).await;
    won(&world.store, &request(id, 0, 1, at("09:00:00"))).await;
    assert!(world.store.stop(id, "over", TODAY.tomorrow().unwrap(), at("09:00:00")).await.unwrap());
    let row = world.sound(id).await;
    assert_eq!((row.by_hand, row.counts_from), (true, TODAY.tomorrow().ok()));
    assert_eq!((row.state, row.day_index, row.quota, row.used), (State::Paused, 0, 1, 1));
    world.store.set_maintenance(id, Maintenance::Reserve).await.unwrap();
    assert_eq!(world.sound(id).await.maintenance, Maintenance::Reserve);
}

#[tokio::test(start_paused = true)]
async fn no_rule_resumes_what_a_person_has_paused_meanwhile() {
    let world = World::new().await;
    let id = world.warming("ann@acme.test", 10).await;
    let mut pausing = decision(id, 1, State::Paused, (100, 100), (1, 1));
    pausing.from = State::Warming;
    assert_eq!(world.store.carry_out(&pausing).await.unwrap(), CarriedOut::Done);
    assert!(!world.sound(id).await.by_hand);
    // The pause is taken over between the decision to end it and its being carried out.
    assert!(world.store.pause(id, "a holiday", at("09:00:00")).await.unwrap());
    let before = world.sound(id).await;
    assert!(before.by_hand);
    let resuming = Decision { from: State::Paused, ..decision(id, 2, State::Warming, (100, 100), (1, 1)) };
    assert_eq!(world.store.carry_out(&resuming).await.unwrap(), CarriedOut::Overtaken);
    assert_eq!(world.sound(id).await, before);
    // Whoever resumes it by hand ends that.
    assert!(world.store.set_state(id, &[State::Paused], State::Warming, None, at("09:00:00")).await.unwrap());
    assert!(!world.sound(id).await.by_hand);
}
