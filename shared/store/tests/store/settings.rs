//! State, limits, suppression, providers.

use std::collections::BTreeMap;

use std::time::Duration;

use jiff::SignedDuration;
use preheat_core::backoff::ProviderBudget;
use preheat_core::caps::PlanLimits;
use preheat_core::id::{Address, TenantId};
use preheat_core::mailbox::{Provider, State};
use preheat_core::suppression::Reason;
use preheat_core::tick::HeldBy;
use preheat_local::Fault;
use preheat_store::{Claim, Lost, Next, StateNote, Store, Suppression};

use crate::world::{TABLE, World, at, request, won};

#[tokio::test(start_paused = true)]
async fn a_pause_stops_what_is_queued_and_keeps_the_progress() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 9).await;
    let held = won(&world.store, &request(id, 0, 1, at("09:00:00"))).await;
    world.store.set_state(id, &State::ALL, State::Paused, Some("by hand"), at("09:00:00")).await.unwrap();
    assert_eq!(world.store.state_reason(id).await.unwrap().as_deref(), Some("by hand"));
    let queued = request(id, 1, 2, at("09:30:00"));
    assert_eq!(world.store.claim(&queued).await.unwrap(), Claim::Lost(Lost::Stale));
    // What was claimed before may end.
    world.store.sent(&held).await.unwrap();
    world.store.set_state(id, &State::ALL, State::Warming, None, at("09:00:00")).await.unwrap();
    assert_eq!(world.store.state_reason(id).await.unwrap(), None);
    won(&world.store, &queued).await;
    assert_eq!(world.sound(id).await.used, 2);
    let missing = world
        .store
        .set_state(preheat_core::id::MailboxId(99), &State::ALL, State::Paused, None, at("09:00:00"))
        .await
        .unwrap_err();
    assert_eq!(missing.next(), Next::Drop);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_somebody_has_changed_since_is_not_overwritten() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 9).await;
    // A first visit that ends after the mailbox was paused by hand; a refusal that comes after it was retired.
    assert!(world.store.pause(id, "by hand", at("09:00:00")).await.unwrap());
    assert!(!world.store.set_state(id, &[State::New], State::Warming, None, at("09:00:00")).await.unwrap());
    let row = world.sound(id).await;
    assert_eq!((row.state, row.by_hand), (State::Paused, true));
    assert_eq!(world.store.state_reason(id).await.unwrap().as_deref(), Some("by hand"));
    assert!(world.store.set_state(id, &State::ALL, State::Retired, None, at("09:00:00")).await.unwrap());
    assert!(!world.store.set_state(id, &State::LIVE, State::Error, Some("535"), at("09:00:00")).await.unwrap());
    assert!(!world.store.pause(id, "by hand", at("09:00:00")).await.unwrap());
    assert!(!world.store.stop(id, "by hand", crate::world::TODAY, at("09:00:00")).await.unwrap());
    assert_eq!(world.sound(id).await.state, State::Retired);
    // A repeat after a lost answer has done it.
    world.aws.faults().script_next("UpdateItem", 1, Fault::LoseAnswer);
    assert!(world.store.set_state(id, &[State::Retired], State::New, None, at("09:00:00")).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn limits_and_suppression_are_each_tenants_own() {
    let world = World::new().await;
    let (acme, other): (TenantId, TenantId) = ("acme".parse().unwrap(), "other".parse().unwrap());
    assert_eq!(world.store.tenant_limits(&acme).await.unwrap(), None);
    let limits = PlanLimits { per_day: Some(5_000), ..PlanLimits::default() };
    world.store.set_tenant_limits(&acme, &limits).await.unwrap();
    assert_eq!(world.store.tenant_limits(&acme).await.unwrap(), Some(limits));
    assert_eq!(world.store.tenant_limits(&other).await.unwrap(), None);

    let addresses: Vec<Address> = ["x@a.example", "y@b.example"].map(|address| address.parse().unwrap()).into();
    for address in addresses.iter().chain(&addresses) {
        let address = address.clone();
        let (reason, source) = (Reason::Unsubscribed, "operator".to_owned());
        let suppression = Suppression { address, reason, source, since: at("09:00:00") };
        world.store.suppress(&acme, &suppression).await.unwrap();
    }
    assert_eq!(world.store.suppressed(&acme).await.unwrap().into_iter().collect::<Vec<_>>(), addresses);
    assert!(world.store.suppressed(&other).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_tenants_days_are_utc_until_a_zone_is_set() {
    let world = World::new().await;
    let acme: TenantId = "acme".parse().unwrap();
    assert_eq!(world.store.tenant_zone(&acme).await.unwrap(), "UTC");
    world.store.set_tenant_zone(&acme, "Europe/Berlin").await.unwrap();
    assert_eq!(world.store.tenant_zone(&acme).await.unwrap(), "Europe/Berlin");
}

#[tokio::test(start_paused = true)]
async fn a_providers_budget_turns_once_a_tick() {
    let world = World::new().await;
    let tick = |n: i64| at("09:00:00") + SignedDuration::from_mins(15 * n);
    let of = async |store: &Store, n| {
        store.turn_provider_budgets(tick(n), &BTreeMap::new()).await.unwrap().get(&Provider::Yahoo).copied()
    };
    assert_eq!(of(&world.store, 0).await, None);
    for _ in 0..4 {
        world.store.report_provider(Provider::Yahoo, 1).await.unwrap();
    }
    world.aws.faults().share("UpdateItem", Fault::Latency(Duration::from_millis(5)), 0.5);
    let another = world.another_store();
    let (one, twin) = tokio::join!(of(&world.store, 1), of(&another, 1));
    let half = ProviderBudget { factor: 0.5, ..ProviderBudget::default() };
    assert_eq!((one, twin), (Some(half), Some(half)));
    assert_eq!(of(&world.store, 1).await, Some(half), "planning the tick again changes nothing");
    assert_eq!(world.store.provider_budgets().await.unwrap()[&Provider::Yahoo], half);
    for n in 2..=5 {
        of(&world.store, n).await;
    }
    assert_eq!(of(&world.store, 6).await, Some(ProviderBudget::default()));
    let before = world.aws.counts();
    of(&world.store, 7).await;
    assert_eq!(world.aws.counts().since(&before).write_units(), 0.0, "who is well and quiet costs no write");
}

#[tokio::test(start_paused = true)]
async fn the_table_is_made_once_and_as_the_template_says() {
    let world = World::new().await;
    world.store.create_table().await.unwrap();
    let described = world.aws.dynamodb().describe_table().table_name(TABLE).send().await.unwrap();
    let keys: Vec<_> =
        described.table().unwrap().key_schema().iter().map(|key| key.attribute_name().to_owned()).collect();
    assert_eq!(keys, ["pk", "sk"]);
    let ttl = world.aws.dynamodb().describe_time_to_live().table_name(TABLE).send().await.unwrap();
    assert_eq!(ttl.time_to_live_description().unwrap().attribute_name(), Some("ttl"));
}

#[tokio::test(start_paused = true)]
async fn who_puts_a_mailbox_into_a_state_is_noted_until_somebody_puts_it_into_another() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 9).await;
    let note = async || world.store.state_note(id).await.unwrap();
    assert!(world.store.set_state(id, &State::ALL, State::Paused, Some("by hand"), at("09:00:00")).await.unwrap());
    let paused = StateNote { reason: Some("by hand".to_owned()), since: Some(at("09:00:00")), told: false };
    assert_eq!(note().await, paused);
    // A second one finds it so: it stays the first one's, whose it is to tell; also after a lost answer.
    let second = world.another_store();
    assert!(second.set_state(id, &State::ALL, State::Paused, Some("me too"), at("09:00:01")).await.unwrap());
    assert_eq!(note().await, paused);
    world.aws.faults().script_next("UpdateItem", 1, Fault::LoseAnswer);
    assert!(world.store.set_state(id, &State::ALL, State::Warming, None, at("09:10:00")).await.unwrap());
    // What was told of an earlier state says nothing of this one.
    world.store.state_told(id, at("09:00:00")).await.unwrap();
    assert_eq!(note().await, StateNote { reason: None, since: Some(at("09:10:00")), told: false });
    world.store.state_told(id, at("09:10:00")).await.unwrap();
    assert!(note().await.told);
    world.store.stop(id, "over", crate::world::TODAY, at("09:20:00")).await.unwrap();
    assert_eq!(note().await, StateNote { reason: Some("over".to_owned()), since: Some(at("09:20:00")), told: false });
}

#[tokio::test(start_paused = true)]
async fn what_held_sends_back_is_noted_once_and_for_the_day() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 9).await;
    let date = world.row(id).await.plan.date.unwrap();
    world.store.note_held_back(id, date.tomorrow().unwrap(), HeldBy::Spacing).await.unwrap();
    assert_eq!(world.row(id).await.plan.held_back, None);
    for by in [HeldBy::TenantDay, HeldBy::SystemHour] {
        world.store.note_held_back(id, date, by).await.unwrap();
        assert_eq!(world.row(id).await.plan.held_back, Some(HeldBy::TenantDay));
    }
    // A mailbox that is gone is not brought back by a note.
    world.store.note_held_back(preheat_core::id::MailboxId(99), date, HeldBy::Spacing).await.unwrap();
    assert_eq!(world.store.plan_row(preheat_core::id::MailboxId(99)).await.unwrap(), None);
}
