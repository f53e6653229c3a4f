//! What a simulation tells, in numbers.

use std::collections::BTreeMap;

use jiff::civil::Date;
use preheat_core::mailbox::State;
use preheat_core::rate::Rate;
use preheat_core::turn::DayArchive;
use serde::Serialize;

use crate::Config;
use crate::cost::{Cost, Used};
use crate::look::Looked;

/// A calendar day of the whole fleet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Day {
    /// Which.
    pub date: Date,
    /// What the mailboxes should send, without what they carried in.
    pub targets: u64,
    /// What they sent.
    pub sent: u64,
    /// ... of it, replies.
    pub replies: u64,
    /// Sends that bounced.
    pub bounced: u64,
    /// Mails found in the inbox.
    pub inbox: u64,
    /// Mails found in spam.
    pub spam: u64,
    /// Complaints.
    pub complaints: u64,
    /// What the next sending day took on.
    pub carried_out: u64,
    /// What nobody makes up for, by reason.
    pub missed: BTreeMap<String, u64>,
    /// Mailboxes by state at the end of the day.
    pub states: States,
    /// Average deliverability of the mailboxes whose health is known.
    pub deliverability: Option<f64>,
    /// Average heat.
    pub heat: Option<f64>,
    /// Average warmup score.
    pub score: Option<f64>,
}

/// Mailboxes by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct States {
    /// On the ramp.
    pub warming: u32,
    /// At the plateau.
    pub ready: u32,
    /// At half volume.
    pub degraded: u32,
    /// Sending nothing for a while.
    pub paused: u32,
    /// Never sending again, in error, or not begun.
    pub out: u32,
}

impl States {
    pub(crate) fn count(&mut self, state: State) {
        match state {
            State::Warming => self.warming += 1,
            State::Ready => self.ready += 1,
            State::Degraded => self.degraded += 1,
            State::Paused => self.paused += 1,
            State::New | State::Error | State::Retired => self.out += 1,
        }
    }
}

impl Day {
    pub(crate) fn new(date: Date) -> Self {
        Self {
            date,
            targets: 0,
            sent: 0,
            replies: 0,
            bounced: 0,
            inbox: 0,
            spam: 0,
            complaints: 0,
            carried_out: 0,
            missed: BTreeMap::new(),
            states: States::default(),
            deliverability: None,
            heat: None,
            score: None,
        }
    }

    pub(crate) fn ended(&mut self, archive: &DayArchive) {
        self.carried_out += u64::from(archive.carried_out);
        for (reason, &count) in &archive.missed {
            *self.missed.entry(reason.clone()).or_default() += u64::from(count);
        }
    }
}

/// How long mailboxes took until they were ready, in calendar days from the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DaysToReady {
    /// How many mailboxes were ready at all.
    pub mailboxes: usize,
    /// The fastest.
    pub min: Option<i32>,
    /// Half of them took no longer.
    pub median: Option<i32>,
    /// Nine of ten took no longer.
    pub p90: Option<i32>,
    /// The slowest.
    pub max: Option<i32>,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What was simulated, in words.
    pub about: About,
    /// What all mailboxes should have sent.
    pub targets: u64,
    /// What they sent.
    pub sent: u64,
    /// Sent of what they should have sent, in per cent; the last day's carry-over stands against it.
    pub quota_fill_percent: f64,
    /// Bounces of sends, with the interval.
    pub bounce_rate: String,
    /// Spam of mails found, with the interval.
    pub spam_rate: String,
    /// What was missed, by reason.
    pub missed: BTreeMap<String, u64>,
    /// Time to `ready`.
    pub days_to_ready: DaysToReady,
    /// Mailboxes that a rule paused at least once.
    pub paused_ever: usize,
    /// How the mailboxes stand at the end.
    pub states: States,
    /// Average deliverability at the end.
    pub deliverability: Option<f64>,
    /// What it would cost.
    pub cost: Cost,
    /// Day by day.
    pub days: Vec<Day>,
}

/// What was simulated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct About {
    /// Mailboxes.
    pub mailboxes: u32,
    /// Calendar days.
    pub days: u32,
    /// The ramp.
    pub ramp: String,
    /// The window.
    pub window: String,
    /// Bounce rate, as given.
    pub bounce_rate: f64,
    /// Spam rate, as given.
    pub spam_rate: f64,
    /// Complaint rate, as given.
    pub complaint_rate: f64,
    /// Outages.
    pub outages: Vec<String>,
    /// System cap, in sends an hour.
    pub hourly_cap: u32,
    /// System cap, in sends a minute.
    pub minute_cap: u32,
    /// Seed.
    pub seed: u64,
}

impl Report {
    pub(crate) fn new(config: &Config, days: Vec<Day>, looked: &[Looked], visits: u64) -> Self {
        let sum = |of: fn(&Day) -> u64| days.iter().map(of).sum::<u64>();
        let (targets, sent, bounced, spam) =
            (sum(|day| day.targets), sum(|day| day.sent), sum(|day| day.bounced), sum(|day| day.spam));
        let mut missed: BTreeMap<String, u64> = BTreeMap::new();
        for (reason, count) in days.iter().flat_map(|day| &day.missed) {
            *missed.entry(reason.clone()).or_default() += count;
        }
        let last = days.last();
        #[expect(clippy::cast_precision_loss, reason = "counts of mails are far below 2^53")]
        let fill = if targets == 0 { 0.0 } else { (sent as f64 / targets as f64 * 10_000.0).round() / 100.0 };
        let used = Used { mailboxes: config.mailboxes, days: config.days, mails: sent + bounced, visits };
        Self {
            about: about(config),
            targets,
            sent,
            quota_fill_percent: fill,
            bounce_rate: Rate::new(bounced, sent + bounced).to_string(),
            spam_rate: Rate::new(spam, sent).to_string(),
            missed,
            days_to_ready: days_to_ready(config.start, looked),
            paused_ever: looked.iter().filter(|looked| looked.was_paused).count(),
            states: last.map(|day| day.states).unwrap_or_default(),
            deliverability: last.and_then(|day| day.deliverability),
            cost: Cost::of(&used),
            days,
        }
    }
}

fn about(config: &Config) -> About {
    let outage = |outage: &crate::Outage| {
        let whose = outage.provider.map_or_else(|| "all".to_owned(), |provider| format!("{provider:?}").to_lowercase());
        format!("{whose}: days {} to {}", outage.first, outage.last)
    };
    About {
        mailboxes: config.mailboxes,
        days: config.days,
        ramp: config.ramp.to_string(),
        window: format!("{}-{} {}", config.window.0, config.window.1, config.zone),
        bounce_rate: config.bounce_rate,
        spam_rate: config.spam_rate,
        complaint_rate: config.complaint_rate,
        outages: config.outages.iter().map(outage).collect(),
        hourly_cap: config.limits.system_per_hour,
        minute_cap: config.limits.system_per_minute,
        seed: config.seed,
    }
}

fn days_to_ready(start: Date, looked: &[Looked]) -> DaysToReady {
    let days = |date: Date| (date - start).get_days() + 1;
    let mut all: Vec<i32> = looked.iter().filter_map(|looked| looked.ready_on).map(days).collect();
    all.sort_unstable();
    let at = |share: usize| all.get((all.len().saturating_sub(1)) * share / 100).copied();
    DaysToReady { mailboxes: all.len(), min: at(0), median: at(50), p90: at(90), max: at(100) }
}
