//! The numbers of domain.md §6: engagement and content.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// The configurable numbers of [`crate::engage`], [`crate::placement`] and the visits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngageLimits {
    /// A mail that was not found so many hours after it was sent is missing.
    pub missing_after_hours: u32,
    /// Half of all mails are read within so many seconds of their arrival.
    pub read_median_s: u32,
    /// Every mail is, within so many.
    pub read_max_s: u32,
    /// A reply is due so many seconds after its mail was read, at the earliest ...
    pub reply_first_s: u32,
    /// ... and at the latest.
    pub reply_last_s: u32,
    /// Share of read mails that are flagged.
    pub flag_share: f64,
    /// Replies in a thread, at most: loops end here.
    pub replies_max: u8,
    /// Filed copies are kept so many days.
    pub filed_days: u32,
}

impl Default for EngageLimits {
    fn default() -> Self {
        Self {
            missing_after_hours: 48,
            read_median_s: 2_400,
            read_max_s: 28_800,
            reply_first_s: 2_700,
            reply_last_s: 172_800,
            flag_share: 0.3,
            replies_max: 5,
            filed_days: 14,
        }
    }
}

impl EngageLimits {
    /// From when on a mail that nobody found is missing.
    #[must_use]
    pub fn missing_after(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.missing_after_hours))
    }
}

/// The configurable numbers of [`crate::content`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContentLimits {
    /// Conversation plans of a language that a day begins with, at least.
    pub fresh_per_day: u16,
    /// A plan with so many outcomes ...
    pub retire_outcomes_min: u64,
    /// ... and this share of them in spam is retired.
    pub retire_spam_share: f64,
}

impl Default for ContentLimits {
    fn default() -> Self {
        Self { fresh_per_day: 5, retire_outcomes_min: 20, retire_spam_share: 0.15 }
    }
}
