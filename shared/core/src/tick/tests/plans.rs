//! Which language and which stored plan an order names.

use std::collections::BTreeMap;

use jiff::civil::date;

use super::{at, steady};
use crate::content::Language;
use crate::content::deck::Deck;
use crate::content::plan::{Plan, PlanId, Script};
use crate::id::{MailboxId, SlotId};
use crate::message::{Content, SendOrder};
use crate::tick::simulation::{World, fleet};
use crate::visit::PendingReply;

/// A fleet in which mailbox 1 writes German and the others English; today's deck has plans of both.
fn world() -> World {
    let mut world = World::new(fleet(&[4, 4], &steady(4)));
    world.limits.variation = 0.0;
    world.fleet[0].plan.plan.language = Language::De;
    let plan = |language, n| {
        let made = date(2026, 3, 1);
        Plan::new(PlanId { made, language, n }, Script::Theme(n.into()))
    };
    let plans: Vec<Plan> =
        [Language::En, Language::De].into_iter().flat_map(|l| (0..5).map(move |n| plan(l, n))).collect();
    let openings: BTreeMap<Language, u32> = [(Language::En, 25), (Language::De, 4)].into();
    world.decks = [Deck::deal(date(2026, 3, 2), &plans, &openings)].into_iter().collect();
    world
}

fn orders(world: &mut World) -> Vec<SendOrder> {
    let mut orders = Vec::new();
    while world.now < at("2026-03-02T18:00:00Z") {
        let again = crate::tick::plan_tick(&world.input());
        let plan = world.tick();
        // The day's rows may have turned in between; afterwards the same tick is the same plan.
        if world.now > at("2026-03-02T02:00:00Z") {
            assert_eq!(again.sends, plan.sends);
        }
        orders.extend(plan.sends.into_iter().flat_map(|(_, batch)| batch.orders));
    }
    orders
}

#[test]
fn an_opening_names_its_language_and_its_plan() {
    let orders = orders(&mut world());
    assert!(orders.len() >= 30, "{}", orders.len());
    for order in &orders {
        let expected = if order.slot.mailbox == MailboxId(1) { Language::De } else { Language::En };
        assert_eq!(order.language, expected);
        assert_eq!(order.plan.map(|plan| plan.language), Some(expected), "{:?}", order.slot);
    }
}

/// Whoever replies goes on in the language and by the plan of the opening, whatever its own are; a thread from before
/// there were decks goes on by the library.
#[test]
fn a_reply_names_those_of_its_opening() {
    let mut world = world();
    world.skip_to("2026-03-02T06:00:00Z");
    let root = SlotId { mailbox: MailboxId(1), date: date(2026, 3, 2), k: 0 };
    let old = SlotId { mailbox: MailboxId(1), date: date(2026, 2, 20), k: 0 };
    let chain = |root| vec![root, SlotId { mailbox: MailboxId(6), ..root }, SlotId { k: 2, ..root }];
    let due_at = at("2026-03-02T06:00:00Z");
    for (mailbox, root) in [(5, root), (6, old)] {
        world.fleet[mailbox].box_row.pending = vec![PendingReply { due_at, chain: chain(root), rewritten_id: None }];
    }
    let expected = world.decks.plan_of(&world.seed, root, Language::De);
    assert!(expected.is_some());
    let orders = orders(&mut world);
    let replies: BTreeMap<u32, &SendOrder> = orders
        .iter()
        .filter(|order| order.content != Content::Opening && [6, 7].contains(&order.slot.mailbox.0))
        .map(|order| (order.slot.mailbox.0, order))
        .collect();
    assert_eq!((replies[&6].language, replies[&6].plan), (Language::De, expected));
    assert_eq!((replies[&7].language, replies[&7].plan), (Language::De, None));
}
