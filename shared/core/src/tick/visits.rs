//! Which mailboxes are visited in a tick: where mail is expected or something is to be done (domain.md §6).

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::day::SlotState;
use crate::engage::{KEPT_DAYS, VISITS_MAX, VisitDay, at_local_second};
use crate::id::SlotId;
use crate::mailbox::State;
use crate::message::{Search, VERSION, VisitOrder};
use crate::tick::fleet::{ById, Names, Today, Traffic};
use crate::tick::{FleetRow, TickInput, later};

/// How long a send has been ambiguous before it is searched for, so that slow delivery is over. Ours.
const SEARCH_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// How long after a pool's last claim its mail may still lie somewhere unseen: from a late window on one side of the
/// world to the first visit of the next day on the other. Ours.
const IN_FLIGHT: SignedDuration = SignedDuration::from_hours(36);
/// The last visit of the day is planned again in every second tick (its order lives for two) until it was recorded, or
/// the day has had the most sessions it may.
const REPEAT_TICKS: i64 = 2;
/// For how long after a pool's last claim the evening visits go on, so that filed copies are deleted in time: they are kept
/// for 14 days, and the last ones are filed within [`IN_FLIGHT`].
const EXPIRING: SignedDuration = SignedDuration::from_hours(24 * (KEPT_DAYS + 3));

/// The visits of the tick, in order of delay and mailbox.
pub(crate) fn plan<'t>(
    input: &TickInput<'_>,
    by_id: &ById,
    traffic: impl Fn() -> &'t Traffic,
    today: &[Today],
) -> Vec<(u32, VisitOrder)> {
    let mut searches = searches(input, by_id);
    let last_claims = last_claims(input);
    let mut visits = Vec::new();
    for (mailbox, row) in input.fleet.iter().enumerate() {
        if !is_visited(row.plan.state) {
            continue;
        }
        let day = today[mailbox];
        let is_new = row.plan.state == State::New;
        let due = if is_new { Some(first_visit(input, row)) } else { due_visit(input, row, day) };
        let Some(visit) = due else { continue };
        let search = searches.remove(&mailbox).unwrap_or_default();
        let within = |span| last_claims[mailbox].is_some_and(|claim| input.now.duration_since(claim) <= span);
        let first_after_night = visit.number == 0 && within(IN_FLIGHT);
        let expiry = visit.last && within(EXPIRING);
        let needed = is_new || !search.is_empty() || first_after_night || expiry;
        if !(needed || is_active(row, day.date) || traffic().awaited(mailbox) > 0) {
            continue;
        }
        let plan = &row.plan.plan;
        let order = VisitOrder {
            v: VERSION,
            tenant: plan.tenant.clone(),
            mailbox: plan.id,
            date: day.date,
            visit: visit.number,
            last_of_day: visit.last,
            not_after: later(input.now, input.limits.tick_s.saturating_mul(2)),
            search,
        };
        visits.push((visit.delay_s, order));
    }
    visits.sort_unstable_by_key(|(delay_s, order)| (*delay_s, order.mailbox));
    visits
}

/// Whether a mailbox in this state is visited: what is on its way to a paused one is still found and filed, and a new one
/// is visited for the first time, to see whether its credentials work.
fn is_visited(state: State) -> bool {
    match state {
        State::New | State::Warming | State::Ready | State::Degraded | State::Paused => true,
        State::Error | State::Retired => false,
    }
}

/// The first visit of a new mailbox: in this tick, whatever its waking hours, spread over the tick.
fn first_visit(input: &TickInput<'_>, row: &FleetRow) -> Visit {
    let spread = u64::from(input.limits.delay_max_s.min(input.limits.tick_s).saturating_sub(30).max(1));
    let delay = input.seed.hash64("first visit", &[u64::from(row.plan.plan.id.0)]) % spread;
    Visit { number: 0, last: false, delay_s: u32::try_from(delay).unwrap_or(0) }
}

/// Whether there is anything to do: mail found today that waits to be read and filed, own sent copies.
fn is_active(row: &FleetRow, today: Date) -> bool {
    let found_before = row.box_row.found_before as usize;
    let found = row.box_row.date == Some(today) && row.box_row.found.len() > found_before;
    let sent = row.plan.date == Some(today) && row.plan.used > 0;
    found || sent
}

/// By position: when anybody of its pool sent last, so that mail can be on its way unseen or lie filed. A mailbox that
/// exchanges nothing (any more) has only its own.
fn last_claims(input: &TickInput<'_>) -> Vec<Option<Timestamp>> {
    let mut pools = Names::default();
    let mut last: Vec<Option<Timestamp>> = Vec::new();
    let mut pool_of = Vec::with_capacity(input.fleet.len());
    for row in input.fleet {
        let pool = pools.number(row.plan.plan.pool.as_str()) as usize;
        last.resize(last.len().max(pool + 1), None);
        last[pool] = last[pool].max(row.plan.last_claim_at);
        pool_of.push(pool);
    }
    let of = |(row, pool): (&FleetRow, usize)| {
        if row.plan.plan.exchanges() { last[pool] } else { row.plan.last_claim_at }
    };
    input.fleet.iter().zip(pool_of).map(of).collect()
}

/// The ambiguous sends of all mailboxes, by recipient: those of the current days, and older ones that are still open.
fn searches(input: &TickInput<'_>, by_id: &ById) -> BTreeMap<usize, Vec<Search>> {
    let mut searches: BTreeMap<usize, Vec<Search>> = BTreeMap::new();
    for row in input.fleet {
        let plan = &row.plan.plan;
        let today = row.plan.slots.iter().filter_map(|(&k, &state)| {
            let date = row.plan.date?;
            Some((SlotId { mailbox: plan.id, date, k }, state))
        });
        let open = row.plan.open.iter().map(|(&slot, &state)| (slot, state));
        for (slot, state) in today.chain(open) {
            if let Some((to, since)) = lost(input, by_id, state) {
                searches.entry(to).or_default().push(Search { slot, from: plan.address.clone(), since });
            }
        }
    }
    for search in searches.values_mut() {
        search.sort_unstable_by_key(|search| search.slot);
    }
    searches
}

fn lost(input: &TickInput<'_>, by_id: &ById, state: SlotState) -> Option<(usize, Timestamp)> {
    let since = state.ambiguous_since(input.now)?;
    let is_old = input.now.duration_since(since) >= SEARCH_AFTER;
    is_old.then(|| by_id.get(state.partner())).flatten().map(|to| (to, since))
}

/// A visit that falls into the tick.
struct Visit {
    number: u8,
    last: bool,
    delay_s: u32,
}

fn due_visit(input: &TickInput<'_>, row: &FleetRow, day: Today) -> Option<Visit> {
    let plan = &row.plan.plan;
    let visits = input.limits.visits_per_day.min(VISITS_MAX);
    let done = if row.box_row.date == Some(day.date) { row.box_row.visits_done } else { 0 };
    let tick_s = i64::from(input.limits.tick_s.max(1));
    let of_day = VisitDay::new(input.seed, &plan.schedule, plan.id, day.date, visits);
    let now_s = input.now.as_second() - day.midnight.as_second();
    for number in (0..visits).filter(|number| done & (1 << number) == 0) {
        let last = number + 1 == visits;
        let (from, to) = of_day.span(number);
        // Most spans lie elsewhere in the day: their visits need not be drawn. Not so simple where the clock jumps.
        if day.length_s == 86_400 {
            if i64::from(from) >= now_s + tick_s {
                break;
            }
            if !last && i64::from(to) < now_s {
                continue;
            }
        }
        let at = at_local_second(&plan.schedule, day.date, day.midnight, day.length_s, of_day.second(number));
        let delay_s = at.as_second() - input.now.as_second();
        if (0..tick_s).contains(&delay_s) {
            return Some(Visit { number, last, delay_s: u32::try_from(delay_s).ok()? });
        }
        // The tick that the visit fell into is 0.
        let ticks_late = (tick_s - 1 - delay_s) / tick_s;
        let repeats = i64::from(VISITS_MAX - visits);
        let is_repeat = ticks_late % REPEAT_TICKS == 0 && ticks_late / REPEAT_TICKS <= repeats;
        if last && delay_s < 0 && is_repeat {
            return Some(Visit { number, last, delay_s: u32::try_from(delay_s.rem_euclid(tick_s)).ok()? });
        }
    }
    None
}
