//! Reports of programs that lie in INBOX: bounces, complaints, auto-replies, challenges. Each is read, and what it says goes to
//! the events ([`crate::events`]), where bounces are counted and addresses suppressed. The mail itself is left as it is:
//! unread, unmoved, unanswered.
//!
//! Read before the visit is recorded, so a visit that dies is made again; a report that is read twice gives the same events
//! under the same keys, and the ledger takes them once.

use jiff::Timestamp;
use preheat_core::event::Event;
use preheat_mail::imap::Seen;
use preheat_mail::report;

use super::look::Sights;
use super::{Call, VisitError};
use crate::events::{Desk, take_events};
use crate::redact::without_addresses;

/// Reports read in one visit, the oldest first. A mailbox that gets more is long paused for its bounces.
const REPORTS_MAX: usize = 100;

impl Call<'_> {
    /// Reads the reports that came since the last recorded visit of the day; the day's first visit reads all that lie there
    /// of the last days, whatever became of the evening before.
    pub(super) async fn read_reports(
        &mut self,
        sights: &Sights,
        visits_done: u32,
        now: Timestamp,
    ) -> Result<(), VisitError> {
        let since = self.read_until(visits_done);
        let mut new: Vec<&Seen> = sights.reports.iter().filter(|seen| seen.internal_date >= since).collect();
        new.sort_by_key(|seen| seen.internal_date);
        if new.len() > REPORTS_MAX {
            tracing::warn!(mailbox = %self.order.mailbox, reports = new.len(), "more reports than one visit reads");
            new.truncate(REPORTS_MAX);
        }
        let account = self.order.mailbox.to_string();
        let mut events: Vec<Event> = Vec::new();
        for seen in new {
            match self.session.peek(&sights.folders.inbox, seen).await {
                Ok(Some(mail)) => {
                    self.report.reports += 1;
                    events.extend(report::events(&mail, &account, now));
                }
                Ok(None) => {}
                Err(error) if error.session_lives() => {
                    let reason = without_addresses(&error.to_string());
                    tracing::warn!(mailbox = %self.order.mailbox, reason, "a report could not be read");
                }
                Err(error) => return Err(error.into()),
            }
        }
        if events.is_empty() {
            return Ok(());
        }
        // A report that does not show who had sent the mail was sent back to whoever had: this mailbox.
        for event in &mut events {
            event.sender.get_or_insert_with(|| self.row.plan.address.to_string());
        }
        let desk = Desk::of(self.app);
        let tally = take_events(&desk, &self.order.tenant, events, now).await?;
        self.report.events = u32::try_from(tally.stored).unwrap_or(u32::MAX);
        Ok(())
    }

    /// Reports that arrived before this moment were read by the day's earlier visits: those were made at their time or later.
    fn read_until(&self, visits_done: u32) -> Timestamp {
        let done = self.visits.iter().enumerate().filter(|(number, _)| visits_done & (1 << number) != 0);
        done.map(|(_, &at)| at).next_back().unwrap_or(Timestamp::MIN)
    }
}
