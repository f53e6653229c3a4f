//! Balance, memory, fill and the cost of pairing, over weeks.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{at, linear, steady};
use crate::id::MailboxId;
use crate::mailbox::{Role, State};
use crate::tick::simulation::{World, fleet};
use crate::tick::{FleetRow, plan_tick};

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
        let own = |row: &FleetRow| row.plan.quota - row.plan.carried_in;
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
fn a_pool_that_is_degraded_as_a_whole_exchanges_and_beside_healthy_ones_nobody_writes_to_it() {
    for (healthy, receive) in [(0, true), (1, true), (2, false), (3, false)] {
        let mut world = World::new(fleet(&[4, 4, 4], &steady(10)));
        for row in world.fleet.iter_mut().skip(healthy) {
            (row.plan.state, row.plan.percent) = (State::Degraded, 50);
        }
        world.now = at("2026-03-01T23:00:00Z");
        week(&mut world);
        let is_degraded = |mailbox: usize| world.fleet[mailbox].plan.state == State::Degraded;
        let to_them = world.sent.iter().filter(|mail| is_degraded(mail.to)).count();
        let by_them: BTreeMap<MailboxId, u32> = world.sent.iter().fold(BTreeMap::new(), |mut by, mail| {
            *by.entry(mail.slot.mailbox).or_default() += 1;
            by
        });
        assert_eq!(to_them > 0, receive, "{healthy} healthy");
        // Half their volume, or as many as there are to write to: never nothing.
        let degraded = world.fleet.iter().skip(healthy).map(|row| row.plan.plan.id);
        assert!(degraded.clone().all(|id| by_them.contains_key(&id)), "{healthy} healthy: {by_them:?}");
        // A healthy one writes to no degraded one.
        let from_healthy = world.sent.iter().filter(|mail| mail.slot.mailbox.0 <= healthy as u32);
        assert!(from_healthy.clone().all(|mail| !is_degraded(mail.to)));
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
fn pools_that_are_large_enough_remember_for_seven_days_and_stay_balanced() {
    // A hundred mailboxes hold ten mails a day for a week without a repeat; six hundred a whole ramp.
    for (domains, ramp) in [(vec![4; 25], steady(10)), (vec![10; 60], linear(14, 3, 40))] {
        let mut world = World::new(fleet(&domains, &ramp));
        world.check_every = 7;
        let mut openings: BTreeMap<(MailboxId, usize), Timestamp> = BTreeMap::new();
        for (from, to) in [(2, 7), (9, 14)] {
            world.sent.clear();
            for day in from..to {
                world.skip_to(&format!("2026-03-{day:02}T06:00:00Z"));
                world.until(&format!("2026-03-{day:02}T21:45:00Z"));
            }
            let (low, high) = balance(&world);
            assert!(
                low >= 0.9 && high <= 1.1,
                "{} mailboxes, week of March {from}: {low:.2}–{high:.2}",
                world.fleet.len()
            );
            for mail in world.sent.iter().filter(|mail| mail.chain.len() == 1) {
                if let Some(before) = openings.insert((mail.slot.mailbox, mail.to), mail.at) {
                    assert!(mail.at.duration_since(before).as_hours() > 6 * 24, "{} again after {before}", mail.slot);
                }
            }
        }
        assert!(world.fleet.iter().all(|row| row.plan.sent() + 1 >= row.plan.quota), "the days were full");
    }
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
    assert!(small <= 12.0 && large <= 12.0, "{small:.1} and {large:.1} looks a slot");
    assert!(large <= small * 1.1, "{small:.1} → {large:.1} looks a slot");
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
fn other_providers_are_preferred_as_configured() {
    let share_of_same = |same: f64| {
        let mut world = World::new(fleet(&[5; 24], &steady(8)));
        world.limits.provider_weights.same = same;
        world.skip_to("2026-03-02T06:00:00Z");
        world.until("2026-03-02T16:00:00Z");
        let provider = |position: usize| world.fleet[position].plan.plan.provider;
        let same = world.sent.iter().filter(|mail| provider(mail.to) == provider((mail.slot.mailbox.0 - 1) as usize));
        same.count() as f64 / world.sent.len() as f64
    };
    // Three providers of equal size: without a preference a little under a third goes to the same one.
    let (never, rather_not, alike) = (share_of_same(0.0), share_of_same(0.5), share_of_same(1.0));
    assert!(never < rather_not && rather_not < alike, "{never:.2} {rather_not:.2} {alike:.2}");
    assert!(never < 0.2 && (0.25..0.35).contains(&alike), "{never:.2} {rather_not:.2} {alike:.2}");
}
