//! Health: what became of a mailbox's mail, and the scores that follow (domain.md §7).
//!
//! ```text
//! P = (inbox + 8) / (inbox + spam + promotions/2 + missing + 10)
//! B = bounces / sent (24 h; 7 d when fewer than 20),   C = complaints / delivered (7 d)
//! deliverability = round(100 · (0.70·P + 0.15·(1 − min(1, B/0.10)) + 0.15·(1 − min(1, C/0.003)))), at most 59 while DNS fails
//! heat           = round(deliverability · min(1, sent over 7 sending days / (0.8 · targets over the same days)))
//! progress(d)    = min(100, 20·⌈d/7⌉ + 10·((d−1) mod 7)/6) for d ≤ 28;  90 + 10·min(1, (d−29)/6) after
//! warmup score   = round(progress · heat / 100)
//! ```
//!
//! Decisions where domain.md is silent:
//! - Everything is counted by the sender's local day of the *send*; reported events by the day they are of. So "24 h" is
//!   the local day and the one before it: it holds the last 24 hours whole. "7 d" is the local day and the six before it.
//! - Volume is judged by days that are over: a morning is not behind for being a morning.
//! - **Unknown is unknown.** Without a placement in the window heat is at most what it was when last known, and nothing
//!   if it never was. Without a day that is over there is no heat either.
//!
//! May not decide what follows from a score: that is [`crate::tier`] and [`crate::lifecycle`].

mod fold;
mod row;
mod text;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::limits::HealthLimits;
use crate::mailbox::{Provider, Schedule};
use crate::rate::Rate;

pub use fold::{Neighbour, Neighbours, tally_day};
pub use row::{HealthRow, ROW_DAYS_MAX};
pub use text::{DaysText, days_text};

/// What became of a mailbox's mail: counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Mails that servers took, or refused because the address is bad.
    pub sent: u32,
    /// Of them, hard bounces: refused at once, or reported later.
    pub bounced: u32,
    /// Complaints.
    pub complained: u32,
    /// Found in the inbox proper.
    pub inbox: u32,
    /// Found in spam.
    pub spam: u32,
    /// Found in a category tab.
    pub promotions: u32,
    /// Found in another folder.
    pub other: u32,
    /// Not found 48 h after the send.
    pub missing: u32,
    /// Of those found, how many a recipient has read or reads: mailboxes in `exchange` do, those in `measure` do not.
    pub read: u32,
}

impl Tally {
    /// Mails that arrived somewhere, as far as anybody said.
    #[must_use]
    pub fn delivered(&self) -> u32 {
        self.sent.saturating_sub(self.bounced)
    }

    /// Mails that were found.
    #[must_use]
    pub fn found(&self) -> u32 {
        self.inbox + self.spam + self.promotions + self.other
    }

    /// Mails of which it is known what their provider did with them, or that they are missing. What a rule of its owner's
    /// put into another folder says nothing of that.
    #[must_use]
    pub fn placements(&self) -> u32 {
        self.inbox + self.spam + self.promotions + self.missing
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.bounced += other.bounced;
        self.complained += other.complained;
        self.inbox += other.inbox;
        self.spam += other.spam;
        self.promotions += other.promotions;
        self.other += other.other;
        self.missing += other.missing;
        self.read += other.read;
    }
}

/// A local day of a mailbox: a fold of its archive, of what recipients found, and of reported events. A day that has any
/// event is kept, also one without a send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayTally {
    /// The local date.
    pub date: Date,
    /// The day's own target; 0 on a day without one.
    pub target: u32,
    /// Counters by provider of the recipient.
    pub by_provider: BTreeMap<Provider, Tally>,
    /// Hard bounces that somebody reported of this day.
    pub reported_bounces: u32,
    /// Complaints that somebody reported of this day.
    pub reported_complaints: u32,
}

impl DayTally {
    /// A day on which nothing happened yet.
    #[must_use]
    pub fn new(date: Date) -> Self {
        Self { date, target: 0, by_provider: BTreeMap::new(), reported_bounces: 0, reported_complaints: 0 }
    }

    /// All providers together.
    #[must_use]
    pub fn all(&self) -> Tally {
        let mut all = sum(self.by_provider.values());
        all.bounced += self.reported_bounces;
        all.complained += self.reported_complaints;
        all
    }

    /// Whether anything happened, or should have.
    #[must_use]
    pub fn has_any(&self) -> bool {
        self.target > 0
            || self.reported_bounces + self.reported_complaints > 0
            || self.by_provider.values().any(|tally| !tally.is_empty())
    }
}

fn sum<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Tally {
    tallies.fold(Tally::default(), |mut all, tally| {
        all.add(tally);
        all
    })
}

/// What is known of a domain's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dns {
    /// Not looked up, or the look-up failed: what was known last goes on to hold.
    Unknown,
    /// SPF, DKIM and DMARC pass.
    Passing,
    /// One of them fails.
    Failing {
        /// Since when.
        since: Timestamp,
    },
}

/// Over which time a rate was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    /// 24 hours.
    #[serde(rename = "24 h")]
    Day,
    /// 7 days.
    #[serde(rename = "7 d")]
    Week,
}

impl Window {
    /// As it is shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "24 h",
            Self::Week => "7 d",
        }
    }
}

/// The scores as they were last known: what a row keeps, and lists show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scores {
    /// 0–100.
    pub deliverability: u8,
    /// 0–100.
    pub heat: u8,
    /// The warmup score, 0–100.
    pub score: u8,
    /// Whether the warmup score is at the bar.
    pub ready: bool,
    /// The first date on which it would be, at today's heat; `None`: never at this heat.
    pub estimated_ready: Option<Date>,
}

/// What health is computed from.
#[derive(Debug, Clone, Copy)]
pub struct HealthInput<'a> {
    /// The days, in any order, at most one a date.
    pub days: &'a [DayTally],
    /// The mailbox's local date.
    pub today: Date,
    /// Its day index.
    pub day_index: u32,
    /// When it sends.
    pub schedule: &'a Schedule,
    /// Whether the domain's records fail, as far as was last known.
    pub dns_fails: bool,
    /// Bounces and complaints before this date have been paid for by a pause.
    pub counted_from: Option<Date>,
    /// What was known last.
    pub last: Option<Scores>,
}

/// The health of a mailbox at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// Counters of 24 h.
    pub day: Tally,
    /// Counters of 7 days.
    pub week: Tally,
    /// The same, by provider of the recipient.
    pub week_by_provider: BTreeMap<Provider, Tally>,
    /// The bounce rate, and over which window.
    pub bounces: (Rate, Window),
    /// Bounces of the last 24 h alone: whether the cause of a pause is gone.
    pub bounces_today: Rate,
    /// The complaint rate over 7 days.
    pub complaints: Rate,
    /// Mails found in the inbox, of those whose placement is known, over 7 days.
    pub inbox: Rate,
    /// Mails read, of those delivered, over 7 days.
    pub read: Rate,
    /// Sent on the last 7 sending days that are over, of their targets.
    pub volume: Rate,
    /// The scores; `None`: unknown.
    pub scores: Option<Scores>,
}

/// The health of a mailbox.
#[must_use]
pub fn health(input: &HealthInput<'_>, limits: &HealthLimits) -> Health {
    let from = |days: i64| input.today.saturating_sub(days.days());
    let within = |first: Date| {
        let day = move |day: &&DayTally| day.date >= first && day.date <= input.today;
        input.days.iter().filter(day)
    };
    let bad_from = |first: Date| input.counted_from.map_or(first, |from| from.max(first));
    let tally = |first: Date| {
        let days: Vec<Tally> = within(first).map(DayTally::all).collect();
        sum(days.iter())
    };
    let (day, week) = (tally(from(1)), tally(from(6)));
    let (bad_day, bad_week) = (tally(bad_from(from(1))), tally(bad_from(from(6))));
    let mut week_by_provider: BTreeMap<Provider, Tally> = BTreeMap::new();
    for (&provider, tally) in within(from(6)).flat_map(|day| &day.by_provider) {
        week_by_provider.entry(provider).or_default().add(tally);
    }
    let bounces_today = rate(bad_day.bounced, bad_day.sent);
    let bounces = if bad_day.sent >= limits.day_sample_min {
        (bounces_today, Window::Day)
    } else {
        (rate(bad_week.bounced, bad_week.sent), Window::Week)
    };
    let complaints = rate(bad_week.complained, bad_week.delivered());
    let volume = volume(input.days, input.today);
    let deliverability = deliverability(&week, bounces.0, complaints, input.dns_fails, limits);
    let heat = match (heat(deliverability, volume, limits), input.last) {
        (None, _) => None,
        // Nobody said where its mail goes: not better than when somebody did.
        (Some(heat), last) if week.placements() == 0 => last.map(|last| heat.min(last.heat)),
        (Some(heat), _) => Some(heat),
    };
    Health {
        day,
        week,
        week_by_provider,
        bounces,
        bounces_today,
        complaints,
        inbox: rate(week.inbox, week.placements()),
        read: rate(week.read, week.delivered()),
        volume,
        scores: heat.map(|heat| scores(deliverability, heat, input, limits)),
    }
}

fn scores(deliverability: u8, heat: u8, input: &HealthInput<'_>, limits: &HealthLimits) -> Scores {
    let score = score(input.day_index, heat);
    Scores {
        deliverability,
        heat,
        score,
        ready: score >= limits.ready_score,
        estimated_ready: estimated_ready(input.day_index, heat, input.schedule, input.today, limits),
    }
}

fn rate(count: u32, of: u32) -> Rate {
    Rate::new(count.into(), of.into())
}

/// Sent on the last 7 sending days that are over, of their targets. Not cut at the targets: carry-over may pass them.
fn volume(days: &[DayTally], today: Date) -> Rate {
    let mut over: Vec<&DayTally> = days.iter().filter(|day| day.date < today && day.target > 0).collect();
    over.sort_unstable_by_key(|day| std::cmp::Reverse(day.date));
    let (mut sent, mut target) = (0_u64, 0_u64);
    for day in over.into_iter().take(7) {
        sent += u64::from(day.all().sent);
        target += u64::from(day.target);
    }
    Rate::new(sent, target)
}

/// P of domain.md §7: the share that lands in the inbox, with a prior.
#[must_use]
pub fn placement_share(tally: &Tally, limits: &HealthLimits) -> f64 {
    let inbox = f64::from(tally.inbox);
    let other = f64::from(tally.spam) + f64::from(tally.promotions) / 2.0 + f64::from(tally.missing);
    (inbox + limits.prior_inbox) / (inbox + other + limits.prior_all)
}

/// The deliverability score, 0–100.
#[must_use]
pub fn deliverability(week: &Tally, bounces: Rate, complaints: Rate, dns_fails: bool, limits: &HealthLimits) -> u8 {
    let left = |rate: Rate, full: f64| 1.0 - (rate.share().unwrap_or(0.0) / full).min(1.0);
    let [placed, bounced, complained] = limits.weights;
    let sum = placed * placement_share(week, limits)
        + bounced * left(bounces, limits.bounce_full)
        + complained * left(complaints, limits.complaint_full);
    let score = percent(100.0 * sum);
    if dns_fails { score.min(limits.failing_cap) } else { score }
}

/// The heat score, 0–100; `None` before the first day with a target is over. `volume`: sent of targets.
#[must_use]
pub fn heat(deliverability: u8, volume: Rate, limits: &HealthLimits) -> Option<u8> {
    let share = volume.share()?;
    Some(percent(f64::from(deliverability) * (share / limits.volume_share).min(1.0)))
}

/// How far the ramp has come on day index `d`, 0–100; 0 before the first day.
#[must_use]
pub fn progress(d: u32) -> f64 {
    if d == 0 {
        return 0.0;
    }
    if d <= 28 {
        let (weeks, within) = (f64::from(d.div_ceil(7)), f64::from((d - 1) % 7));
        (20.0 * weeks + 10.0 * within / 6.0).min(100.0)
    } else {
        90.0 + 10.0 * (f64::from(d - 29) / 6.0).min(1.0)
    }
}

/// The warmup score, 0–100.
#[must_use]
pub fn score(day_index: u32, heat: u8) -> u8 {
    percent(progress(day_index) * f64::from(heat) / 100.0)
}

/// Day indices that are looked ahead: progress is complete long before.
const LOOK_AHEAD: u32 = 60;

/// The first date on which the warmup score would be at the bar, at today's heat: `today` if it is; `None` if that heat
/// never reaches it.
#[must_use]
pub fn estimated_ready(
    day_index: u32,
    heat: u8,
    schedule: &Schedule,
    today: Date,
    limits: &HealthLimits,
) -> Option<Date> {
    let ahead = (0..LOOK_AHEAD).find(|ahead| score(day_index.saturating_add(*ahead), heat) >= limits.ready_score)?;
    let mut date = today;
    let mut left = ahead;
    while left > 0 {
        date = date.tomorrow().ok()?;
        // A schedule that has no day left in a year has none at all.
        if (date - today).get_days() > 400 {
            return None;
        }
        left -= u32::from(schedule.is_sending_day(date));
    }
    Some(date)
}

fn percent(value: f64) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0–100")]
    let whole = value.round().clamp(0.0, 100.0) as u8;
    whole
}

#[cfg(test)]
mod tests;
