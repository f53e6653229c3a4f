//! Decisions as changes on the bus. Their ids follow from the decision's number, so a decision told twice is known as one.

use preheat_core::change::{Change, Kind, Subject};
use preheat_core::decision::{Decision, Rule};
use preheat_core::lifecycle::Cause;
use preheat_core::mailbox::State;
use preheat_core::tier::Tier;

/// What a decision changes, for those who listen.
pub(super) fn changes(decision: &Decision) -> Vec<Change> {
    if !decision.is_told() {
        return Vec::new();
    }
    let mut kinds = Vec::new();
    if decision.from != decision.to {
        kinds.extend(state_kind(decision));
    }
    kinds.extend(rate_kind(decision));
    let numbers = [("multiplier_percent", f64::from(decision.percent.1)), ("day", f64::from(decision.day_index.1))];
    let change = |kind| {
        let subject = Subject::mailbox(decision.mailbox, &decision.address);
        Change::new(kind, Some(&decision.tenant), subject, decision.at, decision.rule.name(), &numbers)
            .saying(&format!("{}: {}", decision.address, decision.words))
            .on(&decision.seq.to_string())
    };
    kinds.into_iter().map(change).collect()
}

fn state_kind(decision: &Decision) -> Option<Kind> {
    match decision.to {
        State::New => None,
        State::Warming if decision.from == State::Paused => Some(Kind::MailboxResumed),
        State::Warming => Some(Kind::MailboxWarming),
        State::Ready => Some(Kind::MailboxReady),
        State::Degraded => Some(Kind::MailboxDegraded),
        State::Paused => Some(Kind::MailboxPaused),
        State::Error => Some(Kind::MailboxError),
        State::Retired => Some(Kind::MailboxRetired),
    }
}

fn rate_kind(decision: &Decision) -> Option<Kind> {
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
