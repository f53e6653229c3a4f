//! Decisions as changes on the bus, and what lasts, once a day. Ids follow from the decision's number, from the state that
//! somebody else told already, or from the day: what is told twice is known as one.
//!
//! A decision may change two things, such as a mailbox's state and the tier of its bounces. Programs hear both; of the second
//! it is said that it is a part of the first, so that people hear one.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use preheat_core::change::{Change, Kind, Subject, kind_of};
use preheat_core::day::PlanRow;
use preheat_core::decision::{Decision, Rule};
use preheat_core::lifecycle::{Cause, Pause, Standing};
use preheat_core::mailbox::State;
use preheat_core::tier::Tier;

/// What a decision changes, for those who listen and have not heard it yet.
pub(super) fn changes(decision: &Decision) -> Vec<Change> {
    if !decision.is_told() {
        return Vec::new();
    }
    let rate = rate_kind(decision).map(|kind| change(decision, kind, decision.at));
    let Some(kind) = kind_of(decision.from, decision.to) else { return rate.into_iter().collect() };
    let whole = match decision.entered {
        // Whoever put it into that state tells it in the same way, and mostly has.
        Some(entered) => change(decision, kind, entered.at).entering(decision.to),
        None => change(decision, kind, decision.at),
    };
    let severity = rate.as_ref().map_or(whole.severity, |rate| rate.severity.max(whole.severity));
    let whole = whole.weighing(severity);
    let part = rate.map(|rate| rate.part_of(&whole));
    let is_told = decision.entered.is_some_and(|entered| entered.told);
    Some(whole).filter(|_| !is_told).into_iter().chain(part).collect()
}

fn change(decision: &Decision, kind: Kind, at: Timestamp) -> Change {
    let numbers = [("multiplier_percent", f64::from(decision.percent.1)), ("day", f64::from(decision.day_index.1))];
    let subject = Subject::mailbox(decision.mailbox, &decision.address);
    Change::new(kind, Some(&decision.tenant), subject, at, decision.rule.name(), &numbers)
        .saying(&format!("{}: {}", decision.address, decision.words))
        .on(&decision.seq.to_string())
}

/// What is bad about a mailbox and lasts, in the hour in which its sending window begins: once a day, without a memory, and not
/// at night. Whether anybody is reminded of it is the notifier's to decide.
pub(super) fn lasting(row: &PlanRow, standing: &Standing, now: Timestamp) -> Vec<Change> {
    let local = row.plan.schedule.time_zone().unwrap_or(TimeZone::UTC).to_datetime(now);
    if local.hour() != row.plan.schedule.start.hour() {
        return Vec::new();
    }
    let state = match (standing.state, standing.pause) {
        (State::Error, _) => Some(Kind::MailboxError),
        (State::Paused, Some(Pause::Auto(_))) => Some(Kind::MailboxPaused),
        (State::Degraded, _) => Some(Kind::MailboxDegraded),
        (State::Paused | State::New | State::Warming | State::Ready | State::Retired, _) => None,
    };
    let bounces = standing.state.sends() && standing.tier >= Tier::Critical;
    let still = |kind, at: Timestamp, since: &str| {
        let subject = Subject::mailbox(row.plan.id, row.plan.address.as_str());
        let change = Change::new(kind, Some(&row.plan.tenant), subject, at, "it lasts", &[]);
        change.on(&format!("lasts {since} {}", local.date()))
    };
    let state = state.map(|kind| {
        let since = standing.since.to_string();
        let change = still(kind, standing.since, &since);
        let text = format!("{} It has been so since {since}.", change.text);
        change.saying(&text)
    });
    // Since when a tier has been what it is, nobody keeps.
    state.into_iter().chain(bounces.then(|| still(Kind::BouncesCritical, now, ""))).collect()
}

fn rate_kind(decision: &Decision) -> Option<Kind> {
    match decision.ended {
        Some(Cause::Bounces | Cause::Emergency) => return Some(Kind::BouncesNormal),
        Some(Cause::Complaints) => return Some(Kind::ComplaintsNormal),
        Some(Cause::Domain | Cause::Heat | Cause::Reputation) | None => {}
    }
    match decision.rule {
        Rule::Tier => Some(match decision.after.tier {
            Tier::Normal => Kind::BouncesNormal,
            Tier::Warning => Kind::BouncesWarning,
            Tier::Critical | Tier::Pause => Kind::BouncesCritical,
            Tier::Emergency => Kind::BouncesEmergency,
        }),
        Rule::Paused(Cause::Bounces) => Some(Kind::BouncesCritical),
        Rule::Paused(Cause::Emergency) => Some(Kind::BouncesEmergency),
        Rule::Paused(Cause::Complaints) => Some(Kind::ComplaintsHigh),
        Rule::Paused(Cause::Domain | Cause::Heat | Cause::Reputation)
        | Rule::CredentialsWork
        | Rule::CredentialsRefused
        | Rule::Disabled
        | Rule::TriedAgain
        | Rule::DnsFails
        | Rule::Ready
        | Rule::Degraded
        | Rule::ReputationDrop
        | Rule::Recovered
        | Rule::NotRecovered
        | Rule::DisabledTooLong
        | Rule::Resumed
        | Rule::PausedByHand
        | Rule::Stopped
        | Rule::ResumedByHand
        | Rule::SetByHand
        | Rule::DomainSending => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use preheat_core::alert::{Channel, Owner, Target, Verdict, plan};
    use preheat_core::change::Severity;
    use preheat_core::decision::{Entered, VERSION};
    use preheat_core::id::MailboxId;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn decision(rule: Rule, from: State, to: State) -> Decision {
        let now = at("2026-03-02T12:00:00Z");
        Decision {
            v: VERSION,
            tenant: "acme".parse().unwrap(),
            mailbox: MailboxId(7),
            address: "ann@acme.test".to_owned(),
            seq: 3,
            at: now,
            rule,
            observed: false,
            entered: None,
            ended: None,
            from,
            to,
            percent: (100, 100),
            day_index: (9, 9),
            inputs: Vec::new(),
            actions: Vec::new(),
            words: "because".to_owned(),
            void: false,
            after: Standing::first(to, now),
        }
    }

    /// Of these changes, how many a channel is told.
    fn heard(target: Target, changes: &[Change]) -> Vec<Kind> {
        let owner = Owner::Tenant("acme".parse().unwrap());
        let channel = Channel::new("ops".parse().unwrap(), owner, target).unwrap();
        let plan = plan(&channel, changes, &BTreeMap::new(), at("2026-03-02T12:00:05Z"));
        let told = changes.iter().zip(plan.verdicts).filter(|(_, verdict)| matches!(verdict, Verdict::Tell { .. }));
        told.map(|(change, _)| change.kind).collect()
    }

    #[test]
    fn people_hear_one_change_a_decision_and_programs_each() {
        for (cause, rate, severity) in [
            (Cause::Bounces, Kind::BouncesCritical, Severity::Critical),
            (Cause::Emergency, Kind::BouncesEmergency, Severity::Emergency),
            (Cause::Complaints, Kind::ComplaintsHigh, Severity::Critical),
        ] {
            let changes = changes(&decision(Rule::Paused(cause), State::Warming, State::Paused));
            assert_eq!(changes[0].severity, severity, "the whole is as bad as its worst part");
            assert_eq!(changes[1].part_of.as_ref(), Some(&changes[0].id));
            assert_eq!(heard(Target::Slack, &changes), [Kind::MailboxPaused]);
            let program = Target::Webhook { url: "https://crm.example/hook".to_owned() };
            assert_eq!(heard(program, &changes), [Kind::MailboxPaused, rate]);
        }
        let phone = Target::Sms { phone: "+4915112345678".to_owned() };
        let emergency = changes(&decision(Rule::Paused(Cause::Emergency), State::Warming, State::Paused));
        assert_eq!(heard(phone, &emergency), [Kind::MailboxPaused], "an emergency is texted");
    }

    #[test]
    fn what_a_pause_was_for_ends_with_it() {
        for (cause, expected) in [
            (Cause::Complaints, Some(Kind::ComplaintsNormal)),
            (Cause::Bounces, Some(Kind::BouncesNormal)),
            (Cause::Heat, None),
        ] {
            let resumed = decision(Rule::Resumed, State::Paused, State::Warming);
            let kinds: Vec<Kind> =
                changes(&Decision { ended: Some(cause), ..resumed }).iter().map(|change| change.kind).collect();
            assert_eq!(kinds, [Some(Kind::MailboxResumed), expected].into_iter().flatten().collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_was_told_at_once_is_not_told_again() {
        let entered = |told| Some(Entered { at: at("2026-03-02T11:40:00Z"), told });
        let error = decision(Rule::CredentialsRefused, State::Warming, State::Error);
        assert!(changes(&Decision { observed: true, entered: entered(true), ..error.clone() }).is_empty());
        let late = changes(&Decision { observed: true, entered: entered(false), ..error.clone() });
        assert_eq!((late.len(), late[0].at), (1, at("2026-03-02T11:40:00Z")));
        assert_ne!(late[0].id, changes(&error)[0].id, "it is known by its moment, not by the decision's number");
    }
}
