//! What a run came to: targets, sends, placements, and the four counts that must be zero.

use std::collections::BTreeMap;

use jiff::Timestamp;
use preheat_core::mailbox::{Provider, State};
use serde::Serialize;

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

/// A mail is missing when it was not found so long after it was sent (domain.md §1).
pub const MISSING_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_hours(48);

/// Whether a mail that was sent at `sent_at` and not found counts as missing by `now`.
#[must_use]
pub fn is_missing(sent_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(sent_at) >= MISSING_AFTER
}
