//! Deciding: what the box row is to say, and what became of sends that their senders lost sight of.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use preheat_core::engage::{DEPTH_MAX, engagement, read_on};
use preheat_core::id::SlotId;
use preheat_core::visit::{BoxRow, Found, PendingReply};

use super::look::{Place, Sight, Sights};
use super::{ABSENT_AFTER, Call, VisitError};

impl Call<'_> {
    /// What the box row is to say: placements seen for the first time, the replies they are owed, and what was left over.
    pub(super) fn decide(&mut self, before: &BoxRow, sights: &Sights, now: Timestamp) -> BoxRow {
        let mut after = before.clone();
        self.report.left_over = self.left_over(sights);
        if self.report.left_over > 0 {
            let left_over = self.report.left_over;
            tracing::warn!(mailbox = %self.order.mailbox, left_over, "the evening before left mail in INBOX or Sent");
        }
        if after.date == Some(self.order.date) {
            after.visits_done |= 1 << self.order.visit.min(31);
            after.left_over = Some(before.left_over.unwrap_or(0).max(self.report.left_over));
        }
        let known: BTreeSet<SlotId> = before.found.iter().map(|found| found.slot).collect();
        let is_sent = |parent| self.row.replied.contains_key(&parent);
        after.pending.retain(|reply| reply.parent().is_some_and(|parent| !is_sent(parent)));
        // Only the newest finds are kept over night. Those that still lie about must be among them.
        let lying: BTreeSet<SlotId> = sights.mails.iter().map(|sight| sight.slot).collect();
        let today = (after.found_before as usize).min(after.found.len());
        after.found[today..].sort_by_key(|found| lying.contains(&found.slot));
        let mut new = BTreeSet::new();
        for sight in &sights.mails {
            let Some(placement) = sight.placement else { continue };
            if known.contains(&sight.slot) || sights.filed.contains(&sight.slot) || !new.insert(sight.slot) {
                continue;
            }
            let found = Found { slot: sight.slot, placement };
            after.found.push(found);
            after.received_week += 1;
            self.report.found.push(found);
            if let Some(reply) = self.owed(sight, now) {
                after.pending.push(reply);
                self.report.replies_owed += 1;
            }
        }
        after
    }

    /// The night's audit: mails in INBOX or Sent that were there before the evening's visit, which files everything.
    fn left_over(&self, sights: &Sights) -> u32 {
        let is_left = |sight: &&Sight| {
            matches!(sight.place, Place::Inbox | Place::Sent) && sight.seen.internal_date < self.settled
        };
        let left: BTreeSet<SlotId> = sights.mails.iter().filter(is_left).map(|sight| sight.slot).collect();
        u32::try_from(left.len()).unwrap_or(u32::MAX)
    }

    /// The reply that a mail is owed, if the draw says so: 45 min to 2 days after the visit that reads it.
    fn owed(&self, sight: &Sight, now: Timestamp) -> Option<PendingReply> {
        let plan = &self.row.plan;
        if !self.is_engaged(sight.slot) || !self.row.state.sends() || sight.seen.automatic {
            return None;
        }
        // What lay here when the evening before looked was decided on then, even if no row speaks of it any more.
        if sight.seen.internal_date < self.settled {
            return None;
        }
        let mut chain: Vec<SlotId> = sight
            .seen
            .references
            .iter()
            .filter_map(|id| self.secrets.tokens.verify(&plan.pool, id))
            .filter(|&slot| slot != sight.slot)
            .collect();
        chain.push(sight.slot);
        if chain.len() > usize::from(DEPTH_MAX) {
            return None;
        }
        let turns = u8::try_from(chain.len() - 1).unwrap_or(u8::MAX);
        let engagement = engagement(&self.secrets.seed, sight.slot, plan.reply_rate, turns);
        let after = SignedDuration::from_secs(i64::from(engagement.reply_after_s?));
        let read_at = sight.seen.internal_date + SignedDuration::from_secs(i64::from(engagement.read_delay_s));
        let read_at = if self.order.last_of_day { now } else { read_on(&self.visits, read_at, now) };
        let ours = sight.seen.message_id.as_deref().and_then(|id| self.secrets.tokens.verify(&plan.pool, id));
        Some(PendingReply {
            due_at: read_at + after,
            chain,
            rewritten_id: if ours.is_none() { sight.seen.message_id.clone() } else { None },
        })
    }

    /// Settles what became of sends that their senders lost sight of. Absence is only believed after a whole look and a
    /// grace period.
    pub(super) async fn reconcile(&mut self, sights: &Sights, now: Timestamp) -> Result<(), VisitError> {
        let present: BTreeSet<SlotId> =
            sights.mails.iter().map(|sight| sight.slot).chain(sights.filed.iter().copied()).collect();
        for search in &self.order.search {
            let mut found = present.contains(&search.slot);
            if !found && now.duration_since(search.since) >= ABSENT_AFTER {
                let id = self.secrets.tokens.message_id(&self.row.plan.pool, search.slot, search.from.domain());
                for folder in sights.folders.everywhere() {
                    found = found || self.session.find(folder, &id).await?.is_some();
                }
                if !found {
                    self.app.store.resolve(search.slot, search.since, false, "not in the recipient's mailbox").await?;
                    self.report.replanned += 1;
                    continue;
                }
            }
            if found {
                self.app.store.resolve(search.slot, search.since, true, "found in the recipient's mailbox").await?;
                self.report.reconciled += 1;
            }
        }
        Ok(())
    }
}
