//! Who is told of a change, when, and in which words (domain.md §8).
//!
//! One alert a change, not one a tick: of one subject and family only a change that differs from the last one is news; what
//! lasts is repeated once a day at most. What is milder than a channel wants is not said, unless it ends what the channel was
//! told of; what is not critical waits for the end of quiet hours; more than ten at once become one message for people, while
//! webhooks get each by itself.
//!
//! Pure: the caller brings what a channel was told before ([`Told`]), and remembers what it is told now. May not know how a
//! channel is reached.

mod channel;
mod order;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::change::{Change, Family, Kind, Severity};

pub use channel::{Channel, ChannelError, ChannelId, Disabled, Owner, Quiet, Target};
pub use order::{AlertOrder, GIVE_UP_AFTER, retry_after};
pub use words::{Message, message, sample};

/// A change is known again for so long; told again afterwards, it is a reminder. domain.md §8: at most daily.
pub const REPEAT_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// What lasts is published once a local day, under an id of that day, at an hour of it: an hour less than a day, or a look that
/// comes a moment early would make it every other day.
pub const REMIND_AFTER: SignedDuration = SignedDuration::from_hours(23);
/// More changes than this at once are one message. domain.md §8.
pub const GROUP_OVER: usize = 10;
/// From here on quiet hours do not hold an alert back.
pub const LOUD: Severity = Severity::Critical;

/// What of one subject excludes each other: a channel remembers the last thing it was told of each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Topic(pub String);

impl Topic {
    /// The topic of a change: `mailbox/mb-1a` of `mailbox.paused`, `spam/mb-1a` of `spam.high`.
    #[must_use]
    pub fn of(change: &Change) -> Self {
        let family: Family = change.kind.family();
        let thing = format!("{:?}", change.subject.thing).to_lowercase();
        Self(format!("{}/{thing}/{}", format!("{family:?}").to_lowercase(), change.subject.id))
    }
}

/// The last thing that a channel was told of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What.
    pub kind: Kind,
    /// Which change.
    pub id: String,
    /// When that had happened.
    pub at: Timestamp,
    /// When the channel was told, or would have been, had it wanted to know.
    pub told_at: Timestamp,
}

/// Why a channel is not told of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pass {
    /// It was told of this very change.
    Known,
    /// It was told of one like it within a day: the condition lasts.
    Lasts,
    /// It does not want to know of what is so mild.
    Mild,
    /// It is told of the whole that this is a part of.
    Part,
}

/// What is done about one change on one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is told now.
    Tell {
        /// The message's id: the same however often it is tried.
        id: String,
    },
    /// It is told when its quiet hours are over.
    Hold(Timestamp),
    /// It is not told.
    Pass(Pass),
}

/// What is done about changes on one channel, one verdict each, in their order; and what the channel is to remember of
/// topics although it is not told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// One a change.
    pub verdicts: Vec<Verdict>,
    /// Topics that moved on without a word: what comes back afterwards is news again.
    pub moved: Vec<(Topic, Told)>,
}

/// Decides about changes that came in together. `told`: what the channel was told before.
#[must_use]
pub fn plan(channel: &Channel, changes: &[Change], told: &BTreeMap<Topic, Told>, now: Timestamp) -> Plan {
    let mut told = told.clone();
    let mut plan = Plan { verdicts: vec![Verdict::Pass(Pass::Known); changes.len()], moved: Vec::new() };
    let mut order: Vec<usize> = (0..changes.len()).collect();
    // Of several changes of one thing the last must be the last that is remembered.
    order.sort_by_key(|&i| (changes[i].at, i));
    for i in order {
        let (change, topic) = (&changes[i], Topic::of(&changes[i]));
        let last = told.get(&topic);
        let verdict = verdict(channel, change, last, now);
        let moves = match verdict {
            Verdict::Tell { .. } => true,
            Verdict::Pass(Pass::Mild) => last.is_some_and(|last| last.kind != change.kind && last.at <= change.at),
            Verdict::Pass(Pass::Part) => last.is_none_or(|last| last.kind != change.kind && last.at <= change.at),
            Verdict::Hold(_) | Verdict::Pass(Pass::Known | Pass::Lasts) => false,
        };
        if moves {
            let new = Told { kind: change.kind, id: change.id.clone(), at: change.at, told_at: now };
            if !matches!(verdict, Verdict::Tell { .. }) {
                plan.moved.push((topic.clone(), new.clone()));
            }
            // A change that comes late is told, and does not turn back what is remembered.
            if last.is_none_or(|last| last.at <= new.at) {
                told.insert(topic, new);
            }
        }
        plan.verdicts[i] = verdict;
    }
    plan
}

fn verdict(channel: &Channel, change: &Change, last: Option<&Told>, now: Timestamp) -> Verdict {
    let mut days = 0;
    if let Some(last) = last {
        let ago = now.duration_since(last.told_at);
        if ago < REPEAT_AFTER && last.id == change.id {
            return Verdict::Pass(Pass::Known);
        }
        if ago < REMIND_AFTER && last.kind == change.kind {
            return Verdict::Pass(Pass::Lasts);
        }
        if last.id == change.id {
            days = now.duration_since(change.at).as_hours() / 24;
        }
    }
    if change.part_of.is_some() && channel.target.is_for_people() {
        return Verdict::Pass(Pass::Part);
    }
    // Who was told of trouble is told of its end, however mild that is.
    let ends =
        |last: &Told| last.kind != change.kind && last.kind.severity() >= channel.at_least && last.at <= change.at;
    if change.severity < channel.at_least && !last.is_some_and(ends) {
        return Verdict::Pass(Pass::Mild);
    }
    if change.severity < LOUD
        && let Some(until) = channel.quiet.as_ref().and_then(|quiet| quiet.until(now))
    {
        return Verdict::Hold(until);
    }
    // A repeat is a message of its own: a receiver that knows the first one must not take it for a copy.
    let id = if days == 0 { change.id.clone() } else { format!("{}_{days}", change.id) };
    Verdict::Tell { id }
}

/// Which of the changes that are to be told make up one message: indices into them. People get one message for more than
/// [`GROUP_OVER`]; machines one each, always.
#[must_use]
pub fn groups(channel: &Channel, count: usize) -> Vec<Vec<usize>> {
    if channel.target.is_for_people() && count > GROUP_OVER {
        vec![(0..count).collect()]
    } else {
        (0..count).map(|i| vec![i]).collect()
    }
}
