//! Publishing state changes on the stack's EventBridge bus: in tens, and only the failed entries again (as [`crate::queue`]
//! does with messages).
//!
//! Delivery is at least once; a change's id tells a repeat. May not decide what is worth telling anybody: every change goes
//! onto the bus, and those who listen choose.

use std::time::SystemTime;

use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use preheat_core::change::{Change, SOURCE};

use crate::describe;

/// EventBridge takes ten events a call (`PutEvents`, EventBridge API reference).
const ENTRIES_MAX: usize = 10;
/// How often the entries that failed are tried again.
const TRIES_MAX: usize = 4;

/// The bus that every state change goes onto.
#[derive(Clone, Debug)]
pub struct Bus {
    events: aws_sdk_eventbridge::Client,
    name: String,
}

/// A bus that did not take everything. What it took is told twice when the whole is published again, under the same ids.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The call itself failed, after the SDK's own retries: try again later.
    #[error("PutEvents failed: {0}")]
    Call(String),
    /// Some events were refused again and again: try again later.
    #[error("{0} events were refused {TRIES_MAX} times, the last because: {1}")]
    Refused(usize, String),
    /// A change does not serialise: a fault of ours.
    #[error("a change does not serialise: {0}")]
    Serialise(#[from] serde_json::Error),
}

impl Bus {
    /// The bus of this name or ARN.
    #[must_use]
    pub fn new(events: aws_sdk_eventbridge::Client, name: impl Into<String>) -> Self {
        Self { events, name: name.into() }
    }

    /// Publishes changes, in their order. Published first and recorded afterwards, a change cannot get lost; recorded
    /// first, it must be published again by whoever finds it unpublished. Either way its id stays the same.
    ///
    /// # Errors
    /// The bus did not take all of them.
    pub async fn publish(&self, changes: &[Change]) -> Result<(), BusError> {
        for chunk in changes.chunks(ENTRIES_MAX) {
            self.publish_batch(chunk).await?;
        }
        Ok(())
    }

    async fn publish_batch(&self, chunk: &[Change]) -> Result<(), BusError> {
        let mut left = chunk.iter().map(|change| self.entry(change)).collect::<Result<Vec<_>, _>>()?;
        let mut reason = String::new();
        for _ in 0..TRIES_MAX {
            let call = self.events.put_events().set_entries(Some(left.clone()));
            let answer = call.send().await.map_err(|error| BusError::Call(describe(&error)))?;
            if answer.failed_entry_count() == 0 {
                return Ok(());
            }
            // Answers stand in the order of the entries.
            let mut failed = answer.entries().iter().map(|entry| {
                let code = entry.error_code();
                if let Some(code) = code {
                    reason = entry.error_message().unwrap_or(code).to_owned();
                }
                code.is_some()
            });
            left.retain(|_| failed.next().unwrap_or(true));
        }
        Err(BusError::Refused(left.len(), reason))
    }

    fn entry(&self, change: &Change) -> Result<PutEventsRequestEntry, BusError> {
        Ok(PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(change.kind.name())
            .detail(serde_json::to_string(change)?)
            .time(DateTime::from(SystemTime::from(change.at)))
            .build())
    }
}
