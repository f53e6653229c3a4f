//! A short run with one fault: a few mailboxes, a sending day, and what became of it. The fault matrix of reliability.md is
//! made of these (tests/tests/faults.rs).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use preheat_app::send::SendOutcome;
use preheat_core::limits::Limits;
use preheat_core::mailbox::State;
use preheat_core::ramp::Ramp;
use preheat_stack::summary::{Violations, summarise};
use preheat_stack::time::{sleep_until, virtual_runtime};
use preheat_stack::{Event, Interference, Rig, RigOptions, Watch};

use crate::scenario;

/// How a trial is set up.
#[derive(Clone)]
pub struct Trial {
    /// How many mailboxes.
    pub mailboxes: usize,
    /// Sends a day and mailbox.
    pub daily: u32,
    /// When it begins.
    pub start: &'static str,
    /// How long it lasts, in hours.
    pub hours: i64,
    /// What is done to invocations.
    pub interference: Interference,
    /// Its seed.
    pub seed: u64,
}

impl Default for Trial {
    fn default() -> Self {
        Self {
            mailboxes: 4,
            daily: 3,
            start: "2026-03-02T00:00:00Z",
            hours: 34,
            interference: Interference::default(),
            seed: 1,
        }
    }
}

/// What became of it.
pub struct Report {
    /// Everything that happened, in order.
    pub events: Vec<Event>,
    /// What must not have happened.
    pub violations: Vec<String>,
    /// Mails that servers took.
    pub mails: u64,
    /// What the first sending day of every mailbox wanted sent.
    pub target: u32,
    /// What of it was sent.
    pub sent: u32,
    /// What was sent on all days, by the ledger.
    pub sent_ever: u64,
    /// Sends of any day whose fate is still unknown.
    pub open: u32,
    /// Warmup mails that lie in mailboxes, by the servers' own books.
    pub received: u32,
    /// Warmup mails whose placement the ledger has.
    pub recorded: u32,
    /// Of those, the ones found in spam.
    pub recorded_spam: u32,
    /// Days that were not filled, each with what became of the rest.
    pub shortfalls: Vec<String>,
    /// The states of the mailboxes, in order.
    pub states: Vec<State>,
    /// The system as it was left.
    pub rig: Rig,
}

impl Report {
    /// How many orders ended so.
    #[must_use]
    pub fn outcomes(&self, wanted: SendOutcome) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Sent { outcome, .. } if *outcome == wanted)).count()
    }

    /// How many invocations were killed.
    #[must_use]
    pub fn kills(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Killed { .. })).count()
    }
}

impl Trial {
    /// Runs it. `disturb` is called once the system stands, and then every quarter of an hour.
    ///
    /// # Errors
    /// The system cannot be set up or looked at.
    pub fn run(self, disturb: impl FnMut(&Rig, Timestamp)) -> Result<Report> {
        virtual_runtime()?.block_on(self.play(disturb))
    }

    async fn play(self, mut disturb: impl FnMut(&Rig, Timestamp)) -> Result<Report> {
        let start: Timestamp = self.start.parse()?;
        let events = Arc::new(Mutex::new(Vec::new()));
        let options = RigOptions {
            mailboxes: self.mailboxes,
            seed: self.seed,
            start,
            ramp: Ramp::Table { days: vec![self.daily] },
            limits: Limits { quota_min_per_day: 0, ..Limits::default() },
            interference: Interference {
                due_every_s: scenario::DUE_EVERY_S,
                fleet_every_s: scenario::FLEET_EVERY_S,
                ..self.interference
            },
        };
        let observer = Arc::clone(&events);
        let rig = Rig::new(options, move |event| {
            observer.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
        })
        .await?;
        rig.network.set_latency(Duration::from_millis(20));
        let end = start + SignedDuration::from_hours(self.hours);
        let mut watch = Watch::default();
        {
            let running = rig.stack.run(end);
            let mut running = std::pin::pin!(running);
            let mut now = start;
            disturb(&rig, now);
            while now < end {
                now += SignedDuration::from_mins(15);
                tokio::select! {
                    biased;
                    () = sleep_until(&rig.clock, now) => {}
                    () = &mut running => {}
                }
                disturb(&rig, now);
            }
            running.await;
        }
        rig.aws.faults().clear();
        watch.look(&rig).await?;
        let mut report = Report {
            events: events.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            violations: watch.violations,
            mails: watch.mails,
            target: 0,
            sent: 0,
            sent_ever: 0,
            open: 0,
            received: 0,
            recorded: 0,
            recorded_spam: 0,
            shortfalls: Vec::new(),
            states: Vec::new(),
            rig,
        };
        report.count().await?;
        Ok(report)
    }
}

impl Report {
    async fn count(&mut self) -> Result<()> {
        let summary = summarise(&self.rig, Violations::default()).await?;
        self.recorded = summary.totals.received;
        self.recorded_spam = summary.mailboxes.iter().map(|mailbox| mailbox.placements.spam).sum();
        self.received = self.rig.world.audit(self.rig.now(), &[]).values().map(|account| account.received).sum();
        for row in self.rig.rows().await? {
            self.states.push(row.state);
            self.open += u32::try_from(row.open.len() + row.ambiguous(self.rig.now()).count())?;
            let archives = self.rig.store.archives(row.plan.id).await?;
            let archived = archives.iter().filter(|day| Some(day.date) != row.date);
            self.sent_ever += u64::from(row.sent()) + archived.map(|day| u64::from(day.sent())).sum::<u64>();
            for day in archives.iter().filter(|day| day.sent() < day.target + day.carried_in) {
                self.shortfalls.push(format!(
                    "{} {}: {} of {}+{} sent, {} carried over, missed {:?}",
                    day.mailbox,
                    day.date,
                    day.sent(),
                    day.target,
                    day.carried_in,
                    day.carried_out,
                    day.missed
                ));
            }
            if let Some(first) = archives.iter().min_by_key(|day| day.date) {
                self.target += first.target;
                self.sent += first.sent();
            } else {
                self.target += row.quota;
                self.sent += row.sent();
            }
        }
        Ok(())
    }
}
