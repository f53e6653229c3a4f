//! Mailboxes are visited where something is expected, and nowhere else.

use jiff::SignedDuration;

use super::{at, steady};
use crate::day::SlotState;
use crate::id::{MailboxId, SlotId};
use crate::mailbox::State;
use crate::tick::plan_tick;
use crate::tick::simulation::{World, fleet};
use crate::visit::{Found, Placement};

/// Visits of mailbox 1 over a day: numbers, and whether each was the last.
fn visits_of(world: &mut World, until: &str) -> Vec<(u8, bool, usize)> {
    let mut visits = Vec::new();
    while world.now < at(until) {
        let plan = world.tick();
        let own = plan.visits.iter().filter(|(_, order)| order.mailbox == MailboxId(1));
        visits.extend(own.map(|(_, order)| (order.visit, order.last_of_day, order.search.len())));
    }
    visits
}

#[test]
fn mailboxes_are_visited_only_where_something_is_expected() {
    let quiet = || {
        let mut world = World::new(fleet(&[3, 3], &steady(0)));
        world.skip_to("2026-03-03T05:00:00Z");
        world
    };
    assert_eq!(visits_of(&mut quiet(), "2026-03-03T22:00:00Z"), []);

    let mut world = quiet();
    world.fleet[4].plan.slots.insert(0, SlotState::Sent { partner: MailboxId(1) });
    assert_eq!(visits_of(&mut world, "2026-03-03T22:00:00Z").len(), 5, "mail of another is on its way");

    let mut world = quiet();
    world.fleet[4].plan.slots.insert(0, SlotState::Sent { partner: MailboxId(1) });
    let slot = SlotId { mailbox: MailboxId(5), date: jiff::civil::date(2026, 3, 3), k: 0 };
    world.fleet[0].box_row.found = vec![Found { slot, placement: Placement::Spam }];
    world.fleet[0].box_row.found_before = 1;
    assert_eq!(visits_of(&mut world, "2026-03-03T22:00:00Z"), [], "found yesterday, done yesterday");

    let mut world = quiet();
    world.fleet[0].plan.used = 1;
    assert_eq!(visits_of(&mut world, "2026-03-03T22:00:00Z").last(), Some(&(4, true, 0)), "its own sent copies");

    let mut world = quiet();
    world.fleet[0].plan.used = 1;
    world.fleet[0].plan.state = State::Error;
    assert_eq!(visits_of(&mut world, "2026-03-03T22:00:00Z"), [], "its credentials do not work");

    let mut world = quiet();
    world.fleet[2].plan.last_claim_at = Some(at("2026-03-02T16:00:00Z"));
    let visits = visits_of(&mut world, "2026-03-03T22:00:00Z");
    assert_eq!(visits, [(0, false, 0), (4, true, 0)], "yesterday's late mail, and what is filed expires");
}

#[test]
fn ambiguous_sends_are_searched_for_once_they_have_settled() {
    let mut world = World::new(fleet(&[3, 3], &steady(0)));
    world.skip_to("2026-03-03T05:00:00Z");
    let since = at("2026-03-03T09:00:00Z");
    world.fleet[4].plan.slots.insert(0, SlotState::Ambiguous { since, partner: MailboxId(1) });
    let expired = SlotState::Claimed { fence: 1, expires_at: since, partner: MailboxId(1) };
    world.fleet[4].plan.slots.insert(1, expired);
    let old = SlotId { mailbox: MailboxId(4), date: jiff::civil::date(2026, 3, 2), k: 7 };
    world.fleet[3]
        .plan
        .open
        .insert(old, SlotState::Ambiguous { since: at("2026-03-02T15:00:00Z"), partner: MailboxId(1) });
    let visits = visits_of(&mut world, "2026-03-03T22:00:00Z");
    assert_eq!(visits.first(), Some(&(0, false, 1)), "yesterday's at once");
    assert_eq!(visits.last(), Some(&(4, true, 3)), "today's as well");
}

#[test]
fn the_last_visit_is_planned_again_until_it_was_recorded() {
    let mut world = World::new(fleet(&[3, 3], &steady(0)));
    world.skip_to("2026-03-03T05:00:00Z");
    world.now = at("2026-03-03T19:15:00Z");
    world.fleet[0].plan.used = 1;
    let mut orders = 0;
    while world.now < at("2026-03-03T22:45:00Z") {
        let plan = plan_tick(&world.input());
        orders += plan.visits.iter().filter(|(_, order)| order.mailbox == MailboxId(1) && order.last_of_day).count();
        // Nobody carries the order out.
        world.now += SignedDuration::from_mins(15);
    }
    assert!((2..=4).contains(&orders), "again every half hour, never over 8 sessions a day: {orders}");
}
