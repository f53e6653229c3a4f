//! One visit: what a careful owner does with a mailbox, in one IMAP session.
//!
//! Lease, look, **record, then act**. Placements and owed replies are written before anything is moved, so a visit that
//! dies half way is continued by the next one: a mail already recorded is not recorded again, and every action can be
//! repeated. The lease is not given back; it expires, and visits are an hour or more apart.
//!
//! A mail whose token does not verify is not ours: it is left alone, whatever it looks like (domain.md §6).

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use preheat_core::day::PlanRow;
use preheat_core::engage::{DEPTH_MAX, engagement};
use preheat_core::id::SlotId;
use preheat_core::mailbox::{Mode, State};
use preheat_core::message::VisitOrder;
use preheat_core::visit::{BoxRow, Found, PendingReply, Placement};
use preheat_mail::imap::{FILED_FOLDER, Folder, Folders, ImapError, Moved, Seen, Visit};
use preheat_mail::smtp::{self, SendError};
use preheat_mail::{Account, Deadlines};
use preheat_store::{Profile, Secrets, StoreError};
use serde::Serialize;

use crate::redact::without_addresses;
use crate::send::account_auth;
use crate::{App, Next};

/// An ambiguous send that is not found so long after it was lost sight of did not arrive.
pub const ABSENT_AFTER: SignedDuration = SignedDuration::from_hours(2);
/// Filed copies are kept so long.
const KEPT_DAYS: i64 = 14;
/// How far back a visit looks. Longer than the 48 h after which a mail counts as missing.
const LOOK_BACK_DAYS: i64 = 3;

/// What a visit did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct VisitReport {
    /// Mails seen for the first time, and where they were.
    #[serde(skip)]
    pub found: Vec<Found>,
    /// Mails moved out of spam or a category tab.
    pub rescued: u32,
    /// Mails marked read.
    pub read: u32,
    /// Mails flagged.
    pub flagged: u32,
    /// Replies decided on.
    pub replies_owed: u32,
    /// Copies filed, received and sent.
    pub filed: u32,
    /// Filed copies whose 14 days were over.
    pub expired: u32,
    /// Ambiguous sends found.
    pub reconciled: u32,
    /// Ambiguous sends that did not arrive and may be planned again.
    pub replanned: u32,
    /// Why nothing was done, if nothing was.
    pub skipped: Option<String>,
}

impl VisitReport {
    /// Its counts, named as in metrics.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, u32); 9] {
        let found = u32::try_from(self.found.len()).unwrap_or(u32::MAX);
        let in_spam = self.found.iter().filter(|found| found.placement == Placement::Spam).count();
        [
            ("found", found),
            ("found_in_spam", u32::try_from(in_spam).unwrap_or(u32::MAX)),
            ("rescued", self.rescued),
            ("read", self.read),
            ("replies_owed", self.replies_owed),
            ("filed", self.filed),
            ("expired", self.expired),
            ("reconciled", self.reconciled),
            ("replanned", self.replanned),
        ]
    }
}

/// Makes the visit.
///
/// # Errors
/// The ledger did not answer, or the mailbox could not be reached: the message goes back to its queue.
pub async fn visit(app: &App, order: &VisitOrder) -> Result<VisitReport, VisitError> {
    let now = app.now();
    if now >= order.not_after {
        return Ok(skipped("too late: a later visit does its work"));
    }
    let Some(profile) = app.profiles.get(&app.store, order.mailbox, now).await? else {
        return Ok(skipped("there is no such mailbox any more"));
    };
    let Some(row) = app.store.plan_row(order.mailbox).await? else {
        return Ok(skipped("there is no such mailbox any more"));
    };
    if matches!(row.state, State::Error | State::Retired) {
        return Ok(skipped("the mailbox is in error or retired"));
    }
    let secrets = app.vault.secrets().await?;
    let credential = app.vault.open(&profile.tenant, profile.id, &profile.sealed).await?;
    let account = Account { endpoint: &profile.imap, user: &profile.user, credential: account_auth(&credential) };
    if row.state == State::New {
        // It records nothing, so it needs no lease: the first day would have to wait for that to run out.
        return first_visit(app, &profile, &account).await;
    }
    let Some(lease) = app.store.lease(order.mailbox, now, now + app.limits.hold()).await? else {
        return Err(VisitError::Leased);
    };
    let session = match Visit::open(app.dial.as_ref(), &account, &Deadlines::IMAP).await {
        Ok(session) => session,
        Err(error) => {
            if let ImapError::Credentials { .. } = &error {
                app.store.set_state(order.mailbox, State::Error, Some(&without_addresses(&error.to_string()))).await?;
                return Ok(skipped("the credentials were refused: the mailbox is in error now"));
            }
            return Err(error.into());
        }
    };
    let mut call = Call { app, order, row: &row, secrets: &secrets, session, report: VisitReport::default() };
    let seen = call.look().await?;
    let changed = call.decide(&lease.row, &seen, now);
    app.store.record(&lease, &changed).await?;
    call.reconcile(&seen, now).await?;
    call.act(&seen, now).await?;
    let Call { session, report, .. } = call;
    session.logout().await;
    Ok(report)
}

/// The first visit of a new mailbox: both logins work, and it warms; one is refused, and it is in error, with the reason. A
/// server that does not answer is asked again at the next tick.
async fn first_visit(app: &App, profile: &Profile, imap: &Account<'_>) -> Result<VisitReport, VisitError> {
    let smtp = Account { endpoint: &profile.smtp, ..*imap };
    let refused = match Visit::open(app.dial.as_ref(), imap, &Deadlines::IMAP).await {
        Ok(session) => {
            session.logout().await;
            match smtp::check_login(app.dial.as_ref(), &smtp, profile.address.domain(), &Deadlines::SMTP).await {
                Ok(_) => None,
                Err(error @ SendError::Credentials { .. }) => Some(format!("SMTP: {error}")),
                Err(error) => {
                    let reason = without_addresses(&error.to_string());
                    return Ok(skipped(&format!("new, and SMTP does not answer yet: {reason}")));
                }
            }
        }
        Err(error @ ImapError::Credentials { .. }) => Some(format!("IMAP: {error}")),
        Err(error) => {
            let reason = without_addresses(&error.to_string());
            return Ok(skipped(&format!("new, and IMAP does not answer yet: {reason}")));
        }
    };
    match refused {
        None => {
            app.store.set_state(profile.id, State::Warming, None).await?;
            Ok(skipped("new: both logins work, it warms from now on"))
        }
        Some(reason) => {
            app.store.set_state(profile.id, State::Error, Some(&without_addresses(&reason))).await?;
            Ok(skipped("new: a login was refused, the mailbox is in error now"))
        }
    }
}

/// Why a visit broke off.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// The ledger did not answer, or the lease was lost.
    #[error("the ledger: {0}")]
    Store(#[from] StoreError),
    /// The mailbox.
    #[error("IMAP: {0}")]
    Imap(#[from] ImapError),
    /// Somebody else holds the lease: a visit under way, or one that died and whose lease has not expired yet. The queue
    /// delivers again when it has.
    #[error("another visit holds the lease")]
    Leased,
}

/// What the caller does with the message.
#[must_use]
pub fn next(result: &Result<VisitReport, VisitError>) -> Next {
    match result {
        // Whoever has the newer fence does the work.
        Ok(_) | Err(VisitError::Store(StoreError::StaleFence)) => Next::Done,
        Err(error) => Next::Retry(without_addresses(&error.to_string())),
    }
}

fn skipped(reason: &str) -> VisitReport {
    VisitReport { skipped: Some(reason.to_owned()), ..VisitReport::default() }
}

/// A warmup mail in sight.
struct Sight {
    slot: SlotId,
    folder: Folder,
    /// `None`: the mailbox's own copy of what it sent.
    placement: Option<Placement>,
    seen: Seen,
}

/// All that a visit has seen.
struct Sights {
    folders: Folders,
    mails: Vec<Sight>,
    /// Slots that lie in `Preheat` already.
    filed: BTreeSet<SlotId>,
}

struct Call<'a> {
    app: &'a App,
    order: &'a VisitOrder,
    row: &'a PlanRow,
    secrets: &'a Secrets,
    session: Visit,
    report: VisitReport,
}

impl Call<'_> {
    /// Scans INBOX, junk, sent and (last of the day) every other folder for mail whose token verifies.
    async fn look(&mut self) -> Result<Sights, ImapError> {
        let folders = self.session.folders().await?;
        let since = self.order.date.saturating_sub(jiff::Span::new().days(LOOK_BACK_DAYS));
        let mut wanted = vec![(folders.inbox.clone(), Place::Inbox)];
        wanted.extend(folders.junk.iter().map(|name| (name.clone(), Place::Junk)));
        wanted.extend(folders.sent.iter().map(|name| (name.clone(), Place::Sent)));
        let thorough = self.order.last_of_day || !self.order.search.is_empty();
        if thorough {
            wanted.extend(folders.preheat.iter().map(|name| (name.clone(), Place::Filed)));
            wanted.extend(folders.others.iter().map(|name| (name.clone(), Place::Other)));
        }
        let mut sights = Sights { folders, mails: Vec::new(), filed: BTreeSet::new() };
        for (folder, place) in wanted {
            for seen in self.session.scan(&folder, since).await? {
                let Some(slot) = self.slot_of(&seen) else { continue };
                let own = slot.mailbox == self.order.mailbox;
                let placement = match place {
                    Place::Filed => {
                        sights.filed.insert(slot);
                        continue;
                    }
                    Place::Sent => None,
                    Place::Junk => Some(Placement::Spam),
                    Place::Inbox if seen.category.is_none() => Some(Placement::Inbox),
                    Place::Inbox => Some(Placement::Promotions),
                    Place::Other => Some(Placement::Other),
                };
                let placement = if own { None } else { placement };
                sights.mails.push(Sight { slot, folder: folder.clone(), placement, seen });
            }
        }
        Ok(sights)
    }

    /// The send that a mail is, if it is ours: by the token header, else by the Message-ID.
    fn slot_of(&self, seen: &Seen) -> Option<SlotId> {
        let pool = &self.row.plan.pool;
        let by = |text: &Option<String>| text.as_deref().and_then(|text| self.secrets.tokens.verify(pool, text));
        by(&seen.token).or_else(|| by(&seen.message_id))
    }

    /// What the box row is to say: placements seen for the first time, and the replies they are owed.
    fn decide(&mut self, before: &BoxRow, sights: &Sights, now: Timestamp) -> BoxRow {
        let mut after = before.clone();
        if after.date == Some(self.order.date) {
            after.visits_done |= 1 << self.order.visit.min(31);
        }
        let known: BTreeSet<SlotId> = before.found.iter().map(|found| found.slot).collect();
        let sent_replies: BTreeSet<&str> = self.row.replied.keys().map(String::as_str).collect();
        after.pending.retain(|reply| {
            reply.parent().is_some_and(|parent| !sent_replies.contains(preheat_core::day::slot_ref(parent).as_str()))
        });
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

    /// The reply that a mail is owed, if the draw says so.
    fn owed(&self, sight: &Sight, now: Timestamp) -> Option<PendingReply> {
        let plan = &self.row.plan;
        if plan.mode == Mode::Measure || !self.row.state.sends() || sight.seen.automatic {
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
        let after_s = engagement.reply_after_s?;
        let ours = sight.seen.message_id.as_deref().and_then(|id| self.secrets.tokens.verify(&plan.pool, id));
        Some(PendingReply {
            due_at: now + SignedDuration::from_secs(i64::from(engagement.read_delay_s) + i64::from(after_s)),
            chain,
            rewritten_id: if ours.is_none() { sight.seen.message_id.clone() } else { None },
        })
    }

    /// Settles what became of sends that their senders lost sight of. Absence is only believed after a whole look and a
    /// grace period.
    async fn reconcile(&mut self, sights: &Sights, now: Timestamp) -> Result<(), VisitError> {
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

    /// Reads, rescues, flags and files what is due, and files the mailbox's own copies. A mail that the server refuses to
    /// handle costs only itself.
    async fn act(&mut self, sights: &Sights, now: Timestamp) -> Result<(), ImapError> {
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
            let before = self.order.date.saturating_sub(jiff::Span::new().days(KEPT_DAYS));
            self.report.expired += self.session.expire(filed, before).await?;
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
        let id = sight.seen.message_id.clone().unwrap_or(token);
        let engagement = engagement(&self.secrets.seed, sight.slot, self.row.plan.reply_rate, 0);
        let read_at = sight.seen.internal_date + SignedDuration::from_secs(i64::from(engagement.read_delay_s));
        let received = sight.placement.is_some();
        if received && now < read_at && !self.order.last_of_day {
            return Ok(());
        }
        let mut folder = &sight.folder;
        if received && self.row.plan.mode == Mode::Exchange {
            folder = self.rescue(sight, &id, folders).await?;
            self.report.read += u32::from(self.session.mark_seen(folder, &id).await?);
            if engagement.flag {
                self.report.flagged += u32::from(self.session.flag(folder, &id).await?);
                self.session.mark_important(folder, &id).await?;
            }
        }
        self.session.move_to(folder, &id, filed).await?;
        self.report.filed += 1;
        Ok(())
    }

    /// Moves a mail out of spam or out of a category tab. Where it is afterwards.
    async fn rescue<'f>(&mut self, sight: &'f Sight, id: &str, folders: &'f Folders) -> Result<&'f Folder, ImapError> {
        let rescued = match sight.placement {
            Some(Placement::Spam) => {
                self.session.not_junk(&sight.folder, id).await?;
                self.session.move_to(&sight.folder, id, &folders.inbox).await? == Moved::Moved
            }
            Some(Placement::Promotions) => self.session.to_primary(&sight.folder, id).await?,
            Some(Placement::Inbox | Placement::Other) | None => return Ok(&sight.folder),
        };
        self.report.rescued += u32::from(rescued);
        Ok(if sight.placement == Some(Placement::Spam) { &folders.inbox } else { &sight.folder })
    }
}

#[derive(Clone, Copy)]
enum Place {
    Inbox,
    Junk,
    Sent,
    Filed,
    Other,
}
