//! The queue messages. A message says exactly what to do; its consumer chooses nothing (architecture.md, rule 2).
//!
//! Every message carries its version `v`. A consumer accepts its own version and the one before; any other is poison
//! and goes to the dead-letter queue with that reason, so that two versions can run side by side in a deployment.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{Address, MailboxId, SlotId, TenantId};

/// The version this program writes.
pub const VERSION: u32 = 1;

/// Why a message cannot be worked on, ever: it goes to the dead letters with this text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not JSON, or not of this form.
    #[error("the message does not parse: {0}")]
    Malformed(String),
    /// Another version than this program reads.
    #[error("the message has version {0}; this program reads {VERSION}")]
    Version(u32),
}

/// Sends of one mailbox, due together (queue `sends`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendBatch {
    /// Version of the message.
    pub v: u32,
    /// Whose mailbox.
    pub tenant: TenantId,
    /// Which mailbox sends.
    pub mailbox: MailboxId,
    /// What to send, in order.
    pub orders: Vec<SendOrder>,
}

/// One send, decided in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendOrder {
    /// Which slot it fills.
    pub slot: SlotId,
    /// To which mailbox.
    pub partner: MailboxId,
    /// To which address.
    pub to: Address,
    /// When it is due.
    pub due_at: Timestamp,
    /// From this moment on it must not be sent any more: the tick or the window is over, and the fan-out plans anew.
    pub not_after: Timestamp,
    /// Opening or reply.
    pub content: Content,
}

/// What a send says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// The first mail of a thread. Its conversation follows from the slot.
    Opening,
    /// A later one.
    Reply {
        /// The thread so far, oldest first; the last is the mail replied to.
        chain: Vec<SlotId>,
        /// The parent's Message-ID where a provider rewrote ours. Without angle brackets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rewritten_id: Option<String>,
    },
}

/// One IMAP session with a mailbox (queue `visits`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VisitOrder {
    /// Version of the message.
    pub v: u32,
    /// Whose mailbox.
    pub tenant: TenantId,
    /// Which mailbox is visited.
    pub mailbox: MailboxId,
    /// The mailbox's local date.
    pub date: Date,
    /// Which visit of that date, from 0.
    pub visit: u8,
    /// The last of the day: everything found is read and filed, whatever its delay.
    pub last_of_day: bool,
    /// From this moment on the visit is dropped: a later one does its work.
    pub not_after: Timestamp,
    /// Sends of others to this mailbox whose fate is unknown: search for each in every folder.
    pub search: Vec<Search>,
}

/// An ambiguous send to look for in the recipient's mailbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// Which send.
    pub slot: SlotId,
    /// The sender's address: its domain stands in the Message-ID.
    pub from: Address,
    /// Since when it has been ambiguous. Not found a grace period after that: it may be planned again.
    pub since: Timestamp,
}

fn parse<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, MessageError> {
    #[derive(Deserialize)]
    struct Versioned {
        v: u32,
    }
    let versioned: Versioned =
        serde_json::from_str(body).map_err(|error| MessageError::Malformed(error.to_string()))?;
    if !(VERSION.saturating_sub(1)..=VERSION).contains(&versioned.v) {
        return Err(MessageError::Version(versioned.v));
    }
    serde_json::from_str(body).map_err(|error| MessageError::Malformed(error.to_string()))
}

impl SendBatch {
    /// Reads a message of the queue `sends`.
    ///
    /// # Errors
    /// It does not parse, or has a version this program does not read.
    pub fn parse(body: &str) -> Result<Self, MessageError> {
        parse(body)
    }
}

impl VisitOrder {
    /// Reads a message of the queue `visits`.
    ///
    /// # Errors
    /// It does not parse, or has a version this program does not read.
    pub fn parse(body: &str) -> Result<Self, MessageError> {
        parse(body)
    }
}
