//! Where a mailbox stands: what the next look must know of the past.
//!
//! May not decide anything: that is the table of [`crate::lifecycle`].

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::health::Dns;
use crate::limits::HealthLimits;
use crate::mailbox::State;
use crate::tier::Tier;

/// Where a mailbox stands: its state, and what the next look must know of the past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Its state, as last seen or decided.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// Why it is paused; `None` in every other state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// The last known bounce tier.
    #[serde(default)]
    pub tier: Tier,
    /// The health multiplier, in percent.
    pub percent: u8,
    /// `degraded`: days in a row with enough heat ...
    #[serde(default, skip_serializing_if = "is_zero")]
    pub well_days: u32,
    /// ... and the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub well_on: Option<Date>,
    /// Since when heat has been low without a break.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_since: Option<Timestamp>,
    /// Since when the domain fails, as far as was last known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_failing_since: Option<Timestamp>,
    /// Since when nobody could look its domain up, while it has not begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_unknown_since: Option<Timestamp>,
    /// How often a new mailbox was in error.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refusals: u32,
    /// When it is tried again; `None`: only by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// Whether it is in error because it is disabled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// Bounces and complaints before this date have been paid for by a pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_from: Option<Date>,
    /// When it dropped from `ready`, until its state changes: placements up to then do not count towards the next step down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped_on: Option<Date>,
    /// Automatic pauses for its own sake, each soon after the one before, ...
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pauses: u32,
    /// ... and when the last one began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_on: Option<Date>,
    /// Whether it was resumed on trust: half its volume until a sample is clean.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unproven: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pause {
    /// By a person: ends only by one.
    Hand,
    /// By a rule.
    Auto(Cause),
}

/// Why a rule paused a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// Bounces over 8 %.
    Bounces,
    /// Bounces over 10 %: the whole domain is paused.
    Emergency,
    /// Another mailbox of the domain is the emergency.
    Domain,
    /// Complaints over 0.3 %.
    Complaints,
    /// Heat under 60 for a day, in `ready`.
    Heat,
    /// A provider's own reputation under 50.
    Reputation,
}

impl Standing {
    /// A mailbox that is looked at for the first time. One that lives already is taken as it is found.
    #[must_use]
    pub fn first(state: State, now: Timestamp) -> Self {
        Self {
            state,
            since: now,
            pause: (state == State::Paused).then_some(Pause::Hand),
            tier: Tier::Normal,
            percent: 100,
            well_days: 0,
            well_on: None,
            low_since: None,
            dns_failing_since: None,
            dns_unknown_since: None,
            refusals: 0,
            retry_at: None,
            disabled: false,
            counted_from: None,
            dropped_on: None,
            pauses: 0,
            paused_on: None,
            unproven: false,
        }
    }

    /// Whether the domain's records fail, as far as was last known.
    #[must_use]
    pub fn dns_fails(&self) -> bool {
        self.dns_failing_since.is_some()
    }

    /// The same after the domain was looked at: a look-up that failed changes nothing.
    #[must_use]
    pub fn with_dns(mut self, dns: Dns) -> Self {
        match dns {
            Dns::Unknown => {}
            Dns::Passing => self.dns_failing_since = None,
            Dns::Failing { since } => self.dns_failing_since = Some(since),
        }
        self
    }

    /// Into another state.
    pub(super) fn into_state(mut self, state: State, now: Timestamp) -> Self {
        (self.state, self.since) = (state, now);
        (self.pause, self.retry_at, self.disabled) = (None, None, false);
        (self.well_days, self.well_on, self.dropped_on) = (0, None, None);
        self
    }

    /// What a pause has paid for is not held against the mailbox again.
    pub(super) fn forgiven(self, today: Date) -> Self {
        Self { tier: Tier::Normal, counted_from: Some(today), low_since: None, ..self }
    }

    pub(super) fn paused(self, pause: Pause, now: Timestamp) -> Self {
        Self { pause: Some(pause), ..self.into_state(State::Paused, now) }
    }

    /// Paused by a rule. What another mailbox is the cause of does not make the next pause longer.
    pub(super) fn paused_for(self, cause: Cause, (today, now): (Date, Timestamp), limits: &HealthLimits) -> Self {
        let paused = self.paused(Pause::Auto(cause), now);
        if cause == Cause::Domain {
            return paused;
        }
        let days = i64::from(limits.pause_memory_days);
        let is_soon = paused.paused_on.is_some_and(|on| on.saturating_add(days.days()) >= today);
        Self { pauses: if is_soon { paused.pauses.saturating_add(1) } else { 1 }, paused_on: Some(today), ..paused }
    }

    /// How long its automatic pause lasts at the least, in hours.
    #[must_use]
    pub fn pause_hours(&self, limits: &HealthLimits) -> u32 {
        let doubled = limits.pause_hours.saturating_mul(1 << self.pauses.saturating_sub(1).min(16));
        doubled.min(limits.pause_hours_max.max(limits.pause_hours))
    }
}
