//! What lies in the queue behind the bus: a change as EventBridge hands it over, or one that the notifier put back for one
//! channel, to be told later.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::channel::ChannelId;
use crate::change::Change;
use crate::message::{MessageError, VERSION};

/// A change to be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertOrder {
    /// Version of the message.
    pub v: u32,
    /// What is told.
    pub change: Change,
    /// Only to this channel; absent: to every one of its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<ChannelId>,
    /// How often it was tried on that channel.
    #[serde(default)]
    pub tries: u32,
    /// Not before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
}

impl AlertOrder {
    /// A change for every channel of its owner.
    #[must_use]
    pub fn new(change: Change) -> Self {
        Self { v: VERSION, change, only: None, tries: 0, not_before: None }
    }

    /// Reads a message of the queue.
    ///
    /// # Errors
    /// It is neither an event of the bus nor an order; or of a version that this program does not read.
    pub fn parse(json: &str) -> Result<Self, MessageError> {
        #[derive(Deserialize)]
        struct Event {
            detail: serde_json::Value,
        }
        #[derive(Deserialize)]
        struct Head {
            v: u32,
        }
        if let Ok(event) = serde_json::from_str::<Event>(json) {
            return Change::parse(&event.detail.to_string()).map(Self::new);
        }
        let malformed = |error: serde_json::Error| MessageError::Malformed(error.to_string());
        match serde_json::from_str::<Head>(json).map_err(malformed)?.v {
            VERSION => serde_json::from_str(json).map_err(malformed),
            other => Err(MessageError::Version(other)),
        }
    }
}

/// How long after each failed try the next one is due: what Standard Webhooks recommends (*Deliverability and
/// reliability*), for every channel.
const SCHEDULE_S: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// So many tries are made in all: then the change is a dead letter, for an operator to see.
pub const GIVE_UP_AFTER: u32 = 10;

/// How long after the `tries`-th try (from 1) the next one is due; `None`: it was the last. `asked` is what the other side
/// asked for: never sooner than that.
#[must_use]
pub fn retry_after(tries: u32, asked: Option<SignedDuration>) -> Option<SignedDuration> {
    let step = usize::try_from(tries).ok()?.checked_sub(1)?;
    let usual = SignedDuration::from_secs(*SCHEDULE_S.get(step)?);
    Some(asked.map_or(usual, |asked| asked.max(usual)))
}
