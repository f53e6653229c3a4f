//! Telling people and programs of state changes (called by `notifier`).
//!
//! A batch of the queue behind the bus becomes, for each channel of each owner, what [`preheat_core::alert::plan`] says.
//! Channels are worked on at once and apart from each other: one that is down, slow or panics costs no other anything. What a
//! channel did not take is put back into the queue for this channel alone, ever later (Standard Webhooks' schedule); what it
//! took is recorded under the message's id before anything else can happen, so neither a redelivery nor a second process
//! tells it again. Delivery is at least once: a process that dies between a channel's answer and the record tells it twice,
//! under the same id.
//!
//! A slow channel is given a share of an invocation's time, and what that does not hold is put back for it alone. A webhook that
//! answers 410 wants no more: it is disabled, and `preheat alerts list` says so.
//!
//! The engine never waits for any of this: it has published to the bus and is gone.

mod deliver;
mod send;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use preheat_core::alert::{AlertOrder, Owner};
use preheat_platforms::Http;
use preheat_platforms::alert::telegram;
use preheat_store::StoredChannel;

use crate::queue::{Outgoing, Queue};
use crate::{App, Next};

pub use send::{SendFailure, test};

/// What leads outside, besides the app's own door to mail servers.
#[derive(Clone, Debug)]
pub struct Outside {
    /// The HTTP door.
    pub http: Http,
    /// Text messages.
    pub sns: aws_sdk_sns::Client,
    /// Where Telegram serves bots.
    pub telegram: String,
}

impl Outside {
    /// The world as it is.
    #[must_use]
    pub fn new(http: Http, sns: aws_sdk_sns::Client) -> Self {
        Self { http, sns, telegram: telegram::BASE.to_owned() }
    }
}

/// What becomes of one order on one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    /// The channel has it, or does not want it.
    Done,
    /// It was tried, or must not be told yet: once more at this time.
    Again { at: Timestamp, tries: u32 },
    /// Nothing was tried, or there is no time left to try at: the queue's own redelivery, and in the end its dead letters.
    Retry(String),
}

/// The longest that a queue can hold a message back. Fixed by SQS.
const DELAY_MAX_S: i64 = 900;

/// Tells everybody whom these orders concern. One answer an order. `attempt` is a text that no other delivery has.
pub async fn notify(app: &App, outside: &Outside, orders: &[AlertOrder], attempt: &str) -> Vec<Next> {
    let now = app.now();
    let mut fates: Vec<Vec<(AlertOrder, Fate)>> = vec![Vec::new(); orders.len()];
    let mut due: BTreeMap<Owner, Vec<usize>> = BTreeMap::new();
    for (i, order) in orders.iter().enumerate() {
        match order.not_before.filter(|&at| at > now) {
            Some(at) => fates[i].push((order.clone(), Fate::Again { at, tries: order.tries })),
            None => due.entry(Owner::of(order.change.tenant.as_ref())).or_default().push(i),
        }
    }
    let owners = due.into_iter().map(|(owner, indices)| async move {
        let told = owner_told(app, outside, &owner, orders, &indices, attempt).await;
        told.unwrap_or_else(|reason| {
            indices.iter().map(|&i| (i, orders[i].clone(), Fate::Retry(reason.clone()))).collect()
        })
    });
    for (i, order, fate) in futures::future::join_all(owners).await.into_iter().flatten() {
        fates[i].push((order, fate));
    }
    futures::future::join_all(fates.into_iter().map(|fates| settle(app, fates))).await
}

/// Every channel of an owner, at once.
async fn owner_told(
    app: &App,
    outside: &Outside,
    owner: &Owner,
    orders: &[AlertOrder],
    indices: &[usize],
    attempt: &str,
) -> Result<Vec<(usize, AlertOrder, Fate)>, String> {
    let channels = app.store.channels(owner).await.map_err(|error| error.to_string())?;
    let told = channels.iter().filter(|stored| stored.channel.disabled.is_none()).map(|stored| async move {
        let id = &stored.channel.id;
        let mine: Vec<usize> =
            indices.iter().copied().filter(|&i| orders[i].only.as_ref().is_none_or(|only| only == id)).collect();
        let orders: Vec<AlertOrder> =
            mine.iter().map(|&i| AlertOrder { only: Some(id.clone()), ..orders[i].clone() }).collect();
        let fates = channel_told(app, outside, stored, &orders, attempt).await;
        mine.into_iter().zip(orders).zip(fates).map(|((i, order), fate)| (i, order, fate)).collect::<Vec<_>>()
    });
    Ok(futures::future::join_all(told).await.into_iter().flatten().collect())
}

/// One channel, whatever happens in it.
async fn channel_told(
    app: &App,
    outside: &Outside,
    stored: &StoredChannel,
    orders: &[AlertOrder],
    attempt: &str,
) -> Vec<Fate> {
    let work = AssertUnwindSafe(deliver::deliver(app, outside, stored, orders, attempt)).catch_unwind();
    let reason = match work.await {
        Ok(Ok(fates)) => return fates,
        Ok(Err(error)) => error.to_string(),
        Err(_panic) => "it panicked".to_owned(),
    };
    tracing::warn!(channel = %stored.channel.id, reason, "the channel was not told");
    vec![Fate::Retry(reason); orders.len()]
}

/// Puts back what is to be told later, and says what becomes of the queue's message.
async fn settle(app: &App, fates: Vec<(AlertOrder, Fate)>) -> Next {
    let mut again = Vec::new();
    let mut reasons = Vec::new();
    for (order, fate) in fates {
        match fate {
            Fate::Done => {}
            Fate::Again { at, tries } => again.push(AlertOrder { tries, not_before: Some(at), ..order }),
            Fate::Retry(reason) => reasons.push(reason),
        }
    }
    if let Err(reason) = put_back(app, &again).await {
        reasons.push(reason);
    }
    if reasons.is_empty() { Next::Done } else { Next::Retry(reasons.join("; ")) }
}

async fn put_back(app: &App, orders: &[AlertOrder]) -> Result<(), String> {
    if orders.is_empty() {
        return Ok(());
    }
    let now = app.now();
    let mut messages = Vec::with_capacity(orders.len());
    for order in orders {
        let left = order.not_before.map_or(SignedDuration::ZERO, |at| at.duration_since(now));
        let delay_s = (left.as_secs() + i64::from(left.subsec_nanos() > 0)).clamp(1, DELAY_MAX_S);
        let body = serde_json::to_string(order).map_err(|error| error.to_string())?;
        messages.push(Outgoing { delay_s: u32::try_from(delay_s).unwrap_or(1), body });
    }
    app.queues.push(Queue::Alerts, &messages).await.map_err(|error| error.to_string())
}
