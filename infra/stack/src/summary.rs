//! What a run came to: targets, sends, placements, and the four counts that must be zero.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use preheat_core::day::{PlanRow, SlotState};
use preheat_core::id::{MailboxId, SlotId};
use preheat_core::mailbox::{Provider, Schedule, State};
use preheat_core::slots::Slots;
use preheat_core::turn::missed as missed_of;
use preheat_core::visit::{Found, Placement};
use serde::Serialize;

use crate::rig::{Rig, RigError};
use crate::stack::Function;

/// The summary of a run, as `preheat demo --json` prints it.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Over all mailboxes.
    pub totals: Totals,
    /// What must not happen. All zero, or the run has failed.
    pub violations: Violations,
    /// Each mailbox.
    pub mailboxes: Vec<MailboxSummary>,
}

/// Sums over all mailboxes.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Totals {
    /// What the plan wanted sent, over all days that are over.
    pub target: u32,
    /// What was sent on these days.
    pub sent: u32,
    /// Warmup mails found in mailboxes.
    pub received: u32,
    /// Of the sent ones, replies.
    pub replied: u32,
    /// Mails moved out of spam or a category tab.
    pub rescued: u32,
    /// Slots that were neither sent nor carried over.
    pub missed: u32,
}

/// Counts that must be zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Violations {
    /// Mails that a server took twice.
    pub duplicates: u32,
    /// Mails beyond a day's quota.
    pub over_quota: u32,
    /// Mails outside their sender's window or days.
    pub outside_window: u32,
    /// Warmup mail left in INBOX or Sent after its day.
    pub leaks: u32,
}

impl Violations {
    /// Whether nothing was violated.
    #[must_use]
    pub fn none(self) -> bool {
        self == Self::default()
    }
}

/// One mailbox.
#[derive(Debug, Clone, Serialize)]
pub struct MailboxSummary {
    /// Its address.
    pub address: String,
    /// Who hosts it.
    pub provider: Provider,
    /// Where it is in its life.
    pub state: State,
    /// What the plan wanted sent.
    pub target: u32,
    /// What was sent.
    pub sent: u32,
    /// Warmup mails found in it.
    pub received: u32,
    /// Replies it sent.
    pub replied: u32,
    /// Mails it moved out of spam or a category tab.
    pub rescued: u32,
    /// Where its own mails were found.
    pub placements: Placements,
    /// What it did not send, and why.
    pub missed: Vec<Missed>,
}

/// Where a mailbox's mails were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Placements {
    /// In the inbox proper.
    pub inbox: u32,
    /// In spam.
    pub spam: u32,
    /// In a category tab.
    pub promotions: u32,
    /// In another folder.
    pub other: u32,
    /// Not found 48 h after the send.
    pub missing: u32,
}

/// Slots that were not sent, by reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// Why.
    pub reason: String,
    /// How many.
    pub count: u32,
}

/// Turns a map of reasons into the list that is shown, the most frequent first.
#[must_use]
pub fn missed(reasons: &BTreeMap<String, u32>) -> Vec<Missed> {
    let mut list: Vec<Missed> =
        reasons.iter().map(|(reason, &count)| Missed { reason: reason.clone(), count }).collect();
    list.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.reason.cmp(&b.reason)));
    list
}

/// Sums up a run: targets and outcomes from the ledger's archives, placements from what recipients found, rescues and
/// replies from the sandbox's own books.
///
/// # Errors
/// The ledger cannot be read.
pub async fn summarise(rig: &Rig, violations: Violations) -> Result<Summary, RigError> {
    let (now, missing_after) = (rig.now(), rig.stack.app(Function::Governor).limits.engage.missing_after());
    let mut found: BTreeMap<SlotId, Placement> = BTreeMap::new();
    let mut received: BTreeMap<MailboxId, u32> = BTreeMap::new();
    for (id, _) in &rig.members {
        for (slot, placement) in found_by(rig, *id).await? {
            found.insert(slot, placement);
            *received.entry(*id).or_default() += 1;
        }
    }
    let audit = rig.world.audit(now, &[]);
    let mut summary = Summary { totals: Totals::default(), violations, mailboxes: Vec::new() };
    for (id, member) in &rig.members {
        let Some(row) = rig.store.plan_row(*id).await? else { continue };
        let books = audit.get(member.address.as_str());
        let days = days_of(rig, &row, now).await?;
        let mut placements = Placements::default();
        for (slot, sent_at) in days.sent_slots(*id, &row.plan.schedule) {
            match found.get(&slot) {
                Some(Placement::Inbox) => placements.inbox += 1,
                Some(Placement::Spam) => placements.spam += 1,
                Some(Placement::Promotions) => placements.promotions += 1,
                Some(Placement::Other) => placements.other += 1,
                None if now.duration_since(sent_at) >= missing_after => placements.missing += 1,
                None => {}
            }
        }
        let mailbox = MailboxSummary {
            address: member.address.to_string(),
            provider: row.plan.provider,
            state: row.state,
            target: days.target,
            sent: days.sent(),
            received: received.get(id).copied().unwrap_or(0),
            replied: books.map_or(0, |books| books.replies_sent),
            rescued: books.map_or(0, |books| books.rescued),
            placements,
            missed: missed(&days.missed),
        };
        summary.totals.add(&mailbox);
        summary.mailboxes.push(mailbox);
    }
    Ok(summary)
}

impl Totals {
    fn add(&mut self, mailbox: &MailboxSummary) {
        self.target += mailbox.target;
        self.sent += mailbox.sent;
        self.received += mailbox.received;
        self.replied += mailbox.replied;
        self.rescued += mailbox.rescued;
        self.missed += mailbox.missed.iter().map(|missed| missed.count).sum::<u32>();
    }
}

/// The sending days of a mailbox that are over.
#[derive(Default)]
struct DaysOver {
    target: u32,
    missed: BTreeMap<String, u32>,
    slots: Vec<(Date, u16)>,
}

impl DaysOver {
    fn sent(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    /// Each sent slot, with the end of its window: it was sent by then.
    fn sent_slots(&self, mailbox: MailboxId, schedule: &Schedule) -> Vec<(SlotId, Timestamp)> {
        let end = |date| schedule.window_on(date).map_or(Timestamp::MAX, |(_, end)| end);
        self.slots.iter().map(|&(date, k)| (SlotId { mailbox, date, k }, end(date))).collect()
    }

    fn add(&mut self, date: Date, slots: &Slots) {
        let sent = slots.iter().filter(|(_, state)| matches!(state, SlotState::Sent { .. }));
        self.slots.extend(sent.map(|(&k, _)| (date, k)));
    }
}

async fn days_of(rig: &Rig, row: &PlanRow, now: Timestamp) -> Result<DaysOver, RigError> {
    let mut days = DaysOver::default();
    for day in rig.store.archives(row.plan.id).await? {
        days.target += day.target;
        days.add(day.date, &day.slots);
        for (reason, count) in day.missed {
            *days.missed.entry(reason).or_default() += count;
        }
    }
    // The planning row speaks of its last sending day until the next one begins.
    if let Some(date) = row.date
        && row.plan.schedule.window_on(date).is_none_or(|(_, end)| end <= now)
    {
        days.target += row.quota.saturating_sub(row.carried_in);
        days.add(date, &row.slots);
        let short = row.quota.saturating_sub(row.used);
        if short > 0 {
            for (reason, count) in missed_of(row, short) {
                *days.missed.entry(reason).or_default() += count;
            }
        }
    }
    Ok(days)
}

async fn found_by(rig: &Rig, id: MailboxId) -> Result<Vec<(SlotId, Placement)>, RigError> {
    let mut found: Vec<Found> = Vec::new();
    for archive in rig.store.box_archives(id).await? {
        found.extend(archive.found);
    }
    if let Some(row) = rig.store.box_row(id).await? {
        found.extend(row.found.into_iter().skip(usize::try_from(row.found_before).unwrap_or(0)));
    }
    Ok(found.into_iter().map(|found| (found.slot, found.placement)).collect())
}
