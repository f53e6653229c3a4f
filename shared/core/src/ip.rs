//! Sending IPs: an MTA's address that is warmed with the tenant's real mail (domain.md §9).
//!
//! The program sends nothing for it. It sets the day's quota, counts what webhooks report, and decides once a local day:
//! [`daily::decide`]. Who may come in, and when, is [`admission`]; what is shown is [`overview`]; what an MTA is told,
//! [`crate::mta`].
//!
//! ```text
//!            volume ≥ half of the quota: next day          last day done
//! warming ────────────────────────────────────▶ warming ─────────────────▶ active (weight 100)
//!    │  ▲                                                                      │
//!    │  └──────── after 48 h, one week back ──────── paused ◀──────────────────┘
//!    └───────── bounces > 5 %, complaints > 0.1 % ──────▲
//! ```
//!
//! Decisions where domain.md is silent:
//! - An active IP is watched by the same rule as a warming one. Paused, it comes back in the plan's last week.
//! - "The previous phase" is the same day one week earlier, at least day 1: as section 7's roll-back of a ramp week.
//! - A rate over its bound that is not yet sure holds the day: what may be trouble is not grown into.
//! - Days on which nobody could decide (an outage) are all consolidated, and advance the plan by one day at most.
//!
//! May not know how counters are stored, or who reports events.

pub mod admission;
pub mod daily;
pub mod overview;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::{DomainName, TenantId};
use crate::ramp::{Ramp, RampError, RampFor, RampWarning};
use crate::schedule::ScheduleError;

/// The numbers of section 9 that an operator can change.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IpLimits {
    /// A day with less of its quota than this share does not count.
    pub volume_share_min: f64,
    /// Bounces of what was sent, as a share: over it the IP is paused.
    pub bounce_max: f64,
    /// Complaints of what was delivered, as a share: over it the IP is paused.
    pub complaint_max: f64,
    /// Fewer bad events than this decide nothing (§7: small samples lie).
    pub events_min: u64,
    /// How long a pause is, in hours.
    pub pause_h: i64,
    /// How far the plan goes back after a pause, in days: one week.
    pub step_back_days: u32,
    /// Days that the longer windows of rates hold.
    pub window_days: u32,
    /// When the day's decision is made, local time of the IP.
    pub decided_from: Time,
    /// Days between two additions of a domain or IP to a tenant.
    pub admission_days: u32,
}

impl Default for IpLimits {
    fn default() -> Self {
        Self {
            volume_share_min: 0.5,
            bounce_max: 0.05,
            complaint_max: 0.001,
            events_min: 3,
            pause_h: 48,
            step_back_days: 7,
            window_days: 7,
            decided_from: Time::constant(1, 0, 0, 0),
            admission_days: 7,
        }
    }
}

/// A sending IP with its plan and where it stands in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendingIp {
    /// Who owns it.
    pub tenant: TenantId,
    /// Its address; never an IPv4 address in IPv6's clothes.
    pub address: IpAddr,
    /// The domain that sends from it.
    pub domain: DomainName,
    /// The zone of its days: an IANA name.
    pub zone: String,
    /// Its plan.
    pub ramp: Ramp,
    /// Where it stands.
    pub status: Status,
    /// The day of the plan, from 1, that [`SendingIp::date`] is.
    pub day: u32,
    /// The local date that has been decided on: quota and day are those of this date.
    pub date: Date,
    /// When it was added.
    pub added_at: Timestamp,
    /// Rates look back no further than this date: what led to a pause does not lead to the next.
    pub evidence_from: Date,
}

/// Where an IP stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Status {
    /// On its plan.
    Warming,
    /// Its plan is done: it takes its full share.
    Active,
    /// Sends nothing for a while.
    Paused {
        /// Since when.
        at: Timestamp,
        /// Why.
        cause: Cause,
    },
}

/// What an IP is paused for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Too many bounces.
    Bounces,
    /// Too many complaints.
    Complaints,
}

impl Status {
    /// Its name in lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Warming => "warming",
            Self::Active => "active",
            Self::Paused { .. } => "paused",
        }
    }
}

/// The phase of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The n-th week, from 1.
    Week(u32),
    /// All weeks are done.
    Completed,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Week(week) => write!(f, "week_{week}"),
            Self::Completed => f.write_str("completed"),
        }
    }
}

impl Serialize for Phase {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Phase {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "completed" {
            return Ok(Self::Completed);
        }
        let week = text.strip_prefix("week_").and_then(|week| week.parse().ok());
        week.map(Self::Week).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a phase")))
    }
}

/// Days of a week of the plan.
const WEEK: u32 = 7;

/// How the days between two weekly quotas go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlanMode {
    /// Geometric from one week's quota to the next: no day grows by more than the week's own ratio^(1/7).
    #[default]
    Smooth,
    /// A plateau a week.
    Exact,
}

impl PlanMode {
    /// The plan of six weeks in this mode.
    #[must_use]
    pub fn six_weeks(self) -> Ramp {
        let smooth = match self {
            Self::Smooth => true,
            Self::Exact => false,
        };
        Ramp::Weekly { quotas: SIX_WEEKS.to_vec(), smooth }
    }
}

/// Quotas of the product's IP plan, a day, week by week; the same as the preset `ip-six-week`.
const SIX_WEEKS: [u32; 6] = [50, 200, 500, 1_500, 5_000, 10_000];

/// Why an IP cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NewIpError {
    /// The address is none that mail can be sent from.
    #[error("{0} is no address that mail is sent from")]
    Address(IpAddr),
    /// Its plan is no ramp.
    #[error("the plan: {0}")]
    Ramp(#[from] RampError),
    /// Its zone is not known.
    #[error(transparent)]
    Zone(#[from] ScheduleError),
}

impl SendingIp {
    /// A new IP on its first day, with what is unwise about its plan.
    ///
    /// # Errors
    /// Says what of it cannot be.
    pub fn new(
        tenant: TenantId,
        address: IpAddr,
        domain: DomainName,
        zone: String,
        ramp: Ramp,
        now: Timestamp,
    ) -> Result<(Self, Vec<RampWarning>), NewIpError> {
        let address = address.to_canonical();
        let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
        if address.is_unspecified() || address.is_loopback() || address.is_multicast() || broadcast {
            return Err(NewIpError::Address(address));
        }
        let warnings = ramp.check(RampFor::Ip)?;
        let date = local_date(&zone, now).ok_or_else(|| ScheduleError::Zone(zone.clone()))?;
        let status = Status::Warming;
        let new =
            Self { tenant, address, domain, zone, ramp, status, day: 1, date, added_at: now, evidence_from: date };
        Ok((new, warnings))
    }

    /// How many days its plan has: the weeks that it names, whole weeks of any other ramp up to its plateau.
    #[must_use]
    pub fn plan_days(&self) -> u32 {
        match &self.ramp {
            Ramp::Weekly { quotas, .. } => u32::try_from(quotas.len()).unwrap_or(u32::MAX).saturating_mul(WEEK),
            Ramp::Linear { .. } | Ramp::Exponential { .. } | Ramp::Bands { .. } | Ramp::Table { .. } => {
                self.ramp.days_to_plateau().div_ceil(WEEK).saturating_mul(WEEK)
            }
        }
    }

    /// The phase of a day of its plan.
    #[must_use]
    pub fn phase_on(&self, day: u32) -> Phase {
        if day > self.plan_days() { Phase::Completed } else { Phase::Week(day.max(1).div_ceil(WEEK)) }
    }

    /// The phase it is in.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase_on(self.day)
    }

    /// What it may send on [`SendingIp::date`]: its plan's volume; the plateau once it is active; nothing while it is paused.
    #[must_use]
    pub fn quota(&self) -> u32 {
        match self.status {
            Status::Warming => whole(self.ramp.volume(self.day)),
            Status::Active => whole(self.ramp.plateau()),
            Status::Paused { .. } => 0,
        }
    }

    /// Its weight among the sources of an MTA: 0 while it is warmed (the quota alone says how much), 100 when it is active.
    #[must_use]
    pub fn weight(&self) -> u32 {
        match self.status {
            Status::Active => 100,
            Status::Warming | Status::Paused { .. } => 0,
        }
    }

    /// When a pause is over; `None`: it is not paused.
    #[must_use]
    pub fn paused_until(&self, limits: &IpLimits) -> Option<Timestamp> {
        match self.status {
            Status::Paused { at, .. } => {
                Some(at.saturating_add(SignedDuration::from_hours(limits.pause_h)).unwrap_or(Timestamp::MAX))
            }
            Status::Warming | Status::Active => None,
        }
    }

    /// The local date at `now`, by the IP's own zone; UTC's where the database does not know it any more.
    #[must_use]
    pub fn local_date(&self, now: Timestamp) -> Date {
        local_date(&self.zone, now).unwrap_or_else(|| jiff::tz::TimeZone::UTC.to_datetime(now).date())
    }
}

/// What was reported of an IP on one local date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Mails handed over, where anybody counts them.
    pub sent: u64,
    /// ... taken by the recipient's server.
    pub delivered: u64,
    /// ... refused for good: hard bounces.
    pub bounced: u64,
    /// ... called spam.
    pub complaints: u64,
    /// ... opened.
    pub opens: u64,
    /// ... clicked.
    pub clicks: u64,
}

impl Counts {
    /// How many mails went out, as far as anybody said so: where nothing ever reports `sent`, what was delivered and what
    /// bounced was sent all the same (lessons.md, 16).
    #[must_use]
    pub fn volume(&self) -> u64 {
        self.sent.max(self.delivered.saturating_add(self.bounced))
    }

    /// How many complaints can have come from: what was delivered, or what went out where nobody reports deliveries.
    #[must_use]
    pub fn heard(&self) -> u64 {
        if self.delivered > 0 { self.delivered } else { self.volume() }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            sent: self.sent.saturating_add(other.sent),
            delivered: self.delivered.saturating_add(other.delivered),
            bounced: self.bounced.saturating_add(other.bounced),
            complaints: self.complaints.saturating_add(other.complaints),
            opens: self.opens.saturating_add(other.opens),
            clicks: self.clicks.saturating_add(other.clicks),
        }
    }

    /// Whether nothing at all was reported.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A local date of an IP that is over: one row, written once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpDay {
    /// The local date.
    pub date: Date,
    /// The day of the plan that it was.
    pub day: u32,
    /// The phase that it was in.
    pub phase: Phase,
    /// What it might have sent.
    pub quota: u32,
    /// What was reported of it by the time of the decision.
    pub counts: Counts,
}

fn local_date(zone: &str, now: Timestamp) -> Option<Date> {
    Some(jiff::tz::TimeZone::get(zone).ok()?.to_datetime(now).date())
}

/// A volume as a count.
fn whole(volume: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, no ramp is negative")]
    let whole = volume.round() as u32;
    whole
}
