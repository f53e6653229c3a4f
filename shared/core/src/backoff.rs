//! Back-off from a provider: additive increase, multiplicative decrease, and a breaker (domain.md §4).
//!
//! The budget is a share of what falls due for the provider's mailboxes in a tick. Trouble halves it for the next
//! tick; every quiet tick gives an eighth back. So no burst follows an outage: the share climbs again from a sixteenth.
//! Total: every report on every budget gives a budget. May not decide about a single mailbox.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Least share of what is due that a provider is given while its breaker is closed: a probe. 1/16. Ours.
pub const FACTOR_MIN: f64 = 0.0625;
/// Given back by every quiet tick: from the least share to the whole in two hours. Ours.
pub const FACTOR_STEP: f64 = 0.125;
/// Deferred sends of those planned from which a tick counts as trouble, in percent. Ours: greylisting of a few must
/// not slow the rest, and a bad mailbox never changes another's outcome (reliability.md, 11).
pub const TROUBLE_PERCENT: u32 = 5;
/// Ticks in a row, most of their sends deferred, after which the breaker opens: an hour. Ours.
pub const OPEN_AFTER_TICKS: u32 = 4;
/// How long the breaker stays open the first time; doubled each time it opens again at once, at most
/// [`OPEN_DOUBLINGS_MAX`] times. Ours.
pub const OPEN_FOR: SignedDuration = SignedDuration::from_mins(30);
/// At most four times the first: two hours. Ours.
pub const OPEN_DOUBLINGS_MAX: u32 = 2;

/// What a provider is given, as its item holds it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProviderBudget {
    /// Share of what is due, from [`FACTOR_MIN`] to 1.
    pub factor: f64,
    /// Ticks in a row in which most sends were deferred.
    pub failures: u32,
    /// Until when nothing is sent at all.
    pub opened_until: Option<Timestamp>,
}

impl Default for ProviderBudget {
    fn default() -> Self {
        Self { factor: 1.0, failures: 0, opened_until: None }
    }
}

/// What a provider did in the tick that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderReport {
    /// Start of the tick that is planned next.
    pub at: Timestamp,
    /// How many sends were planned for the provider's mailboxes, or how many of them tried
    /// ([`crate::tick::attempted`]); `None`: not known.
    pub planned: Option<u32>,
    /// How many of them it deferred: 421, another 4xx, 429, "too many", no connection.
    pub deferred: u32,
}

impl ProviderReport {
    /// Whether the provider as a whole is in trouble, not one mailbox of it: at least 5 % of the sends, and two of
    /// them, or all there were.
    fn trouble(self) -> bool {
        match self.planned {
            Some(planned) => {
                self.deferred > 0
                    && u64::from(self.deferred) * 100 >= u64::from(planned) * u64::from(TROUBLE_PERCENT)
                    && (self.deferred >= 2 || planned <= self.deferred)
            }
            None => self.deferred >= 2,
        }
    }
    /// Whether most sends were deferred. Without a count of those planned, ten at least.
    fn outage(self) -> bool {
        self.trouble()
            && match self.planned {
                Some(planned) => self.deferred.saturating_mul(2) >= planned,
                None => self.deferred >= 10,
            }
    }
}

impl ProviderBudget {
    /// The budget of the next tick, after what this one brought.
    #[must_use]
    pub fn on_tick(self, report: ProviderReport) -> Self {
        // A number that cannot be (a damaged item) is the least share, not a burst.
        let factor = if self.factor.is_finite() { self.factor.clamp(FACTOR_MIN, 1.0) } else { FACTOR_MIN };
        if let Some(until) = self.opened_until {
            // Late reports of sends from before it opened say nothing new. Once over: a probe, and the count stays,
            // so that a failing probe opens it again at once.
            let still = report.at < until;
            return Self { factor: FACTOR_MIN, failures: self.failures, opened_until: still.then_some(until) };
        }
        if !report.trouble() {
            return Self { factor: (factor + FACTOR_STEP).min(1.0), failures: 0, opened_until: None };
        }
        let failures = if report.outage() { self.failures.saturating_add(1) } else { 0 };
        let opened_until = (failures >= OPEN_AFTER_TICKS).then(|| {
            let doublings = (failures - OPEN_AFTER_TICKS).min(OPEN_DOUBLINGS_MAX);
            report.at.saturating_add(OPEN_FOR * (1 << doublings)).unwrap_or(report.at)
        });
        Self { factor: (factor / 2.0).max(FACTOR_MIN), failures, opened_until }
    }

    /// Whether nothing may be sent at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.opened_until.is_some_and(|until| now < until)
    }

    /// How many of `due` sends the provider is given in the tick that starts at `now`: none while the breaker is
    /// open, else at least one.
    #[must_use]
    pub fn allowed(&self, due: u32, now: Timestamp) -> u32 {
        if self.is_open(now) {
            return 0;
        }
        // A share of 0–1 of a `u32` is one again; a factor that is no number gives 0, and so the probe.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..=due")]
        let share = (f64::from(due) * self.factor.clamp(0.0, 1.0)).ceil() as u32;
        share.clamp(due.min(1), due)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(tick: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + tick * 900).unwrap()
    }
    fn report(tick: i64, planned: u32, deferred: u32) -> ProviderReport {
        ProviderReport { at: at(tick), planned: Some(planned), deferred }
    }

    #[test]
    fn trouble_halves_and_quiet_gives_back_an_eighth() {
        let budget = ProviderBudget::default().on_tick(report(0, 100, 10));
        assert_eq!(budget.factor, 0.5);
        assert_eq!(budget.on_tick(report(1, 50, 0)).factor, 0.625);
        assert_eq!(budget.allowed(100, at(1)), 50);
        assert_eq!(budget.allowed(1, at(1)), 1);
        assert_eq!(budget.allowed(0, at(1)), 0);
    }

    #[test]
    fn one_bad_mailbox_is_not_the_provider() {
        let whole = ProviderBudget::default();
        assert_eq!(whole.on_tick(report(0, 8, 1)), whole);
        assert_eq!(whole.on_tick(report(0, 1000, 20)), whole);
        // ... but the only mailbox is.
        assert_eq!(whole.on_tick(report(0, 1, 1)).factor, 0.5);
    }

    #[test]
    fn an_outage_opens_the_breaker_and_its_end_brings_no_burst() {
        let mut budget = ProviderBudget::default();
        let mut sent = Vec::new();
        // A day of 421, then mended. Due is twice the normal rate all the time: the catch-up.
        for tick in 0..(96 + 24) {
            let planned = budget.allowed(1000, at(tick));
            sent.push(planned);
            let deferred = if tick < 96 { planned } else { 0 };
            budget = budget.on_tick(report(tick + 1, planned, deferred));
        }
        assert_eq!(sent[..5], [1000, 500, 250, 125, 0]);
        assert!(sent[5..96].iter().all(|&n| n <= 63), "at most a probe while it lasts: {sent:?}");
        assert!(sent[5..96].iter().filter(|&&n| n > 0).count() <= 12, "{sent:?}");
        let after: Vec<u32> = sent[96..].iter().copied().filter(|&n| n > 0).collect();
        assert!(after.windows(2).all(|pair| pair[1] <= pair[0] + 125), "{after:?}");
        assert_eq!(after.last(), Some(&1000), "{after:?}");
    }

    #[test]
    fn a_fifth_deferred_for_good_never_opens_it() {
        let mut budget = ProviderBudget::default();
        for tick in 0..200 {
            budget = budget.on_tick(report(tick, 100, 20));
            assert!(!budget.is_open(at(tick)));
        }
        assert_eq!(budget.factor, FACTOR_MIN);
    }

    proptest! {
        #[test]
        fn every_report_on_every_budget_gives_a_sound_one(
            factor in prop_oneof![Just(f64::NAN), Just(f64::INFINITY), -1.0..2.0_f64],
            failures: u32, open in prop::option::of(-10..10_i64), history in prop::collection::vec((0..2000_u32, 0..2000_u32), 1..40),
        ) {
            let mut budget = ProviderBudget { factor, failures, opened_until: open.map(at) };
            for (tick, (planned, deferred)) in (0..).zip(history) {
                let before = budget;
                budget = budget.on_tick(report(tick, planned, deferred));
                prop_assert!((FACTOR_MIN..=1.0).contains(&budget.factor));
                prop_assert!(budget.allowed(planned, at(tick)) <= planned);
                if before.is_open(at(tick)) {
                    prop_assert_eq!(budget.opened_until, before.opened_until);
                }
                if let Some(until) = budget.opened_until {
                    prop_assert!(until <= at(tick) + OPEN_FOR * 4 || before.opened_until == Some(until));
                }
            }
        }
    }
}
