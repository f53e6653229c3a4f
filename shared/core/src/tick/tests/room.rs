//! Who goes first when room is short, and what is said to those who do not go.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{at, steady};
use crate::backoff::ProviderBudget;
use crate::caps::{Cap, PlanLimits};
use crate::catchup::due;
use crate::day::SlotState;
use crate::health::is_own;
use crate::id::MailboxId;
use crate::mailbox::Provider;
use crate::slot::DaySlots;
use crate::tick::simulation::{World, fleet, row};
use crate::tick::{HELD_BACK, HeldBy, SkipReason, attempted, plan_tick};

#[test]
fn the_order_of_the_fleet_does_not_matter() {
    let mut world = World::new(fleet(&[5, 4, 3, 3], &steady(12)));
    world.skip_to("2026-03-02T06:00:00Z");
    world.until("2026-03-02T11:00:00Z");
    world.limits.system_per_hour = 12;
    let sorted = plan_tick(&world.input());
    assert!(sorted.summary.planned == 3 && sorted.summary.capped > 0);
    world.fleet.reverse();
    assert_eq!(plan_tick(&world.input()), sorted);
    world.fleet.swap(2, 9);
    assert_eq!(plan_tick(&world.input()), sorted);
    // Nor where partners are found beyond the rotation.
    let mut world = World::new(fleet(&[190, 4, 3, 3], &steady(4)));
    world.skip_to("2026-03-02T06:00:00Z");
    world.now = at("2026-03-02T11:00:00Z");
    let sorted = plan_tick(&world.input());
    assert!(sorted.summary.planned > 40, "{:?}", sorted.summary);
    world.fleet.rotate_left(193);
    assert_eq!(plan_tick(&world.input()), sorted);
}

#[test]
fn the_most_behind_goes_first_under_a_cap() {
    let mut world = World::new(fleet(&[10, 10, 10], &steady(16)));
    world.skip_to("2026-03-02T06:00:00Z");
    world.until("2026-03-02T10:00:00Z");
    // Every third mailbox was held up all morning, more or less.
    for row in world.fleet.iter_mut().filter(|row| row.plan.plan.id.0 % 3 == 0) {
        row.plan.slots.retain(|k, _| *k % 4 == 1);
        row.plan.used = row.plan.slots.len() as u32;
    }
    world.limits.system_per_hour = 16;
    let plan = plan_tick(&world.input());
    let tick_end = world.now + SignedDuration::from_mins(15);
    let deficit = |id: MailboxId| {
        let row = &world.fleet[(id.0 - 1) as usize].plan;
        let slots = DaySlots::new(&world.seed, &row.plan.schedule, id, row.date.unwrap()).unwrap();
        due(&slots, row, world.now, tick_end, &world.limits).deficit
    };
    assert!(plan.summary.planned == 4 && plan.summary.capped >= 4, "{:?}", plan.summary);
    let served = plan.sends.iter().map(|(_, batch)| deficit(batch.mailbox)).fold(f64::MAX, f64::min);
    // One mailbox may be served twice and still be left with more to send: its deficit is that much smaller then.
    let left =
        plan.skipped.iter().filter(|skipped| plan.sends.iter().all(|(_, batch)| batch.mailbox != skipped.mailbox));
    assert!(left.map(|skipped| deficit(skipped.mailbox)).all(|deficit| deficit <= served));
    assert!(plan.sends.iter().all(|(_, batch)| batch.mailbox.0 % 3 == 0));
}

/// Every reason that mailbox `of` is given over a day on which nothing is carried out.
fn reasons_over_a_day(mut world: World, of: u32) -> (Vec<SkipReason>, u32) {
    let (mut reasons, mut planned) = (Vec::new(), 0);
    while world.now < at("2026-03-02T16:00:00Z") {
        let plan = plan_tick(&world.input());
        let own = plan.skipped.iter().filter(|skipped| skipped.mailbox == MailboxId(of));
        reasons.extend(own.map(|skipped| skipped.reason));
        planned += plan.sends.iter().filter(|(_, batch)| batch.mailbox == MailboxId(of)).count() as u32;
        world.now += SignedDuration::from_mins(15);
    }
    reasons.dedup();
    (reasons, planned)
}

#[test]
fn what_is_skipped_says_why_with_numbers() {
    let fresh = || {
        let mut world = World::new(fleet(&[3, 3], &steady(3)));
        world.limits.variation = 0.0;
        world.skip_to("2026-03-02T06:00:00Z");
        world
    };
    let (reasons, planned) = reasons_over_a_day(fresh(), 1);
    assert!(reasons.is_empty() && planned > 0);

    let mut world = fresh();
    world.limits.system_per_hour = 0;
    assert_eq!(reasons_over_a_day(world, 1), (vec![SkipReason::Cap(Cap::SystemHour { per_hour: 0, share: 0 })], 0));
    let mut world = fresh();
    world.limits.system_per_minute = 0;
    assert_eq!(reasons_over_a_day(world, 1), (vec![SkipReason::Cap(Cap::SystemMinute { per_minute: 0 })], 0));

    let mut world = fresh();
    let plan = PlanLimits { per_day: Some(0), ..PlanLimits::default() };
    world.tenants.insert("acme".parse().unwrap(), plan);
    assert_eq!(reasons_over_a_day(world, 1), (vec![SkipReason::Cap(Cap::TenantDay { per_day: 0, used: 0 })], 0));

    let broken = || {
        let mut world = fresh();
        let until = at("2026-03-02T20:00:00Z");
        world
            .budgets
            .insert(Provider::Gmail, ProviderBudget { opened_until: Some(until), ..ProviderBudget::default() });
        (world, until)
    };
    let (world, until) = broken();
    let cap = Cap::Breaker { provider: Provider::Gmail, until };
    assert_eq!(reasons_over_a_day(world, 1), (vec![SkipReason::Cap(cap)], 0));
    assert!(reasons_over_a_day(broken().0, 4).1 > 0, "the other provider goes on");

    let domains = ["a.example", "b.example"];
    let two = domains.iter().zip(1..).map(|(domain, id)| row(id, domain, Provider::Gmail, steady(5))).collect();
    let mut world = World::new(two);
    world.skip_to("2026-03-02T06:00:00Z");
    world.fleet[0].plan.quota = 5;
    assert_eq!(reasons_over_a_day(world, 1), (vec![SkipReason::FewPartners { eligible: 1, needed: 2 }], 0));

    let mut world = fresh();
    world.fleet[0].plan.date = Some(jiff::civil::date(2026, 3, 1));
    let (reasons, planned) = reasons_over_a_day(world, 1);
    assert!(matches!(reasons[..], [SkipReason::NotTurned { .. }]) && planned == 0);
    assert!(reasons[0].to_string().contains("2026-03-01"));

    let mut world = fresh();
    for (k, partner) in [(10, 4), (11, 5), (12, 6)] {
        world.fleet[0].plan.slots.insert(k, SlotState::Rejected { partner: MailboxId(partner) });
    }
    let (reasons, planned) = reasons_over_a_day(world, 1);
    assert!(matches!(reasons[..], [SkipReason::NoPartner(refused)] if refused.written == 3 && refused.own == 2));
    assert!(reasons[0].to_string().contains("3 were written to today") && planned == 0, "{}", reasons[0]);
}

#[test]
fn an_organisation_does_not_crowd_out_a_shared_pool() {
    // Six organisations of two tenants; the first has 30 of 45 mailboxes.
    let shared = |tenants: bool| {
        let mut world = World::new(fleet(&[30, 3, 3, 3, 3, 3], &steady(4)));
        world.limits.variation = 0.0;
        for row in world.fleet.iter_mut().skip(30).filter(|_| tenants) {
            row.plan.plan.tenant = "other".parse().unwrap();
        }
        world.skip_to("2026-03-02T06:00:00Z");
        world.until("2026-03-02T21:00:00Z");
        let first = world.sent.iter().filter(|mail| mail.slot.mailbox.0 <= 30).count();
        (first, world.sent.len() - first)
    };
    assert_eq!(shared(true), (20, 60), "a quarter of 80");
    assert_eq!(shared(false), (120, 60), "in one's own pool it is one's own business");
}

#[test]
fn deferrals_are_measured_against_the_mailboxes_that_tried() {
    let mut world = World::new(fleet(&[3, 2, 2], &steady(3)));
    let claims = ["09:45:00", "09:59:59", "09:44:59", "09:50:00", "10:00:00", "08:00:00", "09:46:00"];
    for (row, claim) in world.fleet.iter_mut().zip(claims) {
        row.plan.last_claim_at = Some(at(&format!("2026-03-02T{claim}Z")));
    }
    let attempted = attempted(&world.fleet, at("2026-03-02T10:00:00Z"), &world.limits);
    assert_eq!(attempted, BTreeMap::from([(Provider::Gmail, 2), (Provider::Microsoft, 1), (Provider::Other, 1)]));
}

#[test]
fn the_minute_cap_moves_orders_and_keeps_their_gaps() {
    let mut world = World::new(fleet(&[25, 25, 25, 25], &steady(70)));
    world.skip_to("2026-03-02T06:00:00Z");
    world.limits.system_per_minute = 12;
    // A morning lost: every mailbox catches up, several orders a tick. `World::tick` checks the gaps.
    world.now = at("2026-03-02T11:00:00Z");
    for _ in 0..4 {
        let plan = world.tick();
        assert_eq!((plan.summary.minute_peak, plan.summary.planned), (12, 12 * 15), "every minute is used");
        assert!(plan.sends.iter().all(|(delay_s, _)| *delay_s <= 840));
    }
}

#[test]
fn the_last_tick_of_a_day_says_what_kept_the_rest_back() {
    let mut world = World::new(fleet(&[5, 4, 3, 3], &steady(12)));
    world.limits.system_per_hour = 8;
    world.skip_to("2026-03-02T06:00:00Z");
    while world.now < at("2026-03-02T15:45:00Z") {
        assert_eq!(world.tick().held_back, [], "the day is not over");
    }
    // The last quarter of an hour in Berlin. Of this one it is noted already.
    world.fleet[0].plan.held_back = Some(HeldBy::SystemHour);
    let last = world.tick();
    assert!(last.held_back.len() > 2, "{:?}", last.summary);
    for held in &last.held_back {
        assert!(held.mailbox != MailboxId(1) && held.date == jiff::civil::date(2026, 3, 2));
        assert!(held.by == HeldBy::SystemHour, "{held:?}");
        let row = &world.fleet[(held.mailbox.0 - 1) as usize].plan;
        assert!(row.used < row.quota);
    }
    let after = world.tick();
    assert_eq!(after.held_back, [], "the window is closed");
}

#[test]
fn what_holds_back_is_read_as_it_was_written_and_is_nobodys_own_doing() {
    for held in HeldBy::ALL {
        assert_eq!(HeldBy::of_letter(held.letter()), Some(held), "two have one letter");
        assert!(held.text().starts_with(HELD_BACK) && !is_own(held.text()), "{held:?}");
    }
    assert_eq!(HeldBy::of_letter("?"), None, "of another version");
}
