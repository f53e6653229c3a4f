//! Seeds receive and reply only; a mailbox in mode `volume` exchanges nothing.

use std::collections::BTreeMap;

use super::{at, steady};
use crate::id::{MailboxId, SlotId};
use crate::mailbox::{Days, Mode, Role, Schedule, State};
use crate::message::Content;
use crate::tick::simulation::{World, fleet};
use crate::visit::PendingReply;

#[test]
fn a_seed_sends_replies_and_nothing_else() {
    let mut world = World::new(fleet(&[4, 4, 4], &steady(8)));
    for seed in [0, 5] {
        world.fleet[seed].plan.plan.role = Role::Seed;
    }
    world.until("2026-03-06T20:00:00Z");
    let of_seeds = world.sent.iter().filter(|mail| [1, 6].contains(&mail.slot.mailbox.0));
    assert!(of_seeds.clone().count() > 5, "seeds reply: {}", of_seeds.clone().count());
    assert!(of_seeds.clone().all(|mail| mail.chain.len() > 1), "and open no thread");
}

#[test]
fn a_seed_has_caps_of_its_own() {
    let mut world = World::new(fleet(&[6, 6], &steady(8)));
    world.limits.seed_replies_per_day = 3;
    world.limits.seed_inbound_per_day = 4;
    world.fleet[0].plan.plan.role = Role::Seed;
    world.skip_to("2026-03-03T05:00:00Z");
    assert_eq!(world.fleet[0].plan.quota, 3, "whatever the ramp says");
    let date = jiff::civil::date(2026, 3, 2);
    let owed = (7..=12).map(|from| PendingReply {
        due_at: at("2026-03-03T06:00:00Z"),
        chain: vec![SlotId { mailbox: MailboxId(from), date, k: 0 }],
        rewritten_id: None,
    });
    world.fleet[0].box_row.pending = owed.collect();
    let (mut replies, mut received) = (0, 0);
    while world.now < at("2026-03-03T20:00:00Z") {
        for (_, batch) in world.tick().sends {
            received += batch.orders.iter().filter(|order| order.partner == MailboxId(1)).count();
            if batch.mailbox == MailboxId(1) {
                assert!(batch.orders.iter().all(|order| matches!(order.content, Content::Reply { .. })));
                replies += batch.orders.len();
            }
        }
    }
    assert_eq!((replies, received), (3, 4));
}

/// A seed's days are those on which it replies. It stands in for recipients, and those receive on every day of the week.
#[test]
fn a_seed_receives_on_its_days_off_within_its_cap_and_replies_when_they_are_over() {
    let mut world = World::new(fleet(&[6, 6], &steady(8)));
    world.limits.seed_inbound_per_day = 4;
    for row in &mut world.fleet {
        let days = if row.plan.plan.id == MailboxId(1) { Days::WORKING } else { Days::ALL };
        let schedule = &row.plan.plan.schedule;
        row.plan.plan.schedule = Schedule::new(&schedule.zone, schedule.start, schedule.end, days).unwrap();
    }
    world.fleet[0].plan.plan.role = Role::Seed;
    world.fleet[0].plan.plan.reply_rate = 0.5;
    world.skip_to("2026-03-06T00:00:00Z");
    let seed = MailboxId(1);
    let (mut received, mut replied, mut visited) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    while world.now < at("2026-03-10T00:00:00Z") {
        let date = world.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let plan = world.tick();
        for (_, batch) in &plan.sends {
            let to_seed = batch.orders.iter().filter(|order| order.partner == seed).count();
            *received.entry(date.day()).or_default() += to_seed;
            if batch.mailbox == seed {
                *replied.entry(date.day()).or_default() += batch.orders.len();
            }
        }
        *visited.entry(date.day()).or_insert(0) +=
            plan.visits.iter().filter(|(_, order)| order.mailbox == seed).count();
    }
    let on = |counts: &BTreeMap<i8, usize>, day| counts.get(&day).copied().unwrap_or(0);
    for day in [7, 8] {
        assert_eq!(
            (on(&received, day), on(&replied, day)),
            (4, 0),
            "March {day} is a day off: {received:?} {replied:?}"
        );
        assert!(on(&visited, day) > 1, "what came is found and filed: {visited:?}");
    }
    assert!(on(&replied, 9) > 0, "on Monday it replies: {replied:?}");
}

#[test]
fn nothing_is_exchanged_for_a_mailbox_in_mode_volume() {
    let mut world = World::new(fleet(&[4, 4, 4], &steady(5)));
    world.fleet[2].plan.plan.mode = Mode::Volume;
    let mut visits = 0;
    while world.now < at("2026-03-05T20:00:00Z") {
        let plan = world.tick();
        visits += plan.visits.iter().filter(|(_, order)| order.mailbox == MailboxId(3)).count();
        assert!(plan.skipped.iter().all(|skipped| skipped.mailbox != MailboxId(3)), "it owes nothing");
    }
    assert!(world.sent.iter().all(|mail| mail.slot.mailbox != MailboxId(3) && mail.to != 2));
    assert!(world.sent.len() > 100, "the others go on");
    assert_eq!((visits, world.fleet[2].plan.date), (0, None));
    world.fleet[2].plan.state = State::New;
    let first = world.tick().visits.iter().filter(|(_, order)| order.mailbox == MailboxId(3)).count();
    assert_eq!(first, 1, "its logins are looked at once");
}

#[test]
fn evenings_go_on_until_the_last_filed_copies_have_expired() {
    let mut world = World::new(fleet(&[3, 3], &steady(0)));
    world.skip_to("2026-03-03T05:00:00Z");
    world.fleet[2].plan.last_claim_at = Some(at("2026-03-02T16:00:00Z"));
    let mut evenings = 0;
    let mut others = 0;
    while world.now < at("2026-04-03T00:00:00Z") {
        for (_, order) in world.tick().visits {
            if order.mailbox == MailboxId(1) {
                evenings += usize::from(order.last_of_day);
                others += usize::from(!order.last_of_day);
            }
        }
    }
    assert_eq!((evenings, others), (16, 1), "14 days and what was under way; then nobody comes any more");
}
