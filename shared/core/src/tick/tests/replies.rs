//! Replies that are due go first, and never twice.

use super::{at, steady};
use crate::day::SlotState;
use crate::id::{MailboxId, SlotId};
use crate::mailbox::State;
use crate::message::Content;
use crate::tick::simulation::{World, fleet};
use crate::visit::PendingReply;

fn pending(world: &World, from: u32, k: u16, due_at: &str) -> PendingReply {
    let date = world.fleet[0].plan.date.unwrap();
    PendingReply {
        due_at: at(due_at),
        chain: vec![SlotId { mailbox: MailboxId(from), date, k }],
        rewritten_id: Some("rewritten@provider.example".to_owned()),
    }
}

#[test]
fn replies_that_are_due_go_first_and_once() {
    let mut world = World::new(fleet(&[4, 4], &steady(4)));
    world.limits.variation = 0.0;
    world.skip_to("2026-03-02T06:00:00Z");
    let replies = [
        pending(&world, 6, 3, "2026-03-02T07:00:00Z"),
        pending(&world, 5, 3, "2026-03-02T06:30:00Z"),
        pending(&world, 7, 3, "2026-03-02T20:00:00Z"),
        pending(&world, 8, 3, "2026-03-02T05:00:00Z"),
    ];
    let eighth = replies[3].parent().unwrap();
    world.fleet[0].box_row.pending = replies.to_vec();
    world.fleet[0].plan.replied.insert(eighth, 9);
    let mut orders = Vec::new();
    while world.now < at("2026-03-02T16:00:00Z") {
        let plan = world.tick();
        let own = plan.sends.into_iter().filter(|(_, batch)| batch.mailbox == MailboxId(1));
        orders.extend(own.flat_map(|(_, batch)| batch.orders));
    }
    let reply = |n: usize| match &orders[n].content {
        Content::Reply { chain, rewritten_id } => (chain[0].mailbox.0, rewritten_id.as_deref()),
        Content::Opening => (0, None),
    };
    assert_eq!(orders.len(), 4);
    assert_eq!(reply(0), (5, Some("rewritten@provider.example")), "the one due first");
    assert_eq!(reply(1), (6, Some("rewritten@provider.example")));
    assert!(orders[2..].iter().all(|order| order.content == Content::Opening), "not before it is due, not twice");
}

#[test]
fn nobody_replies_to_the_paused_or_twice_to_one_partner_on_a_day() {
    let mut world = World::new(fleet(&[4, 4], &steady(4)));
    world.skip_to("2026-03-02T06:00:00Z");
    world.fleet[0].box_row.pending =
        vec![pending(&world, 6, 3, "2026-03-02T05:00:00Z"), pending(&world, 5, 3, "2026-03-02T04:00:00Z")];
    world.fleet[5].plan.state = State::Paused;
    world.fleet[0].plan.slots.insert(0, SlotState::Sent { partner: MailboxId(5) });
    world.fleet[0].plan.used = 1;
    let mut replies = 0;
    while world.now < at("2026-03-02T16:00:00Z") {
        let plan = world.tick();
        replies += plan
            .sends
            .iter()
            .filter(|(_, batch)| batch.mailbox == MailboxId(1) && batch.orders[0].content != Content::Opening)
            .count();
    }
    assert_eq!(replies, 0);
}
