//! A rate that never hides its sample: `18/20 = 90 % (70–97 %)` (domain.md §7).
//!
//! Small samples lie, so every rate is shown with its Wilson 95 % interval, and nothing hard is decided before a bound of
//! it is past the threshold.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Quantile of the normal distribution that leaves 2.5 % on either side.
const Z: f64 = 1.959_963_984_540_054;

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rate {
    /// How many had it. At most `of`.
    pub count: u64,
    /// How many were looked at.
    pub of: u64,
}

impl Rate {
    /// `count` of `of`; a count beyond the sample is cut to it.
    #[must_use]
    pub fn new(count: u64, of: u64) -> Self {
        Self { count: count.min(of), of }
    }

    /// The share, 0–1; `None` where nothing was looked at: unknown is not zero.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of mails are far below 2^53")]
    pub fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.count as f64 / self.of as f64)
    }

    /// The Wilson score interval at 95 %, 0–1 each. With no sample: everything is possible.
    ///
    /// Source: E. B. Wilson, *Probable inference, the law of succession, and statistical inference*, JASA 22 (1927).
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of mails are far below 2^53")]
    pub fn interval(self) -> (f64, f64) {
        let Some(p) = self.share() else { return (0.0, 1.0) };
        let n = self.of as f64;
        let z2 = Z * Z;
        let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        // At the ends the formula is exact but for rounding.
        let lower = if self.count == 0 { 0.0 } else { (middle - half).max(0.0) };
        let upper = if self.count == self.of { 1.0 } else { (middle + half).min(1.0) };
        (lower, upper)
    }

    /// Lower bound of [`Rate::interval`].
    #[must_use]
    pub fn lower(self) -> f64 {
        self.interval().0
    }

    /// Upper bound of [`Rate::interval`].
    #[must_use]
    pub fn upper(self) -> f64 {
        self.interval().1
    }
}

/// Whether a rate is over a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// It is not, or too few bad events say so.
    No,
    /// It is, on a sample too small to be sure: whoever can wait, waits.
    Perhaps,
    /// It is, and so is its Wilson lower bound: enough for a pause.
    Surely,
}

impl Rate {
    /// The rule of small samples (domain.md §7), for mailboxes and sending IPs alike: nothing on fewer than `events_min` bad
    /// events, and nothing hard before the lower bound is over the threshold.
    #[must_use]
    pub fn over(self, threshold: f64, events_min: u64) -> Over {
        if self.count < events_min || self.share().is_none_or(|share| share <= threshold) {
            Over::No
        } else if self.lower() > threshold {
            Over::Surely
        } else {
            Over::Perhaps
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(share) = self.share() else { return f.write_str("0/0: unknown") };
        let (lower, upper) = self.interval();
        // Rates of a few per mille (complaints) need a digit more.
        let digits = usize::from(upper < 0.1);
        write!(
            f,
            "{}/{} = {:.digits$} % ({:.digits$}–{:.digits$} %)",
            self.count,
            self.of,
            100.0 * share,
            100.0 * lower,
            100.0 * upper
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rate_shows_its_sample_and_its_interval() {
        assert_eq!(Rate::new(18, 20).to_string(), "18/20 = 90 % (70–97 %)");
        assert_eq!(Rate::new(1, 19).to_string(), "1/19 = 5 % (1–25 %)");
        assert_eq!(Rate::new(1, 1000).to_string(), "1/1000 = 0.1 % (0.0–0.6 %)");
        assert_eq!(Rate::new(0, 0).to_string(), "0/0: unknown");
    }

    #[test]
    fn a_rate_is_surely_over_a_threshold_on_enough_bad_events_and_with_its_lower_bound() {
        assert_eq!(Rate::new(2, 3).over(0.05, 3), Over::No, "two bad events");
        assert_eq!(Rate::new(3, 100).over(0.05, 3), Over::No);
        assert_eq!(Rate::new(3, 19).over(0.08, 3), Over::Perhaps, "16 % (6–38 %)");
        assert_eq!(Rate::new(5, 19).over(0.08, 3), Over::Surely, "26 % (12–49 %)");
        assert_eq!(Rate::new(0, 0).over(0.0, 0), Over::No);
    }

    proptest! {
        #[test]
        fn what_is_surely_over_has_enough_bad_events_and_a_lower_bound_over_it(
            count in 0_u64..500, of in 0_u64..5_000, threshold in 0.0..0.5_f64, events_min in 0_u64..6
        ) {
            let rate = Rate::new(count, of);
            let surely = rate.over(threshold, events_min) == Over::Surely;
            prop_assert_eq!(surely, rate.of > 0 && rate.count >= events_min && rate.lower() > threshold);
        }

        #[test]
        fn the_interval_holds_the_share_and_narrows_with_the_sample(of in 1_u64..100_000, part in 0.0..=1.0_f64) {
            let count = (of as f64 * part) as u64;
            let rate = Rate::new(count, of);
            let (lower, upper) = rate.interval();
            let share = rate.share().unwrap();
            prop_assert!(0.0 <= lower && lower <= share && share <= upper && upper <= 1.0);
            let (more_lower, more_upper) = Rate::new(count * 4, of * 4).interval();
            prop_assert!(more_upper - more_lower < upper - lower);
        }
    }
}
