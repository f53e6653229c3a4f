//! Lambda's event source mapping: polls a queue, hands batches to a function, and settles what comes back.
//!
//! Batch size and window; partial batch failures (`ReportBatchItemFailures`); what failed stays hidden until the
//! visibility timeout is over, then comes again, and at last becomes a dead letter with the reason that its consumer
//! gave. A function that is killed reports nothing, and its whole batch comes again: nothing is settled before.
//!
//! A simulation goes step by step ([`Pump::next_batch_at`], [`Pump::take_batch`], [`Pump::settle`]); `preheat up` lets
//! it run ([`Pump::run`]).

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};

use crate::queues::{QueueError, Queues, Received};

/// The most bytes of bodies in one batch: an invocation's payload is at most 6 MB. Fixed by Lambda.
const PAYLOAD_MAX_BYTES: usize = 6_000_000;

/// How a queue is coupled to a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The queue's name.
    pub queue: String,
    /// The most messages of one batch (1 to 10,000; over 10 Lambda wants a window of at least 1 s).
    pub batch_size: usize,
    /// How long to wait for a full batch from the first message on, in seconds (0 to 300).
    pub window_s: u32,
}

/// A message that a function failed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The message's id, as in `batchItemFailures`.
    pub message_id: String,
    /// Why, if the function said so.
    pub reason: Option<String>,
}

/// What a function makes of a batch: the messages that failed (none: all is done), or an error of the invocation.
pub type Outcome = Result<Vec<Failure>, String>;

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settled {
    /// Deleted from the queue.
    pub done: usize,
    /// Left there, to come again.
    pub failed: usize,
}

/// One mapping at work.
#[derive(Debug, Clone)]
pub struct Pump {
    queues: Queues,
    mapping: Mapping,
}

impl Pump {
    /// Couples a queue.
    #[must_use]
    pub fn new(queues: Queues, mapping: Mapping) -> Self {
        Self { queues, mapping }
    }

    /// The mapping.
    #[must_use]
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// When the first message is (or was) visible; `None`: the queue is empty.
    #[must_use]
    pub fn next_visible_at(&self) -> Option<Timestamp> {
        self.queues.next_visible_at(&self.mapping.queue)
    }

    /// When the next batch is (or was) due: when it is full, or the window since its first message is over.
    #[must_use]
    pub fn next_batch_at(&self) -> Option<Timestamp> {
        let window = SignedDuration::from_secs(i64::from(self.mapping.window_s));
        let window_over = self.next_visible_at()?.saturating_add(window).unwrap_or(Timestamp::MAX);
        let full = self.queues.nth_visible_at(&self.mapping.queue, self.mapping.batch_size);
        Some(full.map_or(window_over, |full| full.min(window_over)))
    }

    /// Takes the batch that is due at `now`; empty if none is, or if all that was due became dead letters.
    ///
    /// # Errors
    /// There is no such queue, or its file cannot be written.
    pub fn take_batch(&self, now: Timestamp) -> Result<Vec<Received>, QueueError> {
        if self.next_batch_at().is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < self.mapping.batch_size && bytes < PAYLOAD_MAX_BYTES {
            // SQS gives at most 10 at a time.
            let wanted = (self.mapping.batch_size - batch.len()).min(10);
            let received = self.queues.receive_at(&self.mapping.queue, wanted, now, None)?;
            if received.is_empty() {
                break;
            }
            bytes += received.iter().map(|message| message.body.len()).sum::<usize>();
            batch.extend(received);
        }
        Ok(batch)
    }

    /// Deletes what is done and notes why the rest failed. As with Lambda, a failure that names no message of the
    /// batch fails the whole batch.
    ///
    /// # Errors
    /// There is no such queue, or its file cannot be written.
    pub fn settle(&self, batch: &[Received], outcome: &Outcome) -> Result<Settled, QueueError> {
        let queue = &self.mapping.queue;
        let ids: BTreeSet<&str> = batch.iter().map(|message| message.message_id.as_str()).collect();
        let stranger = |failures: &[Failure]| failures.iter().any(|one| !ids.contains(one.message_id.as_str()));
        let reason_of = |message: &Received| match outcome {
            Err(error) => Some(Some(error.as_str())),
            Ok(failures) if stranger(failures) => Some(Some("the function named a failure that was not in the batch")),
            Ok(failures) => {
                failures.iter().find(|one| one.message_id == message.message_id).map(|one| one.reason.as_deref())
            }
        };
        let mut done = Vec::new();
        let mut settled = Settled::default();
        for message in batch {
            match reason_of(message) {
                None => done.push(message.receipt.as_str()),
                Some(reason) => {
                    settled.failed += 1;
                    if let Some(reason) = reason {
                        self.queues.note_failure(queue, &message.receipt, reason)?;
                    }
                }
            }
        }
        for answer in self.queues.delete_all(queue, &done) {
            answer?;
            settled.done += 1;
        }
        Ok(settled)
    }

    /// Takes one batch that is due now, runs the function on it and settles it. `None`: nothing was due.
    ///
    /// # Errors
    /// There is no such queue, or its file cannot be written.
    pub async fn step<F>(&self, handler: impl FnOnce(Vec<Received>) -> F) -> Result<Option<Settled>, QueueError>
    where
        F: Future<Output = Outcome>,
    {
        let batch = self.take_batch(self.queues.now())?;
        if batch.is_empty() {
            return Ok(None);
        }
        let outcome = handler(batch.clone()).await;
        self.settle(&batch, &outcome).map(Some)
    }

    /// Runs until `stop` resolves, then lets the batches at work finish. At most `concurrency` batches are at work at
    /// once; `speed` is how many seconds of the stack's clock pass in one of tokio's (1 but in a demo).
    ///
    /// # Errors
    /// There is no such queue, or its file cannot be written.
    pub async fn run<H, F>(
        &self,
        stop: impl Future<Output = ()>,
        concurrency: usize,
        speed: f64,
        handler: H,
    ) -> Result<(), QueueError>
    where
        H: Fn(Vec<Received>) -> F,
        F: Future<Output = Outcome>,
    {
        let mut stop = std::pin::pin!(stop);
        let mut working = FuturesUnordered::new();
        loop {
            let arrival = self.queues.arrival();
            let now = self.queues.now();
            while working.len() < concurrency.max(1) {
                let batch = self.take_batch(now)?;
                if batch.is_empty() {
                    break;
                }
                let work = handler(batch.clone());
                working.push(async move { (work.await, batch) });
            }
            let full = working.len() >= concurrency.max(1);
            let wait = self.next_batch_at().map(|due| wait_for(due.duration_since(now), speed));
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some((outcome, batch)) = working.next() => { self.settle(&batch, &outcome)?; }
                () = arrival, if !full => {}
                () = tokio::time::sleep(wait.unwrap_or_default()), if !full && wait.is_some() => {}
            }
        }
        while let Some((outcome, batch)) = working.next().await {
            self.settle(&batch, &outcome)?;
        }
        Ok(())
    }
}

/// A wait on the stack's clock, in tokio's time. At least a millisecond: tokio's timer has no finer grain.
fn wait_for(wait: SignedDuration, speed: f64) -> Duration {
    let seconds = wait.as_secs_f64() / speed.max(f64::MIN_POSITIVE);
    Duration::try_from_secs_f64(seconds).unwrap_or_default().max(Duration::from_millis(1))
}
