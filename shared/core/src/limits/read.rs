//! Reads the document in which an operator changes numbers: one JSON object, of [`Limits`]' form, with what differs from the
//! default and nothing else.
//!
//! Everything that is wrong is said at once, each with its field and with what it must be. What a document that is refused
//! says of other fields does not hold either: whoever starts with half of a configuration runs another than was asked for.

use std::fmt;

use serde_json::Value;

use super::{FIELDS, Kind, Limits};

/// The environment variable that holds the document: of the functions, and of the program.
pub const VARIABLE: &str = "PREHEAT_LIMITS";

/// What is wrong with a document, each with its field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct LimitsError(pub Vec<String>);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share => f.write_str("a share, 0 to 1"),
            Self::Whole(min, max) => write!(f, "a whole number, {min} to {max}"),
            Self::Number(min, max) => write!(f, "a number, {min} to {max}"),
            Self::Time => f.write_str("a local time, such as 01:00:00"),
        }
    }
}

impl Kind {
    fn takes(self, value: &Value) -> bool {
        let within = |min: u32, max: u32| {
            value.as_f64().is_some_and(|number| (f64::from(min)..=f64::from(max)).contains(&number))
        };
        match self {
            Self::Share => within(0, 1),
            Self::Whole(min, max) => value.is_u64() && within(min, max),
            Self::Number(min, max) => within(min, max),
            Self::Time => value.as_str().is_some_and(|text| text.parse::<jiff::civil::Time>().is_ok()),
        }
    }
}

impl Limits {
    /// The numbers that a document leaves: the defaults with what it says instead.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(document: &str) -> Result<Self, LimitsError> {
        let not_json = |error: serde_json::Error| LimitsError(vec![format!("not the JSON of an object: {error}")]);
        let value: Value = serde_json::from_str(document).map_err(not_json)?;
        if !value.is_object() {
            return Err(LimitsError(vec!["not the JSON of an object, such as {\"spacing_s\": 90}".to_owned()]));
        }
        let mut wrong = Vec::new();
        hold(&value, "", &mut wrong);
        if !wrong.is_empty() {
            return Err(LimitsError(wrong));
        }
        let limits: Self = serde_json::from_str(document).map_err(not_json)?;
        let crossed = limits.crossed();
        if crossed.is_empty() { Ok(limits) } else { Err(LimitsError(crossed)) }
    }

    /// Numbers that do not go together, each pair with how it must be.
    fn crossed(&self) -> Vec<String> {
        let (health, engage, alarm) = (&self.health, &self.engage, &self.alarm);
        let mut wrong = Vec::new();
        let mut below = |low: (&str, f64), high: (&str, f64), may_equal: bool| {
            if low.1 > high.1 || (low.1 >= high.1 && !may_equal) {
                let most = if may_equal { "at most" } else { "under" };
                wrong.push(format!("{} is {}; it must be {most} {}, which is {}", low.0, low.1, high.0, high.1));
            }
        };
        let tiers = [
            ("health.tier_warning", health.tier_warning),
            ("health.tier_critical", health.tier_critical),
            ("health.tier_pause", health.tier_pause),
            ("health.tier_emergency", health.tier_emergency),
        ];
        tiers.windows(2).for_each(|pair| below(pair[0], pair[1], false));
        let loads = [
            ("campaign_reserve_per_day", self.campaign_reserve_per_day),
            ("campaign_soft_per_day", self.campaign_soft_per_day),
            ("campaign_hard_per_day", self.campaign_hard_per_day),
            ("campaign_alarm_per_day", self.campaign_alarm_per_day),
        ];
        let loads = loads.map(|(name, number)| (name, f64::from(number)));
        loads.windows(2).for_each(|pair| below(pair[0], pair[1], true));
        below(("health.prior_inbox", health.prior_inbox), ("health.prior_all", health.prior_all), true);
        let mut ordered = |low: (&str, u32), high: (&str, u32)| {
            below((low.0, f64::from(low.1)), (high.0, f64::from(high.1)), true);
        };
        ordered(("health.low_heat", health.low_heat.into()), ("health.ready_heat", health.ready_heat.into()));
        ordered(
            ("health.critical_percent", health.critical_percent.into()),
            ("health.warning_percent", health.warning_percent.into()),
        );
        ordered(("health.pause_hours", health.pause_hours), ("health.pause_hours_max", health.pause_hours_max));
        ordered(
            ("health.retry_first_hours", health.retry_first_hours),
            ("health.retry_max_hours", health.retry_max_hours),
        );
        ordered(("engage.read_median_s", engage.read_median_s), ("engage.read_max_s", engage.read_max_s));
        ordered(("engage.reply_first_s", engage.reply_first_s), ("engage.reply_last_s", engage.reply_last_s));
        ordered(("system_per_minute", self.system_per_minute), ("system_per_hour", self.system_per_hour));
        below(
            ("alarm.critical_completion", alarm.critical_completion),
            ("alarm.degraded_completion", alarm.degraded_completion),
            true,
        );
        below(
            ("alarm.degraded_failures", alarm.degraded_failures),
            ("alarm.critical_failures", alarm.critical_failures),
            true,
        );
        let weights: f64 = health.weights.iter().sum();
        if (weights - 1.0).abs() > 1e-6 {
            wrong.push(format!("health.weights add up to {weights:.3}; they must add up to 1"));
        }
        wrong
    }
}

/// Holds every value of a document to what its field may be.
fn hold(value: &Value, path: &str, wrong: &mut Vec<String>) {
    if let Value::Object(object) = value {
        for (name, value) in object {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            hold(value, &path, wrong);
        }
        return;
    }
    let Some(field) = FIELDS.iter().find(|field| field.path == path) else {
        wrong.push(format!("{path} is none of the limits; `preheat limits show` names them all"));
        return;
    };
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    // No limit at all, where there may be none.
    let is_none = path == "plan_per_mailbox_per_day" && value.is_null();
    if !is_none && !values.iter().all(|value| field.kind.takes(value)) {
        wrong.push(format!("{path} is {value}; it must be {}", field.kind));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The leaves of a document: a list is one.
    fn leaves(value: &Value, path: &str, into: &mut BTreeMap<String, Value>) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    leaves(value, &path, into);
                }
            }
            leaf => {
                into.insert(path.to_owned(), leaf.clone());
            }
        }
    }

    fn defaults() -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        leaves(&serde_json::to_value(Limits::default()).unwrap(), "", &mut all);
        all
    }

    #[test]
    fn every_number_has_a_field_and_every_field_a_number() {
        let mut named: Vec<&str> = FIELDS.iter().map(|field| field.path).collect();
        named.sort_unstable();
        assert_eq!(named, defaults().keys().map(String::as_str).collect::<Vec<_>>());
    }

    #[test]
    fn an_empty_document_is_the_defaults_and_so_are_the_defaults_as_a_document() {
        assert_eq!(Limits::read("{}"), Ok(Limits::default()));
        let written = serde_json::to_string(&Limits::default()).unwrap();
        assert_eq!(Limits::read(&written), Ok(Limits::default()));
    }

    /// Word for word from domain.md, sections 1 to 9.
    #[test]
    fn the_defaults_are_domain_md() {
        let expected = [
            ("quota_min_per_day", "30"),
            ("variation", "0.1"),
            ("gmail_per_day", "2000"),
            ("gmail_consumer_per_day", "500"),
            ("microsoft_per_day", "10000"),
            ("microsoft_per_minute", "30"),
            ("microsoft_connections", "3"),
            ("campaign_reserve_per_day", "20"),
            ("campaign_soft_per_day", "50"),
            ("campaign_hard_per_day", "80"),
            ("campaign_alarm_per_day", "100"),
            ("gap_days_min", "3"),
            ("gap_step_back", "0.5"),
            ("spacing_s", "60"),
            ("catchup_factor", "2.0"),
            ("carry_share", "0.2"),
            ("system_per_hour", "10000"),
            ("system_per_minute", "500"),
            ("inbound_from_same_per_day", "1"),
            ("inbound_per_day", "60"),
            ("organisation_share_max", "0.25"),
            ("alarm.behind_completion", "0.8"),
            ("alarm.behind_expected_min", "3"),
            ("partner_memory_days", "7"),
            ("eligible_partners_min", "2"),
            ("content.fresh_per_day", "5"),
            ("content.retire_outcomes_min", "20"),
            ("content.retire_spam_share", "0.15"),
            ("engage.missing_after_hours", "48"),
            ("engage.read_median_s", "2400"),
            ("engage.read_max_s", "28800"),
            ("engage.reply_first_s", "2700"),
            ("engage.reply_last_s", "172800"),
            ("engage.flag_share", "0.3"),
            ("engage.replies_max", "5"),
            ("engage.filed_days", "14"),
            ("health.prior_inbox", "8.0"),
            ("health.prior_all", "10.0"),
            ("health.weights", "[0.7,0.15,0.15]"),
            ("health.bounce_full", "0.1"),
            ("health.complaint_full", "0.003"),
            ("health.failing_cap", "59"),
            ("health.day_sample_min", "20"),
            ("health.volume_share", "0.8"),
            ("health.ready_score", "80"),
            ("health.ready_days", "14"),
            ("health.ready_heat", "85"),
            ("health.ready_sent", "200"),
            ("health.ready_bounce_max", "0.02"),
            ("health.ready_complaint_max", "0.001"),
            ("health.ready_read", "0.15"),
            ("health.low_heat", "60"),
            ("health.degrade_placements", "20"),
            ("health.recover_days", "7"),
            ("health.retire_days", "30"),
            ("health.pause_hours", "48"),
            ("health.roll_back_days", "7"),
            ("health.low_heat_hours", "24"),
            ("health.disabled_hours", "24"),
            ("health.dns_grace_hours", "72"),
            ("health.reputation_min", "50"),
            ("health.tier_warning", "0.02"),
            ("health.tier_critical", "0.05"),
            ("health.tier_pause", "0.08"),
            ("health.tier_emergency", "0.1"),
            ("health.bad_events_min", "3"),
            ("health.complaint_pause", "0.003"),
            ("health.warning_percent", "75"),
            ("health.critical_percent", "50"),
            ("alarm.degraded_completion", "0.95"),
            ("alarm.degraded_failures", "0.05"),
            ("alarm.critical_completion", "0.8"),
            ("alarm.critical_failures", "0.1"),
            ("alarm.spam_share_max", "0.1"),
            ("alarm.spam_day_index_min", "5"),
            ("ip.volume_share_min", "0.5"),
            ("ip.bounce_max", "0.05"),
            ("ip.complaint_max", "0.001"),
            ("ip.pause_h", "48"),
            ("ip.decided_from", "\"01:00:00\""),
            ("ip.admission_days", "7"),
        ];
        let defaults = defaults();
        for (path, value) in expected {
            assert_eq!(defaults[path].to_string(), value, "{path}");
        }
    }

    #[test]
    fn a_document_changes_what_it_names_and_nothing_else() {
        let limits =
            Limits::read(r#"{"spacing_s": 90, "health": {"tier_pause": 0.09}, "ip": {"decided_from": "02:30:00"}}"#);
        let mut expected = Limits { spacing_s: 90, ..Limits::default() };
        expected.health.tier_pause = 0.09;
        expected.ip.decided_from = jiff::civil::Time::constant(2, 30, 0, 0);
        assert_eq!(limits, Ok(expected));
        assert_eq!(Limits::read(r#"{"plan_per_mailbox_per_day": null}"#), Ok(Limits::default()));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_it_must_be() {
        let said = |document: &str| Limits::read(document).unwrap_err().to_string();
        for (document, expected) in [
            (r#"{"health": {"tier_warnin": 0.02}}"#, "health.tier_warnin is none of the limits; `preheat limits show`"),
            (r#"{"health": {"tier_warning": 2}}"#, "health.tier_warning is 2; it must be a share, 0 to 1"),
            (r#"{"spacing_s": 59.5}"#, "spacing_s is 59.5; it must be a whole number, 1 to 3600"),
            (r#"{"spacing_s": "60"}"#, "spacing_s is \"60\"; it must be a whole number"),
            (r#"{"spacing_s": -1}"#, "spacing_s is -1; it must be a whole number"),
            (r#"{"spacing_s": null}"#, "spacing_s is null; it must be a whole number"),
            (r#"{"health": 3}"#, "health is none of the limits"),
            (r#"{"health": {"weights": [0.7, 0.2, 0.2]}}"#, "health.weights add up to 1.100; they must add up to 1"),
            (r#"{"health": {"weights": [1]}}"#, "invalid length 1"),
            (r#"{"ip": {"decided_from": "1 a.m."}}"#, "ip.decided_from is \"1 a.m.\"; it must be a local time"),
            (
                r#"{"health": {"tier_critical": 0.08}}"#,
                "health.tier_critical is 0.08; it must be under health.tier_pause",
            ),
            (
                r#"{"engage": {"read_max_s": 600}}"#,
                "engage.read_median_s is 2400; it must be at most engage.read_max_s",
            ),
            // These have settings of their own, which the stack's schedules and queues agree with.
            (r#"{"tick_s": 900}"#, "tick_s is none of the limits"),
            (r#"{"spacing_s": 60, "spacing_s": 90}"#, "duplicate field"),
            ("[]", "not the JSON of an object"),
            ("", "not the JSON of an object"),
        ] {
            let said = said(document);
            assert!(said.contains(expected), "{document}: {said}");
        }
        let both = said(r#"{"spacing_s": 0, "health": {"low_heat": 101}}"#);
        assert!(both.contains("spacing_s is 0") && both.contains("health.low_heat is 101"), "{both}");
    }

    #[test]
    fn a_number_at_its_end_is_taken_and_one_past_it_is_not() {
        for field in FIELDS {
            let (min, max) = match field.kind {
                Kind::Share => (0, 1),
                Kind::Whole(min, max) | Kind::Number(min, max) => (min, max),
                Kind::Time => continue,
            };
            assert!(field.kind.takes(&min.into()) && field.kind.takes(&max.into()), "{}", field.path);
            assert!(!field.kind.takes(&(u64::from(max) + 1).into()), "{}", field.path);
            assert!(!field.kind.takes(&(i64::from(min) - 1).into()), "{}", field.path);
        }
    }
}
