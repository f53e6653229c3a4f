//! The promises of the tick's plan. `World` checks each tick against the rest (`simulation::World::check`).

use std::collections::BTreeMap;

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::simulation::{World, fleet, row};
use super::{SkipReason, plan_tick};
use crate::backoff::ProviderBudget;
use crate::caps::{Cap, PlanLimits};
use crate::catchup::due;
use crate::day::{SlotState, slot_ref};
use crate::id::{MailboxId, SlotId};
use crate::mailbox::{Days, Provider, Role, Schedule, State};
use crate::message::Content;
use crate::ramp::Ramp;
use crate::slot::DaySlots;
use crate::visit::{Found, PendingReply, Placement};

fn linear(start: u32, step: u32, cap: u32) -> Ramp {
    Ramp::Linear { start, step, cap }
}
fn steady(volume: u32) -> Ramp {
    linear(volume, 0, volume)
}
fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Lowest and highest received/sent of the senders, over the mails sent in `world`'s memory.
fn balance(world: &World) -> (f64, f64) {
    let mut counts: BTreeMap<MailboxId, (u32, u32)> = BTreeMap::new();
    for mail in &world.sent {
        counts.entry(mail.slot.mailbox).or_default().0 += 1;
        counts.entry(world.fleet[mail.to].plan.plan.id).or_default().1 += 1;
    }
    let senders = counts.values().filter(|count| count.0 > 0);
    let ratios = senders.map(|&(sent, received)| f64::from(received) / f64::from(sent));
    ratios.fold((f64::MAX, 0.0), |(low, high), ratio| (low.min(ratio), high.max(ratio)))
}

/// Runs a week from a Monday, 00:00 Berlin, and returns what the days' quotas added up to.
fn week(world: &mut World) -> u32 {
    world.sent.clear();
    let mut quotas: BTreeMap<(MailboxId, jiff::civil::Date), u32> = BTreeMap::new();
    for _ in 0..7 * 96 {
        world.tick();
        // What a day carried over from the one before counts once.
        let own = |row: &super::FleetRow| row.plan.quota - row.plan.carried_in;
        quotas.extend(world.fleet.iter().map(|row| ((row.plan.plan.id, row.plan.date.unwrap()), own(row))));
    }
    quotas.values().sum()
}

#[test]
fn weeks_stay_balanced_and_full_in_small_pools() {
    for domains in [vec![4, 4, 4], vec![5, 4, 3], vec![6, 3, 3], vec![8, 6, 4, 3, 2, 1], vec![12, 6, 6], vec![4; 6]] {
        let mut world = World::new(fleet(&domains, &linear(10, 1, 40)));
        world.now = at("2026-03-01T23:00:00Z");
        // The fourth week would end an hour early: summer time begins.
        for number in 1..=3 {
            let target = week(&mut world);
            let (low, high) = balance(&world);
            assert!(low >= 0.8 && high <= 1.25, "{domains:?}, week {number}: {low:.2}–{high:.2}");
            assert_eq!(world.sent.len() as u32, target, "{domains:?}, week {number}");
        }
    }
}

#[test]
fn seeds_receive_and_never_unbalance_the_senders() {
    let mut world = World::new(fleet(&[6, 6, 6, 6], &steady(10)));
    for seed in world.fleet.iter_mut().skip(20) {
        seed.plan.plan.role = Role::Seed;
        seed.plan.plan.ramp = steady(0);
    }
    world.now = at("2026-03-01T23:00:00Z");
    week(&mut world);
    let received = |mailbox: usize| world.sent.iter().filter(|mail| mail.to == mailbox).count();
    assert!(
        (20..24).all(|seed| (30..=60).contains(&received(seed))),
        "{:?}",
        (20..24).map(received).collect::<Vec<_>>()
    );
    let (low, _) = balance(&world);
    assert!(low >= 0.75, "what the seeds take is missing evenly: {low}");
}

#[test]
fn a_large_pool_remembers_for_seven_days_and_stays_balanced() {
    let mut world = World::new(fleet(&[10; 60], &linear(10, 1, 40)));
    let mut openings: BTreeMap<(MailboxId, usize), Timestamp> = BTreeMap::new();
    for (from, to) in [("02", "07"), ("09", "14"), ("16", "21")] {
        world.sent.clear();
        for day in from.parse::<u32>().unwrap()..to.parse().unwrap() {
            world.skip_to(&format!("2026-03-{day:02}T06:00:00Z"));
            world.until(&format!("2026-03-{day:02}T21:45:00Z"));
        }
        let (low, high) = balance(&world);
        assert!(low >= 0.8 && high <= 1.25, "week of March {from}: {low:.2}–{high:.2}");
        for mail in world.sent.iter().filter(|mail| mail.chain.len() == 1) {
            if let Some(before) = openings.insert((mail.slot.mailbox, mail.to), mail.at) {
                assert!(mail.at.duration_since(before).as_hours() > 6 * 24, "{} again after {before}", mail.slot);
            }
        }
    }
    assert!(world.fleet[0].plan.quota >= 20, "the ramp went on");
}

#[test]
fn work_a_slot_is_bounded_whatever_the_pool() {
    let looks = |count: u32| {
        let mut world = World::new(fleet(&vec![5; count as usize / 5], &steady(32)));
        world.limits.system_per_hour = 10_000_000;
        world.limits.system_per_minute = 10_000_000;
        world.skip_to("2026-03-02T06:00:00Z");
        world.now = at("2026-03-02T10:00:00Z");
        let summary = plan_tick(&world.input()).summary;
        assert!(summary.planned > count / 4, "{summary:?}");
        summary.looks as f64 / f64::from(summary.planned)
    };
    let (small, large) = (looks(1_000), looks(20_000));
    assert!(small <= 12.0 && large <= 12.0, "{small:.1} and {large:.1} candidates a slot");
    assert!(large <= small * 1.1, "{small:.1} → {large:.1} candidates a slot");
}

#[test]
fn a_pool_of_one_organisation_mostly_and_one_mostly_paused_still_find_partners() {
    // 95 % of one organisation: its mailboxes find the others behind the rotation.
    let mut world = World::new(fleet(&[380, 10, 10], &steady(8)));
    world.limits.variation = 0.0;
    world.skip_to("2026-03-02T06:00:00Z");
    world.until("2026-03-02T21:00:00Z");
    // They fill up the twenty others to the day's most; those send their own eight.
    assert_eq!(world.sent.len(), 20 * 60 + 20 * 8);
    let mut world = World::new(fleet(&[10; 40], &steady(8)));
    world.limits.variation = 0.0;
    for paused in world.fleet.iter_mut().filter(|row| row.plan.plan.id.0 % 20 != 0) {
        paused.plan.state = State::Paused;
    }
    world.skip_to("2026-03-02T06:00:00Z");
    world.until("2026-03-02T21:00:00Z");
    assert_eq!(world.sent.len(), 20 * 8);
}

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
    let eighth = slot_ref(replies[3].parent().unwrap());
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
    assert_eq!(visits_of(&mut world, "2026-03-03T22:00:00Z"), [(0, false, 0)], "yesterday's late mail");
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
        .insert(slot_ref(old), SlotState::Ambiguous { since: at("2026-03-02T15:00:00Z"), partner: MailboxId(1) });
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

/// A fleet of every kind: zones, windows, pools, organisations, states, providers, half-done days.
fn any_world(draw: &[u32], caps: (u32, u32, u32, u32)) -> World {
    let zones = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"];
    let states =
        [State::Warming, State::Warming, State::Ready, State::Degraded, State::Paused, State::Error, State::New];
    let providers = [Provider::Gmail, Provider::Microsoft, Provider::Yahoo, Provider::Zoho, Provider::Other];
    let mut rows = Vec::new();
    for (&draw, id) in draw.iter().zip(1..) {
        let pick = |shift: u32, n: u32| (draw >> shift) % n;
        let mut one = row(id, &format!("d{}.example", pick(0, 5)), providers[pick(3, 5) as usize], steady(pick(5, 30)));
        one.plan.plan.pool = ["p", "q"][usize::from(pick(8, 4) == 0)].parse().unwrap();
        one.plan.plan.tenant = ["t", "u"][usize::from(pick(10, 3) == 0)].parse().unwrap();
        let start = i8::try_from(pick(12, 20)).unwrap();
        let end = (start + 1 + i8::try_from(pick(16, 8)).unwrap()).min(23);
        let zone = zones[pick(19, 5) as usize];
        one.plan.plan.schedule =
            Schedule::new(zone, Time::constant(start, 0, 0, 0), Time::constant(end, 30, 0, 0), Days::ALL).unwrap();
        one.plan.state = states[pick(22, 7) as usize];
        rows.push(one);
    }
    let mut world = World::new(rows);
    (world.limits.system_per_hour, world.limits.system_per_minute) = (caps.0, caps.1);
    let plan = PlanLimits { per_hour: Some(caps.2), per_day: Some(caps.3), ..PlanLimits::default() };
    world.tenants.insert("u".parse().unwrap(), plan);
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// `World::tick` checks every tick: window, spacing, quota, partners, inbound, replies, the same plan twice.
    #[test]
    fn no_plan_breaks_a_promise(
        draw in prop::collection::vec(any::<u32>(), 1..60), start_h in 0..48_i64,
        caps in (0..400_u32, 0..10_u32, 0..60_u32, 0..40_u32), factor in 0.0..1.0_f64,
    ) {
        let mut world = any_world(&draw, caps);
        // Round the change to summer time in Europe.
        world.now = at("2026-03-28T00:00:00Z") + SignedDuration::from_hours(start_h);
        world.budgets.insert(Provider::Gmail, ProviderBudget { factor, ..ProviderBudget::default() });
        world.suppressed.insert("user3@d1.example".parse().unwrap());
        let mut hour = 0;
        for tick in 0..64 {
            let plan = world.tick();
            hour = if tick % 4 == 0 { plan.summary.planned } else { hour + plan.summary.planned };
            prop_assert!(hour <= caps.0, "{hour} of {} an hour", caps.0);
            prop_assert!(plan.summary.minute_peak <= caps.1);
            let mut minutes = [0; 15];
            let mut tenant = 0;
            for (delay_s, batch) in &plan.sends {
                minutes[(*delay_s / 60) as usize] += 1;
                tenant += u32::from(batch.tenant.as_str() == "u");
            }
            prop_assert!(minutes.iter().all(|&sends| sends <= caps.1));
            prop_assert!(tenant <= caps.2.div_ceil(4));
            let rows = world.fleet.iter().filter(|row| row.plan.plan.tenant.as_str() == "u");
            prop_assert!(rows.map(|row| row.plan.used).sum::<u32>() <= caps.3);
        }
    }
}
