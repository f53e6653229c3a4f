//! The governor's invariants, watched while a simulation runs (domain.md §7; reliability.md, invariants 5 and 12).
//!
//! - `course`: what is seen of each mailbox from outside: a pause is not cut short, nothing leads out of `retired`, and what
//!   does not send does not send.
//! - `chain`: the decisions that are kept: each change of state is one of them, by a rule that may make it, with what it
//!   looked at and came to.
//! - `told`: what the bus was told: of each change of state one id, however often it is repeated.
//! - `books`: the roll-ups: what mail servers took, counted once, and scores within their bounds.
//!
//! Rows are read past every process of the program, mails from the servers' own ledger, changes from a second queue behind the
//! bus: a promise that only the governor believes in does not pass. The rules themselves are pure; each has a test that
//! shows it broken.

mod books;
mod chain;
mod course;
mod told;

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use preheat_core::alert::AlertOrder;
use preheat_core::day::PlanRow;
use preheat_core::id::MailboxId;
use preheat_core::limits::Limits;
use preheat_core::mailbox::State;
use preheat_core::message::Look;
use preheat_local::QueueSettings;
use preheat_stack::Rig;
use preheat_stack::stack::BUS;
use preheat_stack::time::sleep_until;

use course::{Course, Sample};
use told::Told;

/// The second queue behind the bus.
const HEARD: &str = "conduct";
/// How often a row is read again that could not be: the watch meets the same faults as those whom it watches.
const TRIES_MAX: usize = 6;
/// How long after the last tick the last round is.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_hours(4);
/// Messages taken off the queue at once.
const HEARD_AT_ONCE: usize = 10;

/// Looks at a rig again and again, and remembers what the governor must not do.
pub struct Conduct {
    courses: BTreeMap<MailboxId, Course>,
    told: Told,
    limits: Limits,
    next: u64,
    /// What was decided, by the name of the rule: whether there was anything to watch.
    pub decided: BTreeMap<&'static str, u64>,
    /// Every violation, in words.
    pub violations: Vec<String>,
}

impl Conduct {
    /// Begins to listen to the bus. From here on every look is a sample.
    #[must_use]
    pub fn of(rig: &Rig, limits: Limits) -> Self {
        rig.aws.create_queue(HEARD, QueueSettings::default());
        rig.aws.create_bus(BUS, HEARD);
        let courses = rig.members.iter().map(|(id, _)| (*id, Course::default())).collect();
        Self { courses, told: Told::default(), limits, next: 0, decided: BTreeMap::new(), violations: Vec::new() }
    }

    /// A person does something: what is said here before it is tried may be seen from now on.
    pub fn by_hand(&mut self, id: MailboxId, at: Timestamp, (from, to): (State, State)) {
        if let Some(course) = self.courses.get_mut(&id) {
            course.by_hand(at, from, to);
        }
    }

    /// Samples every mailbox, takes down what servers took and what the bus was told since.
    ///
    /// # Errors
    /// The queue behind the bus cannot be read.
    pub async fn look(&mut self, rig: &Rig) -> Result<()> {
        let mut senders = BTreeMap::new();
        for (id, member) in &rig.members {
            senders.insert(member.address.to_string(), *id);
        }
        for entry in rig.world.ledger_since(self.next) {
            self.next = entry.sequence + 1;
            let taken = entry.token.is_some() && entry.is_taken();
            if let Some(course) = senders.get(&entry.from).and_then(|id| self.courses.get_mut(id)).filter(|_| taken) {
                course.took(entry.at);
            }
        }
        for (id, _) in &rig.members {
            let Some(row) = read(rig, *id).await else { continue };
            let sample = Sample { at: rig.now(), state: row.state, by_hand: row.by_hand, decided: row.decided };
            let Some(course) = self.courses.get_mut(id) else { continue };
            let found = course.see(sample, self.limits.health.pause_hours);
            self.violations.extend(found.into_iter().map(|what| format!("{id}: {what}")));
        }
        self.listen(rig)
    }

    fn listen(&mut self, rig: &Rig) -> Result<()> {
        loop {
            let heard = rig.aws.queues().receive(HEARD, HEARD_AT_ONCE)?;
            if heard.is_empty() {
                return Ok(());
            }
            for message in heard {
                rig.aws.queues().delete(HEARD, &message.receipt)?;
                let change = AlertOrder::parse(&message.body)?.change;
                self.violations.extend(self.told.hear(&change, message.sent_at));
            }
        }
    }

    /// Once faults have stopped: a last round of the governor brings everything to rest, a second one finds nothing to do; then
    /// what is kept, what was told and what was counted must agree.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn settle(&mut self, rig: &Rig) -> Result<()> {
        // Late enough for every mailbox's last day to be over, the westernmost too.
        sleep_until(&rig.clock, rig.now() + SETTLED_AFTER).await;
        rig.stack.govern(Look::Hourly).await;
        let before = books::everything(rig).await?;
        rig.stack.govern(Look::Hourly).await;
        if books::everything(rig).await? != before {
            self.violations.push("a governor's round with nothing new to see changed something".to_owned());
        }
        self.look(rig).await?;
        for (id, member) in &rig.members {
            let Some(row) = rig.store.plan_row(*id).await? else { continue };
            let health = rig.store.health(*id).await?;
            let decisions = rig.store.decisions(*id).await?;
            for one in decisions.iter().filter(|one| !one.void) {
                *self.decided.entry(one.rule.name()).or_default() += 1;
            }
            let mut found = chain::check(&decisions, row.state, health.as_ref().map(|seen| &seen.row), &self.limits);
            if let Some(course) = self.courses.get(id) {
                found.extend(self.told.check(*id, &decisions, course));
            }
            if let Some(seen) = &health {
                found.extend(books::check(rig, &row, &seen.row, member.address.as_str()).await?);
            }
            self.violations.extend(found.into_iter().map(|what| format!("{id}: {what}")));
        }
        Ok(())
    }
}

/// A mailbox's planning row, read until it can be; `None`: not even then.
async fn read(rig: &Rig, id: MailboxId) -> Option<PlanRow> {
    for _ in 0..TRIES_MAX {
        if let Ok(row) = rig.store.plan_row(id).await {
            return row;
        }
    }
    None
}
