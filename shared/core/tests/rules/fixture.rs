//! A mailbox, its rows and its day, as the tests of one rule need them.

use jiff::civil::{Date, time};
use jiff::{Timestamp, ToSpan};
use preheat_core::catchup::{DueNow, due};
use preheat_core::content::Language;
use preheat_core::day::{PlanRow, SlotState};
use preheat_core::id::MailboxId;
use preheat_core::limits::Limits;
use preheat_core::mailbox::{Days, MailboxPlan, Mode, Provider, Role, Schedule, State};
use preheat_core::seed::Seed;
use preheat_core::slot::DaySlots;
use preheat_core::visit::BoxRow;

pub(crate) const PARTNER: MailboxId = MailboxId(77);

pub(crate) fn seed() -> Seed {
    Seed::new([42; 32])
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A mailbox in UTC, 09:00–17:00, Monday to Friday.
pub(crate) fn plan(ramp: &str) -> MailboxPlan {
    MailboxPlan {
        id: MailboxId(1),
        tenant: "acme".parse().unwrap(),
        address: "ann@acme.test".parse().unwrap(),
        provider: Provider::Other,
        organisation: "acme.test".into(),
        pool: "acme".parse().unwrap(),
        role: Role::Sender,
        mode: Mode::Exchange,
        schedule: Schedule::new("UTC", time(9, 0, 0, 0), time(17, 0, 0, 0), Days::WORKING).unwrap(),
        ramp: ramp.parse().unwrap(),
        cap_per_day: None,
        reply_rate: 0.3,
        language: Language::default(),
    }
}

/// A warming mailbox that has not had a day yet.
pub(crate) fn fresh_row(plan: MailboxPlan) -> PlanRow {
    PlanRow::new(plan, State::Warming)
}

/// A warming mailbox on a day with this quota, of which the first `sent` slots are sent.
pub(crate) fn row_on(date: Date, day_index: u32, quota: u32, sent: u16) -> PlanRow {
    let mut row = fresh_row(plan("conservative"));
    (row.date, row.day_index, row.quota) = (Some(date), day_index, quota);
    for k in 0..sent {
        settle(&mut row, k, SlotState::Sent { partner: PARTNER });
    }
    row
}

/// Gives a slot an outcome, as the store would.
pub(crate) fn settle(row: &mut PlanRow, k: u16, state: SlotState) {
    assert!(row.slots.insert(k, state).is_none(), "slot {k} twice");
    row.used += u32::from(state.counts());
}

pub(crate) fn no_box() -> BoxRow {
    BoxRow::default()
}

pub(crate) fn slots_of(row: &PlanRow) -> DaySlots {
    DaySlots::new(&seed(), &row.plan.schedule, row.plan.id, row.date.unwrap()).unwrap()
}

/// Ticks of 15 minutes over a local date, with their start and end.
pub(crate) fn ticks(row: &PlanRow) -> impl Iterator<Item = (Timestamp, Timestamp)> + use<> {
    let (start, end) = row.plan.schedule.day_bounds(row.date.unwrap());
    (0..)
        .map(move |tick| (start + (15 * tick).minutes(), start + (15 * (tick + 1)).minutes()))
        .take_while(move |t| t.0 < end)
}

/// Runs a day: in every tick that `works`, what is due is sent. Returns what each tick was told to send.
pub(crate) fn run_day(
    row: &mut PlanRow,
    limits: &Limits,
    mut outcome: impl FnMut(Timestamp, u16) -> Option<SlotState>,
) -> Vec<(Timestamp, DueNow)> {
    let slots = slots_of(row);
    let mut told = Vec::new();
    for (start, end) in ticks(row) {
        let now = due(&slots, row, start, end, limits);
        for &k in &now.ks {
            if let Some(state) = outcome(start, k) {
                settle(row, k, state);
            }
        }
        told.push((start, now));
    }
    told
}
