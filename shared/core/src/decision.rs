//! A decision as it is kept: by which rule, from what, past which bounds, with what result, and in plain words. Everybody
//! may ask for it: *why is this mailbox paused?* (domain.md §7)
//!
//! May not decide anything.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::health::{Health, Window};
use crate::id::{MailboxId, TenantId};
use crate::lifecycle::{Cause, Evidence, Pause, Progress, Ruling, Standing};
use crate::limits::HealthLimits;
use crate::mailbox::State;
use crate::rate::Rate;
use crate::tier::{Action, Tier};

/// Version of the form.
pub const VERSION: u32 = 1;

/// By which rule something was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Both logins of a new mailbox work.
    CredentialsWork,
    /// A login was refused.
    CredentialsRefused,
    /// The mailbox is disabled.
    Disabled,
    /// A new mailbox in error is tried again.
    TriedAgain,
    /// The domain's records have failed for longer than their grace.
    DnsFails,
    /// Everything that `ready` asks for.
    Ready,
    /// Heat too low, on enough placements.
    Degraded,
    /// Heat too low in `ready`.
    ReputationDrop,
    /// Enough days in a row with enough heat.
    Recovered,
    /// Too long degraded.
    NotRecovered,
    /// Too long disabled.
    DisabledTooLong,
    /// Paused by a rule.
    Paused(Cause),
    /// An automatic pause is over.
    Resumed,
    /// A person paused it.
    PausedByHand,
    /// A person stopped it: its progress is reset.
    Stopped,
    /// A person resumed it.
    ResumedByHand,
    /// A person set its state.
    SetByHand,
    /// The bounce tier changed the multiplier.
    Tier,
    /// The domain's records stopped, or gave back, its sending.
    DomainSending,
}

impl Rule {
    /// Its name, in messages and lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CredentialsWork => "credentials work",
            Self::CredentialsRefused => "credentials refused",
            Self::Disabled => "disabled",
            Self::TriedAgain => "tried again",
            Self::DnsFails => "domain fails",
            Self::Ready => "ready",
            Self::Degraded => "degraded",
            Self::ReputationDrop => "reputation drop",
            Self::Recovered => "recovered",
            Self::NotRecovered => "not recovered",
            Self::DisabledTooLong => "disabled too long",
            Self::Paused(Cause::Bounces) => "paused: bounces",
            Self::Paused(Cause::Emergency) => "paused: emergency",
            Self::Paused(Cause::Domain) => "paused: domain",
            Self::Paused(Cause::Complaints) => "paused: complaints",
            Self::Paused(Cause::Heat) => "paused: heat",
            Self::Paused(Cause::Reputation) => "paused: reputation",
            Self::Resumed => "resumed",
            Self::PausedByHand => "paused by hand",
            Self::Stopped => "stopped by hand",
            Self::ResumedByHand => "resumed by hand",
            Self::SetByHand => "set by hand",
            Self::Tier => "bounce tier",
            Self::DomainSending => "domain sending",
        }
    }
}

/// A number that a decision looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// What it is of.
    pub what: String,
    /// As it stood, with sample and interval where it is a rate.
    pub value: String,
    /// The bound it was held against; empty where it only informs.
    pub bound: String,
}

/// A state that somebody else put a mailbox into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// When.
    pub at: Timestamp,
    /// Whether it was told then.
    pub told: bool,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// [`VERSION`].
    pub v: u32,
    /// Whose mailbox.
    pub tenant: TenantId,
    /// Which mailbox.
    pub mailbox: MailboxId,
    /// Its address, for those who are told.
    pub address: String,
    /// The n-th decision of the mailbox, from 1.
    pub seq: u32,
    /// When.
    pub at: Timestamp,
    /// By which rule.
    pub rule: Rule,
    /// Whether somebody else had done it already, and this only records it.
    pub observed: bool,
    /// ... and since when, where that is known: what was told of it then goes by this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered: Option<Entered>,
    /// The cause of the pause that it ended, if it ended one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Cause>,
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// The health multiplier before and after, in percent.
    pub percent: (u8, u8),
    /// The day index before and after.
    pub day_index: (u32, u32),
    /// What was looked at.
    pub inputs: Vec<Input>,
    /// What follows besides.
    pub actions: Vec<Action>,
    /// In plain words.
    pub words: String,
    /// Whether it was never carried out, as somebody changed the state before that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub void: bool,
    /// Where the mailbox stands afterwards: whoever finds a decision that was not carried out goes on from here.
    pub after: Standing,
}

impl Decision {
    /// Its id: the same however often it is made, stored or told.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.mailbox, self.seq)
    }

    /// Whether it is an emergency, which concerns the whole domain.
    #[must_use]
    pub fn is_emergency(&self) -> bool {
        self.rule == Rule::Paused(Cause::Emergency)
    }

    /// Whether anybody is told: everything but the back-off of a mailbox whose error was told before.
    #[must_use]
    pub fn is_told(&self) -> bool {
        let again = self.after.refusals > 1 && self.to == State::Error;
        self.rule != Rule::TriedAgain && !again
    }
}

/// Of whom a decision speaks.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Whose mailbox.
    pub tenant: &'a TenantId,
    /// Which mailbox.
    pub mailbox: MailboxId,
    /// Its address.
    pub address: &'a str,
    /// The number of the decision.
    pub seq: u32,
    /// The reason that whoever changed the state has given, if somebody has.
    pub reason: Option<&'a str>,
    /// ... and when, and whether that was told.
    pub entered: Option<Entered>,
}

/// Writes a ruling down.
#[must_use]
pub fn record(
    about: About<'_>,
    ruling: Ruling,
    before: &Standing,
    after: &Standing,
    evidence: &Evidence,
    now: Timestamp,
    limits: &HealthLimits,
) -> Decision {
    let next_day = match ruling.progress {
        Progress::Kept => evidence.day_index,
        Progress::BackTo(day) => day.min(evidence.day_index),
        Progress::Reset => 0,
    };
    let inputs = inputs(ruling.rule, after, evidence, limits);
    let actions = match ruling.rule {
        Rule::Tier => after.tier.actions(limits),
        Rule::Paused(Cause::Emergency) => Tier::Emergency.actions(limits),
        Rule::Paused(_) => vec![Action::UrgentAlert, Action::NoNewLeads, Action::PauseMailbox],
        Rule::CredentialsRefused
        | Rule::Disabled
        | Rule::DnsFails
        | Rule::Degraded
        | Rule::ReputationDrop
        | Rule::NotRecovered
        | Rule::DisabledTooLong
        | Rule::DomainSending => vec![Action::Alert],
        Rule::CredentialsWork
        | Rule::TriedAgain
        | Rule::Ready
        | Rule::Recovered
        | Rule::Resumed
        | Rule::PausedByHand
        | Rule::Stopped
        | Rule::ResumedByHand
        | Rule::SetByHand => vec![],
    };
    let mut decision = Decision {
        v: VERSION,
        tenant: about.tenant.clone(),
        mailbox: about.mailbox,
        address: about.address.to_owned(),
        seq: about.seq,
        at: now,
        rule: ruling.rule,
        observed: ruling.observed,
        entered: about.entered.filter(|_| ruling.observed),
        ended: match (before.pause, after.state) {
            (_, State::Paused) | (Some(Pause::Hand) | None, _) => None,
            (Some(Pause::Auto(cause)), _) => Some(cause),
        },
        from: before.state,
        to: after.state,
        percent: (before.percent, after.percent),
        day_index: (evidence.day_index, next_day),
        inputs,
        actions,
        words: String::new(),
        void: false,
        after: after.clone(),
    };
    decision.words = words(&decision, about.reason, limits);
    decision
}

fn input(what: &str, value: impl fmt::Display, bound: impl Into<String>) -> Input {
    Input { what: what.to_owned(), value: value.to_string(), bound: bound.into() }
}

/// The numbers that a rule looks at.
fn inputs(rule: Rule, after: &Standing, evidence: &Evidence, limits: &HealthLimits) -> Vec<Input> {
    let mut inputs = Vec::new();
    let Some(health) = &evidence.health else {
        inputs.push(input("health", "unknown", ""));
        return inputs;
    };
    let percent = |share: f64| format!("{} %", (share * 1000.0).round() / 10.0);
    let bounces = |bound: String| {
        let (rate, window) = health.bounces;
        let interval = format!("{bound}; lower bound {}", percent(rate.lower()));
        input(&format!("bounces {}", window.name()), rate, interval)
    };
    let complaints = |bound: String| {
        input(
            "complaints in 7 d",
            health.complaints,
            format!("{bound}; lower bound {}", percent(health.complaints.lower())),
        )
    };
    match rule {
        Rule::Ready => {
            inputs.push(input("day", evidence.day_index, format!(">= {}", limits.ready_days)));
            inputs.push(heat(health, &format!(">= {}", limits.ready_heat)));
            inputs.push(input("sent", evidence.sent, format!(">= {}", limits.ready_sent)));
            inputs.push(bounces(format!("<= {}", percent(limits.ready_bounce_max))));
            inputs.push(complaints(format!("<= {}", percent(limits.ready_complaint_max))));
            inputs.push(input("read in 7 d", health.read, format!(">= {}", percent(limits.ready_read))));
        }
        Rule::Degraded => {
            inputs.extend(reputation(health, ("<", limits)));
            let bound = format!(">= {}", limits.degrade_placements);
            inputs.push(input("placements", health.placements_since_drop, bound));
            inputs.push(input("inbox in 7 d", health.inbox, ""));
        }
        Rule::ReputationDrop | Rule::Paused(Cause::Heat) => {
            inputs.extend(reputation(health, ("<", limits)));
            inputs.push(input("inbox in 7 d", health.inbox, ""));
        }
        Rule::Recovered | Rule::NotRecovered => {
            inputs.extend(reputation(health, (">=", limits)));
            inputs.push(input("days in a row", after.well_days, format!("{} needed", limits.recover_days)));
        }
        Rule::Paused(Cause::Emergency) => {
            inputs.push(bounces(format!("> {}", percent(limits.tier_emergency))));
            inputs.extend(bounces_by_provider(health));
        }
        Rule::Paused(Cause::Bounces) => {
            inputs.push(bounces(format!("> {}", percent(limits.tier_pause))));
            inputs.extend(bounces_by_provider(health));
        }
        Rule::Paused(Cause::Complaints) => inputs.push(complaints(format!("> {}", percent(limits.complaint_pause)))),
        Rule::Paused(Cause::Reputation) => {
            let known = evidence.reputation.map_or_else(|| "unknown".to_owned(), |known| known.to_string());
            inputs.push(input("reputation", known, format!("< {}", limits.reputation_min)));
        }
        Rule::Paused(Cause::Domain) => inputs.push(input("emergency in the domain", "yes", "")),
        Rule::Tier => {
            let (warning, critical) = (percent(limits.tier_warning), percent(limits.tier_critical));
            inputs.push(bounces(format!("warning from {warning}, critical from {critical}")));
            inputs.extend(bounces_by_provider(health));
        }
        Rule::Resumed => {
            inputs.push(input(&format!("bounces {}", Window::Day.name()), health.bounces_today, ""));
            inputs.push(input("complaints in 7 d", health.complaints, ""));
        }
        Rule::DnsFails | Rule::DomainSending => {
            let since = match (after.dns_failing_since, after.dns_unknown_since) {
                (Some(since), _) => format!("fails since {since}"),
                (None, Some(since)) => format!("unknown since {since}"),
                (None, None) => "passes".to_owned(),
            };
            inputs.push(input("domain", since, format!("{} h", limits.dns_grace_hours)));
        }
        Rule::CredentialsWork
        | Rule::CredentialsRefused
        | Rule::Disabled
        | Rule::TriedAgain
        | Rule::DisabledTooLong
        | Rule::PausedByHand
        | Rule::Stopped
        | Rule::ResumedByHand
        | Rule::SetByHand => {}
    }
    inputs
}

/// Whose servers refused how much at once, where any did: what was reported later is not known by provider.
fn bounces_by_provider(health: &Health) -> impl Iterator<Item = Input> + '_ {
    let refused = health.week_by_provider.iter().filter(|(_, tally)| tally.bounced > 0);
    refused.map(|(provider, tally)| {
        let rate = Rate::new(tally.bounced.into(), tally.sent.into());
        input(&format!("refused at once by {} in 7 d", provider.name()), rate, "")
    })
}

fn heat(health: &Health, bound: &str) -> Input {
    let value = health.scores.map_or_else(|| "unknown".to_owned(), |scores| scores.heat.to_string());
    input("heat", value, bound)
}

/// What says whether reputation is lost, without the cap of a failing domain.
fn reputation(health: &Health, (sign, limits): (&str, &HealthLimits)) -> [Input; 2] {
    let shown = |of: fn(crate::health::Reputation) -> u8| {
        health.reputation.map_or_else(|| "unknown".to_owned(), |known| of(known).to_string())
    };
    [
        input("heat", shown(|known| known.heat), format!("{sign} {}", limits.low_heat)),
        input("deliverability", shown(|known| known.deliverability), format!("{sign} {}", limits.ready_heat)),
    ]
}

/// What a decision says to a person, in one or two sentences.
fn words(decision: &Decision, reason: Option<&str>, limits: &HealthLimits) -> String {
    let shown = |what: &str| {
        let found = decision.inputs.iter().find(|input| input.what.starts_with(what));
        found.map_or_else(|| "unknown".to_owned(), |input| input.value.clone())
    };
    let because = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    let back = match decision.day_index {
        (before, after) if after < before => format!(" It goes on as of day {after} of its ramp, not {before}."),
        _ => String::new(),
    };
    let hours = decision.after.pause_hours(limits);
    match decision.rule {
        Rule::CredentialsWork => "Both logins work: it begins to warm.".to_owned(),
        Rule::CredentialsRefused => {
            let next = decision.after.retry_at.map_or_else(
                || "It stands still until somebody mends that and resumes it.".to_owned(),
                |at| format!("It is tried again at {at}."),
            );
            format!("Its login was refused{because}. {next}")
        }
        Rule::Disabled => {
            format!("It is disabled{because}. After {} h of that it is retired.", limits.disabled_hours)
        }
        Rule::TriedAgain => "It was in error and is tried again.".to_owned(),
        Rule::DnsFails if decision.after.dns_failing_since.is_none() => format!(
            "Nobody could look its domain up for over {} h: unknown is not a pass. It begins once somebody can.",
            limits.dns_grace_hours
        ),
        Rule::DnsFails => format!("Its domain has failed its checks for over {} h.", limits.dns_grace_hours),
        Rule::Ready => format!(
            "It is ready: day {}, heat {}, {} sent, {} bounced, {} complained, {} read.",
            shown("day"),
            shown("heat"),
            shown("sent"),
            shown("bounces"),
            shown("complaints"),
            shown("read")
        ),
        Rule::Degraded => format!(
            "Its heat is {}, under {}, on {} placements ({} in the inbox): it sends {} % of its ramp until {} days in a \
             row are well again.",
            shown("heat"),
            limits.low_heat,
            shown("placements"),
            shown("inbox"),
            limits.critical_percent,
            limits.recover_days
        ),
        Rule::ReputationDrop => format!(
            "Its heat has fallen to {}, under {} ({} in the inbox): it warms again from half its plateau.{back}",
            shown("heat"),
            limits.low_heat,
            shown("inbox")
        ),
        Rule::Recovered => {
            format!("{} days in a row with heat {} and above: it warms again.", shown("days"), limits.low_heat)
        }
        Rule::NotRecovered => {
            format!(
                "{} days degraded without {} well ones in a row: it is retired.",
                limits.retire_days, limits.recover_days
            )
        }
        Rule::DisabledTooLong => format!("Disabled for over {} h: it is retired.", limits.disabled_hours),
        Rule::Paused(cause) => {
            let why = match cause {
                Cause::Bounces | Cause::Emergency => format!("{} bounced", shown("bounces")),
                Cause::Domain => "another mailbox of its domain bounces so much that the whole domain stops".to_owned(),
                Cause::Complaints => format!("{} complained", shown("complaints")),
                Cause::Heat => format!("its heat has been low for {} h, now {}", limits.low_heat_hours, shown("heat")),
                Cause::Reputation => format!("a provider gives it a reputation of {}", shown("reputation")),
            };
            format!(
                "Paused, because {why}. At the earliest in {hours} h, if the cause is gone, it goes on a ramp week back."
            )
        }
        Rule::Resumed => format!("Paused for {hours} h, and the cause is gone: it goes on.{back}"),
        Rule::PausedByHand => format!("Paused by hand{because}. Only by hand it goes on."),
        Rule::Stopped => format!("Stopped by hand{because}. Resumed, it begins its ramp anew."),
        Rule::ResumedByHand => "Resumed by hand.".to_owned(),
        Rule::SetByHand => format!("Set by hand{because}."),
        Rule::Tier => format!(
            "{} bounced: {}. It sends {} % of its ramp.",
            shown("bounces"),
            decision.after.tier.name(),
            decision.percent.1
        ),
        Rule::DomainSending if decision.percent.1 == 0 => format!(
            "Its domain has failed its checks for over {} h: it sends nothing, and goes on receiving.",
            limits.dns_grace_hours
        ),
        Rule::DomainSending => format!("Its domain passes again: it sends {} % of its ramp.", decision.percent.1),
    }
}
