//! A mailbox that went into another state, as a change: the same whoever tells it first.
//!
//! Whoever changes a state tells it at once, and the governor, which adopts it later as a decision, tells it if that did not
//! succeed. Both know the state and the moment it began, and nothing else in common: so the id follows from these alone.

use jiff::Timestamp;

use super::{Change, Kind, Subject, id_of};
use crate::decision::Rule;
use crate::id::{MailboxId, TenantId};
use crate::mailbox::State;

/// A change of state by somebody who is not the governor: a visit, a send, a person.
#[derive(Debug, Clone, Copy)]
pub struct Moved<'a> {
    /// Whose mailbox.
    pub tenant: &'a TenantId,
    /// Which mailbox.
    pub mailbox: MailboxId,
    /// Its address, for those who are told.
    pub address: &'a str,
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// Since when.
    pub at: Timestamp,
    /// By which rule.
    pub rule: Rule,
    /// Why, in the words of whoever did it.
    pub reason: Option<&'a str>,
}

impl Moved<'_> {
    /// The change that is told of it, if any is.
    #[must_use]
    pub fn change(&self) -> Option<Change> {
        let kind = kind_of(self.from, self.to)?;
        let subject = Subject::mailbox(self.mailbox, self.address);
        let change = Change::new(kind, Some(self.tenant), subject, self.at, self.rule.name(), &[]).entering(self.to);
        Some(match self.reason {
            Some(reason) => {
                let text = format!("{} Reason: {reason}.", change.text);
                change.saying(&text)
            }
            None => change,
        })
    }
}

impl Change {
    /// The same change under an id that follows from the state which its mailbox went into at its instant.
    #[must_use]
    pub fn entering(mut self, state: State) -> Self {
        let occasion = format!("{state:?} since {}", self.at.as_millisecond());
        self.id = id_of("mailbox", self.tenant.as_ref(), &self.subject, &occasion);
        self
    }
}

/// What is said of a mailbox that goes from one state into another; `None`: nothing, which is so of what only waits for its
/// next login.
#[must_use]
pub fn kind_of(from: State, to: State) -> Option<Kind> {
    match to {
        _ if from == to => None,
        State::New => None,
        State::Warming if from == State::Paused => Some(Kind::MailboxResumed),
        State::Warming => Some(Kind::MailboxWarming),
        State::Ready => Some(Kind::MailboxReady),
        State::Degraded => Some(Kind::MailboxDegraded),
        State::Paused => Some(Kind::MailboxPaused),
        State::Error => Some(Kind::MailboxError),
        State::Retired => Some(Kind::MailboxRetired),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(to: State, at_ms: i64) -> Change {
        let tenant = "acme".parse().unwrap();
        let at = Timestamp::from_millisecond(at_ms).unwrap();
        let (address, rule, reason) = ("ann@a.example", Rule::PausedByHand, Some("moving"));
        let moved = Moved { tenant: &tenant, mailbox: MailboxId(7), address, from: State::New, to, at, rule, reason };
        moved.change().unwrap()
    }

    #[test]
    fn the_same_state_since_the_same_moment_is_the_same_change_in_whatever_words() {
        let one = moved(State::Paused, 1_000);
        assert_eq!((one.kind, one.rule.as_str()), (Kind::MailboxPaused, "paused by hand"));
        assert!(one.text.ends_with("Reason: moving."), "{}", one.text);
        let tenant = "acme".parse().unwrap();
        let subject = Subject::mailbox(MailboxId(7), "renamed@a.example");
        let other = Change::new(Kind::MailboxPaused, Some(&tenant), subject, one.at, "another rule", &[("n", 1.0)]);
        assert_ne!(other.id, one.id);
        assert_eq!(other.entering(State::Paused).id, one.id);
        assert_ne!(moved(State::Paused, 1_001).id, one.id);
        assert_ne!(moved(State::Error, 1_000).id, one.id);
    }

    #[test]
    fn what_only_waits_for_its_next_login_is_not_told() {
        assert_eq!(kind_of(State::Error, State::New), None);
        assert_eq!(kind_of(State::Warming, State::Warming), None);
        assert_eq!(kind_of(State::Paused, State::Warming), Some(Kind::MailboxResumed));
    }
}
