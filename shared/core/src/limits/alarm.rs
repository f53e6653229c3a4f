//! The numbers of domain.md §4 and §8 from which on tenants and the stack are told of as not well.

use serde::{Deserialize, Serialize};

/// The configurable numbers of [`crate::condition`], [`crate::spam`] and [`crate::summary`]. Shares are 0–1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlarmLimits {
    /// A tenant is behind under this quota completion ...
    pub behind_completion: f64,
    /// ... once this many sends were expected.
    pub behind_expected_min: u64,
    /// The stack is degraded under this quota completion, ...
    pub degraded_completion: f64,
    /// ... or over this share of failures; ...
    pub degraded_failures: f64,
    /// ... it is critical under this one, ...
    pub critical_completion: f64,
    /// ... or over this one, ...
    pub critical_failures: f64,
    /// ... once this many sends were expected or tried: a rate of 5 % needs twenty. Ours.
    pub system_sample_min: u64,
    /// Over this share of mail in spam, somebody is told; ...
    pub spam_share_max: f64,
    /// ... but only of mailboxes that are past this day of theirs: new ones meet spam, that is what warmup is for; ...
    pub spam_day_index_min: u32,
    /// ... and only on so many mails: small samples lie. Ours.
    pub spam_sample_min: u64,
}

impl Default for AlarmLimits {
    fn default() -> Self {
        Self {
            behind_completion: 0.80,
            behind_expected_min: 3,
            degraded_completion: 0.95,
            degraded_failures: 0.05,
            critical_completion: 0.80,
            critical_failures: 0.10,
            system_sample_min: 20,
            spam_share_max: 0.10,
            spam_day_index_min: 5,
            spam_sample_min: 20,
        }
    }
}
