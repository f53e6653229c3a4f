//! Health: what became of a mailbox's mail, and the scores that follow (domain.md §7).
//!
//! ```text
//! P = (inbox + 8) / (inbox + spam + promotions/2 + missing + 10)
//! B = bounces / sent (24 h, see below; 7 d when fewer than 20),   C = complaints / delivered (7 d)
//! deliverability = round(100 · (0.70·P + 0.15·(1 − min(1, B/0.10)) + 0.15·(1 − min(1, C/0.003)))), at most 59 while DNS fails
//! heat           = round(deliverability · min(1, sent over 7 sending days / (0.8 · owed on the same days)))
//! progress(d)    = min(100, 20·⌈d/7⌉ + 10·((d−1) mod 7)/6) for d ≤ 28;  90 + 10·min(1, (d−29)/6) after
//! warmup score   = round(progress · heat / 100)
//! ```
//!
//! Decisions where domain.md is silent:
//! - Everything is counted by the sender's local day of the *send*; reported events by the day they are of. So "24 h" is
//!   today and yesterday, and is shown as that: it holds the last 24 hours whole, and up to 24 more. A narrower window would have
//!   to know the time of every bounce: a slot keeps none (its row has to stay under a kilobyte), and a counter of reported events
//!   is a day's. And a window that lost an hour of bounces would be worse than one that remembers some for longer. "7 d" is today
//!   and the six days before it.
//! - What a server refused at once is known with its recipient's provider, and shown by it; what was reported later is counted
//!   for the mailbox alone, as its counter is one number a day.
//! - Volume is judged by days that are over: a morning is not behind for being a morning. It is held against what was
//!   [`owed()`]: the targets, without what was missed for reasons that are not the mailbox's own.
//! - **Unknown is unknown.** Without a placement in the window there is no heat unless there was one before, and until
//!   as many mails were found in the inbox as the prior is made of, scores are at most what they were when last known: before
//!   that the prior says more than what was seen. Only the inbox counts towards it, so that one more mail in spam never lifts a score.
//! - Bounces and complaints are counted for all mail of a mailbox, of which only warmup's is known slot by slot; so they are
//!   held against whichever is more, warmup's sends or the attempts that were reported.
//! - A failing domain caps what is shown, and keeps a mailbox from becoming ready. [`Reputation`] is the same without the cap:
//!   what can be lost. Records are mended in a minute; a mailbox that fell behind for them would take weeks.
//!
//! May not decide what follows from a score: that is [`crate::tier`] and [`crate::lifecycle`].

mod fold;
mod owed;
mod row;
mod text;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::limits::HealthLimits;
use crate::mailbox::{Provider, Schedule};
use crate::rate::Rate;

pub use fold::{Neighbour, Neighbours, is_visited, tally_day};
pub use owed::{is_own, owed};
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
    /// Of those found, how many were seen read on the recipient's server.
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
    /// What it [`owed()`] of its own target; 0 on a day without one.
    pub target: u32,
    /// Counters by provider of the recipient.
    pub by_provider: BTreeMap<Provider, Tally>,
    /// Hard bounces that somebody reported of this day.
    pub reported_bounces: u32,
    /// Complaints that somebody reported of this day.
    pub reported_complaints: u32,
    /// Attempts that somebody reported of this day: mail of every kind, so warmup's perhaps among it.
    pub reported_attempts: u32,
}

impl DayTally {
    /// A day on which nothing happened yet.
    #[must_use]
    pub fn new(date: Date) -> Self {
        Self {
            date,
            target: 0,
            by_provider: BTreeMap::new(),
            reported_bounces: 0,
            reported_complaints: 0,
            reported_attempts: 0,
        }
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
            || self.reported_bounces + self.reported_complaints + self.reported_attempts > 0
            || self.by_provider.values().any(|tally| !tally.is_empty())
    }
}

/// Counters of today and the six days before it, by provider of the recipient: without what was reported later, of which nobody
/// knows the provider.
#[must_use]
pub fn week_by_provider(days: &[DayTally], today: Date) -> BTreeMap<Provider, Tally> {
    let week = today.saturating_sub(6.days())..=today;
    let mut all: BTreeMap<Provider, Tally> = BTreeMap::new();
    for (&provider, tally) in days.iter().filter(|day| week.contains(&day.date)).flat_map(|day| &day.by_provider) {
        all.entry(provider).or_default().add(tally);
    }
    all
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

/// Over which time a rate was taken: local days of the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    /// Today and yesterday: the last 24 hours whole, and up to 24 more.
    #[serde(rename = "today and yesterday")]
    Day,
    /// Today and the six days before it.
    #[serde(rename = "7 d")]
    Week,
}

impl Window {
    /// As it is shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "today and yesterday",
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
    /// Both without the cap of a failing domain, where that binds.
    #[serde(default, rename = "own", skip_serializing_if = "Option::is_none")]
    pub uncapped: Option<Reputation>,
}

impl Scores {
    /// Both without the cap of a failing domain.
    #[must_use]
    pub fn reputation(&self) -> Reputation {
        self.uncapped.unwrap_or(Reputation { deliverability: self.deliverability, heat: self.heat })
    }
}

/// What a mailbox can lose: its scores without the cap of a failing domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reputation {
    /// 0–100.
    #[serde(rename = "d")]
    pub deliverability: u8,
    /// 0–100.
    #[serde(rename = "h")]
    pub heat: u8,
}

impl Reputation {
    /// Whether it counts as lost: heat is low, and not for volume alone. Where deliverability is as good as `ready` asks for,
    /// a mailbox that sends little is only that; it would be taken out of service for what no provider has said of it, and
    /// could not send its way back.
    #[must_use]
    pub fn is_low(self, limits: &HealthLimits) -> bool {
        self.heat < limits.low_heat && self.deliverability < limits.ready_heat
    }
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
    /// When its reputation dropped, if the next step down is still open: placements are counted anew from then on.
    pub dropped_on: Option<Date>,
    /// What was known last.
    pub last: Option<Scores>,
}

/// The health of a mailbox at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// Counters of today and yesterday.
    pub day: Tally,
    /// Counters of 7 days.
    pub week: Tally,
    /// The same, by provider of the recipient.
    pub week_by_provider: BTreeMap<Provider, Tally>,
    /// The bounce rate, and over which window.
    pub bounces: (Rate, Window),
    /// Bounces of today and yesterday alone: whether the cause of a pause is gone.
    pub bounces_today: Rate,
    /// The complaint rate over 7 days.
    pub complaints: Rate,
    /// Mails found in the inbox, of those whose placement is known, over 7 days.
    pub inbox: Rate,
    /// Mails read, of those delivered, over 7 days.
    pub read: Rate,
    /// Sent on the last 7 sending days that are over, of what was owed on them.
    pub volume: Rate,
    /// The scores, as they are shown; `None`: unknown.
    pub scores: Option<Scores>,
    /// What transitions for the worse go by; `None`: unknown.
    pub reputation: Option<Reputation>,
    /// Placements of the week, of mails sent after the last drop.
    pub placements_since_drop: u32,
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
    let attempts = |first: Date, own: u32| {
        let reported = within(first).fold(0_u32, |sum, day| sum.saturating_add(day.reported_attempts));
        reported.max(own)
    };
    let (tried_day, tried_week) =
        (attempts(bad_from(from(1)), bad_day.sent), attempts(bad_from(from(6)), bad_week.sent));
    let bounces_today = rate(bad_day.bounced, tried_day);
    let bounces = if tried_day >= limits.day_sample_min {
        (bounces_today, Window::Day)
    } else {
        (rate(bad_week.bounced, tried_week), Window::Week)
    };
    let complaints = rate(bad_week.complained, tried_week.saturating_sub(bad_week.bounced));
    let volume = volume(input.days, input.today);
    let of = |dns_fails| {
        let deliverability = deliverability(&week, bounces.0, complaints, dns_fails, limits);
        let known = Reputation { deliverability, heat: heat(deliverability, volume, limits)? };
        bounded(known, &week, input.last, limits)
    };
    let reputation = of(false);
    let shown = of(input.dns_fails);
    let since_drop = |first: Date| input.dropped_on.and_then(|on| on.tomorrow().ok()).map_or(first, |on| on.max(first));
    Health {
        day,
        week,
        week_by_provider: week_by_provider(input.days, input.today),
        bounces,
        bounces_today,
        complaints,
        inbox: rate(week.inbox, week.placements()),
        read: rate(week.read, week.delivered()),
        volume,
        scores: shown
            .map(|shown| Scores { uncapped: reputation.filter(|own| *own != shown), ..scores(shown, input, limits) }),
        reputation,
        placements_since_drop: tally(since_drop(from(6))).placements(),
    }
}

/// Not better than when it was last known, until enough was seen to say so; `None`: nobody ever said where its mail goes.
fn bounded(now: Reputation, week: &Tally, last: Option<Scores>, limits: &HealthLimits) -> Option<Reputation> {
    let is_seen = f64::from(week.inbox) >= limits.prior_inbox;
    let Some(last) = last else { return (week.placements() > 0).then_some(now) };
    let last = last.reputation();
    Some(if is_seen {
        now
    } else {
        Reputation { deliverability: now.deliverability.min(last.deliverability), heat: now.heat.min(last.heat) }
    })
}

fn scores(shown: Reputation, input: &HealthInput<'_>, limits: &HealthLimits) -> Scores {
    let Reputation { deliverability, heat } = shown;
    let score = score(input.day_index, heat);
    Scores {
        deliverability,
        heat,
        score,
        ready: score >= limits.ready_score,
        estimated_ready: estimated_ready(input.day_index, heat, input.schedule, input.today, limits),
        uncapped: None,
    }
}

fn rate(count: u32, of: u32) -> Rate {
    Rate::new(count.into(), of.into())
}

/// Sent on the last 7 sending days that are over, of what was owed on them. Not cut at that: carry-over may pass it.
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
