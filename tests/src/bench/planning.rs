//! The pure planner, without a database: how many slots it gets through in a second on one core.

use std::collections::BTreeMap;
use std::hint::black_box;

use anyhow::{Context, Result};
use preheat_core::content::deck::Decks;
use preheat_core::seed::Seed;
use preheat_core::slot::DaySlots;
use preheat_core::suppression::Suppressed;
use preheat_core::tick::{TickInput, plan_tick};

use crate::bench::fleet;
use crate::bench::process::cpu_s;

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Planning {
    /// Mailboxes of the fleet.
    pub mailboxes: u32,
    /// Times of slots computed, a second, each mailbox's day set up anew.
    pub slot_times_per_s: f64,
    /// Slots of the day that a whole tick's plan decided on (send now, later, or not), a second: order, caps, seconds and
    /// partners included.
    pub slots_per_s: f64,
    /// Orders of that tick, a second.
    pub orders_per_s: f64,
}

/// Measures the tick at 10:00 of a fleet that has sent nothing yet: every mailbox is due.
///
/// # Errors
/// The fleet cannot be built.
pub fn measure(mailboxes: u32) -> Result<Planning> {
    let seed = Seed::new([7; 32]);
    let rows = fleet::begun(mailboxes, &seed)?;
    let slots: u32 = rows.iter().map(|row| row.plan.quota).sum();
    let mut days = Vec::with_capacity(rows.len());
    for row in &rows {
        days.push((&row.plan.plan, row.plan.date.context("the day has not begun")?, u16::try_from(row.plan.quota)?));
    }
    let times_s = cpu_s_of(|| {
        for (plan, date, quota) in &days {
            let day = DaySlots::new(&seed, &plan.schedule, plan.id, *date);
            for k in 0..*quota {
                black_box(day.as_ref().map(|day| day.time(k)));
            }
        }
    })?;
    let limits = fleet::limits();
    let input = TickInput {
        now: fleet::monday_at(10)?,
        fleet: &rows,
        seed: &seed,
        limits: &limits,
        tenants: &BTreeMap::new(),
        provider_budgets: &BTreeMap::new(),
        suppressed: &Suppressed::default(),
        decks: &Decks::default(),
    };
    let plan_s = cpu_s_of(|| {
        black_box(plan_tick(&input));
    })?;
    let plan = plan_tick(&input);
    Ok(Planning {
        mailboxes,
        slot_times_per_s: f64::from(slots) / times_s,
        slots_per_s: f64::from(slots) / plan_s,
        orders_per_s: f64::from(plan.summary.planned) / plan_s,
    })
}

/// Processor time of one round of `work`, in seconds: it is repeated until a second is used, as the clock is coarse.
fn cpu_s_of(mut work: impl FnMut()) -> Result<f64> {
    let start = cpu_s()?;
    let mut rounds = 0_u32;
    loop {
        work();
        rounds += 1;
        let used = cpu_s()? - start;
        if used >= 1.0 {
            return Ok(used / f64::from(rounds));
        }
    }
}
