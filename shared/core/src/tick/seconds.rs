//! At which second of the tick each due slot of one mailbox goes (domain.md §3).
//!
//! Spacing is the queue's delay: every order gets a second within the tick, each at least the gap after the one before
//! it, all inside the window, and the last early enough that the next tick's first one keeps the gap as well.

use jiff::Timestamp;

use crate::id::day_number;
use crate::mailbox::Provider;
use crate::slot::DaySlots;
use crate::tick::{FleetRow, TickInput};

/// Kept free before the window's end, in seconds: what queue and connection take. Ours.
const CLOSING_S: u32 = 20;

/// The seconds of one mailbox's orders.
#[derive(Debug)]
pub(crate) struct Seconds {
    /// Wanted second of each due slot, ascending; empty until the first is asked for: under a cap most never are.
    wanted: Vec<u32>,
    /// Gap before each of them, jitter included.
    gaps: Vec<u32>,
    /// Least gap.
    gap: u32,
    /// Earliest second that is free.
    from: u32,
    /// Latest second of all; `None`: nothing is left of the tick or of the window.
    last: Option<u32>,
    /// Second of the order planned last.
    before: Option<u32>,
}

impl Seconds {
    /// The room that a mailbox has in the tick.
    pub(crate) fn new(input: &TickInput<'_>, row: &FleetRow, day: &DaySlots) -> Self {
        let gap = gap_s(input, row.plan.plan.provider).max(1);
        let until = |at: Timestamp| at.as_second() - input.now.as_second();
        let (opens, closes) = day.window();
        // One second more than the gap: the sender's lock counts from its own claim, in whole seconds.
        let rested = row.plan.last_claim_at.map_or(0, |claim| until(claim) + i64::from(gap) + 1);
        let from = until(opens).max(rested).max(0);
        let latest = input.limits.delay_max_s.min(input.limits.tick_s.saturating_sub(1));
        let last = (until(closes) - i64::from(CLOSING_S)).min(i64::from(latest));
        let last = u32::try_from(last).ok().filter(|_| from <= last);
        Self {
            wanted: Vec::new(),
            gaps: Vec::new(),
            gap,
            from: u32::try_from(from).unwrap_or(u32::MAX),
            last,
            before: None,
        }
    }

    /// How many slots fit.
    pub(crate) fn fits(&self) -> usize {
        self.last.map_or(0, |last| ((last - self.from) / self.gap + 1) as usize)
    }

    /// Itself, with the wanted second of each of the due slots `ks`, which must fit.
    pub(crate) fn of(&mut self, input: &TickInput<'_>, day: &DaySlots, ks: &[u16]) -> &Self {
        if let Some(last) = self.last
            && self.wanted.is_empty()
        {
            self.gaps = gaps(input, day, ks, self.gap, last - self.from);
            self.wanted = wanted(input, day, ks, self.from, last);
            self.settle(last);
        }
        self
    }

    /// For due slot `j`: the wanted second, the earliest and the latest that leave room for those before and after.
    /// `None`: those before it were put off so far that nothing is left.
    pub(crate) fn room(&self, j: usize) -> Option<(u32, u32, u32)> {
        let wanted = *self.wanted.get(j)?;
        let after = u32::try_from(self.wanted.len() - 1 - j).unwrap_or(u32::MAX);
        let from = self.before.map_or(self.from, |before| before + self.gap);
        let to = self.last?.checked_sub(after.saturating_mul(self.gap)).filter(|&to| from <= to)?;
        let rested = self.before.map_or(wanted, |before| before + self.gaps[j]);
        Some((wanted.max(rested).clamp(from, to), from, to))
    }

    /// Notes that an order goes at this second.
    pub(crate) fn take(&mut self, at_s: u32) {
        self.before = Some(at_s);
    }

    /// Puts the wanted seconds their gaps apart: back from the end, then forth from the start.
    fn settle(&mut self, last: u32) {
        let mut latest = last;
        for (wanted, gap) in self.wanted.iter_mut().zip(&self.gaps).rev() {
            *wanted = (*wanted).min(latest);
            latest = wanted.saturating_sub(*gap);
        }
        let mut before = None;
        for (wanted, gap) in self.wanted.iter_mut().zip(&self.gaps) {
            let earliest = before.map_or(self.from, |before: u32| before + gap);
            *wanted = (*wanted).max(earliest);
            before = Some(*wanted);
        }
    }
}

/// Least gap between two sends of one mailbox, in seconds: the rule's, or the provider's rate a minute where that is
/// slower.
fn gap_s(input: &TickInput<'_>, provider: Provider) -> u32 {
    match provider {
        Provider::Microsoft => input.limits.spacing_s.max(60_u32.div_ceil(input.limits.microsoft_per_minute.max(1))),
        Provider::Gmail | Provider::Yahoo | Provider::Zoho | Provider::Other => input.limits.spacing_s,
    }
}

/// The gap before each slot: the least one and a jitter, as much as still lets all of them fit.
fn gaps(input: &TickInput<'_>, day: &DaySlots, ks: &[u16], gap: u32, span: u32) -> Vec<u32> {
    let between = u32::try_from(ks.len().saturating_sub(1)).unwrap_or(u32::MAX).max(1);
    let jitter = (span / between).saturating_sub(gap).min(input.limits.spacing_jitter_s);
    let jittered = |&k: &u16| gap + below(draw(input, day, k), jitter + 1);
    ks.iter().map(jittered).collect()
}

/// When each slot would go if it were alone, ascending: at its own time, and what is overdue spread over the tick, so
/// that a fleet that was held up does not start at once.
fn wanted(input: &TickInput<'_>, day: &DaySlots, ks: &[u16], from: u32, last: u32) -> Vec<u32> {
    let lane = (last - from) / u32::try_from(ks.len()).unwrap_or(u32::MAX).max(1);
    let mut wanted: Vec<u32> = ks
        .iter()
        .zip(0_u32..)
        .map(|(&k, i)| match u32::try_from(day.time(k).as_second() - input.now.as_second()) {
            Ok(own) => own,
            Err(_) => from + i * lane + below(draw(input, day, k) >> 32, lane.max(1)),
        })
        .collect();
    wanted.sort_unstable();
    wanted
}

fn draw(input: &TickInput<'_>, day: &DaySlots, k: u16) -> u64 {
    let parts = [u64::from(day.mailbox().0), u64::from(day_number(day.date())), u64::from(k)];
    input.seed.hash64("tick second", &parts)
}

/// A draw's low 32 bits as a number below `bound`.
fn below(draw: u64, bound: u32) -> u32 {
    u32::try_from(((draw & 0xffff_ffff) * u64::from(bound)) >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_was_put_off_pushes_those_behind_it() {
        let mut seconds = Seconds {
            wanted: vec![100, 300, 500],
            gaps: vec![60, 70, 65],
            gap: 60,
            from: 0,
            last: Some(840),
            before: None,
        };
        assert_eq!(seconds.room(0), Some((100, 0, 720)), "two more must fit behind it");
        seconds.take(450);
        assert_eq!(seconds.room(1), Some((520, 510, 780)), "its own gap if there is room, the least one always");
        seconds.take(715);
        assert_eq!(seconds.room(2), Some((780, 775, 840)));
        seconds.take(781);
        assert_eq!(seconds.room(2), None, "nothing is left of the tick");
    }

    #[test]
    fn wanted_seconds_are_settled_a_gap_apart_inside_the_tick() {
        for wanted in [vec![0, 0, 0], vec![840, 840, 840], vec![830, 835, 899], vec![100, 110, 700]] {
            let gaps = vec![60, 75, 62];
            let mut seconds = Seconds { wanted, gaps, gap: 60, from: 30, last: Some(840), before: None };
            seconds.settle(840);
            let settled = &seconds.wanted;
            assert!(settled[0] >= 30 && settled[2] <= 840, "{settled:?}");
            assert!(settled[1] - settled[0] >= 75 && settled[2] - settled[1] >= 62, "{settled:?}");
        }
    }
}
