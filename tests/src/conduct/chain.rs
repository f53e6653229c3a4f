//! The decisions of a mailbox: a chain from state to state, each link by a rule that domain.md §7 has for it.
//!
//! The table of lifecycle.rs is written down here a second time, as what may be and not as what is done.

use jiff::SignedDuration;
use preheat_core::decision::{Decision, Rule};
use preheat_core::health::HealthRow;
use preheat_core::lifecycle::{Cause, Pause};
use preheat_core::limits::Limits;
use preheat_core::mailbox::State;

/// What is wrong with all decisions of a mailbox, in their order, beside its state and its health row at rest.
pub(super) fn check(decisions: &[Decision], state: State, health: Option<&HealthRow>, limits: &Limits) -> Vec<String> {
    let mut found = Vec::new();
    let mut before: Option<&Decision> = None;
    for (one, seq) in decisions.iter().zip(1..) {
        let name = format!("decision {} ({})", one.seq, one.rule.name());
        if one.seq != seq {
            found.push(format!("{name} stands where {seq} should: one is lost"));
            return found;
        }
        if one.words.is_empty() || (one.inputs.is_empty() && !one.observed && looks_at_numbers(one.rule)) {
            found.push(format!("{name} does not say what it looked at, or what it came to"));
        }
        if one.void {
            continue;
        }
        if !may(one) {
            found.push(format!("{name} leads from {:?} to {:?}, which no rule of this name does", one.from, one.to));
        }
        if let Some(before) = before {
            if before.to != one.from {
                found.push(format!("{name} begins in {:?}, the one before it ended in {:?}", one.from, before.to));
            }
            if one.at < before.at {
                found.push(format!("{name} is of {}, the one before it of {}", one.at, before.at));
            }
            found.extend(cut_short(before, one, limits).map(|what| format!("{name} {what}")));
        }
        before = Some(one);
    }
    found.extend(at_rest(decisions, before, state, health));
    found
}

/// After the last round, everything that is decided is carried out and committed, and nothing else has happened.
fn at_rest(
    decisions: &[Decision],
    last: Option<&Decision>,
    state: State,
    health: Option<&HealthRow>,
) -> Option<String> {
    let Some(health) = health else { return Some("it was never looked at".to_owned()) };
    let ended = last.map_or(health.standing.state, |last| last.to);
    let known = u32::try_from(decisions.len()).unwrap_or(u32::MAX);
    if ended != state || health.standing.state != state || health.seq != known {
        return Some(format!(
            "its row says {state:?}, its {known} decisions lead to {ended:?}, its health row knows {} and {:?}",
            health.seq, health.standing.state
        ));
    }
    None
}

/// A rule ends an automatic pause when its time is over, and no other.
fn cut_short(before: &Decision, one: &Decision, limits: &Limits) -> Option<String> {
    if one.from != State::Paused || one.observed || !matches!(one.to, State::Warming | State::New) {
        return None;
    }
    if !matches!(before.after.pause, Some(Pause::Auto(_))) {
        return Some("ends a pause that a person has made".to_owned());
    }
    let lasted = one.at.duration_since(before.after.since);
    let is_short = lasted < SignedDuration::from_hours(i64::from(before.after.pause_hours(&limits.health)));
    is_short.then(|| format!("ends a pause after {lasted:#}"))
}

/// Whether a rule of this name may lead there.
fn may(one: &Decision) -> bool {
    let is_live = State::LIVE.contains(&one.from);
    match (one.rule, one.to) {
        // Others may do what they like, but for one thing.
        (Rule::PausedByHand | Rule::Stopped, State::Paused) => one.observed && one.from != State::Retired,
        (Rule::ResumedByHand, State::Warming) => one.observed && one.from == State::Paused,
        (Rule::SetByHand, _) => one.observed && one.from != State::Retired,
        (Rule::CredentialsWork, State::Warming) => one.observed && one.from == State::New,
        (Rule::CredentialsRefused, State::Error) => one.observed && is_live,
        (Rule::Disabled, State::Error) => is_live,
        (Rule::DnsFails, State::Error) => one.from == State::New,
        (Rule::TriedAgain, State::New) => one.from == State::Error,
        (Rule::Ready | Rule::Degraded, State::Ready | State::Degraded) => one.from == State::Warming,
        (Rule::ReputationDrop, State::Warming) => one.from == State::Ready,
        (Rule::Recovered, State::Warming) | (Rule::NotRecovered, State::Retired) => one.from == State::Degraded,
        (Rule::DisabledTooLong, State::Retired) => one.from == State::Error,
        (Rule::Paused(cause), State::Paused) => one.from.sends() || (cause == Cause::Domain && one.from == State::New),
        (Rule::Resumed, State::Warming | State::New) => one.from == State::Paused,
        (Rule::Tier | Rule::DomainSending, to) => to == one.from && to.sends(),
        _ => false,
    }
}

fn looks_at_numbers(rule: Rule) -> bool {
    match rule {
        Rule::CredentialsWork
        | Rule::CredentialsRefused
        | Rule::Disabled
        | Rule::TriedAgain
        | Rule::DisabledTooLong
        | Rule::PausedByHand
        | Rule::Stopped
        | Rule::ResumedByHand
        | Rule::SetByHand => false,
        Rule::DnsFails
        | Rule::Ready
        | Rule::Degraded
        | Rule::ReputationDrop
        | Rule::Recovered
        | Rule::NotRecovered
        | Rule::Paused(_)
        | Rule::Resumed
        | Rule::Tier
        | Rule::DomainSending => true,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use preheat_core::decision::{Input, VERSION};
    use preheat_core::id::MailboxId;
    use preheat_core::lifecycle::Standing;

    use super::*;

    fn decision(seq: u32, hour: i64, rule: Rule, (from, to): (State, State)) -> Decision {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour);
        let input = Input { what: "bounces".to_owned(), value: "9/20".to_owned(), bound: "> 8 %".to_owned() };
        let after = Standing::first(to, at);
        let pause = match rule {
            Rule::Paused(cause) => Some(Pause::Auto(cause)),
            _ => after.pause,
        };
        Decision {
            v: VERSION,
            tenant: "acme".parse().expect("a name"),
            mailbox: MailboxId(7),
            address: "ann@acme.test".to_owned(),
            seq,
            at,
            rule,
            observed: matches!(rule, Rule::CredentialsWork | Rule::PausedByHand | Rule::SetByHand),
            entered: None,
            ended: None,
            from,
            to,
            percent: (100, 100),
            day_index: (9, 9),
            inputs: vec![input],
            actions: Vec::new(),
            words: "because".to_owned(),
            void: false,
            after: Standing { pause, ..after },
        }
    }

    /// A mailbox that warms, is paused by a rule on the third hour, and goes on when that is over.
    fn life() -> Vec<Decision> {
        vec![
            decision(1, 1, Rule::CredentialsWork, (State::New, State::Warming)),
            decision(2, 3, Rule::Paused(Cause::Bounces), (State::Warming, State::Paused)),
            decision(3, 51, Rule::Resumed, (State::Paused, State::Warming)),
        ]
    }

    fn found(decisions: &[Decision]) -> Vec<String> {
        let last = decisions.last().expect("a decision");
        let health = HealthRow { seq: last.seq, ..HealthRow::first(last.to, last.at) };
        check(decisions, last.to, Some(&health), &Limits::default())
    }

    #[test]
    fn a_life_in_order_has_nothing_wrong_with_it() {
        assert_eq!(found(&life()), Vec::<String>::new());
    }

    #[test]
    fn whatever_is_wrong_with_a_decision_is_found() {
        type Wrong = fn(&mut Vec<Decision>);
        let cases: [(&str, Wrong); 8] = [
            ("is lost", |life| drop(life.remove(1))),
            ("does not say", |life| life[1].words.clear()),
            ("does not say", |life| life[1].inputs.clear()),
            ("which no rule of this name does", |life| life[2].to = State::Ready),
            ("the one before it ended in", |life| life[1].from = State::Ready),
            ("the one before it of", |life| life[0].at = Timestamp::MAX),
            ("ends a pause after", |life| life[2].at -= SignedDuration::from_mins(1)),
            ("that a person has made", |life| life[1].after.pause = Some(Pause::Hand)),
        ];
        for (what, break_it) in cases {
            let mut life = life();
            break_it(&mut life);
            let found = found(&life);
            assert!(found.iter().any(|found| found.contains(what)), "{what}: {found:?}");
        }
    }

    #[test]
    fn nothing_is_decided_out_of_retired_not_even_by_hand() {
        for rule in [Rule::SetByHand, Rule::Resumed, Rule::Tier, Rule::TriedAgain] {
            let mut life = life();
            life.push(decision(4, 800, Rule::Degraded, (State::Warming, State::Degraded)));
            life.push(decision(5, 1_600, Rule::NotRecovered, (State::Degraded, State::Retired)));
            assert_eq!(found(&life), Vec::<String>::new());
            life.push(decision(6, 1_700, rule, (State::Retired, State::Warming)));
            assert_eq!(found(&life).len(), 1, "{rule:?}");
        }
    }

    #[test]
    fn at_rest_the_rows_say_what_was_decided() {
        let life = life();
        let health = |seq, state| HealthRow { seq, ..HealthRow::first(state, Timestamp::UNIX_EPOCH) };
        for (state, seq, known) in [
            (State::Paused, 3, State::Warming),
            (State::Warming, 2, State::Warming),
            (State::Warming, 3, State::Paused),
        ] {
            let found = check(&life, state, Some(&health(seq, known)), &Limits::default());
            assert!(found.len() == 1 && found[0].contains("its row says"), "{found:?}");
        }
        assert_eq!(check(&life, State::Warming, None, &Limits::default()), ["it was never looked at"]);
    }
}
