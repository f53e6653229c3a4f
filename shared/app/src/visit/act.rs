//! Acting: what is due is rescued, read, flagged and filed. Every action can be repeated after an interruption anywhere.

use jiff::{SignedDuration, Timestamp};
use preheat_core::engage::engagement;
use preheat_core::visit::Placement;
use preheat_mail::imap::{FILED_FOLDER, Folder, Folders, ImapError, Moved, Rescue};

use super::Call;
use super::look::{Sight, Sights, slot_of};
use crate::redact::without_addresses;

impl Call<'_> {
    /// Reads, rescues, flags and files what is due, and files the mailbox's own copies. A mail that the server refuses to
    /// handle costs only itself.
    pub(super) async fn act(&mut self, sights: &Sights, now: Timestamp) -> Result<(), ImapError> {
        if !sights.mails.is_empty() {
            let filed = self.session.ensure_folder(FILED_FOLDER).await?;
            for sight in &sights.mails {
                match self.engage(sight, &sights.folders, &filed, now).await {
                    Err(error) if error.session_lives() => {
                        let reason = without_addresses(&error.to_string());
                        tracing::warn!(mailbox = %self.order.mailbox, slot = %sight.slot, reason, "left for the next visit");
                    }
                    other => other?,
                }
            }
        }
        if let (true, Some(filed)) = (self.order.last_of_day, &sights.folders.preheat) {
            let kept_days = i64::from(self.app.limits.engage.filed_days);
            let before = self.order.date.saturating_sub(jiff::Span::new().days(kept_days));
            let (secrets, pool) = (self.secrets, &self.row.plan.pool);
            // What its owner put there stays, even if it carries a header of that name.
            let is_ours = |seen: &_| slot_of(secrets, pool, seen).is_some();
            self.report.expired += self.session.expire_where(filed, before, is_ours).await?;
        }
        Ok(())
    }

    async fn engage(
        &mut self,
        sight: &Sight,
        folders: &Folders,
        filed: &Folder,
        now: Timestamp,
    ) -> Result<(), ImapError> {
        let token = self.secrets.tokens.token(&self.row.plan.pool, sight.slot);
        let id = sight.seen.message_id.as_deref().unwrap_or(&token);
        let Some(placement) = sight.placement else { return self.file(&sight.folder, id, filed).await };
        let engagement =
            engagement(&self.secrets.seed, sight.slot, self.row.plan.reply_rate, 0, &self.app.limits.engage);
        let read_at = sight.seen.internal_date + SignedDuration::from_secs(i64::from(engagement.read_delay_s));
        if now < read_at && !self.order.last_of_day {
            return Ok(());
        }
        if !self.is_engaged(sight.slot) {
            // Only measured: what lies in spam stays there, as taking it out is what a filter learns from.
            return if placement == Placement::Spam { Ok(()) } else { self.file(&sight.folder, id, filed).await };
        }
        let Some(folder) = self.rescue(sight, placement, id, folders).await? else { return Ok(()) };
        self.report.read += u32::from(self.session.mark_seen(folder, id).await?);
        if engagement.flag {
            self.report.flagged += u32::from(self.session.flag(folder, id).await?);
            self.session.mark_important(folder, id).await?;
        }
        self.file(folder, id, filed).await
    }

    async fn file(&mut self, folder: &Folder, id: &str, filed: &Folder) -> Result<(), ImapError> {
        match self.session.move_to(folder, id, filed).await? {
            Moved::Moved | Moved::Already => self.report.filed += 1,
            // Its owner was faster. Nobody's fault.
            Moved::Missing => {}
        }
        Ok(())
    }

    /// Takes a mail out of spam or out of a category tab. Where it is now; `None`: it is left for the next visit, because
    /// it is not where it was put, or not there any more.
    async fn rescue<'f>(
        &mut self,
        sight: &'f Sight,
        placement: Placement,
        id: &str,
        folders: &'f Folders,
    ) -> Result<Option<&'f Folder>, ImapError> {
        match placement {
            Placement::Inbox | Placement::Other => Ok(Some(&sight.folder)),
            Placement::Spam => match self.session.rescue(&sight.folder, id, &folders.inbox).await? {
                Rescue::Held => {
                    self.report.rescued += 1;
                    Ok(Some(&folders.inbox))
                }
                // By an earlier visit that died, or by its owner.
                Rescue::Already => Ok(Some(&folders.inbox)),
                Rescue::Lost => {
                    self.report.rescues_lost += 1;
                    Ok(None)
                }
                Rescue::Missing => Ok(None),
            },
            Placement::Promotions => {
                let held = self.session.to_primary(&sight.folder, id).await?;
                self.report.rescued += u32::from(held);
                self.report.rescues_lost += u32::from(!held);
                // In the evening everything leaves INBOX, whatever its tab.
                Ok((held || self.order.last_of_day).then_some(&sight.folder))
            }
        }
    }
}
