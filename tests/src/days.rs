//! Whole days of the whole system on virtual time, with a hand in it every hour: what tests of engagement, placement and
//! mail-borne events are made of. The invariants are watched in all of them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use preheat_app::visit::VisitReport;
use preheat_core::id::MailboxId;
use preheat_core::limits::Limits;
use preheat_core::ramp::Ramp;
use preheat_stack::time::{sleep_until, virtual_runtime};
use preheat_stack::{Event, Interference, Rig, RigOptions, Watch};

/// A Monday.
pub const START: &str = "2026-03-02T00:00:00Z";

/// A running system.
pub struct Days {
    /// The system.
    pub rig: Rig,
    /// Everything that happened.
    events: Arc<Mutex<Vec<Event>>>,
}

impl Days {
    /// A fleet at every kind of provider from Monday on.
    ///
    /// # Errors
    /// The system cannot be set up.
    pub async fn new(mailboxes: usize, daily: u32, control_share: f64, interference: Interference) -> Result<Self> {
        let events = Arc::new(Mutex::new(Vec::new()));
        let options = RigOptions {
            mailboxes,
            seed: 5,
            start: START.parse()?,
            ramp: Ramp::Table { days: vec![daily] },
            limits: Limits { quota_min_per_day: 0, control_share, ..Limits::default() },
            interference,
        };
        let observer = Arc::clone(&events);
        let rig = Rig::new(options, move |event| {
            observer.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
        })
        .await?;
        rig.network.set_latency(Duration::from_millis(20));
        Ok(Self { rig, events })
    }

    /// Lets days pass; `disturb` is called every hour.
    ///
    /// # Errors
    /// A promise was broken.
    pub async fn pass(&self, days: i64, mut disturb: impl FnMut(&Rig, Timestamp)) -> Result<()> {
        let mut now = self.rig.now();
        let end = now + SignedDuration::from_hours(24 * days);
        let running = self.rig.stack.run(end);
        let mut running = std::pin::pin!(running);
        while now < end {
            disturb(&self.rig, now);
            now += SignedDuration::from_hours(1);
            tokio::select! {
                biased;
                () = sleep_until(&self.rig.clock, now) => {}
                () = &mut running => {}
            }
        }
        running.await;
        let mut watch = Watch::default();
        watch.look(&self.rig).await?;
        ensure!(watch.violations.is_empty(), "{:?}", watch.violations);
        Ok(())
    }

    /// Sum of a figure over the visits of a mailbox.
    #[must_use]
    pub fn visited(&self, id: MailboxId, figure: impl Fn(&VisitReport) -> u32) -> u32 {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let reports = events.iter().filter_map(|event| match event {
            Event::Visited { mailbox, report } if *mailbox == id => Some(figure(report)),
            _ => None,
        });
        reports.sum()
    }

    /// How many invocations were killed.
    #[must_use]
    pub fn kills(&self) -> usize {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().filter(|event| matches!(event, Event::Killed { .. })).count()
    }
}

/// Plays a story on virtual time.
///
/// # Errors
/// The story's own.
pub fn play(story: impl Future<Output = Result<()>>) -> Result<()> {
    virtual_runtime()?.block_on(story)
}
