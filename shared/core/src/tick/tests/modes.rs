//! Seeds receive and reply only; a mailbox in mode `volume` exchanges nothing.

use super::{at, steady};
use crate::id::{MailboxId, SlotId};
use crate::mailbox::{Mode, Role, State};
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
