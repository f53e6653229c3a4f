//! Looking: which warmup mails lie where. Changes nothing in the mailbox.

use std::collections::BTreeSet;

use preheat_core::control::Arm;
use preheat_core::engage::{LOOK_BACK_DAYS, look_back_days};
use preheat_core::id::{MailboxId, PoolId, SlotId};
use preheat_core::visit::Placement;
use preheat_mail::imap::{Folder, Folders, ImapError, Seen};
use preheat_store::{Secrets, StoreError};

use super::Call;

/// A warmup mail in sight.
pub(super) struct Sight {
    pub(super) slot: SlotId,
    pub(super) folder: Folder,
    pub(super) place: Place,
    /// `None`: the mailbox's own copy of what it sent.
    pub(super) placement: Option<Placement>,
    pub(super) seen: Seen,
}

/// All that a visit has seen.
pub(super) struct Sights {
    pub(super) folders: Folders,
    pub(super) mails: Vec<Sight>,
    /// Slots that lie in `Preheat` already.
    pub(super) filed: BTreeSet<SlotId>,
    /// Slots that lie anywhere and were read.
    pub(super) read: BTreeSet<SlotId>,
    /// Mails in INBOX that are not ours and look like reports of programs.
    pub(super) reports: Vec<Seen>,
}

/// What a folder is to a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Inbox,
    Junk,
    Sent,
    Filed,
    Other,
}

impl Call<'_> {
    /// Scans INBOX, junk, sent and (last of the day) every other folder for mail whose token verifies.
    pub(super) async fn look(&mut self) -> Result<Sights, ImapError> {
        let folders = self.session.folders().await?;
        let mut wanted = vec![(folders.inbox.clone(), Place::Inbox)];
        wanted.extend(folders.junk.iter().map(|name| (name.clone(), Place::Junk)));
        wanted.extend(folders.sent.iter().map(|name| (name.clone(), Place::Sent)));
        let thorough = self.order.last_of_day || !self.order.search.is_empty();
        if thorough {
            wanted.extend(folders.preheat.iter().map(|name| (name.clone(), Place::Filed)));
            wanted.extend(folders.others.iter().map(|name| (name.clone(), Place::Other)));
        }
        let mut sights =
            Sights { folders, mails: Vec::new(), filed: BTreeSet::new(), read: BTreeSet::new(), reports: Vec::new() };
        for (folder, place) in wanted {
            self.look_into(&folder, place, &mut sights).await?;
        }
        Ok(sights)
    }

    async fn look_into(&mut self, folder: &Folder, place: Place, sights: &mut Sights) -> Result<(), ImapError> {
        let back = match place {
            Place::Inbox | Place::Sent => {
                let order = self.order;
                look_back_days(order.mailbox, order.date, order.last_of_day, &self.app.limits.engage)
            }
            Place::Junk | Place::Filed | Place::Other => LOOK_BACK_DAYS,
        };
        let since = self.order.date.saturating_sub(jiff::Span::new().days(back));
        for seen in self.session.scan(folder, since).await? {
            let Some(slot) = slot_of(self.secrets, &self.row.plan.pool, &seen) else {
                if place == Place::Inbox && seen.may_be_report {
                    sights.reports.push(seen);
                }
                continue;
            };
            if seen.seen {
                sights.read.insert(slot);
            }
            let placement = match place {
                Place::Filed => {
                    sights.filed.insert(slot);
                    continue;
                }
                _ if slot.mailbox == self.order.mailbox => None,
                Place::Sent => None,
                Place::Junk => Some(Placement::Spam),
                Place::Inbox if seen.category.is_none() => Some(Placement::Inbox),
                Place::Inbox => Some(Placement::Promotions),
                Place::Other => Some(Placement::Other),
            };
            sights.mails.push(Sight { slot, folder: folder.clone(), place, placement, seen });
        }
        Ok(())
    }

    /// Learns of every sender in sight whether its mail is engaged with. Asked for before anything is recorded, so that
    /// a ledger that does not answer leaves nothing half done.
    pub(super) async fn learn_arms(&mut self, sights: &Sights) -> Result<(), StoreError> {
        if !self.own.is_engaged() {
            return Ok(());
        }
        let received = sights.mails.iter().filter(|sight| sight.placement.is_some());
        let senders: BTreeSet<MailboxId> = received.map(|sight| sight.slot.mailbox).collect();
        let (seed, share) = (&self.secrets.seed, self.app.limits.control_share);
        for sender in senders {
            let plan = self.app.profiles.plan(&self.app.store, sender, self.app.now()).await?;
            // A sender that was deleted meanwhile is in nobody's comparison any more.
            let arm = plan.map_or(Arm::Exchange, |plan| Arm::of(seed, &plan, share));
            self.arms.insert(sender, arm);
        }
        Ok(())
    }
}

/// The send that a mail is, if it is ours: by the token header, else by the Message-ID.
pub(super) fn slot_of(secrets: &Secrets, pool: &PoolId, seen: &Seen) -> Option<SlotId> {
    let by = |text: &Option<String>| text.as_deref().and_then(|text| secrets.tokens.verify(pool, text));
    by(&seen.token).or_else(|| by(&seen.message_id))
}
