//! Pushing onto the queues: in tens, and only the failed entries again (fault F9).
//!
//! The program only ever sends. Receiving, deleting and redelivering is Lambda's event source mapping.

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures::{StreamExt, TryStreamExt};

use crate::describe;

/// SQS takes ten messages a call (`SendMessageBatch`, SQS API reference).
const ENTRIES_MAX: usize = 10;
/// Calls under way at once.
const CALLS_AT_ONCE: usize = 16;
/// How often the entries that failed are tried again.
const TRIES_MAX: usize = 4;

/// The queues that the fan-out fills.
#[derive(Clone, Debug)]
pub struct Queues {
    sqs: aws_sdk_sqs::Client,
    sends_url: String,
    visits_url: String,
    alerts_url: Option<String>,
}

/// Which queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Read by `sender`.
    Sends,
    /// Read by `replier`.
    Visits,
    /// Read by `notifier`: what could not be told yet.
    Alerts,
}

/// A message with its delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Not visible for so long, 0–900 s.
    pub delay_s: u32,
    /// JSON.
    pub body: String,
}

/// A queue that did not take everything.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The call itself failed, after the SDK's own retries.
    #[error("SendMessageBatch failed: {0}")]
    Call(String),
    /// Some entries were refused again and again. The next tick plans them anew.
    #[error("{0} messages were refused {TRIES_MAX} times, the last because: {1}")]
    Refused(usize, String),
    /// This process was not told where that queue is: a setting is missing.
    #[error("PREHEAT_ALERTS_URL is not set")]
    Unnamed,
    /// A message did not serialise.
    #[error("a message does not serialise: {0}")]
    Serialise(#[from] serde_json::Error),
}

impl Queues {
    /// Queues at these URLs.
    #[must_use]
    pub fn new(sqs: aws_sdk_sqs::Client, sends_url: impl Into<String>, visits_url: impl Into<String>) -> Self {
        Self { sqs, sends_url: sends_url.into(), visits_url: visits_url.into(), alerts_url: None }
    }

    /// The same with the queue behind the bus, for the one function that puts back into it.
    #[must_use]
    pub fn with_alerts(mut self, url: impl Into<String>) -> Self {
        self.alerts_url = Some(url.into());
        self
    }

    /// Pushes all messages, in batches of ten.
    ///
    /// # Errors
    /// A call failed, or entries were refused repeatedly. Messages taken before that stay in the queue: consumers
    /// claim, so a repeat of the whole costs nothing.
    pub async fn push(&self, queue: Queue, messages: &[Outgoing]) -> Result<(), QueueError> {
        futures::stream::iter(messages.chunks(ENTRIES_MAX))
            .map(|chunk| self.push_batch(queue, chunk))
            .buffered(CALLS_AT_ONCE)
            .try_collect::<()>()
            .await
    }

    async fn push_batch(&self, queue: Queue, chunk: &[Outgoing]) -> Result<(), QueueError> {
        let url = match queue {
            Queue::Sends => &self.sends_url,
            Queue::Visits => &self.visits_url,
            Queue::Alerts => self.alerts_url.as_ref().ok_or(QueueError::Unnamed)?,
        };
        let mut left: Vec<usize> = (0..chunk.len()).collect();
        let mut reason = String::new();
        for _ in 0..TRIES_MAX {
            let entries = left.iter().map(|&i| entry(i, &chunk[i])).collect::<Result<Vec<_>, _>>()?;
            let call = self.sqs.send_message_batch().queue_url(url).set_entries(Some(entries));
            let answer = call.send().await.map_err(|error| QueueError::Call(describe(&error)))?;
            if let Some(failed) = answer.failed().first() {
                reason = failed.message().unwrap_or_else(|| failed.code()).to_owned();
            }
            left = answer.failed().iter().filter_map(|failed| failed.id().parse().ok()).collect();
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(QueueError::Refused(left.len(), reason))
    }
}

fn entry(id: usize, message: &Outgoing) -> Result<SendMessageBatchRequestEntry, QueueError> {
    SendMessageBatchRequestEntry::builder()
        .id(id.to_string())
        .message_body(&message.body)
        .delay_seconds(i32::try_from(message.delay_s.min(900)).unwrap_or(900))
        .build()
        .map_err(|error| QueueError::Call(error.to_string()))
}
