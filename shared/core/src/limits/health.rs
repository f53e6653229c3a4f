//! The numbers of domain.md §7: health, tiers, lifecycle. Shares are 0–1, heat and scores 0–100.

use serde::{Deserialize, Serialize};

/// The configurable numbers of [`crate::health`], [`crate::tier`] and [`crate::lifecycle`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HealthLimits {
    /// The prior of the placement score: so many good ones ...
    pub prior_inbox: f64,
    /// ... of so many.
    pub prior_all: f64,
    /// Weights of placement, bounces and complaints in deliverability. Their sum is 1.
    pub weights: [f64; 3],
    /// Bounce rate at which its part of deliverability is gone.
    pub bounce_full: f64,
    /// Complaint rate at which its part of deliverability is gone.
    pub complaint_full: f64,
    /// Deliverability, at most, while the domain's records fail.
    pub failing_cap: u8,
    /// With fewer sends today and yesterday the bounce rate is taken over 7 days.
    pub day_sample_min: u32,
    /// Share of the targets of 7 sending days that must have been sent for full heat.
    pub volume_share: f64,
    /// Warmup score from which on a mailbox counts as ready.
    pub ready_score: u8,
    /// `warming` → `ready`: sending days.
    pub ready_days: u32,
    /// `warming` → `ready`: heat.
    pub ready_heat: u8,
    /// `warming` → `ready`: sends since warmup began.
    pub ready_sent: u32,
    /// `warming` → `ready`: bounce rate, at most.
    pub ready_bounce_max: f64,
    /// `warming` → `ready`: complaint rate, at most.
    pub ready_complaint_max: f64,
    /// `warming` → `ready`: read rate.
    pub ready_read: f64,
    /// Heat under which reputation counts as lost.
    pub low_heat: u8,
    /// `warming` → `degraded`: placements in the window.
    pub degrade_placements: u32,
    /// `degraded` → `warming`: days in a row at [`HealthLimits::low_heat`] and above.
    pub recover_days: u32,
    /// `degraded` → `retired`: days without that.
    pub retire_days: u32,
    /// An automatic pause lasts at least so many hours; each further one doubles that ...
    pub pause_hours: u32,
    /// ... to at most so many ...
    pub pause_hours_max: u32,
    /// ... if it comes within so many days of the last. Ours, all three: a cause that comes back is not gone after 48 h.
    pub pause_memory_days: u32,
    /// Sending days that a resume rolls the ramp back.
    pub roll_back_days: u32,
    /// A `ready` mailbox is paused after so many hours of low heat.
    pub low_heat_hours: u32,
    /// A disabled mailbox is retired after so many hours.
    pub disabled_hours: u32,
    /// Hours during which a domain may fail its checks before its mailboxes stop sending.
    pub dns_grace_hours: u32,
    /// A reputation from a provider below this pauses.
    pub reputation_min: u8,
    /// Bounce tiers: from this rate on *warning*, ...
    pub tier_warning: f64,
    /// ... from this one on *critical*, ...
    pub tier_critical: f64,
    /// ... above this one a pause, ...
    pub tier_pause: f64,
    /// ... above this one an emergency.
    pub tier_emergency: f64,
    /// On fewer bad events nothing is worse than *warning*, and nothing pauses.
    pub bad_events_min: u64,
    /// Complaint rate above which a mailbox is paused.
    pub complaint_pause: f64,
    /// Health multiplier, in percent, at *warning*.
    pub warning_percent: u8,
    /// Health multiplier, in percent, at *critical* and in `degraded`.
    pub critical_percent: u8,
    /// First wait before a new mailbox's credentials are tried again, in hours; it doubles.
    pub retry_first_hours: u32,
    /// Longest wait, in hours.
    pub retry_max_hours: u32,
}

impl Default for HealthLimits {
    fn default() -> Self {
        Self {
            prior_inbox: 8.0,
            prior_all: 10.0,
            weights: [0.70, 0.15, 0.15],
            bounce_full: 0.10,
            complaint_full: 0.003,
            failing_cap: 59,
            day_sample_min: 20,
            volume_share: 0.8,
            ready_score: 80,
            ready_days: 14,
            ready_heat: 85,
            ready_sent: 200,
            ready_bounce_max: 0.02,
            ready_complaint_max: 0.001,
            ready_read: 0.15,
            low_heat: 60,
            degrade_placements: 20,
            recover_days: 7,
            retire_days: 30,
            pause_hours: 48,
            pause_hours_max: 192,
            pause_memory_days: 14,
            roll_back_days: 7,
            low_heat_hours: 24,
            disabled_hours: 24,
            dns_grace_hours: 72,
            reputation_min: 50,
            tier_warning: 0.02,
            tier_critical: 0.05,
            tier_pause: 0.08,
            tier_emergency: 0.10,
            bad_events_min: 3,
            complaint_pause: 0.003,
            warning_percent: 75,
            critical_percent: 50,
            retry_first_hours: 1,
            retry_max_hours: 24,
        }
    }
}
