//! What the sandbox saw, for those who check promises: every crossing of end-of-DATA, and what lies where.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::filter::Placement;
use crate::provider::{Kind, Role};

/// What became of a mail whose final dot the server read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// Taken over: delivered, or will be.
    Accepted,
    /// Taken over, then returned to the sender as a bounce with this enhanced status.
    Bounced {
        /// Such as `5.1.1`.
        status: String,
    },
    /// Answered with a temporary or permanent refusal.
    Refused {
        /// The reply line.
        line: String,
    },
    /// The server died before it took the mail over.
    Lost,
}

/// One crossing of end-of-DATA: one recipient of one mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Order of arrival in this world, from 0.
    pub sequence: u64,
    /// When the final dot was read.
    pub at: Timestamp,
    /// Message-ID as handed in, with angle brackets.
    pub message_id: String,
    /// What the provider made of it, if it rewrites.
    pub rewritten: Option<String>,
    /// Value of `X-Entity-Ref-ID`, for warmup mail.
    pub token: Option<String>,
    /// Message-ID of the mail that this one answers.
    pub in_reply_to: Option<String>,
    /// Envelope sender.
    pub from: String,
    /// Envelope recipient.
    pub to: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Where it was put; `None` until it is delivered.
    pub placement: Option<Placement>,
    /// Whether the answer to the final dot was written (as far as the server can tell, it then arrived).
    pub answered: bool,
}

impl Entry {
    /// Whether the provider took the mail over: two such entries with one Message-ID are a duplicate.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        matches!(self.outcome, Outcome::Accepted | Outcome::Bounced { .. })
    }
}

/// Mails that a provider took over more than once for the same recipient: (Message-ID, recipient, times).
#[must_use]
pub fn duplicates(entries: &[Entry]) -> Vec<(String, String, u32)> {
    let mut times: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.is_taken()) {
        *times.entry((&entry.message_id, &entry.to)).or_default() += 1;
    }
    let repeated = times.into_iter().filter(|&(_, times)| times > 1);
    repeated.map(|((id, to), times)| (id.to_owned(), to.to_owned(), times)).collect()
}

/// Warmup mail in one folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FolderAudit {
    /// What the folder is for.
    pub role: Role,
    /// Warmup messages in it.
    pub warmup: u32,
    /// How many of them are older than each of the ages asked for, in the order asked.
    pub older: Vec<u32>,
    /// All messages in it.
    pub messages: u32,
}

/// One account as an audit sees it. Message counts are of distinct warmup messages that came from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountAudit {
    /// Its provider's kind.
    pub kind: Kind,
    /// By folder name as on the wire.
    pub folders: BTreeMap<String, FolderAudit>,
    /// Received warmup messages still here.
    pub received: u32,
    /// Of those, read.
    pub read: u32,
    /// Of those, flagged.
    pub flagged: u32,
    /// Warmup mails this account sent that answer one it had received.
    pub replies_sent: u32,
    /// Mails its owner moved out of junk or a category tab.
    pub rescued: u32,
}

impl AccountAudit {
    /// Warmup messages in INBOX and Sent that are older than the `nth` age asked for.
    #[must_use]
    pub fn leaks(&self, nth: usize) -> u32 {
        let shown = |role| matches!(role, Role::Inbox | Role::Sent);
        let folders = self.folders.values().filter(|folder| shown(folder.role));
        folders.map(|folder| folder.older.get(nth).copied().unwrap_or(0)).sum()
    }
}

/// What lies where, by address.
pub type Audit = BTreeMap<String, AccountAudit>;
