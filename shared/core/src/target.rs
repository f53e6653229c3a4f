//! How much a mailbox should send on a local date (domain.md §2):
//!
//! ```text
//! base    = ramp(day index)
//! varied  = base · v, v in [0.90, 1.10], a hash of (mailbox, date)
//! healthy = varied · health multiplier
//! floored = max(healthy, 30) once base has reached 30 and the multiplier is 1.0
//! target  = min(floored, ceilings, eligible partners today), rounded to a whole number
//! ```
//!
//! May not know of what was sent or missed: carry-over is [`crate::catchup::carry`], the day index [`crate::turn`].

use jiff::civil::Date;

use crate::limits::Limits;
use crate::mailbox::{MailboxPlan, Role};
use crate::seed::{Seed, unit};
use crate::slot::date_part;

/// What a mailbox should send on one local date, and how that number came about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// Sends of the day, without carry-over.
    pub quota: u32,
    /// The ramp's volume.
    pub base: f64,
    /// The ramp's volume with the day's variation.
    pub varied: f64,
    /// The lowest ceiling: quota and carry-over together never pass it.
    pub ceiling: u32,
    /// What decided: `ramp`, `health`, `minimum`, `seed` (a seed is not warmed: it has a number of its own), or the ceiling that bound it (see [`Ceilings::lowest`]).
    pub bound: &'static str,
}

/// What a mailbox may send on a day at most, from each side; `None` where nobody set a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceilings {
    /// The mailbox's own cap.
    pub mailbox: Option<u32>,
    /// Its tenant's plan.
    pub plan: Option<u32>,
    /// Its provider. A rolling 24 h is counted as a local day: windows lie at the same hours every day.
    pub provider: Option<u32>,
    /// Partners that it could write to today, one mail each.
    pub partners: u32,
}

impl Ceilings {
    /// The ceilings of a mailbox.
    #[must_use]
    pub fn of(plan: &MailboxPlan, eligible_partners: u32, limits: &Limits) -> Self {
        // With one partner left there is nobody to rotate to: the mailbox waits instead (§5).
        let enough = eligible_partners >= limits.eligible_partners_min;
        Self {
            mailbox: plan.cap_per_day,
            plan: limits.plan_per_mailbox_per_day,
            provider: limits.provider_per_day(plan.provider, &plan.address),
            partners: if enough { eligible_partners.saturating_mul(limits.inbound_from_same_per_day) } else { 0 },
        }
    }

    /// The lowest of them and its name: `mailbox cap`, `plan`, `provider` or `partners`.
    #[must_use]
    pub fn lowest(&self) -> (u32, &'static str) {
        let mut lowest = (self.partners, "partners");
        for (ceiling, name) in [(self.provider, "provider"), (self.plan, "plan"), (self.mailbox, "mailbox cap")] {
            // On a tie the narrower owner is named: it is what an operator would change.
            if let Some(ceiling) = ceiling.filter(|&ceiling| ceiling <= lowest.0) {
                lowest = (ceiling, name);
            }
        }
        lowest
    }
}

/// The target of a mailbox on a local date. `health` is the multiplier of §7 (1.0, 0.75, 0.5, 0).
#[must_use]
pub fn target(
    seed: &Seed,
    plan: &MailboxPlan,
    day_index: u32,
    date: Date,
    health: f64,
    eligible_partners: u32,
    limits: &Limits,
) -> Target {
    let base = plan.ramp.volume(day_index);
    let chance = unit(seed.hash64("target-variation", &[u64::from(plan.id.0), date_part(date)]));
    let varied = base * (1.0 + limits.variation * (2.0 * chance - 1.0));
    let minimum = f64::from(limits.quota_min_per_day);
    let full_health = health >= 1.0;
    let (wanted, why) = if plan.role == Role::Seed {
        (f64::from(limits.seed_replies_per_day) * health.clamp(0.0, 1.0), "seed")
    } else if full_health && base >= minimum && varied < minimum {
        (minimum, "minimum")
    } else {
        (varied * health.clamp(0.0, 1.0), if full_health { "ramp" } else { "health" })
    };
    let (ceiling, name) = Ceilings::of(plan, eligible_partners, limits).lowest();
    // A slot's number has 16 bits.
    let ceiling = ceiling.min(u32::from(u16::MAX) / 2);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and no term is negative"
    )]
    let wanted = wanted.round() as u32;
    let bound = if wanted > ceiling { name } else { why };
    Target { quota: wanted.min(ceiling), base, varied, ceiling, bound }
}

/// How a mailbox that also carries campaigns shares its day (§2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CampaignDay {
    /// Warmup keeps its reserve, campaigns get what they ask for.
    Fits {
        /// Warmup sends.
        warmup: u32,
        /// Campaign sends.
        campaigns: u32,
        /// Together they pass the soft limit: say so.
        over_soft_limit: bool,
    },
    /// Campaigns get less than they ask for: the hard limit holds, and warmup keeps its reserve inside it.
    Cut {
        /// Warmup sends.
        warmup: u32,
        /// Campaign sends that are left.
        campaigns: u32,
    },
    /// So much was asked for that something is wrong: pause the mailbox and alert.
    Pause,
}

/// Shares the day of a mailbox between warmup, whose reserve comes first, and `asked` campaign sends.
#[must_use]
pub fn share_with_campaigns(asked: u32, limits: &Limits) -> CampaignDay {
    let warmup = limits.campaign_reserve_per_day.min(limits.campaign_hard_per_day);
    let in_all = asked.saturating_add(warmup);
    if in_all >= limits.campaign_alarm_per_day {
        CampaignDay::Pause
    } else if in_all > limits.campaign_hard_per_day {
        CampaignDay::Cut { warmup, campaigns: limits.campaign_hard_per_day - warmup }
    } else {
        CampaignDay::Fits { warmup, campaigns: asked, over_soft_limit: in_all > limits.campaign_soft_per_day }
    }
}
