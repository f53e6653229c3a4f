//! Every number of the rules that an operator can change, with its default (domain.md; the section stands at each).
//!
//! Numbers only: what is done with them stands in the module that a field's comment names. An operator changes them with one
//! JSON document ([`Limits::read`]), held to what each may be ([`FIELDS`]). May hold no rule.

mod alarm;
mod engage;
mod fields;
mod health;
mod read;

use serde::{Deserialize, Serialize};

use crate::id::Address;
use crate::ip::IpLimits;
use crate::mailbox::Provider;
use crate::pairing::ProviderWeights;

pub use alarm::AlarmLimits;
pub use engage::{ContentLimits, EngageLimits};
pub use fields::{FIELDS, Field, Kind};
pub use health::HealthLimits;
pub use read::{LimitsError, VARIABLE};

/// The configurable numbers. `Limits::default()` is domain.md; a configuration names only what it changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// How long a sender's claim and a visit's lease are held, in seconds. Longer than any invocation that may hold one (an
    /// expired claim is never still being worked on), shorter than their queues' visibility (what a dead process left behind
    /// has expired when its message comes again).
    ///
    /// Has a setting of its own, as has `tick_s`: the stack's schedules and queues must agree with it.
    #[serde(skip)]
    pub hold_s: u32,
    /// Minimum daily quota, in sends a day, once the ramp has reached it (§2; [`crate::target`]).
    pub quota_min_per_day: u32,
    /// How far the day's number differs from the ramp's, as a share: 0.10 is ±10 % (§2; [`crate::target`]).
    pub variation: f64,
    /// A mailbox's ceiling in its tenant's plan, in sends a day; `None`: the plan sets none (§1, §2).
    pub plan_per_mailbox_per_day: Option<u32>,
    /// Gmail and Workspace, in recipients in any rolling 24 h (§2).
    pub gmail_per_day: u32,
    /// Gmail's consumer accounts (`gmail.com`, `googlemail.com`), in recipients in any rolling 24 h (§2).
    pub gmail_consumer_per_day: u32,
    /// Microsoft, in recipients a day (§2).
    pub microsoft_per_day: u32,
    /// Microsoft, in messages a minute and mailbox (§2).
    pub microsoft_per_minute: u32,
    /// Microsoft, in connections at once and mailbox (§2).
    pub microsoft_connections: u32,
    /// Sends a day kept for warmup in a mailbox that carries campaigns, too (§2; [`crate::target`]).
    pub campaign_reserve_per_day: u32,
    /// Sends a day, warmup and campaigns together, from which on planning more is warned of (§2).
    pub campaign_soft_per_day: u32,
    /// Sends a day, warmup and campaigns together, that are never exceeded (§2).
    pub campaign_hard_per_day: u32,
    /// An attempt to plan this many a day pauses the mailbox (§2).
    pub campaign_alarm_per_day: u32,
    /// Engagement: how mail is read, replied to and filed (§6; [`crate::engage`]).
    pub engage: EngageLimits,
    /// Conversation plans (§6; [`crate::content`]).
    pub content: ContentLimits,
    /// Health, tiers and lifecycle (§7; [`crate::health`], [`crate::tier`], [`crate::lifecycle`]).
    pub health: HealthLimits,
    /// When tenants and the stack are told of as not well (§4, §8; [`crate::condition`]).
    pub alarm: AlarmLimits,
    /// Sending days without a send from which on the day index steps back (§2; [`crate::turn`]).
    pub gap_days_min: u32,
    /// How far it steps back, as a share of the days missed (§2; [`crate::turn`]).
    pub gap_step_back: f64,
    /// How much faster than the normal rate a mailbox may catch up (§4; [`crate::catchup`]).
    pub catchup_factor: f64,
    /// Carry-over into the next sending day, as a share of that day's target (§4; [`crate::turn`]).
    pub carry_share: f64,
    /// Slots that may replace refused ones, as a share of the day's quota (ours; [`crate::catchup`]).
    pub replacement_share: f64,
    /// All sends of the system in an hour (§4).
    pub system_per_hour: u32,
    /// All sends of the system in a minute (§4).
    pub system_per_minute: u32,
    /// Warmup mails that one mailbox receives a day (§4).
    pub inbound_per_day: u32,
    /// ... of them from one sender (§4).
    pub inbound_from_same_per_day: u32,
    /// Warmup mails that a seed receives a day: it stands in for recipients, so it may take more (§1, ours).
    pub seed_inbound_per_day: u32,
    /// Replies that a seed sends a day. The ramp says nothing of a seed: it is not warmed (§1, ours).
    pub seed_replies_per_day: u32,
    /// Share of the mailboxes that is held out as controls, 0–1 (§6; [`crate::control`]). Has a setting of its own.
    #[serde(skip)]
    pub control_share: f64,
    /// One organisation's share of its pool's traffic, 0–1 (§4).
    pub organisation_share_max: f64,
    /// Days during which a mailbox does not write to the same partner again while there are others (§5).
    pub partner_memory_days: u32,
    /// How gladly providers write to one another (§5; [`crate::pairing`]).
    pub provider_weights: ProviderWeights,
    /// With fewer eligible partners a mailbox is not planned (§5).
    pub eligible_partners_min: u32,
    /// Least gap between two sends of one mailbox, in seconds (§3).
    pub spacing_s: u32,
    /// Added to the gap by hash, at most, in seconds (§3).
    pub spacing_jitter_s: u32,
    /// Length of a tick, in seconds (§3). Has a setting of its own.
    #[serde(skip)]
    pub tick_s: u32,
    /// Latest delay inside a tick, in seconds: a gap before the next tick's first (§3; SQS allows 900).
    pub delay_max_s: u32,
    /// IMAP sessions with a mailbox a day; 8 at most (§6).
    pub visits_per_day: u8,
    /// Days for which an ambiguous slot is searched for after its day ([`crate::turn`]).
    pub open_days_max: u32,
    /// Days after its due time for which an unsent reply is kept (ours; [`crate::turn`]).
    pub reply_stale_days: u32,
    /// Unsent replies that a mailbox keeps overnight; the oldest go first (ours: the row stays small).
    pub pending_replies_max: usize,
    /// Entries of the day's found list that are kept overnight: about two visits' worth (ours; [`crate::turn`]).
    pub found_kept_max: usize,
    /// Sending IPs (§9; [`crate::ip`]).
    pub ip: IpLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hold_s: 600,
            quota_min_per_day: 30,
            variation: 0.10,
            plan_per_mailbox_per_day: None,
            gmail_per_day: 2_000,
            gmail_consumer_per_day: 500,
            microsoft_per_day: 10_000,
            microsoft_per_minute: 30,
            microsoft_connections: 3,
            campaign_reserve_per_day: 20,
            campaign_soft_per_day: 50,
            campaign_hard_per_day: 80,
            campaign_alarm_per_day: 100,
            engage: EngageLimits::default(),
            content: ContentLimits::default(),
            health: HealthLimits::default(),
            alarm: AlarmLimits::default(),
            gap_days_min: 3,
            gap_step_back: 0.5,
            catchup_factor: 2.0,
            carry_share: 0.20,
            replacement_share: 0.25,
            system_per_hour: 10_000,
            system_per_minute: 500,
            inbound_per_day: 60,
            inbound_from_same_per_day: 1,
            seed_inbound_per_day: 120,
            seed_replies_per_day: 40,
            control_share: 0.0,
            organisation_share_max: 0.25,
            partner_memory_days: 7,
            provider_weights: ProviderWeights::default(),
            eligible_partners_min: 2,
            spacing_s: 60,
            spacing_jitter_s: 20,
            tick_s: 900,
            delay_max_s: 840,
            visits_per_day: 5,
            open_days_max: 3,
            reply_stale_days: 4,
            pending_replies_max: 40,
            found_kept_max: 16,
            ip: IpLimits::default(),
        }
    }
}

impl Limits {
    /// How long a claim or a lease is held ([`Limits::hold_s`]).
    #[must_use]
    pub fn hold(&self) -> jiff::SignedDuration {
        jiff::SignedDuration::from_secs(i64::from(self.hold_s))
    }

    /// What the provider of this address takes a day; `None`: it publishes no number.
    #[must_use]
    pub fn provider_per_day(&self, provider: Provider, address: &Address) -> Option<u32> {
        match provider {
            Provider::Gmail if matches!(address.domain(), "gmail.com" | "googlemail.com") => {
                Some(self.gmail_consumer_per_day)
            }
            Provider::Gmail => Some(self.gmail_per_day),
            Provider::Microsoft => Some(self.microsoft_per_day),
            Provider::Yahoo | Provider::Zoho | Provider::Other => None,
        }
    }
}
