//! Standard SQS queues: delay, visibility, receive counts, dead letters, redrive.
//!
//! Kinder than SQS in one thing, so that runs repeat: messages come in the order in which they became visible. The
//! unkindness is on request ([`Disorder`]): copies, also at once, and messages that come late and out of order.
//! The program itself only ever sends; receiving is Lambda's part (`pump`) and that of the operator's `dlq` commands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use preheat_core::clock::Clock;
use tokio::sync::Notify;

use crate::error::LocalError;
use crate::faults::stream_for;
use crate::journal::Journal;
pub use crate::queue::{
    DELAY_MAX_S, DeadLetters, Depth, Disorder, Lying, QueueError, QueueSettings, REASON, Received, VISIBILITY_MAX_S,
};
use crate::queue::{State, Stored, after, parse_receipt};

/// The queues of one stack. Clones share them.
#[derive(Clone)]
pub struct Queues {
    clock: Clock,
    seed: u64,
    state: Arc<Mutex<State>>,
    arrivals: Arc<Notify>,
}

impl std::fmt::Debug for Queues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Queues")
    }
}

impl Queues {
    /// Queues in memory.
    pub(crate) fn memory(clock: Clock, seed: u64) -> Self {
        Self::over(clock, seed, None, BTreeMap::new(), 0)
    }

    /// Queues kept in a file. Sequence numbers go on from the clock, so that none is used twice over restarts.
    pub(crate) fn file(clock: Clock, journal: Journal) -> Result<Self, LocalError> {
        let kept = journal.read()?;
        let last = kept.values().flatten().map(|message| message.seq).max().unwrap_or(0);
        let now_us = u64::try_from(clock().as_microsecond()).unwrap_or(0);
        Ok(Self::over(clock, 0, Some(journal), kept, last.max(now_us)))
    }

    fn over(
        clock: Clock,
        seed: u64,
        journal: Option<Journal>,
        kept: BTreeMap<String, Vec<Stored>>,
        next_seq: u64,
    ) -> Self {
        let state = State { next_seq, journal, kept, ..State::default() };
        Self { clock, seed, state: Arc::new(Mutex::new(state)), arrivals: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stack's time.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Resolves when something was put into any queue. Only what happens after the call counts.
    pub fn arrival(&self) -> tokio::sync::futures::Notified<'_> {
        self.arrivals.notified()
    }

    /// Creates a queue, or gives an existing one these settings. What a file held for it is in it at once.
    pub fn create(&self, name: &str, settings: QueueSettings) {
        let mut state = self.lock();
        let kept = state.kept.remove(name).unwrap_or_default();
        let queue = state.queues.entry(name.to_owned()).or_default();
        queue.settings = settings;
        for message in kept {
            queue.insert(message);
        }
        drop(state);
        self.arrivals.notify_waiters();
    }

    /// The URL by which the SDK names a queue.
    #[must_use]
    pub fn url(name: &str) -> String {
        format!("http://aws.local/000000000000/{name}")
    }

    /// The ARN of a queue.
    #[must_use]
    pub fn arn(name: &str) -> String {
        format!("arn:aws:sqs:local:000000000000:{name}")
    }

    /// The name of a queue, from its URL, its ARN or itself.
    #[must_use]
    pub fn name(url: &str) -> &str {
        url.rsplit(['/', ':']).next().unwrap_or(url)
    }

    /// The names of all queues.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.lock().queues.keys().cloned().collect()
    }

    /// How many deliveries disorder has added or made late so far, over all queues.
    #[must_use]
    pub fn disordered(&self) -> u64 {
        self.lock().queues.values().map(|queue| queue.disordered).sum()
    }

    /// Turns disorder on or off for what is sent from now on.
    ///
    /// # Errors
    /// There is no such queue.
    pub fn disorder(&self, name: &str, disorder: Option<Disorder>) -> Result<(), QueueError> {
        let stream = stream_for(self.seed, &format!("disorder/{name}"));
        self.lock().queue(name)?.disorder = disorder.map(|disorder| (disorder, stream));
        Ok(())
    }

    /// Everything sent from now on is delivered this often, at once. 1 is normal.
    ///
    /// # Errors
    /// There is no such queue.
    pub fn deliver_copies(&self, name: &str, copies: u32) -> Result<(), QueueError> {
        let disorder = Disorder { copy_share: 1.0, copies, spread_s: 0, late_share: 0.0, late_s: (0, 0) };
        self.disorder(name, (copies > 1).then_some(disorder))
    }

    /// Sends a message. Returns its id.
    ///
    /// # Errors
    /// There is no such queue, the delay is over [`DELAY_MAX_S`], or the file cannot be written.
    pub fn send(
        &self,
        name: &str,
        body: &str,
        attributes: &BTreeMap<String, String>,
        delay_s: u32,
    ) -> Result<String, QueueError> {
        if delay_s > DELAY_MAX_S {
            return Err(QueueError::Invalid(format!("DelaySeconds {delay_s} is not between 0 and {DELAY_MAX_S}")));
        }
        let now = self.now();
        let mut state = self.lock();
        let deliveries = state.queue(name)?.deliveries();
        let id = state.next_seq + 1;
        let message_id =
            format!("00000000-0000-4000-{:04x}-{:012x}", 0x8000 | (id >> 48 & 0x3fff), id & 0xffff_ffff_ffff);
        for more_s in deliveries {
            let message = Stored {
                seq: state.seq(),
                message_id: message_id.clone(),
                body: body.to_owned(),
                attributes: attributes.clone(),
                sent_at: now,
                visible_at: after(now, delay_s.saturating_add(more_s)),
                receive_count: 0,
                first_received_at: None,
                source: None,
                last_failure: None,
            };
            state.put(name, message)?;
        }
        state.flush()?;
        drop(state);
        self.arrivals.notify_waiters();
        Ok(message_id)
    }

    /// Receives up to `max` messages that are visible at `now`; each is then hidden for the queue's visibility
    /// timeout (or the one given, in seconds). A message received too often goes to the dead letters instead, and one
    /// that is older than the queue keeps is dropped.
    ///
    /// # Errors
    /// There is no such queue, or the file cannot be written.
    pub fn receive_at(
        &self,
        name: &str,
        max: usize,
        now: Timestamp,
        visibility_s: Option<u32>,
    ) -> Result<Vec<Received>, QueueError> {
        let mut state = self.lock();
        let settings = state.queue(name)?.settings.clone();
        let hidden_until = after(now, visibility_s.unwrap_or(settings.visibility_s));
        let mut received = Vec::new();
        // Put back at the end: with a visibility of 0 a message stays visible, but must not come twice in one answer.
        let mut hidden = Vec::new();
        while received.len() < max {
            let queue = state.queue(name)?;
            let Some(&(_, seq)) = queue.order.first().filter(|(visible_at, _)| *visible_at <= now) else { break };
            let Some(message) = queue.messages.get(&seq) else { break };
            if after(message.sent_at, settings.retention_s) < now {
                state.take(name, seq)?;
                continue;
            }
            let count = message.receive_count;
            if let Some(dead) = settings.dead_letters.as_ref().filter(|dead| count >= dead.max_receive_count) {
                state.bury(name, seq, dead, now)?;
                continue;
            }
            let Some(mut message) = queue.remove(seq) else { continue };
            message.receive_count += 1;
            message.visible_at = hidden_until;
            let first_received_at = *message.first_received_at.get_or_insert(now);
            received.push(Received {
                message_id: message.message_id.clone(),
                receipt: format!("{seq}-{}", message.receive_count),
                body: message.body.clone(),
                attributes: message.attributes.clone(),
                receive_count: message.receive_count,
                sent_at: message.sent_at,
                first_received_at,
            });
            hidden.push(message);
        }
        for message in hidden {
            state.put(name, message)?;
        }
        state.flush()?;
        Ok(received)
    }

    /// Receives up to `max` messages, now.
    ///
    /// # Errors
    /// As [`Queues::receive_at`].
    pub fn receive(&self, name: &str, max: usize) -> Result<Vec<Received>, QueueError> {
        self.receive_at(name, max, self.now(), None)
    }

    /// Deletes a delivery. An outdated receipt (the message was received again since) deletes nothing and is no error,
    /// as with SQS.
    ///
    /// # Errors
    /// There is no such queue, the receipt is none, or the file cannot be written.
    pub fn delete(&self, name: &str, receipt: &str) -> Result<(), QueueError> {
        self.delete_all(name, &[receipt]).pop().unwrap_or(Ok(()))
    }

    /// Deletes several deliveries; one answer each, in order.
    pub fn delete_all(&self, name: &str, receipts: &[&str]) -> Vec<Result<(), QueueError>> {
        let mut state = self.lock();
        let mut answers: Vec<_> = receipts.iter().map(|receipt| state.delete(name, receipt)).collect();
        if let Err(error) = state.flush()
            && let Some(last) = answers.last_mut()
        {
            *last = Err(error);
        }
        answers
    }

    /// Hides a message in flight for another time, in seconds from now; 0 makes it visible at once.
    ///
    /// # Errors
    /// There is no such queue, the receipt is none, the message is not in flight, or the time is too long.
    pub fn change_visibility(&self, name: &str, receipt: &str, visibility_s: u32) -> Result<(), QueueError> {
        if visibility_s > VISIBILITY_MAX_S {
            return Err(QueueError::Invalid(format!(
                "VisibilityTimeout {visibility_s} is not between 0 and {VISIBILITY_MAX_S}"
            )));
        }
        let now = self.now();
        let mut state = self.lock();
        let (seq, count) = parse_receipt(receipt)?;
        let in_flight = state
            .queue(name)?
            .messages
            .get(&seq)
            .is_some_and(|message| message.receive_count == count && message.visible_at > now);
        if !in_flight {
            return Err(QueueError::NotInFlight(receipt.to_owned()));
        }
        if let Some(mut message) = state.queue(name)?.remove(seq) {
            message.visible_at = after(now, visibility_s);
            state.put(name, message)?;
        }
        state.flush()?;
        drop(state);
        self.arrivals.notify_waiters();
        Ok(())
    }

    /// Notes what a consumer said when it failed on a delivery: the reason, should it become a dead letter.
    ///
    /// # Errors
    /// There is no such queue, the receipt is none, or the file cannot be written.
    pub fn note_failure(&self, name: &str, receipt: &str, reason: &str) -> Result<(), QueueError> {
        let mut state = self.lock();
        let (seq, _) = parse_receipt(receipt)?;
        if let Some(mut message) = state.queue(name)?.remove(seq) {
            message.last_failure = Some(reason.to_owned());
            state.put(name, message)?;
        }
        state.flush()
    }

    /// When the first message is (or was) visible. `None`: the queue is empty, or unknown.
    #[must_use]
    pub fn next_visible_at(&self, name: &str) -> Option<Timestamp> {
        self.nth_visible_at(name, 1)
    }

    /// When the n-th message (from 1) is or was visible.
    #[must_use]
    pub fn nth_visible_at(&self, name: &str, nth: usize) -> Option<Timestamp> {
        let state = self.lock();
        state.queues.get(name)?.order.iter().nth(nth.saturating_sub(1)).map(|(at, _)| *at)
    }

    /// How many messages a queue holds. Zeros for an unknown one.
    #[must_use]
    pub fn depth(&self, name: &str) -> Depth {
        let now = self.now();
        let state = self.lock();
        let mut depth = Depth::default();
        for message in state.queues.get(name).into_iter().flat_map(|queue| queue.messages.values()) {
            match (message.visible_at <= now, message.receive_count) {
                (true, _) => depth.visible += 1,
                (false, 0) => depth.delayed += 1,
                (false, _) => depth.in_flight += 1,
            }
        }
        depth
    }

    /// The settings of a queue.
    #[must_use]
    pub fn settings(&self, name: &str) -> Option<QueueSettings> {
        self.lock().queues.get(name).map(|queue| queue.settings.clone())
    }

    /// Everything that lies in a queue, oldest first, without receiving it.
    #[must_use]
    pub fn lying(&self, name: &str) -> Vec<Lying> {
        let state = self.lock();
        let messages = state.queues.get(name).into_iter().flat_map(|queue| queue.messages.values());
        messages
            .map(|message| Lying {
                message_id: message.message_id.clone(),
                body: message.body.clone(),
                attributes: message.attributes.clone(),
                sent_at: message.sent_at,
                source: message.source.clone(),
            })
            .collect()
    }

    /// Puts dead letters back into the queues they came from; those that a consumer sent there itself go to the queue
    /// whose dead-letter queue this is. Returns how many were moved. What has no way back stays.
    ///
    /// # Errors
    /// There is no such queue, or the file cannot be written.
    pub fn redrive(&self, dead_letters: &str) -> Result<usize, QueueError> {
        let now = self.now();
        let mut state = self.lock();
        let home = state
            .queues
            .iter()
            .find(|(_, queue)| queue.settings.dead_letters.as_ref().is_some_and(|dead| dead.queue == dead_letters))
            .map(|(name, _)| name.clone());
        let lying: Vec<(u64, Option<String>)> = state
            .queue(dead_letters)?
            .messages
            .values()
            .map(|message| (message.seq, message.source.clone().or_else(|| home.clone())))
            .collect();
        let mut moved = 0;
        for (seq, target) in lying {
            let Some(target) = target.filter(|target| state.queues.contains_key(target)) else { continue };
            let Some(mut message) = state.take(dead_letters, seq)? else { continue };
            message.attributes.remove(REASON);
            message.source = None;
            // Kept from now on anew: a redriven message must not expire on its way.
            message.sent_at = now;
            state.reborn(&target, message, now)?;
            moved += 1;
        }
        state.flush()?;
        drop(state);
        self.arrivals.notify_waiters();
        Ok(moved)
    }
}
