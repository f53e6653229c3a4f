//! Bounce tiers, what follows from each, and why small samples pause nobody (domain.md §7).
//!
//! | bounce rate | tier | what follows |
//! |---|---|---|
//! | under 2 % | normal | nothing |
//! | 2–5 % | warning | alert; multiplier 0.75; looked at four times as often |
//! | 5–8 % | critical | urgent alert; multiplier 0.5; no new leads |
//! | over 8, to 10 % | pause | the same, and the mailbox pauses |
//! | over 10 % | emergency | every mailbox of the tenant's domain pauses, its campaigns too; SMS; an investigation is opened |
//!
//! The tier follows the rate, but never beyond *warning* on fewer than 3 bad events, and never to a pause until the Wilson
//! lower bound is over that pause's threshold; until then the worst it can be is *critical*.

use serde::{Deserialize, Serialize};

use crate::limits::HealthLimits;
use crate::rate::{Over, Rate};

/// How bad it is, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// As it should be.
    #[default]
    Normal,
    /// Watched.
    Warning,
    /// Halved.
    Critical,
    /// Paused.
    Pause,
    /// The whole domain is paused.
    Emergency,
}

/// What follows from a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Somebody is told.
    Alert,
    /// Somebody is told at once.
    UrgentAlert,
    /// ... by SMS, too.
    Sms,
    /// The mailbox sends this share of its ramp, in percent.
    Multiplier(u8),
    /// Health is looked at every 15 minutes.
    LookOften,
    /// Campaigns give it no new leads.
    NoNewLeads,
    /// The mailbox sends nothing.
    PauseMailbox,
    /// No mailbox of the tenant's domain sends anything, nor do its campaigns.
    PauseDomain,
    /// An investigation record is opened.
    Investigate,
}

impl Tier {
    /// The tier of a bounce rate. An empty sample says nothing: the caller keeps what it knew.
    #[must_use]
    pub fn of(bounces: Rate, limits: &HealthLimits) -> Option<Self> {
        let by_rate = Self::by_rate(bounces.share()?, limits);
        if bounces.count < limits.bad_events_min {
            return Some(by_rate.min(Self::Warning));
        }
        let surely = |threshold| bounces.over(threshold, limits.bad_events_min) == Over::Surely;
        let sure = if surely(limits.tier_emergency) {
            Self::Emergency
        } else if surely(limits.tier_pause) {
            Self::Pause
        } else {
            Self::Critical
        };
        Some(by_rate.min(sure))
    }

    fn by_rate(share: f64, limits: &HealthLimits) -> Self {
        if share > limits.tier_emergency {
            Self::Emergency
        } else if share > limits.tier_pause {
            Self::Pause
        } else if share >= limits.tier_critical {
            Self::Critical
        } else if share >= limits.tier_warning {
            Self::Warning
        } else {
            Self::Normal
        }
    }

    /// What follows.
    #[must_use]
    pub fn actions(self, limits: &HealthLimits) -> Vec<Action> {
        let half = Action::Multiplier(limits.critical_percent);
        match self {
            Self::Normal => vec![],
            Self::Warning => vec![Action::Alert, Action::Multiplier(limits.warning_percent), Action::LookOften],
            Self::Critical => vec![Action::UrgentAlert, half, Action::NoNewLeads, Action::LookOften],
            Self::Pause => vec![Action::UrgentAlert, half, Action::NoNewLeads, Action::PauseMailbox],
            Self::Emergency => vec![
                Action::UrgentAlert,
                Action::Sms,
                Action::NoNewLeads,
                Action::PauseMailbox,
                Action::PauseDomain,
                Action::Investigate,
            ],
        }
    }

    /// The health multiplier, in percent.
    #[must_use]
    pub fn percent(self, limits: &HealthLimits) -> u8 {
        match self {
            Self::Normal => 100,
            Self::Warning => limits.warning_percent,
            Self::Critical | Self::Pause | Self::Emergency => limits.critical_percent,
        }
    }

    /// As it is shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Pause => "pause",
            Self::Emergency => "emergency",
        }
    }
}

/// Whether complaints pause a mailbox: enough of them, and the lower bound over the threshold.
#[must_use]
pub fn complaints_pause(complaints: Rate, limits: &HealthLimits) -> bool {
    complaints.over(limits.complaint_pause, limits.bad_events_min) == Over::Surely
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tier(count: u64, of: u64) -> Tier {
        Tier::of(Rate::new(count, of), &HealthLimits::default()).unwrap()
    }

    #[test]
    fn each_tier_of_the_table() {
        // Samples so large that the bounds do not matter.
        for (count, of, expected) in [
            (0, 100_000, Tier::Normal),
            (1_999, 100_000, Tier::Normal),
            (2_000, 100_000, Tier::Warning),
            (4_999, 100_000, Tier::Warning),
            (5_000, 100_000, Tier::Critical),
            (8_000, 100_000, Tier::Critical),
            (8_500, 100_000, Tier::Pause),
            (10_000, 100_000, Tier::Pause),
            (10_500, 100_000, Tier::Emergency),
        ] {
            assert_eq!(tier(count, of), expected, "{}", Rate::new(count, of));
        }
    }

    #[test]
    fn what_follows_from_each_tier() {
        let limits = HealthLimits::default();
        let has = |tier: Tier, action| tier.actions(&limits).contains(&action);
        assert!(Tier::Normal.actions(&limits).is_empty());
        assert!(has(Tier::Warning, Action::Alert) && has(Tier::Warning, Action::LookOften));
        assert!(has(Tier::Warning, Action::Multiplier(75)) && has(Tier::Critical, Action::Multiplier(50)));
        assert!(has(Tier::Critical, Action::UrgentAlert) && has(Tier::Critical, Action::NoNewLeads));
        assert!(!has(Tier::Critical, Action::PauseMailbox) && has(Tier::Pause, Action::PauseMailbox));
        assert!(!has(Tier::Pause, Action::PauseDomain));
        for action in [Action::PauseDomain, Action::Sms, Action::Investigate] {
            assert!(has(Tier::Emergency, action), "{action:?}");
        }
    }

    #[test]
    fn small_samples_pause_nobody() {
        // 1 in 19 is 5 %, but one event is a warning at worst.
        assert_eq!(tier(1, 19), Tier::Warning);
        assert_eq!(tier(2, 3), Tier::Warning);
        // 3 in 19 is 16 %, but its lower bound is 6 %: critical, no pause.
        assert_eq!(tier(3, 19), Tier::Critical);
        assert!(Rate::new(3, 19).lower() < 0.08);
        // 5 in 19: the lower bound is 12 %.
        assert_eq!(tier(5, 19), Tier::Emergency);
        // 8 in 60 is 13 %, its lower bound 7 %.
        assert_eq!(tier(8, 60), Tier::Critical);
        // 9 in 60 is 15 %, its lower bound 8.1 %: over the pause's threshold, not the emergency's.
        assert_eq!(tier(9, 60), Tier::Pause);
    }

    #[test]
    fn an_empty_sample_is_no_tier() {
        assert_eq!(Tier::of(Rate::new(0, 0), &HealthLimits::default()), None);
    }

    #[test]
    fn one_complaint_in_a_hundred_pauses_nothing() {
        let pauses = |count, of| complaints_pause(Rate::new(count, of), &HealthLimits::default());
        assert!(!pauses(1, 100) && !pauses(2, 10) && !pauses(3, 900));
        assert!(pauses(3, 100));
    }

    proptest! {
        #[test]
        fn a_pause_has_three_events_and_its_lower_bound_over_the_threshold(count in 0_u64..200, of in 1_u64..2_000) {
            let (rate, limits) = (Rate::new(count, of), HealthLimits::default());
            let tier = Tier::of(rate, &limits).unwrap();
            if tier >= Tier::Pause {
                prop_assert!(rate.count >= 3 && rate.lower() > 0.08);
            }
            prop_assert!(tier < Tier::Emergency || rate.lower() > 0.10);
            prop_assert!(rate.count >= 3 || tier <= Tier::Warning);
        }

        #[test]
        fn one_more_bounce_is_never_a_milder_tier(count in 0_u64..200, more in 0_u64..50, of in 200_u64..2_000) {
            prop_assert!(tier(count, of) <= tier(count + more, of));
        }
    }
}
