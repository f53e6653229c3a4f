//! The rule for catch-up: what is due in this tick, how what was missed is made up for, and what is carried over
//! (domain.md §4).
//!
//! In plain words:
//! 1. **Behind** is a slot whose time has passed and that has no outcome: an outage, a cap or a 4xx kept it back.
//! 2. What is behind is spread evenly over the ticks that are left of today's window, the last one spared for what
//!    goes wrong until then. The most overdue goes first.
//! 3. Slots of their own time and slots made up for together never pass **twice the normal rate**, which is the day's
//!    quota over the length of its window. (The bound is a line of that slope over the window: between any two
//!    moments no more is planned than it allows, plus one for the fraction. Only the day's own curve may pass it for
//!    a tick, by chance.)
//! 4. What today's window cannot hold is **carried** to the next sending day, at most 20 % of that day's target and
//!    never over a ceiling ([`carry`]). The rest is recorded as missed, with the reason ([`crate::turn`]).
//! 5. Never outside the window, never more than the quota. A refused slot (5xx) gives its quota back, so another slot
//!    of the same day may take its place, for at most a quarter of the quota: who refuses more is not hammered.
//! 6. After an outage of a provider the same bound holds: there is no burst.
//!
//! Everything follows from the row and the tick: planning a tick twice gives the same slots. May not choose between
//! mailboxes; that is the tick's, which orders them by [`DueNow::deficit`].

use jiff::Timestamp;

use crate::day::PlanRow;
use crate::limits::Limits;
use crate::mailbox::Role;
use crate::slot::DaySlots;

/// What one mailbox has to do in a tick.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DueNow {
    /// Slots to send in this tick, the most overdue first.
    pub ks: Vec<u16>,
    /// How many slots are behind: their time was before the tick, and they have no outcome.
    pub behind: u32,
    /// How many sends were expected by the start of the tick.
    pub expected: u32,
    /// `(expected − done) / quota`, at least 0: who is most behind goes first.
    pub deficit: f64,
}

/// The slots of a row that fall due before `tick_end`, with what is behind, within the rule above.
///
/// `slots` must be of the row's own date: another gives nothing. A mailbox that does not send now, or whose window is
/// closed, has its figures but no `ks`.
#[must_use]
pub fn due(slots: &DaySlots, row: &PlanRow, tick_start: Timestamp, tick_end: Timestamp, limits: &Limits) -> DueNow {
    if row.date != Some(slots.date()) || row.quota == 0 {
        return DueNow::default();
    }
    let (open, close) = slots.window();
    if tick_end <= open {
        return DueNow::default();
    }
    if tick_start >= close {
        return figures(row, row.quota, unfilled(slots, row, limits));
    }
    // Slots fall on whole seconds.
    let (start_s, end_s) = (first_second(tick_start), first_second(tick_end));
    let mut waiting = Vec::with_capacity(row.quota.min(256) as usize);
    let (mut overdue, mut expected) = (0_u32, 0_u32);
    for (nth, (k, at_s)) in (0..).zip(day_slots(slots, row, limits)) {
        if nth < row.quota && at_s <= tick_start.as_second() {
            expected += 1;
        }
        if at_s < end_s && !row.slots.contains_key(&k) {
            overdue += u32::from(at_s < start_s);
            waiting.push((at_s, k));
        }
    }
    let mut due = figures(row, expected, overdue);
    let left = row.quota.saturating_sub(row.used);
    if !row.state.sends() || left == 0 {
        return due;
    }
    let fresh = u32::try_from(waiting.len()).unwrap_or(u32::MAX) - overdue;
    let spread = fresh + overdue.div_ceil(ticks_left(tick_start, tick_end, close));
    let allowed = allowance(slots, row, tick_start, tick_end, limits).max(fresh);
    let many = spread.min(allowed).min(left) as usize;
    if many < waiting.len() {
        // After an outage most of a day waits, of which a tick takes some.
        waiting.select_nth_unstable(many);
        waiting.truncate(many);
    }
    waiting.sort_unstable();
    due.ks = waiting.iter().map(|&(_, k)| k).collect();
    due
}

/// The figures of a row of which so many sends were expected by now, and so many slots are overdue.
fn figures(row: &PlanRow, expected: u32, overdue: u32) -> DueNow {
    match row.plan.role {
        Role::Sender => DueNow {
            ks: Vec::new(),
            behind: overdue.min(row.quota.saturating_sub(row.used)),
            expected,
            deficit: f64::from(expected.saturating_sub(row.used)) / f64::from(row.quota),
        },
        // A seed may reply within its quota, but owes nothing: it is never behind anybody who does.
        Role::Seed => DueNow::default(),
    }
}

/// How many slots a row's day has, refused ones replaced: `quota` of them from the moment it was begun, and one more for each
/// refused one, up to [`Limits::replacement_share`].
fn day_slot_count(row: &PlanRow, limits: &Limits) -> u32 {
    let refused = row.slots.values().filter(|state| state.is_refused()).count();
    let replaced = u32::try_from(refused).unwrap_or(u32::MAX).min(share(limits.replacement_share, row.quota).max(1));
    row.quota.saturating_add(replaced)
}

/// The slots that a row's day consists of, with their second since the epoch.
fn day_slots(slots: &DaySlots, row: &PlanRow, limits: &Limits) -> impl Iterator<Item = (u16, i64)> {
    own_seconds(*slots, row.begun_at).take(day_slot_count(row, limits) as usize)
}

/// How many slots of a day that is over have no outcome.
fn unfilled(slots: &DaySlots, row: &PlanRow, limits: &Limits) -> u32 {
    let count = day_slot_count(row, limits);
    let filled = if row.begun_at.is_none() {
        row.slots.keys().take_while(|&&k| u32::from(k) < count).count()
    } else {
        day_slots(slots, row, limits).filter(|(k, _)| row.slots.contains_key(k)).count()
    };
    count.saturating_sub(u32::try_from(filled).unwrap_or(u32::MAX))
}

/// The slots of a day in order of k, without those due before it was begun.
pub(crate) fn own_slots(slots: DaySlots, begun_at: Option<Timestamp>) -> impl Iterator<Item = (u16, Timestamp)> {
    own_seconds(slots, begun_at).map(move |(k, _)| (k, slots.time(k)))
}

/// The same in seconds since the epoch: what most ticks compare, for every slot of every mailbox.
fn own_seconds(slots: DaySlots, begun_at: Option<Timestamp>) -> impl Iterator<Item = (u16, i64)> {
    let begun_s = begun_at.map_or(i64::MIN, first_second);
    (0..=u16::MAX).map(move |k| (k, slots.second(k))).filter(move |&(_, at_s)| at_s >= begun_s)
}

/// The first whole second at or after a moment of our age.
fn first_second(at: Timestamp) -> i64 {
    at.as_second() + i64::from(at.subsec_nanosecond() > 0)
}

/// Ticks over which catch-up is spread: those that are left of the window, but for the last.
fn ticks_left(tick_start: Timestamp, tick_end: Timestamp, close: Timestamp) -> u32 {
    let seconds = |from: Timestamp, to: Timestamp| u32::try_from(to.as_second() - from.as_second()).unwrap_or(0);
    let ticks = seconds(tick_start, close).div_ceil(seconds(tick_start, tick_end).max(1));
    ticks.saturating_sub(1).max(1)
}

/// How many sends of any kind the bound allows in this tick: the whole steps of a line that rises by `catchup_factor`
/// quotas over the window. Where its steps fall differs by mailbox, so that not all catch up in the same tick.
fn allowance(slots: &DaySlots, row: &PlanRow, from: Timestamp, to: Timestamp, limits: &Limits) -> u32 {
    let begun = row.begun_at.map_or(0.0, |at| slots.elapsed(at));
    // A day begun late has its quota for the rest of the window only.
    let slope = limits.catchup_factor * f64::from(row.quota) / (1.0 - begun).max(f64::EPSILON);
    let line = |at: Timestamp| ((slots.elapsed(at) - begun).max(0.0) * slope + slots.phase()).floor();
    whole(line(to) - line(from))
}

/// How much of what the last sending day left unfilled the next one takes on: at most [`Limits::carry_share`] of its own
/// target, and never over its ceiling.
#[must_use]
pub fn carry(unfilled: u32, target: u32, ceiling: u32, limits: &Limits) -> u32 {
    unfilled.min(share(limits.carry_share, target)).min(ceiling.saturating_sub(target))
}

/// Quota completion: done / expected by now; 1.0 while nothing is expected.
#[must_use]
pub fn completion(done: u32, expected: u32) -> f64 {
    if expected == 0 { 1.0 } else { f64::from(done) / f64::from(expected) }
}

/// Whether a mailbox, tenant or system is to be called behind: completion under 0.8 with 3 or more expected.
#[must_use]
pub fn is_behind(done: u32, expected: u32, limits: &Limits) -> bool {
    expected >= limits.behind_expected_min && completion(done, expected) < limits.behind_completion
}

/// A share of a number, rounded down. A hair is added, so that 20 % of 30 is 6 whatever the last bit says.
fn share(share: f64, of: u32) -> u32 {
    whole((share * f64::from(of) + 1e-9).floor())
}

fn whole(number: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates; callers floor")]
    let whole = number as u32;
    whole
}
