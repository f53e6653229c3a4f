//! A batch from SQS, item by item: one bad message never costs its neighbours (reliability.md, invariant 11).
//!
//! Items run concurrently; each is isolated, a panic too; a body that does not parse, an error and a panic go back one by
//! one (`ReportBatchItemFailures`), and after enough receives the queue moves them to its dead letters. Near the
//! invocation's deadline no further item is begun: it goes back untouched.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use futures::{FutureExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use preheat_app::{App, Next};
use preheat_core::clock::Clock;
use preheat_core::message::MessageError;

use crate::metrics;

/// An invocation's circumstances.
#[derive(Clone)]
pub struct Call {
    /// Lambda's request id: tells this invocation from every other.
    pub request_id: String,
    /// When Lambda will end the process.
    pub deadline: Timestamp,
    /// The clock.
    pub clock: Clock,
    /// How long one item may take at most: nothing is begun later than this before the deadline.
    pub item_max: SignedDuration,
    /// Items under way at once.
    pub at_once: usize,
}

impl Call {
    /// The circumstances of a Lambda invocation whose items take `item_max` at most.
    #[must_use]
    pub fn new(context: &lambda_runtime::Context, app: &App, item_max: SignedDuration) -> Self {
        let deadline = i64::try_from(context.deadline).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let deadline = deadline.unwrap_or_else(|| app.now());
        // A function with a short time-out still begins its items, in the first half of its time.
        let half = deadline.duration_since(app.now()) / 2;
        Self {
            request_id: context.request_id.clone(),
            deadline,
            clock: app.clock.clone(),
            item_max: item_max.min(half),
            at_once: AT_ONCE,
        }
    }
}

/// How long a send may take, its session's deadlines and the ledger's patience together.
pub const SEND_MAX: SignedDuration = SignedDuration::from_secs(75);
/// How long a visit may take.
pub const VISIT_MAX: SignedDuration = SignedDuration::from_secs(200);

/// How long telling everybody of a batch of changes may take.
pub const NOTIFY_MAX: SignedDuration = SignedDuration::from_secs(75);

/// Items of a batch under way at once: sessions wait for servers, not for the processor.
const AT_ONCE: usize = 100;

/// How a batch went.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The messages that go back, with their reasons, in the order of their ids.
    pub failures: Vec<(String, String)>,
    /// Items finished with.
    pub done: u32,
    /// Items given back.
    pub returned: u32,
    /// Items that cannot be worked on, ever.
    pub poison: u32,
    /// Items that panicked.
    pub panicked: u32,
}

impl Tally {
    /// Writes the counts as metrics of a stage.
    pub fn emit(&self, stage: &str, now: Timestamp) {
        let counts = [
            ("done", u64::from(self.done)),
            ("returned", u64::from(self.returned)),
            ("poison", u64::from(self.poison)),
            ("panicked", u64::from(self.panicked)),
        ];
        metrics::emit(stage, &counts, now);
    }
}

/// Runs `handle` on every item of the batch that `parse` understands, and says which are to be delivered again.
///
/// `handle` is also given the attempt: a text that no other delivery has, not even a copy of the same message in the same
/// batch. What it claims, it claims under that.
pub async fn each<M, P, H, F>(event: SqsEvent, call: &Call, parse: P, handle: H) -> (SqsBatchResponse, Tally)
where
    P: Fn(&str) -> Result<M, MessageError>,
    H: Fn(M, String) -> F,
    F: Future<Output = Next>,
{
    let (parse, handle) = (&parse, &handle);
    let results: Vec<(String, Fate)> = futures::stream::iter(event.records.into_iter().enumerate())
        .map(|(index, record)| async move {
            let attempt = format!("{}/{index}", call.request_id);
            let id = record.message_id.clone().unwrap_or_default();
            let receives = record.attributes.get("ApproximateReceiveCount").cloned().unwrap_or_default();
            let fate = one(record.body.as_deref().unwrap_or_default(), attempt, call, parse, handle).await;
            match &fate {
                Fate::Done => {}
                Fate::Returned(reason) => {
                    tracing::warn!(message = id, receives, request = call.request_id, reason, "goes back to the queue");
                }
                Fate::Poison(reason) => {
                    tracing::error!(message = id, receives, request = call.request_id, reason, "poison");
                }
                Fate::Panicked => tracing::error!(message = id, receives, request = call.request_id, "panicked"),
            }
            (id, fate)
        })
        .buffer_unordered(call.at_once.max(1))
        .collect()
        .await;
    tallied(results)
}

/// Runs `handle` once on everything in the batch that `parse` understands: for work that looks at its items together. It
/// answers for each, in their order; whatever it cannot answer for (a panic, the deadline) goes back as a whole.
pub async fn together<M, P, H, F>(event: SqsEvent, call: &Call, parse: P, handle: H) -> (SqsBatchResponse, Tally)
where
    P: Fn(&str) -> Result<M, MessageError>,
    H: FnOnce(Vec<M>, String) -> F,
    F: Future<Output = Vec<Next>>,
{
    let mut results: Vec<(String, Fate)> = Vec::new();
    let (mut ids, mut messages) = (Vec::new(), Vec::new());
    for record in event.records {
        let id = record.message_id.unwrap_or_default();
        match parse(record.body.as_deref().unwrap_or_default()) {
            Ok(message) => {
                ids.push(id);
                messages.push(message);
            }
            Err(error) => {
                tracing::error!(message = id, request = call.request_id, reason = %error, "poison");
                results.push((id, Fate::Poison(error.to_string())));
            }
        }
    }
    let left = call.deadline.duration_since((call.clock)());
    let limit = Duration::from_secs(u64::try_from(left.as_secs()).unwrap_or(0));
    let work = AssertUnwindSafe(handle(messages, call.request_id.clone())).catch_unwind();
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(answers)) => {
            let mut answers = answers.into_iter();
            for id in ids {
                let fate = match answers.next() {
                    Some(Next::Done) => Fate::Done,
                    Some(Next::Retry(reason)) => Fate::Returned(reason),
                    None => Fate::Returned("it was not answered for".to_owned()),
                };
                if let Fate::Returned(reason) = &fate {
                    tracing::warn!(message = id, request = call.request_id, reason, "goes back to the queue");
                }
                results.push((id, fate));
            }
        }
        Ok(Err(_panic)) => {
            tracing::error!(request = call.request_id, "panicked");
            results.extend(ids.into_iter().map(|id| (id, Fate::Panicked)));
        }
        Err(_elapsed) => {
            let late = || Fate::Returned("it was not finished before the deadline".to_owned());
            results.extend(ids.into_iter().map(|id| (id, late())));
        }
    }
    tallied(results)
}

fn tallied(results: Vec<(String, Fate)>) -> (SqsBatchResponse, Tally) {
    let mut tally = Tally::default();
    for (id, fate) in results {
        let (count, reason) = match fate {
            Fate::Done => {
                tally.done += 1;
                continue;
            }
            Fate::Returned(reason) => (&mut tally.returned, reason),
            Fate::Poison(reason) => (&mut tally.poison, reason),
            Fate::Panicked => (&mut tally.panicked, "it panicked".to_owned()),
        };
        *count += 1;
        tally.failures.push((id, reason));
    }
    tally.failures.sort();
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = tally.failures.iter().map(|(id, _)| failure(id)).collect();
    (response, tally)
}

fn failure(id: &str) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = id.to_owned();
    failure
}

enum Fate {
    Done,
    Returned(String),
    Poison(String),
    Panicked,
}

async fn one<M, P, H, F>(body: &str, attempt: String, call: &Call, parse: &P, handle: &H) -> Fate
where
    P: Fn(&str) -> Result<M, MessageError>,
    H: Fn(M, String) -> F,
    F: Future<Output = Next>,
{
    let left = call.deadline.duration_since((call.clock)());
    if left < call.item_max {
        return Fate::Returned("the invocation's deadline is near".to_owned());
    }
    let message = match parse(body) {
        Ok(message) => message,
        Err(error) => return Fate::Poison(error.to_string()),
    };
    let limit = Duration::from_secs(u64::try_from(left.as_secs()).unwrap_or(0));
    let work = AssertUnwindSafe(handle(message, attempt)).catch_unwind();
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(Next::Done)) => Fate::Done,
        Ok(Ok(Next::Retry(reason))) => Fate::Returned(reason),
        Ok(Err(_panic)) => Fate::Panicked,
        Err(_elapsed) => Fate::Returned("it was not finished before the deadline".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::Arc;

    use aws_lambda_events::sqs::SqsMessage;

    use super::*;

    fn event(bodies: &[&str]) -> SqsEvent {
        let mut event = SqsEvent::default();
        event.records = bodies
            .iter()
            .enumerate()
            .map(|(i, body)| {
                let mut message = SqsMessage::default();
                message.message_id = Some(format!("m{i}"));
                message.body = Some((*body).to_owned());
                message
            })
            .collect();
        event
    }

    fn call(deadline_in_s: i64) -> Call {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        Call {
            request_id: "request".to_owned(),
            deadline: now + SignedDuration::from_secs(deadline_in_s),
            clock: Arc::new(move || now),
            item_max: SignedDuration::from_secs(60),
            at_once: 4,
        }
    }

    fn number(body: &str) -> Result<u32, MessageError> {
        body.parse().map_err(|_| MessageError::Malformed(body.to_owned()))
    }

    fn failed(response: &SqsBatchResponse) -> Vec<&str> {
        response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect()
    }

    #[tokio::test]
    async fn a_bad_item_costs_only_itself() {
        let handled = RefCell::new(Vec::new());
        let (response, tally) = each(event(&["1", "two", "3", "4", "5"]), &call(300), number, async |n, _| {
            handled.borrow_mut().push(n);
            match n {
                3 => panic!("a panic in one item"),
                4 => Next::Retry("later".to_owned()),
                _ => Next::Done,
            }
        })
        .await;
        assert_eq!(failed(&response), ["m1", "m2", "m3"]);
        assert_eq!((tally.done, tally.returned, tally.poison, tally.panicked), (2, 1, 1, 1));
        let reasons: Vec<&str> = tally.failures.iter().map(|(_, reason)| reason.as_str()).collect();
        assert_eq!(reasons, ["the message does not parse: two", "it panicked", "later"]);
        handled.borrow_mut().sort_unstable();
        assert_eq!(*handled.borrow(), [1, 3, 4, 5]);
    }

    #[tokio::test]
    async fn near_the_deadline_nothing_is_begun() {
        let (response, tally) =
            each(event(&["1", "2"]), &call(59), number, async |_, _| -> Next { panic!("must not be begun") }).await;
        assert_eq!(failed(&response), ["m0", "m1"]);
        assert_eq!(tally.returned, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn an_item_that_hangs_is_given_back_before_the_deadline() {
        let (response, _) = each(event(&["1", "2"]), &call(300), number, async |n, _| {
            if n == 1 {
                std::future::pending::<()>().await;
            }
            Next::Done
        })
        .await;
        assert_eq!(failed(&response), ["m0"]);
    }

    #[tokio::test]
    async fn copies_of_a_message_in_one_batch_are_told_apart() {
        let attempts = RefCell::new(Vec::new());
        each(event(&["1", "1"]), &call(300), number, async |_, attempt| {
            attempts.borrow_mut().push(attempt);
            Next::Done
        })
        .await;
        assert_eq!(*attempts.borrow(), ["request/0", "request/1"]);
    }

    #[tokio::test]
    async fn what_is_looked_at_together_is_answered_for_one_by_one() {
        let batch = event(&["1", "two", "3", "4"]);
        let (response, tally) = together(batch, &call(300), number, async |numbers, attempt| {
            assert_eq!((numbers, attempt.as_str()), (vec![1, 3, 4], "request"));
            // Nothing is said about the last one.
            vec![Next::Done, Next::Retry("later".to_owned())]
        })
        .await;
        assert_eq!(failed(&response), ["m1", "m2", "m3"]);
        assert_eq!((tally.done, tally.returned, tally.poison), (1, 2, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_or_the_deadline_gives_the_whole_back() {
        let (response, tally) =
            together(event(&["1", "2"]), &call(300), number, async |_, _| -> Vec<Next> { panic!("in the work") }).await;
        assert_eq!((failed(&response).len(), tally.panicked), (2, 2));
        let (response, _) =
            together(event(&["1"]), &call(300), number, async |_, _| std::future::pending().await).await;
        assert_eq!(failed(&response), ["m0"]);
    }

    #[tokio::test]
    async fn an_empty_batch_is_answered() {
        let (response, tally) = each(event(&[]), &call(300), number, async |_, _| Next::Done).await;
        assert!(response.batch_item_failures.is_empty());
        assert_eq!(tally, Tally::default());
    }
}
