//! What would this configuration do? A fleet that exists on paper only lives through its days by the rules of `preheat_core`:
//! every tick is planned by `plan_tick`, every day turned by `turn_day`, every provider's back-off, every score and every change
//! of state decided by the code that runs in production.
//!
//! What is assumed in place of a world, and nothing else:
//! - A send succeeds but for [`Config::bounce_rate`] and the outages; a mail lands in spam at [`Config::spam_rate`], independent of
//!   what the sender did before; a complaint comes at [`Config::complaint_rate`]. So warming does not *improve* placement
//!   here: the simulation shows what the rules do at a given placement, not what providers will answer.
//! - All mailboxes share one zone, window and ramp, and start on the first day. Providers take turns; ten mailboxes a domain.
//! - Health is looked at once a day, after the last visit, where production looks hourly: a pause comes some hours later.
//!
//! No I/O, no clock; the same seed gives the same report. May hold no rule of warmup.

pub mod cost;
pub mod html;
mod look;
pub mod prices;
pub mod report;
mod world;

use jiff::civil::{Date, Time};
use preheat_core::limits::Limits;
use preheat_core::mailbox::{Days, Provider, Schedule};
use preheat_core::ramp::Ramp;
use preheat_core::schedule::ScheduleError;

pub use report::Report;

/// What is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// How many mailboxes.
    pub mailboxes: u32,
    /// How many calendar days.
    pub days: u32,
    /// The ramp of each.
    pub ramp: Ramp,
    /// When they send, local time of [`Config::zone`].
    pub window: (Time, Time),
    /// On which days.
    pub weekdays: Days,
    /// Where they are: an IANA zone.
    pub zone: String,
    /// The first day.
    pub start: Date,
    /// Share of sends that bounce for good, 0–1.
    pub bounce_rate: f64,
    /// Share of delivered mails that land in spam, 0–1.
    pub spam_rate: f64,
    /// Share of delivered mails that somebody complains about, 0–1.
    pub complaint_rate: f64,
    /// Share of mails that are replied to, 0–0.5.
    pub reply_rate: f64,
    /// When providers take nothing.
    pub outages: Vec<Outage>,
    /// All chance follows from it.
    pub seed: u64,
    /// The configurable numbers, caps among them.
    pub limits: Limits,
}

/// Some days on which a provider, or every one, defers everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// Which provider; `None`: all.
    pub provider: Option<Provider>,
    /// First calendar day, from 1.
    pub first: u32,
    /// Last calendar day.
    pub last: u32,
}

/// Why nothing is simulated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// The zone, window or days cannot be.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// A rate that is none.
    #[error("a {what} rate of {value} is refused: it is a share of 0 to 1")]
    Rate {
        /// Which.
        what: &'static str,
        /// What was given.
        value: f64,
    },
    /// Nothing to simulate, or too much.
    #[error("{what} {value} is refused: 1 to {max}")]
    Size {
        /// Which.
        what: &'static str,
        /// What was given.
        value: u32,
        /// The most.
        max: u32,
    },
}

/// Most mailboxes of one simulation.
pub const MAILBOXES_MAX: u32 = 1_000_000;
/// Most days.
pub const DAYS_MAX: u32 = 730;

impl Config {
    /// This fleet over these days: the default ramp, 09:00–17:00 from Monday to Friday, no bounce, no spam, no outage.
    #[must_use]
    pub fn new(mailboxes: u32, days: u32, ramp: Ramp) -> Self {
        Self {
            mailboxes,
            days,
            ramp,
            window: (Time::constant(9, 0, 0, 0), Time::constant(17, 0, 0, 0)),
            weekdays: Days::WORKING,
            zone: "UTC".to_owned(),
            start: jiff::civil::date(2026, 3, 2),
            bounce_rate: 0.0,
            spam_rate: 0.0,
            complaint_rate: 0.0,
            reply_rate: 0.3,
            outages: Vec::new(),
            seed: 1,
            limits: Limits::default(),
        }
    }

    fn schedule(&self) -> Result<Schedule, ConfigError> {
        let rates = [
            ("bounce", self.bounce_rate),
            ("spam", self.spam_rate),
            ("complaint", self.complaint_rate),
            ("reply", self.reply_rate),
        ];
        for (what, value) in rates {
            if !(0.0..=1.0).contains(&value) {
                return Err(ConfigError::Rate { what, value });
            }
        }
        for (what, value, max) in [("mailboxes", self.mailboxes, MAILBOXES_MAX), ("days", self.days, DAYS_MAX)] {
            if !(1..=max).contains(&value) {
                return Err(ConfigError::Size { what, value, max });
            }
        }
        Ok(Schedule::new(&self.zone, self.window.0, self.window.1, self.weekdays)?)
    }
}

/// Lives through the days.
///
/// # Errors
/// The configuration cannot be.
pub fn simulate(config: &Config) -> Result<Report, ConfigError> {
    let schedule = config.schedule()?;
    let mut world = world::World::new(config, &schedule);
    let mut date = config.start;
    for day in 1..=config.days {
        world.live(date, day);
        date = date.tomorrow().unwrap_or(date);
    }
    Ok(world.report())
}
