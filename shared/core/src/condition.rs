//! Conditions of the stack and of tenants, which come and go: how they stand, and what is told of that (domain.md §4, §8).
//!
//! | topic | bad (by default) | worse | looked at by |
//! |---|---|---|---|
//! | the stack | completion < 95 %, or failures > 5 % | < 80 %, > 10 % | the tick |
//! | a tenant's quota | completion < 80 %, with 3 or more expected | | the tick |
//! | a tenant's spam | over 10 % past day 5 ([`crate::spam`]) | | the governor |
//! | the language model | it failed, the library stood in | | the governor |
//!
//! Only what is not fine is remembered, so the memory of a healthy stack is empty. A turn is told when it was seen as often in a
//! row as the topic asks for: a single late tick is no alarm. What lasts is told again once a day. What is not known (no slot
//! has fallen due yet, too small a sample) changes nothing.
//!
//! May not know who listens, or where it is kept.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::change::{Change, Kind, Subject};
use crate::id::TenantId;
use crate::limits::AlarmLimits;
use crate::rate::Rate;

/// So many ticks in a row must see the same before it is told: what a late tick left behind is made up for by the next. Ours.
const TICKS: u8 = 2;

/// What may be in a condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The whole stack.
    System,
    /// Whether a tenant's mailboxes keep their quota.
    Quota(TenantId),
    /// Where a tenant's mail lands.
    Spam(TenantId),
    /// The language model.
    Llm,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    #[default]
    Fine,
    /// Not as it should be.
    Bad,
    /// Far from it.
    Worse,
}

/// How something was seen to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    /// What.
    pub topic: Topic,
    /// How bad.
    pub level: Level,
    /// By which numbers.
    pub numbers: Vec<(&'static str, f64)>,
}

/// How a topic stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Standing {
    /// What was told last.
    #[serde(rename = "l")]
    level: Level,
    /// Since when it is so.
    #[serde(rename = "s")]
    since: Timestamp,
    /// The date (UTC) on which that was told last.
    #[serde(rename = "d")]
    told_on: Date,
    /// Another level, and how often in a row it was seen.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    other: Option<(Level, u8)>,
}

/// How everything stands that is not fine, or was not a moment ago.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conditions(BTreeMap<String, Standing>);

impl Topic {
    fn key(&self) -> String {
        match self {
            Self::System => "system".to_owned(),
            Self::Quota(tenant) => format!("quota/{tenant}"),
            Self::Spam(tenant) => format!("spam/{tenant}"),
            Self::Llm => "llm".to_owned(),
        }
    }

    fn sights_needed(&self) -> u8 {
        match self {
            Self::System | Self::Quota(_) => TICKS,
            Self::Spam(_) | Self::Llm => 1,
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::System => "quota completion and failures",
            Self::Quota(_) => "quota completion",
            Self::Spam(_) => "share of spam past the first days",
            Self::Llm => "the daily stock of plans",
        }
    }

    fn kind(&self, level: Level) -> Kind {
        match (self, level) {
            (Self::System, Level::Fine) => Kind::SystemHealthy,
            (Self::System, Level::Bad) => Kind::SystemDegraded,
            (Self::System, Level::Worse) => Kind::SystemCritical,
            (Self::Quota(_), Level::Fine) => Kind::QuotaCaughtUp,
            (Self::Quota(_), Level::Bad | Level::Worse) => Kind::QuotaBehind,
            (Self::Spam(_), Level::Fine) => Kind::SpamNormal,
            (Self::Spam(_), Level::Bad | Level::Worse) => Kind::SpamHigh,
            (Self::Llm, Level::Fine) => Kind::LlmAvailable,
            (Self::Llm, Level::Bad | Level::Worse) => Kind::LlmUnavailable,
        }
    }
}

impl Sight {
    /// How a tenant keeps its quota; `None`: too little was expected of it to say.
    #[must_use]
    pub fn of_quota(tenant: &TenantId, kept: Rate, limits: &AlarmLimits) -> Option<Self> {
        let completion = kept.share().filter(|_| kept.of >= limits.behind_expected_min)?;
        let level = if completion < limits.behind_completion { Level::Bad } else { Level::Fine };
        Some(Self { topic: Topic::Quota(tenant.clone()), level, numbers: vec![("completion", completion)] })
    }

    /// How the stack is: what it has sent of what was expected by now, and what failed of what it tried.
    #[must_use]
    pub fn of_system(kept: Rate, failed: Rate, limits: &AlarmLimits) -> Option<Self> {
        let known = |rate: Rate| rate.share().filter(|_| rate.of >= limits.system_sample_min);
        let (completion, failures) = (known(kept), known(failed));
        if completion.is_none() && failures.is_none() {
            return None;
        }
        let is = |least: f64, most: f64| {
            completion.is_some_and(|share| share < least) || failures.is_some_and(|share| share > most)
        };
        let is_critical = is(limits.critical_completion, limits.critical_failures);
        let level = match (is_critical, is(limits.degraded_completion, limits.degraded_failures)) {
            (true, _) => Level::Worse,
            (false, true) => Level::Bad,
            (false, false) => Level::Fine,
        };
        let numbers = [("completion", completion), ("failures", failures)];
        let numbers = numbers.into_iter().filter_map(|(name, share)| Some((name, share?))).collect();
        Some(Self { topic: Topic::System, level, numbers })
    }

    fn change(&self, since: Timestamp) -> Change {
        let (tenant, subject) = match &self.topic {
            Topic::System => (None, Subject::system()),
            Topic::Quota(tenant) | Topic::Spam(tenant) => (Some(tenant), Subject::tenant(tenant)),
            Topic::Llm => (None, Subject::provider("llm")),
        };
        Change::new(self.topic.kind(self.level), tenant, subject, since, self.topic.rule(), &self.numbers)
    }
}

impl Conditions {
    /// Notes how something is seen to be. What is to be told of it, if anything is.
    pub fn note(&mut self, sight: &Sight, now: Timestamp) -> Option<Change> {
        let (key, today) = (sight.topic.key(), now.to_zoned(TimeZone::UTC).date());
        let mut standing =
            self.0.remove(&key).unwrap_or(Standing { level: Level::Fine, since: now, told_on: today, other: None });
        let mut change = None;
        if sight.level == standing.level {
            standing.other = None;
            if standing.level != Level::Fine && standing.told_on < today {
                standing.told_on = today;
                change = Some(sight.change(standing.since).on(&format!("{} {today}", standing.since)));
            }
        } else {
            let before = standing.other.filter(|(level, _)| *level == sight.level).map_or(0, |(_, times)| times);
            standing.other = Some((sight.level, before.saturating_add(1)));
            if before.saturating_add(1) >= sight.topic.sights_needed() {
                standing = Standing { level: sight.level, since: now, told_on: today, other: None };
                change = Some(sight.change(now));
            }
        }
        if standing.level != Level::Fine || standing.other.is_some() {
            self.0.insert(key, standing);
        }
        change
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn acme() -> TenantId {
        "acme".parse().unwrap()
    }

    fn kinds(conditions: &mut Conditions, sights: &[(&str, Option<Sight>)]) -> Vec<Option<Kind>> {
        let note = |(time, sight): &(&str, Option<Sight>)| conditions.note(sight.as_ref()?, at(time));
        sights.iter().map(note).map(|change| change.map(|change| change.kind)).collect()
    }

    #[test]
    fn a_tenant_is_behind_under_four_fifths_with_three_or_more_expected() {
        let level = |done, expected| {
            Sight::of_quota(&acme(), Rate::new(done, expected), &AlarmLimits::default()).map(|sight| sight.level)
        };
        assert_eq!([level(0, 0), level(0, 2), level(3, 3)], [None, None, Some(Level::Fine)]);
        assert_eq!(
            [level(2, 3), level(79, 100), level(80, 100)],
            [Some(Level::Bad), Some(Level::Bad), Some(Level::Fine)]
        );
    }

    #[test]
    fn the_stack_is_as_good_as_the_worse_of_completion_and_failures() {
        let none = Rate::new(0, 0);
        let level = |kept, failed| Sight::of_system(kept, failed, &AlarmLimits::default()).map(|sight| sight.level);
        for (kept, failed, expected) in [
            ((19, 19), (9, 19), None),
            ((95, 100), (5, 100), Some(Level::Fine)),
            ((94, 100), (0, 0), Some(Level::Bad)),
            ((100, 100), (6, 100), Some(Level::Bad)),
            ((79, 100), (0, 100), Some(Level::Worse)),
            ((100, 100), (11, 100), Some(Level::Worse)),
        ] {
            let rate = |(count, of)| Rate::new(count, of);
            assert_eq!(level(rate(kept), rate(failed)), expected, "{kept:?} {failed:?}");
        }
        assert_eq!(level(none, Rate::new(0, 20)), Some(Level::Fine));
    }

    #[test]
    fn a_turn_is_told_when_two_ticks_have_seen_it_and_what_lasts_once_a_day() {
        let quota = |done| Sight::of_quota(&acme(), Rate::new(done, 10), &AlarmLimits::default());
        let mut conditions = Conditions::default();
        let told = kinds(
            &mut conditions,
            &[
                ("2026-03-02T10:00:00Z", quota(10)),
                ("2026-03-02T10:15:00Z", quota(2)),
                ("2026-03-02T10:30:00Z", quota(9)),
                ("2026-03-02T10:45:00Z", quota(2)),
                ("2026-03-02T11:00:00Z", quota(2)),
                ("2026-03-02T11:15:00Z", quota(1)),
                // A new day has expected nothing yet.
                ("2026-03-03T06:00:00Z", None),
                ("2026-03-03T10:15:00Z", quota(2)),
                ("2026-03-03T10:30:00Z", quota(2)),
                ("2026-03-03T10:45:00Z", quota(9)),
                ("2026-03-03T11:00:00Z", quota(9)),
                ("2026-03-03T11:15:00Z", quota(9)),
            ],
        );
        let (behind, again, fine) = (Some(Kind::QuotaBehind), Some(Kind::QuotaBehind), Some(Kind::QuotaCaughtUp));
        assert_eq!(told, [None, None, None, None, behind, None, None, again, None, None, fine, None]);
        assert_eq!(conditions, Conditions::default(), "what is fine is not remembered");
    }

    #[test]
    fn what_lasts_is_told_under_an_id_of_the_day_and_what_turns_under_its_own() {
        let sight = |level| Sight { topic: Topic::Llm, level, numbers: Vec::new() };
        let mut conditions = Conditions::default();
        let first = conditions.note(&sight(Level::Bad), at("2026-03-02T03:00:00Z")).unwrap();
        let stored = serde_json::to_string(&conditions).unwrap();
        let second = conditions.note(&sight(Level::Bad), at("2026-03-03T03:00:00Z")).unwrap();
        // Noted again by one who did not come to write it down, it is the same.
        let mut lost: Conditions = serde_json::from_str(&stored).unwrap();
        assert_eq!(lost.note(&sight(Level::Bad), at("2026-03-03T09:00:00Z")).unwrap().id, second.id);
        assert!(first.id != second.id && first.at == second.at && first.tenant.is_none());
        assert_eq!(conditions.note(&sight(Level::Bad), at("2026-03-03T04:00:00Z")), None);
        let healthy = conditions.note(&sight(Level::Fine), at("2026-03-03T05:00:00Z")).unwrap();
        assert_eq!(healthy.kind, Kind::LlmAvailable);
    }
}
