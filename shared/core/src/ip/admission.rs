//! Who may come in: at most one new domain or IP a tenant and week (domain.md §9). An override is possible, and recorded.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::IpLimits;

/// What is known of a tenant's additions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Admitted {
    /// When the last domain or IP came in.
    pub last_at: Option<Timestamp>,
    /// How many came in in all.
    pub count: u32,
}

/// Whether a domain or IP may come in now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Open,
    /// Not before this, unless an operator says why.
    Wait {
        /// When the last one came in.
        last_at: Timestamp,
        /// From when on the next one may.
        until: Timestamp,
    },
}

/// Whether a domain, an IP, or a domain together with its first IP may be added at `now`: they count as one.
#[must_use]
pub fn admission(admitted: &Admitted, now: Timestamp, limits: &IpLimits) -> Admission {
    let Some(last_at) = admitted.last_at else { return Admission::Open };
    let week = SignedDuration::from_hours(24 * i64::from(limits.admission_days));
    let until = last_at.saturating_add(week).unwrap_or(Timestamp::MAX);
    if now >= until { Admission::Open } else { Admission::Wait { last_at, until } }
}

impl Admitted {
    /// After one more.
    #[must_use]
    pub fn and_one(&self, now: Timestamp) -> Self {
        // A clock set back never opens the door earlier.
        let last_at = self.last_at.map_or(now, |last| last.max(now));
        Self { last_at: Some(last_at), count: self.count.saturating_add(1) }
    }
}
