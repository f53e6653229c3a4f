//! One queue and its messages: what `queues` does to them under its lock, and what is kept on disk.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;
use serde::{Deserialize, Serialize};

use crate::error::LocalError;
use crate::faults::unit;
use crate::journal::{Change, Journal};

/// The longest delay of a message, in seconds. Fixed by SQS.
pub const DELAY_MAX_S: u32 = 900;
/// The longest visibility timeout, in seconds. Fixed by SQS: 12 hours.
pub const VISIBILITY_MAX_S: u32 = 43_200;
/// The message attribute that says why a message is among the dead letters.
pub const REASON: &str = "reason";

/// How a queue is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    /// How long a received message stays hidden, in seconds.
    pub visibility_s: u32,
    /// How long a message is kept, in seconds. SQS: 60 to 1,209,600, default 345,600 (4 days).
    pub retention_s: u32,
    /// Where messages go that were received this often without being deleted.
    pub dead_letters: Option<DeadLetters>,
}

/// A queue's redrive policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetters {
    /// The dead-letter queue's name.
    pub queue: String,
    /// `maxReceiveCount`: the receive after this many moves the message.
    pub max_receive_count: u32,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { visibility_s: 30, retention_s: 345_600, dead_letters: None }
    }
}

/// What a queue does worse than it must: SQS promises at least once, and no order.
#[derive(Debug, Clone, PartialEq)]
pub struct Disorder {
    /// Share of the messages (0–1) that are delivered more than once.
    pub copy_share: f64,
    /// How many deliveries such a message gets in all.
    pub copies: u32,
    /// Every delivery comes up to this much later, in seconds, drawn evenly: 0 brings copies at once.
    pub spread_s: u32,
    /// Share of the deliveries (0–1) that come late.
    pub late_share: f64,
    /// How late those come, in seconds: from, to.
    pub late_s: (u32, u32),
}

/// A message on its way to a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The message's id. Copies have the same.
    pub message_id: String,
    /// Handle of this very delivery, to delete it by.
    pub receipt: String,
    /// The text.
    pub body: String,
    /// The message's own attributes (strings only).
    pub attributes: BTreeMap<String, String>,
    /// How often it was received, this time included.
    pub receive_count: u32,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it was received first.
    pub first_received_at: Timestamp,
}

/// A message that lies in a queue, as an operator looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lying {
    /// The message's id.
    pub message_id: String,
    /// The text.
    pub body: String,
    /// The message's own attributes; among dead letters `reason` says why.
    pub attributes: BTreeMap<String, String>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// The queue that it was moved here from, if it was.
    pub source: Option<String>,
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Ready to be received.
    pub visible: usize,
    /// Received and not deleted, still hidden.
    pub in_flight: usize,
    /// Sent with a delay that is not over.
    pub delayed: usize,
}

/// Why a queue refuses a request.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// There is no queue of this name: create it first.
    #[error("there is no queue {0}")]
    Unknown(String),
    /// The receipt was not made by this queue.
    #[error("the receipt handle is invalid: {0}")]
    Receipt(String),
    /// The message is not in flight (any more).
    #[error("the message is not in flight: {0}")]
    NotInFlight(String),
    /// What was asked is outside SQS's limits.
    #[error("{0}")]
    Invalid(String),
    /// The change could not be kept on disk.
    #[error(transparent)]
    Journal(#[from] LocalError),
}

/// A message as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) seq: u64,
    pub(crate) message_id: String,
    pub(crate) body: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) sent_at: Timestamp,
    pub(crate) visible_at: Timestamp,
    pub(crate) receive_count: u32,
    pub(crate) first_received_at: Option<Timestamp>,
    pub(crate) source: Option<String>,
    /// What its last consumer said when it failed.
    pub(crate) last_failure: Option<String>,
}

#[derive(Default)]
pub(crate) struct Queue {
    pub(crate) settings: QueueSettings,
    pub(crate) messages: BTreeMap<u64, Stored>,
    /// (visible at, sequence): the order of delivery.
    pub(crate) order: BTreeSet<(Timestamp, u64)>,
    pub(crate) disorder: Option<(Disorder, ChaCha8Rng)>,
    /// Deliveries too many, and deliveries too late, so far.
    pub(crate) disordered: u64,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) queues: BTreeMap<String, Queue>,
    pub(crate) next_seq: u64,
    pub(crate) journal: Option<Journal>,
    pub(crate) changes: Vec<Change>,
    /// Messages that a file held for queues that were not created yet.
    pub(crate) kept: BTreeMap<String, Vec<Stored>>,
}

impl Queue {
    pub(crate) fn insert(&mut self, message: Stored) {
        self.order.insert((message.visible_at, message.seq));
        self.messages.insert(message.seq, message);
    }

    pub(crate) fn remove(&mut self, seq: u64) -> Option<Stored> {
        let message = self.messages.remove(&seq)?;
        self.order.remove(&(message.visible_at, seq));
        Some(message)
    }

    /// Delays, in seconds, of the deliveries that one sent message becomes: one, unless disorder is on.
    pub(crate) fn deliveries(&mut self) -> Vec<u32> {
        let Some((disorder, stream)) = &mut self.disorder else { return vec![0] };
        let copies = if unit(stream) < disorder.copy_share { disorder.copies.max(1) } else { 1 };
        let disordered = &mut self.disordered;
        *disordered += u64::from(copies - 1);
        (0..copies)
            .map(|_| {
                let spread = between(stream, 0, disorder.spread_s);
                let late = unit(stream) < disorder.late_share;
                *disordered += u64::from(late);
                let lateness = between(stream, disorder.late_s.0, disorder.late_s.1);
                if late { spread + lateness } else { spread }
            })
            .collect()
    }
}

fn between(stream: &mut ChaCha8Rng, from: u32, to: u32) -> u32 {
    let drawn = stream.next_u32();
    from + drawn % (to.saturating_sub(from).saturating_add(1)).max(1)
}

pub(crate) fn after(now: Timestamp, seconds: u32) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(Timestamp::MAX)
}

impl State {
    pub(crate) fn queue(&mut self, name: &str) -> Result<&mut Queue, QueueError> {
        self.queues.get_mut(name).ok_or_else(|| QueueError::Unknown(name.to_owned()))
    }

    pub(crate) fn put(&mut self, name: &str, message: Stored) -> Result<(), QueueError> {
        if self.journal.is_some() {
            self.changes.push(Change::Put { queue: name.to_owned(), message: message.clone() });
        }
        self.queue(name)?.insert(message);
        Ok(())
    }

    pub(crate) fn take(&mut self, name: &str, seq: u64) -> Result<Option<Stored>, QueueError> {
        let taken = self.queue(name)?.remove(seq);
        if taken.is_some() && self.journal.is_some() {
            self.changes.push(Change::Delete { queue: name.to_owned(), seq });
        }
        Ok(taken)
    }

    /// Writes what changed. Called once at the end of every operation.
    pub(crate) fn flush(&mut self) -> Result<(), QueueError> {
        if let Some(journal) = &self.journal {
            journal.write(&std::mem::take(&mut self.changes))?;
        }
        Ok(())
    }

    pub(crate) fn seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq
    }

    /// Moves a message to the dead letters, with its reason.
    pub(crate) fn bury(&mut self, name: &str, seq: u64, dead: &DeadLetters, now: Timestamp) -> Result<(), QueueError> {
        let Some(mut message) = self.take(name, seq)? else { return Ok(()) };
        let reason = message
            .last_failure
            .take()
            .unwrap_or_else(|| format!("received {} times, and never deleted", message.receive_count));
        message.attributes.insert(REASON.to_owned(), reason);
        message.source = Some(name.to_owned());
        self.reborn(&dead.queue, message, now)
    }

    /// Puts a message into a queue as if it were new there.
    pub(crate) fn reborn(&mut self, name: &str, mut message: Stored, now: Timestamp) -> Result<(), QueueError> {
        message.seq = self.seq();
        message.visible_at = now;
        message.receive_count = 0;
        message.first_received_at = None;
        message.last_failure = None;
        self.put(name, message)
    }

    pub(crate) fn delete(&mut self, name: &str, receipt: &str) -> Result<(), QueueError> {
        let (seq, count) = parse_receipt(receipt)?;
        let current = self.queue(name)?.messages.get(&seq).is_some_and(|message| message.receive_count == count);
        if current {
            self.take(name, seq)?;
        }
        Ok(())
    }
}

pub(crate) fn parse_receipt(receipt: &str) -> Result<(u64, u32), QueueError> {
    receipt
        .split_once('-')
        .and_then(|(seq, count)| Some((seq.parse().ok()?, count.parse().ok()?)))
        .ok_or_else(|| QueueError::Receipt(receipt.to_owned()))
}
