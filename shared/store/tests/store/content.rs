//! Plans, decks and spending: written once, counted once.

use std::collections::BTreeMap;

use jiff::civil::date;
use preheat_core::content::Language;
use preheat_core::content::deck::Deck;
use preheat_core::content::plan::{Plan, PlanId, Script, Written};
use preheat_core::content::tally::Tally;
use preheat_core::limits::ContentLimits;
use preheat_core::rate::Rate;

use crate::world::World;

const DAY: jiff::civil::Date = date(2026, 3, 2);

fn id(n: u16) -> PlanId {
    PlanId { made: DAY, language: Language::Es, n }
}

fn written() -> Plan {
    let turns = vec![vec!["Uno.".to_owned(), "Otro.".to_owned()]; 6];
    Plan::new(id(1), Script::Written(Written { topic: "cosas".to_owned(), subjects: vec!["Hola".to_owned()], turns }))
}

#[tokio::test]
async fn a_plan_is_kept_once_and_read_back() {
    let world = World::new().await;
    let (theme, written) = (Plan::new(id(0), Script::Theme(u64::MAX)), written());
    for plan in [&theme, &written] {
        assert!(world.store.put_content_plan(plan).await.unwrap());
        assert_eq!(world.store.content_plan(plan.id).await.unwrap().as_ref(), Some(plan));
    }
    let other = Plan::new(id(0), Script::Theme(1));
    assert!(!world.store.put_content_plan(&other).await.unwrap(), "the name is taken");
    assert_eq!(world.store.content_plan(id(7)).await.unwrap(), None);
    let stock = world.store.content_stock().await.unwrap();
    assert_eq!((stock.plans, stock.unreadable.len()), (vec![theme, written], 0));
}

#[tokio::test]
async fn a_tick_is_counted_once_however_often_it_is_said() {
    let world = World::new().await;
    world.store.put_content_plan(&written()).await.unwrap();
    let tally = |spam| [(id(1), Tally { uses: 3, outcomes: 10, spam })].into();
    let tick = |second| jiff::Timestamp::from_second(second).unwrap();
    // The third is of another day: a record is the sum over days.
    for (second, spam) in [(900, 1), (900, 1), (1_800, 0), (900, 9), (90_000, 2)] {
        world.store.add_content_tallies(tick(second), &tally(spam)).await.unwrap();
    }
    let plan = world.store.content_stock().await.unwrap().plans.remove(0);
    assert_eq!((plan.uses, plan.spam, plan.is_in_use()), (9, Rate::new(3, 30), true));
    world.store.add_content_tallies(tick(99_000), &tally(3)).await.unwrap();
    assert!(world.store.content_stock().await.unwrap().plans[0].is_spent(&ContentLimits::default()));
    world.store.retire_content_plan(id(1), DAY).await.unwrap();
    world.store.retire_content_plan(id(1), date(2026, 3, 9)).await.unwrap();
    assert_eq!(world.store.content_plan(id(1)).await.unwrap().unwrap().retired, Some(DAY));
    // One that is gone does not come back by being retired.
    world.store.retire_content_plan(id(5), DAY).await.unwrap();
    assert_eq!(world.store.content_plan(id(5)).await.unwrap(), None);
}

/// Four languages with three decks each in one tick: more counters than one expression may hold.
#[tokio::test]
async fn the_tallies_of_many_plans_are_few_writes() {
    let world = World::new().await;
    let tallies: BTreeMap<PlanId, Tally> = (0..200).map(|n| (id(n), Tally { uses: 5, outcomes: 4, spam: 1 })).collect();
    let before = world.aws.counts();
    world.store.add_content_tallies(jiff::Timestamp::from_second(900).unwrap(), &tallies).await.unwrap();
    let spent = world.aws.counts().since(&before).write_units();
    assert!(spent <= 50.0, "{spent} write units for 200 plans");
    for n in [0, 79, 80, 199] {
        world.store.put_content_plan(&Plan::new(id(n), Script::Theme(1))).await.unwrap();
    }
    let stock = world.store.content_stock().await.unwrap();
    assert_eq!(stock.plans.len(), 4);
    assert!(stock.plans.iter().all(|plan| plan.uses == 5 && plan.spam == Rate::new(1, 4)), "{:?}", stock.plans);
}

#[tokio::test]
async fn a_deck_never_changes() {
    let world = World::new().await;
    assert!(world.store.decks().await.unwrap().is_empty());
    let deck = Deck::deal(DAY, &[Plan::new(id(0), Script::Theme(1))], &[(Language::Es, 3)].into());
    assert!(world.store.put_deck(&deck).await.unwrap());
    let other = Deck { hands: [].into(), ..deck.clone() };
    assert!(!world.store.put_deck(&other).await.unwrap());
    assert_eq!(world.store.decks().await.unwrap().get(DAY), Some(&deck));
}

#[tokio::test]
async fn tokens_are_reserved_before_they_are_spent_and_a_failure_is_new_once() {
    let world = World::new().await;
    let store = &world.store;
    assert!(store.reserve_tokens(DAY, 0, 9_000).await.unwrap());
    assert!(!store.reserve_tokens(DAY, 0, 9_000).await.unwrap(), "somebody else asks already");
    assert!(store.reserve_tokens(DAY, 1, 9_000).await.unwrap());
    store.settle_tokens(DAY, 0, 2_345).await.unwrap();
    let spending = store.content_spending(DAY).await.unwrap();
    assert_eq!((spending.tokens(), spending.requests.len(), spending.failure), (11_345, 2, None));
    assert!(store.note_model_failure(DAY, "it is down").await.unwrap());
    assert!(!store.note_model_failure(DAY, "it is still down").await.unwrap());
    assert_eq!(store.content_spending(DAY).await.unwrap().failure.as_deref(), Some("it is down"));
    assert_eq!(store.content_spending(date(2026, 3, 3)).await.unwrap().tokens(), 0);
}
