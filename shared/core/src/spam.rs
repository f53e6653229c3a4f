//! How much of a tenant's mail lands in spam, on as few of the last days as make a sample (domain.md §8).
//!
//! A large tenant's day is sample enough, and a bad morning is seen by noon; a tenant of one or two mailboxes needs up to a week
//! to have as many placements. Counted by the sender's local day of the send, as all of [`crate::health`], on mailboxes that were
//! past their fifth day then: new ones meet spam, that is what warmup is for.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::condition::{Level, Sight, Topic};
use crate::day::PlanRow;
use crate::health::DayTally;
use crate::id::TenantId;
use crate::limits::AlarmLimits;
use crate::placement::Counts;
use crate::rate::Rate;

/// Days that are looked back, today included.
const DAYS: usize = 7;

/// Placements of tenants on their last days.
#[derive(Debug, Clone)]
pub struct RecentSpam {
    limits: AlarmLimits,
    tenants: BTreeMap<TenantId, [Counts; DAYS]>,
}

impl RecentSpam {
    /// Nothing yet.
    #[must_use]
    pub fn new(limits: &AlarmLimits) -> Self {
        Self { limits: *limits, tenants: BTreeMap::new() }
    }

    /// Adds a mailbox's last days.
    pub fn add(&mut self, row: &PlanRow, days: &[DayTally], now: Timestamp) {
        let today = row.plan.schedule.local_date(now);
        let of_tenant = self.tenants.entry(row.plan.tenant.clone()).or_default();
        for day in days {
            let age = (today - day.date).get_days();
            let Some(counts) = usize::try_from(age).ok().and_then(|age| of_tenant.get_mut(age)) else { continue };
            // The index counts sending days: of an earlier day it was lower by those that came after.
            let since = days.iter().filter(|later| later.date > day.date && later.target > 0).count();
            if row.day_index.saturating_sub(u32::try_from(since).unwrap_or(u32::MAX)) > self.limits.spam_day_index_min {
                let all = day.all();
                *counts += Counts { inbox: all.inbox, spam: all.spam, promotions: all.promotions, ..Counts::default() };
            }
        }
    }

    /// How each tenant stands of whom that can be said.
    pub fn sights(&self) -> impl Iterator<Item = Sight> {
        self.tenants.iter().filter_map(|(tenant, days)| {
            let rate = recent(days, self.limits.spam_sample_min)?;
            let share = rate.share()?;
            let level = if share > self.limits.spam_share_max { Level::Bad } else { Level::Fine };
            let sample = f64::from(u32::try_from(rate.of).unwrap_or(u32::MAX));
            let numbers = vec![("share", share), ("sample", sample)];
            Some(Sight { topic: Topic::Spam(tenant.clone()), level, numbers })
        })
    }
}

/// The rate of the last days, no more of them than make a sample.
fn recent(days: &[Counts; DAYS], sample_min: u64) -> Option<Rate> {
    let mut sum = Counts::default();
    days.iter().find_map(|day| {
        sum += *day;
        Some(sum.spam_rate()).filter(|rate| rate.of >= sample_min)
    })
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::{Date, date};

    use super::*;
    use crate::health::Tally;
    use crate::mailbox::Provider;
    use crate::tick::simulation;

    const TODAY: Date = date(2026, 3, 9);

    /// A mailbox of `acme` on its n-th day, whose last days had so much in the inbox and in spam; today's first.
    fn level(day_index: u32, days: &[(u32, u32)]) -> Option<Level> {
        let mut row = simulation::row(1, "a.example", Provider::Other, "table:4".parse().unwrap()).plan;
        row.day_index = day_index;
        let tally = |(age, &(inbox, spam)): (i64, &(u32, u32))| DayTally {
            target: 4,
            by_provider: [(Provider::Other, Tally { sent: inbox + spam, inbox, spam, ..Tally::default() })].into(),
            ..DayTally::new(TODAY.saturating_sub(age.days()))
        };
        let days: Vec<DayTally> = (0..).zip(days).map(tally).collect();
        let mut spam = RecentSpam::new(&AlarmLimits::default());
        spam.add(&row, &days, "2026-03-09T12:00:00Z".parse().unwrap());
        spam.sights().next().map(|sight| sight.level)
    }

    #[test]
    fn a_day_that_is_a_sample_speaks_for_itself() {
        assert_eq!(level(30, &[(17, 3), (500, 0)]), Some(Level::Bad));
        assert_eq!(level(30, &[(18, 2), (0, 500)]), Some(Level::Fine), "10 % is not over 10 %");
    }

    #[test]
    fn a_small_tenant_has_a_week_to_make_a_sample() {
        assert_eq!(level(30, &[(3, 1); 4]), None, "16 mails");
        assert_eq!(level(30, &[(3, 1); 5]), Some(Level::Bad));
        assert_eq!(level(30, &[(2, 0); 12]), None, "14 mails in a week");
    }

    #[test]
    fn mail_of_a_mailboxs_first_five_days_does_not_count() {
        assert_eq!(level(5, &[(0, 30)]), None);
        assert_eq!(level(6, &[(0, 30)]), Some(Level::Bad));
        assert_eq!(level(6, &[(10, 0), (0, 30)]), None, "yesterday was its fifth");
    }
}
