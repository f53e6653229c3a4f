//! The promises of the tick's plan. `World` checks its ticks against all that no plan may ever break
//! (`simulation::World::check`).

mod modes;
mod partners;
mod plans;
mod replies;
mod room;
mod visiting;

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::simulation::{World, row};
use crate::backoff::ProviderBudget;
use crate::caps::PlanLimits;
use crate::mailbox::{Days, Provider, Schedule, State};
use crate::ramp::Ramp;

fn linear(start: u32, step: u32, cap: u32) -> Ramp {
    Ramp::Linear { start, step, cap }
}
fn steady(volume: u32) -> Ramp {
    linear(volume, 0, volume)
}
fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
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
        for (tenant, listed) in [("t", "user3@d1.example"), ("u", "user2@d0.example"), ("u", "user5@d2.example")] {
            world.suppressed.add(&tenant.parse().unwrap(), [listed.parse().unwrap()]);
        }
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

/// Six mailboxes of `acme` and six of `rival`, in one pool or in two.
fn two_tenants(shared: bool) -> World {
    let mut fleet = super::simulation::fleet(&[1; 12], &"table:8".parse().unwrap());
    for row in &mut fleet[6..] {
        row.plan.plan.tenant = "rival".parse().unwrap();
        if !shared {
            row.plan.plan.pool = "rival".parse().unwrap();
        }
    }
    World::new(fleet)
}

/// What a tenant reports of another's mailboxes binds only itself.
#[test]
fn a_tenants_suppressed_addresses_bind_its_own_mailboxes_alone() {
    for shared in [false, true] {
        let (mut world, mut free) = (two_tenants(shared), two_tenants(shared));
        let (own, victim) = (world.fleet[7].plan.plan.clone(), world.fleet[0].plan.plan.clone());
        let rival = own.tenant.clone();
        let listed = world.fleet[..6].iter().map(|row| row.plan.plan.address.clone());
        let listed: Vec<_> = listed.chain([own.address.clone()]).collect();
        world.suppressed.add(&rival, listed);
        world.until("2026-03-03T00:00:00Z");
        free.until("2026-03-03T00:00:00Z");
        let to = |world: &World, from: &dyn Fn(&crate::id::TenantId) -> bool, to: crate::id::MailboxId| {
            let sent = world.sent.iter().filter(|mail| {
                let sender = world.fleet.iter().find(|row| row.plan.plan.id == mail.slot.mailbox).unwrap();
                world.fleet[mail.to].plan.plan.id == to && from(&sender.plan.plan.tenant)
            });
            sent.count()
        };
        let acme = |tenant: &crate::id::TenantId| *tenant != rival;
        let is_rival = |tenant: &crate::id::TenantId| *tenant == rival;
        assert!(to(&world, &acme, victim.id) > 0, "its own pool goes on to write to it");
        assert_eq!(to(&world, &is_rival, victim.id), 0);
        assert_eq!(to(&world, &|_| true, own.id), 0, "what its own tenant has listed is no partner of anybody");
        if shared {
            assert!(to(&free, &is_rival, victim.id) > 0, "which it would have been");
        } else {
            let sent = |world: &World| world.fleet[..6].iter().map(|row| row.plan.used).collect::<Vec<_>>();
            assert_eq!(sent(&world), sent(&free), "nothing changes in the other pool");
        }
    }
}
