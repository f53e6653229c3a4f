//! The fleet as numbers: which row is whose, and what is on its way to whom.
//!
//! A mailbox is its position in the fleet's slice here; ids and names are looked up once a tick.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use crate::id::MailboxId;
use crate::mailbox::Schedule;
use crate::tick::FleetRow;

/// Finds a mailbox's position by its id. Ids are given in sequence, so a table of them is dense almost always; where it
/// would be more than 4 times the fleet, a sorted list serves.
#[derive(Debug)]
pub(crate) enum ById {
    Dense { first: u32, at: Vec<u32> },
    Sorted(Vec<(u32, u32)>),
}

/// No mailbox.
const NONE: u32 = u32::MAX;

impl ById {
    pub(crate) fn new(fleet: &[FleetRow]) -> Self {
        let ids = || fleet.iter().map(|row| row.plan.plan.id.0);
        let (Some(first), Some(last)) = (ids().min(), ids().max()) else { return Self::Sorted(Vec::new()) };
        let width = (last - first) as usize + 1;
        if width > fleet.len().saturating_mul(4).saturating_add(1024) {
            let mut sorted: Vec<(u32, u32)> = ids().zip(0..).collect();
            sorted.sort_unstable();
            return Self::Sorted(sorted);
        }
        let mut at = vec![NONE; width];
        for (id, position) in ids().zip(0..) {
            at[(id - first) as usize] = position;
        }
        Self::Dense { first, at }
    }

    pub(crate) fn get(&self, id: MailboxId) -> Option<usize> {
        let position = match self {
            Self::Dense { first, at } => *at.get(id.0.checked_sub(*first)? as usize)?,
            Self::Sorted(sorted) => sorted[sorted.binary_search_by_key(&id.0, |entry| entry.0).ok()?].1,
        };
        (position != NONE).then_some(position as usize)
    }
}

/// What the rows of the current local days say about mail on its way.
#[derive(Debug)]
pub(crate) struct Traffic {
    /// By recipient: slots of others that were sent to it, are being sent, or may have been.
    pub(crate) addressed: Vec<u32>,
    /// By recipient: how many of those its visits have found.
    pub(crate) found: Vec<u32>,
}

impl Traffic {
    /// Of days that are going on at their sender. What is older was found, or is looked for by the first visit of the
    /// next day.
    pub(crate) fn new(fleet: &[FleetRow], by_id: &ById, today: &[Today]) -> Self {
        let mut traffic = Self { addressed: vec![0; fleet.len()], found: vec![0; fleet.len()] };
        let is_current = |position: usize| fleet[position].plan.date == Some(today[position].date);
        for (_, row) in fleet.iter().enumerate().filter(|&(position, _)| is_current(position)) {
            for state in row.plan.slots.values().filter(|state| state.counts()) {
                if let Some(to) = by_id.get(state.partner()) {
                    traffic.addressed[to] += 1;
                }
            }
        }
        for (me, row) in fleet.iter().enumerate() {
            let mine = row.plan.plan.id;
            let current = row.box_row.found.iter().filter(|found| {
                by_id.get(found.slot.mailbox).is_some_and(|from| {
                    let sender = &fleet[from].plan;
                    is_current(from)
                        && sender.date == Some(found.slot.date)
                        && sender
                            .slots
                            .get(&found.slot.k)
                            .is_some_and(|state| state.counts() && state.partner() == mine)
                })
            });
            traffic.found[me] = u32::try_from(current.count()).unwrap_or(u32::MAX);
        }
        traffic
    }

    /// How many mails are on their way to a mailbox, as far as the current rows tell.
    pub(crate) fn awaited(&self, mailbox: usize) -> u32 {
        self.addressed[mailbox].saturating_sub(self.found[mailbox])
    }
}

/// A local date.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Today {
    pub(crate) date: Date,
    /// Its first instant.
    pub(crate) midnight: Timestamp,
    /// How long it is: not always 24 hours.
    pub(crate) length_s: i64,
    /// The mailbox's window on it; `None` on a day off.
    pub(crate) window: Option<(Timestamp, Timestamp)>,
}

impl Today {
    /// The date of each mailbox at `now`, by position; looked up once a schedule.
    pub(crate) fn of_all(fleet: &[FleetRow], now: Timestamp) -> Vec<Self> {
        let mut known: BTreeMap<(&str, Time, Time, u8), Self> = BTreeMap::new();
        // Neighbours mostly have the same schedule.
        let mut last: Option<(&Schedule, Self)> = None;
        let mut all = Vec::with_capacity(fleet.len());
        for row in fleet {
            let schedule = &row.plan.plan.schedule;
            let today = match last {
                Some((same, today)) if same == schedule => today,
                _ => {
                    let key = (schedule.zone.as_str(), schedule.start, schedule.end, schedule.days.0);
                    *known.entry(key).or_insert_with(|| Self::of(schedule, now))
                }
            };
            last = Some((schedule, today));
            all.push(today);
        }
        all
    }

    fn of(schedule: &Schedule, now: Timestamp) -> Self {
        let date = schedule.local_date(now);
        let (midnight, next) = schedule.day_bounds(date);
        let length_s = next.duration_since(midnight).as_secs();
        Self { date, midnight, length_s, window: schedule.window_on(date) }
    }
}

/// Gives names small numbers, in the order of first sight.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    numbers: BTreeMap<&'a str, u32>,
    /// Neighbours mostly have the same name: one comparison instead of a search.
    last: Option<(&'a str, u32)>,
}

impl<'a> Names<'a> {
    pub(crate) fn number(&mut self, name: &'a str) -> u32 {
        if let Some((last, number)) = self.last
            && last == name
        {
            return number;
        }
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(name).or_insert(next);
        self.last = Some((name, number));
        number
    }
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }
    /// By number: where the name stands in alphabetical order, which does not depend on who was seen first.
    pub(crate) fn ranks(&self) -> Vec<u32> {
        let mut ranks = vec![0; self.numbers.len()];
        for (&number, rank) in self.numbers.values().zip(0..) {
            ranks[number as usize] = rank;
        }
        ranks
    }
}
